//! A typed client of a running gateway.

use crate::access::{MeView, PortalLinkView};
use crate::data::{BackupBody, ForgotPersonView, KeptPersonView};
use crate::error::ClientError;
use crate::explained::{AccessView, RefusedCountView};
use crate::lists::EntryView;
use crate::sessions::{AnswersBody, ForgottenView, LinkBody, LinkProgress, LinkingView, RefreshBody, SessionView};
use crate::usage::{UsageBy, UsageView};
use crate::wire::{
    AllowView, Announcement, HealthView, ProblemView, QuarantinedView, ReleasedView, SignView, TraceView, UnsentView,
    WakeView,
};
use reqwest::{Method, RequestBuilder, Response, StatusCode};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::path::Path;
use std::time::Duration;

/// How long an answer may take. The server's own limit is shorter.
const TIMEOUT: Duration = Duration::from_secs(35);

/// How long a whole capsule may take to come.
const GOOD_FOR_A_CAPSULE: Duration = Duration::from_secs(3600);

/// Speaks to one running server. Cheap to clone.
#[derive(Clone)]
pub struct Client {
    http: reqwest::Client,
    base: String,
    token: Option<String>,
    /// Whether it is on another machine, where other things go wrong.
    is_remote: bool,
}

impl Client {
    /// The server that runs on a data folder, by its `gateway.json`.
    pub fn of_folder(folder: &Path) -> Result<Self, ClientError> {
        let not_running = || ClientError::NotRunning { folder: folder.display().to_string() };
        let text = match std::fs::read_to_string(folder.join(Announcement::FILE_NAME)) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Err(not_running()),
            Err(error) => return Err(ClientError::Unreachable { reason: error.into() }),
        };
        let announcement: Announcement = serde_json::from_str(&text).map_err(|error| ClientError::Unreachable {
            reason: format!("{}: {error}", Announcement::FILE_NAME).into(),
        })?;
        Self::new(&format!("http://{}", announcement.address), Some(announcement.token))
    }

    /// A server by its address, such as `http://127.0.0.1:8787`. Without a token only health answers.
    pub fn new(base: &str, token: Option<String>) -> Result<Self, ClientError> {
        let http = reqwest::Client::builder()
            .timeout(TIMEOUT)
            .http1_only()
            .no_gzip()
            // What the machine's proxy is for must not see the token of a local server.
            .no_proxy();
        // It speaks plain HTTP, so it must not fail where the machine has no certificates.
        #[cfg(feature = "tls")]
        let http = if base.starts_with("http://") { http.tls_certs_only([]) } else { http };
        let http = http.build().map_err(|error| ClientError::Unreachable { reason: error.into() })?;
        Ok(Self { http, base: base.trim_end_matches('/').to_owned(), token, is_remote: false })
    }

    /// The same for a server on another machine.
    #[cfg(feature = "remote")]
    pub(crate) fn on_another_machine(self) -> Self {
        Self { is_remote: true, ..self }
    }

    /// Whether the process answers and its store can be written.
    pub async fn alive(&self) -> Result<SignView, ClientError> {
        self.ask(Method::GET, "/healthz").await
    }

    /// Whether messages are taken.
    pub async fn ready(&self) -> Result<SignView, ClientError> {
        self.ask(Method::GET, "/readyz").await
    }

    /// Whether it works, and with a token how.
    pub async fn health(&self) -> Result<HealthView, ClientError> {
        self.ask(Method::GET, "/api/v1/health").await
    }

    /// Everything known about a message, newest last; empty if nothing is.
    pub async fn why(&self, message: &str) -> Result<Vec<TraceView>, ClientError> {
        self.ask(Method::GET, &format!("/api/v1/why/{}", escaped(message))).await
    }

    /// The newest messages, newest first.
    pub async fn latest(&self, traces_max: usize) -> Result<Vec<TraceView>, ClientError> {
        self.ask(Method::GET, &format!("/api/v1/why?last={traces_max}")).await
    }

    /// How many messages were refused on the last days, by day, session and cause.
    pub async fn refusals(&self, days: u32) -> Result<Vec<RefusedCountView>, ClientError> {
        self.ask(Method::GET, &format!("/api/v1/refusals?days={days}")).await
    }

    /// Which rule admits or refuses someone.
    pub async fn explain_access(
        &self,
        who: &str,
        channel: Option<&str>,
        group: Option<&str>,
    ) -> Result<AccessView, ClientError> {
        let asked = [("who", Some(who)), ("channel", channel), ("group", group)];
        let asked = asked.into_iter().filter_map(|(key, value)| Some(format!("{key}={}", escaped(value?))));
        self.ask(Method::GET, &format!("/api/v1/access/explain?{}", asked.collect::<Vec<_>>().join("&"))).await
    }

    /// Messages that failed too often.
    pub async fn quarantine(&self) -> Result<Vec<QuarantinedView>, ClientError> {
        self.ask(Method::GET, "/api/v1/quarantine").await
    }

    /// Who the caller is.
    pub async fn me(&self) -> Result<MeView, ClientError> {
        self.ask(Method::GET, "/api/v1/me").await
    }

    /// A link that lets one browser into the portal, once.
    pub async fn portal_link(&self) -> Result<PortalLinkView, ClientError> {
        self.ask(Method::POST, "/api/v1/portal-links").await
    }

    /// Puts such a message back to work.
    pub async fn release(&self, sequence: u64) -> Result<(), ClientError> {
        self.ask(Method::POST, &format!("/api/v1/quarantine/{sequence}/release")).await
    }

    /// Ends the silence of the bot in a conversation, and what an assistant that stayed there began.
    pub async fn release_conversation(&self, conversation: u64) -> Result<(), ClientError> {
        self.ask(Method::POST, &format!("/api/v1/conversations/{conversation}/release")).await
    }

    /// Wake-ups that are not due yet, the earliest first.
    pub async fn wakes(&self) -> Result<Vec<WakeView>, ClientError> {
        self.ask(Method::GET, "/api/v1/wakes").await
    }

    /// Takes one of them back.
    pub async fn cancel_wake(&self, number: u64) -> Result<(), ClientError> {
        self.ask(Method::DELETE, &format!("/api/v1/wakes/{number}")).await
    }

    /// Messages of the bot that are not sent, those that are held first.
    pub async fn outbox(&self) -> Result<Vec<UnsentView>, ClientError> {
        self.ask(Method::GET, "/api/v1/outbox").await
    }

    /// What answers cost on these days, such as `2026-11-28`; up to today and thirty days where they are not told.
    pub async fn usage(&self, from: Option<&str>, to: Option<&str>, by: UsageBy) -> Result<UsageView, ClientError> {
        let end =
            |name: &str, day: Option<&str>| day.map(|day| format!("&{name}={}", escaped(day))).unwrap_or_default();
        let path = format!("/api/v1/usage?by={}{}{}", by.word(), end("from", from), end("to", to));
        self.ask(Method::GET, &path).await
    }

    /// Lets a held message of the bot be sent.
    pub async fn release_unsent(&self, id: &str) -> Result<(), ClientError> {
        self.ask(Method::POST, &format!("/api/v1/outbox/{}/release", escaped(id))).await
    }

    /// Lets all of them be sent.
    pub async fn release_all_unsent(&self) -> Result<ReleasedView, ClientError> {
        self.ask(Method::POST, "/api/v1/outbox/release").await
    }

    /// Gives up a message of the bot that is not sent.
    pub async fn drop_unsent(&self, id: &str) -> Result<(), ClientError> {
        self.ask(Method::POST, &format!("/api/v1/outbox/{}/drop", escaped(id))).await
    }

    /// All entries of all allow-lists.
    pub async fn allow_list(&self) -> Result<Vec<AllowView>, ClientError> {
        self.ask(Method::GET, "/api/v1/allow").await
    }

    /// Admits somebody to a channel.
    pub async fn allow(&self, channel: &str, entry: &str) -> Result<(), ClientError> {
        let path = format!("/api/v1/channels/{}/allow/{}", escaped(channel), escaped(entry));
        let EntryView { .. } = self.ask(Method::PUT, &path).await?;
        Ok(())
    }

    /// Takes a stored entry away.
    pub async fn disallow(&self, channel: &str, entry: &str) -> Result<(), ClientError> {
        self.ask(Method::DELETE, &format!("/api/v1/channels/{}/allow/{}", escaped(channel), escaped(entry))).await
    }

    /// Everything that is kept of a person, in each channel that knows the address.
    pub async fn export_person(&self, who: &str, channel: Option<&str>) -> Result<Vec<KeptPersonView>, ClientError> {
        self.ask(Method::GET, &person(who, channel)).await
    }

    /// Forgets a person, in each channel that knows the address.
    pub async fn forget_person(&self, who: &str, channel: Option<&str>) -> Result<ForgotPersonView, ClientError> {
        self.ask(Method::DELETE, &person(who, channel)).await
    }

    /// Compares the fencing number of a copy of the server's bot with the server's, which is answered.
    #[cfg(feature = "token")]
    pub async fn compare_fences(&self, own: &crate::fence::FenceBody) -> Result<crate::fence::FenceBody, ClientError> {
        self.tell(Method::POST, "/api/v1/fence", own).await
    }

    /// Every session.
    pub async fn sessions(&self) -> Result<Vec<SessionView>, ClientError> {
        self.ask(Method::GET, "/api/v1/sessions").await
    }

    /// Begins to link a session; returns its id. [`Client::link_progress`] shows what to do.
    pub async fn link(&self, body: &LinkBody) -> Result<LinkingView, ClientError> {
        self.tell(Method::POST, "/api/v1/sessions", body).await
    }

    /// How far linking is, as soon as that is not what `after` names; the same again after some seconds.
    pub async fn link_progress(&self, session: &str, after: Option<u64>) -> Result<LinkProgress, ClientError> {
        let after = after.map(|sequence| format!("?after={sequence}")).unwrap_or_default();
        self.ask(Method::GET, &format!("/api/v1/sessions/{}/link{after}", escaped(session))).await
    }

    /// Begins the linking run anew, for fresh codes or another method.
    pub async fn refresh_link(&self, session: &str, body: &RefreshBody) -> Result<(), ClientError> {
        self.tell(Method::POST, &format!("/api/v1/sessions/{}/link", escaped(session)), body).await
    }

    /// Answers what the linking run asks.
    pub async fn answer_link(&self, session: &str, body: &AnswersBody) -> Result<(), ClientError> {
        self.tell(Method::POST, &format!("/api/v1/sessions/{}/link/answers", escaped(session)), body).await
    }

    /// Ends the linking run.
    pub async fn cancel_link(&self, session: &str) -> Result<(), ClientError> {
        self.ask(Method::DELETE, &format!("/api/v1/sessions/{}/link", escaped(session))).await
    }

    /// Connects a session anew, at once.
    pub async fn reconnect(&self, session: &str) -> Result<(), ClientError> {
        self.ask(Method::POST, &format!("/api/v1/sessions/{}/reconnect", escaped(session))).await
    }

    /// Unlinks a session; what was said stays.
    pub async fn disconnect(&self, session: &str) -> Result<(), ClientError> {
        self.ask(Method::DELETE, &format!("/api/v1/sessions/{}?only=linked", escaped(session))).await
    }

    /// Forgets a session that is not linked.
    pub async fn forget_session(&self, session: &str) -> Result<(), ClientError> {
        self.ask(Method::DELETE, &format!("/api/v1/sessions/{}?only=unlinked", escaped(session))).await
    }

    /// Forgets all sessions that were never linked; returns their ids.
    pub async fn forget_pending(&self) -> Result<Vec<String>, ClientError> {
        let ForgottenView { forgotten } = self.ask(Method::POST, "/api/v1/sessions/clean").await?;
        Ok(forgotten)
    }

    /// A capsule of everything that the server keeps, as it is now: handed over piece by piece, until `take` says that it
    /// wants no more. What was handed over is a capsule only if this succeeds.
    pub async fn backup(
        &self,
        body: &BackupBody,
        take: &mut (dyn FnMut(&[u8]) -> bool + Send),
    ) -> Result<(), ClientError> {
        let request = self.http.request(Method::POST, format!("{}/api/v1/backup", self.base)).json(body);
        let mut response = self.begin(request.timeout(GOOD_FOR_A_CAPSULE)).await?;
        if !response.status().is_success() {
            let status = response.status();
            let said = response.bytes().await.unwrap_or_default();
            return Err(self.refusal(status, &said));
        }
        let cut = |error: reqwest::Error| ClientError::Unreachable { reason: error.into() };
        while let Some(piece) = response.chunk().await.map_err(cut)? {
            if !take(&piece) {
                break;
            }
        }
        Ok(())
    }

    pub(crate) async fn ask<T: DeserializeOwned>(&self, method: Method, path: &str) -> Result<T, ClientError> {
        self.send(self.http.request(method, format!("{}{path}", self.base))).await
    }

    pub(crate) async fn tell<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        body: &impl Serialize,
    ) -> Result<T, ClientError> {
        self.send(self.http.request(method, format!("{}{path}", self.base)).json(body)).await
    }

    /// The same, with a key that makes a repetition the same request.
    pub(crate) async fn tell_once<T: DeserializeOwned>(
        &self,
        path: &str,
        key: &str,
        body: &impl Serialize,
    ) -> Result<T, ClientError> {
        let request = self.http.request(Method::POST, format!("{}{path}", self.base)).json(body);
        self.send(request.header("Idempotency-Key", key)).await
    }

    /// Asks, and waits for the beginning of the answer.
    async fn begin(&self, mut request: RequestBuilder) -> Result<Response, ClientError> {
        if let Some(token) = &self.token {
            request = request.bearer_auth(token);
        }
        request.send().await.map_err(|error| {
            if self.is_remote {
                ClientError::Away { url: self.base.clone(), reason: error.without_url().into() }
            } else if error.is_connect() {
                ClientError::NotRunning { folder: self.base.clone() }
            } else {
                ClientError::Unreachable { reason: error.into() }
            }
        })
    }

    async fn send<T: DeserializeOwned>(&self, request: RequestBuilder) -> Result<T, ClientError> {
        let response = self.begin(request).await?;
        let status = response.status();
        let body = response.bytes().await.map_err(|error| ClientError::Unreachable { reason: error.into() })?;
        // An unhealthy server answers with 503 and still says how it is.
        // Nothing to say is nothing, in JSON too.
        let said = if status == StatusCode::NO_CONTENT { b"null" } else { body.as_ref() };
        if let Ok(answer) = serde_json::from_slice(said)
            && (status.is_success() || status == StatusCode::SERVICE_UNAVAILABLE)
        {
            return Ok(answer);
        }
        Err(self.refusal(status, &body))
    }

    /// What a server means that does not do it.
    fn refusal(&self, status: StatusCode, body: &[u8]) -> ClientError {
        let (reason, next) = match serde_json::from_slice::<ProblemView>(body) {
            Ok(ProblemView { warning: Some(warning), .. }) => return ClientError::WarningNotAccepted { warning },
            Ok(view) => (view.detail, view.next.map(Box::new)),
            Err(_) => (status.to_string(), None),
        };
        match status {
            StatusCode::UNAUTHORIZED if self.is_remote => ClientError::Unauthorized { url: self.base.clone() },
            StatusCode::UNAUTHORIZED => ClientError::Forbidden,
            StatusCode::NOT_FOUND => ClientError::NotFound { reason, next },
            _ => ClientError::Refused { reason, next },
        }
    }
}

fn person(who: &str, channel: Option<&str>) -> String {
    let channel = channel.map(|channel| format!("?channel={}", escaped(channel))).unwrap_or_default();
    format!("/api/v1/people/{}{channel}", escaped(who))
}

/// One part of a path: whatever is in an id, it stays one part.
pub(crate) fn escaped(part: &str) -> String {
    let mut escaped = String::with_capacity(part.len());
    for byte in part.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_~".contains(&byte) {
            escaped.push(char::from(byte));
        } else {
            // Dots too: a client must not take `..` for a step up.
            escaped.push('%');
            escaped.push(char::from(b"0123456789ABCDEF"[usize::from(byte >> 4)]));
            escaped.push(char::from(b"0123456789ABCDEF"[usize::from(byte & 15)]));
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_is_in_an_id_it_stays_one_part() {
        assert_eq!(escaped("wamid.HBgL/=="), "wamid%2EHBgL%2F%3D%3D");
        assert_eq!(escaped("+1555@é"), "%2B1555%40%C3%A9");
        assert_eq!(escaped(".."), "%2E%2E");
    }

    #[test]
    fn a_folder_without_an_announcement_has_no_server() {
        let error = Client::of_folder(Path::new("/nowhere")).err().unwrap();
        assert_eq!(error.to_string(), "no server is running on /nowhere");
    }
}

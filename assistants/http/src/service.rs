//! The assistant itself: one POST for each turn.

use crate::config::HttpConfig;
use crate::limits::{
    ANSWER_MARGIN, CONNECT_TIMEOUT, HEADER_SHOWN_BYTES_MAX, IDLE_CONNECTION_TIMEOUT, IDLE_CONNECTIONS_MAX,
    REFUSAL_BYTES_MAX,
};
use crate::outcome::{Outcome, Refusal, is_json, of_status, retry_after};
use crate::signature::{ATTEMPT_HEADER, SIGNATURE_HEADER, TIMESTAMP_HEADER, TURN_HEADER, sign};
use async_trait::async_trait;
use greenroom_contract::assistant::{Answer, Assistant, AssistantError, Needs, Turn};
use greenroom_contract::factory::BuildError;
use greenroom_contract::secret::Secret;
use greenroom_contract::time::Clock;
use greenroom_documents::limits::ANSWER_BYTES_MAX;
use greenroom_documents::needs::is_unasked;
use greenroom_documents::turn::Carrying;
use greenroom_documents::{DocumentError, MediaTable, TurnDocument, read};
use greenroom_support::resolver::{LookUp, Resolver, refused};
use reqwest::header::{ACCEPT, CONTENT_ENCODING, CONTENT_TYPE, HeaderName, RETRY_AFTER};
use reqwest::{Client, Response};
use std::time::Duration;
use url::Url;

/// The assistant that is a web service: `kind = "http"`.
pub struct Http {
    client: Client,
    url: Url,
    secret: Secret,
    needs: Needs,
    clock: Clock,
}

impl Http {
    pub(crate) fn new(url: Url, config: HttpConfig, clock: Clock, look_up: LookUp) -> Result<Self, BuildError> {
        let tls = greenroom_support::tls::client_config();
        let tls = tls.map_err(|error| BuildError::Setup { reason: error.to_string() })?;
        let client = Client::builder()
            .tls_backend_preconfigured(tls)
            .connect_timeout(CONNECT_TIMEOUT)
            .dns_resolver(Resolver { look_up, allow_private: config.allow_private })
            // A proxy would look the name up where its addresses cannot be checked.
            .no_proxy()
            .http1_only()
            .redirect(reqwest::redirect::Policy::none())
            .referer(false)
            // What is limited is what was sent; nothing unfolds behind the limit.
            .no_gzip()
            .no_brotli()
            .no_deflate()
            .no_zstd()
            .pool_max_idle_per_host(IDLE_CONNECTIONS_MAX)
            .pool_idle_timeout(IDLE_CONNECTION_TIMEOUT)
            .tcp_nodelay(true)
            .user_agent(concat!("greenroom/", env!("CARGO_PKG_VERSION")))
            .build();
        let client = client.map_err(|error| BuildError::Setup { reason: format!("HTTP is not available: {error}") })?;
        let needs = config.told().needs();
        Ok(Self { client, url, secret: config.secret, needs, clock })
    }

    async fn post(&self, document: &TurnDocument, within: Duration) -> Result<Response, AssistantError> {
        let body = document.to_line();
        let timestamp = self.clock.now().0 / 1_000;
        let request = self
            .client
            .post(self.url.clone())
            .timeout(within)
            .header(CONTENT_TYPE, "application/json")
            .header(ACCEPT, "application/json")
            .header(TIMESTAMP_HEADER, timestamp)
            .header(SIGNATURE_HEADER, sign(self.secret.expose().as_bytes(), timestamp, body.as_bytes()))
            .header(TURN_HEADER, &document.turn)
            .header(ATTEMPT_HEADER, document.attempt)
            .body(body);
        request.send().await.map_err(|error| failure(error, within))
    }

    /// What the response says, its body read as far as it is needed.
    async fn answer(&self, mut response: Response, within: Duration) -> Result<Body, AssistantError> {
        let status = response.status().as_u16();
        let pause = header(&response, &RETRY_AFTER).and_then(|value| retry_after(&value, self.clock.now()));
        match of_status(status, pause) {
            Outcome::Silence => Ok(Body::Silence),
            Outcome::Away(after) => Err(Refusal::of_status(status).away(after)),
            Outcome::Retry => Err(Refusal::of_status(status).retry()),
            Outcome::Never => {
                // A refusal may say in its own words why; anything else in it is not repeated.
                let body = bounded(&mut response, REFUSAL_BYTES_MAX, within).await.unwrap_or_default();
                match read(&body, &MediaTable::default()) {
                    Err(never @ DocumentError::Never { .. }) => Err(never.into()),
                    _ => Err(Refusal::of_status(status).never()),
                }
            }
            Outcome::Document => {
                if let Some(encoding) = header(&response, &CONTENT_ENCODING).filter(|encoding| encoding != "identity") {
                    return Err(Refusal::Encoded { encoding }.retry());
                }
                let content_type = header(&response, &CONTENT_TYPE).unwrap_or_default();
                if !is_json(&content_type) {
                    return Err(Refusal::NotJson { content_type }.retry());
                }
                bounded(&mut response, ANSWER_BYTES_MAX, within).await.map(Body::Document)
            }
        }
    }
}

/// The body of an answer.
enum Body {
    Silence,
    Document(Vec<u8>),
}

#[async_trait]
impl Assistant for Http {
    fn needs(&self) -> Needs {
        self.needs
    }

    async fn respond(&self, turn: Turn) -> Result<Answer, AssistantError> {
        if is_unasked(&turn, &self.needs) {
            return Ok(Answer::silence());
        }
        let within = turn.answer_within.saturating_sub(ANSWER_MARGIN).max(ANSWER_MARGIN);
        let (document, media) = TurnDocument::of(&turn, &self.needs, Carrying::InDocument);
        let response = self.post(&document, within).await?;
        match self.answer(response, within).await? {
            Body::Silence => Ok(Answer::silence()),
            Body::Document(body) => Ok(read(&body, &media)?),
        }
    }
}

fn header(response: &Response, name: &HeaderName) -> Option<String> {
    let value = response.headers().get(name)?.to_str().ok()?;
    Some(greenroom_contract::text::bounded(value, HEADER_SHOWN_BYTES_MAX))
}

/// The body, given up as soon as it is longer than is read.
async fn bounded(response: &mut Response, bytes_max: usize, within: Duration) -> Result<Vec<u8>, AssistantError> {
    let too_long = || AssistantError::from(DocumentError::TooLong);
    if response.content_length().is_some_and(|declared| declared > bytes_max as u64) {
        return Err(too_long());
    }
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| failure(error, within))? {
        if body.len() + chunk.len() > bytes_max {
            return Err(too_long());
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

/// What a failed request means for the turn. The address is not repeated: its path may be a secret.
fn failure(error: reqwest::Error, within: Duration) -> AssistantError {
    let error = error.without_url();
    if let Some(private) = refused(&error) {
        return AssistantError::Permanent { reason: private.clone().into() };
    }
    if error.is_connect() {
        Refusal::Unreachable(error.into()).away(None)
    } else if error.is_timeout() {
        Refusal::TooSlow { seconds: within.as_secs() }.retry()
    } else {
        Refusal::Cut(error.into()).retry()
    }
}

#[cfg(test)]
mod tests;

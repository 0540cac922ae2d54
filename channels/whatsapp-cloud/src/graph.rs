//! Calls to Graph.

use crate::config::{Config, check_graph_url};
use crate::failure::GraphFailure;
use crate::limits::{ANSWER_BYTES_MAX, CALL_TIMEOUT, CONNECT_TIMEOUT, DOWNLOAD_REDIRECTS_MAX, IDLE_CONNECTIONS_MAX};
use bytes::{Bytes, BytesMut};
use greenroom_contract::cause::Cause;
use greenroom_contract::factory::BuildError;
use greenroom_contract::secret::Secret;
use reqwest::header::{DATE, HeaderMap, LOCATION, RETRY_AFTER};
use reqwest::{Client, RequestBuilder, Response, Url};
use serde_json::Value;
use std::time::Duration;

/// Where Meta serves media from. Nobody else is shown the token.
const MEDIA_HOSTS: [&str; 4] = [".fbsbx.com", ".facebook.com", ".fbcdn.net", ".whatsapp.net"];

/// A client with a token. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Graph {
    http: Client,
    root: Url,
    base: String,
    token: Secret,
}

/// Why a call gave nothing.
#[derive(Debug)]
pub(crate) enum CallError {
    /// Nobody was reached: certainly nothing happened.
    Unreachable(Cause),
    /// The request may have arrived, but no usable answer came.
    Lost(Cause),
    /// Graph, or something before it, refused.
    Failed(GraphFailure),
}

impl CallError {
    /// In one line, for people.
    pub(crate) fn words(&self) -> String {
        match self {
            Self::Unreachable(cause) | Self::Lost(cause) => cause.to_string(),
            Self::Failed(failure) => failure.reason.clone(),
        }
    }
}

impl Graph {
    pub(crate) fn new(config: &Config) -> Result<Self, BuildError> {
        if rustls::crypto::CryptoProvider::get_default().is_none() {
            return Err(BuildError::Setup {
                reason: "no TLS provider is installed: call \
                         rustls::crypto::ring::default_provider().install_default() first in main"
                    .into(),
            });
        }
        let tls = greenroom_support::tls::client_config();
        let tls = tls.map_err(|error| BuildError::Setup { reason: error.to_string() })?;
        let client = Client::builder()
            .tls_backend_preconfigured(tls)
            .timeout(CALL_TIMEOUT)
            // The bytes of media are counted as they come, whatever else the program is built with.
            .http1_only()
            .no_gzip()
            .connect_timeout(CONNECT_TIMEOUT)
            .pool_max_idle_per_host(IDLE_CONNECTIONS_MAX)
            .tcp_nodelay(true)
            // A redirect of the API leads away from Graph; those of media are followed by hand, to Meta's hosts only.
            .redirect(reqwest::redirect::Policy::none())
            .referer(false)
            .user_agent(concat!("greenroom/", env!("CARGO_PKG_VERSION")))
            .build();
        let http = client.map_err(|error| BuildError::Setup { reason: format!("HTTP is not available: {error}") })?;
        let root = check_graph_url(&config.graph_url)
            .map_err(|reason| BuildError::Config { path: "graph_url".into(), reason })?;
        if reqwest::header::HeaderValue::from_str(config.access_token.expose()).is_err() {
            return Err(BuildError::Config {
                path: "access_token".into(),
                reason: "access_token has characters that no token has, perhaps a line break: copy it again".into(),
            });
        }
        let base = format!("{}/{}", config.graph_url, config.api_version);
        Ok(Self { http, root, base, token: config.access_token.clone() })
    }

    /// `GET /{version}/{path}` with the token, unless the query brings its own.
    pub(crate) async fn get(&self, path: &str, query: &[(&str, &str)]) -> Result<Value, CallError> {
        let request = self.http.get(format!("{}/{path}", self.base)).query(query);
        let own_token = query.iter().any(|(key, _)| *key == "access_token");
        let request = if own_token { request } else { request.bearer_auth(self.token.expose()) };
        answer(request).await
    }

    /// `POST /{version}/{path}` with a JSON body.
    pub(crate) async fn post(&self, path: &str, body: &Value) -> Result<Value, CallError> {
        answer(self.http.post(format!("{}/{path}", self.base)).bearer_auth(self.token.expose()).json(body)).await
    }

    /// Uploads a medium and returns its id. Meta tells the kind by the extension of its name.
    pub(crate) async fn upload(
        &self,
        number: &str,
        mime: &str,
        name: &'static str,
        bytes: Bytes,
    ) -> Result<String, CallError> {
        let kind = mime.split(';').next().unwrap_or_default().trim();
        let size = bytes.len() as u64;
        let file = reqwest::multipart::Part::stream_with_length(bytes, size).file_name(name).mime_str(kind);
        let file =
            file.map_err(|error| CallError::Unreachable(format!("{kind:?} is not a media type: {error}").into()))?;
        let form = reqwest::multipart::Form::new()
            .text("messaging_product", "whatsapp")
            .text("type", mime.to_owned())
            .part("file", file);
        let url = format!("{}/{number}/media", self.base);
        let body = answer(self.http.post(url).bearer_auth(self.token.expose()).multipart(form)).await?;
        let id = body["id"].as_str().map(str::to_owned);
        id.ok_or_else(|| CallError::Lost("the response to the upload has no id".into()))
    }

    /// Opens a download. Only Meta's own hosts are asked and shown the token, also after a redirect.
    pub(crate) async fn download(&self, url: &str) -> Result<Response, CallError> {
        let mut url = Url::parse(url).map_err(|_| CallError::Lost("the url of the medium is not a URL".into()))?;
        for _ in 0..=DOWNLOAD_REDIRECTS_MAX {
            if !self.is_trusted(&url) {
                let host = url.host_str().unwrap_or_default();
                return Err(CallError::Lost(format!("the medium is said to be at {host}, which is not Meta's").into()));
            }
            let request = self.http.get(url.clone()).bearer_auth(self.token.expose());
            let response = request.send().await.map_err(call_error)?;
            if response.status().is_success() {
                return Ok(response);
            }
            match redirect(&response, &url) {
                Some(next) => url = next,
                None => return Err(failed(response).await),
            }
        }
        Err(CallError::Lost("the medium is redirected too often".into()))
    }

    fn is_trusted(&self, url: &Url) -> bool {
        let metas = MEDIA_HOSTS.iter().any(|suffix| url.host_str().is_some_and(|host| host.ends_with(suffix)));
        url.origin() == self.root.origin() || (url.scheme() == "https" && metas)
    }
}

async fn answer(request: RequestBuilder) -> Result<Value, CallError> {
    let response = request.send().await.map_err(call_error)?;
    if !response.status().is_success() {
        return Err(failed(response).await);
    }
    let body = read(response).await?;
    serde_json::from_slice(&body).map_err(|_| CallError::Lost("the response is not JSON".into()))
}

/// What an answer without success says. The status alone tells that nothing was taken, so a body that cannot be read
/// is an empty one.
async fn failed(response: Response) -> CallError {
    let status = response.status().as_u16();
    let wait = asks_to_wait(response.headers());
    let body = read(response).await.unwrap_or_default();
    CallError::Failed(GraphFailure::read(status, &body).asking_to_wait(wait))
}

/// What `Retry-After` says: seconds, or a date, which is compared with the answer's own so that clocks that differ do
/// not matter.
fn asks_to_wait(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let answered_at = httpdate::parse_http_date(headers.get(DATE)?.to_str().ok()?).ok()?;
    httpdate::parse_http_date(text).ok()?.duration_since(answered_at).ok()
}

/// Where a redirect leads.
fn redirect(response: &Response, from: &Url) -> Option<Url> {
    let location = response.headers().get(LOCATION).filter(|_| response.status().is_redirection())?;
    from.join(location.to_str().ok()?).ok()
}

/// Reads an answer, bounded.
async fn read(response: Response) -> Result<Bytes, CallError> {
    read_at_most(response, ANSWER_BYTES_MAX).await
}

/// Reads a response of at most so many bytes.
pub(crate) async fn read_at_most(mut response: Response, bytes_max: usize) -> Result<Bytes, CallError> {
    let mut body = BytesMut::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| CallError::Lost(cause(error)))? {
        if body.len() + chunk.len() > bytes_max {
            return Err(CallError::Lost("the response is far too large".into()));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body.freeze())
}

fn call_error(error: reqwest::Error) -> CallError {
    if error.is_connect() || error.is_builder() {
        CallError::Unreachable(cause(error))
    } else {
        CallError::Lost(cause(error))
    }
}

/// A failure of the HTTP client without the URL, which may hold an id or a token.
pub(crate) fn cause(error: reqwest::Error) -> Cause {
    error.without_url().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_is_read_in_both_forms() {
        let read = |wait: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(DATE, "Fri, 27 Nov 2026 12:00:00 GMT".parse().unwrap());
            headers.insert(RETRY_AFTER, wait.parse().unwrap());
            asks_to_wait(&headers).map(|wait| wait.as_secs())
        };
        assert_eq!(read("120"), Some(120));
        assert_eq!(read("Fri, 27 Nov 2026 12:03:00 GMT"), Some(180));
        assert_eq!(read("Fri, 27 Nov 2026 11:00:00 GMT"), None, "it is over");
        assert_eq!(read("soon"), None);
        assert_eq!(asks_to_wait(&HeaderMap::new()), None);
    }
}

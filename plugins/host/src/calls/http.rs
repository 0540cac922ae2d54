//! Requests to granted hosts.
//!
//! A guest names a host that its manifest asked for and its owner granted; nothing else is connected to. Names that lead to
//! private addresses are refused, redirects are not followed, and the owner's headers are added here, where the guest cannot
//! read them.

use super::bindings::greenroom::plugin::http::{self, Request, Response};
use super::masks::Masks;
use super::refusal::Refusal;
use super::state::{Away, TurnState};
use crate::limits::{
    HTTP_CONNECT_TIMEOUT, HTTP_HEADERS_MAX, HTTP_IDLE_CONNECTIONS_MAX, HTTP_IDLE_TIMEOUT, HTTP_REQUEST_BYTES_MAX,
    HTTP_REQUESTS_MAX, HTTP_RESPONSE_BYTES_MAX,
};
use crate::manifest::Origin;
use greenroom_contract::factory::BuildError;
use greenroom_support::address::is_private;
use greenroom_support::resolver::{Resolver, refused, system};
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use reqwest::{Client, Method};
use std::collections::BTreeMap;
use std::net::IpAddr;
use wasmtime::Result;

/// What the host does with requests of one assistant.
pub(crate) struct HttpCalls {
    /// Made only if a host is granted.
    client: Option<Client>,
    origins: Vec<Origin>,
    /// Headers that are added, by the name of the host.
    headers: BTreeMap<String, HeaderMap>,
    allow_private: bool,
}

/// Headers that say how a message is carried. A guest has no say in them.
const CARRYING: [&str; 11] = [
    "connection",
    "content-length",
    "expect",
    "host",
    "keep-alive",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

impl HttpCalls {
    /// For these hosts, with these headers added.
    pub(crate) fn new(
        origins: Vec<Origin>,
        headers: BTreeMap<String, HeaderMap>,
        allow_private: bool,
    ) -> Result<Self, BuildError> {
        let client = if origins.is_empty() { None } else { Some(client(allow_private)?) };
        Ok(Self { client, origins, headers, allow_private })
    }

    /// The client and the headers for an address; or why nothing is sent there.
    fn granted(&self, url: &url::Url) -> Result<(&Client, Option<&HeaderMap>), String> {
        let refused = || {
            let hosts: Vec<String> = self.origins.iter().map(ToString::to_string).collect();
            let granted = if hosts.is_empty() { "no host".to_owned() } else { hosts.join(", ") };
            format!("the host of this address is not granted; the manifest asks for {granted}")
        };
        let origin = self.origins.iter().find(|origin| origin.covers(url)).ok_or_else(refused)?;
        let client = self.client.as_ref().ok_or_else(refused)?;
        // A written address is not looked up, so the resolver never sees it.
        let literal: Option<IpAddr> = match url.host() {
            Some(url::Host::Ipv4(address)) => Some(address.into()),
            Some(url::Host::Ipv6(address)) => Some(address.into()),
            _ => None,
        };
        if literal.is_some_and(|address| !self.allow_private && is_private(address)) {
            return Err("the host of this address is private; its owner can set allow_private = true".to_owned());
        }
        Ok((client, self.headers.get(&origin.name())))
    }
}

fn client(allow_private: bool) -> Result<Client, BuildError> {
    let setup = |reason: String| BuildError::Setup { reason };
    let tls = greenroom_support::tls::client_config().map_err(|error| setup(error.to_string()))?;
    Client::builder()
        .tls_backend_preconfigured(tls)
        .connect_timeout(HTTP_CONNECT_TIMEOUT)
        .dns_resolver(Resolver { look_up: system(), allow_private })
        // A proxy would look the name up where its addresses cannot be checked.
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .referer(false)
        // Whatever else the program is built with.
        .http1_only()
        // What is limited is what was sent; nothing unfolds behind the limit.
        .no_gzip()
        .no_brotli()
        .no_deflate()
        .no_zstd()
        .pool_max_idle_per_host(HTTP_IDLE_CONNECTIONS_MAX)
        .pool_idle_timeout(HTTP_IDLE_TIMEOUT)
        .tcp_nodelay(true)
        .user_agent(concat!("greenroom/", env!("CARGO_PKG_VERSION")))
        .build()
        .map_err(|error| setup(format!("HTTP is not available: {error}")))
}

impl http::Host for TurnState {
    async fn send(&mut self, request: Request) -> Result<Result<Response, String>> {
        self.requests += 1;
        if self.requests > HTTP_REQUESTS_MAX {
            return Err(Refusal::Requests { max: HTTP_REQUESTS_MAX }.into());
        }
        Ok(sent(self, request).await)
    }
}

/// Sends it. What goes wrong is said in our words, without the address: its path may be a secret.
async fn sent(turn: &mut TurnState, request: Request) -> Result<Response, String> {
    let services = std::sync::Arc::clone(&turn.services);
    let url = url::Url::parse(&request.url).map_err(|_| "the address is not a URL".to_owned())?;
    let (client, added) = services.http.granted(&url)?;
    let method = Method::from_bytes(request.method.as_bytes()).map_err(|_| "the method is none".to_owned())?;
    // The answer to the one is the request, with what is added to it; the other one makes a tunnel.
    if matches!(method, Method::TRACE | Method::CONNECT) {
        return Err(format!("the method {method} is not sent"));
    }
    let masks = Masks::of(added);
    let mut headers = headers_of(&request.headers)?;
    for (name, value) in added.into_iter().flatten() {
        headers.insert(name.clone(), value.clone());
    }
    let body = request.body.unwrap_or_default();
    if body.len() > HTTP_REQUEST_BYTES_MAX {
        return Err(format!("the body is longer than {HTTP_REQUEST_BYTES_MAX} bytes"));
    }
    let asked = client.request(method, url).headers(headers).body(body).timeout(turn.left());
    let mut response = asked.send().await.map_err(|error| failed(turn, error))?;
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| failed(turn, error))? {
        if body.len() + chunk.len() > HTTP_RESPONSE_BYTES_MAX {
            return Err(format!("the response is longer than {HTTP_RESPONSE_BYTES_MAX} bytes"));
        }
        body.extend_from_slice(&chunk);
    }
    let shown = |value: &HeaderValue| String::from_utf8_lossy(&masks.hide(value.as_bytes().to_vec())).into_owned();
    let headers = response.headers().iter().map(|(name, value)| (name.to_string(), shown(value)));
    turn.away = None;
    Ok(Response { status: response.status().as_u16(), headers: headers.collect(), body: masks.hide(body) })
}

fn headers_of(written: &[(String, String)]) -> Result<HeaderMap, String> {
    if written.len() > HTTP_HEADERS_MAX {
        return Err(format!("there are more than {HTTP_HEADERS_MAX} headers"));
    }
    let mut headers = HeaderMap::new();
    for (name, value) in written {
        let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| "the name of a header is none".to_owned())?;
        if CARRYING.contains(&name.as_str()) {
            return Err(format!("the header {name} is set by the host"));
        }
        let value = HeaderValue::from_str(value).map_err(|_| format!("the value of the header {name} is none"))?;
        headers.append(name, value);
    }
    Ok(headers)
}

fn failed(turn: &mut TurnState, error: reqwest::Error) -> String {
    let error = error.without_url();
    if let Some(private) = refused(&error) {
        return private.to_string();
    }
    let reason = if error.is_timeout() {
        "the host did not answer in time".to_owned()
    } else {
        format!("the request failed: {}", greenroom_contract::cause::chain(&error))
    };
    if error.is_connect() {
        turn.away = Some(Away { reason: reason.clone(), after: None });
    }
    reason
}

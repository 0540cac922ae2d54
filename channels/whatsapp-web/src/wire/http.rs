//! Requests to media hosts, and for the version of the network's own client.
//!
//! Everything is bounded: how long a request takes, how much is read, how many redirects are followed, and where
//! they may lead. Nothing that is sent or received is ever logged.

use crate::limits;
use crate::wire::loopback;
use async_trait::async_trait;
use reqwest::redirect::{Attempt, Policy};
use reqwest::{Certificate, Client, Method, RequestBuilder};
use thiserror::Error;
use url::Url;
use whatsapp_rust::anyhow::{self, Context, bail, ensure};
use whatsapp_rust::http::{HttpClient, HttpRequest, HttpResponse};
use whatsapp_rust::wacore::store::Device;
use whatsapp_rust::wacore::version::parse_sw_js;

/// Where the library learns which version the network's own client has.
const VERSION_URL: &str = "https://web.whatsapp.com/sw.js";

/// Why there can be no HTTP client.
#[derive(Debug, Error)]
pub enum HttpError {
    /// The program did not choose how TLS is done.
    #[error(
        "no TLS provider is installed: call rustls::crypto::ring::default_provider().install_default() first in main"
    )]
    NoTlsProvider,
    /// A certificate was given that no build for real servers takes.
    #[error("a certificate of a media host is taken only by a build with the feature `simulator`")]
    CertificateRefused,
    /// The certificate is none.
    #[error("the certificate of the media host cannot be read: {reason}")]
    Certificate {
        /// The library's words.
        reason: String,
    },
    /// It is not known whom to trust.
    #[error(transparent)]
    Tls(#[from] greenroom_support::tls::TlsError),
    /// The client could not be made.
    #[error("HTTP is not available: {reason}")]
    Client {
        /// The library's words.
        reason: String,
    },
}

/// An answer is longer than whoever asked is ready to read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("a body is larger than {body_bytes_max} bytes")]
pub struct BodyTooLarge {
    /// The limit.
    pub body_bytes_max: usize,
}

/// The HTTP client of the adapter. Clones share one pool of connections, so all accounts should use clones of one.
#[derive(Debug, Clone)]
pub struct Http {
    client: Client,
}

impl Http {
    /// A client that trusts whom the machine trusts. `media_certificate` (PEM) is the one certificate that it trusts
    /// instead; only a build for simulated servers takes it.
    pub fn new(media_certificate: Option<&[u8]>) -> Result<Self, HttpError> {
        Self::trusting(media_certificate.map(|pem| certificates(pem, loopback::SIMULATOR)).transpose()?)
    }

    fn trusting(only: Option<Vec<Certificate>>) -> Result<Self, HttpError> {
        if rustls::crypto::CryptoProvider::get_default().is_none() {
            return Err(HttpError::NoTlsProvider);
        }
        let mut builder = Client::builder()
            .timeout(limits::FETCH_TIMEOUT)
            // As WhatsApp's own clients ask, whatever else the program is built with.
            .http1_only()
            .no_gzip()
            .connect_timeout(limits::HTTP_CONNECT_TIMEOUT)
            .tcp_nodelay(true)
            .redirect(Policy::custom(follow));
        builder = match only {
            Some(only) => builder.tls_certs_only(only),
            None => builder.tls_backend_preconfigured(greenroom_support::tls::client_config()?),
        };
        let client = builder.build().map_err(|error| HttpError::Client { reason: error.to_string() })?;
        Ok(Self { client })
    }

    /// One request, its answer read up to `body_bytes_max` bytes; [`BodyTooLarge`] is the error beyond that.
    pub(crate) async fn send(&self, request: HttpRequest, body_bytes_max: usize) -> anyhow::Result<HttpResponse> {
        let url = Url::parse(&request.url).context("the address of a request is not a URL")?;
        allow(&url)?;
        let mut response = self.build(url, request)?.send().await.map_err(reqwest::Error::without_url)?;
        let status_code = response.status().as_u16();
        let declared = response.content_length().unwrap_or(0);
        ensure!(declared <= body_bytes_max as u64, BodyTooLarge { body_bytes_max });
        let mut body = Vec::with_capacity(usize::try_from(declared)?);
        while let Some(chunk) = response.chunk().await.map_err(reqwest::Error::without_url)? {
            ensure!(body.len() + chunk.len() <= body_bytes_max, BodyTooLarge { body_bytes_max });
            body.extend_from_slice(&chunk);
        }
        Ok(HttpResponse { status_code, body })
    }

    fn build(&self, url: Url, request: HttpRequest) -> anyhow::Result<RequestBuilder> {
        let method = match request.method.as_str() {
            "GET" => Method::GET,
            "POST" => Method::POST,
            other => bail!("{other} is not a method that is needed here"),
        };
        let mut builder = self.client.request(method, url);
        for (name, value) in &request.headers {
            builder = builder.header(name, value);
        }
        Ok(match request.body {
            Some(body) => builder.body(body),
            None => builder,
        })
    }

    /// The page from which the library reads the version. When the network does not give it, a page with the version
    /// that is compiled in: without one the library would never connect. The network refuses a version that is too
    /// old with a code of its own, so nothing is hidden by this.
    async fn version_page(&self, request: HttpRequest) -> HttpResponse {
        let asking = self.send(request, limits::VERSION_BODY_BYTES_MAX);
        match tokio::time::timeout(limits::VERSION_TIMEOUT, asking).await {
            Ok(Ok(response)) if tells_version(&response) => return response,
            Ok(Ok(response)) => {
                tracing::warn!(status = response.status_code, "the network's page does not state its version");
            }
            Ok(Err(error)) => tracing::warn!("the network's version cannot be read: {error:#}"),
            Err(_) => tracing::warn!("the network's version cannot be read: no answer in time"),
        }
        tracing::warn!("using the version that is compiled in; the network may call it outdated");
        compiled_in_version()
    }
}

#[async_trait]
impl HttpClient for Http {
    async fn execute(&self, request: HttpRequest) -> anyhow::Result<HttpResponse> {
        if request.url == VERSION_URL {
            // A simulated server has no such page, and the real one is not asked by a build for simulated ones.
            return Ok(if loopback::SIMULATOR { compiled_in_version() } else { self.version_page(request).await });
        }
        self.send(request, limits::HTTP_BODY_BYTES_MAX).await
    }
}

/// Media and pages are fetched over TLS only; what is asked for elsewhere is refused.
fn allow(url: &Url) -> anyhow::Result<()> {
    ensure!(url.scheme() == "https", "{}:// is not used: only https:// is", url.scheme());
    Ok(loopback::require(url)?)
}

fn follow(attempt: Attempt<'_>) -> reqwest::redirect::Action {
    if attempt.previous().len() > limits::HTTP_REDIRECTS_MAX {
        return attempt.error("too many redirects");
    }
    match allow(attempt.url()) {
        Ok(()) => attempt.follow(),
        Err(error) => attempt.error(error.to_string()),
    }
}

fn certificates(pem: &[u8], simulator: bool) -> Result<Vec<Certificate>, HttpError> {
    if !simulator {
        return Err(HttpError::CertificateRefused);
    }
    let unreadable = |reason: String| HttpError::Certificate { reason };
    let certificates = Certificate::from_pem_bundle(pem).map_err(|error| unreadable(error.to_string()))?;
    if certificates.is_empty() { Err(unreadable("it holds none".into())) } else { Ok(certificates) }
}

fn tells_version(response: &HttpResponse) -> bool {
    let page = std::str::from_utf8(&response.body).ok();
    response.status_code == 200 && page.and_then(parse_sw_js).is_some()
}

fn compiled_in_version() -> HttpResponse {
    let revision = Device::new().app_version_tertiary;
    HttpResponse { status_code: 200, body: format!(r#""client_revision":{revision},"#).into_bytes() }
}

#[cfg(test)]
mod tests;

//! What a web service knows of the person with an e-mail address.

use crate::config::IdentityConfig;
use async_trait::async_trait;
use greenroom_contract::factory::BuildError;
use greenroom_contract::identity::{Attributes, EmailAddress, LookupError, PersonLookup};
use greenroom_contract::ids::IdentityId;
use greenroom_contract::limits::{ATTRIBUTES_BYTES_MAX, LOOKUP_TIMEOUT};
use greenroom_contract::secret::Secret;
use greenroom_contract::time::Clock;
use greenroom_support::address::is_private;
use greenroom_support::resolver::{self, Resolver};
use greenroom_support::signature::{SIGNATURE_HEADER, TIMESTAMP_HEADER, sign};
use reqwest::header::CONTENT_TYPE;
use reqwest::{Client, StatusCode};
use std::net::IpAddr;
use url::{Host, Url};

/// Asks a web service by a signed POST of `{"id":"7","email":"ana@example.org"}`. It answers an object with what it knows, or
/// 404 for someone it does not know.
pub struct HttpLookup {
    client: Client,
    url: Url,
    secret: Secret,
    clock: Clock,
}

impl HttpLookup {
    /// A lookup as it is configured, if there is one. No one is asked.
    pub fn new(config: &IdentityConfig, clock: Clock) -> Result<Option<Self>, BuildError> {
        let Some(url) = &config.lookup_url else { return Ok(None) };
        let url = checked(url, config.allow_private)?;
        let tls = greenroom_support::tls::client_config();
        let tls = tls.map_err(|error| BuildError::Setup { reason: error.to_string() })?;
        let client = Client::builder()
            .tls_backend_preconfigured(tls)
            .timeout(LOOKUP_TIMEOUT)
            .dns_resolver(Resolver { look_up: resolver::system(), allow_private: config.allow_private })
            // A proxy would look the name up where its addresses cannot be checked.
            .no_proxy()
            .http1_only()
            .redirect(reqwest::redirect::Policy::none())
            .referer(false)
            .user_agent(concat!("greenroom/", env!("CARGO_PKG_VERSION")))
            .build();
        let client = client.map_err(|error| BuildError::Setup { reason: error.without_url().to_string() })?;
        Ok(Some(Self { client, url, secret: config.secret.clone(), clock }))
    }
}

#[async_trait]
impl PersonLookup for HttpLookup {
    async fn look_up(&self, id: IdentityId, email: &EmailAddress) -> Result<Attributes, LookupError> {
        let asked = serde_json::json!({ "id": id.to_string(), "email": email.as_str() });
        // Two texts are JSON.
        let body = serde_json::to_vec(&asked).unwrap_or_default();
        let timestamp = self.clock.now().0 / 1_000;
        let request = self
            .client
            .post(self.url.clone())
            .header(CONTENT_TYPE, "application/json")
            .header(TIMESTAMP_HEADER, timestamp)
            .header(SIGNATURE_HEADER, sign(self.secret.expose().as_bytes(), timestamp, &body))
            .body(body);
        // Neither the address nor anything of the answer is repeated: both may hold a secret.
        let failed = |reason: String| LookupError { reason: reason.into() };
        let unreachable = |error: reqwest::Error| failed(error.without_url().to_string());
        let mut response = request.send().await.map_err(unreachable)?;
        match response.status() {
            StatusCode::NOT_FOUND | StatusCode::NO_CONTENT => return Ok(Attributes::new()),
            status if status.is_success() => {}
            status => return Err(failed(format!("it answers {}", status.as_u16()))),
        }
        let mut bytes = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(unreachable)? {
            bytes.extend_from_slice(&chunk);
            if bytes.len() > ATTRIBUTES_BYTES_MAX {
                return Err(failed(format!("it answers more than {ATTRIBUTES_BYTES_MAX} bytes")));
            }
        }
        serde_json::from_slice(&bytes).map_err(|_| failed("its answer is not a JSON object".to_owned()))
    }
}

/// The address, if people may be looked up there.
pub(crate) fn checked(text: &str, allow_private: bool) -> Result<Url, BuildError> {
    let refused = |reason: &str| Err(BuildError::Config { path: "lookup_url".to_owned(), reason: reason.to_owned() });
    let Ok(url) = Url::parse(text) else {
        return refused("is not an address such as https://crm.example.com/people");
    };
    if !url.username().is_empty() || url.password().is_some() {
        return refused("holds a user name or a password; the receiver checks the signature instead");
    }
    match url.scheme() {
        "https" => {}
        "http" if allow_private => {}
        "http" => {
            return refused(
                "begins with http://: use https://, or set allow_private = true for a service on this machine or in its \
                 network",
            );
        }
        _ => return refused("begins with neither https:// nor http://"),
    }
    let literal: Option<IpAddr> = match url.host() {
        Some(Host::Ipv4(address)) => Some(address.into()),
        Some(Host::Ipv6(address)) => Some(address.into()),
        _ => None,
    };
    match literal {
        Some(address) if !allow_private && is_private(address) => {
            refused(&format!("has the private address {address}; if that is meant, set allow_private = true"))
        }
        _ => Ok(url),
    }
}

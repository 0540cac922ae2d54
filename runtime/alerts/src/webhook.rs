//! One attempt to hand an alert over.

use crate::alert::Alert;
use crate::limits::{ATTEMPT_TIMEOUT, CONNECT_TIMEOUT, RETRY_PAUSE_MAX, SECRET_BYTES_MIN};
use greenroom_contract::cause::Cause;
use greenroom_contract::factory::BuildError;
use greenroom_contract::schema::{Key, KeyKind};
use greenroom_contract::secret::Secret;
use greenroom_contract::time::Clock;
use greenroom_support::address::is_private;
use greenroom_support::resolver::{self, LookUp, PrivateAddress, Resolver};
use greenroom_support::retry_after::retry_after;
use greenroom_support::signature::{SIGNATURE_HEADER, TIMESTAMP_HEADER, sign};
use reqwest::Client;
use reqwest::header::{CONTENT_TYPE, RETRY_AFTER};
use serde::Deserialize;
use std::net::IpAddr;
use std::time::Duration;
use url::{Host, Url};

/// The header with the id of the alert, the same in every attempt.
const ID_HEADER: &str = "idempotency-key";

/// The keys of `[alerts]`, to be shown and checked.
pub const KEYS: &[Key] = &[
    Key::new(
        "webhook",
        KeyKind::Url,
        "Where an alert is posted as JSON when something needs a person. Redirects are not followed.",
    )
    .example("\"https://alerts.example.com/greenroom\""),
    Key::new("secret", KeyKind::Secret, "Signs every alert (HMAC-SHA256), so that the receiver knows who sends it.")
        .example("{ env = \"ALERTS_SECRET\" }"),
    Key::new(
        "allow_private",
        KeyKind::Boolean,
        "Whether the receiver may be on this machine or in its network, and without TLS.",
    )
    .default("false"),
];

/// The keys of `[alerts]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WebhookConfig {
    /// Where alerts are posted.
    pub webhook: String,
    /// Signs every alert.
    pub secret: Secret,
    /// Whether the receiver may be on this machine or in its network, and without TLS.
    #[serde(default)]
    pub allow_private: bool,
}

impl WebhookConfig {
    /// Whether alerts can be sent as it is configured. Nothing is made.
    pub fn check(&self) -> Result<(), BuildError> {
        if self.secret.expose().len() < SECRET_BYTES_MIN {
            let reason = format!(
                "has fewer than {SECRET_BYTES_MIN} characters and can be guessed; `openssl rand -hex 32` makes one"
            );
            return Err(BuildError::Config { path: "secret".to_owned(), reason });
        }
        checked(self).map(drop)
    }
}

/// Where alerts go.
pub struct Webhook {
    client: Client,
    url: Url,
    secret: Secret,
    clock: Clock,
}

/// Why an attempt failed. Neither the address nor anything of the answer is repeated: both may hold a secret.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    #[error("the receiver answers {status}")]
    Status { status: u16, after: Option<Duration> },
    #[error("no answer within {} s", ATTEMPT_TIMEOUT.as_secs())]
    TooSlow,
    #[error("the receiver cannot be reached")]
    Unreachable(#[source] Cause),
    #[error(transparent)]
    Private(PrivateAddress),
}

impl Failure {
    /// How long the receiver asks to be left alone.
    pub(crate) fn after(&self) -> Option<Duration> {
        match self {
            Self::Status { after, .. } => *after,
            _ => None,
        }
    }
}

impl Webhook {
    /// A webhook as it is configured. Nothing is sent.
    pub fn new(config: WebhookConfig, clock: Clock) -> Result<Self, BuildError> {
        Self::looking_up(config, clock, resolver::system())
    }

    pub(crate) fn looking_up(config: WebhookConfig, clock: Clock, look_up: LookUp) -> Result<Self, BuildError> {
        config.check()?;
        let url = checked(&config)?;
        let tls = greenroom_support::tls::client_config();
        let tls = tls.map_err(|error| BuildError::Setup { reason: error.to_string() })?;
        let client = Client::builder()
            .tls_backend_preconfigured(tls)
            .connect_timeout(CONNECT_TIMEOUT)
            .timeout(ATTEMPT_TIMEOUT)
            .dns_resolver(Resolver { look_up, allow_private: config.allow_private })
            // A proxy would look the name up where its addresses cannot be checked.
            .no_proxy()
            .http1_only()
            .redirect(reqwest::redirect::Policy::none())
            .referer(false)
            // The next alert comes in days.
            .pool_max_idle_per_host(0)
            .user_agent(concat!("greenroom/", env!("CARGO_PKG_VERSION")))
            .build();
        let client = client.map_err(|error| BuildError::Setup { reason: error.without_url().to_string() })?;
        Ok(Self { client, url, secret: config.secret, clock })
    }

    /// One attempt. The body of the answer is not read.
    pub(crate) async fn post(&self, alert: &Alert) -> Result<(), Failure> {
        // An alert is made of texts and numbers, so it is JSON.
        let body = serde_json::to_vec(alert).unwrap_or_default();
        let now = self.clock.now();
        let timestamp = now.0 / 1_000;
        let request = self
            .client
            .post(self.url.clone())
            .header(CONTENT_TYPE, "application/json")
            .header(TIMESTAMP_HEADER, timestamp)
            .header(SIGNATURE_HEADER, sign(self.secret.expose().as_bytes(), timestamp, &body))
            .header(ID_HEADER, &alert.id)
            .body(body);
        let response = request.send().await.map_err(failure)?;
        if response.status().is_success() {
            return Ok(());
        }
        let after = response.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok());
        let after = after.and_then(|value| retry_after(value, now.0)).map(|pause| pause.min(RETRY_PAUSE_MAX));
        Err(Failure::Status { status: response.status().as_u16(), after })
    }
}

fn failure(error: reqwest::Error) -> Failure {
    let error = error.without_url();
    if let Some(private) = resolver::refused(&error) {
        return Failure::Private(private.clone());
    }
    if error.is_timeout() { Failure::TooSlow } else { Failure::Unreachable(error.into()) }
}

/// The address, if an alert may be posted there.
fn checked(config: &WebhookConfig) -> Result<Url, BuildError> {
    let refused = |reason: &str| Err(BuildError::Config { path: "webhook".to_owned(), reason: reason.to_owned() });
    let Ok(url) = Url::parse(&config.webhook) else {
        return refused("is not an address such as https://alerts.example.com/greenroom");
    };
    if !url.username().is_empty() || url.password().is_some() {
        return refused("holds a user name or a password; the receiver checks the signature instead");
    }
    match url.scheme() {
        "https" => {}
        "http" if config.allow_private => {}
        "http" => {
            return refused(
                "begins with http://: use https://, or set allow_private = true for a receiver on this machine or \
                 in its network",
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
        Some(address) if !config.allow_private && is_private(address) => {
            refused(&format!("has the private address {address}; if that is meant, set allow_private = true"))
        }
        _ => Ok(url),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::alert::{Key as TroubleKey, Kind, Trouble};
    use greenroom_contract::time::Timestamp;
    use std::sync::Arc;

    fn config(webhook: &str, allow_private: bool) -> WebhookConfig {
        WebhookConfig { webhook: webhook.to_owned(), secret: Secret::new("a secret of some length"), allow_private }
    }

    #[test]
    fn an_address_is_one_to_which_an_alert_may_go() {
        for (webhook, allow_private, part) in [
            ("https://alerts.example.com/greenroom", false, None),
            ("http://127.0.0.1:5678/webhook/alerts", true, None),
            ("http://alerts.example.com/greenroom", false, Some("begins with http://")),
            ("https://127.0.0.1/greenroom", false, Some("private address 127.0.0.1")),
            ("https://[::ffff:10.0.0.1]/", false, Some("private address")),
            ("https://169.254.169.254/latest", false, Some("private address")),
            ("https://me:word@alerts.example.com/", false, Some("a user name or a password")),
            ("file:///etc/passwd", true, Some("neither")),
            ("alerts", false, Some("is not an address")),
        ] {
            let found = checked(&config(webhook, allow_private));
            match part {
                None => assert!(found.is_ok(), "{webhook}: {found:?}"),
                Some(part) => {
                    let error = format!("{:?}", found.unwrap_err());
                    assert!(error.contains(part) && !error.contains("word@"), "{webhook}: {error}");
                }
            }
        }
    }

    #[test]
    fn a_secret_that_can_be_guessed_is_refused_and_no_secret_is_shown() {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let short = WebhookConfig { secret: Secret::new("short"), ..config("https://alerts.example.com/", false) };
        assert!(!format!("{short:?}").contains("short"));
        let error = Webhook::new(short, Clock::System).err().unwrap().to_string();
        assert!(error.contains("can be guessed"), "{error}");
    }

    /// Whoever owns a name can let it lead to this machine a moment after it was configured.
    #[tokio::test]
    async fn a_name_that_leads_to_a_private_address_is_told_nothing() {
        let _ = rustls::crypto::ring::default_provider().install_default();
        for address in ["127.0.0.1", "169.254.169.254", "::1", "10.0.0.7"] {
            let address: IpAddr = address.parse().unwrap();
            let look_up: LookUp = Arc::new(move |_| Box::pin(async move { Ok(vec![address]) }));
            let config = config("https://alerts.example.com/secret-path", false);
            let webhook = Webhook::looking_up(config, Clock::System, look_up).unwrap();
            let failure = webhook.post(&alert()).await.unwrap_err();
            assert!(matches!(failure, Failure::Private(_)), "{address}: {failure}");
            assert!(!failure.to_string().contains("secret-path"), "{failure}");
        }
    }

    fn alert() -> Alert {
        let key = TroubleKey { kind: Kind::Store, about: String::new() };
        let what = "the store cannot be written".to_owned();
        Alert::new(Trouble { key, channel: None, account: None, what, next: None }, Timestamp(7))
    }
}

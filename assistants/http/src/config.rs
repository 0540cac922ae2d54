//! The keys of `[assistants.NAME]` with `kind = "http"`.

use crate::limits::SECRET_BYTES_MIN;
use crate::service::Http;
use async_trait::async_trait;
use greenroom_contract::assistant::Assistant;
use greenroom_contract::factory::{AssistantKind, AssistantParts, BuildError};
use greenroom_contract::schema::{Key, KeyKind};
use greenroom_contract::secret::Secret;
use greenroom_documents::needs::{self, Told};
use greenroom_support::address::is_private;
use greenroom_support::resolver;
use serde::Deserialize;
use std::net::IpAddr;
use std::sync::Arc;
use url::{Host, Url};

/// The keys of `[assistants.NAME]` with `kind = "http"`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(clippy::struct_excessive_bools, reason = "each is a key of its own")]
pub struct HttpConfig {
    /// Where turns are posted.
    pub url: String,
    /// Signs every turn.
    pub secret: Secret,
    /// Whether the service may be on this machine or in its network, and without TLS.
    #[serde(default)]
    pub allow_private: bool,
    /// Past turns that it is told.
    #[serde(default = "history_turns")]
    pub history_turns: usize,
    /// Whether it is sent pictures.
    #[serde(default)]
    pub images: bool,
    /// Whether it is sent files.
    #[serde(default)]
    pub documents: bool,
    /// Whether it is told what was overheard.
    #[serde(default)]
    pub overheard: bool,
    /// Whether it is told addresses of people.
    #[serde(default)]
    pub addresses: bool,
    /// Whether reactions are turns.
    #[serde(default)]
    pub reactions: bool,
}

fn history_turns() -> usize {
    needs::HISTORY_TURNS_DEFAULT
}

impl HttpConfig {
    /// What it is told of a turn.
    pub(crate) fn told(&self) -> Told {
        Told {
            history_turns: Some(self.history_turns),
            images: self.images,
            documents: self.documents,
            overheard: self.overheard,
            addresses: self.addresses,
            reactions: self.reactions,
        }
    }

    /// The address, if a turn may be posted there.
    pub(crate) fn checked_url(&self) -> Result<Url, BuildError> {
        let refused = |reason: String| Err(BuildError::Config { path: "url".to_owned(), reason });
        let Ok(url) = Url::parse(&self.url) else {
            return refused("is not an address such as https://bot.example.com/turn".to_owned());
        };
        if !url.username().is_empty() || url.password().is_some() {
            return refused("holds a user name or a password; the service checks the signature instead".to_owned());
        }
        match (url.scheme(), self.allow_private) {
            ("https", _) | ("http", true) => {}
            ("http", false) => {
                return refused(
                    "begins with http://, and what people write would be readable on its way: use https://, or set \
                     allow_private = true for a service on this machine or in its network"
                        .to_owned(),
                );
            }
            _ => return refused("begins with neither https:// nor http://".to_owned()),
        }
        match literal(&url) {
            Some(address) if !self.allow_private && is_private(address) => {
                refused(format!("has the private address {address}; if that is meant, set allow_private = true"))
            }
            _ => Ok(url),
        }
    }
}

/// The address that is written in the place of a name.
fn literal(url: &Url) -> Option<IpAddr> {
    match url.host()? {
        Host::Ipv4(address) => Some(address.into()),
        Host::Ipv6(address) => Some(address.into()),
        Host::Domain(_) => None,
    }
}

#[async_trait]
impl AssistantKind for Http {
    const KIND: &'static str = "http";
    const ABOUT: &'static str = "asks a web service of yours, in any language";
    const KEYS: &'static [Key] = &[
        Key::new("url", KeyKind::Url, "Where each turn is posted as JSON. Redirects are not followed.")
            .required()
            .example("\"https://bot.example.com/turn\""),
        Key::new("secret", KeyKind::Secret, "Signs every turn (HMAC-SHA256), so that the service knows who asks.")
            .required()
            .example("{ env = \"BOT_SECRET\" }"),
        Key::new(
            "allow_private",
            KeyKind::Boolean,
            "Whether the service may be on this machine or in its network, and without TLS.",
        )
        .default("false"),
        needs::HISTORY_TURNS,
        needs::IMAGES,
        needs::DOCUMENTS,
        needs::OVERHEARD,
        needs::ADDRESSES,
        needs::REACTIONS,
    ];
    type Config = HttpConfig;

    async fn build(config: HttpConfig, parts: AssistantParts) -> Result<Arc<dyn Assistant>, BuildError> {
        let url = config.checked_url()?;
        if config.secret.expose().len() < SECRET_BYTES_MIN {
            return Err(BuildError::Config {
                path: "secret".to_owned(),
                reason: format!(
                    "has fewer than {SECRET_BYTES_MIN} characters and can be guessed; `openssl rand -hex 32` makes one"
                ),
            });
        }
        Ok(Arc::new(Http::new(url, config, parts.clock, resolver::system())?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(url: &str, allow_private: bool) -> HttpConfig {
        let table = format!("url = {url:?}\nallow_private = {allow_private}");
        let mut table: toml::Table = table.parse().unwrap();
        table.insert("secret".to_owned(), Secret::new("a secret of some length").handed_over());
        HttpConfig::deserialize(toml::Value::Table(table)).unwrap()
    }

    #[test]
    fn the_declared_keys_are_those_that_are_read() {
        greenroom_conformance::schema_conformance::assert_keys_agree::<HttpConfig>(Http::KEYS);
    }

    #[test]
    fn a_private_address_has_to_be_allowed() {
        for url in [
            "http://bot.example.com/",
            "https://127.0.0.1/",
            "https://[::1]/",
            "https://0x7f000001/",
            "https://2130706433/",
            "https://10.0.0.7:8443/turn",
            "https://169.254.169.254/latest/meta-data/",
        ] {
            let error = config(url, false).checked_url().unwrap_err().to_string();
            assert!(error.contains("allow_private = true"), "{url}: {error}");
            assert!(config(url, true).checked_url().is_ok(), "{url}");
        }
        assert!(config("https://bot.example.com/turn?tenant=7", false).checked_url().is_ok());
    }

    #[test]
    fn what_is_no_place_for_a_turn_is_refused() {
        for url in ["", "bot.example.com", "ftp://example.com/", "file:///etc/passwd", "https://user:pass@example.com/"]
        {
            assert!(config(url, true).checked_url().is_err(), "{url}");
        }
    }
}

//! A gateway on another machine, as the environment describes it.

use crate::client::Client;
use crate::error::ClientError;
use crate::token::{self, Claims, TokenError};
use std::fmt;
use std::net::IpAddr;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use url::{Host, Url};

/// The variable with the address of the gateway, such as `https://bot.example.com`.
pub const URL_VARIABLE: &str = "WHATSAPP_GATEWAY_URL";
/// The variable with the secret that this side and the gateway share.
pub const SECRET_VARIABLE: &str = "AUTH_SECRET";
/// The variable with the audience, where the gateway configures another one than [`token::AUDIENCE`].
pub const AUDIENCE_VARIABLE: &str = "AUTH_AUDIENCE";
/// The variable with the owner for whom this side acts; [`OWNER`] where it is not set.
pub const OWNER_VARIABLE: &str = "AUTH_OWNER";
/// The owner of whoever runs the gateway.
pub const OWNER: &str = "local";

/// All that a command may need.
const SCOPES: &str = "read text send control settings delete admin";
/// How long the token is good: as long as a person needs to link an account.
const GOOD_FOR: Duration = Duration::from_secs(15 * 60);

/// A gateway on another machine, and what opens it.
#[derive(Clone)]
pub struct Remote {
    url: Url,
    secret: String,
    audience: String,
    owner: String,
}

/// Why there is no way to a gateway on another machine.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RemoteError {
    /// Nothing says where it is.
    #[error("gateway not configured: set {URL_VARIABLE}")]
    NotConfigured,
    /// Its address cannot be used.
    #[error("{URL_VARIABLE} {reason}")]
    Address {
        /// What is wrong with it.
        reason: String,
    },
    /// Nothing says what opens it.
    #[error("{SECRET_VARIABLE} is not set; it has to be the same as that of the gateway at {url}")]
    NoSecret {
        /// The address.
        url: String,
    },
    /// The secret cannot be used.
    #[error("{SECRET_VARIABLE}: {reason}")]
    Secret {
        /// Why not.
        reason: TokenError,
    },
}

impl RemoteError {
    /// One word for programs. It does not change between versions.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotConfigured => "gateway-not-configured",
            Self::Address { .. } => "gateway-address",
            Self::NoSecret { .. } | Self::Secret { .. } => "gateway-secret",
        }
    }
}

impl Remote {
    /// The gateway that the variables of the process name.
    pub fn of_environment() -> Result<Self, RemoteError> {
        Self::of(|name| std::env::var(name).ok())
    }

    /// The gateway that these variables name; an empty one says nothing.
    pub fn of(variable: impl Fn(&str) -> Option<String>) -> Result<Self, RemoteError> {
        let said = |name| variable(name).map(|text| text.trim().to_owned()).filter(|text| !text.is_empty());
        let url = checked(&said(URL_VARIABLE).ok_or(RemoteError::NotConfigured)?)?;
        let secret = said(SECRET_VARIABLE).ok_or_else(|| RemoteError::NoSecret { url: url.to_string() })?;
        let audience = said(AUDIENCE_VARIABLE).unwrap_or_else(|| token::AUDIENCE.to_owned());
        let owner = said(OWNER_VARIABLE).unwrap_or_else(|| OWNER.to_owned());
        let remote = Self { url, secret, audience, owner };
        // Whatever is wrong with the secret is said before anything is asked.
        remote.token(UNIX_EPOCH)?;
        Ok(remote)
    }

    /// The address of the gateway.
    pub fn url(&self) -> &str {
        self.url.as_str().trim_end_matches('/')
    }

    /// A client with a token that is good for a quarter of an hour.
    pub fn client(&self) -> Result<Client, ClientError> {
        let token = self.token(SystemTime::now());
        let token = token.map_err(|error| ClientError::Unreachable { reason: error.into() })?;
        Ok(Client::new(self.url(), Some(token))?.on_another_machine())
    }

    fn token(&self, now: SystemTime) -> Result<String, RemoteError> {
        let now = now.duration_since(UNIX_EPOCH).unwrap_or_default();
        let claims = Claims {
            owner: self.owner.clone(),
            scope: SCOPES.to_owned(),
            expires: (now + GOOD_FOR).as_secs(),
            begins: None,
            id: None,
            csrf: None,
        };
        token::sign(self.secret.as_bytes(), &self.audience, &claims).map_err(|reason| RemoteError::Secret { reason })
    }
}

impl fmt::Debug for Remote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Remote").field("url", &self.url()).field("owner", &self.owner).finish_non_exhaustive()
    }
}

/// The address, if a token may be sent there.
fn checked(text: &str) -> Result<Url, RemoteError> {
    let refused = |reason: &str| Err(RemoteError::Address { reason: reason.to_owned() });
    let Ok(url) = Url::parse(text) else {
        return refused("is not an address such as https://bot.example.com");
    };
    if !url.username().is_empty() || url.password().is_some() {
        return refused("holds a user name or a password; AUTH_SECRET is what opens a gateway");
    }
    match url.scheme() {
        "https" => Ok(url),
        "http" if is_near(&url) => Ok(url),
        "http" => refused(
            "begins with http://, and what is sent there could be read and used by others on its way: use https://",
        ),
        _ => refused("begins with neither https:// nor http://"),
    }
}

/// Whether it is on this machine or in its network: a private address, or a name without a domain, as in a network of
/// containers.
fn is_near(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => !name.contains('.') || name.ends_with(".localhost") || name.ends_with(".internal"),
        Some(Host::Ipv4(address)) => address.is_loopback() || address.is_private(),
        Some(Host::Ipv6(address)) => match IpAddr::V6(address).to_canonical() {
            IpAddr::V4(address) => address.is_loopback() || address.is_private(),
            IpAddr::V6(address) => address.is_loopback() || address.is_unique_local(),
        },
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "0123456789abcdef0123456789abcdef";

    fn of(url: &str, secret: &str) -> Result<Remote, RemoteError> {
        Remote::of(|name| match name {
            URL_VARIABLE => Some(url.to_owned()),
            SECRET_VARIABLE => Some(secret.to_owned()),
            _ => None,
        })
    }

    #[test]
    fn what_is_missing_is_named() {
        let nothing = Remote::of(|_| None).unwrap_err();
        assert_eq!(nothing.to_string(), "gateway not configured: set WHATSAPP_GATEWAY_URL");
        assert_eq!(nothing.code(), "gateway-not-configured");
        assert_eq!(of(" ", SECRET).unwrap_err(), RemoteError::NotConfigured);
        let locked = of("https://bot.example.com", "").unwrap_err().to_string();
        assert!(locked.contains("AUTH_SECRET is not set") && locked.contains("https://bot.example.com"), "{locked}");
        let short = of("https://bot.example.com", "short").unwrap_err().to_string();
        assert!(short.starts_with("AUTH_SECRET: the secret is too short"), "{short}");
    }

    #[test]
    fn a_token_is_sent_where_no_one_reads_it_on_its_way() {
        for near in [
            "https://bot.example.com/",
            "http://127.0.0.1:8787",
            "http://[::1]:8787",
            "http://192.168.1.7:8787",
            "http://gateway:8787",
            "http://localhost:8787",
        ] {
            assert_eq!(of(near, SECRET).unwrap().url(), near.trim_end_matches('/'), "{near}");
        }
        for (far, part) in [
            ("http://bot.example.com", "use https://"),
            ("http://8.8.8.8", "use https://"),
            ("ftp://bot.example.com", "neither"),
            ("https://me:word@bot.example.com", "a user name"),
            ("bot.example.com:443", "neither"),
            ("//", "is not an address"),
        ] {
            let error = of(far, SECRET).unwrap_err().to_string();
            assert!(error.contains(part) && !error.contains("word@"), "{far}: {error}");
        }
    }

    #[test]
    fn the_token_is_short_lived_for_one_owner_and_the_secret_is_never_shown() {
        let remote = of("https://bot.example.com", SECRET).unwrap();
        let token = remote.token(UNIX_EPOCH + Duration::from_secs(1_800_000_000)).unwrap();
        let claims = token::read(&token, &[SECRET.as_bytes()], token::AUDIENCE).unwrap();
        assert_eq!((claims.owner.as_str(), claims.expires), ("local", 1_800_000_900));
        assert!(!format!("{remote:?}").contains(SECRET));
    }
}

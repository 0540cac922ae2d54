//! A host that HTTP may go to.

use greenroom_support::address::is_private;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;
use url::Url;

/// A scheme and a host, with its port where that is another than the usual one: `https://api.pizza.example`,
/// `http://localhost:8080`, or `https://*.pizza.example` for every name below one.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Origin {
    scheme: String,
    /// The host, or what stands behind `*.`.
    host: String,
    is_below: bool,
    port: u16,
}

/// Why a text is no origin.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OriginError {
    /// It is no address.
    #[error("{0:?} is not an address; write a scheme and a host, such as https://api.example.com")]
    NoAddress(String),
    /// Its scheme is neither https nor http.
    #[error("{0:?} begins with neither https:// nor http://")]
    Scheme(String),
    /// There is a path, a query, a fragment or a user behind or before the host.
    #[error("{0:?} holds more than a scheme, a host and a port; what is granted is the whole host")]
    More(String),
    /// A wildcard that would grant more than the names below one.
    #[error("{0:?} has a wildcard elsewhere than in *.example.com; name each host, or one domain with *. before it")]
    Wildcard(String),
}

impl Origin {
    /// Whether a request to this address goes there.
    #[must_use]
    pub fn covers(&self, url: &Url) -> bool {
        let Some(host) = url.host_str() else { return false };
        let is_host = if self.is_below {
            host.strip_suffix(self.host.as_str()).is_some_and(|below| below.len() > 1 && below.ends_with('.'))
        } else {
            host == self.host
        };
        is_host && url.scheme() == self.scheme && url.port_or_known_default() == Some(self.port)
    }

    /// Whether everything that another one covers is covered.
    #[must_use]
    pub fn covers_all_of(&self, other: &Self) -> bool {
        let same_place = self.scheme == other.scheme && self.port == other.port;
        let host = if self.is_below {
            let is_deeper = other.host.strip_suffix(self.host.as_str()).is_some_and(|below| below.ends_with('.'));
            is_deeper || (other.is_below && other.host == self.host)
        } else {
            !other.is_below && other.host == self.host
        };
        same_place && host
    }

    /// The host as a configuration names it: with its port where that is another than the usual one.
    #[must_use]
    pub fn name(&self) -> String {
        let below = if self.is_below { "*." } else { "" };
        let usual = if self.scheme == "https" { 443 } else { 80 };
        let port = if self.port == usual { String::new() } else { format!(":{}", self.port) };
        format!("{below}{}{port}", self.host)
    }

    /// Whether it is readable on its way.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.scheme == "http"
    }
}

impl Origin {
    /// Whether it is on this machine or in its network, as far as its name tells.
    pub(crate) fn is_near(&self) -> bool {
        match Url::parse(&format!("http://{}/", self.host)).ok().as_ref().and_then(Url::host) {
            Some(url::Host::Ipv4(address)) => is_private(address.into()),
            Some(url::Host::Ipv6(address)) => is_private(address.into()),
            // A name without dots is one of this network, such as that of a container.
            Some(url::Host::Domain(name)) => {
                let ends = [".localhost", ".local", ".internal", ".lan", ".home.arpa"];
                !name.contains('.') || ends.iter().any(|end| name.ends_with(end))
            }
            None => false,
        }
    }
}

impl FromStr for Origin {
    type Err = OriginError;

    fn from_str(text: &str) -> Result<Self, OriginError> {
        let shown = || text.to_owned();
        let (scheme, rest) = text.split_once("://").ok_or_else(|| OriginError::NoAddress(shown()))?;
        if !matches!(scheme, "https" | "http") {
            return Err(OriginError::Scheme(shown()));
        }
        let (is_below, rest) = rest.strip_prefix("*.").map_or((false, rest), |below| (true, below));
        if rest.contains('*') {
            return Err(OriginError::Wildcard(shown()));
        }
        let url = Url::parse(&format!("{scheme}://{rest}")).map_err(|_| OriginError::NoAddress(shown()))?;
        let host = url.host_str().unwrap_or_default().to_owned();
        let has_more = !matches!(url.path(), "" | "/") || url.query().is_some() || url.fragment().is_some();
        if has_more || !url.username().is_empty() || url.password().is_some() {
            return Err(OriginError::More(shown()));
        }
        // `*.com` would be half of the internet, and `*.127.0.0.1` means nothing.
        if is_below && (!host.contains('.') || !matches!(url.host(), Some(url::Host::Domain(_)))) {
            return Err(OriginError::Wildcard(shown()));
        }
        let port = url.port_or_known_default().ok_or_else(|| OriginError::NoAddress(shown()))?;
        Ok(Self { scheme: scheme.to_owned(), host, is_below, port })
    }
}

impl TryFrom<String> for Origin {
    type Error = OriginError;

    fn try_from(text: String) -> Result<Self, OriginError> {
        text.parse()
    }
}

impl From<Origin> for String {
    fn from(origin: Origin) -> Self {
        origin.to_string()
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", self.scheme, self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn covers(origin: &str, url: &str) -> bool {
        origin.parse::<Origin>().unwrap().covers(&Url::parse(url).unwrap())
    }

    #[test]
    fn only_the_granted_host_is_covered() {
        let origin = "https://api.pizza.example";
        assert!(covers(origin, "https://api.pizza.example/orders?x=1"));
        assert!(covers(origin, "https://API.pizza.example:443/"));
        for elsewhere in [
            "http://api.pizza.example/",
            "https://api.pizza.example:8443/",
            "https://pizza.example/",
            "https://evil.example/?https://api.pizza.example",
            "https://api.pizza.example@evil.example/",
            "https://api.pizza.example.evil.example/",
            "https://xapi.pizza.example/",
        ] {
            assert!(!covers(origin, elsewhere), "{elsewhere}");
        }
        assert!(covers("http://localhost:8080", "http://localhost:8080/x"));
        assert!(!covers("http://localhost:8080", "http://localhost/x"));
    }

    #[test]
    fn a_wildcard_covers_what_is_below_and_not_the_name_itself() {
        let origin = "https://*.pizza.example";
        assert!(covers(origin, "https://a.pizza.example/") && covers(origin, "https://a.b.pizza.example/"));
        for elsewhere in ["https://pizza.example/", "https://evilpizza.example/", "https://.pizza.example/"] {
            assert!(!covers(origin, elsewhere), "{elsewhere}");
        }
        let all = |one: &str, other: &str| one.parse::<Origin>().unwrap().covers_all_of(&other.parse().unwrap());
        assert!(
            all(origin, origin) && all(origin, "https://a.pizza.example") && all(origin, "https://*.a.pizza.example")
        );
        assert!(!all("https://a.pizza.example", origin) && !all(origin, "https://pizza.example"));
        assert!(!all(origin, "http://a.pizza.example"));
    }

    #[test]
    fn what_would_grant_more_than_it_seems_is_refused() {
        for (text, error) in [
            ("api.example.com", "not an address"),
            ("ftp://example.com", "neither"),
            ("https://", "not an address"),
            ("https://example.com/api", "more than"),
            ("https://user@example.com", "more than"),
            ("https://example.com?x", "more than"),
            ("https://*", "wildcard"),
            ("https://*.com", "wildcard"),
            ("https://a.*.com", "wildcard"),
            ("https://*.*.com", "wildcard"),
            ("https://*.10.0.0.1", "wildcard"),
        ] {
            let said = text.parse::<Origin>().unwrap_err().to_string();
            assert!(said.contains(error), "{text}: {said}");
        }
        for text in
            ["https://api.example.com", "http://localhost:8080", "https://*.example.com:8443", "http://[::1]:90"]
        {
            assert_eq!(text.parse::<Origin>().unwrap().to_string(), text);
        }
    }
}

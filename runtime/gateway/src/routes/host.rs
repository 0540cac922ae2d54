//! By which names the API is called. A page of another site can make a browser call a name of its own that leads to this
//! machine; what it cannot do is to make the browser say one of these.
//!
//! A page that a browser loaded from elsewhere may ask only if its origin is configured; an origin says more than a name, so
//! that another program's page on this machine is kept out as well.
//!
//! Deliveries of networks are not checked: they come through proxies and tunnels under any name, and are signed.

use crate::errors::Refusal;
use axum::extract::Request;
use axum::http::header::{HOST, ORIGIN};
use axum::http::uri::Authority;
use axum::http::{StatusCode, Uri, Version};
use std::net::{IpAddr, Ipv6Addr};
use std::sync::Arc;

/// The names of this server: IP addresses, `localhost`, and the host of the public address.
#[derive(Debug, Clone)]
pub(super) struct Hosts {
    public: Option<Arc<str>>,
    /// The origin of the public address.
    public_origin: Option<Arc<str>>,
    /// Pages that may ask, although they are not ours.
    origins: Arc<[String]>,
}

impl Hosts {
    pub(super) fn new(public_url: Option<&str>, origins: &[String]) -> Self {
        let uri = public_url.and_then(|url| url.parse::<Uri>().ok());
        let public = uri.as_ref().and_then(|uri| Some(name_in(uri.authority()?).into()));
        let public_origin = public_url.and_then(origin).map(Into::into);
        Self { public, public_origin, origins: origins.iter().filter_map(|url| origin(url)).collect() }
    }

    /// Whose page asks: `None` for one of ours and for programs, the origin for one that is configured.
    pub(super) fn page(&self, request: &Request) -> Result<Option<String>, Refusal> {
        let mut headers = request.headers().get_all(ORIGIN).iter();
        let Some(header) = headers.next() else { return Ok(None) };
        let asked = header.to_str().ok().and_then(origin).filter(|_| headers.next().is_none());
        let ours = request.headers().get(HOST).and_then(|host| host.to_str().ok());
        match asked {
            Some(asked) if self.public_origin.as_deref() == Some(asked.as_str()) => Ok(None),
            // Which of the two schemes it is only a proxy knows.
            Some(asked)
                if ["http", "https"].iter().any(|scheme| {
                    ours.and_then(|host| origin(&format!("{scheme}://{host}"))).as_ref() == Some(&asked)
                }) =>
            {
                Ok(None)
            }
            Some(asked) if self.origins.contains(&asked) => Ok(Some(asked)),
            _ => {
                let reason = "pages of this origin may not ask; gateway.allowed_origins names those that may";
                Err(Refusal::coded(StatusCode::FORBIDDEN, "foreign-origin", reason))
            }
        }
    }

    /// Refuses a request that calls the server by another name.
    pub(super) fn check(&self, request: &Request) -> Result<(), Refusal> {
        // An address in the request line counts more than the header.
        let written = request.uri().authority().map(ToString::to_string);
        let mut headers = request.headers().get_all(HOST).iter();
        let header = headers.next();
        let one_header = headers.next().is_none();
        let named = match (written, header) {
            (Some(written), _) => written,
            (None, Some(header)) if one_header => header.to_str().unwrap_or_default().to_owned(),
            // No browser speaks HTTP/1.0, or leaves the name out.
            (None, None) if request.version() == Version::HTTP_10 => return Ok(()),
            _ => return Err(Refusal::new(StatusCode::BAD_REQUEST, "the request needs exactly one Host header")),
        };
        let authority = named.parse::<Authority>();
        let authority =
            authority.map_err(|_| Refusal::new(StatusCode::BAD_REQUEST, "the Host header cannot be read"))?;
        let name = name_in(&authority);
        if self.is_ours(&name) {
            return Ok(());
        }
        let reason = format!(
            "this server is not called {name:?}; call it by its IP address or localhost, or set gateway.public_url to its \
             address"
        );
        Err(Refusal::new(StatusCode::MISDIRECTED_REQUEST, reason))
    }

    fn is_ours(&self, name: &str) -> bool {
        let bare = name.strip_prefix('[').and_then(|name| name.strip_suffix(']'));
        let is_ip = bare.map_or_else(|| name.parse::<IpAddr>().is_ok(), |bare| bare.parse::<Ipv6Addr>().is_ok());
        is_ip || name == "localhost" || name.ends_with(".localhost") || self.public.as_deref() == Some(name)
    }
}

/// The origin of an address, in the one form in which origins are compared; `None` for what has none, such as `null`.
fn origin(url: &str) -> Option<String> {
    match url::Url::parse(url).ok()?.origin() {
        origin @ url::Origin::Tuple(..) => Some(origin.ascii_serialization()),
        url::Origin::Opaque(_) => None,
    }
}

/// The host, in the one form in which hosts are compared.
fn name_in(authority: &Authority) -> String {
    let host = authority.host();
    host.strip_suffix('.').unwrap_or(host).to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::Body;

    fn status(hosts: &Hosts, uri: &str, headers: &[&str], version: Version) -> u16 {
        let mut request = Request::builder().uri(uri).version(version);
        for header in headers {
            request = request.header(HOST, *header);
        }
        hosts.check(&request.body(Body::empty()).unwrap()).map_or_else(|refusal| refusal.status.as_u16(), |()| 200)
    }

    #[test]
    fn only_names_that_no_other_site_can_have() {
        let hosts = Hosts::new(Some("https://Bot.example.com:8443/path"), &[]);
        let of = |header: &str| status(&hosts, "/api/v1/why", &[header], Version::HTTP_11);
        for ours in [
            "127.0.0.1",
            "127.0.0.1:8787",
            "192.168.1.5:80",
            "[::1]",
            "[::1]:8787",
            "localhost",
            "LOCALHOST:1",
            "localhost.",
            "bot.localhost",
            "bot.example.com",
            "BOT.example.com:443",
        ] {
            assert_eq!(of(ours), 200, "{ours}");
        }
        for other in [
            "evil.example",
            "evil.example:8787",
            "localhost.evil.example",
            "127.0.0.1.evil.example",
            "xbot.example.com",
            "nas",
        ] {
            assert_eq!(of(other), 421, "{other}");
        }
        for broken in ["", "a b", "http://localhost/", "[::1", "ä"] {
            assert_eq!(of(broken), 400, "{broken}");
        }
    }

    #[test]
    fn one_name_and_the_one_in_the_request_line_counts() {
        let hosts = Hosts::new(None, &[]);
        let of = |uri: &str, headers: &[&str]| status(&hosts, uri, headers, Version::HTTP_11);
        assert_eq!(of("http://evil.example/api/v1/why", &["localhost"]), 421);
        assert_eq!(of("http://localhost/api/v1/why", &["evil.example"]), 200);
        assert_eq!(of("/api/v1/why", &[]), 400);
        assert_eq!(of("/api/v1/why", &["localhost", "evil.example"]), 400);
        assert_eq!(status(&hosts, "/api/v1/why", &[], Version::HTTP_10), 200);
        assert_eq!(of("/api/v1/why", &["bot.example.com"]), 421, "no public address is configured");
    }

    #[test]
    fn a_page_is_ours_or_configured_or_refused() {
        let hosts = Hosts::new(Some("https://bot.example.com/"), &["https://App.example:443".to_owned()]);
        let page = |host: &str, origins: &[&str]| {
            let mut request = Request::builder().uri("/api/v1/me").header(HOST, host);
            for origin in origins {
                request = request.header(ORIGIN, *origin);
            }
            hosts.page(&request.body(Body::empty()).unwrap()).map_err(|refusal| refusal.status.as_u16())
        };
        assert_eq!(page("127.0.0.1:8787", &[]), Ok(None), "no browser");
        assert_eq!(page("127.0.0.1:8787", &["http://127.0.0.1:8787"]), Ok(None));
        assert_eq!(page("bot.example.com", &["https://bot.example.com"]), Ok(None));
        assert_eq!(page("127.0.0.1:8787", &["https://app.example"]), Ok(Some("https://app.example".to_owned())));
        for other in [
            "null",
            "http://127.0.0.1:3000",
            "http://localhost:8787",
            "http://app.example",
            "https://app.example:8443",
            "https://app.example.evil.example",
            "nonsense",
            "",
        ] {
            assert_eq!(page("127.0.0.1:8787", &[other]), Err(403), "{other}");
        }
        assert_eq!(page("127.0.0.1:8787", &["https://app.example", "https://app.example"]), Err(403));
    }
}

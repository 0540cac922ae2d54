//! Where the mail server is.

use url::{Host, Url};

/// When TLS begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tls {
    /// After the greeting.
    StartTls,
    /// With the first byte.
    FirstByte,
}

/// A mail server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Server {
    pub(crate) host: String,
    pub(crate) port: u16,
    pub(crate) tls: Tls,
}

/// The port for mail that is handed in (RFC 6409).
const SUBMISSION: u16 = 587;
/// The same with TLS from the first byte (RFC 8314).
const SUBMISSIONS: u16 = 465;

impl Server {
    /// The server of an address such as `smtp://mail.example.com:587`; the error is a sentence without its beginning.
    pub(crate) fn read(text: &str) -> Result<Self, String> {
        let wrong = || "is not an address such as smtp://mail.example.com:587 or smtps://mail.example.com".to_owned();
        let url = Url::parse(text).map_err(|_| wrong())?;
        let (tls, usual) = match url.scheme() {
            "smtp" => (Tls::StartTls, SUBMISSION),
            "smtps" => (Tls::FirstByte, SUBMISSIONS),
            _ => return Err(wrong()),
        };
        if !url.username().is_empty() || url.password().is_some() {
            return Err("holds a user name or a password; write them as user and password".to_owned());
        }
        let has_more = !matches!(url.path(), "" | "/") || url.query().is_some() || url.fragment().is_some();
        let host = match url.host() {
            Some(Host::Domain(name)) if !name.is_empty() => name.to_owned(),
            Some(Host::Ipv4(address)) => address.to_string(),
            Some(Host::Ipv6(address)) => address.to_string(),
            _ => return Err(wrong()),
        };
        if has_more {
            return Err(wrong());
        }
        Ok(Self { host, port: url.port().unwrap_or(usual), tls })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_is_read_from_its_address_and_a_password_in_it_is_refused_unseen() {
        let server = |host: &str, port, tls| Ok(Server { host: host.to_owned(), port, tls });
        assert_eq!(Server::read("smtp://mail.example.com"), server("mail.example.com", 587, Tls::StartTls));
        assert_eq!(Server::read("smtp://mail.example.com:25"), server("mail.example.com", 25, Tls::StartTls));
        assert_eq!(Server::read("smtps://mail.example.com/"), server("mail.example.com", 465, Tls::FirstByte));
        assert_eq!(Server::read("smtps://[::1]:4650"), server("::1", 4650, Tls::FirstByte));
        for wrong in ["mail.example.com", "http://mail.example.com", "smtp://", "smtp://a/b", "smtp://a?b", ""] {
            assert!(Server::read(wrong).is_err(), "{wrong}");
        }
        let error = Server::read("smtp://me:hunter2@mail.example.com").unwrap_err();
        assert!(error.contains("user name") && !error.contains("hunter2"), "{error}");
    }
}

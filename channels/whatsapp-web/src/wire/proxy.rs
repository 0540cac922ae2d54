//! The way to the network's socket: straight, or through the proxy that the environment names for HTTPS.
//!
//! The rules are those of every HTTP client in the program: `HTTPS_PROXY`, `ALL_PROXY`, `NO_PROXY`, in capitals or not.

use crate::limits;
use crate::wire::loopback;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use url::Url;
use whatsapp_rust::anyhow::{self, Context, bail, ensure};

/// A connection on which the server at `url` listens, TLS not yet begun.
pub(super) async fn connect(url: &Url) -> anyhow::Result<TcpStream> {
    let host = url.host_str().context("the address has no host")?;
    let port = url.port_or_known_default().context("the address has no port")?;
    let stream = match proxy_for(url) {
        Some(proxy) => through(&proxy, host, port).await?,
        None => TcpStream::connect((host.trim_matches(['[', ']']), port)).await?,
    };
    stream.set_nodelay(true)?;
    Ok(stream)
}

/// The proxy for this address, if the environment names one. This machine is reached without.
fn proxy_for(url: &Url) -> Option<Url> {
    if url.scheme() != "wss" || loopback::is_loopback(url) {
        return None;
    }
    let host = url.host_str()?.to_ascii_lowercase();
    let variable = |name: &str| {
        [name.to_lowercase(), name.to_uppercase()]
            .iter()
            .find_map(|name| std::env::var(name).ok().filter(|v| !v.is_empty()))
    };
    if variable("no_proxy").is_some_and(|list| is_excepted(&host, &list)) {
        return None;
    }
    let proxy = variable("https_proxy").or_else(|| variable("all_proxy"))?;
    let proxy = if proxy.contains("://") { proxy } else { format!("http://{proxy}") };
    Url::parse(&proxy).ok()
}

/// Whether a list such as `localhost, .example.org` names this host.
fn is_excepted(host: &str, list: &str) -> bool {
    list.split(',').map(|entry| entry.trim().trim_start_matches('.').to_ascii_lowercase()).any(|entry| {
        entry == "*"
            || (!entry.is_empty()
                && (host == entry || host.strip_suffix(&entry).is_some_and(|rest| rest.ends_with('.'))))
    })
}

async fn through(proxy: &Url, host: &str, port: u16) -> anyhow::Result<TcpStream> {
    ensure!(
        proxy.scheme() == "http",
        "a proxy with {}:// is not understood: HTTPS_PROXY must begin with http://",
        proxy.scheme()
    );
    let at = (proxy.host_str().context("the proxy has no host")?, proxy.port_or_known_default().unwrap_or(80));
    let mut stream = TcpStream::connect(at).await.context("the proxy of HTTPS_PROXY cannot be reached")?;
    let mut request = format!("CONNECT {host}:{port} HTTP/1.1\r\nHost: {host}:{port}\r\n");
    if !proxy.username().is_empty() {
        let credentials = STANDARD.encode(format!("{}:{}", proxy.username(), proxy.password().unwrap_or_default()));
        request.extend(["Proxy-Authorization: Basic ", &credentials, "\r\n"]);
    }
    request.push_str("\r\n");
    stream.write_all(request.as_bytes()).await?;
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        ensure!(head.len() < limits::PROXY_HEAD_BYTES_MAX, "the proxy answers with too long a head");
        // Byte by byte: what follows the head belongs to the server.
        head.push(stream.read_u8().await.context("the proxy of HTTPS_PROXY closed the connection")?);
    }
    let line = String::from_utf8_lossy(&head);
    let status = line.split_whitespace().nth(1).unwrap_or_default();
    if !status.starts_with('2') {
        bail!("the proxy of HTTPS_PROXY refuses the connection with {status}");
    }
    Ok(stream)
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::net::TcpListener;

    #[test]
    fn exceptions_are_hosts_and_what_lies_below_them() {
        for (host, list, excepted) in [
            ("web.whatsapp.com", "localhost, .whatsapp.com", true),
            ("web.whatsapp.com", "web.whatsapp.com", true),
            ("web.whatsapp.com", "*", true),
            ("web.whatsapp.com", "app.com", false),
            ("web.whatsapp.com", "", false),
        ] {
            assert_eq!(is_excepted(host, list), excepted, "{host} {list}");
        }
    }

    #[tokio::test]
    async fn a_proxy_is_asked_for_the_way_and_may_refuse() {
        for (answer, good) in
            [("HTTP/1.1 200 Connection established\r\n\r\nhello", true), ("HTTP/1.1 407 No\r\n\r\n", false)]
        {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let proxy = Url::parse(&format!("http://ana:secret@{}", listener.local_addr().unwrap())).unwrap();
            let serving = tokio::spawn(async move {
                let (mut stream, _) = listener.accept().await.unwrap();
                let mut head = Vec::new();
                while !head.ends_with(b"\r\n\r\n") {
                    head.push(stream.read_u8().await.unwrap());
                }
                stream.write_all(answer.as_bytes()).await.unwrap();
                (stream, String::from_utf8(head).unwrap())
            });
            let made = through(&proxy, "web.whatsapp.com", 443).await;
            let (_stream, head) = serving.await.unwrap();
            assert!(head.starts_with("CONNECT web.whatsapp.com:443 HTTP/1.1\r\n"), "{head}");
            assert!(head.contains("Proxy-Authorization: Basic YW5hOnNlY3JldA=="), "{head}");
            assert_eq!(made.is_ok(), good);
            if let Ok(mut stream) = made {
                let mut rest = [0; 5];
                stream.read_exact(&mut rest).await.unwrap();
                assert_eq!(&rest, b"hello", "what the server says is left to whoever reads next");
            }
        }
    }
}

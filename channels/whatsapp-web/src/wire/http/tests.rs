//! Against a TLS server on this machine that answers as it is told.

use super::*;
use std::sync::Arc;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer};

struct Server {
    address: String,
    certificate: String,
}

/// Answers every request with what `answer` makes of its path, and then closes. Paths under `/echo` answer with the
/// request itself.
async fn serve(answer: impl Fn(&str) -> Vec<u8> + Send + Sync + 'static) -> Server {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let key = PrivatePkcs8KeyDer::from(made.signing_key.serialize_der());
    let chain = vec![CertificateDer::from(made.cert.der().to_vec())];
    let config = ServerConfig::builder().with_no_client_auth().with_single_cert(chain, key.into()).unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("https://localhost:{}", listener.local_addr().unwrap().port());
    let answer = Arc::new(answer);
    tokio::spawn(async move {
        while let Ok((socket, _)) = listener.accept().await {
            let (acceptor, answer) = (acceptor.clone(), answer.clone());
            tokio::spawn(async move {
                let Ok(mut stream) = acceptor.accept(socket).await else { return };
                let request = read_request(&mut stream).await;
                let path = request.split(' ').nth(1).unwrap_or_default();
                let answer = if path.starts_with("/echo") { ok(request.as_bytes()) } else { answer(path) };
                let _ = stream.write_all(&answer).await;
                let _ = stream.shutdown().await;
            });
        }
    });
    Server { address, certificate: made.cert.pem() }
}

async fn read_request(stream: &mut (impl AsyncReadExt + Unpin)) -> String {
    let mut request = Vec::new();
    loop {
        let text = String::from_utf8_lossy(&request).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap_or("0");
            if body.len() >= length.parse().unwrap() {
                return text;
            }
        }
        if stream.read_buf(&mut request).await.unwrap_or(0) == 0 {
            return text;
        }
    }
}

fn ok(body: &[u8]) -> Vec<u8> {
    with_status("200 OK", &[], body)
}

fn with_status(status: &str, headers: &[&str], body: &[u8]) -> Vec<u8> {
    let headers: String = headers.iter().flat_map(|header| [header, "\r\n"]).collect();
    let head = format!("HTTP/1.1 {status}\r\n{headers}connection: close\r\ncontent-length: {}\r\n\r\n", body.len());
    [head.as_bytes(), body].concat()
}

fn redirect(to: &str) -> Vec<u8> {
    with_status("302 Found", &[&format!("location: {to}")], b"")
}

impl Server {
    /// A client that trusts it, also in a build without the feature: what is tested does not depend on that.
    fn client(&self) -> Http {
        Http::trusting(Some(certificates(self.certificate.as_bytes(), true).unwrap())).unwrap()
    }

    async fn get(&self, path: &str) -> anyhow::Result<HttpResponse> {
        self.client().execute(HttpRequest::get(format!("{}{path}", self.address))).await
    }
}

#[tokio::test]
async fn a_refusal_is_an_answer() {
    let server = serve(|path| with_status(if path == "/401" { "401 No" } else { "404 No" }, &[], b"why")).await;
    for status in [401, 404] {
        let response = server.get(&format!("/{status}")).await.unwrap();
        assert_eq!((response.status_code, response.body.as_slice()), (status, b"why".as_slice()));
    }
}

#[tokio::test]
async fn a_body_is_sent_with_its_exact_length() {
    let server = serve(|_| ok(b"")).await;
    let request = HttpRequest::post(format!("{}/echo", server.address))
        .with_header("Origin", "https://web.whatsapp.com")
        .with_body(b"ciphertext".to_vec());
    let response = server.client().execute(request).await.unwrap();
    let echoed = String::from_utf8(response.body).unwrap();
    assert!(echoed.starts_with("POST /echo HTTP/1.1"), "{echoed}");
    assert!(echoed.contains("content-length: 10\r\n") && echoed.ends_with("\r\n\r\nciphertext"), "{echoed}");
    assert!(echoed.contains("origin: https://web.whatsapp.com\r\n"), "{echoed}");
    assert!(!echoed.contains("transfer-encoding"), "{echoed}");
}

#[tokio::test]
async fn a_body_is_bounded_whether_it_says_its_length_or_not() {
    let server = serve(|path| {
        let honest = path == "/honest";
        let size = limits::HTTP_BODY_BYTES_MAX + 1;
        let head = if honest { format!("content-length: {size}\r\n") } else { String::new() };
        let head = format!("HTTP/1.1 200 OK\r\n{head}connection: close\r\n\r\n");
        [head.into_bytes(), vec![0; size]].concat()
    })
    .await;
    for path in ["/honest", "/silent"] {
        let error = server.get(path).await.unwrap_err().to_string();
        assert!(error.contains("larger than"), "{path}: {error}");
    }
}

#[tokio::test]
async fn the_largest_medium_passes() {
    let server = serve(|_| ok(&vec![7; limits::HTTP_BODY_BYTES_MAX])).await;
    assert_eq!(server.get("/").await.unwrap().body.len(), limits::HTTP_BODY_BYTES_MAX);
}

#[tokio::test]
async fn redirects_are_followed_over_tls_only_and_not_for_ever() {
    let server = serve(|path| match path {
        "/once" => redirect("/there"),
        "/there" => ok(b"here"),
        "/plain" => redirect("http://localhost:1/"),
        _ => redirect("/round"),
    })
    .await;
    assert_eq!(server.get("/once").await.unwrap().body, b"here");
    for path in ["/plain", "/round"] {
        assert!(server.get(path).await.is_err(), "{path}");
    }
}

#[tokio::test]
async fn a_redirect_elsewhere_is_refused_by_a_build_for_simulated_servers() {
    let server = serve(|_| redirect("https://192.0.2.1/")).await;
    if loopback::SIMULATOR {
        let error = server.get("/").await.unwrap_err();
        assert!(format!("{error:#}").contains("simulator") || format!("{error:?}").contains("simulator"), "{error:?}");
    }
}

#[tokio::test]
async fn what_is_not_https_is_refused() {
    let server = serve(|_| ok(b"")).await;
    for url in ["http://localhost:1/", "ftp://localhost/", "no url", "file:///etc/passwd"] {
        assert!(server.client().execute(HttpRequest::get(url)).await.is_err(), "{url}");
    }
    let mut odd = HttpRequest::get(server.address.clone());
    odd.method = "DELETE".into();
    assert!(server.client().execute(odd).await.is_err());
    let elsewhere = server.client().execute(HttpRequest::get("https://192.0.2.1/")).await;
    assert!(!loopback::SIMULATOR || elsewhere.unwrap_err().to_string().contains("simulator"));
}

#[tokio::test]
async fn a_stranger_with_a_certificate_of_his_own_is_refused() {
    let server = serve(|_| ok(b"")).await;
    let other = serve(|_| ok(b"")).await;
    let request = HttpRequest::get(server.address.clone());
    assert!(other.client().execute(request.clone()).await.is_err());
    assert!(Http::trusting(None).unwrap().execute(request).await.is_err());
}

#[tokio::test]
async fn the_address_of_a_request_is_not_in_its_error() {
    let server = serve(|_| Vec::new()).await;
    let error = server.get("/mms/image/abc?auth=secret").await.unwrap_err();
    assert!(!format!("{error:?}").contains("secret"), "{error:?}");
}

#[tokio::test]
async fn a_certificate_is_taken_by_a_build_for_simulated_servers_only() {
    let server = serve(|_| ok(b"")).await;
    let pem = server.certificate.as_bytes();
    assert!(matches!(certificates(pem, false), Err(HttpError::CertificateRefused)));
    assert_eq!(certificates(pem, true).unwrap().len(), 1);
    assert!(matches!(certificates(b"", true), Err(HttpError::Certificate { .. })));
    assert!(matches!(certificates(b"-----BEGIN CERTIFICATE-----\n!\n", true), Err(HttpError::Certificate { .. })));
    assert_eq!(Http::new(Some(pem)).is_ok(), loopback::SIMULATOR);
}

#[tokio::test]
async fn the_version_is_read_from_the_network_or_the_one_compiled_in_is_used() {
    let server = serve(|path| match path {
        "/sw.js" => ok(br#"x("client_revision":1234567,"y")"#),
        "/empty" => ok(b"nothing to see"),
        "/large" => ok(&[b"\"client_revision\":7,".as_slice(), &vec![b' '; limits::VERSION_BODY_BYTES_MAX]].concat()),
        _ => with_status("503 Later", &[], b"client_revision: 9"),
    })
    .await;
    let compiled_in = (2, 3000, Device::new().app_version_tertiary);
    let told =
        [("/sw.js", (2, 3000, 1_234_567)), ("/empty", compiled_in), ("/large", compiled_in), ("/503", compiled_in)];
    for (path, version) in told {
        let page = server.client().version_page(HttpRequest::get(format!("{}{path}", server.address))).await;
        assert_eq!(parse_sw_js(&page.body_string().unwrap()), Some(version), "{path}");
    }
    let nobody = server.client().version_page(HttpRequest::get("https://localhost:1/sw.js")).await;
    assert_eq!(parse_sw_js(&nobody.body_string().unwrap()), Some(compiled_in));
    if loopback::SIMULATOR {
        let page = server.client().execute(HttpRequest::get(VERSION_URL)).await.unwrap();
        assert_eq!(parse_sw_js(&page.body_string().unwrap()), Some(compiled_in));
    }
}

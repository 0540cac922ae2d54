use super::*;
use crate::connections::{self, Opening, Proxies, Room};
use axum::Router;
use axum::routing::get;
use rustls::crypto::ring::default_provider;
use std::net::SocketAddr;
use std::path::Path;
use std::path::PathBuf;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

mod authority;

/// Longer than anything here takes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// A gateway of one route, at this address, until it is dropped.
struct Served {
    address: SocketAddr,
    stop: tokio_util::sync::DropGuard,
}

impl Served {
    fn new(opener: Opener, listener: tokio::net::TcpListener) -> Self {
        let address = listener.local_addr().unwrap();
        let room = Room::new(16, 256 * 1024, Box::new(|| {}));
        let routes = Router::new().route("/", get(|| async { "hello" }));
        let stop = CancellationToken::new();
        let served =
            connections::serve(listener, room, Proxies::new(&[]), routes, Opening::Https(opener), stop.clone());
        tokio::spawn(served);
        Self { address, stop: stop.drop_guard() }
    }
}

async fn listener() -> tokio::net::TcpListener {
    tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap()
}

/// A certificate for this name, signed by itself, in two files.
fn write_pair(folder: &Path, name: &str) -> (PathBuf, PathBuf, String) {
    let made = rcgen::generate_simple_self_signed([name.to_owned()]).unwrap();
    let (certificate, key) = (folder.join("certificate.pem"), folder.join("key.pem"));
    std::fs::write(&certificate, made.cert.pem()).unwrap();
    std::fs::write(&key, made.signing_key.serialize_pem()).unwrap();
    (certificate, key, made.cert.pem())
}

/// What the gateway says to a client that trusts this certificate alone.
async fn ask(address: SocketAddr, name: &str, trusted: &str) -> Result<String, reqwest::Error> {
    let trusted = reqwest::Certificate::from_pem(trusted.as_bytes()).unwrap();
    let client = reqwest::Client::builder()
        .tls_certs_only([trusted])
        .resolve(name, address)
        .no_proxy()
        .timeout(PATIENCE)
        .build()
        .unwrap();
    client.get(format!("https://{name}:{}/", address.port())).send().await?.text().await
}

fn install() {
    let _ = default_provider().install_default();
}

#[tokio::test]
async fn a_certificate_from_files_is_used_and_a_renewed_one_too() {
    install();
    let folder = tempfile::tempdir().unwrap();
    let (certificate, key, first) = write_pair(folder.path(), "bot.example.com");
    let (opener, upkeep) = prepare(&Https::Files { certificate: certificate.clone(), key: key.clone() }).unwrap();
    let Upkeep::Files(mut files) = upkeep else { panic!("files") };
    let served = Served::new(opener, listener().await);
    assert_eq!(ask(served.address, "bot.example.com", &first).await.unwrap(), "hello");

    // Half of a renewal: the old pair stays.
    let other = tempfile::tempdir().unwrap();
    let (_, renewed_key, second) = write_pair(other.path(), "bot.example.com");
    std::fs::write(&certificate, &second).unwrap();
    later(&certificate);
    files.look();
    assert_eq!(ask(served.address, "bot.example.com", &first).await.unwrap(), "hello");
    std::fs::copy(renewed_key, &key).unwrap();
    later(&key);
    files.look();
    assert_eq!(ask(served.address, "bot.example.com", &second).await.unwrap(), "hello");
    drop(served.stop);
}

/// File systems keep times too coarsely for a test.
fn later(path: &Path) {
    let file = std::fs::File::options().write(true).open(path).unwrap();
    file.set_modified(std::time::SystemTime::now() + Duration::from_secs(10)).unwrap();
}

#[tokio::test]
async fn plain_http_is_answered_for_this_machine_and_by_a_sentence_for_others() {
    install();
    let folder = tempfile::tempdir().unwrap();
    let (certificate, key, _) = write_pair(folder.path(), "bot.example.com");
    let (opener, _upkeep) = prepare(&Https::Files { certificate, key }).unwrap();
    let served = Served::new(opener.clone(), listener().await);
    let client = reqwest::Client::builder().no_proxy().timeout(PATIENCE).build().unwrap();
    let plain = client.get(format!("http://{}/", served.address)).send().await.unwrap();
    assert_eq!(plain.text().await.unwrap(), "hello");

    // The same bytes, as if they came from elsewhere.
    let listener = listener().await;
    let address = listener.local_addr().unwrap();
    let stranger = tokio::spawn(async move { client.get(format!("http://{address}/")).send().await.unwrap() });
    let (stream, _) = listener.accept().await.unwrap();
    assert!(matches!(opener.open(stream, "192.0.2.7".parse().unwrap()).await, Ok(Opened::Answered)));
    let refused = stranger.await.unwrap();
    assert_eq!(refused.status(), 400);
    assert!(refused.text().await.unwrap().contains("this port speaks HTTPS"));
}

#[tokio::test]
async fn a_pair_that_cannot_be_used_is_refused_with_the_file_and_the_reason() {
    install();
    let (folder, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (certificate, key, _) = write_pair(folder.path(), "bot.example.com");
    let (_, foreign, _) = write_pair(other.path(), "bot.example.com");
    let empty = folder.path().join("empty.pem");
    std::fs::write(&empty, "").unwrap();
    let missing = folder.path().join("missing.pem");
    let refusals = [
        (&missing, &key, "missing.pem: cannot be read: "),
        (&empty, &key, "empty.pem: there is no certificate in PEM form in it"),
        (&certificate, &empty, "empty.pem: there is no private key in PEM form in it"),
        (&certificate, &foreign, "key.pem: this key and "),
    ];
    for (certificate, key, words) in refusals {
        let https = Https::Files { certificate: certificate.clone(), key: key.clone() };
        let refusal = prepare(&https).err().unwrap().to_string();
        assert!(refusal.contains(words), "{refusal}");
    }
}

#[tokio::test]
async fn a_connection_that_is_no_tls_after_all_ends() {
    install();
    let folder = tempfile::tempdir().unwrap();
    let (certificate, key, first) = write_pair(folder.path(), "bot.example.com");
    let (opener, _upkeep) = prepare(&Https::Files { certificate, key }).unwrap();
    let served = Served::new(opener, listener().await);
    let mut noise = TcpStream::connect(served.address).await.unwrap();
    noise.write_all(&[TLS_HANDSHAKE, 3, 1, 255, 255, 7, 7, 7]).await.unwrap();
    let mut rest = Vec::new();
    let _ = tokio::time::timeout(PATIENCE, noise.read_to_end(&mut rest)).await.expect("it ends");
    assert_eq!(ask(served.address, "bot.example.com", &first).await.unwrap(), "hello");
}

/// Against Pebble, the test server of the authority Let's Encrypt: Debian's package `pebble`.
#[tokio::test]
async fn a_certificate_is_ordered_from_an_authority_and_kept() {
    install();
    if !authority::is_there() {
        eprintln!("skipped: `apt-get install pebble` brings the authority that this test needs");
        return;
    }
    let listener = listener().await;
    let authority = authority::Authority::start(listener.local_addr().unwrap().port()).await;
    let folder = tempfile::tempdir().unwrap();
    let cache = folder.path().join("acme");
    let https = Https::Acme {
        names: vec!["bot.example.com".to_owned()],
        contact: Some("owner@example.com".to_owned()),
        directory: Some(authority.directory()),
        folder: cache.clone(),
    };
    let mut ordered = Ordered::new(&https, authority.client_config()).unwrap();
    let opener = Opener { usual: ordered.server_config(), challenge: Some(ordered.challenge_config()) };
    let served = Served::new(opener, listener);
    let upkeep = tokio::spawn(async move { ordered.keep_fresh().await });
    let root = authority.root().await;
    let mut pause = tokio::time::interval(Duration::from_millis(50));
    let answered = tokio::time::timeout(PATIENCE, async {
        loop {
            pause.tick().await;
            if let Ok(answer) = ask(served.address, "bot.example.com", &root).await {
                return answer;
            }
        }
    });
    assert_eq!(answered.await.expect("the certificate comes"), "hello");
    upkeep.abort();
    drop(served.stop);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(std::fs::metadata(&cache).unwrap().permissions().mode() & 0o777, 0o700);
    }

    // A second start has it from the folder: the authority is gone.
    authority.stop().await;
    let mut ordered = Ordered::new(&https, authority.client_config()).unwrap();
    let opener = Opener { usual: ordered.server_config(), challenge: Some(ordered.challenge_config()) };
    let served = Served::new(opener, self::listener().await);
    tokio::spawn(async move { ordered.keep_fresh().await });
    let answered = tokio::time::timeout(PATIENCE, async {
        loop {
            pause.tick().await;
            if let Ok(answer) = ask(served.address, "bot.example.com", &root).await {
                return answer;
            }
        }
    });
    assert_eq!(answered.await.expect("the kept certificate is used"), "hello");
}

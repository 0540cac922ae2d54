//! The media host: keeps what clients encrypted, under TLS and, for clients that cannot trust its certificate, without.
//!
//! `POST /mms/<kind>/<base64url of the SHA-256 of the body>?auth=…` keeps a body (ciphertext and MAC) and answers
//! `{"url", "direct_path"}`; `GET <direct_path>` gives it back. What does not match its hash is refused with 400, a
//! missing or wrong `auth` with 401, an unknown path with 404.

use crate::people;
use anyhow::{Context as _, Result};
use axum::Router;
use axum::body::Body;
use axum::extract::{DefaultBodyLimit, Path, Query, State};
use axum::http::{StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use base64::Engine as _;
use base64::engine::general_purpose::{URL_SAFE, URL_SAFE_NO_PAD};
use bytes::Bytes;
use parking_lot::Mutex;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use serde::Deserialize;
use serde_json::json;
use sha2::{Digest as _, Sha256};
use std::collections::{HashMap, VecDeque};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio_rustls::server::TlsStream;

const BODY_BYTES_MAX: usize = 128 << 20;
const TLS_HANDSHAKE_MAX: Duration = Duration::from_secs(10);

/// What was uploaded, and where it is served.
#[derive(Clone)]
pub(crate) struct MediaStore {
    shared: Arc<Shared>,
}

struct Shared {
    secure: SocketAddr,
    plain: SocketAddr,
    certificate_pem: String,
    auth: String,
    kept: Mutex<Kept>,
}

#[derive(Default)]
struct Kept {
    bodies: HashMap<String, Bytes>,
    /// What the host has forgotten and phones still have.
    on_phones: HashMap<String, Bytes>,
    serial: u64,
    /// Statuses with which the next requests are answered.
    failures: VecDeque<u16>,
}

/// The sockets of the host, bound but not served yet.
pub(crate) struct Listeners {
    secure: TcpListener,
    plain: TcpListener,
    tls: tokio_rustls::TlsAcceptor,
}

impl MediaStore {
    /// Binds two free ports of 127.0.0.1 and makes a certificate for `localhost`.
    pub(crate) async fn bind() -> Result<(Self, Listeners)> {
        let names = vec!["localhost".to_owned(), "127.0.0.1".to_owned()];
        let made = rcgen::generate_simple_self_signed(names).context("making a certificate for the media host")?;
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(made.signing_key.serialize_der()));
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = rustls::ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_single_cert(vec![made.cert.der().clone()], key)?;
        let secure = TcpListener::bind(("127.0.0.1", 0)).await?;
        let plain = TcpListener::bind(("127.0.0.1", 0)).await?;
        let shared = Shared {
            secure: secure.local_addr()?,
            plain: plain.local_addr()?,
            certificate_pem: made.cert.pem(),
            auth: format!("{:016x}", rand::random::<u64>()),
            kept: Mutex::default(),
        };
        let listeners = Listeners { secure, plain, tls: tokio_rustls::TlsAcceptor::from(Arc::new(config)) };
        Ok((Self { shared: Arc::new(shared) }, listeners))
    }

    pub(crate) fn certificate_pem(&self) -> &str {
        &self.shared.certificate_pem
    }

    /// `localhost:PORT`, what clients are told.
    pub(crate) fn host(&self) -> String {
        format!("localhost:{}", self.shared.secure.port())
    }

    pub(crate) fn plain_url(&self) -> String {
        format!("http://{}", self.shared.plain)
    }

    pub(crate) fn auth(&self) -> &str {
        &self.shared.auth
    }

    pub(crate) fn fail_next(&self, requests: usize, status: u16) {
        self.shared.kept.lock().failures.extend(std::iter::repeat_n(status, requests));
    }

    /// Forgets everything, as the real host does after some weeks. Phones can upload it again.
    pub(crate) fn forget(&self) {
        let kept = &mut *self.shared.kept.lock();
        kept.on_phones.extend(kept.bodies.drain());
    }

    /// Forgets everything, and so do the phones.
    pub(crate) fn lose(&self) {
        let kept = &mut *self.shared.kept.lock();
        kept.bodies.clear();
        kept.on_phones.clear();
    }

    fn keep(&self, kind: &str, body: Bytes) -> (String, String) {
        let mut kept = self.shared.kept.lock();
        kept.serial += 1;
        let path = format!("/v/t62.7118-24/{kind}/{:06}_n.enc", kept.serial);
        kept.bodies.insert(path.clone(), body);
        (format!("https://{}{path}", self.host()), path)
    }

    fn find(&self, path: &str) -> Option<Bytes> {
        self.shared.kept.lock().bodies.get(path).cloned()
    }

    fn failure(&self) -> Option<StatusCode> {
        let status = self.shared.kept.lock().failures.pop_front()?;
        StatusCode::from_u16(status).ok()
    }
}

impl people::MediaHost for MediaStore {
    fn put(&self, kind: &str, _enc_sha256: &[u8], bytes: Vec<u8>) -> people::Stored {
        let (url, direct_path) = self.keep(kind, bytes.into());
        people::Stored { url, direct_path }
    }

    fn again(&self, direct_path: &str) -> Option<String> {
        let body = self.shared.kept.lock().on_phones.remove(direct_path)?;
        Some(self.keep("again", body).1)
    }

    fn get(&self, direct_path: &str) -> Option<Vec<u8>> {
        let path = direct_path.split('?').next().unwrap_or_default();
        self.find(path).map(|bytes| bytes.to_vec())
    }
}

impl Listeners {
    /// Serves both ports until the future is dropped.
    pub(crate) async fn serve(self, store: MediaStore) {
        let router = Router::new()
            .route("/mms/{kind}/{token}", post(upload))
            .fallback(get(download))
            .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
            .with_state(store);
        let (ready, streams) = mpsc::channel(64);
        let secure = Secure { streams, address: self.secure.local_addr().ok() };
        let accepting = accept(self.secure, self.tls, ready);
        let secure = axum::serve(secure, router.clone());
        let plain = axum::serve(self.plain, router);
        let (_, _, ()) = tokio::join!(secure.into_future(), plain.into_future(), accepting);
    }
}

/// TLS connections whose handshake is done.
struct Secure {
    streams: mpsc::Receiver<(TlsStream<TcpStream>, SocketAddr)>,
    address: Option<SocketAddr>,
}

impl axum::serve::Listener for Secure {
    type Io = TlsStream<TcpStream>;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        match self.streams.recv().await {
            Some(accepted) => accepted,
            None => std::future::pending().await,
        }
    }

    fn local_addr(&self) -> std::io::Result<SocketAddr> {
        self.address.ok_or_else(|| std::io::Error::other("the socket is gone"))
    }
}

async fn accept(
    listener: TcpListener,
    tls: tokio_rustls::TlsAcceptor,
    ready: mpsc::Sender<(TlsStream<TcpStream>, SocketAddr)>,
) {
    loop {
        let Ok((stream, address)) = listener.accept().await else { continue };
        let _ = stream.set_nodelay(true);
        let (tls, ready) = (tls.clone(), ready.clone());
        tokio::spawn(async move {
            if let Ok(Ok(stream)) = tokio::time::timeout(TLS_HANDSHAKE_MAX, tls.accept(stream)).await {
                let _ = ready.send((stream, address)).await;
            }
        });
    }
}

#[derive(Deserialize)]
struct Credentials {
    auth: Option<String>,
}

async fn upload(
    State(store): State<MediaStore>,
    Path((kind, token)): Path<(String, String)>,
    Query(credentials): Query<Credentials>,
    body: Bytes,
) -> Response {
    if let Some(status) = store.failure() {
        return status.into_response();
    }
    if credentials.auth.as_deref() != Some(store.auth()) {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    let hash = Sha256::digest(&body);
    if token != URL_SAFE.encode(hash) && token != URL_SAFE_NO_PAD.encode(hash) {
        return (StatusCode::BAD_REQUEST, "the body does not have the announced hash").into_response();
    }
    let (url, direct_path) = store.keep(&kind, body);
    axum::Json(json!({"url": url, "direct_path": direct_path})).into_response()
}

async fn download(State(store): State<MediaStore>, uri: Uri) -> Response {
    if let Some(status) = store.failure() {
        return status.into_response();
    }
    match store.find(uri.path()) {
        Some(bytes) => Body::from(bytes).into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

//! Plays a mail server on this machine: STARTTLS or TLS from the first byte, logins, and faults that are asked for. It keeps what
//! it took, and hands nothing on.
//!
//! | module | holds |
//! |---|---|
//! | `session` | one connection |
//! | `faults` | what goes wrong, and when |

mod faults;
mod session;

pub use faults::Fault;

use parking_lot::Mutex;
use rustls::ServerConfig;
use rustls::pki_types::PrivateKeyDer;
use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::net::TcpListener;
use tokio::sync::Notify;
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

/// The name in the certificate of the server.
pub const NAME: &str = "localhost";

/// How a server is reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Security {
    /// Plain until the client asks for TLS.
    StartTls,
    /// TLS from the first byte.
    Tls,
    /// No TLS is offered.
    None,
}

/// A mail that the server took.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Received {
    /// Who sent it.
    pub from: String,
    /// To whom.
    pub to: String,
    /// All of it, with its headers.
    pub text: String,
    /// Whether it came through TLS.
    pub secure: bool,
    /// Who logged in.
    pub user: Option<String>,
}

/// A running server. It ends when it is dropped.
pub struct SmtpSimulator {
    address: SocketAddr,
    certificate: String,
    shared: Arc<Shared>,
    /// Ends with it.
    _task: JoinSet<()>,
}

struct Shared {
    login: Option<(String, String)>,
    security: Security,
    acceptor: TlsAcceptor,
    faults: Mutex<VecDeque<Fault>>,
    mails: Mutex<Vec<Received>>,
    connections: Mutex<usize>,
    news: Notify,
}

impl SmtpSimulator {
    /// A server on a free port of this machine. With a login it takes mail of no one else.
    ///
    /// # Panics
    /// If there is no free port.
    pub async fn start(security: Security, login: Option<(&str, &str)>) -> Self {
        let (acceptor, certificate) = certified();
        let shared = Arc::new(Shared {
            login: login.map(|(user, password)| (user.to_owned(), password.to_owned())),
            security,
            acceptor,
            faults: Mutex::default(),
            mails: Mutex::default(),
            connections: Mutex::default(),
            news: Notify::new(),
        });
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("it listens");
        let mut task = JoinSet::new();
        let of_task = Arc::clone(&shared);
        task.spawn(async move {
            let mut sessions = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                *of_task.connections.lock() += 1;
                of_task.news.notify_waiters();
                let shared = Arc::clone(&of_task);
                sessions.spawn(async move {
                    // A client that goes away is its own affair.
                    let _ = session::run(stream, &shared).await;
                });
            }
        });
        Self { address, certificate, shared, _task: task }
    }

    /// Where it listens. Connect to [`NAME`], which its certificate is for.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Its certificate in PEM form, to be trusted.
    pub fn certificate(&self) -> &str {
        &self.certificate
    }

    /// The next connections go wrong like this, one each.
    pub fn fail(&self, faults: impl IntoIterator<Item = Fault>) {
        self.shared.faults.lock().extend(faults);
    }

    /// Every mail that it took.
    pub fn mails(&self) -> Vec<Received> {
        self.shared.mails.lock().clone()
    }

    /// How often someone connected.
    pub fn connections(&self) -> usize {
        *self.shared.connections.lock()
    }

    /// Waits until it took so many mails, and gives them.
    pub async fn received(&self, count: usize) -> Vec<Received> {
        loop {
            let news = self.shared.news.notified();
            let mails = self.mails();
            if mails.len() >= count {
                return mails;
            }
            news.await;
        }
    }

    /// Waits until someone connected so many times.
    pub async fn connected(&self, count: usize) {
        loop {
            let news = self.shared.news.notified();
            if self.connections() >= count {
                return;
            }
            news.await;
        }
    }
}

/// The bytes of a body that was sent as Base64.
pub fn decoded(text: &str) -> Vec<u8> {
    session::decoded_bytes(text)
}

fn certified() -> (TlsAcceptor, String) {
    let made = rcgen::generate_simple_self_signed(vec![NAME.to_owned()]).expect("a certificate");
    let key = PrivateKeyDer::Pkcs8(made.signing_key.serialize_der().into());
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("ring has them")
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key)
        .expect("its own key");
    (TlsAcceptor::from(Arc::new(config)), made.cert.pem())
}

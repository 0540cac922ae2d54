//! The bound address, and the service that the engine runs.

use crate::access::Token;
use crate::announce::{self, Announced};
use crate::connections::{self, Opening, Proxies, Room};
use crate::https::{Https, HttpsError};
use crate::principal::{Gate, Grant, Keys, Scopes};
use crate::program::Program;
use crate::secret::{self, Found, SecretError};
use crate::{limits, private, routes};
use async_trait::async_trait;
use greenroom_client::Announcement;
use greenroom_contract::cause::Cause;
use greenroom_contract::ids::OwnerId;
use greenroom_contract::secret::Secret;
use greenroom_contract::time::{Clock, Timestamp};
use greenroom_engine::{Doors, EngineHandle, RejectionCause, Service, ServiceError};
use socket2::{Domain, Socket, Type};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use tokio_util::sync::CancellationToken;

/// What a gateway is made of.
#[derive(Debug, Clone)]
pub struct Options {
    /// Where to listen; port 0 takes a free one.
    pub listen: SocketAddr,
    /// The data folder, for `gateway.json`. `None` announces nothing.
    pub folder: Option<PathBuf>,
    /// How the world reaches it, if it does: the API is called by this name too.
    pub public_url: Option<String>,
    /// Addresses of proxies in front of it, through which everybody comes; each other address has a share of its
    /// connections.
    pub trusted_proxies: Vec<IpAddr>,
    /// Speaks HTTPS with this certificate; `None` leaves that to a proxy.
    pub https: Option<Https>,
    /// Who may call the API.
    pub access: Access,
    /// Whether agents may call it by the Model Context Protocol, at `/mcp`; only where the program has the feature `mcp`.
    pub mcp: bool,
    /// The program's version, to be shown.
    pub version: String,
    /// The unit in which the prices of models are written, to be shown with what was spent.
    pub currency: String,
    /// The time.
    pub clock: Clock,
    /// What only the program around it knows.
    pub program: Arc<dyn Program>,
}

/// Who may call the API, beside programs on this machine that can read `gateway.json`.
#[derive(Debug, Clone)]
pub struct Access {
    /// What signs and proves tokens. `None`: one is made at the first start and kept in the data folder.
    pub secret: Option<Secret>,
    /// What signed them before; its tokens are good while secrets are changed.
    pub previous: Option<Secret>,
    /// For whom tokens have to be made.
    pub audience: String,
    /// Pages of other programs that may ask, with tokens of their own.
    pub allowed_origins: Vec<String>,
}

impl Default for Access {
    fn default() -> Self {
        let audience = greenroom_client::token::AUDIENCE.to_owned();
        Self { secret: None, previous: None, audience, allowed_origins: Vec::new() }
    }
}

/// Whether an address is one that other machines reach without a proxy in front of it. The gateway speaks no TLS there, so it
/// does not listen on such a one.
#[must_use]
pub fn is_exposed(listen: SocketAddr, trusted_proxies: &[IpAddr]) -> bool {
    let is_here = |address: &IpAddr| address.to_canonical().is_loopback();
    !is_here(&listen.ip()) && trusted_proxies.iter().all(is_here)
}

/// A gateway that is bound to its address. Hand it to the engine as a [`Service`].
#[derive(Debug)]
pub struct Gateway {
    /// Kept while the engine may run the service again; let go when it was told to stop.
    listener: Mutex<Option<TcpListener>>,
    address: SocketAddr,
    gate: Gate,
    started_at: Timestamp,
    options: Options,
    opening: Opening,
    /// Kept while the engine may run the service again.
    #[cfg(feature = "https")]
    upkeep: Kept,
    stopped: CancellationToken,
}

/// What keeps the certificate fresh, for one run at a time.
#[cfg(feature = "https")]
struct Kept(tokio::sync::Mutex<Option<crate::https::Upkeep>>);

#[cfg(feature = "https")]
impl std::fmt::Debug for Kept {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Kept(…)")
    }
}

/// Why a gateway cannot listen.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BindError {
    /// Another program has the address: choose another one, or end that program.
    #[error("{address} is already taken by another program")]
    Taken {
        /// The address.
        address: SocketAddr,
    },
    /// The address cannot be listened on.
    #[error("cannot listen on {address}: {reason}")]
    Refused {
        /// The address.
        address: SocketAddr,
        /// The system's error.
        #[source]
        reason: Cause,
    },
    /// The certificate cannot be used.
    #[error(transparent)]
    Https(#[from] HttpsError),
    /// Other machines reach the address, and nothing that speaks TLS is in front of it: listen on the loopback, or name the
    /// proxy.
    #[error(
        "{address} can be reached by other machines, and what they send would not be encrypted: listen on 127.0.0.1, or \
         put a proxy that speaks TLS in front and name its address in gateway.trusted_proxies, or let the gateway speak TLS \
         by gateway.acme or gateway.certificate"
    )]
    Exposed {
        /// The address.
        address: SocketAddr,
    },
    /// The system gives no random numbers.
    #[error("no token could be made: {reason}")]
    NoToken {
        /// The system's error.
        #[source]
        reason: Cause,
    },
}

impl Gateway {
    /// Takes the address. Nothing is answered before the engine runs the service.
    pub fn bind(options: Options) -> Result<Self, BindError> {
        let address = options.listen;
        if options.https.is_none() && is_exposed(address, &options.trusted_proxies) {
            return Err(BindError::Exposed { address });
        }
        let refused = |error: std::io::Error| match error.kind() {
            std::io::ErrorKind::AddrInUse => BindError::Taken { address },
            _ => BindError::Refused { address, reason: error.into() },
        };
        let listener = listen(address).map_err(refused)?;
        let address = listener.local_addr().map_err(refused)?;
        #[cfg(feature = "https")]
        let (opening, upkeep) = match &options.https {
            Some(https) => {
                let (opener, upkeep) = crate::https::prepare(https)?;
                (Opening::Https(opener), Some(upkeep))
            }
            None => (Opening::Plain, None),
        };
        #[cfg(not(feature = "https"))]
        let opening = match &options.https {
            Some(_) => {
                let reason = "this program was built without it (feature `https`)".to_owned();
                return Err(HttpsError::Unavailable { reason }.into());
            }
            None => Opening::Plain,
        };
        let token = Token::random().map_err(|error| BindError::NoToken { reason: error.to_string().into() })?;
        let gate = Gate::new(Keys {
            local: token,
            secrets: OnceLock::new(),
            audience: options.access.audience.clone(),
            public_host: options.public_url.as_deref().and_then(host_under_tls),
            clock: options.clock,
        });
        Ok(Self {
            listener: Mutex::new(Some(listener)),
            address,
            gate,
            started_at: options.clock.now(),
            options,
            opening,
            #[cfg(feature = "https")]
            upkeep: Kept(tokio::sync::Mutex::new(upkeep)),
            stopped: CancellationToken::new(),
        })
    }

    /// Never ends.
    async fn keep_certificate_fresh(&self) {
        #[cfg(feature = "https")]
        if let Some(upkeep) = self.upkeep.0.lock().await.as_mut() {
            upkeep.run().await;
        }
        std::future::pending::<()>().await;
    }

    fn listener(&self) -> MutexGuard<'_, Option<TcpListener>> {
        self.listener.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The address that it really got.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Waits until it was told to stop and has let go of its address and of `gateway.json`. The engine
    /// tells it to, and does not wait for it.
    pub async fn stopped(&self) {
        self.stopped.cancelled().await;
    }

    /// Looks for what signs tokens, or makes it. Done once; and by [`Service::run`] where the program did not.
    pub fn open_secret(&self) -> Result<Found, SecretError> {
        let Access { secret, previous, .. } = &self.options.access;
        let (current, found) = match secret {
            Some(secret) => (secret.clone(), Found::Configured),
            None => secret::kept_or_made(self.options.folder.as_deref())?,
        };
        let _ = self.gate.keys().secrets.set([Some(current), previous.clone()].into_iter().flatten().collect());
        Ok(found)
    }

    /// A link that lets one browser into the portal, once, with all scopes. Only for a terminal.
    pub fn portal_link(&self) -> Result<String, SecretError> {
        let grant = Grant { owner: OwnerId::local(), scopes: Scopes::all() };
        let made = self.gate.link(grant);
        let (code, _) = made.map_err(|refusal| SecretError::NoRandom { reason: refusal.reason.into() })?;
        Ok(announce::portal_link(&self.base(), &code))
    }

    /// Writes such a link into a file in the data folder, readable by its owner only, and says where it is. `None` without a
    /// folder.
    pub fn write_portal_link(&self) -> Result<Option<PathBuf>, SecretError> {
        let Some(folder) = &self.options.folder else { return Ok(None) };
        let name = announce::LINK_FILE_NAME;
        let failed = |error: std::io::Error| SecretError::File { path: folder.join(name), reason: error.into() };
        private::write(folder, name, &self.portal_link()?).map(Some).map_err(failed)
    }

    /// How a browser reaches it: by the name of its certificate, or from this machine.
    fn base(&self) -> String {
        match (&self.options.https, &self.options.public_url) {
            (Some(_), Some(url)) => url.trim_end_matches('/').to_owned(),
            _ => format!("http://{}", reachable(self.address)),
        }
    }

    /// What opens it, for a program that embeds it.
    pub fn announcement(&self) -> Announcement {
        Announcement {
            address: reachable(self.address),
            token: self.gate.keys().local.expose().to_owned(),
            pid: std::process::id(),
            version: self.options.version.clone(),
        }
    }
}

/// Like [`TcpListener::bind`], with room for many who come at the same time.
fn listen(address: SocketAddr) -> std::io::Result<TcpListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, None)?;
    // On Windows this would let another program take the same address.
    #[cfg(not(windows))]
    socket.set_reuse_address(true)?;
    socket.bind(&address.into())?;
    socket.listen(limits::ACCEPT_QUEUE_MAX)?;
    socket.set_nonblocking(true)?;
    Ok(socket.into())
}

/// How many files this process may open.
#[cfg(unix)]
fn files_max() -> u64 {
    // Where the system does not say, POSIX promises no more than a few; it is 256 on macOS and 1,024 on Linux.
    rlimit::Resource::NOFILE.get_soft().unwrap_or(256)
}

#[cfg(not(unix))]
fn files_max() -> u64 {
    u64::MAX
}

/// The host of an address that is reached by TLS.
fn host_under_tls(url: &str) -> Option<String> {
    let url = url::Url::parse(url).ok().filter(|url| url.scheme() == "https")?;
    url.host_str().map(str::to_owned)
}

/// An address that listens everywhere is reached on the loopback.
fn reachable(address: SocketAddr) -> SocketAddr {
    match address.ip() {
        ip if !ip.is_unspecified() => address,
        IpAddr::V4(_) => SocketAddr::new(Ipv4Addr::LOCALHOST.into(), address.port()),
        IpAddr::V6(_) => SocketAddr::new(Ipv6Addr::LOCALHOST.into(), address.port()),
    }
}

#[async_trait]
impl Service for Gateway {
    fn name(&self) -> &'static str {
        "gateway"
    }

    async fn run(&self, handle: EngineHandle, stop: CancellationToken) -> Result<(), ServiceError> {
        let failed = |error: std::io::Error| ServiceError { reason: error.into() };
        // A clone, because the service may be run again after a failure.
        let listener = match self.listener().as_ref() {
            Some(listener) => listener.try_clone().map_err(failed)?,
            None => return Ok(()),
        };
        let listener = tokio::net::TcpListener::from_std(listener).map_err(failed)?;
        if self.gate.keys().secrets.get().is_none() {
            self.open_secret().map_err(|error| ServiceError { reason: error.into() })?;
        }
        let announced = match &self.options.folder {
            Some(folder) => Some(Announced::write(folder, &self.announcement()).map_err(failed)?),
            None => None,
        };
        let counts = handle.clone();
        let turned_away = move || counts.note_rejected(None, RejectionCause::TurnedAway, None, 1);
        let places = connections::places_max(files_max());
        let room = Room::new(places, limits::BUFFERED_BYTES_MAX, Box::new(turned_away));
        let portal = self.base();
        let state = routes::State::new(handle.clone(), self.gate.clone(), (self.started_at, &portal), &self.options);
        let state = state.until(stop.clone(), places);
        let proxies = Proxies::new(&self.options.trusted_proxies);
        let routes = routes::router(state);
        let opening = self.opening.clone();
        let served = tokio::select! {
            served = connections::serve(listener, room, proxies, routes, opening, stop.clone()) => served.map_err(failed),
            () = self.keep_certificate_fresh() => Ok(()),
            () = tell(&handle) => Ok(()),
        };
        drop(announced);
        if stop.is_cancelled() {
            // No client may wait in the queue of an address that no longer answers.
            self.listener().take();
            self.stopped.cancel();
        }
        served
    }

    fn is_vital(&self, handle: &EngineHandle) -> bool {
        handle.blueprint().channels().any(|part| part.channel.webhook().is_some())
    }
}

/// Says from time to time what was not taken. Never ends.
async fn tell(handle: &EngineHandle) {
    loop {
        tokio::time::sleep(limits::TELL_PAUSE).await;
        handle.tell_rejected();
    }
}

//! A runtime that was started.

use crate::config::ConfigError;
#[cfg(feature = "gateway")]
use crate::config::{Config, HttpsConfig, Origin};
use crate::making::{self, Made};
#[cfg(not(feature = "gateway"))]
use crate::no_gateway::{Gateway, bind};
use crate::provisions::tools::ToolsLife;
use crate::reload::{ReloadRefused, Reloaded, Reloader, Reloading};
use crate::runtime::Runtime;
use crate::storage::{self, StorageError};
use greenroom_contract::limits;
use greenroom_contract::outbound::OutboundBody;
use greenroom_contract::store::StoreReader;
#[cfg(feature = "gateway")]
use greenroom_engine::ChannelPart;
use greenroom_engine::{
    Doors, Drained, EndReason, EngineHandle, Parts, Queued, SendRefused, SendTo, Service, StartError,
};
#[cfg(feature = "gateway")]
use greenroom_gateway::{BindError, Gateway, Https};
use std::net::SocketAddr;
#[cfg(feature = "gateway")]
use std::path::PathBuf;
use std::process::{ExitCode, Termination};
use std::sync::Arc;

/// A started runtime. It goes on when this value is dropped.
pub struct Running {
    handle: EngineHandle,
    gateway: Option<Arc<Gateway>>,
    reloader: Arc<Reloader>,
}

/// How a runtime ended, when all is well.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Ended {
    /// It was asked to. What was not finished in time is in the store and goes on at the next start.
    Drained(Drained),
    /// Every channel's input came to its end, and everything was answered and sent.
    Finished,
}

/// So that `main` can return it: this end is a success.
impl Termination for Ended {
    fn report(self) -> ExitCode {
        ExitCode::SUCCESS
    }
}

/// Why a runtime did not start, or ended.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RunError {
    /// The configuration is wrong: mend it.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// A channel or an assistant could not be made: its configuration is wrong, or the machine lacks
    /// something.
    #[error("{path}: {reason}")]
    Component {
        /// Which.
        path: String,
        /// What is wrong and what to do.
        reason: String,
    },
    /// The store cannot be opened.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// The gateway cannot listen.
    #[cfg(feature = "gateway")]
    #[error("the gateway cannot start: {0}")]
    Gateway(#[from] BindError),
    /// What signs tokens cannot be read or kept.
    #[cfg(feature = "gateway")]
    #[error(transparent)]
    Secret(#[from] greenroom_gateway::secret::SecretError),
    /// The engine did not start.
    #[error("the engine did not start: {0}")]
    Engine(#[from] StartError),
    /// What it cannot hear without was lost. Start it again: nothing that was accepted is lost.
    #[error("{reason}")]
    ServiceLost {
        /// What was lost, and why.
        reason: String,
    },
    /// The store can never be used again by this process: follow the sentence, then start it again.
    #[error("{reason}")]
    StoreGone {
        /// What happened and what to do.
        reason: String,
    },
    /// A bug ended it. Start it again: nothing that was accepted is lost.
    #[error("a bug ended the runtime: {reason}")]
    Crashed {
        /// What happened.
        reason: String,
    },
}

impl Running {
    /// The way in: health, sending, what is stored, allow-lists, accounts.
    pub fn handle(&self) -> &EngineHandle {
        &self.handle
    }

    /// Sends a message that answers nothing: [`EngineHandle::send`].
    pub async fn send(&self, to: impl Into<SendTo>, body: impl Into<OutboundBody>) -> Result<Queued, SendRefused> {
        self.handle.send(to, body).await
    }

    /// Reads the configuration again, from where it came, and runs what it says now, without a restart; what is the
    /// same stays connected and goes on. Refused as a whole, with everything that is wrong: then all stays as it was.
    ///
    /// Parts that the program itself added stay. A runtime without a configuration file has nothing to read again: use
    /// [`EngineHandle::reconfigure`]. What that changed is overwritten by a later reload.
    pub async fn reload(&self) -> Result<Reloaded, ReloadRefused> {
        self.reloader.reload(&self.handle).await
    }

    /// The address that the gateway really got.
    pub fn gateway_address(&self) -> Option<SocketAddr> {
        self.gateway.as_ref().map(|gateway| gateway.address())
    }

    /// The gateway's token, for programs that speak to it.
    pub fn gateway_token(&self) -> Option<String> {
        self.gateway.as_ref().map(|gateway| gateway.announcement().token)
    }

    /// A link that lets one browser into the portal, once. Only for a terminal.
    #[cfg(feature = "gateway")]
    pub fn portal_link(&self) -> Option<String> {
        self.gateway.as_ref().and_then(|gateway| gateway.portal_link().ok())
    }

    /// The same in a file in the data folder that only its owner reads: where that is.
    #[cfg(feature = "gateway")]
    pub fn write_portal_link(&self) -> Result<Option<PathBuf>, RunError> {
        match &self.gateway {
            Some(gateway) => Ok(gateway.write_portal_link()?),
            None => Ok(None),
        }
    }

    /// Waits until it ended by itself, or because somebody drained it.
    pub async fn ended(&self) -> Result<Ended, RunError> {
        let store = self.handle.whole_store();
        let reason = tokio::select! {
            biased;
            reason = self.handle.ended() => reason,
            // Nothing that comes in can be kept any more, so there is nothing to drain.
            reason = store.gone() => return Err(RunError::StoreGone { reason }),
        };
        match reason {
            EndReason::Drained(left) => {
                self.gateway_stopped().await;
                Ok(Ended::Drained(left))
            }
            EndReason::Finished => {
                // Nothing is left to drain; this closes the store and stops the gateway.
                self.handle.drain(limits::DRAIN_TIMEOUT).await;
                self.gateway_stopped().await;
                Ok(Ended::Finished)
            }
            EndReason::ServiceLost { reason } => Err(RunError::ServiceLost { reason }),
            EndReason::Failed { reason } => Err(RunError::Crashed { reason }),
        }
    }

    /// Stops accepting, lets what runs finish for a while, and stops.
    pub async fn drain(&self) -> Ended {
        let left = self.handle.drain(limits::DRAIN_TIMEOUT).await;
        self.gateway_stopped().await;
        Ended::Drained(left)
    }

    /// Waits a little for requests that are still answered, so that no address and no `gateway.json`
    /// is left behind.
    async fn gateway_stopped(&self) {
        if let Some(gateway) = &self.gateway {
            let _ = tokio::time::timeout(limits::GATEWAY_STOP_TIMEOUT, gateway.stopped()).await;
        }
    }
}

/// A runtime that has its address and its store, and answers nobody yet.
pub struct Prepared {
    parts: Parts,
    reloader: Arc<Reloader>,
    gateway: Option<Arc<Gateway>>,
    notices: Vec<String>,
    first_start: bool,
}

impl Prepared {
    /// Whether the secret that signs tokens was made now: nobody can have been in the portal yet.
    pub fn is_first_start(&self) -> bool {
        self.first_start
    }

    /// The address that the gateway really got.
    pub fn gateway_address(&self) -> Option<SocketAddr> {
        self.gateway.as_ref().map(|gateway| gateway.address())
    }

    /// What is worth a sentence to the person who started it.
    pub fn notices(&self) -> &[String] {
        &self.notices
    }

    /// Starts everything and returns once all channels are under way.
    pub async fn start(self) -> Result<Running, RunError> {
        let handle = greenroom_engine::start(self.parts).await?;
        Ok(Running { handle, gateway: self.gateway, reloader: self.reloader })
    }
}

/// Makes every part of a runtime; the store comes last, because it is opened for one process only.
pub(crate) async fn prepare(runtime: Runtime) -> Result<Prepared, RunError> {
    let mut notices = Vec::new();
    let made = making::all(&runtime, None).await.map_err(making::first)?;
    let Made { channels, assistants, provisions } = made.clone();
    let folder = runtime.store.folder(&runtime.config.store);
    let alerts = crate::alerts::service(&runtime.config, folder.clone(), runtime.clock)?;
    let identity = crate::identity::parts(&runtime.config, runtime.clock)?;
    let reloader = Arc::new(Reloader::new(&runtime));
    let gateway = match bind(&runtime, folder, (channels.as_slice(), &reloader), &mut notices) {
        Ok(gateway) => gateway.map(Arc::new),
        Err(taken) => return Err(held(&runtime).await.unwrap_or(taken)),
    };
    let hears = runtime.transcriber.clone().map_or_else(
        || crate::voice::transcriber(&runtime.config.voice, &runtime.config.store.path),
        |transcriber| (transcriber, None),
    );
    notices.extend(hears.1);
    let store = storage::open(&runtime.store, &runtime.config.store).await?;
    if let Err(moved) = storage::may_run(&*store, runtime.store.folder(&runtime.config.store)).await {
        let _ = store.close().await;
        return Err(moved.into());
    }
    provisions.know_spent(&StoreReader::new(Arc::clone(&store)), runtime.clock).await;
    let first_start = opened_secret(gateway.as_deref())?;
    provisions.know_whom(&*store).await;
    let tools_life = Arc::new(ToolsLife::new(provisions.configured_tools));
    let mut services: Vec<Arc<dyn Service>> = vec![Arc::clone(&tools_life) as Arc<dyn Service>];
    services.extend(alerts);
    #[cfg(all(feature = "gateway", feature = "remote"))]
    services.extend(crate::fence::service(&runtime.config, runtime.clock));
    services.extend(gateway.iter().map(|gateway| Arc::clone(gateway) as Arc<dyn Service>));
    let parts = Parts {
        store,
        channels,
        assistants,
        transcriber: hears.0,
        voice_encoder: crate::voice::encoder(),
        voice_workers: runtime.config.voice.workers,
        clock: runtime.clock,
        services,
        conversation_idle: runtime.conversation_idle,
        session_limits: runtime.config.gateway.sessions,
        identity,
    };
    reloader.begin(Reloading::new(runtime, made, tools_life)).await;
    Ok(Prepared { parts, reloader, gateway, notices, first_start })
}

/// That the store is in use, if it is. Where an address is taken as well, this program was started twice, and that is
/// what should be said.
async fn held(runtime: &Runtime) -> Option<RunError> {
    let path = runtime.store.folder(&runtime.config.store)?;
    let config = crate::config::StoreConfig { path, ..runtime.config.store.clone() };
    match storage::open_existing(&config).await {
        Ok(store) => {
            let _ = store.close().await;
            None
        }
        Err(error) => matches!(error, StorageError::InUse { .. }).then(|| error.into()),
    }
}

/// Takes the gateway's address before anything runs, so that a taken address is an error of the
/// start. Where nobody chose the address, a free one does as well.
#[cfg(feature = "gateway")]
fn bind(
    runtime: &Runtime,
    folder: Option<PathBuf>,
    (channels, reloader): (&[ChannelPart], &Arc<Reloader>),
    notices: &mut Vec<String>,
) -> Result<Option<Gateway>, RunError> {
    let config = &runtime.config.gateway;
    if !config.enabled {
        return Ok(None);
    }
    let options = greenroom_gateway::Options {
        listen: config.listen,
        folder,
        public_url: config.public_url.clone(),
        trusted_proxies: config.trusted_proxies.clone(),
        https: config.https.as_ref().map(|https| certificate(https, &runtime.config)),
        access: greenroom_gateway::Access {
            secret: config.auth_secret.clone(),
            previous: config.auth_secret_previous.clone(),
            audience: config.audience.clone(),
            allowed_origins: config.allowed_origins.clone(),
        },
        mcp: config.mcp,
        version: crate::VERSION.to_owned(),
        currency: runtime.config.usage.currency.clone(),
        clock: runtime.clock,
        program: Arc::clone(reloader) as Arc<dyn greenroom_gateway::Program>,
    };
    // A network that calls us was told one address; on another one nothing would arrive.
    let called = channels.iter().any(|part| part.channel.webhook().is_some());
    let movable = !config.chosen && !called && runtime.config.origin == Origin::Embedded;
    match Gateway::bind(options.clone()) {
        Err(BindError::Taken { address }) if movable => {
            let gateway = Gateway::bind(greenroom_gateway::Options { listen: free_port(address), ..options })?;
            notices.push(format!(
                "{address} is already taken by another program, so the gateway listens on {} instead; \
                 GREENROOM_GATEWAY__LISTEN=IP:PORT chooses another address",
                gateway.address()
            ));
            Ok(Some(gateway))
        }
        bound => Ok(Some(bound?)),
    }
}

/// Where the gateway finds its certificate, or keeps the one that it orders.
#[cfg(feature = "gateway")]
fn certificate(https: &HttpsConfig, config: &Config) -> Https {
    match https {
        HttpsConfig::Files { certificate, key } => {
            Https::Files { certificate: config.folder().join(certificate), key: config.folder().join(key) }
        }
        HttpsConfig::Acme { name, contact, directory } => Https::Acme {
            names: vec![name.clone()],
            contact: contact.clone(),
            directory: directory.clone(),
            folder: config.store.path.join("acme"),
        },
    }
}

/// Looks for what signs tokens, now that the data folder is there and ours; whether it was made now.
#[cfg(feature = "gateway")]
fn opened_secret(gateway: Option<&Gateway>) -> Result<bool, RunError> {
    let Some(gateway) = gateway else { return Ok(false) };
    Ok(gateway.open_secret()? == greenroom_gateway::secret::Found::Made)
}

#[cfg(not(feature = "gateway"))]
#[allow(clippy::unnecessary_wraps, reason = "as with the gateway")]
fn opened_secret(_gateway: Option<&Gateway>) -> Result<bool, RunError> {
    Ok(false)
}

#[cfg(feature = "gateway")]
fn free_port(address: SocketAddr) -> SocketAddr {
    SocketAddr::new(address.ip(), 0)
}

//! One run of the protocol library: made, watched, and ended in order.

use crate::connection::account::Account;
use crate::connection::inbound::Inbound;
use crate::connection::key_gate::{ClientSlot, KeyCommitGate};
use crate::connection::state::{ConnectionState, Handler};
use crate::connection::undecrypted;
use crate::keys::VaultBackend;
use crate::limits;
use crate::wire::http::Http;
use crate::wire::transport::SocketFactory;
use async_trait::async_trait;
use parking_lot::Mutex;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Weak};
use tokio_util::sync::CancellationToken;
use whatsapp_rust::bot::{Bot, BotHandle};
use whatsapp_rust::transport::{Transport, TransportEvent, TransportFactory};
use whatsapp_rust::wacore::store::DevicePropsOverride;
use whatsapp_rust::waproto::whatsapp::device_props::PlatformType;
use whatsapp_rust::{CacheConfig, CacheEntryConfig, Client, RawNodeLease, anyhow};

/// Whether the library connects again by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reconnect {
    /// Never: the engine decides when.
    Never,
    /// It does, because linking spans two connections.
    ForLinking,
}

/// The connection that is just ending, if there is one. No other may begin before it did: both would write keys.
#[derive(Default)]
pub(crate) struct Ending(Mutex<Option<Last>>);

#[derive(Clone)]
struct Last {
    ended: CancellationToken,
    backend: Weak<VaultBackend>,
}

impl Ending {
    /// Waits for it; `false` if it takes too long. May be given up and asked again.
    pub(crate) async fn wait(&self, at_most: std::time::Duration) -> bool {
        let last = self.0.lock().clone();
        match last {
            Some(last) => tokio::time::timeout(at_most, last.ended.cancelled()).await.is_ok(),
            None => true,
        }
    }

    /// Waits for it, and if it takes too long takes the storage away from it.
    pub(crate) async fn cut_off(&self, at_most: std::time::Duration) {
        if self.wait(at_most).await {
            return;
        }
        let last = self.0.lock().clone();
        if let Some(backend) = last.and_then(|last| last.backend.upgrade())
            && let Err(error) = backend.retire().await
        {
            tracing::warn!("not everything could be written after a connection was cut off: {error}");
        }
    }
}

/// A running client. Dropping it ends it in the background.
pub(crate) struct Session {
    running: Option<Running>,
    ending: Arc<Ending>,
}

struct Running {
    client: Arc<Client>,
    handle: BotHandle,
    backend: Arc<VaultBackend>,
    _every_stanza: RawNodeLease,
}

impl Session {
    /// Starts the library. Fails if the previous run has not ended, or if the library cannot be made.
    pub(crate) async fn start(
        account: &Account,
        backend: Arc<VaultBackend>,
        state: &Arc<ConnectionState>,
        inbound: Inbound,
        reconnect: Reconnect,
        ending: &Arc<Ending>,
    ) -> Result<Self, String> {
        if !ending.wait(limits::ENDED_WAIT).await {
            return Err("the previous connection has not ended yet".to_owned());
        }
        let shared = &account.shared;
        let observer = Arc::downgrade(state);
        let heard = move |_bytes| {
            if let Some(state) = Weak::upgrade(&observer) {
                state.heard();
            }
        };
        let sockets = SocketFactory::new(&shared.url, Arc::new(heard)).map_err(|error| error.to_string())?;
        let http: Http = shared.http.clone();
        let slot = ClientSlot::default();
        let device = DevicePropsOverride::new()
            .with_os(shared.config.device_name.clone())
            .with_platform_type(PlatformType::CHROME);
        let bot = Bot::builder()
            .with_backend_arc(backend.clone())
            .with_transport_factory(Sockets {
                factory: sockets,
                client: slot.clone(),
                backend: backend.clone(),
                state: Arc::downgrade(state),
            })
            .with_http_client(http)
            .with_event_handler(Handler(state.clone()))
            .with_inbound_durability_hook(inbound)
            .with_device_props(device)
            .with_cache_config(caches())
            .with_wanted_pre_key_count(limits::PREKEYS)
            .skip_history_sync()
            .build()
            .await
            .map_err(|error| error.to_string())?;
        let client = bot.client();
        let _ = slot.set(Arc::downgrade(&client));
        undecrypted::ask_again(&backend, &client, state.stanzas.clone());
        client.enable_auto_reconnect.store(reconnect == Reconnect::ForLinking, Ordering::Relaxed);
        let every_stanza = client.acquire_raw_node_forwarding();
        let handle = bot.spawn();
        let running = Running { client, handle, backend, _every_stanza: every_stanza };
        Ok(Self { running: Some(running), ending: ending.clone() })
    }

    pub(crate) fn client(&self) -> Option<Arc<Client>> {
        self.running.as_ref().map(|running| running.client.clone())
    }

    /// Returns when the library ended by itself.
    pub(crate) async fn over(&mut self) {
        if let Some(running) = &mut self.running {
            (&mut running.handle).await;
        }
    }

    /// Ends it in order: what was received is settled, keys are written, the socket is closed. What takes longer
    /// than allowed goes on in the background, and the next session waits for it; `false` then.
    pub(crate) async fn end(mut self, at_most: std::time::Duration) -> bool {
        self.begin_end();
        let ending = self.ending.clone();
        drop(self);
        ending.wait(at_most).await
    }

    fn begin_end(&mut self) {
        let Some(running) = self.running.take() else { return };
        running.client.enable_auto_reconnect.store(false, Ordering::Relaxed);
        let Ok(runtime) = tokio::runtime::Handle::try_current() else {
            running.client.signal_shutdown_sync();
            return;
        };
        let ended = CancellationToken::new();
        let backend = Arc::downgrade(&running.backend);
        *self.ending.0.lock() = Some(Last { ended: ended.clone(), backend });
        let end = async move {
            let _ended = ended.drop_guard();
            let Running { client, handle, backend, _every_stanza } = running;
            handle.shutdown().await;
            if let Err(error) = client.persistence_manager().flush().await {
                tracing::warn!("the device could not be written at the end of a connection: {error}");
            }
            if let Err(error) = backend.retire().await {
                tracing::warn!("not everything could be written at the end of a connection: {error}");
            }
        };
        runtime.spawn(end);
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        self.begin_end();
    }
}

/// Caches of the library, bounded. What falls out is read from the vault or asked from the network again.
fn caches() -> CacheConfig {
    let hour = Some(std::time::Duration::from_secs(3600));
    CacheConfig {
        group_cache: CacheEntryConfig::new(hour, 128),
        device_registry_cache: CacheEntryConfig::new(hour, 2_000),
        lid_pn_cache: CacheEntryConfig::new(None, 4_000),
        message_retry_counts: CacheEntryConfig::new(hour, 500),
        undecryptable_dispatched: CacheEntryConfig::new(hour, 500),
        sender_key_devices_cache: CacheEntryConfig::new(hour, 128),
        session_locks_capacity: 2_000,
        chat_lanes_capacity: 1_000,
        group_distribution_locks_capacity: 128,
        resend_rate_limiter_capacity: 512,
        seed_msg_secrets_from_history: false,
        ..CacheConfig::default()
    }
}

/// Sockets whose failures are told: the library only writes them into its log.
struct Sockets {
    factory: SocketFactory,
    client: ClientSlot,
    backend: Arc<VaultBackend>,
    state: Weak<ConnectionState>,
}

#[async_trait]
impl TransportFactory for Sockets {
    async fn create_transport(&self) -> anyhow::Result<(Arc<dyn Transport>, async_channel::Receiver<TransportEvent>)> {
        let made = self.factory.create_transport().await;
        if let (Err(error), Some(state)) = (&made, self.state.upgrade()) {
            state.set_trouble(format!("WhatsApp cannot be reached: {error:#}"));
        }
        let (inner, events) = made?;
        Ok((
            Arc::new(KeyCommitGate {
                inner,
                client: self.client.clone(),
                backend: self.backend.clone(),
                state: self.state.clone(),
            }),
            events,
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use greenroom_conformance::vault::MemoryVault;
    use greenroom_contract::store::AccountVault;
    use std::time::Duration;
    use whatsapp_rust::wacore::store::traits::SignalStore;

    #[tokio::test(start_paused = true)]
    async fn a_connection_that_does_not_end_is_cut_off_from_its_storage() {
        let vault = AccountVault::new("account".parse().unwrap(), MemoryVault::new());
        let backend = VaultBackend::open(vault.clone()).await.unwrap();
        let ending = Ending::default();
        let last = Last { ended: CancellationToken::new(), backend: Arc::downgrade(&backend) };
        *ending.0.lock() = Some(last.clone());
        backend.put_session("15550000001.0", b"before").await.unwrap();
        assert!(!ending.wait(Duration::from_secs(1)).await);
        ending.cut_off(Duration::from_secs(1)).await;
        vault.clear().await.unwrap();
        backend.put_session("15550000001.0", b"straggler").await.unwrap_err();
        assert!(vault.scan(b"", None, 10).await.unwrap().is_empty());
        last.ended.cancel();
        assert!(ending.wait(Duration::from_secs(1)).await);
    }
}

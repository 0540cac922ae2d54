//! One account's link: runs a connection until it ends, and says why.

use crate::connection::account::Account;
use crate::connection::inbound::Inbound;
use crate::connection::live::Live;
use crate::connection::online::Online;
use crate::connection::presence::PresenceSignals;
use crate::connection::session::{Ending, Reconnect, Session};
use crate::connection::state::{ConnectionState, Phase, Told};
use crate::connection::unread::{self, Unread};
use crate::ids::address::Person;
use crate::keys::VaultBackend;
use crate::limits;
use greenroom_contract::channel::Ended;
use greenroom_contract::event::{ChannelEvent, EventSink, Sign, SinkError};
use parking_lot::Mutex;
use std::convert::Infallible;
use std::sync::Arc;
use tokio::sync::{mpsc, watch};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use whatsapp_rust::Client;
use whatsapp_rust::wacore::store::traits::DeviceStore;

/// One account's link.
pub(crate) struct WebLink {
    pub(crate) account: Arc<Account>,
    live: watch::Sender<Option<Arc<Live>>>,
    /// Held by whoever has a connection: a run, a linking, an unlinking.
    pub(crate) connection_permit: tokio::sync::Mutex<()>,
    pub(crate) ending: Arc<Ending>,
    /// Cancelled when the owner unlinked the account: the run must end.
    leave: Mutex<CancellationToken>,
    restarted_at: Mutex<Option<Instant>>,
    pub(crate) presence_signals: PresenceSignals,
}

impl WebLink {
    pub(crate) fn new(account: Arc<Account>) -> Self {
        Self {
            account,
            live: watch::Sender::new(None),
            connection_permit: tokio::sync::Mutex::new(()),
            ending: Arc::default(),
            leave: Mutex::default(),
            restarted_at: Mutex::new(None),
            presence_signals: PresenceSignals::new(),
        }
    }

    /// The connection, if messages can be sent on it.
    pub(crate) fn live(&self) -> Option<Arc<Live>> {
        self.live.borrow().clone().filter(|live| live.state.phase() == Phase::Ready)
    }

    /// The connection that was opened last, however far it is.
    pub(crate) fn latest(&self) -> Option<Arc<Live>> {
        self.live.borrow().clone()
    }

    /// Returns once messages can be sent.
    pub(crate) async fn until_live(&self) -> Arc<Live> {
        let mut live = self.live.subscribe();
        loop {
            let found = live.borrow_and_update().clone();
            if let Some(found) = found {
                return found;
            }
            if live.changed().await.is_err() {
                std::future::pending::<()>().await;
            }
        }
    }

    /// Tells a run to end, if there is one, because the account was unlinked.
    pub(crate) fn leave(&self) {
        self.leave.lock().cancel();
    }

    /// The storage and who the account is; `None` if nobody has linked it.
    pub(crate) async fn open(&self) -> Result<(Arc<VaultBackend>, Option<Person>), String> {
        let unreadable = |error: &dyn std::fmt::Display| format!("the keys of the account cannot be read: {error}");
        // A connection that is still ending writes keys.
        if !self.ending.wait(limits::ENDED_WAIT).await {
            return Err("the previous connection has not ended yet".to_owned());
        }
        let backend = VaultBackend::open(self.account.vault.clone()).await.map_err(|error| unreadable(&error))?;
        let device = backend.load().await.map_err(|error| unreadable(&error))?;
        let own = device.filter(|device| device.pn.is_some());
        let own = own.map(|device| Person::of([&device.pn, &device.lid].into_iter().flatten()));
        Ok((backend, own))
    }

    /// Forgets the keys of an account that is certainly unlinked. Nothing of it may run any more.
    pub(crate) async fn forget_keys(&self) -> Result<(), String> {
        self.ending.cut_off(limits::ENDED_WAIT).await;
        self.account.phone.forget();
        self.account.vault.clear().await.map_err(|error| error.to_string())
    }

    /// One connection, from its start to its end.
    pub(crate) async fn connect_until_ended(&self, sink: Arc<dyn EventSink>, stop: &CancellationToken) -> Ended {
        // While the account is being linked or unlinked there is nothing to run.
        let Ok(_permit) = self.connection_permit.try_lock() else { return Ended::NotLinked };
        let ended = self.connect(sink, stop).await;
        if let Ended::LoggedOut { .. } = &ended
            && let Err(reason) = self.forget_keys().await
        {
            tracing::warn!(account = %self.account.id, "keys of an unlinked account are still there: {reason}");
        }
        self.restraint(ended)
    }

    async fn connect(&self, sink: Arc<dyn EventSink>, stop: &CancellationToken) -> Ended {
        let over = CancellationToken::new();
        let _over_when_dropped = over.clone().drop_guard();
        let started = tokio::select! {
            biased;
            () = stop.cancelled() => return Ended::Stopped,
            started = self.start(&sink, &over) => started,
        };
        let Started { mut session, state, inbound, backend, told, leave } = match started {
            Ok(started) => started,
            Err(ended) => return ended,
        };
        let _guard = ConnectionGuard(self);
        let ended = tokio::select! {
            biased;
            () = stop.cancelled() => Ended::Stopped,
            () = leave.cancelled() => Ended::LoggedOut { reason: "unlinked here".to_owned() },
            ended = state.ended() => ended,
            ended = self.attend(session.client(), &state) => ended,
            ended = store_evidence(told.evidence, &*sink) => ended,
            ended = attend_unread(&inbound, session.client(), told.unread) => ended,
            never = forget_the_silent(&backend) => match never {},
            () = session.over() => state.reason(),
        };
        // What is being received is not waited for: it was not acknowledged, so it comes again.
        over.cancel();
        state.pending_acks.end();
        session.end(limits::END_TIMEOUT).await;
        ended
    }

    /// Starts the protocol library, if there are keys.
    async fn start(&self, sink: &Arc<dyn EventSink>, over: &CancellationToken) -> Result<Started, Ended> {
        let dropped = |reason| Ended::Dropped { reason };
        let (backend, own) = self.open().await.map_err(dropped)?;
        let own = own.ok_or(Ended::NotLinked)?;
        let account = &self.account;
        let (state, told) = ConnectionState::new(account.clone(), own, sink.clone());
        let leave = CancellationToken::new();
        *self.leave.lock() = leave.clone();
        let inbound = Inbound::new(account.clone(), state.clone(), Some(sink.clone()), over.clone());
        let storage = backend.clone();
        let session = Session::start(account, storage, &state, inbound.clone(), Reconnect::Never, &self.ending).await;
        Ok(Started { session: session.map_err(dropped)?, state, inbound, backend, told, leave })
    }

    /// Opens the link for sends once messages flow, and notices when nothing arrives any more.
    async fn attend(&self, client: Option<Arc<Client>>, state: &Arc<ConnectionState>) -> Ended {
        let Some(client) = client else { return state.reason() };
        let silent = async {
            loop {
                tokio::time::sleep(limits::SILENCE_LOOK).await;
                let silence = state.silence();
                if silence >= limits::SILENCE_MAX {
                    let reason = format!("nothing arrived for {} seconds", silence.as_secs());
                    return Ended::Dropped { reason };
                }
            }
        };
        tokio::select! {
            ended = silent => ended,
            never = self.serve(client, state) => match never {},
        }
    }

    async fn serve(&self, client: Arc<Client>, state: &Arc<ConnectionState>) -> Infallible {
        state.until(Phase::Accepted).await;
        // A long backlog, or an inbox that is full, must not keep answers back.
        if tokio::time::timeout(limits::READY_TIMEOUT, state.until(Phase::Ready)).await.is_err() {
            tracing::warn!(account = %self.account.id, "earlier messages are still arriving; sending anyway");
            state.be_ready();
        }
        let online = Online::new(self.account.shared.config.online);
        let live = Arc::new(Live { client: client.clone(), state: state.clone(), online });
        self.live.send_replace(Some(live.clone()));
        state.sign(Sign::Connected);
        let mut announced = state.announced();
        live.online.announce_again(&client).await;
        loop {
            tokio::select! {
                // The library announced the account, or is about to.
                _ = announced.changed() => {
                    live.online.announce_again(&client).await;
                    tokio::time::sleep(limits::ANNOUNCED_WAIT).await;
                    live.online.announce_again(&client).await;
                }
                // What was left out while too much was shown.
                () = tokio::time::sleep(limits::ONLINE_LOOK) => live.online.show(&client).await,
            }
        }
    }

    /// A network that asks for one restart after another must not be obeyed at once each time.
    fn restraint(&self, ended: Ended) -> Ended {
        if ended != Ended::RestartRequested {
            return ended;
        }
        let now = self.account.clock.instant();
        let last = self.restarted_at.lock().replace(now);
        match last {
            Some(last) if now.duration_since(last) < limits::RESTART_PAUSE => {
                Ended::Dropped { reason: "WhatsApp keeps asking for a new connection".to_owned() }
            }
            _ => ended,
        }
    }
}

/// A run of the library that just began.
struct Started {
    session: Session,
    state: Arc<ConnectionState>,
    inbound: Inbound,
    backend: Arc<VaultBackend>,
    told: Told,
    /// Cancelled when the account was unlinked by its owner.
    leave: CancellationToken,
}

/// Closes the link for sends, however its run ends.
struct ConnectionGuard<'a>(&'a WebLink);

impl Drop for ConnectionGuard<'_> {
    fn drop(&mut self) {
        if let Some(live) = self.0.live.send_replace(None) {
            live.state.pending_acks.end();
        }
    }
}

/// Deletes what is kept of people who are silent for long, once a day.
async fn forget_the_silent(backend: &VaultBackend) -> Infallible {
    tokio::time::sleep(limits::SILENT_LOOK_FIRST).await;
    loop {
        match backend.sweep_silent().await {
            Ok(0) => {}
            Ok(rows) => tracing::info!(rows, "keys of people who have been silent for long were deleted"),
            Err(error) => tracing::warn!("keys of people who are silent for long are still there: {error}"),
        }
        tokio::time::sleep(limits::SILENT_LOOK).await;
    }
}

/// Has messages without content noted as they are told.
async fn attend_unread(inbound: &Inbound, client: Option<Arc<Client>>, told: mpsc::Receiver<Unread>) -> Ended {
    match client {
        Some(client) => match unread::attend(inbound, client, told).await {},
        None => std::future::pending().await,
    }
}

/// Stores receipts and the like as they come. They may be lost, so a store that fails is not insisted on.
async fn store_evidence(mut evidence: mpsc::Receiver<ChannelEvent>, sink: &dyn EventSink) -> Ended {
    let mut events = Vec::new();
    loop {
        events.clear();
        if evidence.recv_many(&mut events, limits::EVIDENCE_PER_EMIT).await == 0 {
            return std::future::pending().await;
        }
        match sink.emit(events.clone()).await {
            Ok(()) => {}
            Err(SinkError::Closed) => return Ended::Stopped,
            Err(error) => {
                tracing::warn!(lost = events.len(), "receipts could not be stored: {error}");
                tokio::time::sleep(limits::STORE_RETRY_PAUSE).await;
            }
        }
    }
}

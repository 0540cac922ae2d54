//! One account's link: runs a connection until it ends, and says why.

use crate::account::Account;
use crate::address::Person;
use crate::backend::VaultBackend;
use crate::inbound::Inbound;
use crate::media;
use crate::pairing;
use crate::presence::Shown;
use crate::send;
use crate::session::{Ending, Reconnect, Session};
use crate::watch::{Phase, Watch};
use async_trait::async_trait;
use greenroom_contract::channel::{Ended, Link, MediaError, Receipt, SendError};
use greenroom_contract::event::{ChannelEvent, EventSink, Sign, SinkError};
use greenroom_contract::limits;
use greenroom_contract::linking::{LoginMethod, LoginStep, LogoutError, Pairing, PhoneSeen};
use greenroom_contract::message::{Media, MediaRef};
use greenroom_contract::outbound::Outbound;
use greenroom_contract::presence::Presence;
use greenroom_contract::time::Timestamp;
use parking_lot::Mutex;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;
use whatsapp_rust::Client;
use whatsapp_rust::wacore::store::traits::DeviceStore;

/// How often the silence of a connection is looked at.
const SILENCE_LOOK: Duration = Duration::from_secs(5);
/// News that are stored in one call.
const NEWS_PER_EMIT: usize = 256;

/// A connection that messages can be sent on.
pub(crate) struct Live {
    pub(crate) client: Arc<Client>,
    pub(crate) watch: Arc<Watch>,
}

/// One account's link.
pub(crate) struct WebLink {
    pub(crate) account: Arc<Account>,
    live: watch::Sender<Option<Arc<Live>>>,
    /// Held by whoever has a connection: a run, a linking, an unlinking.
    pub(crate) turn: tokio::sync::Mutex<()>,
    pub(crate) ending: Arc<Ending>,
    /// Cancelled when the owner unlinked the account: the run must end.
    leave: Mutex<CancellationToken>,
    restarted_at: Mutex<Option<Timestamp>>,
    shown: Shown,
}

impl WebLink {
    pub(crate) fn new(account: Arc<Account>) -> Self {
        Self {
            account,
            live: watch::Sender::new(None),
            turn: tokio::sync::Mutex::new(()),
            ending: Arc::default(),
            leave: Mutex::default(),
            restarted_at: Mutex::new(None),
            shown: Shown::new(),
        }
    }

    /// The connection, if messages can be sent on it.
    pub(crate) fn live(&self) -> Option<Arc<Live>> {
        self.live.borrow().clone().filter(|live| live.watch.phase() == Phase::Ready)
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
        if !self.ending.wait(limits::WEB_ENDED_WAIT).await {
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
        self.ending.cut_off(limits::WEB_ENDED_WAIT).await;
        self.account.phone.forget();
        self.account.vault.clear().await.map_err(|error| error.to_string())
    }

    async fn connect(&self, sink: Arc<dyn EventSink>, stop: &CancellationToken) -> Ended {
        let over = CancellationToken::new();
        let _over_when_dropped = over.clone().drop_guard();
        let started = tokio::select! {
            biased;
            () = stop.cancelled() => return Ended::Stopped,
            started = self.start(&sink, &over) => started,
        };
        let Started { mut session, watch, news, leave } = match started {
            Ok(started) => started,
            Err(ended) => return ended,
        };
        let _off_air = OffAir(self);
        let ended = tokio::select! {
            biased;
            () = stop.cancelled() => Ended::Stopped,
            () = leave.cancelled() => Ended::LoggedOut { reason: "unlinked here".to_owned() },
            ended = watch.ended() => ended,
            ended = self.attend(session.client(), &watch) => ended,
            ended = store_news(news, &*sink) => ended,
            () = session.over() => watch.reason(),
        };
        // What is being received is not waited for: it was not acknowledged, so it comes again.
        over.cancel();
        watch.acks.end();
        session.end(limits::WEB_END_TIMEOUT).await;
        ended
    }

    /// Starts the protocol library, if there are keys.
    async fn start(&self, sink: &Arc<dyn EventSink>, over: &CancellationToken) -> Result<Started, Ended> {
        let dropped = |reason| Ended::Dropped { reason };
        let (backend, own) = self.open().await.map_err(dropped)?;
        let own = own.ok_or(Ended::NotLinked)?;
        let account = &self.account;
        let (watch, news) = Watch::new(account.clone(), own, sink.clone());
        let leave = CancellationToken::new();
        *self.leave.lock() = leave.clone();
        let inbound = Inbound::new(account.clone(), watch.clone(), Some(sink.clone()), over.clone());
        let session = Session::start(account, backend, &watch, inbound, Reconnect::Never, &self.ending).await;
        Ok(Started { session: session.map_err(dropped)?, watch, news, leave })
    }

    /// Opens the link for sends once messages flow, and notices when nothing arrives any more.
    async fn attend(&self, client: Option<Arc<Client>>, watch: &Arc<Watch>) -> Ended {
        let Some(client) = client else { return watch.reason() };
        let silent = async {
            loop {
                tokio::time::sleep(SILENCE_LOOK).await;
                let silence = watch.silence();
                if silence >= limits::WEB_SILENCE_MAX {
                    let reason = format!("nothing arrived for {} seconds", silence.as_secs());
                    return Ended::Dropped { reason };
                }
            }
        };
        tokio::select! {
            ended = silent => ended,
            never = self.serve(client, watch) => match never {},
        }
    }

    async fn serve(&self, client: Arc<Client>, watch: &Arc<Watch>) -> Infallible {
        watch.until(Phase::Accepted).await;
        // A long backlog, or an inbox that is full, must not keep answers back.
        if tokio::time::timeout(limits::WEB_READY_TIMEOUT, watch.until(Phase::Ready)).await.is_err() {
            tracing::warn!(account = %self.account.id, "earlier messages are still arriving; sending anyway");
            watch.be_ready();
        }
        self.live.send_replace(Some(Arc::new(Live { client: client.clone(), watch: watch.clone() })));
        watch.sign(Sign::Connected);
        if self.account.shared.config.online
            && let Err(error) = client.presence().set_available().await
        {
            tracing::debug!(account = %self.account.id, "the account is not shown as online: {error}");
        }
        std::future::pending().await
    }

    /// A network that asks for one restart after another must not be obeyed at once each time.
    fn restraint(&self, ended: Ended) -> Ended {
        if ended != Ended::RestartRequested {
            return ended;
        }
        let now = self.account.clock.now();
        let last = self.restarted_at.lock().replace(now);
        match last {
            Some(last) if now.since(last) < limits::WEB_RESTART_PAUSE => {
                Ended::Dropped { reason: "WhatsApp keeps asking for a new connection".to_owned() }
            }
            _ => ended,
        }
    }
}

/// A run of the library that just began.
struct Started {
    session: Session,
    watch: Arc<Watch>,
    news: mpsc::Receiver<ChannelEvent>,
    /// Cancelled when the account was unlinked by its owner.
    leave: CancellationToken,
}

/// Takes the link off the air, however its run ends.
struct OffAir<'a>(&'a WebLink);

impl Drop for OffAir<'_> {
    fn drop(&mut self) {
        if let Some(live) = self.0.live.send_replace(None) {
            live.watch.acks.end();
        }
    }
}

/// Stores receipts and the like as they come. They may be lost, so a store that fails is not insisted on.
async fn store_news(mut news: mpsc::Receiver<ChannelEvent>, sink: &dyn EventSink) -> Ended {
    let mut events = Vec::new();
    loop {
        events.clear();
        if news.recv_many(&mut events, NEWS_PER_EMIT).await == 0 {
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

#[async_trait]
impl Link for WebLink {
    async fn run(&self, sink: Arc<dyn EventSink>, stop: CancellationToken) -> Ended {
        // While the account is being linked or unlinked there is nothing to run.
        let Ok(_turn) = self.turn.try_lock() else { return Ended::NotLinked };
        let ended = self.connect(sink, &stop).await;
        if let Ended::LoggedOut { .. } = &ended
            && let Err(reason) = self.forget_keys().await
        {
            tracing::warn!(account = %self.account.id, "keys of an unlinked account are still there: {reason}");
        }
        self.restraint(ended)
    }

    async fn send(&self, outbound: &Outbound) -> Result<Receipt, SendError> {
        let live = self.live().ok_or(SendError::NotConnected)?;
        send::send(&self.account, &live, outbound).await
    }

    async fn fetch(&self, media: &MediaRef, bytes_max: u64) -> Result<Media, MediaError> {
        let live = self.live.borrow().clone();
        media::fetch(&self.account.shared.http, live.map(|live| live.client.clone()), media, bytes_max).await
    }

    fn pairing(&self) -> Option<&dyn Pairing> {
        Some(self)
    }

    fn phone(&self) -> Option<PhoneSeen> {
        self.account.phone.report()
    }

    fn presence(&self) -> Option<&dyn Presence> {
        Some(self)
    }
}

#[async_trait]
impl Pairing for WebLink {
    async fn login(&self, method: LoginMethod, steps: mpsc::Sender<LoginStep>, stop: CancellationToken) {
        pairing::login(self, method, &steps, &stop).await;
    }

    async fn logout(&self) -> Result<(), LogoutError> {
        pairing::logout(self).await
    }
}

#[async_trait]
impl Presence for WebLink {
    async fn typing(
        &self,
        route: &greenroom_contract::outbound::Route,
        message: Option<&greenroom_contract::ids::MessageId>,
    ) {
        if let Some(live) = self.live() {
            self.shown.typing(&self.account, &live, route, message);
        }
    }

    async fn paused(&self, route: &greenroom_contract::outbound::Route) {
        if let Some(live) = self.live() {
            self.shown.paused(&live, route);
        }
    }
}

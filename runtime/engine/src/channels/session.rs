//! Keeps one account connected and sends its outbox. A thin actor around [`crate::link`] (what
//! follows the end of a connection) and [`super::pump`] (what is sent when).

use super::ChannelsMsg;
use super::pump::Pump;
use super::send::SendEnd;
use super::typing::Leases;
use crate::activity::Busy;
use crate::assistants::panic_message;
use crate::health::LinkStatus;
use crate::link::{self, Keys, Next};
use crate::sink::AccountSink;
use crate::world::{AccountCard, World};
use futures::FutureExt;
use greenroom_contract::channel::{ConnectError, Ended, Link};
use greenroom_contract::event::EventSink;
use greenroom_contract::ids::{ConversationId, MessageId};
use greenroom_contract::outbound::Route;
use greenroom_contract::store::{AccountState, AccountVault, ParcelKey, PendingParcel, StoreError};
use greenroom_contract::time::Timestamp;
use ractor::{Actor, ActorProcessingErr, ActorRef};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::AbortHandle;
use tokio::time::Instant;
use tokio_util::sync::{CancellationToken, DropGuard};

pub(crate) enum SessionMsg {
    /// The link was made, or not.
    Linked(Result<Arc<dyn Link>, ConnectError>),
    /// Make the link, or the connection, again.
    Reconnect,
    /// The network accepts us.
    Connected,
    /// The connection ended; `Err` is a panic of the adapter.
    RunEnded(Result<Ended, String>),
    Posted {
        parcels: Vec<PendingParcel>,
        busy: Busy,
    },
    Scanned(Result<Vec<(PendingParcel, Timestamp)>, StoreError>),
    Rescan,
    SendEnded {
        conversation: ConversationId,
        end: SendEnd,
    },
    Evidence(ParcelKey),
    /// The person of this conversation wrote.
    Opened(ConversationId),
    /// A wait is over.
    Tick,
    Typing {
        route: Route,
        message: Option<MessageId>,
    },
    Paused {
        route: Route,
    },
}

pub(crate) struct Session;

pub(crate) struct SessionState {
    world: Arc<World>,
    card: Arc<AccountCard>,
    link: Option<Arc<dyn Link>>,
    /// Whether the network accepts sends.
    open: bool,
    pump: Pump,
    leases: Leases,
    /// Connections lost in a row.
    drops: u32,
    run_started: Instant,
    /// A pause before the next connection is under way.
    reconnecting: bool,
    /// Ends the running connection with the session, however that ends.
    run: Option<(DropGuard, AbortOnDrop)>,
}

struct AbortOnDrop(AbortHandle);

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Actor for Session {
    type Msg = SessionMsg;
    type State = SessionState;
    type Arguments = (Arc<World>, Arc<AccountCard>);

    async fn pre_start(
        &self,
        myself: ActorRef<SessionMsg>,
        (world, card): Self::Arguments,
    ) -> Result<SessionState, ActorProcessingErr> {
        card.show(LinkStatus::Connecting, world.now());
        let pump = Pump::new(world.now());
        let state = SessionState {
            world,
            card,
            link: None,
            open: false,
            pump,
            leases: Leases::default(),
            drops: 0,
            run_started: Instant::now(),
            reconnecting: false,
            run: None,
        };
        state.make_link(&myself);
        Ok(state)
    }

    async fn handle(
        &self,
        myself: ActorRef<SessionMsg>,
        message: SessionMsg,
        state: &mut SessionState,
    ) -> Result<(), ActorProcessingErr> {
        // Dropped at the end, when the pump holds its own sign of being busy.
        let mut _rung = None;
        match message {
            SessionMsg::Linked(Ok(link)) => state.start(&myself, link),
            SessionMsg::Linked(Err(error)) => state.link_failed(&myself, error),
            // A person may have to act since the pause began.
            SessionMsg::Reconnect if !state.reconnecting => {}
            SessionMsg::Reconnect => match state.link.clone() {
                Some(link) => state.start(&myself, link),
                None => state.make_link(&myself),
            },
            SessionMsg::Connected => state.connected(),
            // A panic of the adapter is a bug: crash, and come back with a fresh link.
            SessionMsg::RunEnded(Err(panic)) => return Err(panic.into()),
            SessionMsg::RunEnded(Ok(ended)) => state.run_ended(&myself, ended),
            SessionMsg::Posted { parcels, busy } => {
                _rung = Some(busy);
                state.pump.posted(parcels);
            }
            SessionMsg::Scanned(page) => state.pump.scanned(&state.world, page),
            SessionMsg::Rescan => state.pump.rescan(),
            SessionMsg::SendEnded { conversation, end } => {
                if let Some(reason) = state.pump.ended(conversation, end) {
                    state.run_ended(&myself, Ended::Refused { reason });
                }
            }
            SessionMsg::Evidence(key) => state.pump.evidence(&key),
            SessionMsg::Opened(conversation) => state.pump.opened(conversation),
            SessionMsg::Tick => {}
            SessionMsg::Typing { route, message } => {
                if let Some(link) = state.link.as_ref().filter(|_| state.open) {
                    state.leases.renew(link, route, message);
                }
            }
            SessionMsg::Paused { route } => {
                if let Some(link) = &state.link {
                    state.leases.end(link, route);
                }
            }
        }
        let link = state.link.as_ref().filter(|_| state.open);
        state.pump.run(&state.world, &state.card, link, &myself);
        Ok(())
    }
}

impl SessionState {
    fn make_link(&self, myself: &ActorRef<SessionMsg>) {
        let (world, card, myself) = (Arc::clone(&self.world), Arc::clone(&self.card), myself.clone());
        tokio::spawn(async move {
            let vault = AccountVault::new(card.id().clone(), world.store.clone());
            let made = AssertUnwindSafe(card.channel.channel.connect(&card.row, vault)).catch_unwind().await;
            let message = match made {
                Ok(made) => SessionMsg::Linked(made),
                Err(panic) => SessionMsg::RunEnded(Err(panic_message(panic.as_ref()))),
            };
            let _ = myself.send_message(message);
        });
    }

    /// Runs the link until its connection ends.
    fn start(&mut self, myself: &ActorRef<SessionMsg>, link: Arc<dyn Link>) {
        self.card.show(LinkStatus::Connecting, self.world.now());
        *self.card.link.lock() = Some(Arc::clone(&link));
        self.link = Some(Arc::clone(&link));
        self.run_started = Instant::now();
        let stop: CancellationToken = self.world.stages.closing.child_token();
        let guard = stop.clone().drop_guard();
        let sink = AccountSink { world: Arc::clone(&self.world), card: Arc::clone(&self.card) };
        let sink: Arc<dyn EventSink> = Arc::new(sink);
        let myself = myself.clone();
        let running = self.world.links.begin();
        self.reconnecting = false;
        let run = tokio::spawn(async move {
            let _running = running;
            let ended = AssertUnwindSafe(link.run(sink, stop)).catch_unwind().await;
            let ended = ended.map_err(|panic| panic_message(panic.as_ref()));
            let _ = myself.send_message(SessionMsg::RunEnded(ended));
        });
        self.run = Some((guard, AbortOnDrop(run.abort_handle())));
    }

    fn connected(&mut self) {
        // The sign may have been overtaken by the end of its connection.
        if self.run.is_none() {
            return;
        }
        self.open = true;
        let now = self.world.now();
        self.card.show(LinkStatus::Connected, now);
        self.card.vitals.lock().connections += 1;
        if !matches!(self.card.row.state, AccountState::Linked) {
            self.store_state(AccountState::Linked, Keys::Keep);
        }
    }

    fn link_failed(&mut self, myself: &ActorRef<SessionMsg>, error: ConnectError) {
        match error {
            ConnectError::Vault { reason } => self.run_ended(myself, Ended::Dropped { reason }),
            ConnectError::Setup { reason } => self.run_ended(myself, Ended::Refused { reason }),
        }
    }

    /// The connection ended: weather, which [`link::after`] turns into the next step.
    fn run_ended(&mut self, myself: &ActorRef<SessionMsg>, ended: Ended) {
        let now = self.world.now();
        let up = self.run_started.elapsed();
        // A console whose input is over still speaks.
        self.open = self.open && ended == Ended::Finished;
        self.run = None;
        self.reconnecting = false;
        let next = link::after(&ended, self.drops, up, self.spread());
        self.drops = link::drops_after(self.drops, up);
        if self.world.stages.closing.is_cancelled() {
            return;
        }
        match next {
            Next::Nothing => {}
            Next::Finished => {
                self.card.show(LinkStatus::Finished, now);
                self.world.tell_channels(ChannelsMsg::Finished(self.card.id().clone()));
            }
            Next::Again(pause) => self.reconnect(myself, &ended, pause),
            Next::At(at) => self.reconnect(myself, &ended, at.since(now)),
            Next::Wait { state, keys, next } => {
                tracing::warn!(account = %self.card.id(), ?ended, %next, "a person has to act");
                self.card.show(LinkStatus::Stopped { ended, next }, now);
                if let Some(state) = state {
                    self.store_state(state, keys);
                }
            }
        }
    }

    fn reconnect(&mut self, myself: &ActorRef<SessionMsg>, ended: &Ended, pause: Duration) {
        let now = self.world.now();
        let reason = match ended {
            Ended::Dropped { reason } | Ended::Suspended { reason, .. } => reason.clone(),
            other => format!("{other:?}"),
        };
        tracing::info!(account = %self.card.id(), %reason, ?pause, "the connection ended and is made again");
        self.card.show(LinkStatus::Reconnecting { at: now.plus(pause), reason }, now);
        self.reconnecting = true;
        myself.send_after(pause, || SessionMsg::Reconnect);
    }

    fn store_state(&self, state: AccountState, keys: Keys) {
        let (world, card) = (Arc::clone(&self.world), Arc::clone(&self.card));
        tokio::spawn(async move {
            if let Err(error) = world.store.set_account_state(card.id(), state, None, world.now()).await {
                tracing::warn!(account = %card.id(), %error, "the account's state cannot be stored now");
            }
            if keys == Keys::Delete
                && let Err(error) = world.store.vault_clear(card.id()).await
            {
                tracing::error!(account = %card.id(), %error, "the account's keys cannot be deleted now");
            }
        });
    }

    /// Between 0 and 1, different for each account and attempt, the same in each repetition of a test.
    fn spread(&self) -> f64 {
        let mut hasher = DefaultHasher::new();
        (self.card.id().as_str(), self.drops).hash(&mut hasher);
        f64::from((hasher.finish() & 0xffff) as u16) / f64::from(u16::MAX)
    }
}

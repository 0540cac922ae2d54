//! Keeps one account connected and sends its outbox. A thin actor around [`crate::link`] (what
//! follows the end of a connection) and [`super::pump`] (what is sent when).

use super::desk::Reply;
use super::ledger::Change;
use super::linking::Login;
use super::pump::Pump;
use super::send::SendEnd;
use super::typing::Leases;
use super::{ChannelsMsg, SessionRef};
use crate::accounts::login::LoginEnd;
use crate::accounts::{LinkRefused, rules};
use crate::activity::Busy;
use crate::assistants::panic_message;
use crate::link::{self, Next};
use crate::sink::AccountSink;
use crate::status::LinkStatus;
use crate::world::{AccountCard, World};
use futures::FutureExt;
use greenroom_contract::channel::{ConnectError, Ended, Link};
use greenroom_contract::event::EventSink;
use greenroom_contract::ids::{ConversationId, MessageId};
use greenroom_contract::limits;
use greenroom_contract::linking::LoginMethod;
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
    /// The adapter panicked while it made the link.
    Crashed(String),
    /// The pause with this number is over: make the link, or the connection, again.
    Reconnect(u64),
    /// The network accepts us.
    Connected,
    /// The connection with this number ended; `Err` is a panic of the adapter.
    RunEnded {
        run: u64,
        ended: Result<Ended, String>,
    },
    /// The account is linked and on disk: connect.
    Connect,
    /// Somebody wants a fresh connection, whatever happens now.
    Restart,
    /// The connection did not end in time.
    Abandon(u64),
    /// Somebody wants codes to link this account, which may have keys already if it was known before.
    Login {
        method: LoginMethod,
        known: bool,
    },
    /// Make the link now.
    MakeLink,
    /// Nobody wants them any more.
    CancelLogin,
    /// A linking run ended; `Err` is a panic of the adapter.
    LoginEnded(Result<LoginEnd, String>),
    /// The owner wants the device removed.
    Logout(Reply),
    /// The network was told, or could not be.
    LogoutEnded {
        outcome: Result<(), LinkRefused>,
        reply: Reply,
    },
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
    pub(super) world: Arc<World>,
    pub(super) card: Arc<AccountCard>,
    pub(super) link: Option<Arc<dyn Link>>,
    pub(super) login: Option<Login>,
    /// Who wants the device removed, and waits for the link.
    pub(super) leaving: Vec<Reply>,
    /// Whether the network accepts sends.
    open: bool,
    pump: Pump,
    leases: Leases,
    /// Connections lost in a row.
    drops: u32,
    run_started: Instant,
    /// Connections and pauses begun; tells the sign of an earlier one from that of the present one.
    pub(super) turn: u64,
    /// A pause before the next connection is under way.
    reconnecting: bool,
    /// The connection was told to end, for a fresh one.
    restarting: bool,
    run: Option<Run>,
}

/// Ends the running connection with the session, however that ends.
struct Run {
    guard: Option<DropGuard>,
    _task: AbortOnDrop,
}

pub(super) struct AbortOnDrop(pub(super) AbortHandle);

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
        let connects = rules::connects(&card.row());
        if connects {
            card.show(LinkStatus::Connecting, world.now());
        }
        let pump = Pump::new(world.now());
        let state = SessionState {
            world,
            card,
            link: None,
            login: None,
            leaving: Vec::new(),
            open: false,
            pump,
            leases: Leases::default(),
            drops: 0,
            run_started: Instant::now(),
            turn: 0,
            reconnecting: false,
            restarting: false,
            run: None,
        };
        if connects {
            state.make_link(&myself);
        }
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
            SessionMsg::Linked(made) => state.linked(&myself, made),
            SessionMsg::Reconnect(turn) => {
                // A person may have had to act since the pause began.
                if state.reconnecting && turn == state.turn {
                    state.connect(&myself);
                }
            }
            SessionMsg::Connected => state.connected(),
            SessionMsg::RunEnded { run, ended: _ } if run != state.turn || state.run.is_none() => {}
            // A panic of the adapter is a bug: crash, and come back with a fresh link.
            SessionMsg::Crashed(panic) | SessionMsg::RunEnded { ended: Err(panic), .. } => return Err(panic.into()),
            SessionMsg::RunEnded { ended: Ok(ended), .. } => state.run_ended(&myself, ended),
            // The keys that were tried may have connected it already.
            SessionMsg::Connect if state.open => state.card.show(LinkStatus::Connected, state.world.now()),
            SessionMsg::Connect => state.connect(&myself),
            SessionMsg::MakeLink => state.make_link(&myself),
            SessionMsg::Restart => state.restart(&myself),
            SessionMsg::Abandon(turn) => {
                if turn == state.turn && state.restarting {
                    state.connect(&myself);
                } else if turn == state.turn && matches!(state.login, Some(Login::Trying(_))) {
                    state.run_ended(&myself, Ended::Dropped { reason: "no answer in time".to_owned() });
                }
            }
            SessionMsg::Login { method, known } => state.login(&myself, method, known),
            SessionMsg::CancelLogin => state.cancel_login(),
            SessionMsg::LoginEnded(end) => state.login_ended(&myself, end)?,
            SessionMsg::Logout(reply) => state.logout(&myself, reply),
            SessionMsg::LogoutEnded { outcome, reply } => state.logout_ended(outcome, reply),
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
    pub(super) fn make_link(&self, myself: &SessionRef) {
        let (world, card, myself) = (Arc::clone(&self.world), Arc::clone(&self.card), myself.clone());
        tokio::spawn(async move {
            let vault = AccountVault::new(card.id().clone(), world.store.clone());
            let row = card.row();
            let made = AssertUnwindSafe(card.channel.channel.connect(&row, vault)).catch_unwind().await;
            let message = match made {
                Ok(made) => SessionMsg::Linked(made),
                Err(panic) => SessionMsg::Crashed(panic_message(panic.as_ref())),
            };
            let _ = myself.send_message(message);
        });
    }

    /// The link was made, for a linking run or for a connection.
    fn linked(&mut self, myself: &SessionRef, made: Result<Arc<dyn Link>, ConnectError>) {
        let leaving = std::mem::take(&mut self.leaving);
        let connects = rules::connects(&self.card.row());
        match (made, self.login.take()) {
            (Ok(link), Some(Login::Wanted { method, known: true })) => self.try_keys(myself, link, method),
            (Ok(link), Some(Login::Wanted { method, .. })) => self.start_login(myself, link, method),
            (Err(error), Some(Login::Wanted { .. })) => {
                let next = "fix that, then link again".to_owned();
                self.report(LoginEnd::Failed { reason: error.to_string(), next });
            }
            // A linking run has a link of its own already.
            (_, running @ Some(_)) => self.login = running,
            (Ok(link), None) if connects => {
                self.start(myself, link);
                for reply in leaving {
                    self.logout(myself, reply);
                }
            }
            (Err(error), None) if connects => {
                let refused = LinkRefused::Unreachable { reason: error.to_string() };
                for reply in leaving {
                    let _ = reply.send(Err(refused.clone()));
                }
                self.run_ended(myself, ended_by(error));
            }
            // It was cancelled meanwhile.
            (_, None) => {}
        }
    }

    /// Connects now, with the link there is or a new one.
    fn connect(&mut self, myself: &SessionRef) {
        self.end_run();
        if let Some(link) = self.link.clone() {
            self.start(myself, link);
        } else {
            self.card.show(LinkStatus::Connecting, self.world.now());
            self.make_link(myself);
        }
    }

    /// Ends a running connection in order, and connects anew.
    fn restart(&mut self, myself: &SessionRef) {
        self.drops = 0;
        let Some(run) = &mut self.run else { return self.connect(myself) };
        drop(run.guard.take());
        self.restarting = true;
        let turn = self.turn;
        myself.send_after(limits::STOP_TIMEOUT, move || SessionMsg::Abandon(turn));
    }

    /// Nothing runs any more, and no sign of what ran counts.
    pub(super) fn end_run(&mut self) {
        self.run = None;
        self.open = false;
        self.turn += 1;
        (self.reconnecting, self.restarting) = (false, false);
    }

    /// Runs the link until its connection ends.
    pub(super) fn start(&mut self, myself: &SessionRef, link: Arc<dyn Link>) {
        self.card.show(LinkStatus::Connecting, self.world.now());
        *self.card.link.lock() = Some(Arc::clone(&link));
        self.link = Some(Arc::clone(&link));
        self.run_started = Instant::now();
        self.end_run();
        let number = self.turn;
        let stop: CancellationToken = self.world.stages.closing.child_token();
        let guard = stop.clone().drop_guard();
        let sink = AccountSink { world: Arc::clone(&self.world), card: Arc::clone(&self.card) };
        let sink: Arc<dyn EventSink> = Arc::new(sink);
        let myself = myself.clone();
        let running = self.world.links.begin();
        let run = tokio::spawn(async move {
            let _running = running;
            let ended = AssertUnwindSafe(link.run(sink, stop)).catch_unwind().await;
            let ended = ended.map_err(|panic| panic_message(panic.as_ref()));
            let _ = myself.send_message(SessionMsg::RunEnded { run: number, ended });
        });
        self.run = Some(Run { guard: Some(guard), _task: AbortOnDrop(run.abort_handle()) });
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
        if matches!(self.login, Some(Login::Trying(_))) {
            self.keys_work();
        } else if self.card.row().state != AccountState::Linked {
            self.keep(Change::to(AccountState::Linked));
        }
    }

    /// The connection ended: weather, which [`link::after`] turns into the next step.
    fn run_ended(&mut self, myself: &SessionRef, ended: Ended) {
        let now = self.world.now();
        let up = self.run_started.elapsed();
        let (open, restarting) = (self.open, self.restarting);
        self.end_run();
        // A console whose input is over still speaks.
        self.open = open && ended == Ended::Finished;
        if self.world.stages.closing.is_cancelled() {
            return;
        }
        if let Some(Login::Trying(method)) = self.login.take_if(|login| matches!(login, Login::Trying(_))) {
            return self.tried(myself, ended, method);
        }
        let next = link::after(&ended, self.drops, up, self.spread());
        self.drops = link::drops_after(self.drops, up);
        match next {
            Next::Nothing | Next::Again(_) if restarting => self.connect(myself),
            Next::Nothing => {}
            Next::Finished => {
                self.card.show(LinkStatus::Finished, now);
                self.world.tell_channels(ChannelsMsg::Finished(self.card.id().clone()));
            }
            Next::Again(pause) => self.reconnect(myself, &ended, pause),
            Next::At(at) => self.reconnect(myself, &ended, at.since(now)),
            Next::Wait { state, keys, status } => {
                tracing::warn!(account = %self.card.id(), ?ended, %status, "the operator has to act");
                self.card.show(status, now);
                if matches!(ended, Ended::NotLinked | Ended::LoggedOut { .. }) {
                    // The next link begins anew.
                    self.link = None;
                    *self.card.link.lock() = None;
                }
                if let Some(state) = state {
                    self.keep(Change { keys, ..Change::to(state) });
                }
            }
        }
    }

    fn reconnect(&mut self, myself: &SessionRef, ended: &Ended, pause: Duration) {
        let now = self.world.now();
        let at = now.plus(pause);
        let status = match ended {
            Ended::Suspended { reason, until } => LinkStatus::Banned { until: *until, reason: reason.clone() },
            Ended::Dropped { reason } => LinkStatus::Reconnecting { at, reason: reason.clone() },
            _ => LinkStatus::Reconnecting { at, reason: "the network asked for it".to_owned() },
        };
        tracing::info!(account = %self.card.id(), %status, ?pause, "the connection ended and is made again");
        self.card.show(status, now);
        self.reconnecting = true;
        let turn = self.turn;
        myself.send_after(pause, move || SessionMsg::Reconnect(turn));
    }

    /// Between 0 and 1, different for each account and attempt, the same in each repetition of a test.
    fn spread(&self) -> f64 {
        let mut hasher = DefaultHasher::new();
        (self.card.id().as_str(), self.drops).hash(&mut hasher);
        f64::from((hasher.finish() & 0xffff) as u16) / f64::from(u16::MAX)
    }
}

/// What a link that cannot be made means for the connection.
fn ended_by(error: ConnectError) -> Ended {
    match error {
        ConnectError::Vault { reason } => Ended::Dropped { reason },
        ConnectError::Setup { reason } => Ended::Refused { reason },
    }
}

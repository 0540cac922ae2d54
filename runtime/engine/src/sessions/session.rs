//! Keeps one account connected and sends its outbox. A thin actor around [`crate::decide::reconnect`]
//! (what follows the end of a connection) and [`super::outbox_sender`] (what is sent when).

use super::linking::Login;
use super::outbox_sender::OutboxSender;
use super::typing::Leases;
use crate::context::{AccountCard, Context};
use crate::decide::linking_rules as rules;
use crate::decide::reconnect::{self, Next};
use crate::decide::refused::LinkRefused;
use crate::decide::status::AccountStatus;
use crate::intake::sink::AccountSink;
use crate::mailbox::accounts::{LoginEnd, OutcomeSender, StateChange};
use crate::mailbox::sessions::{ChannelsMsg, SessionMsg, SessionRef};
use crate::supervision::isolate;
use greenroom_contract::channel::{ConnectError, Ended, Link};
use greenroom_contract::event::EventSink;
use greenroom_contract::limits;
use greenroom_contract::store::{AccountState, AccountVault};
use ractor::{Actor, ActorProcessingErr, ActorRef};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;
use std::time::Duration;
use tokio::task::AbortHandle;
use tokio::time::Instant;
use tokio_util::sync::{CancellationToken, DropGuard};

pub(crate) struct Session;

pub(crate) struct SessionState {
    pub(super) context: Arc<Context>,
    pub(super) card: Arc<AccountCard>,
    pub(super) link: Option<Arc<dyn Link>>,
    pub(super) login: Option<Login>,
    /// Who wants the device removed, and waits for the link.
    pub(super) leaving: Vec<OutcomeSender>,
    /// Whether the network accepts sends.
    open: bool,
    outbox: OutboxSender,
    leases: Leases,
    /// Connections lost in a row.
    drops: u32,
    run_started: Instant,
    /// Connections and pauses begun; tells the sign of an earlier one from that of the present one.
    pub(super) generation: u64,
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
    type Arguments = (Arc<Context>, Arc<AccountCard>);

    async fn pre_start(
        &self,
        myself: ActorRef<SessionMsg>,
        (context, card): Self::Arguments,
    ) -> Result<SessionState, ActorProcessingErr> {
        let connects = rules::connects(&card.row());
        if connects {
            card.show(AccountStatus::Connecting, context.now());
        }
        let outbox = OutboxSender::new(context.now());
        let state = SessionState {
            context,
            card,
            link: None,
            login: None,
            leaving: Vec::new(),
            open: false,
            outbox,
            leases: Leases::default(),
            drops: 0,
            run_started: Instant::now(),
            generation: 0,
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
        // Dropped at the end, when the sender of the outbox holds its own sign of being busy.
        let mut _rung = None;
        match message {
            SessionMsg::Linked(made) => state.linked(&myself, made),
            SessionMsg::Reconnect(generation) => {
                // A person may have had to act since the pause began.
                if state.reconnecting && generation == state.generation {
                    state.connect(&myself);
                }
            }
            SessionMsg::Connected => state.connected(),
            SessionMsg::RunEnded { run, ended: _ } if run != state.generation || state.run.is_none() => {}
            // A panic of the adapter is a bug: crash, and come back with a fresh link.
            SessionMsg::Crashed(panic) | SessionMsg::RunEnded { ended: Err(panic), .. } => return Err(panic.into()),
            SessionMsg::RunEnded { ended: Ok(ended), .. } => state.run_ended(&myself, ended),
            // The keys that were tried may have connected it already.
            SessionMsg::Connect if state.open => state.card.show(AccountStatus::Connected, state.context.now()),
            SessionMsg::Connect => state.connect(&myself),
            SessionMsg::MakeLink => state.make_link(&myself),
            SessionMsg::Restart => state.restart(&myself),
            SessionMsg::Abandon(generation) => {
                if generation == state.generation && state.restarting {
                    state.connect(&myself);
                } else if generation == state.generation && matches!(state.login, Some(Login::Trying(_))) {
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
                state.outbox.posted(parcels);
            }
            SessionMsg::Scanned(page) => state.outbox.scanned(&state.context, page),
            SessionMsg::Rescan => state.outbox.rescan(),
            SessionMsg::SendEnded { conversation, end } => {
                if let Some(reason) = state.outbox.ended(conversation, end) {
                    state.run_ended(&myself, Ended::Refused { reason });
                }
            }
            SessionMsg::Evidence(key) => state.outbox.evidence(&key),
            SessionMsg::Opened(conversation) => state.outbox.opened(conversation),
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
        state.outbox.run(&state.context, &state.card, link, &myself);
        Ok(())
    }
}

impl SessionState {
    pub(super) fn make_link(&self, myself: &SessionRef) {
        let (context, card, myself) = (Arc::clone(&self.context), Arc::clone(&self.card), myself.clone());
        tokio::spawn(async move {
            let vault = AccountVault::new(card.id().clone(), context.store.clone());
            let row = card.row();
            let made = isolate("connect", card.channel.channel.connect(&row, vault)).await;
            let message = match made {
                Ok(made) => SessionMsg::Linked(made),
                Err(panic) => SessionMsg::Crashed(panic),
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
            self.card.show(AccountStatus::Connecting, self.context.now());
            self.make_link(myself);
        }
    }

    /// Ends a running connection in order, and connects anew.
    fn restart(&mut self, myself: &SessionRef) {
        self.drops = 0;
        let Some(run) = &mut self.run else { return self.connect(myself) };
        drop(run.guard.take());
        self.restarting = true;
        let generation = self.generation;
        myself.send_after(limits::STOP_TIMEOUT, move || SessionMsg::Abandon(generation));
    }

    /// Nothing runs any more, and no sign of what ran counts.
    pub(super) fn end_run(&mut self) {
        self.run = None;
        self.open = false;
        self.generation += 1;
        (self.reconnecting, self.restarting) = (false, false);
    }

    /// Runs the link until its connection ends.
    pub(super) fn start(&mut self, myself: &SessionRef, link: Arc<dyn Link>) {
        self.card.show(AccountStatus::Connecting, self.context.now());
        *self.card.link.lock() = Some(Arc::clone(&link));
        self.link = Some(Arc::clone(&link));
        self.run_started = Instant::now();
        self.end_run();
        let number = self.generation;
        let stop: CancellationToken = self.context.stages.closing.child_token();
        let guard = stop.clone().drop_guard();
        let sink = AccountSink { context: Arc::clone(&self.context), card: Arc::clone(&self.card) };
        let sink: Arc<dyn EventSink> = Arc::new(sink);
        let myself = myself.clone();
        let running = self.context.links.begin();
        let run = tokio::spawn(async move {
            let _running = running;
            let ended = isolate("connection", link.run(sink, stop)).await;
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
        let now = self.context.now();
        self.card.show(AccountStatus::Connected, now);
        self.card.vitals.lock().connections += 1;
        if matches!(self.login, Some(Login::Trying(_))) {
            self.keys_work();
        } else if self.card.row().state != AccountState::Linked {
            self.keep(StateChange::to(AccountState::Linked));
        }
    }

    /// The connection ended: weather, which [`reconnect::after`] turns into the next step.
    fn run_ended(&mut self, myself: &SessionRef, ended: Ended) {
        let now = self.context.now();
        let up = self.run_started.elapsed();
        let (open, restarting) = (self.open, self.restarting);
        self.end_run();
        // A console whose input is over still speaks.
        self.open = open && ended == Ended::Finished;
        if self.context.stages.closing.is_cancelled() {
            return;
        }
        if let Some(Login::Trying(method)) = self.login.take_if(|login| matches!(login, Login::Trying(_))) {
            return self.tried(myself, ended, method);
        }
        let next = reconnect::after(&ended, self.drops, up, self.spread());
        self.drops = reconnect::drops_after(self.drops, up);
        match next {
            Next::Nothing | Next::Again(_) if restarting => self.connect(myself),
            Next::Nothing => {}
            Next::Finished => {
                self.card.show(AccountStatus::Finished, now);
                self.context.tell_channels(ChannelsMsg::Finished(self.card.id().clone()));
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
                    self.keep(StateChange { keys, ..StateChange::to(state) });
                }
            }
        }
    }

    fn reconnect(&mut self, myself: &SessionRef, ended: &Ended, pause: Duration) {
        let now = self.context.now();
        let at = now.plus(pause);
        let status = match ended {
            Ended::Suspended { reason, until } => AccountStatus::Banned { until: *until, reason: reason.clone() },
            Ended::Dropped { reason } => AccountStatus::Reconnecting { at, reason: reason.clone() },
            _ => AccountStatus::Reconnecting { at, reason: "the network asked for it".to_owned() },
        };
        tracing::info!(account = %self.card.id(), %status, ?pause, "the connection ended and is made again");
        self.card.show(status, now);
        self.reconnecting = true;
        let generation = self.generation;
        myself.send_after(pause, move || SessionMsg::Reconnect(generation));
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
        ConnectError::Vault { reason } => Ended::Dropped { reason: reason.to_string() },
        ConnectError::Setup { reason } => Ended::Refused { reason },
    }
}

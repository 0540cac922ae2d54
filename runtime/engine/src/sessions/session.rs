//! Keeps one account connected and sends its outbox. A thin actor around [`crate::decide::session_phase`]
//! (what follows when something happens) and [`super::outbox_sender`] (what is sent when).

use super::outbox_sender::OutboxSender;
use super::typing::Leases;
use crate::context::{AccountCard, Context};
use crate::decide::link_end::LinkEnd;
use crate::decide::linking_rules as rules;
use crate::decide::reconnect;
use crate::decide::session_phase::{self as phase, Lifecycle, Surroundings};
use crate::mailbox::accounts::OutcomeSender;
use crate::mailbox::sessions::{SessionMsg, SessionRef};
use greenroom_contract::channel::{Ended, Link};
use greenroom_contract::limits;
use greenroom_contract::time::Timestamp;
use ractor::{Actor, ActorProcessingErr, ActorRef};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;
use tokio::task::AbortHandle;
use tokio::time::Instant;
use tokio_util::sync::{CancellationToken, DropGuard};

pub(crate) struct Session;

pub(crate) struct SessionState {
    pub(super) context: Arc<Context>,
    pub(super) card: Arc<AccountCard>,
    /// Where it stands.
    lifecycle: Lifecycle<Arc<dyn Link>, OutcomeSender>,
    outbox: OutboxSender,
    leases: Leases,
    /// The connection that runs; its phase knows whether one does.
    pub(super) run: Option<Run>,
    /// The linking run that is under way; its phase knows whether one is.
    pub(super) linking: Option<LinkingTask>,
    /// Ends the connection and the linking run, with the engine or with the session.
    pub(super) closing: CancellationToken,
    retirement: Retirement,
}

/// How far a session is that was told to end while the engine runs on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Retirement {
    /// It was not told to.
    No,
    /// Sends are under way. They come to their end.
    Sending,
    /// What runs was told to end.
    Ending,
}

/// What happened to a session.
type Event = phase::Event<Arc<dyn Link>, OutcomeSender>;

/// Ends the running connection with the session, however that ends.
pub(super) struct Run {
    /// Dropped to have it end in order.
    pub(super) stop: Option<DropGuard>,
    pub(super) begun: Instant,
    /// When the network had acknowledged something last, before it.
    pub(super) acknowledged_before: Option<Timestamp>,
    /// Asks the network for the numbers of the allow-list, from the moment at which it accepts us.
    pub(super) directory: Option<AbortOnDrop>,
    pub(super) _task: AbortOnDrop,
}

/// Ends the linking run with the session, however that ends.
pub(super) struct LinkingTask {
    pub(super) stop: CancellationToken,
    pub(super) _guard: DropGuard,
    pub(super) _task: AbortOnDrop,
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
        let outbox = OutboxSender::new(context.steady(), context.sequences.mark(), &card);
        let (lifecycle, leases) = (Lifecycle::default(), Leases::default());
        let (closing, retirement) = (context.stages.closing.child_token(), Retirement::No);
        // An earlier adapter of this account may have had others. No send of it is under way any more.
        card.rules.lock().pacer.follow(card.channel.capabilities.rates.clone());
        let mut state =
            SessionState { context, card, lifecycle, outbox, leases, run: None, linking: None, closing, retirement };
        if connects {
            state.step(&myself, Event::Connect);
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
            SessionMsg::LinkMade { generation, made } => state.step(&myself, Event::LinkMade { generation, made }),
            SessionMsg::Reconnect(generation) => state.step(&myself, Event::PauseOver { generation }),
            SessionMsg::Connected => state.step(&myself, Event::Accepted),
            SessionMsg::RunEnded { generation, ended } => state.run_ended(&myself, generation, ended)?,
            // A panic of the adapter is a bug: crash, and come back with a fresh link.
            SessionMsg::Crashed(panic) => return Err(panic.into()),
            SessionMsg::Connect => state.step(&myself, Event::Connect),
            SessionMsg::Restart => state.step(&myself, Event::Restart),
            SessionMsg::Abandon(generation) => state.step(&myself, Event::TimedOut { generation }),
            SessionMsg::Link { method, keys } => state.step(&myself, Event::Link { method, keys }),
            SessionMsg::CancelLink => state.step(&myself, Event::CancelLinking),
            SessionMsg::LinkingEnded { generation, end } => state.linking_ended(&myself, generation, end)?,
            SessionMsg::Logout(reply) => state.step(&myself, Event::Leave(reply)),
            SessionMsg::LogoutEnded { outcome, reply } => {
                if outcome.is_ok() {
                    tracing::info!(account = %state.card.id(), "the account was disconnected");
                }
                state.step(&myself, Event::Left { outcome, reply });
            }
            SessionMsg::Retire => {
                state.outbox.close();
                state.retirement = Retirement::Sending;
            }
            SessionMsg::RetireNow => (state.run, state.linking) = (None, None),
            SessionMsg::Posted { parcels, busy } => {
                _rung = Some(busy);
                state.outbox.posted(parcels, state.context.steady());
            }
            SessionMsg::Scanned(page) => state.outbox.scanned(&state.context, page),
            SessionMsg::Rescan => state.outbox.rescan(),
            SessionMsg::ClockMoved => state.outbox.clock_moved(),
            SessionMsg::Loaded { conversation, parcels } => {
                state.outbox.loaded(conversation, &parcels, state.context.steady());
            }
            SessionMsg::SendEnded { conversation, end, network } => {
                let now = state.context.steady();
                if let Some(reason) = state.outbox.ended(conversation, end, network, now) {
                    state.step(&myself, Event::SendRefused { reason });
                }
            }
            SessionMsg::Evidence(key) => state.outbox.evidence(&key),
            SessionMsg::Merged { kept, gone } => state.outbox.merged(kept, gone),
            SessionMsg::Opened(conversation) => state.outbox.opened(conversation),
            SessionMsg::Tick => {}
            SessionMsg::Typing { route, message, person } => {
                if let Some(link) = state.lifecycle.open_link() {
                    let (context, channel) = (Arc::clone(&state.context), Arc::clone(&state.card.channel));
                    let allowed = move |route: &_| context.wiring.load().forbids(&channel, route, &person).is_none();
                    state.leases.renew(link, route, message, allowed);
                }
            }
            SessionMsg::Paused { route } => {
                if let Some(link) = state.lifecycle.link() {
                    state.leases.end(link, route);
                }
            }
        }
        state.outbox.run(&state.context, &state.card, state.lifecycle.open_link(), &myself);
        state.retire(&myself);
        Ok(())
    }
}

impl SessionState {
    /// Lets the lifecycle decide, and carries out what follows.
    fn step(&mut self, myself: &SessionRef, event: Event) {
        if self.context.stages.closing.is_cancelled() {
            self.take(myself, Event::Close);
        }
        self.take(myself, event);
    }

    fn take(&mut self, myself: &SessionRef, event: Event) {
        let around = Surroundings { now: self.context.now(), row: self.card.row(), spread: self.spread() };
        for effect in self.lifecycle.next(event, &around) {
            self.carry_out(myself, effect);
        }
    }

    /// Once it was told to retire: the next step to its end, when the one before is done.
    fn retire(&mut self, myself: &SessionRef) {
        if self.retirement == Retirement::Sending && !self.outbox.is_sending() {
            self.retirement = Retirement::Ending;
            self.closing.cancel();
            self.take(myself, Event::Close);
            myself.send_after(limits::STOP_TIMEOUT.max(limits::LINK_STOP_TIMEOUT), || SessionMsg::RetireNow);
        }
        if self.retirement == Retirement::Ending && self.run.is_none() && self.linking.is_none() {
            myself.stop(None);
        }
    }

    /// The connection ended; a panic of the adapter crashes the session.
    fn run_ended(
        &mut self,
        myself: &SessionRef,
        generation: u64,
        ended: Result<Ended, String>,
    ) -> Result<(), ActorProcessingErr> {
        if self.retirement == Retirement::Ending && self.lifecycle.is_current(generation) {
            self.run = None;
        }
        match ended {
            Ok(ended) => {
                let up = reconnect::counted(self.up(), self.acknowledged());
                self.step(myself, Event::RunEnded { generation, ended, up });
                Ok(())
            }
            Err(panic) if self.lifecycle.is_current(generation) => Err(panic.into()),
            Err(_) => Ok(()),
        }
    }

    /// A linking run ended; a panic of the adapter is reported, and crashes the session too.
    fn linking_ended(
        &mut self,
        myself: &SessionRef,
        generation: u64,
        end: Result<LinkEnd, String>,
    ) -> Result<(), ActorProcessingErr> {
        let is_current = self.lifecycle.is_current(generation);
        if is_current {
            self.linking = None;
        }
        let crashed = end.as_ref().err().cloned();
        let end = end.unwrap_or_else(|panic| {
            LinkEnd::failed_until(&format!("the adapter crashed ({panic})"), "report this bug, then link again")
        });
        self.step(myself, Event::LinkingEnded { generation, end });
        match crashed {
            Some(panic) if is_current && !self.context.stages.closing.is_cancelled() => Err(panic.into()),
            _ => Ok(()),
        }
    }

    /// Between 0 and 1, different for each account and attempt, the same in each repetition of a test.
    fn spread(&self) -> f64 {
        let mut hasher = DefaultHasher::new();
        (self.card.id().as_str(), self.lifecycle.drops()).hash(&mut hasher);
        f64::from((hasher.finish() & 0xffff) as u16) / f64::from(u16::MAX)
    }
}

//! One chat: its inbox in order, one turn at a time. A thin actor around [`super::turn`].

use super::order::Order;
use super::turn;
use crate::context::Context;
use crate::decide::restart::doubled;
use crate::mailbox::activity::Busy;
use crate::mailbox::conversations::{ConversationMsg, Ring, ShardMsg, TurnEnd};
use crate::supervision::isolate;
use greenroom_contract::ids::{AccountId, AssistantName, ConversationId};
use greenroom_contract::limits;
use greenroom_contract::policy::Busy as BusyPolicy;
use greenroom_support::metrics::{Happened, count, words};
use parking_lot::Mutex;
use ractor::{Actor, ActorProcessingErr, ActorRef};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Notify, OwnedSemaphorePermit};
use tokio::task::AbortHandle;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

pub(crate) struct Conversation;

pub(crate) struct Arguments {
    pub(crate) context: Arc<Context>,
    pub(crate) account: AccountId,
    pub(crate) id: ConversationId,
    pub(crate) shard: ActorRef<ShardMsg>,
}

pub(crate) struct ConversationState {
    arguments: Arguments,
    phase: Phase,
    /// A ring came while a turn ran.
    rung: bool,
    /// Rings heard so far.
    rings: u64,
    /// Held while there is something to do.
    busy: Option<Busy>,
    permits: Vec<OwnedSemaphorePermit>,
    /// Tells the running turn that more arrived.
    rang: Arc<Notify>,
    /// It became a part of another one: no further turn begins here.
    leaving: bool,
    /// How often the turn at the head was given up for newer messages.
    interrupts: u32,
    /// How often in a row the store could not be used.
    stumbles: u32,
    /// How long the assistant of the last turn waits for more messages; `None` before there was one.
    debounce: Arc<Mutex<Option<Duration>>>,
    /// Whether the turn that begins now was waited for.
    debounced: bool,
}

enum Phase {
    Idle,
    /// More may come from the same sender; the turn starts later.
    Debouncing {
        first_ring: Instant,
        timer: Task,
    },
    /// A failed turn waits to be tried again.
    Pausing {
        _timer: Task,
        /// A ring ends the pause.
        until_rung: bool,
    },
    Working {
        _turn: Task,
    },
}

/// A task that ends with its owner.
struct Task(AbortHandle);

impl Drop for Task {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Actor for Conversation {
    type Msg = ConversationMsg;
    type State = ConversationState;
    type Arguments = Arguments;

    async fn pre_start(
        &self,
        _: ActorRef<ConversationMsg>,
        arguments: Arguments,
    ) -> Result<ConversationState, ActorProcessingErr> {
        Ok(ConversationState {
            arguments,
            phase: Phase::Idle,
            rung: false,
            rings: 0,
            busy: None,
            permits: Vec::new(),
            rang: Arc::default(),
            leaving: false,
            interrupts: 0,
            stumbles: 0,
            debounce: Arc::default(),
            debounced: false,
        })
    }

    async fn handle(
        &self,
        myself: ActorRef<ConversationMsg>,
        message: ConversationMsg,
        state: &mut ConversationState,
    ) -> Result<(), ActorProcessingErr> {
        match message {
            ConversationMsg::Ring(ring) => state.ring(&myself, ring),
            // A timer that was set anew may have fired already.
            ConversationMsg::Timer if matches!(state.phase, Phase::Debouncing { .. } | Phase::Pausing { .. }) => {
                state.work(&myself);
            }
            ConversationMsg::Timer => {}
            // A panic in a turn's own code is a bug: crash, and let the supervisor restart us.
            ConversationMsg::Ended(Err(panic)) => return Err(panic.into()),
            ConversationMsg::Ended(Ok(end)) => state.ended(&myself, &end),
            ConversationMsg::Leave => {
                state.leaving = true;
                if !matches!(state.phase, Phase::Working { .. }) {
                    state.rest();
                }
            }
            ConversationMsg::AreYouIdle => {
                if matches!(state.phase, Phase::Idle) {
                    let (conversation, rings) = (state.arguments.id, state.rings);
                    let _ = state.arguments.shard.send_message(ShardMsg::Idle { conversation, rings });
                }
            }
        }
        Ok(())
    }
}

impl ConversationState {
    fn ring(&mut self, myself: &ActorRef<ConversationMsg>, ring: Ring) {
        self.rings += 1;
        if self.leaving {
            // The conversation that took it over was rung too.
            return;
        }
        self.busy.get_or_insert(ring.busy);
        self.permits.extend(ring.permit);
        let debounce = self.debounce();
        match &mut self.phase {
            Phase::Idle if debounce.is_zero() => {
                self.debounced = false;
                self.work(myself);
            }
            Phase::Idle => self.wait_for_more(myself, debounce),
            // Each further message starts the pause anew, but not for ever.
            Phase::Debouncing { first_ring, timer: old } => {
                let longest = limits::DEBOUNCE_MAX.saturating_sub(first_ring.elapsed());
                *old = timer(&self.arguments.context, myself, debounce.min(longest), None);
            }
            // The store works again, or something is new: then it is looked at now.
            Phase::Pausing { until_rung: true, .. } => self.work(myself),
            Phase::Pausing { until_rung: false, .. } => {}
            Phase::Working { .. } => {
                self.rung = true;
                self.rang.notify_one();
            }
        }
    }

    fn wait_for_more(&mut self, myself: &ActorRef<ConversationMsg>, pause: Duration) {
        let timer = timer(&self.arguments.context, myself, pause, None);
        self.debounced = true;
        self.phase = Phase::Debouncing { first_ring: Instant::now(), timer };
    }

    /// How long a turn waits for more messages, as far as it is known before one is read: as the channel says, else as the
    /// assistant of the last turn wants it, else as that of the channel does. A turn that finds its assistant to want more
    /// says so.
    fn debounce(&self) -> Duration {
        let context = &self.arguments.context;
        let Some(card) = context.account(&self.arguments.account) else { return Duration::ZERO };
        let wiring = context.wiring.load();
        let Some(policy) = wiring.policy(&card.channel) else { return Duration::ZERO };
        let needs = || wiring.blueprint.needs().get(&policy.assistant).map_or(Duration::ZERO, |needs| needs.debounce);
        policy.debounce.or(*self.debounce.lock()).unwrap_or_else(needs).min(limits::DEBOUNCE_MAX)
    }

    /// Starts the next turn in a task of its own.
    fn work(&mut self, myself: &ActorRef<ConversationMsg>) {
        self.rung = false;
        let context = &self.arguments.context;
        let card = context.account(&self.arguments.account).filter(|_| !context.stages.draining.is_cancelled());
        // An account that is not configured any more keeps its rows until it comes back.
        let Some(card) = card else { return self.rest() };
        let wiring = context.wiring.load_full();
        // Neither does a channel that was just removed.
        let Some(policy) = wiring.policy(&card.channel) else { return self.rest() };
        let (busy, debounces) = (policy.busy, !self.debounce().is_zero());
        let order = Order {
            conversation: self.arguments.id,
            gather: busy != BusyPolicy::Queue || debounces || self.debounced || self.interrupts > 0,
            debounced: self.debounced,
            debounce: Arc::clone(&self.debounce),
            interruptible: busy == BusyPolicy::Interrupt && self.interrupts < limits::INTERRUPTS_MAX,
            rang: Arc::clone(&self.rang),
            wiring,
        };
        let context = Arc::clone(context);
        let myself = myself.clone();
        let turn = tokio::spawn(async move {
            let end = isolate("turn", Box::pin(turn::run(context, card, order))).await;
            // The actor is gone only if the engine is stopping.
            let _ = myself.send_message(ConversationMsg::Ended(end));
        });
        self.phase = Phase::Working { _turn: Task(turn.abort_handle()) };
    }

    /// Waits so long, unless it is rung.
    fn pause(&mut self, myself: &ActorRef<ConversationMsg>, pause: Duration, until_rung: bool) {
        let timer = timer(&self.arguments.context, myself, pause, None);
        self.phase = Phase::Pausing { _timer: timer, until_rung };
        // Others of the backlog have their turn meanwhile.
        self.permits = Vec::new();
    }

    /// Waits so long for an assistant that is away, or until it is back.
    fn wait_for(&mut self, myself: &ActorRef<ConversationMsg>, by: &AssistantName, pause: Duration) {
        let context = &self.arguments.context;
        let back = context.books.away.lock().back_token(by);
        // It came back in this very moment.
        let pause = if back.is_some() { pause } else { limits::TURN_RETRY_PAUSE };
        let timer = timer(context, myself, pause, back);
        self.phase = Phase::Pausing { _timer: timer, until_rung: false };
        // Others of the backlog have their turn meanwhile.
        self.permits = Vec::new();
    }

    fn ended(&mut self, myself: &ActorRef<ConversationMsg>, end: &TurnEnd) {
        self.stumbles = if *end == TurnEnd::StoreAway { self.stumbles + 1 } else { 0 };
        self.interrupts = if *end == TurnEnd::Interrupted { self.interrupts + 1 } else { 0 };
        match end {
            TurnEnd::Again { .. } => count(Happened::Turn(words::TurnEnd::Retried)),
            TurnEnd::Away { .. } => count(Happened::Turn(words::TurnEnd::Away)),
            // A turn that is settled is counted by its outcome.
            _ => {}
        }
        match end {
            _ if self.leaving => self.rest(),
            TurnEnd::Settled { more: true } | TurnEnd::Interrupted => self.work(myself),
            TurnEnd::Settled { more: false } | TurnEnd::Nothing | TurnEnd::NotConnected if self.rung => {
                self.work(myself);
            }
            TurnEnd::Settled { more: false } | TurnEnd::Nothing | TurnEnd::NotConnected => self.rest(),
            TurnEnd::StoreAway if self.rung => self.work(myself),
            TurnEnd::StoreAway => {
                let pause = doubled(limits::STORE_RETRY_PAUSE, self.stumbles - 1, limits::RESTART_PAUSE_MAX);
                self.pause(myself, pause, true);
            }
            TurnEnd::Again { after } => self.pause(myself, *after, false),
            TurnEnd::Away { by, after } => self.wait_for(myself, by, *after),
            TurnEnd::Debounced { pause } => self.wait_for_more(myself, *pause),
        }
    }

    fn rest(&mut self) {
        self.phase = Phase::Idle;
        self.busy = None;
        self.permits = Vec::new();
        if self.leaving {
            let conversation = self.arguments.id;
            let _ = self.arguments.shard.send_message(ShardMsg::Left { conversation });
        }
    }
}

/// Rings after a pause, or earlier for what is waited for; at once when the engine drains, so that nobody waits for it.
fn timer(
    context: &Context,
    myself: &ActorRef<ConversationMsg>,
    pause: Duration,
    earlier: Option<CancellationToken>,
) -> Task {
    let draining = context.stages.draining.clone();
    let myself = myself.clone();
    // A token that is never cancelled waits for nothing.
    let earlier = earlier.unwrap_or_default();
    let timer = tokio::spawn(async move {
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            () = draining.cancelled() => {}
            () = earlier.cancelled() => {}
        }
        let _ = myself.send_message(ConversationMsg::Timer);
    });
    Task(timer.abort_handle())
}

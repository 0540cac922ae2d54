//! The way in from outside.

use crate::accounts::list;
use crate::context::away::Missed;
use crate::context::{AccountCard, Context};
use crate::decide::health::{Health, HealthProblem, NotReady};
use crate::decide::humans::WantsHuman;
use crate::decide::next_action::NextAction;
use crate::decide::status::AccountStatus;
use crate::run::released;
use crate::run::root::RootMsg;
use greenroom_contract::ids::{ConversationId, Sequence};
use greenroom_contract::limits;
use greenroom_contract::store::{AccountRow, ConversationSettings, PendingWake, Scope, StoreError, StoreReader};
use ractor::ActorRef;
use std::sync::atomic::Ordering;
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use tokio::sync::watch;

/// A running engine. Cheap to clone; the engine does not end when handles are dropped.
#[derive(Clone)]
pub struct EngineHandle {
    pub(crate) context: Arc<Context>,
    pub(crate) root: Arc<OnceLock<ActorRef<RootMsg>>>,
    pub(crate) ended: watch::Receiver<Option<EndReason>>,
}

/// Why the engine ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EndReason {
    /// It was drained.
    Drained(Drained),
    /// Every channel's input came to its end, and everything was answered and sent.
    Finished,
    /// A service without which no message arrives could not be kept running.
    ServiceLost {
        /// Which, and what happened.
        reason: String,
    },
    /// A bug ended the root. The process should end, so that its service manager restarts it.
    Failed {
        /// What happened.
        reason: String,
    },
}

/// What was left when it was drained. All of it is in the store and goes on at the next start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Drained {
    /// Conversations and sessions that did not finish in time.
    pub turns_left: usize,
}

impl EngineHandle {
    /// Stops accepting, lets running turns and sends finish up to `timeout`, stops everything and
    /// closes the store. Later calls wait for the same end.
    pub async fn drain(&self, timeout: Duration) -> Drained {
        if let Some(root) = self.root.get() {
            // A failed send means that the root has ended.
            let _ = root.send_message(RootMsg::Drain(timeout));
        }
        match self.ended().await {
            EndReason::Drained(drained) => drained,
            EndReason::Finished | EndReason::ServiceLost { .. } | EndReason::Failed { .. } => Drained { turns_left: 0 },
        }
    }

    /// Waits until the engine ended, and says why.
    pub async fn ended(&self) -> EndReason {
        let mut ended = self.ended.clone();
        let reason = ended.wait_for(Option::is_some).await.ok().and_then(|reason| reason.clone());
        reason.unwrap_or_else(|| EndReason::Failed { reason: "the root went away".to_owned() })
    }

    /// Waits until nothing is under way: no turn runs or waits for its pause, and no parcel could be
    /// sent now; those that only keep a rate are under way. Rows of channels that are not configured, quarantined rows and parcels that wait
    /// for a connection or a moment do not count.
    pub async fn settled(&self) {
        self.context.activity.settled().await;
    }

    /// The state of everything.
    pub async fn health(&self) -> Health {
        let context = &self.context;
        let mut problems = Vec::new();
        if let Err(reason) = context.store.store_health() {
            // It names the store and says what to do itself.
            problems.push(HealthProblem::new(reason, None));
        }
        let inbox_waiting = context.store.rows_waiting().await.unwrap_or_else(|error| {
            problems.push(HealthProblem::new(format!("the inbox cannot be read: {error}"), None));
            0
        });
        let quarantined = context.store.quarantined_count().await.unwrap_or(0);
        if quarantined > 0 {
            let what = format!("{quarantined} message(s) failed too often and wait in quarantine");
            problems.push(HealthProblem::new(what, Some(NextAction::ReviewQuarantine)));
        }
        let unsent = context.store.unsent_count().await.unwrap_or_default();
        if unsent.held > 0 {
            let what = format!("{} message(s) of the bot are held and not sent", unsent.held);
            problems.push(HealthProblem::new(what, Some(NextAction::ReviewOutbox)));
        }
        for (what, reason) in context.crashes.failed(context.steady()) {
            let next = NextAction::ReportBug { account: None };
            problems.push(HealthProblem::new(format!("{what} crashed too often: {reason}"), Some(next)));
        }
        for (account, what) in context.books.undelivered.lock().problems(context.steady()) {
            problems.push(HealthProblem::of_account(&account, what, None));
        }
        let (rejections, deaf_channels) = {
            let book = context.books.rejections.lock();
            (book.list(), book.problems())
        };
        problems.extend(deaf_channels);
        let accounts = list::running(context);
        problems.extend(accounts.iter().filter_map(list::problem));
        problems.extend(list::unlinked_channels(context, &accounts));
        let deaf = context.transcriber.ready().err();
        let deaf = deaf.map(|reason| HealthProblem::new(format!("voice notes cannot be heard: {reason}"), None));
        let of_accounts = accounts.iter().filter_map(|account| list::warning(account, context.now()));
        let moved = *context.books.clock_step.lock();
        let moved = moved.filter(|(_, at)| context.steady().since(*at) < limits::CLOCK_STEP_SHOWN);
        let moved = moved.map(|(step, _)| HealthProblem::new(step.to_string(), None));
        let loops = context.books.loops.lock().paused(context.now());
        let loops = loops.into_iter().map(|paused| {
            let what = format!("the chat {} is paused: two programs seem to answer each other there", paused.chat);
            HealthProblem::of_account(&paused.account, what, None)
        });
        let misnamed = list::misnamed(context);
        let away = accounts.iter().filter_map(list::network_away);
        let (missed, absent) = assistants_away(context);
        problems.extend(missed);
        let humans = context.books.humans.lock().waiting(context.now()).iter().map(wants_human).collect::<Vec<_>>();
        let warnings = of_accounts.chain(misnamed).chain(away).chain(deaf).chain(moved).chain(loops);
        let warnings = warnings.chain(absent).chain(humans).collect();
        Health {
            ok: problems.is_empty() && self.ended.borrow().is_none(),
            problems,
            warnings,
            inbox_waiting,
            quarantined,
            outbox_waiting: unsent.waiting,
            outbox_held: unsent.held,
            conversations_active: context.conversations_active.load(Ordering::Relaxed),
            restarts: context.crashes.count(),
            accounts,
            rejections,
        }
    }

    /// Whether the engine runs and its store can be written. What a restart would not help is not asked here, so that no
    /// one restarts a healthy bot for ever.
    pub fn alive(&self) -> Result<(), NotReady> {
        if self.ended.borrow().is_some() {
            return Err(NotReady::Stopping);
        }
        self.context.store.writable().map_err(|reason| NotReady::Store { reason })
    }

    /// Whether messages are taken: it is alive, does not stop, and an account is connected, or is one that its network
    /// calls and whose link was made.
    pub fn ready(&self) -> Result<(), NotReady> {
        self.alive()?;
        if self.context.stages.draining.is_cancelled() {
            return Err(NotReady::Stopping);
        }
        let linked = |card: &Arc<AccountCard>| {
            let called = card.channel.channel.webhook().is_some() && card.link.lock().is_some();
            called || card.vitals.lock().status == AccountStatus::Connected
        };
        if self.context.accounts.read().values().any(linked) { Ok(()) } else { Err(NotReady::NoLink) }
    }

    /// The store, for reading: traces, listings, people, histories.
    pub fn store(&self) -> StoreReader {
        StoreReader::new(Arc::clone(&self.context.store))
    }

    /// Every account.
    pub async fn accounts(&self) -> Result<Vec<AccountRow>, StoreError> {
        self.context.store.accounts().await
    }

    /// How a conversation is treated; [`StoreError::NotFound`] if the scope has no such conversation.
    pub async fn conversation_settings(
        &self,
        scope: &Scope,
        conversation: ConversationId,
    ) -> Result<ConversationSettings, StoreError> {
        self.context.store.settings(scope, conversation).await
    }

    /// Replaces how a conversation is treated; it holds from the next turn on. A turn under way that changes the
    /// settings itself writes last.
    pub async fn set_conversation_settings(
        &self,
        scope: &Scope,
        conversation: ConversationId,
        settings: ConversationSettings,
    ) -> Result<(), StoreError> {
        self.context.store.set_settings(scope, conversation, settings).await
    }

    /// Wake-ups that are not due yet, of one conversation or of all, the earliest first.
    pub async fn wakes(
        &self,
        conversation: Option<ConversationId>,
        wakes_max: usize,
    ) -> Result<Vec<PendingWake>, StoreError> {
        self.context.store.wakes(conversation, wakes_max).await
    }

    /// Takes a wake-up back, by its number; [`StoreError::NotFound`] if it is due already, or was never there.
    pub async fn cancel_wake(&self, wake: Sequence) -> Result<(), StoreError> {
        self.context.store.cancel_wake(wake).await
    }

    /// Ends the silence of the bot in a conversation, and what an assistant that stayed there began: its next message is
    /// answered as configured. [`StoreError::NotFound`] if there is no such conversation.
    pub async fn release_conversation(&self, conversation: ConversationId) -> Result<(), StoreError> {
        released::release_conversation(self.context.store.as_ref(), conversation).await?;
        self.context.books.humans.lock().released(conversation);
        Ok(())
    }

    /// Puts a quarantined row back to work.
    pub async fn release(&self, sequence: Sequence) -> Result<(), StoreError> {
        let context = Arc::clone(&self.context);
        // When the caller goes away after the commit, the conversation must still be rung.
        let task = tokio::spawn(async move {
            let released = context.store.release(sequence).await;
            if matches!(released, Err(StoreError::Unavailable { .. })) {
                // It may have been a commit after all, of which nobody was told.
                context.recover_soon();
            }
            let waiting = released?;
            context.ring(&waiting.account, waiting.conversation, None);
            Ok(())
        });
        task.await.unwrap_or_else(|bug| Err(StoreError::Unavailable { reason: bug.into() }))
    }
}

/// Assistants that are away: for so long that people were told of it, and others.
fn assistants_away(context: &Context) -> (Vec<HealthProblem>, Vec<HealthProblem>) {
    let missed = context.books.away.lock().missed(context.steady());
    let (long, lately): (Vec<Missed>, Vec<Missed>) =
        missed.into_iter().partition(|missed| missed.away_for >= limits::AWAY_TOLD_AFTER);
    let problem = |missed: Missed| {
        let Missed { assistant, reason, away_for, waiting } = missed;
        let seconds = away_for.as_secs();
        let what =
            format!("assistant {assistant} has been away for {seconds} s, {waiting} conversation(s) wait: {reason}");
        HealthProblem::new(what, None)
    };
    (long.into_iter().map(problem).collect(), lately.into_iter().map(problem).collect())
}

fn wants_human(wanted: &WantsHuman) -> HealthProblem {
    let what = format!("chat {} was handed to a human, and the bot is silent there", wanted.chat);
    let next = NextAction::ReleaseConversation { conversation: wanted.conversation };
    HealthProblem::of_account(&wanted.account, what, Some(next))
}

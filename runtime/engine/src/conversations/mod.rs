//! The Conversations supervisor: an address book with one shard per account, the backlog of the
//! start, and the clock of wake-ups.

mod ack;
mod ask;
mod attempt;
mod away;
mod backlog;
mod chain;
mod conversation;
mod directly;
mod led;
mod mailing;
mod open_choice;
mod order;
mod settle;
mod shard;
mod steps;
mod turn;
mod typing;

use crate::context::Context;
use crate::decide::blueprint::Change;
use crate::mailbox::conversations::{ConversationsMsg, Ring, ShardMsg};
use crate::supervision::{Described, Describing};
use greenroom_contract::ids::AccountId;
use greenroom_contract::limits;
use greenroom_contract::store::{MergedConversation, StoreError};
use greenroom_contract::time::Timestamp;
use ractor::{Actor, ActorProcessingErr, ActorRef, SupervisionEvent};
use shard::Shard;
use std::collections::HashMap;
use std::sync::Arc;
use tokio::task::AbortHandle;

pub(crate) struct Conversations;

pub(crate) struct ConversationsState {
    context: Arc<Context>,
    shards: HashMap<AccountId, ActorRef<ShardMsg>>,
    /// The next wake-up and the timer that waits for it.
    next_wake: Option<(Timestamp, AbortHandle)>,
}

impl Actor for Conversations {
    type Msg = ConversationsMsg;
    type State = ConversationsState;
    type Arguments = Arc<Context>;

    async fn pre_start(
        &self,
        _: ActorRef<ConversationsMsg>,
        context: Arc<Context>,
    ) -> Result<ConversationsState, ActorProcessingErr> {
        Ok(ConversationsState { context, shards: HashMap::new(), next_wake: None })
    }

    async fn handle(
        &self,
        myself: ActorRef<ConversationsMsg>,
        message: ConversationsMsg,
        state: &mut ConversationsState,
    ) -> Result<(), ActorProcessingErr> {
        match message {
            ConversationsMsg::Begin => state.begin(myself),
            ConversationsMsg::Ring { account, conversation, ring } => {
                let shard = state.shard(&myself, &account).await?;
                shard.send_message(ShardMsg::Ring { conversation, ring })?;
            }
            ConversationsMsg::Merged(MergedConversation { account, kept, gone }) => {
                let ring = Ring { busy: state.context.activity.begin(), permit: None };
                let shard = state.shard(&myself, &account).await?;
                shard.send_message(ShardMsg::Merged { kept, gone, ring })?;
            }
            ConversationsMsg::Connected(account) => state.connected(account),
            ConversationsMsg::Describe(reply) => state.describe(reply),
            ConversationsMsg::WakeAt(at) => state.set_timer(&myself, at),
            ConversationsMsg::Reconfigure(change) => match change {
                // What waited for its return.
                Change::ChannelAdded(_) | Change::ChannelReplaced(_) => state.begin(myself),
                Change::LimitsChanged(_) => {
                    for shard in state.shards.values() {
                        shard.send_message(ShardMsg::Reconfigure(change.clone()))?;
                    }
                }
                _ => {}
            },
            ConversationsMsg::Wake => {
                if let Some((at, timer)) = state.next_wake.take() {
                    timer.abort();
                    if at > state.context.now() {
                        state.set_timer(&myself, at);
                        return Ok(());
                    }
                }
                let context = Arc::clone(&state.context);
                tokio::spawn(async move { wake_due(&context, &myself).await });
            }
        }
        Ok(())
    }

    async fn handle_supervisor_evt(
        &self,
        _: ActorRef<ConversationsMsg>,
        event: SupervisionEvent,
        _: &mut ConversationsState,
    ) -> Result<(), ActorProcessingErr> {
        match event {
            // A shard is a supervisor and does no risky work: its crash is a bug that ends the root.
            SupervisionEvent::ActorFailed(_, error) => Err(error),
            _ => Ok(()),
        }
    }
}

impl ConversationsState {
    fn describe(&self, reply: Describing) {
        let described = |(account, shard): (&AccountId, &ActorRef<ShardMsg>)| Described {
            name: account.to_string(),
            kind: "shard",
            actor: shard.get_cell(),
            since: self.context.began,
            restarts: 0,
            waiting: None,
        };
        // Whoever asked may have gone.
        let _ = reply.send(self.shards.iter().map(described).collect());
    }

    /// Takes up what waits in an account that could not be worked on without its connection.
    fn connected(&self, account: AccountId) {
        let context = Arc::clone(&self.context);
        tokio::spawn(async move { backlog::ring_account(&context, &account).await });
    }

    /// Takes up everything that waits.
    fn begin(&self, myself: ActorRef<ConversationsMsg>) {
        let context = Arc::clone(&self.context);
        let busy = context.activity.begin();
        tokio::spawn(async move {
            backlog::ring_all(&context).await;
            drop(busy);
            wake_due(&context, &myself).await;
        });
    }

    async fn shard(
        &mut self,
        myself: &ActorRef<ConversationsMsg>,
        account: &AccountId,
    ) -> Result<&ActorRef<ShardMsg>, ActorProcessingErr> {
        if !self.shards.contains_key(account) {
            let arguments = (Arc::clone(&self.context), account.clone());
            let (shard, _) = Actor::spawn_linked(None, Shard, arguments, myself.get_cell()).await?;
            self.shards.insert(account.clone(), shard);
        }
        self.shards.get(account).ok_or_else(|| "the shard was just inserted".into())
    }

    fn set_timer(&mut self, myself: &ActorRef<ConversationsMsg>, at: Timestamp) {
        if let Some((earlier, timer)) = &self.next_wake {
            if *earlier <= at {
                return;
            }
            timer.abort();
        }
        // Timers stand still while the machine sleeps, so the wall is looked at now and then.
        let pause = at.since(self.context.now()).min(limits::WALL_SLEEP_MAX);
        let timer = myself.send_after(pause, || ConversationsMsg::Wake);
        self.next_wake = Some((at, timer.abort_handle()));
    }
}

/// Moves due wake-ups into the inbox, rings, and sets the timer for the next one.
async fn wake_due(context: &Arc<Context>, conversations: &ActorRef<ConversationsMsg>) {
    if context.stages.draining.is_cancelled() {
        return;
    }
    let _busy = context.activity.begin();
    let next = loop {
        match context.store.wake_due(context.now(), limits::WAKES_PER_STEP).await {
            Ok(due) if due.is_empty() => break context.store.next_wake().await,
            Ok(due) => due.into_iter().for_each(|row| context.ring(&row.account, row.conversation, None)),
            Err(error) => {
                // It may have been a commit after all, of which nobody was told.
                if matches!(error, StoreError::Unavailable { .. }) {
                    context.recover_soon();
                }
                break Err(error);
            }
        }
    };
    match next {
        Ok(Some(at)) => {
            // Due and still there: the inbox has no room for it now.
            let soonest = context.now().plus(limits::INBOX_FULL_PAUSE);
            drop(conversations.send_message(ConversationsMsg::WakeAt(at.max(soonest))));
        }
        Ok(None) => {}
        Err(error) => {
            tracing::warn!(%error, "wake-ups could not be read and are tried again");
            let again = context.now().plus(limits::RESTART_PAUSE_MAX);
            drop(conversations.send_message(ConversationsMsg::WakeAt(again)));
        }
    }
}

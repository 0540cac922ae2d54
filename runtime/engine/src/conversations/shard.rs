//! The conversations of one account: spawned when they are rung, stopped when they are idle,
//! restarted when they crash.

use super::conversation::{Arguments, Conversation};
use crate::context::Context;
use crate::decide::restart::{Restart, Restarts};
use crate::mailbox::conversations::{ConversationMsg, Ring, ShardMsg};
use greenroom_contract::ids::{AccountId, ConversationId};
use greenroom_contract::time::Timestamp;
use ractor::{Actor, ActorId, ActorProcessingErr, ActorRef, SupervisionEvent};
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

pub(crate) struct Shard;

pub(crate) struct ShardState {
    context: Arc<Context>,
    account: AccountId,
    children: HashMap<ConversationId, Child>,
    by_actor: HashMap<ActorId, ConversationId>,
    restarts: HashMap<ConversationId, Restarts>,
    sweeping: bool,
}

struct Child {
    actor: ActorRef<ConversationMsg>,
    /// Rings forwarded to it. It may stop only if it has heard all of them.
    rings: u64,
    last_ring: Timestamp,
}

impl Actor for Shard {
    type Msg = ShardMsg;
    type State = ShardState;
    type Arguments = (Arc<Context>, AccountId);

    async fn pre_start(
        &self,
        _: ActorRef<ShardMsg>,
        (context, account): Self::Arguments,
    ) -> Result<ShardState, ActorProcessingErr> {
        Ok(ShardState {
            context,
            account,
            children: HashMap::new(),
            by_actor: HashMap::new(),
            restarts: HashMap::new(),
            sweeping: false,
        })
    }

    async fn handle(
        &self,
        myself: ActorRef<ShardMsg>,
        message: ShardMsg,
        state: &mut ShardState,
    ) -> Result<(), ActorProcessingErr> {
        match message {
            ShardMsg::Ring { conversation, ring } => state.ring(&myself, conversation, ring).await?,
            ShardMsg::Respawn { conversation, busy } => {
                state.ring(&myself, conversation, Ring { busy, permit: None }).await?;
            }
            ShardMsg::Idle { conversation, rings } => state.passivate(conversation, rings),
            ShardMsg::Sweep => state.sweep(&myself),
        }
        Ok(())
    }

    async fn handle_supervisor_evt(
        &self,
        myself: ActorRef<ShardMsg>,
        event: SupervisionEvent,
        state: &mut ShardState,
    ) -> Result<(), ActorProcessingErr> {
        if let SupervisionEvent::ActorFailed(who, error) = event
            && let Some(conversation) = state.by_actor.remove(&who.get_id())
        {
            state.crashed(&myself, conversation, &error);
        }
        Ok(())
    }
}

impl ShardState {
    async fn ring(
        &mut self,
        myself: &ActorRef<ShardMsg>,
        conversation: ConversationId,
        ring: Ring,
    ) -> Result<(), ActorProcessingErr> {
        let now = self.context.now();
        if !self.children.contains_key(&conversation) {
            let arguments = Arguments {
                context: Arc::clone(&self.context),
                account: self.account.clone(),
                id: conversation,
                shard: myself.clone(),
            };
            let (actor, _) = Actor::spawn_linked(None, Conversation, arguments, myself.get_cell()).await?;
            self.by_actor.insert(actor.get_id(), conversation);
            self.children.insert(conversation, Child { actor, rings: 0, last_ring: now });
            self.context.conversations_active.fetch_add(1, Ordering::Relaxed);
            self.sweep_later(myself);
        }
        if let Some(child) = self.children.get_mut(&conversation) {
            child.rings += 1;
            child.last_ring = now;
            // A child that just crashed loses the ring; its restart looks into the inbox anyway.
            let _ = child.actor.send_message(ConversationMsg::Ring(ring));
        }
        Ok(())
    }

    /// Stops a child, unless a ring is on its way to it.
    fn passivate(&mut self, conversation: ConversationId, rings: u64) {
        let has_heard_all = self.children.get(&conversation).is_some_and(|child| child.rings == rings);
        if has_heard_all && let Some(child) = self.forget(conversation) {
            self.by_actor.remove(&child.actor.get_id());
            child.actor.stop(None);
        }
    }

    fn forget(&mut self, conversation: ConversationId) -> Option<Child> {
        let child = self.children.remove(&conversation)?;
        self.context.conversations_active.fetch_sub(1, Ordering::Relaxed);
        Some(child)
    }

    fn crashed(&mut self, myself: &ActorRef<ShardMsg>, conversation: ConversationId, error: &ActorProcessingErr) {
        self.forget(conversation);
        self.context.count_restart();
        let now = self.context.now();
        match self.restarts.entry(conversation).or_default().crashed(now) {
            Restart::After(pause) => {
                tracing::error!(%conversation, %error, "a conversation crashed and is restarted");
                let busy = self.context.activity.begin();
                myself.send_after(pause, move || ShardMsg::Respawn { conversation, busy });
            }
            Restart::GiveUp => {
                tracing::error!(%conversation, %error, "a conversation crashed too often");
                let what = format!("conversation {conversation}");
                self.context.given_up.lock().insert(what, error.to_string());
            }
        }
    }

    /// Asks children that were not rung for long whether they are idle.
    fn sweep(&mut self, myself: &ActorRef<ShardMsg>) {
        self.sweeping = false;
        let now = self.context.now();
        let idle = self.context.conversation_idle;
        for child in self.children.values().filter(|child| now.since(child.last_ring) >= idle) {
            let _ = child.actor.send_message(ConversationMsg::AreYouIdle);
        }
        if self.children.is_empty() {
            // Crashes are rare; their record ends when the account is quiet.
            self.restarts.clear();
        } else {
            self.sweep_later(myself);
        }
    }

    fn sweep_later(&mut self, myself: &ActorRef<ShardMsg>) {
        if !self.sweeping {
            self.sweeping = true;
            let pause = (self.context.conversation_idle / 4).max(Duration::from_millis(10));
            myself.send_after(pause, || ShardMsg::Sweep);
        }
    }
}

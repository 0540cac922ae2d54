//! The conversations of one account: spawned when they are rung, stopped when they are idle,
//! restarted when they crash.

use super::conversation::{Arguments, Conversation};
use super::led::Led;
use crate::context::Context;
use crate::decide::blueprint::Change;
use crate::decide::restart::Restart;
use crate::mailbox::conversations::{ConversationMsg, Ring, ShardMsg};
use crate::supervision::Children;
use greenroom_contract::ids::{AccountId, ConversationId};
use greenroom_contract::limits;
use greenroom_contract::time::Timestamp;
use ractor::{Actor, ActorProcessingErr, ActorRef, SupervisionEvent};
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::task::AbortHandle;

pub(crate) struct Shard;

pub(crate) struct ShardState {
    context: Arc<Context>,
    account: AccountId,
    children: Children<ConversationId, ConversationMsg>,
    /// Where late rings of merged conversations are led.
    led: Led,
    /// What was forwarded to each child.
    rung: HashMap<ConversationId, Rung>,
    /// The timer of the next look at them.
    sweeping: Option<AbortHandle>,
    /// Children that came since the last search for room.
    spawned: usize,
}

struct Rung {
    /// How many rings. The child may stop only if it has heard all of them.
    rings: u64,
    last: Timestamp,
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
            children: Children::default(),
            led: Led::default(),
            rung: HashMap::new(),
            sweeping: None,
            spawned: 0,
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
                let busy = busy.unwrap_or_else(|| state.context.activity.begin());
                state.ring(&myself, conversation, Ring { busy, permit: None }).await?;
            }
            ShardMsg::Merged { kept, gone, ring } => state.merged(&myself, kept, gone, ring).await?,
            ShardMsg::Left { conversation } => {
                if let Some(child) = state.forget(conversation) {
                    child.stop(None);
                }
            }
            ShardMsg::Idle { conversation, rings } => state.passivate(conversation, rings),
            ShardMsg::Sweep => state.sweep(&myself),
            ShardMsg::Reconfigure(change) => state.reconfigure(&myself, &change),
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
            && let Some(conversation) = state.children.failed(who.get_id())
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
        let conversation = self.led.to(conversation);
        let now = self.context.steady();
        if !self.children.contains(&conversation) {
            let arguments = Arguments {
                context: Arc::clone(&self.context),
                account: self.account.clone(),
                id: conversation,
                shard: myself.clone(),
            };
            self.children.spawn(conversation, Conversation, arguments, myself.get_cell()).await?;
            self.rung.insert(conversation, Rung { rings: 0, last: now });
            let active = self.context.conversations_active.fetch_add(1, Ordering::Relaxed) + 1;
            self.spawned += 1;
            if active > limits::CONVERSATIONS_ACTIVE_MAX && self.spawned >= limits::CONVERSATIONS_CROWD_STEP {
                self.spawned = 0;
                self.make_room();
            }
            self.sweep_later(myself);
        }
        if let (Some(child), Some(rung)) = (self.children.find(&conversation), self.rung.get_mut(&conversation)) {
            rung.rings += 1;
            rung.last = now;
            // A child that just crashed loses the ring; its restart looks into the inbox anyway.
            let _ = child.send_message(ConversationMsg::Ring(ring));
        }
        Ok(())
    }

    /// The child of the conversation that is gone ends its turn, and begins no other; the one that is kept goes on with
    /// the rows of both.
    async fn merged(
        &mut self,
        myself: &ActorRef<ShardMsg>,
        kept: ConversationId,
        gone: ConversationId,
        ring: Ring,
    ) -> Result<(), ActorProcessingErr> {
        self.led.lead(gone, kept);
        if let Some(child) = self.children.find(&gone) {
            let _ = child.send_message(ConversationMsg::Leave);
        }
        self.ring(myself, kept, ring).await
    }

    /// Asks those that were silent longest whether they can leave: twice as many as came since this was done last, because
    /// some are at work.
    fn make_room(&self) {
        let rung = self.rung.iter().map(|(conversation, rung)| (*conversation, rung.last));
        for conversation in silent_longest(rung, 2 * limits::CONVERSATIONS_CROWD_STEP) {
            if let Some(child) = self.children.find(&conversation) {
                let _ = child.send_message(ConversationMsg::AreYouIdle);
            }
        }
    }

    /// Stops a child, unless a ring is on its way to it.
    fn passivate(&mut self, conversation: ConversationId, rings: u64) {
        let has_heard_all = self.rung.get(&conversation).is_some_and(|rung| rung.rings == rings);
        if has_heard_all && let Some(child) = self.forget(conversation) {
            child.stop(None);
        }
    }

    fn forget(&mut self, conversation: ConversationId) -> Option<ActorRef<ConversationMsg>> {
        self.rung.remove(&conversation);
        let child = self.children.remove(&conversation)?;
        self.context.conversations_active.fetch_sub(1, Ordering::Relaxed);
        Some(child)
    }

    fn crashed(&mut self, myself: &ActorRef<ShardMsg>, conversation: ConversationId, error: &ActorProcessingErr) {
        self.forget(conversation);
        let (what, now) = (format!("conversation {conversation}"), self.context.steady());
        let restart = self.children.crashed(&conversation, &what, error, &self.context.crashes, now);
        // Whoever waits until nothing is left to do does not wait for one that is started rarely.
        let busy = matches!(restart, Restart::After(_)).then(|| self.context.activity.begin());
        myself.send_after(restart.pause(), move || ShardMsg::Respawn { conversation, busy });
    }

    /// Asks children that were not rung for long whether they are idle.
    fn sweep(&mut self, myself: &ActorRef<ShardMsg>) {
        self.sweeping = None;
        let now = self.context.steady();
        let idle = self.idle();
        for (conversation, child) in self.children.iter() {
            if self.rung.get(conversation).is_some_and(|rung| now.since(rung.last) >= idle) {
                let _ = child.send_message(ConversationMsg::AreYouIdle);
            }
        }
        if self.children.is_empty() {
            // Crashes are rare; their record ends when the account is quiet.
            self.children.forgive_all();
        } else {
            self.sweep_later(myself);
        }
    }

    /// The limits changed: a longer pause that was begun under the old ones does not hold.
    fn reconfigure(&mut self, myself: &ActorRef<ShardMsg>, change: &Change) {
        if let (Change::LimitsChanged(_), Some(timer)) = (change, self.sweeping.take()) {
            timer.abort();
            self.sweep(myself);
        }
    }

    fn idle(&self) -> Duration {
        self.context.wiring.load().blueprint.limits().conversation_idle
    }

    fn sweep_later(&mut self, myself: &ActorRef<ShardMsg>) {
        if self.sweeping.is_none() {
            let pause = (self.idle() / 4).max(Duration::from_millis(10));
            self.sweeping = Some(myself.send_after(pause, || ShardMsg::Sweep).abort_handle());
        }
    }
}

/// So many conversations, those that were rung longest ago.
fn silent_longest(rung: impl Iterator<Item = (ConversationId, Timestamp)>, count: usize) -> Vec<ConversationId> {
    let mut all: Vec<_> = rung.map(|(conversation, last)| (last, conversation)).collect();
    if all.len() > count {
        all.select_nth_unstable(count);
        all.truncate(count);
    }
    all.into_iter().map(|(_, conversation)| conversation).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn those_that_were_silent_longest_are_asked_first() {
        let rung = |number: u64| (ConversationId(number), Timestamp((number * 7_919) % 1_000));
        let mut asked = silent_longest((0..1_000).map(rung), 10);
        asked.sort_by_key(|conversation| rung(conversation.0).1);
        let moments: Vec<u64> = asked.iter().map(|conversation| rung(conversation.0).1.0).collect();
        assert_eq!(moments, (0..10).collect::<Vec<_>>());
        assert_eq!(silent_longest((0..3).map(rung), 10).len(), 3);
    }
}

//! What the Conversations actor, a shard and one conversation are told.

use super::activity::Busy;
use crate::decide::blueprint::Change;
use crate::supervision::Describing;
use greenroom_contract::ids::{AccountId, AssistantName, ConversationId};
use greenroom_contract::store::MergedConversation;
use greenroom_contract::time::Timestamp;
use std::time::Duration;
use tokio::sync::OwnedSemaphorePermit;

/// A doorbell: there is something in the inbox. Carries no message.
pub(crate) struct Ring {
    /// Keeps the engine from looking settled while the bell is on its way.
    pub(crate) busy: Busy,
    /// Held until the conversation has nothing left or pauses, so that the backlog does not start all at once.
    pub(crate) permit: Option<OwnedSemaphorePermit>,
}

/// To the Conversations actor.
pub(crate) enum ConversationsMsg {
    /// The whole tree stands: take up what waited.
    Begin,
    Ring {
        account: AccountId,
        conversation: ConversationId,
        ring: Ring,
    },
    /// One conversation became a part of another one.
    Merged(MergedConversation),
    /// This account is connected, and turns wait for that.
    Connected(AccountId),
    /// A wake-up is due then.
    WakeAt(Timestamp),
    /// A wake-up is due now.
    Wake,
    /// Tell which shards there are.
    Describe(Describing),
    /// Another blueprint holds.
    Reconfigure(Change),
}

/// To the conversations of one account.
pub(crate) enum ShardMsg {
    /// There is something for this conversation.
    Ring { conversation: ConversationId, ring: Ring },
    /// One conversation became a part of another one, which takes over what waits.
    Merged { kept: ConversationId, gone: ConversationId, ring: Ring },
    /// This conversation has ended its last turn, as it was told.
    Left { conversation: ConversationId },
    /// This conversation has nothing to do, having heard so many rings.
    Idle { conversation: ConversationId, rings: u64 },
    /// A crashed conversation comes back.
    Respawn { conversation: ConversationId, busy: Option<Busy> },
    /// Look for conversations that have been idle for long.
    Sweep,
    /// Another blueprint holds.
    Reconfigure(Change),
}

/// To one conversation.
pub(crate) enum ConversationMsg {
    /// Look into the inbox.
    Ring(Ring),
    /// A debounce or a pause is over.
    Timer,
    /// The running turn ended.
    Ended(Result<TurnEnd, String>),
    /// Say so, if there is nothing to do.
    AreYouIdle,
    /// It became a part of another one: let the turn that runs end, begin no other, and say so.
    Leave,
}

/// How a turn ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum TurnEnd {
    /// Rows were settled.
    Settled { more: bool },
    /// No row waits, or the engine is stopping.
    Nothing,
    /// It was given up for newer messages.
    Interrupted,
    /// Try again after this pause.
    Again { after: Duration },
    /// More may come from the same sender: its assistant waits so long for it.
    Debounced { pause: Duration },
    /// The store cannot be used now. Try again soon, or when it works again.
    StoreAway,
    /// An assistant is away: try again after this pause, or as soon as it is back.
    Away { by: AssistantName, after: Duration },
    /// It cannot be prepared before its account is connected. It is rung then.
    NotConnected,
}

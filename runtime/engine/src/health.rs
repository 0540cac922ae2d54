//! What the engine says about itself.

use greenroom_contract::channel::Ended;
use greenroom_contract::ids::{AccountId, ChannelName, OwnerId};
use greenroom_contract::time::Timestamp;
use serde::Serialize;
use std::fmt;

/// The state of everything, at one moment.
#[derive(Debug, Clone, Serialize)]
pub struct Health {
    /// Whether messages are taken and answered.
    pub ok: bool,
    /// What is wrong, one sentence each.
    pub problems: Vec<String>,
    /// Rows that wait for a turn.
    pub inbox_waiting: u64,
    /// Rows in quarantine, counted up to a page.
    pub quarantined: u64,
    /// Conversations held in memory.
    pub conversations_active: u64,
    /// Actors that crashed and were restarted since the start.
    pub restarts: u64,
    /// Every account.
    pub accounts: Vec<AccountHealth>,
}

/// One account, with proof of life.
#[derive(Debug, Clone, Serialize)]
pub struct AccountHealth {
    /// Which.
    pub account: AccountId,
    /// Its channel.
    pub channel: ChannelName,
    /// The adapter's kind.
    pub adapter: String,
    /// Whose it is.
    pub owner: OwnerId,
    /// What people call it.
    pub label: Option<String>,
    /// How far its link is.
    pub status: LinkStatus,
    /// Since when.
    pub since: Timestamp,
    /// When any bytes last came from the network.
    pub last_frame: Option<Timestamp>,
    /// When a message last arrived.
    pub last_inbound: Option<Timestamp>,
    /// When the network last acknowledged something of ours.
    pub last_acknowledged: Option<Timestamp>,
    /// Parcels that wait to be sent, as far as they are in memory.
    pub outbox_waiting: usize,
    /// Connections made since the start.
    pub connections: u64,
}

/// How far a link is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "status", rename_all = "snake_case")]
pub enum LinkStatus {
    /// The connection is being made.
    Connecting,
    /// The network accepts us.
    Connected,
    /// It was lost and is made again at that moment.
    Reconnecting {
        /// When.
        at: Timestamp,
        /// Why it was lost.
        reason: String,
    },
    /// A person must act.
    Stopped {
        /// Why.
        ended: Ended,
        /// What to do.
        next: String,
    },
    /// Its input came to its end.
    Finished,
    /// Its actor crashed too often.
    Failed {
        /// The last crash.
        reason: String,
    },
}

impl fmt::Display for LinkStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Connecting => f.write_str("connecting"),
            Self::Connected => f.write_str("connected"),
            Self::Reconnecting { reason, .. } => write!(f, "reconnecting ({reason})"),
            Self::Stopped { next, .. } => write!(f, "stopped: {next}"),
            Self::Finished => f.write_str("its input came to its end"),
            Self::Failed { reason } => write!(f, "crashed ({reason})"),
        }
    }
}

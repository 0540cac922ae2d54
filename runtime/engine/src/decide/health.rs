//! What the engine says about itself.

use crate::decide::events::Counts;
use crate::decide::journal::Gap;
use crate::decide::next_action::NextAction;
use crate::decide::rejections::Rejection;
use crate::decide::status::AccountStatus;
use greenroom_contract::ids::{AccountId, ChannelName, OwnerId};
use greenroom_contract::linking::PhoneSeen;
use greenroom_contract::time::Timestamp;
use serde::Serialize;
use std::fmt;

/// The state of everything, at one moment.
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct Health {
    /// Whether messages are taken and answered.
    pub ok: bool,
    /// What is wrong.
    pub problems: Vec<HealthProblem>,
    /// What works now and will go wrong unless something is done.
    pub warnings: Vec<HealthProblem>,
    /// Rows that wait for a turn.
    pub inbox_waiting: u64,
    /// Rows in quarantine.
    pub quarantined: u64,
    /// Messages of the bot that wait to be sent.
    pub outbox_waiting: u64,
    /// Messages of the bot that are held until the owner releases or drops them.
    pub outbox_held: u64,
    /// Conversations held in memory.
    pub conversations_active: u64,
    /// Actors that crashed and were restarted since the start.
    pub restarts: u64,
    /// Every account.
    pub accounts: Vec<AccountHealth>,
    /// What came from outside since the start and was not taken.
    pub rejections: Vec<Rejection>,
}

/// Why an engine does not take messages now.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NotReady {
    /// It stops, or has ended.
    #[error("it is stopping")]
    Stopping,
    /// The store cannot be written.
    #[error("the store cannot be written: {reason}")]
    Store {
        /// Its sentence.
        reason: String,
    },
    /// No account has a link to its network.
    #[error("no account has a link to its network")]
    NoLink,
}

/// Something that is wrong, or will be, and what to do about it. [`fmt::Display`] says both.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct HealthProblem {
    /// What is wrong, in a sentence.
    pub what: String,
    /// The account it is about; `None` if it is about no single one.
    pub account: Option<AccountId>,
    /// What to do, where that is known.
    pub next: Option<NextAction>,
}

impl HealthProblem {
    /// A problem of no single account.
    pub fn new(what: impl Into<String>, next: Option<NextAction>) -> Self {
        Self { what: what.into(), account: None, next }
    }

    /// A problem of this account.
    pub(crate) fn of_account(account: &AccountId, what: String, next: Option<NextAction>) -> Self {
        Self { account: Some(account.clone()), ..Self::new(what, next) }
    }
}

impl fmt::Display for HealthProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)?;
        match &self.next {
            Some(next) => write!(f, "; {next}"),
            None => Ok(()),
        }
    }
}

/// One account, with proof of life.
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
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
    /// How far its link is, and why.
    pub status: AccountStatus,
    /// What its owner should do now, if anything.
    pub next: Option<NextAction>,
    /// Since when it is so.
    pub since: Timestamp,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last linked, for one that is linked at run time.
    pub linked_at: Option<Timestamp>,
    /// When any bytes last came from the network.
    pub last_frame: Option<Timestamp>,
    /// When a message last arrived.
    pub last_inbound: Option<Timestamp>,
    /// When the network last acknowledged a message of the bot.
    pub last_acknowledged: Option<Timestamp>,
    /// Parcels that wait to be sent, as far as they are in memory.
    pub outbox_waiting: usize,
    /// When the network is tried again that takes nothing from this account now.
    pub sends_again_at: Option<Timestamp>,
    /// Connections made since the start.
    pub connections: u64,
    /// What was counted since midnight (UTC).
    pub today: Counts,
    /// Messages since the start of which only the phone knows what they say.
    pub unreadable: u64,
    /// When it was not connected lately, the oldest first.
    pub gaps: Vec<Gap>,
    /// The phone behind it, on networks that unlink an account whose phone stays away.
    pub phone: Option<PhoneSeen>,
}

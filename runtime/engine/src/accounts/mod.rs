//! Accounts that people link while the engine runs: what may be asked, who may ask, and what is shown.
//!
//! Decisions are pure (`rules`) and made by the Channels actor, which alone writes accounts
//! (`channels/desk.rs`, `channels/ledger.rs`). The session of an account carries the linking run out (`login`).

pub(crate) mod ledger;
pub(crate) mod list;
pub(crate) mod login;

pub use login::LoginView;

use greenroom_contract::ids::{AccountId, ChannelName, OwnerId};
use greenroom_contract::limits;
use greenroom_contract::linking::LoginMethod;

/// How many accounts may be linked, or be on their way to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SessionLimits {
    /// Of one owner.
    pub per_owner: u32,
    /// Of all owners.
    pub total: u32,
}

impl Default for SessionLimits {
    fn default() -> Self {
        Self { per_owner: limits::SESSIONS_PER_OWNER_MAX, total: limits::SESSIONS_MAX }
    }
}

/// The wish to link an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LinkRequest {
    /// Where.
    pub channel: ChannelName,
    /// For whom.
    pub owner: OwnerId,
    /// An account that is there already and shall be linked again; `None` makes a new one.
    pub account: Option<AccountId>,
    /// How.
    pub method: LoginMethod,
    /// Whether the owner has just read and accepted the channel's warning.
    pub accepted: bool,
}

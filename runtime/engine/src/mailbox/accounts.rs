//! What is asked of accounts, and what is written down about them.

use crate::decide::reconnect::Keys;
use crate::decide::refused::LinkRefused;
use greenroom_contract::ids::{AccountId, OwnerId};
use greenroom_contract::linking::{LoginMethod, LoginStep};
use greenroom_contract::store::{AccountRow, AccountState};
use serde::Serialize;
use tokio::sync::oneshot;

/// What the owner of an account wants of it.
#[derive(Debug)]
pub(crate) enum AccountRequest {
    /// Fresh codes.
    Refresh(LoginMethod),
    /// No more codes.
    Cancel,
    /// The device removed, the keys deleted.
    Disconnect,
    /// A new connection, at once.
    Reconnect,
    /// The account gone.
    Forget,
}

/// Where the outcome of a request is told.
pub(crate) type OutcomeSender = oneshot::Sender<Result<(), LinkRefused>>;

/// A linking run that was allowed, and for which the store was asked.
pub(crate) struct PreparedLink {
    pub(crate) place: OwnerId,
    pub(crate) account: Option<AccountId>,
    pub(crate) method: LoginMethod,
    pub(crate) result: Result<Option<AccountRow>, LinkRefused>,
    pub(crate) reply: oneshot::Sender<Result<AccountId, LinkRefused>>,
}

/// A new state of an account, and what follows once it is on disk.
#[derive(Debug)]
pub(crate) struct StateChange {
    pub(crate) state: AccountState,
    pub(crate) label: Option<String>,
    pub(crate) keys: Keys,
    pub(crate) then: Vec<AfterWrite>,
}

/// What follows.
#[derive(Debug)]
pub(crate) enum AfterWrite {
    /// The outcome is told.
    Report(OutcomeSender),
    /// The account is linked: it is shown, and connects.
    Linked { label: String },
}

impl StateChange {
    pub(crate) fn to(state: AccountState) -> Self {
        Self { state, label: None, keys: Keys::Keep, then: Vec::new() }
    }

    /// This change after an older one that is not on disk: one write does for both.
    pub(crate) fn after(mut self, older: Self) -> Self {
        self.label = self.label.or(older.label);
        if older.keys == Keys::Delete {
            self.keys = Keys::Delete;
        }
        self.then.splice(0..0, older.then);
        self
    }
}

/// What the person who links sees now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Default)]
pub struct LoginView {
    /// Grows with every change, over all runs of one account since the engine started.
    pub sequence: u64,
    /// The step; `None` while there is nothing to show: a run begins, or a code died and the next one has
    /// not come.
    pub step: Option<LoginStep>,
    /// Whether a run is under way.
    pub running: bool,
}

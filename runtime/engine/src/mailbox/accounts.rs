//! What the Accounts actor is told: what is asked of accounts, and what is written down about them.

use crate::decide::link_end::LinkEnd;
use crate::decide::linking_rules::LinkRequest;
use crate::decide::reconnect::Keys;
use crate::decide::refused::LinkRefused;
use greenroom_contract::address::AllowEntry;
use greenroom_contract::ids::{AccountId, OwnerId};
use greenroom_contract::linking::{LinkMethod, LinkStep};
use greenroom_contract::store::{AccountRow, AccountState, StoreError};
use serde::Serialize;
use tokio::sync::oneshot;

/// To the Accounts actor.
pub(crate) enum AccountsMsg {
    /// An account is to be linked.
    Link { request: LinkRequest, admitted: Vec<AllowEntry>, reply: oneshot::Sender<Result<AccountId, LinkRefused>> },
    /// The store was asked for it.
    LinkPrepared(Box<PreparedLink>),
    /// Something is wanted of an account that is there.
    Request { account: AccountId, owner: OwnerId, request: AccountRequest, reply: OutcomeSender },
    /// A linking run ended.
    LinkingEnded { account: AccountId, end: LinkEnd },
    /// A session crashed, or had to end, that had been told to begin this linking run.
    SessionGone { account: AccountId, linking: u64, reason: &'static str },
    /// A session learned something that must be kept.
    Set { account: AccountId, change: StateChange },
    /// A state was written, or not.
    Written { account: AccountId, result: Result<(), StoreError> },
    /// It is tried again.
    WriteAgain(AccountId),
    /// An account was deleted, or not.
    Forgotten { account: AccountId, result: Result<(), LinkRefused>, reply: OutcomeSender },
}

/// What the owner of an account wants of it.
#[derive(Debug)]
pub(crate) enum AccountRequest {
    /// Fresh codes.
    Refresh(LinkMethod),
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
    pub(crate) method: LinkMethod,
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
#[non_exhaustive]
pub struct LinkView {
    /// Grows with every change, over all runs of one account since the engine started.
    pub sequence: u64,
    /// The step; `None` while there is nothing to show: a run begins, or a code died and the next one has
    /// not come.
    pub step: Option<LinkStep>,
    /// Whether a run is under way.
    pub running: bool,
}

//! What is asked of accounts, and what is written down about them.

use crate::decide::reconnect::Keys;
use crate::decide::refused::LinkRefused;
use crate::decide::status::AccountStatus;
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

/// How a linking run ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum LoginEnd {
    /// The account is linked; the label is to be shown.
    Done { label: String },
    /// Nobody scanned in time.
    Expired,
    /// The phone has no room.
    SlotsFull { devices_max: u32 },
    /// It did not work.
    Failed { reason: String, next: String },
    /// It was told to end.
    Cancelled,
}

impl LoginEnd {
    /// The last step, as it is shown.
    pub(crate) fn step(&self) -> LoginStep {
        match self {
            Self::Done { label } => LoginStep::Done { label: label.clone() },
            Self::Expired => LoginStep::Expired,
            Self::SlotsFull { devices_max } => LoginStep::SlotsFull { devices_max: *devices_max },
            Self::Failed { reason, next } => LoginStep::Failed { reason: reason.clone(), next: next.clone() },
            Self::Cancelled => {
                LoginStep::Failed { reason: "linking was cancelled".to_owned(), next: "link again".to_owned() }
            }
        }
    }

    /// Why the account is not linked.
    pub(crate) fn reason(&self) -> String {
        match self {
            Self::Done { .. } => String::new(),
            Self::Expired => "the code expired before it was scanned".to_owned(),
            Self::SlotsFull { devices_max } => format!("{devices_max} devices are linked already"),
            Self::Failed { reason, next } => format!("{reason}; {next}"),
            Self::Cancelled => "linking was cancelled".to_owned(),
        }
    }

    /// What the account is afterwards.
    pub(crate) fn status(&self) -> AccountStatus {
        match self {
            Self::Done { .. } => AccountStatus::Finishing,
            Self::SlotsFull { devices_max } => AccountStatus::SlotsFull { devices_max: *devices_max },
            Self::Expired | Self::Failed { .. } | Self::Cancelled => AccountStatus::NotLinked { reason: self.reason() },
        }
    }

    /// The end that this step is, if it is one.
    pub(crate) fn of(step: LoginStep) -> Option<Self> {
        match step {
            LoginStep::Done { label } => Some(Self::Done { label }),
            LoginStep::Expired => Some(Self::Expired),
            LoginStep::SlotsFull { devices_max } => Some(Self::SlotsFull { devices_max }),
            LoginStep::Failed { reason, next } => Some(Self::Failed { reason, next }),
            LoginStep::Qr { .. } | LoginStep::Code { .. } | LoginStep::Passkey { .. } | LoginStep::Finishing => None,
        }
    }

    /// It did not work, and may be tried again.
    pub(crate) fn failed(reason: &str) -> Self {
        Self::Failed { reason: reason.to_owned(), next: "link again".to_owned() }
    }
}

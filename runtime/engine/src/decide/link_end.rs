//! How a linking run ended, and what that means for its account. Pure.

use crate::decide::status::AccountStatus;
use greenroom_contract::linking::{LinkFailure, LinkStep};

/// How a linking run ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum LinkEnd {
    /// The account is linked; the label is to be shown.
    Done { label: String },
    /// It did not work.
    Failed { failure: LinkFailure, reason: String, next: String },
    /// It was told to end.
    Cancelled,
}

impl LinkEnd {
    /// The last step, as it is shown.
    pub(crate) fn step(&self) -> LinkStep {
        match self {
            Self::Done { label } => LinkStep::Done { label: label.clone() },
            Self::Failed { failure, reason, next } => {
                LinkStep::Failed { failure: *failure, reason: reason.clone(), next: next.clone() }
            }
            Self::Cancelled => LinkStep::Failed {
                failure: LinkFailure::Cancelled,
                reason: "linking was cancelled".to_owned(),
                next: "link again".to_owned(),
            },
        }
    }

    /// Why the account is not linked.
    pub(crate) fn reason(&self) -> String {
        match self {
            Self::Done { .. } => String::new(),
            Self::Failed { failure: LinkFailure::Other, reason, next } => format!("{reason}; {next}"),
            // What to do is a value then.
            Self::Failed { reason, .. } => reason.clone(),
            Self::Cancelled => "linking was cancelled".to_owned(),
        }
    }

    /// What the account is afterwards.
    pub(crate) fn status(&self) -> AccountStatus {
        match self {
            Self::Done { .. } => AccountStatus::Finishing,
            Self::Failed { failure: LinkFailure::NoRoom { devices_max }, .. } => {
                AccountStatus::SlotsFull { devices_max: *devices_max }
            }
            Self::Failed { .. } | Self::Cancelled => AccountStatus::NotLinked { reason: self.reason() },
        }
    }

    /// The end that this step is, if it is one.
    pub(crate) fn of(step: LinkStep) -> Option<Self> {
        match step {
            LinkStep::Done { label } => Some(Self::Done { label }),
            LinkStep::Failed { failure, reason, next } => Some(Self::Failed { failure, reason, next }),
            _ => None,
        }
    }

    /// It did not work, and may be tried again.
    pub(crate) fn failed(reason: &str) -> Self {
        Self::failed_until(reason, "link again")
    }

    /// It did not work, and this must be done before it is tried again.
    pub(crate) fn failed_until(reason: &str, next: &str) -> Self {
        Self::Failed { failure: LinkFailure::Other, reason: reason.to_owned(), next: next.to_owned() }
    }
}

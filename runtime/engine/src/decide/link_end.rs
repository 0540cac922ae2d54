//! How a linking run ended, and what that means for its account. Pure.

use crate::decide::status::AccountStatus;
use greenroom_contract::linking::LinkStep;

/// How a linking run ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum LinkEnd {
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

impl LinkEnd {
    /// The last step, as it is shown.
    pub(crate) fn step(&self) -> LinkStep {
        match self {
            Self::Done { label } => LinkStep::Done { label: label.clone() },
            Self::Expired => LinkStep::Expired,
            Self::SlotsFull { devices_max } => LinkStep::SlotsFull { devices_max: *devices_max },
            Self::Failed { reason, next } => LinkStep::Failed { reason: reason.clone(), next: next.clone() },
            Self::Cancelled => {
                LinkStep::Failed { reason: "linking was cancelled".to_owned(), next: "link again".to_owned() }
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
    pub(crate) fn of(step: LinkStep) -> Option<Self> {
        match step {
            LinkStep::Done { label } => Some(Self::Done { label }),
            LinkStep::Expired => Some(Self::Expired),
            LinkStep::SlotsFull { devices_max } => Some(Self::SlotsFull { devices_max }),
            LinkStep::Failed { reason, next } => Some(Self::Failed { reason, next }),
            LinkStep::Qr { .. } | LinkStep::Code { .. } | LinkStep::Passkey { .. } | LinkStep::Finishing => None,
        }
    }

    /// It did not work, and may be tried again.
    pub(crate) fn failed(reason: &str) -> Self {
        Self::Failed { reason: reason.to_owned(), next: "link again".to_owned() }
    }
}

//! Linking an account, as a list of steps.
//!
//! A screen renders steps and knows no network. The steps of one linking run come over a bounded
//! channel, each replacing the one before; the run ends with a step that [is the last](LinkStep::is_last).

use crate::cause::Cause;
use crate::time::Timestamp;
use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use std::time::Duration;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

/// What a person should know before the first account of a channel is linked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Linking {
    /// What is synced and processed here, what the network may do about automation, what a compromised
    /// host could do, what is stored and for how long, and what is advised: paragraphs of plain text. It must be
    /// accepted before the first link.
    pub warning: String,
}

/// When the phone behind an account last showed itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct PhoneSeen {
    /// When.
    pub at: Timestamp,
    /// How long it may stay away before the network unlinks its companions.
    pub absent_max: Duration,
}

/// What the person who links has to do now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "step", rename_all = "snake_case")]
pub enum LinkStep {
    /// Show this as a QR code until it expires or another step comes.
    Qr {
        /// The content of the code.
        code: String,
        /// When it stops working. Never shown after that.
        valid_until: Timestamp,
        /// Which rotation this is, from 1.
        number: u32,
        /// How many rotations there are before linking must be started again.
        of: u32,
    },
    /// Show this code; it is typed on the phone.
    Code {
        /// The code.
        code: String,
        /// When it stops working.
        valid_until: Timestamp,
    },
    /// The network wants a passkey. It can only be given in a browser.
    Passkey {
        /// What to do, in a sentence.
        guidance: String,
        /// When the request ends.
        valid_until: Timestamp,
    },
    /// The phone agreed; keys are being stored and the connection is made anew.
    Finishing,
    /// Linked.
    Done {
        /// The linked number or name, to be shown.
        label: String,
    },
    /// Nobody scanned in time. May be started again.
    Expired,
    /// The network allows so many devices on one account, and all places are taken. Ends the run.
    SlotsFull {
        /// How many.
        devices_max: u32,
    },
    /// It did not work.
    Failed {
        /// Why, in a sentence.
        reason: String,
        /// What to do now.
        next: String,
    },
}

impl LinkStep {
    /// Whether nothing comes after it.
    pub fn is_last(&self) -> bool {
        matches!(self, Self::Done { .. } | Self::Expired | Self::SlotsFull { .. } | Self::Failed { .. })
    }

    /// When what it shows stops working.
    pub fn valid_until(&self) -> Option<Timestamp> {
        match self {
            Self::Qr { valid_until, .. } | Self::Code { valid_until, .. } | Self::Passkey { valid_until, .. } => {
                Some(*valid_until)
            }
            _ => None,
        }
    }
}

/// How to link.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LinkMethod {
    /// By a QR code that the phone scans.
    Qr,
    /// By a code that is typed on the phone with this number (digits with `+`).
    Code {
        /// The phone number.
        phone: String,
    },
}

/// An ability of a [`crate::channel::Link`]: to be linked by a person.
#[async_trait]
pub trait Pairing: Send + Sync {
    /// Starts or restarts a linking run. Steps arrive on `steps` until the run ends or `stop` is
    /// cancelled. Returns once the run ended. Must not be called while one is under way.
    async fn link(&self, method: LinkMethod, steps: mpsc::Sender<LinkStep>, stop: CancellationToken);

    /// Unlinks: tells the network to remove this device, then forgets the keys.
    async fn logout(&self) -> Result<(), LogoutError>;
}

/// Why unlinking was not completed.
#[derive(Debug, thiserror::Error)]
pub enum LogoutError {
    /// The network could not be told; the keys are kept, so that it can be tried again.
    #[error("the network could not be told: {reason}")]
    Unreachable {
        /// The cause.
        #[source]
        reason: Cause,
    },
}

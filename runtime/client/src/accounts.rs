//! What the API says about accounts, and about linking one. Times are milliseconds since 1970.

use crate::next::NextView;
use serde::{Deserialize, Serialize};

/// One account: `GET /api/v1/accounts`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountView {
    /// Its id.
    pub account: String,
    /// Its channel.
    pub channel: String,
    /// The adapter's kind.
    pub adapter: String,
    /// Whose it is.
    pub owner: String,
    /// What people call it, such as the linked number.
    pub label: Option<String>,
    /// How far its link is, in a word or two for people.
    pub status: String,
    /// The same for programs, in one word that does not change, such as `logged_out`.
    pub code: String,
    /// Why, where there is something to say.
    pub reason: Option<String>,
    /// What its owner should do now, if anything.
    pub next: Option<NextView>,
    /// Since when it is so.
    pub since_ms: u64,
    /// When it changes by itself: a code stops working, a connection is tried again.
    pub until_ms: Option<u64>,
    /// When it was made.
    pub created_at_ms: u64,
    /// When it was last linked, for one that is linked at run time.
    pub linked_at_ms: Option<u64>,
    /// When any bytes last came from the network.
    pub last_frame_ms: Option<u64>,
    /// When a message last arrived.
    pub last_inbound_ms: Option<u64>,
    /// When the network last acknowledged a message of the bot.
    pub last_acknowledged_ms: Option<u64>,
    /// When the phone behind it was last seen.
    pub phone_seen_ms: Option<u64>,
    /// How long that phone may stay away before the network unlinks this account, in milliseconds.
    pub phone_absent_max_ms: Option<u64>,
    /// Messages that wait to be sent.
    pub outbox_waiting: u64,
    /// Connections made since the start.
    pub connections: u64,
    /// Messages since the start of which only the phone knows what they say.
    #[serde(default)]
    pub unreadable: u64,
}

/// The wish to link an account: `POST /api/v1/channels/{channel}/accounts`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LinkBody {
    /// An account that shall be linked again; absent for a new one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
    /// The phone number with `+`, for a code that is typed on the phone; absent for a QR code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone: Option<String>,
    /// Whether the channel's warning was read and accepted.
    #[serde(default)]
    pub accepted: bool,
}

/// The wish for fresh codes: `POST /api/v1/accounts/{account}/login`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RefreshBody {
    /// As in [`LinkBody::phone`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone: Option<String>,
}

/// An account that is being linked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LinkingView {
    /// Its id.
    pub account: String,
}

/// How far linking is: `GET /api/v1/accounts/{account}/login?after=SEQUENCE`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LinkProgress {
    /// Grows with every change. Ask again with `after` set to it, and the answer waits for the next one.
    pub sequence: u64,
    /// Whether a linking run is under way.
    pub running: bool,
    /// What to do now; absent while there is nothing to show.
    pub step: Option<LinkStepView>,
}

/// What the person who links has to do now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "step", rename_all = "snake_case")]
pub enum LinkStepView {
    /// Show this as a QR code until it stops working or another step comes.
    Qr {
        /// The content of the code.
        code: String,
        /// When it stops working.
        valid_until_ms: u64,
        /// Which one it is, from 1.
        number: u32,
        /// How many there are.
        of: u32,
    },
    /// Show this code; it is typed on the phone.
    Code {
        /// The code.
        code: String,
        /// When it stops working.
        valid_until_ms: u64,
    },
    /// The network wants a passkey.
    Passkey {
        /// What to do, in a sentence.
        guidance: String,
        /// When the request ends.
        valid_until_ms: u64,
    },
    /// The phone agreed; keys are being stored.
    Finishing,
    /// Linked.
    Done {
        /// The linked number or name.
        label: String,
    },
    /// The codes expired before one was scanned.
    Expired,
    /// The phone has no room for another device.
    SlotsFull {
        /// How many devices the network allows.
        devices_max: u32,
    },
    /// It did not work.
    Failed {
        /// Why.
        reason: String,
        /// What to do.
        next: String,
    },
}

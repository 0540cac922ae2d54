//! What the API says about sessions, and about linking one: a session is one account of a channel. Times are milliseconds since 1970.

use crate::explained::GapView;
use crate::next::NextView;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;

/// One session: `GET /api/v1/sessions`.
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionView {
    /// Its id.
    pub session: String,
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
    /// Turns that were answered since midnight (UTC), as far as this run saw them.
    #[serde(default)]
    pub answered_today: u64,
    /// Messages that were refused since midnight (UTC), as far as this run saw them.
    #[serde(default)]
    pub refused_today: u64,
    /// When it was not connected lately, the oldest first.
    #[serde(default)]
    pub gaps: Vec<GapView>,
}

/// The wish to link a session: `POST /api/v1/sessions`.
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LinkBody {
    /// Where.
    pub channel: String,
    /// A session that shall be linked again; absent for a new one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session: Option<String>,
    /// The phone number with `+`, for a code that is typed on the phone; absent for a QR code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone: Option<String>,
    /// Whom it admits from the beginning, as entries of its allow-list.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub allow: Vec<String>,
    /// Whether the channel's warning was read and accepted.
    #[serde(default)]
    pub accept_risk: bool,
}

/// The wish for fresh codes: `POST /api/v1/sessions/{session}/link`.
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RefreshBody {
    /// As in [`LinkBody::phone`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone: Option<String>,
}

/// A session that is being linked.
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LinkingView {
    /// Its id.
    pub session: String,
}

/// What a clean-up took: `POST /api/v1/sessions/clean`.
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ForgottenView {
    /// Their ids.
    pub forgotten: Vec<String>,
}

/// How far linking is: `GET /api/v1/sessions/{session}/link?after=SEQUENCE`.
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LinkProgress {
    /// Grows with every change. Ask again with `after` set to it, and the answer waits for the next one.
    pub sequence: u64,
    /// Whether a linking run is under way.
    pub running: bool,
    /// What to do now; absent while there is nothing to show.
    pub step: Option<LinkStepView>,
}

/// What the person who links has to do now. A page that renders these six kinds can link an account of any network.
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "step", rename_all = "snake_case")]
pub enum LinkStepView {
    /// Show a code until it stops working or another step comes.
    Show {
        /// How it is shown.
        form: CodeForm,
        /// The code.
        code: String,
        /// What to do with it, in a sentence.
        guidance: String,
        /// When it stops working.
        valid_until_ms: u64,
        /// Which one it is, from 1.
        number: u32,
        /// How many there are.
        of: u32,
    },
    /// Ask, and send what was typed: `POST /api/v1/sessions/{session}/link/answers`.
    Ask {
        /// What is asked, in a sentence.
        guidance: String,
        /// What is to be typed.
        fields: Vec<FieldView>,
        /// When the network stops waiting.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        valid_until_ms: Option<u64>,
    },
    /// Open a page in a browser.
    Open {
        /// Its address.
        address: String,
        /// What to do there, in a sentence.
        guidance: String,
        /// When it stops working.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        valid_until_ms: Option<u64>,
    },
    /// Wait; something goes on, here or elsewhere.
    Wait {
        /// What, in a sentence.
        guidance: String,
        /// When the network stops waiting; absent where nothing is wanted of the person.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        valid_until_ms: Option<u64>,
    },
    /// Linked.
    Done {
        /// The linked number or name.
        label: String,
    },
    /// It did not work.
    Failed {
        /// What kind of failure it was.
        failure: LinkFailureView,
        /// Why.
        reason: String,
        /// What to do.
        next: String,
    },
}

/// How a code is shown.
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CodeForm {
    /// As a QR code, to be scanned.
    Qr,
    /// As text, to be typed elsewhere.
    Text,
}

/// One thing that is typed.
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FieldView {
    /// Its name in the answer.
    pub name: String,
    /// What stands before the input.
    pub label: String,
    /// Whether it must not be shown while it is typed.
    pub secret: bool,
}

/// What kind of failure ended a linking run.
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[non_exhaustive]
pub enum LinkFailureView {
    /// What was shown or asked was not used in time.
    Expired,
    /// The account has no room for another device.
    NoRoom {
        /// How many devices the network allows.
        devices_max: u32,
    },
    /// It was cancelled.
    Cancelled,
    /// Anything else.
    Other,
}

/// What was typed: `POST /api/v1/sessions/{session}/link/answers`. `Debug` hides the values.
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AnswersBody {
    /// By the names of the fields.
    pub answers: BTreeMap<String, String>,
}

impl fmt::Debug for AnswersBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.answers.keys()).finish()
    }
}

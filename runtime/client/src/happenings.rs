//! What the API tells as it happens, and the code that is shown. Times are milliseconds since 1970.

use serde::{Deserialize, Serialize};

/// The data of one event of `GET /api/v1/events`; its name and its number are beside it.
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum EventView {
    /// The stream begins.
    Hello {
        /// The version of the program.
        version: String,
        /// The number of the newest event.
        newest: u64,
    },
    /// Events in between are not kept any more: ask for the present state of everything.
    Gap {
        /// The number of the newest event.
        newest: u64,
    },
    /// A session is in another state.
    State {
        /// The session.
        session: String,
        /// Its channel.
        channel: String,
        /// When.
        at_ms: u64,
        /// As in `SessionView::status`.
        status: String,
        /// As in `SessionView::code`.
        code: String,
        /// As in `SessionView::reason`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
        /// As in `SessionView::until_ms`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        until_ms: Option<u64>,
    },
    /// The person who links a session has something else to do: ask `GET /api/v1/sessions/{session}/link`. A code is never in an
    /// event.
    Link {
        /// The session.
        session: String,
        /// Its channel.
        channel: String,
        /// When.
        at_ms: u64,
        /// The number of the step.
        sequence: u64,
        /// Whether the linking run continues.
        running: bool,
    },
    /// How many messages there were since midnight (UTC), as far as this run saw them. In place of the one before.
    Counts {
        /// The session.
        session: String,
        /// Its channel.
        channel: String,
        /// When.
        at_ms: u64,
        /// Messages of people who are admitted.
        received: u64,
        /// Messages that were refused.
        refused: u64,
        /// Turns that were answered.
        answered: u64,
        /// Messages of the bot that the network took.
        sent: u64,
        /// Messages of the bot that will not arrive, or are held.
        failed: u64,
    },
    /// A message of the bot will not arrive, or waits for the owner.
    Failed {
        /// The session.
        session: String,
        /// Its channel.
        channel: String,
        /// When.
        at_ms: u64,
        /// The message, as it was named when it was queued.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        message: Option<String>,
        /// Its conversation.
        conversation: u64,
        /// Whether it waits for the owner.
        held: bool,
        /// Why.
        reason: String,
    },
}

impl EventView {
    /// The name of the event.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Hello { .. } => "hello",
            Self::Gap { .. } => "gap",
            Self::State { .. } => "state",
            Self::Link { .. } => "link",
            Self::Counts { .. } => "counts",
            Self::Failed { .. } => "failed",
        }
    }
}

/// The code that is shown: `GET /api/v1/sessions/{session}/qr?format=json`.
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct QrView {
    /// What is in the code.
    pub code: String,
    /// The same as a picture, in SVG.
    pub svg: String,
    /// When it stops working.
    pub valid_until_ms: u64,
    /// Which one it is, from 1.
    pub number: u32,
    /// How many there are.
    pub of: u32,
}

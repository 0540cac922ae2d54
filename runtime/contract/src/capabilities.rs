//! What a network can do, as data.
//!
//! The engine reads this table before it sends: it splits what is too long and degrades what is
//! missing, so that an assistant need not know which network it talks on.

use serde::{Deserialize, Serialize};

/// What a channel can do. Constant for the life of a [`crate::channel::Channel`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Capabilities {
    /// Longest text, in characters.
    pub text_chars_max: usize,
    /// Longest caption, in characters.
    pub caption_chars_max: usize,
    /// Whether pictures can be sent. If not: caption and a note.
    pub images: Support,
    /// Whether voice notes can be sent. If not: a note.
    pub voice: Support,
    /// Whether reactions can be sent. If not: nothing.
    pub reactions: Support,
    /// Whether a message can visibly answer another one. If not: plain.
    pub replies: Support,
    /// Whether there are groups.
    pub groups: Support,
    /// Whether the network shows mentions. If not: name patterns only.
    pub mentions: Support,
    /// Whether "typing …" can be shown.
    pub typing: Support,
    /// What the network does with the same message sent twice.
    pub resend: Resend,
}

/// Whether something is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Support {
    /// It is.
    Yes,
    /// It is not.
    No,
}

impl Support {
    /// Whether it is there.
    pub fn is_there(self) -> bool {
        self == Self::Yes
    }
}

/// What happens when a message is sent again with the same id, because it is unknown whether the
/// first attempt arrived.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Resend {
    /// The network keeps the first and drops the second, and says so at once: resend without waiting.
    Idempotent,
    /// The receiver shows it once, but evidence may still come: wait for it, then resend with the same id.
    SameId,
    /// The receiver would see it twice: wait for evidence, then do as configured.
    Visible,
}

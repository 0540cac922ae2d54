//! The document of an answer.
//!
//! | module | holds |
//! |---|---|
//! | `reply` | the document of one thing to say |
//! | `usage` | the document of what it cost: one entry or several |
//! | `read` | how an answer is made of its document, and what is refused |
//! | `of` | how an answer becomes its document |

mod of;
mod read;
mod reply;
mod usage;

pub(crate) use of::usage_of;
pub use read::{DocumentError, read, read_value, turn_of};
pub use reply::{ChoiceDocument, ChoicesDocument, ImageReply, LocationReply, NamedFile, ReplyDocument, VoiceReply};
pub use usage::{UsageDocument, UsageList};

use crate::media::CarriedMedium;
use crate::memory::Memory;
use crate::turn::WakeDocument;
use serde::{Deserialize, Serialize};

/// What an assistant returns. `{}` is silence. A key that is unknown is refused, so that a misspelled one is noticed.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct AnswerDocument {
    /// The version of this document: 1, which also counts where it is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub v: Option<u32>,
    /// The turn that is answered, as its document names it. Needed where several documents share one pipe.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub turn: Option<String>,
    /// What to say, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub replies: Vec<ReplyDocument>,
    /// When to be woken for this conversation. One with a token that waits already takes its place.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub wake: Vec<WakeDocument>,
    /// Tokens of wake-ups that are taken back.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cancel_wakes: Vec<String>,
    /// Who answers instead, after these replies.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hand_over: Option<HandOverDocument>,
    /// Whether what was said and remembered here before is forgotten.
    #[serde(default, skip_serializing_if = "is_false")]
    pub forget: bool,
    /// What it cost: one entry, or a list with one for each model.
    #[serde(default, skip_serializing_if = "UsageList::is_empty")]
    pub usage: UsageList,
    /// What to remember of this conversation, all of it: what is not in it is forgotten. Left out, all stays as it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory: Option<Memory>,
    /// The bytes of media that replies name by number, beside those of the turn.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub media: Vec<CarriedMedium>,
    /// Why this turn can never be answered, in words for the owner. Stands alone, beside `v` and `turn` only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub never: Option<String>,
}

/// Who answers instead.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct HandOverDocument {
    /// The name of an assistant; or `human`, which is the owner of the account; or `configured`, whichever assistant the
    /// configuration names for the chat. An assistant with one of these two names cannot be reached.
    pub to: String,
    /// Whether the next messages are answered by the same one.
    #[serde(default, skip_serializing_if = "is_false")]
    pub stays: bool,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands over references")]
fn is_false(value: &bool) -> bool {
    !value
}

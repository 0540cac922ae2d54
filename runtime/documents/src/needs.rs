//! What a remote assistant is told, as its owner configures it. The same keys for every kind that is given documents.

use greenroom_contract::assistant::{Content, Needs, Turn};
use greenroom_contract::limits::{DEBOUNCE_OF_REMOTE, HISTORY_TURNS_MAX};
use greenroom_contract::schema::{Key, KeyKind};

/// Past turns that are told where the configuration says nothing.
pub const HISTORY_TURNS_DEFAULT: usize = 20;

/// `history_turns`.
#[allow(clippy::cast_possible_wrap, reason = "a few hundred")]
pub const HISTORY_TURNS: Key = Key::new(
    "history_turns",
    KeyKind::Integer { min: 0, max: HISTORY_TURNS_MAX as i64 },
    "How many past turns it is told.",
)
.default("20");
/// `images`.
pub const IMAGES: Key =
    Key::new("images", KeyKind::Boolean, "Whether it is sent pictures. If not it sees their captions.")
        .default("false");
/// `documents`.
pub const DOCUMENTS: Key =
    Key::new("documents", KeyKind::Boolean, "Whether it is sent files. If not it sees their names and captions.")
        .default("false");
/// `overheard`.
pub const OVERHEARD: Key =
    Key::new("overheard", KeyKind::Boolean, "Whether it is told what was said in a group and not to the bot.")
        .default("false");
/// `addresses`.
pub const ADDRESSES: Key =
    Key::new("addresses", KeyKind::Boolean, "Whether it is told phone numbers and other addresses of people.")
        .default("false");
/// `reactions`.
pub const REACTIONS: Key =
    Key::new("reactions", KeyKind::Boolean, "Whether an emoji below a message of the bot is a turn for it.")
        .default("false");

/// The values of these keys.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[allow(clippy::struct_excessive_bools, reason = "each is a key of its own")]
pub struct Told {
    /// See [`HISTORY_TURNS`].
    pub history_turns: Option<usize>,
    /// See [`IMAGES`].
    pub images: bool,
    /// See [`DOCUMENTS`].
    pub documents: bool,
    /// See [`OVERHEARD`].
    pub overheard: bool,
    /// See [`ADDRESSES`].
    pub addresses: bool,
    /// See [`REACTIONS`].
    pub reactions: bool,
}

impl Told {
    /// What the engine prepares for it.
    #[must_use]
    pub fn needs(self) -> Needs {
        Needs {
            history_turns: self.history_turns.unwrap_or(HISTORY_TURNS_DEFAULT),
            images: self.images,
            reactions: self.reactions,
            documents: self.documents,
            overheard: self.overheard,
            addresses: self.addresses,
            debounce: DEBOUNCE_OF_REMOTE,
        }
    }
}

/// Whether a turn is made of nothing but reactions, for an assistant that did not ask for them. It gets silence: no program
/// has to know that there is such a kind of message.
#[must_use]
pub fn is_unasked(turn: &Turn, needs: &Needs) -> bool {
    !needs.reactions && turn.messages.iter().all(|message| matches!(message.content, Content::Reaction { .. }))
}

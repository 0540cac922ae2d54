//! The document of one message.

use serde::{Deserialize, Serialize};

/// One message of a turn.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct MessageDocument {
    /// Its id on the network, for `to` of a reaction.
    pub id: String,
    /// When it was written.
    pub at: u64,
    /// What it answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quote: Option<QuoteDocument>,
    /// What it says.
    #[serde(flatten)]
    pub content: MessageContent,
}

/// What a message says; `kind` tells which keys it has. A kind that a reader does not know is to be ignored.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum MessageContent {
    /// Words.
    Text {
        /// The words.
        text: String,
    },
    /// A picture.
    Image {
        /// The picture; missing where the assistant does not look at pictures.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        image: Option<MediumDocument>,
        /// The words below it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        text: Option<String>,
    },
    /// A voice note, heard.
    Voice {
        /// What was said.
        text: String,
        /// What else is known of it.
        voice: VoiceDocument,
    },
    /// One of the options that were offered, tapped or typed.
    Choice {
        /// The option's id.
        choice: String,
        /// Its title.
        text: String,
    },
    /// A file.
    Document {
        /// The file.
        document: FileDocument,
        /// The words below it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        text: Option<String>,
    },
    /// A place.
    Location {
        /// The place.
        location: LocationDocument,
    },
    /// People from an address book.
    Contacts {
        /// The people; never empty.
        contacts: Vec<ContactDocument>,
    },
    /// An emoji below a message.
    Reaction {
        /// The emoji, and below which message.
        reaction: ReactionDocument,
    },
    /// A wake-up that the assistant asked for.
    Wake {
        /// What it asked to be reminded of.
        wake: String,
    },
    /// A kind that is not understood, with its words.
    Unsupported {
        /// Which kind, as the network calls it.
        unsupported: String,
        /// The words that came with it; may be empty.
        text: String,
    },
    /// A kind that this version of the reader does not know.
    #[serde(other)]
    Unknown,
}

/// The message that another one answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct QuoteDocument {
    /// Its id.
    pub id: String,
    /// What it says, where it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// Whether it is a message of the bot.
    pub ours: bool,
    /// Whether the text is only what the one who quotes it claims.
    #[serde(default, skip_serializing_if = "is_false")]
    pub claimed: bool,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands over references")]
fn is_false(value: &bool) -> bool {
    !value
}

/// A picture of a message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct MediumDocument {
    /// The number of its bytes; missing if they are too many for a document.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub medium: Option<u32>,
    /// Its type, such as `image/jpeg`.
    pub mime: String,
    /// How many bytes it has.
    pub bytes: u64,
}

/// A file of a message.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct FileDocument {
    /// Its name, as the sender calls it. Not a path, and not to be trusted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The file itself; missing where the assistant does not read documents.
    #[serde(flatten, default, skip_serializing_if = "Option::is_none")]
    pub file: Option<MediumDocument>,
}

/// What is known of a voice note beside its words.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct VoiceDocument {
    /// How long it is, in seconds.
    pub seconds: f64,
    /// Its language, as a two-letter code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    /// How sure the speech model is, from 0 to 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confidence: Option<f64>,
}

/// A place on earth.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct LocationDocument {
    /// Degrees north, from -90 to 90.
    pub latitude: f64,
    /// Degrees east, from -180 to 180.
    pub longitude: f64,
    /// What it is called.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Its address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
}

/// A person from an address book.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ContactDocument {
    /// The name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Phone numbers as they are written there.
    pub phones: Vec<String>,
}

/// An emoji below a message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ReactionDocument {
    /// The id of the message.
    pub to: String,
    /// The emoji; missing if it was taken back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub emoji: Option<String>,
}

//! The document of one thing to say.

use greenroom_contract::assistant::{Markup, Quoting};
use serde::{Deserialize, Serialize};

/// One thing to say: `text` alone, or exactly one of `choices`, `image`, `document`, `voice`, `location` and `react`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ReplyDocument {
    /// Words, of any length; beside a picture or a file, the words below it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// How the words are written: `plain`, which counts where it is left out, or `markdown`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(with = "Option<String>", extend("enum" = ["plain", "markdown"])))]
    pub markup: Option<Markup>,
    /// Whether it visibly answers the message: `where_useful`, which counts where it is left out, `always` or `never`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(with = "Option<String>", extend("enum" = ["where_useful", "always", "never"])))]
    pub quote: Option<Quoting>,
    /// A question with options.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub choices: Option<ChoicesDocument>,
    /// A picture.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image: Option<ImageReply>,
    /// A file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub document: Option<NamedFile>,
    /// A voice note: Ogg/Opus, WAV or MP3.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub voice: Option<VoiceReply>,
    /// A place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub location: Option<LocationReply>,
    /// An emoji below the message `to`; an empty text takes it back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub react: Option<String>,
    /// The id of the message below which the emoji is set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
}

/// A picture that is said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ImageReply {
    /// The number of its bytes.
    pub medium: u32,
}

/// A voice note that is said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct VoiceReply {
    /// The number of its bytes.
    pub medium: u32,
}

/// A file that is said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct NamedFile {
    /// The number of its bytes.
    pub medium: u32,
    /// The name under which it is shown, such as `bill.pdf`.
    pub name: String,
}

/// A place that is said.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct LocationReply {
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

/// A question with options.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ChoicesDocument {
    /// The question.
    pub text: String,
    /// What can be chosen, in order; at least one.
    pub options: Vec<ChoiceDocument>,
    /// What stands on the button that opens a list, where the network has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub open_label: Option<String>,
}

/// One option.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ChoiceDocument {
    /// What comes back when it is chosen; unique within its question.
    pub id: String,
    /// What people read.
    pub title: String,
    /// A line below the title, where the network shows one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
}

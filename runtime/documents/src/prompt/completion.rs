//! The document of what a model said.

use crate::answer::{UsageList, usage_of};
use greenroom_contract::model::{Completion, Ended};
use serde::{Deserialize, Serialize};

/// What a model said to a prompt. Keys that a reader does not know are to be ignored.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct CompletionDocument {
    /// Its words.
    pub text: String,
    /// Why it stopped.
    pub ended: EndedDocument,
    /// What it cost. The host counts it already: an answer does not repeat it.
    #[serde(default, skip_serializing_if = "UsageList::is_empty")]
    pub usage: UsageList,
}

/// Why a model stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum EndedDocument {
    /// It said everything.
    Whole,
    /// Its words are cut.
    Cut,
    /// It declined.
    Refused,
}

impl CompletionDocument {
    /// The document of a completion.
    #[must_use]
    pub fn of(completion: &Completion) -> Self {
        let usage = completion.usage.iter().map(usage_of);
        let ended = match completion.ended {
            Ended::Whole | Ended::Calls => EndedDocument::Whole,
            Ended::Cut => EndedDocument::Cut,
            Ended::Refused => EndedDocument::Refused,
        };
        Self { text: completion.said.text.clone(), ended, usage: UsageList(usage.collect()) }
    }

    /// The document as one line of JSON, without the end of the line.
    pub fn to_line(&self) -> String {
        serde_json::to_string(self).expect("texts and whole numbers have a JSON form")
    }
}

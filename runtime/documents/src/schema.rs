//! The JSON Schema of both documents, as the files below `plugins/schema` have it.

use crate::prompt::{CompletionDocument, PromptDocument};
use crate::{AnswerDocument, TurnDocument};
use schemars::Schema;

/// The schema of the document of a turn.
#[must_use]
pub fn turn() -> Schema {
    schemars::schema_for!(TurnDocument)
}

/// The schema of the document of an answer.
#[must_use]
pub fn answer() -> Schema {
    schemars::schema_for!(AnswerDocument)
}

/// The schema of the document of a prompt.
#[must_use]
pub fn prompt() -> Schema {
    schemars::schema_for!(PromptDocument)
}

/// The schema of the document of a completion.
#[must_use]
pub fn completion() -> Schema {
    schemars::schema_for!(CompletionDocument)
}

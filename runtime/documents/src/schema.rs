//! The JSON Schema of both documents, as the files below `plugins/schema` have it.

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

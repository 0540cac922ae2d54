//! Turns and answers as JSON: what assistants in any language are given, and what they return.
//!
//! One crate for everything that hands a turn to another program: over HTTP, over a pipe, or to a plugin. The same documents
//! are described for people in `plugins/documents.md` and for programs in `plugins/schema/`, which is made from these types.
//!
//! A reader of a turn ignores keys that it does not know, so that a turn may get new ones. A reader of an answer refuses
//! them, with their path: a reply that is misspelled must not be silence.
//!
//! | module | holds |
//! |---|---|
//! | [`turn`] | the document of a turn: [`TurnDocument`] |
//! | [`answer`] | the document of an answer: [`AnswerDocument`], and how it is read |
//! | [`media`] | pictures, sounds and files by number: [`MediaTable`] |
//! | [`memory`] | what is remembered, as texts by key: [`Memory`] |
//! | [`prompt`] | what a plugin asks a language model, and what comes of it |
//! | [`needs`] | what of a turn is told, as it is configured |
//! | [`limits`] | every limit, with its unit and its reason |
//! | `schema` | the JSON Schema of both, with the feature `schema` |
#![warn(missing_docs)]

pub mod answer;
pub mod limits;
pub mod media;
pub mod memory;
pub mod needs;
pub mod prompt;
#[cfg(feature = "schema")]
pub mod schema;
pub mod turn;

pub use answer::{AnswerDocument, DocumentError, read, read_value};
pub use media::MediaTable;
pub use memory::Memory;
pub use turn::TurnDocument;

/// The version of both documents. It changes only if a reader of an earlier one would misunderstand them.
pub const VERSION: u32 = 1;

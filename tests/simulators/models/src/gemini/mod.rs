//! Gemini: what is read, and what is written.
//!
//! | module | what |
//! |---|---|
//! | `read` | the body of a request, strictly |
//! | `contents` | its contents: turns, calls and as many results |
//! | `write` | answers, whole and as events |

pub(crate) mod contents;
pub(crate) mod read;
pub(crate) mod write;

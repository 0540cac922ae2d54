//! Anthropic's messages: what is read, and what is written.
//!
//! | module | what |
//! |---|---|
//! | `read` | the body of a request, strictly |
//! | `blocks` | its messages and their blocks: calls and their results in pairs |
//! | `write` | answers, whole and as events |

pub(crate) mod blocks;
pub(crate) mod read;
pub(crate) mod write;

//! OpenAI's chat completions: what is read, and what is written.
//!
//! | module | what |
//! |---|---|
//! | `read` | the body of a request, strictly |
//! | `messages` | its messages: roles, parts, calls and their results |
//! | `write` | answers, whole and as events |

pub(crate) mod messages;
pub(crate) mod read;
pub(crate) mod write;

//! OpenAI's Responses API: what is read, and what is written.
//!
//! | module | what |
//! |---|---|
//! | `read` | the body of a request, strictly |
//! | `items` | its input items: messages, calls and their results |
//! | `write` | answers, whole and as events |

pub(crate) mod items;
pub(crate) mod read;
pub(crate) mod write;

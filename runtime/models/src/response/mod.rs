//! An answer, as it comes in pieces.
//!
//! | module | holds |
//! |---|---|
//! | `collect` | the whole of it, or why there is none |
//! | `calls` | the calls of tools, put together and checked |
//! | `openai_calls` | the same from the pieces in which OpenAI's protocol sends them |
//! | `errors` | what an error of the library means; none of its words is repeated |
//! | `watch` | what is seen of the pieces before the library reads them: limits, and what it leaves out |

mod calls;
mod collect;
mod errors;
mod openai_calls;
mod watch;

pub(crate) use collect::{Collected, collect};
pub(crate) use watch::Watch;

//! An answer, as it comes in pieces.
//!
//! | module | holds |
//! |---|---|
//! | `collect` | the whole of it, or why there is none |
//! | `bounded` | an end of what does not end, where the library hands nothing over |
//! | `calls` | the calls of tools, put together and checked |
//! | `openai_calls` | the same from the pieces in which OpenAI's protocol sends them |
//! | `errors` | what an error of the library means; none of its words is repeated |
//! | `watch` | what is seen of the pieces before the library reads them: limits, and what it leaves out |

mod bounded;
mod calls;
mod collect;
mod errors;
mod openai_calls;
mod watch;

pub(crate) use bounded::bounded;
pub(crate) use collect::{Collected, collect};
pub(crate) use watch::Watch;

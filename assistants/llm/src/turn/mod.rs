//! A turn: asking, calling, asking again, until there is an answer.
//!
//! | module | holds |
//! |---|---|
//! | `progress` | what a turn did so far |
//! | `attempts` | the same of turns that failed, for their next attempt |
//! | `lengths` | how much of what is shown fits |
//! | `asked` | what is asked in a turn: its prompts |
//! | `calls` | what a model wants called, called |
//! | `house` | the calls of the assistant's own tools |
//! | `due` | what was asked to be woken for |
//! | `outcome` | the answer that comes of it |
//! | `summary` | what fell out of the history, made beside the turns |
//! | `talk` | all of it, in order |

mod asked;
pub(crate) mod attempts;
mod calls;
mod due;
mod house;
mod lengths;
mod outcome;
mod progress;
pub(crate) mod summary;
mod talk;

pub(crate) use talk::answered;

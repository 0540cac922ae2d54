//! What an operator watches, as numbers: counters, durations and depths of this process, in the text that Prometheus reads.
//!
//! What happens is counted where it happens, by one call of [`count`], [`took`] or [`depth`]. A label is one of the words in
//! [`words`], or a code that a type of the program gives (`&'static str`), so the number of series is bounded and neither a
//! name, an id, a number of a person nor a secret can become one. Each series costs some bytes for as long as the process
//! lives, however much is counted; nothing has to be read for that to be so.
//!
//! | module | holds |
//! |---|---|
//! | [`words`] | the labels |
//! | `set` | every metric, with its name and its help |

mod set;
pub mod words;

use set::SET;
use std::time::Duration;
use words::{Queue, Stage, Tokens, TurnEnd};

/// The media type of [`text`].
pub const MEDIA_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// Something that is counted, with its label.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Happened {
    /// A message that arrived for the first time and was stored, or told again: the word of its outcome.
    Message(words::Arrival),
    /// A message that is not answered, by the code of the reason.
    Refused(&'static str),
    /// What came from outside and was not taken, by the code of the cause.
    NotTaken(&'static str),
    /// An end of a turn, or of an attempt at one.
    Turn(TurnEnd),
    /// An end of an attempt to send a message.
    Send(words::SendEnd),
    /// Tokens of language models.
    Tokens(Tokens),
    /// An actor that crashed and was restarted.
    Restart,
    /// An alert to the owner, by what became of it.
    Alert(words::AlertEnd),
}

/// Counts something once.
pub fn count(what: Happened) {
    count_many(what, 1);
}

/// Counts something so many times.
pub fn count_many(what: Happened, times: u64) {
    SET.count(what, times);
}

/// Notes how long a stage took.
pub fn took(stage: Stage, how_long: Duration) {
    SET.took(stage, how_long);
}

/// Notes how much waits in a queue now.
pub fn depth(queue: Queue, waiting: u64) {
    SET.depth(queue, waiting);
}

/// All of it, in the text format of Prometheus, version 0.0.4.
pub fn text() -> String {
    SET.text()
}

#[cfg(test)]
mod tests;

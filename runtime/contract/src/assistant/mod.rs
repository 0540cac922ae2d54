//! What answers turns.
//!
//! | module | holds |
//! |---|---|
//! | `turn` | what an assistant is asked: [`Turn`] |
//! | `content` | what the messages of a turn say: [`Content`] |
//! | `past` | what was said before |
//! | `answer` | what an assistant returns: [`Answer`] |
//! | `acting` | what must not be done twice |
//! | `usage` | what answers cost |
//! | `closure` | an assistant from an async closure: [`assistant_fn`] |
//! | `error` | why a turn was not answered |

mod acting;
mod answer;
mod closure;
mod content;
mod error;
mod past;
mod turn;
mod usage;

pub use acting::{Acting, ActingBook};
pub use answer::{Answer, HandOver, Markup, Note, Quoting, Receiver, Reply, Wake};
pub use closure::{AssistantFn, assistant_fn};
pub use content::{Content, Quoted, TurnMessage};
pub use error::{AssistantError, NotRemembered, TurnFailure};
pub use past::{NotDelivered, OverheardLine, PastTurn};
pub use turn::Turn;
pub use usage::{Bill, BilledRow, SpentBy, SpentFor, Usage, UsageRow};

use async_trait::async_trait;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// Something that answers. Built in, linked in as a crate, or loaded as a plugin.
///
/// Stateless by rule: what it must remember goes into [`Answer::state`] and comes back with the
/// next turn, through crashes and restarts.
#[async_trait]
pub trait Assistant: Send + Sync + 'static {
    /// What the engine must prepare for a turn. Asked once, at start.
    fn needs(&self) -> Needs {
        Needs::default()
    }

    /// What people can ask of it, in a sentence or a few lines, for the command that helps. Asked at each such command;
    /// at most [`crate::limits::OFFERS_BYTES_MAX`] are shown.
    fn offers(&self) -> Option<String> {
        None
    }

    /// Its life beside the turns: a child process, a connection to keep, something to compile. Called once its host
    /// started, and dropped soon after `stop` is cancelled. One that returns earlier or panics is called once more, after a
    /// pause that grows. Turns are asked meanwhile, from the first moment: until it can answer it says
    /// [`AssistantError::Unavailable`]. The default has nothing to do.
    async fn run(&self, stop: CancellationToken) {
        stop.cancelled().await;
    }

    /// Answers one turn. Called for one conversation at a time, for several conversations at once.
    /// May be called again with the same [`Turn::id`] after a failure or a crash. The future is
    /// dropped when the deadline passes or the turn is interrupted: hold nothing that must be undone.
    /// A panic is caught and counts as a failure.
    async fn respond(&self, turn: Turn) -> Result<Answer, AssistantError>;
}

/// What an assistant wants to be given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(clippy::struct_excessive_bools, reason = "each says of one thing whether it is wanted")]
pub struct Needs {
    /// How many past turns it reads, at most [`crate::limits::HISTORY_TURNS_MAX`].
    pub history_turns: usize,
    /// Whether it looks at pictures. If not they are not fetched, and it sees the caption.
    pub images: bool,
    /// Whether it wants reactions as turns. If not they are noted only.
    pub reactions: bool,
    /// Whether it reads documents. If not they are not fetched, and it sees the name and the caption.
    pub documents: bool,
    /// Whether it is given what was overheard in a group.
    pub overheard: bool,
    /// Whether it is told the phone numbers and other addresses of people. If not, [`Turn::sender`] has none.
    pub addresses: bool,
    /// How long the start of a turn waits for more messages of the same sender, where the channel says nothing about it. For
    /// assistants whose answers take long or cost something; others answer at once.
    pub debounce: Duration,
}

impl Default for Needs {
    fn default() -> Self {
        Self {
            history_turns: 20,
            images: true,
            reactions: false,
            documents: false,
            overheard: true,
            addresses: true,
            debounce: Duration::ZERO,
        }
    }
}

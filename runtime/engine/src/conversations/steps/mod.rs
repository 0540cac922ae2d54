//! The steps between the gate and the assistant: everything that may happen to a message before, or
//! instead of, an answer of an assistant.
//!
//! A [`Draft`] goes through [`STEPS`] in their order. A step changes it and lets it continue, or ends the
//! turn; when all of them let it continue, the assistant is asked. Steps know nothing of each other and
//! commit nothing: the one commit follows at the end of the turn, with all that the draft collected
//! (trace, settings of the conversation, replies).
//!
//! | module | the step |
//! |---|---|
//! | `admission` | the gate, asked again |
//! | `attempts` | what failed too often leaves the queue |
//! | `pause` | a paused conversation stays silent |
//! | `rates` | how often a person and a group are answered |
//! | `loops` | two programs that answer each other are stopped |
//! | `commands` | commands of the house |
//! | `identity` | who a person is beyond the network, and how that is proved |
//! | `binding` | the assistant that the conversation is bound to |
//! | `gather` | which of the waiting rows belong to the turn |
//! | `lookup` | what is known elsewhere of a linked person |
//! | `content` | pictures and documents fetched, voice notes heard |
//! | `choice` | whether words choose an option of the question that is open |
//! | `called_by_name` | whether a voice note that is only listened to calls the bot |
//! | `quotes` | what the quoted messages say |
//!
//! # A new step
//!
//! A budget, an owner who takes over, a language: each is a
//! file here with one `impl Step`, and one line in [`STEPS`] at the place where it belongs. What it must
//! remember beyond its turn it writes into [`Draft::settings`]; they are stored with the end of the turn.
//! `tests` shows one.

mod admission;
mod attempts;
mod binding;
mod called_by_name;
mod choice;
mod commands;
mod content;
mod draft;
mod gather;
mod identity;
mod lookup;
mod loops;
mod pause;
mod quotes;
mod rates;
#[cfg(test)]
mod tests;

pub(crate) use content::complete;
pub(crate) use draft::{Asked, Draft};
pub(crate) use identity::change as identity_change;
pub(crate) use pause::wants_human;

use crate::decide::answers::Answers;
use crate::decide::notices::Notice;
use async_trait::async_trait;
use greenroom_contract::ids::AssistantName;
use greenroom_contract::store::{Counted, Outcome};
use greenroom_contract::trace::Ignored;
use std::time::Duration;

/// One step.
#[async_trait]
pub(crate) trait Step: Send + Sync {
    /// Looks at the draft, changes it, and says what follows. Called once for each attempt at a turn. In
    /// [`Phase::Prepare`] the future may be dropped, for newer messages or because the engine stops: hold
    /// nothing that must be undone.
    async fn apply(&self, draft: &mut Draft<'_>) -> StepOutcome;
}

/// What follows a step.
#[derive(Debug)]
pub(crate) enum StepOutcome {
    /// The next step; after the last one the assistant is asked.
    Continue,
    /// The turn ends here.
    End(Ending),
}

/// How a turn ends.
#[derive(Debug)]
pub(crate) enum Ending {
    /// With these replies, of assistants or of a step.
    Answer(Box<Answers>),
    /// In silence. Settles the first row; the others come in their turn.
    Stay(Ignored),
    /// Not now, and in silence: a wake-up comes later. Settles it.
    Postpone {
        /// After this time.
        for_so_long: Duration,
    },
    /// With a notice, unless it was given lately. Settles the first row; the others come in their turn.
    Refuse {
        /// What is said.
        notice: Notice,
        /// How the row counts as settled.
        outcome: Outcome,
    },
    /// In quarantine, with all its rows. The owner sees them; who waits for an answer gets a notice.
    Quarantine {
        /// What happened.
        reason: String,
    },
    /// Not yet: another attempt follows.
    Again {
        /// After this pause.
        after: Duration,
        /// Whether this one counts. [`Counted::No`] takes back what was counted of it.
        attempt: Counted,
    },
    /// Not before its account is connected. Nothing was tried.
    Await,
    /// Not now: an assistant is away. Nothing counts of it.
    Away {
        /// The assistant.
        by: AssistantName,
        /// After this pause, or as soon as it is back.
        after: Duration,
    },
}

impl From<Answers> for Ending {
    fn from(answers: Answers) -> Self {
        Self::Answer(Box::new(answers))
    }
}

impl From<Pause> for Ending {
    fn from(pause: Pause) -> Self {
        match pause {
            Pause::For(after) => Self::Again { after, attempt: Counted::No },
            Pause::UntilConnected => Self::Await,
        }
    }
}

/// How long a turn waits that could not be prepared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pause {
    /// So long.
    For(Duration),
    /// Until its account is connected.
    UntilConnected,
}

impl From<Ending> for StepOutcome {
    fn from(ending: Ending) -> Self {
        Self::End(ending)
    }
}

/// When a step runs, and what it may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Phase {
    /// First, about the first row alone. Quick: it waits for nothing, and nothing is shown of it.
    Decide,
    /// Then, about all rows of the turn. It may wait: the chat shows typing, newer messages may give it up.
    Prepare,
}

/// Steps in their order, each with its phase; those of [`Phase::Decide`] come first.
pub(crate) type Steps = [(Phase, &'static dyn Step)];

/// The steps of every turn. The reasons for their order:
///
/// * Admission is first: of a sender who is not admitted nothing else may be looked at.
/// * A row that failed too often leaves the queue before anything could make it fail again, also in a
///   paused conversation: the owner must see it.
/// * A pause comes before the rates, because the rates may say something, and a paused conversation is silent.
/// * The rates come before everything that costs something; what is within them may still be a loop.
/// * Who wrote is known before a command forgets what is remembered of them.
/// * A command of the house is carried out whoever is bound, and counts in the rates like any other message; the one that
///   ends a silence passes the pause.
/// * What is said of linking follows the commands, and no assistant is given a code or an address that was asked for.
/// * The binding chooses the assistant; only then is it known which rows are for the same one.
/// * Rows are gathered before they are fetched and heard.
/// * Words are looked at for a choice when all of the turn is known: a question is answered once.
/// * Whether a voice note calls the bot by its name is known after it was heard.
/// * What a message quotes may be an earlier one of the same turn, which was heard by then.
pub(crate) const STEPS: &Steps = &[
    (Phase::Decide, &admission::Admission),
    (Phase::Decide, &attempts::Attempts),
    (Phase::Decide, &pause::Pause),
    (Phase::Decide, &rates::Rates),
    (Phase::Decide, &loops::Loops),
    (Phase::Decide, &identity::Known),
    (Phase::Decide, &commands::Commands),
    (Phase::Decide, &identity::Identity),
    (Phase::Decide, &binding::Binding),
    (Phase::Decide, &gather::Gather),
    (Phase::Prepare, &lookup::Lookup),
    (Phase::Prepare, &content::Contents),
    (Phase::Prepare, &choice::Choice),
    (Phase::Prepare, &called_by_name::CalledByName),
    (Phase::Prepare, &quotes::Quotes),
];

/// Runs the steps of one phase, until one of them ends the turn.
pub(crate) async fn apply(steps: &Steps, phase: Phase, draft: &mut Draft<'_>) -> StepOutcome {
    for (_, step) in steps.iter().filter(|(of, _)| *of == phase) {
        match step.apply(draft).await {
            StepOutcome::Continue => {}
            end @ StepOutcome::End(_) => return end,
        }
    }
    StepOutcome::Continue
}

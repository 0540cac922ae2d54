//! The answer that comes of a turn.

use super::due;
use super::progress::Progress;
use crate::phrases::Phrases;
use greenroom_contract::assistant::{Answer, Content, Reply, Turn};
use greenroom_contract::choices::Choices;
use greenroom_contract::limits::{REPLIES_PER_TURN_MAX, WAKES_PER_TURN_MAX};
use greenroom_contract::outbound::OutboundBody;
use greenroom_contract::text::is_blank;

/// What is said at the end of a turn.
#[derive(Debug)]
pub(super) enum Said {
    /// The words of the model.
    Words(String),
    /// The beginning of them.
    Cut(String),
    /// A sentence of the program.
    Program(&'static str),
    /// A question of the program, after words of the model.
    Question {
        /// Those words.
        before: String,
        /// The question.
        choices: Choices,
    },
    /// Nothing.
    Nothing,
}

impl Said {
    /// Whether a model worded all that is said: in what the program says words of people may stand, and a file has the name that
    /// a tool gave it.
    fn is_worded_by_model(&self, progress: &Progress) -> bool {
        matches!(self, Self::Words(_) | Self::Cut(_)) && progress.effects.sent.is_empty()
    }
}

fn has_due(turn: &Turn) -> bool {
    turn.messages.iter().any(|message| matches!(message.content, Content::Wake { .. }))
}

/// The answer; what is remembered is added by the caller.
pub(super) fn answer(turn: &Turn, said: Said, progress: &Progress, phrases: &Phrases) -> Answer {
    let effects = &progress.effects;
    let worded = said.is_worded_by_model(progress);
    let mut replies = Vec::new();
    if let Some(emoji) = &effects.reaction
        && let Some(message) = turn.messages.iter().rev().find(|message| !is_wake(&message.content))
    {
        let body = OutboundBody::Reaction { to: message.message.clone(), emoji: Some(emoji.clone()) };
        replies.push(Reply::new(body));
    }
    // Who is to be reminded is, whatever became of the model.
    if has_due(turn) && matches!(said, Said::Program(_) | Said::Nothing) {
        replies.extend(due::plainly(turn, phrases));
    }
    let mut question = None;
    match said {
        Said::Words(words) => replies.extend(markdown(words)),
        Said::Cut(words) => {
            replies.extend(markdown(words));
            replies.push(Reply::text(phrases.cut));
        }
        Said::Program(sentence) => replies.push(Reply::text(sentence)),
        Said::Question { before, choices } => {
            replies.extend(markdown(before));
            question = Some(Reply::choices(choices));
        }
        Said::Nothing => {}
    }
    replies.extend(effects.sent.iter().cloned());
    replies.truncate(REPLIES_PER_TURN_MAX - 1);
    replies.extend(question);
    let again = due::next(turn).into_iter().filter(|wake| !effects.cancelled.contains(&wake.token));
    Answer {
        replies,
        wake: again.chain(effects.wakes.iter().cloned()).take(WAKES_PER_TURN_MAX).collect(),
        cancel_wakes: effects.cancelled.clone(),
        hand_over: effects.hand_over.clone(),
        usage: turn.bill.take(),
        worded,
        notes: progress.notes.clone(),
        ..Answer::default()
    }
}

fn is_wake(content: &Content) -> bool {
    matches!(content, Content::Wake { .. })
}

fn markdown(words: String) -> Option<Reply> {
    (!is_blank(&words)).then(|| Reply::markdown(words))
}

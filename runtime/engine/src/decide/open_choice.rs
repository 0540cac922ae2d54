//! The question that is open in a conversation, and whether words answer it. Pure.
//!
//! It is open until an option is chosen, another question is asked, or a day has passed
//! ([`limits::OPEN_CHOICE_AGE_MAX`]): people come back to a question after an hour. What counts as an answer depends on
//! what was said since:
//!
//! * The title of an option always does: those words name it.
//! * A number does as long as the question is the last thing that the assistant said. Afterwards "2" may be anything: it
//!   answers what was said last, unless it visibly answers the question.
//! * What was written before the question was asked never does, however late it is read: its writer did not know it.
//! * A visible answer to another message never does. In groups only a visible answer to the question does, because many
//!   things are said there.
//!
//! A tap on a button is told by the network and needs none of this.

use greenroom_contract::choices::Choice;
use greenroom_contract::ids::Sequence;
use greenroom_contract::limits;
use greenroom_contract::store::OpenChoice;
use greenroom_contract::time::Timestamp;
use icu_normalizer::ComposingNormalizerBorrowed;
use serde::{Deserialize, Serialize};
use std::ops::Range;

/// A question that is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Question {
    /// What can be chosen, in the order of its numbers.
    pub(crate) options: Vec<Choice>,
    /// The messages of the turn that show it, from 0.
    pub(crate) parts: Range<usize>,
}

impl Question {
    /// The same, after the message at this place was left out.
    pub(crate) fn moved_up(mut self, place: usize) -> Self {
        if place < self.parts.start {
            self.parts = self.parts.start - 1..self.parts.end - 1;
        }
        self
    }
}

/// The question that is open, as it is stored with the settings of a conversation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct OpenQuestion {
    /// When it was asked.
    asked: Asked,
    /// The row whose turn asked it; its parcels are named after it.
    row: Sequence,
    /// Which of those parcels show it.
    parts: Range<u16>,
    /// The newest row that was known when it was asked; what is not newer is no answer.
    after: Sequence,
    /// Whether it is the last thing that was said here.
    is_last: bool,
    /// Ids and titles, in the order of the numbers.
    options: Vec<(String, String)>,
}

/// A moment by the clock on the wall, and by the one that never jumps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Asked {
    /// On the wall.
    pub(crate) wall: Timestamp,
    /// By the clock of its run.
    pub(crate) steady: Timestamp,
    /// When that run began: only within it steady times can be compared.
    pub(crate) run: Timestamp,
}

impl Asked {
    /// How long it was ago. Between two runs only the wall can tell.
    pub(crate) fn age(&self, now: &Self) -> std::time::Duration {
        if self.run == now.run { now.steady.since(self.steady) } else { now.wall.since(self.wall) }
    }
}

/// What words visibly answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Answers {
    /// Nothing in particular.
    Nothing,
    /// One of our messages: a part of what the turn of this row said.
    Ours {
        /// The row.
        row: Sequence,
        /// The part.
        part: u16,
    },
    /// Another message.
    Other,
}

/// An option that was chosen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Chosen {
    pub(crate) id: String,
    pub(crate) title: String,
    /// Its place, from 1.
    pub(crate) number: usize,
}

impl OpenQuestion {
    /// A question that is asked now, by the turn of this row.
    pub(crate) fn new(question: Question, row: Sequence, after: Sequence, asked: Asked) -> Self {
        let part = |at: usize| u16::try_from(at).unwrap_or(u16::MAX);
        let options = question.options.into_iter().map(|Choice { id, title, .. }| (id, title)).collect();
        let parts = part(question.parts.start)..part(question.parts.end);
        Self { asked, row, parts, after, is_last: true, options }
    }

    /// The stored form; `None` if it is too large to be kept.
    pub(crate) fn stored(&self) -> Option<OpenChoice> {
        let bytes = serde_json::to_vec(self).ok()?;
        (bytes.len() <= limits::OPEN_CHOICE_BYTES_MAX).then(|| OpenChoice(bytes.into()))
    }

    /// What is stored; `None` if another component, or another version, wrote it down.
    pub(crate) fn of(stored: &OpenChoice) -> Option<Self> {
        serde_json::from_slice(&stored.0).ok()
    }

    /// Something else was said after it; `None` if that changes nothing.
    pub(crate) fn passed_over(self) -> Option<Self> {
        self.is_last.then_some(Self { is_last: false, ..self })
    }

    /// Whether there is an option with this id.
    pub(crate) fn offers(&self, id: &str) -> bool {
        self.options.iter().any(|(known, _)| known == id)
    }

    /// Whether words could be an answer, so that it is worth while to find out what they visibly answer.
    pub(crate) fn may_be(&self, words: &str) -> bool {
        self.titled(words).or_else(|| self.numbered(words)).is_some()
    }

    /// The option that these words choose, which were written in `row`.
    pub(crate) fn chosen(
        &self,
        words: &str,
        row: Sequence,
        answers: Answers,
        in_group: bool,
        now: &Asked,
    ) -> Option<Chosen> {
        if row <= self.after || self.asked.age(now) > limits::OPEN_CHOICE_AGE_MAX {
            return None;
        }
        let quotes_it = match answers {
            Answers::Ours { row, part } if row == self.row && self.parts.contains(&part) => true,
            Answers::Nothing if !in_group => false,
            Answers::Nothing | Answers::Ours { .. } | Answers::Other => return None,
        };
        let at = self.titled(words).or_else(|| self.numbered(words).filter(|_| quotes_it || self.is_last))?;
        let (id, title) = self.options.get(at)?.clone();
        Some(Chosen { id, title, number: at + 1 })
    }

    /// The place of the only option with this title.
    fn titled(&self, words: &str) -> Option<usize> {
        let words = folded(words);
        let mut found = (0..self.options.len()).filter(|at| folded(&self.options[*at].1) == words);
        let first = found.next()?;
        found.next().is_none().then_some(first)
    }

    /// The place with this number, where numbers stand for places.
    fn numbered(&self, words: &str) -> Option<usize> {
        let number = number(words)?;
        let counts = numbers_count(self.options.iter().map(|(_, title)| title.as_str()));
        (counts && (1..=self.options.len()).contains(&number)).then(|| number - 1)
    }
}

/// Whether the options of a question can be chosen by their place: not where one of them is a number itself.
pub(crate) fn numbers_count<'a>(mut titles: impl Iterator<Item = &'a str>) -> bool {
    !titles.any(|title| number(title).is_some())
}

/// Words as they are compared: whatever their case, their spaces and the way in which their letters are composed.
fn folded(words: &str) -> String {
    let words = ComposingNormalizerBorrowed::new_nfkc().normalize(words);
    let words = words.split_whitespace().collect::<Vec<_>>().join(" ");
    // Upper case first: some letters have one lower case and several upper ones.
    words.to_uppercase().to_lowercase()
}

/// What keyboards of phones put around a digit to draw it in a box.
const BOX: [char; 2] = ['\u{fe0f}', '\u{20e3}'];
/// Digits of the longest number that is read: more than the numbers of options have.
const DIGITS: usize = 3;

/// The number that these words are and nothing else: `2`, `2.`, `(2)`, `#2`, in the digits of any script.
fn number(words: &str) -> Option<usize> {
    let words = words.trim().trim_start_matches(['(', '#']).trim_end_matches(['.', ')', ':']).trim();
    let digits: Vec<u32> = words.chars().filter(|c| !BOX.contains(c)).map(digit).collect::<Option<_>>()?;
    if digits.is_empty() || digits.len() > DIGITS {
        return None;
    }
    let number = digits.into_iter().fold(0, |number, digit| number * 10 + digit);
    usize::try_from(number).ok()
}

/// The zeros of the scripts with digits of their own that are in use on phones; nine further digits follow each.
const ZEROS: [char; 26] = [
    '0', '\u{660}', '\u{6f0}', '\u{7c0}', '\u{966}', '\u{9e6}', '\u{a66}', '\u{ae6}', '\u{b66}', '\u{be6}', '\u{c66}',
    '\u{ce6}', '\u{d66}', '\u{de6}', '\u{e50}', '\u{ed0}', '\u{f20}', '\u{1040}', '\u{1090}', '\u{17e0}', '\u{1810}',
    '\u{1946}', '\u{19d0}', '\u{1bb0}', '\u{a9d0}', '\u{ff10}',
];

fn digit(c: char) -> Option<u32> {
    ZEROS.iter().find_map(|zero| u32::from(c).checked_sub(u32::from(*zero)).filter(|digit| *digit < 10))
}

#[cfg(test)]
mod tests;

//! What was said before, as messages of a person and of the model, and how much of it fits.

use super::clean::cleaned;
use super::frame::framed;
use crate::moment;
use crate::state::Memory;
use crate::tokens;
use greenroom_contract::assistant::PastTurn;
use greenroom_contract::ids::AssistantName;
use greenroom_contract::model::{Part, PromptMessage, Said};
use jiff::tz::TimeZone;

/// A past turn as messages. An answer that is not known to be worded by a model of this assistant stays in a frame: words of
/// people may stand in it, and must not become words of the model.
pub(super) fn messages(
    past: &PastTurn,
    assistant: &AssistantName,
    zone: &TimeZone,
    bytes_max: usize,
) -> Vec<PromptMessage> {
    let at = moment::written(past.at, zone);
    let name = past.name.as_deref().unwrap_or("the person");
    let asked = if past.asked.trim().is_empty() {
        framed("note", &[("at", &at)], "Nothing was written; something was due.", bytes_max)
    } else {
        framed("message", &[("from", name), ("at", &at)], &past.asked, bytes_max)
    };
    if past.by_owner {
        // Words of the account, and not of the model: it must not take them for its own promises.
        let note = framed(
            "note",
            &[("about", "the owner of this account wrote this to the person"), ("at", &at)],
            &past.answered,
            bytes_max,
        );
        return vec![PromptMessage::Person(vec![Part::Text(note)])];
    }
    let mut parts = vec![Part::Text(asked)];
    if past.answered.trim().is_empty() {
        return vec![PromptMessage::Person(parts)];
    }
    if past.worded_by.as_ref() != Some(assistant) {
        let note = framed(
            "note",
            &[("about", "this was answered, in words of the program or of others")],
            &past.answered,
            bytes_max,
        );
        super::join(&mut parts, note);
        return vec![PromptMessage::Person(parts)];
    }
    let said = Said { text: cleaned(&past.answered, bytes_max), ..Said::default() };
    vec![PromptMessage::Person(parts), PromptMessage::Model(said)]
}

/// The turns that are not in the summary yet.
pub(crate) fn uncovered<'a>(history: &'a [PastTurn], memory: &Memory) -> &'a [PastTurn] {
    let until = memory.summary.as_ref().map(|summary| summary.until);
    let covered = history.iter().take_while(|past| until.is_some_and(|until| past.at <= until)).count();
    &history[covered..]
}

/// How many of the newest turns fit into so many tokens.
pub(crate) fn fitting(history: &[PastTurn], tokens_max: u32, bytes_max: usize) -> usize {
    let cost = |text: &str| tokens::of_text(&text[..text.floor_char_boundary(bytes_max)]).saturating_add(30);
    let mut left = tokens_max;
    let fits = history.iter().rev().take_while(|past| {
        let cost = cost(&past.asked).saturating_add(cost(&past.answered));
        let fits = cost <= left;
        left = left.saturating_sub(cost);
        fits
    });
    fits.count()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::Summary;
    use greenroom_contract::time::Timestamp;
    use proptest::prelude::*;

    fn past(at: u64, asked: &str) -> PastTurn {
        PastTurn { at: Timestamp(at), asked: asked.to_owned(), answered: "ok".to_owned(), ..PastTurn::default() }
    }

    #[test]
    fn what_is_summarised_is_not_shown_once_more() {
        let history = [past(1, "a"), past(2, "b"), past(3, "c")];
        let mut memory = Memory::default();
        assert_eq!(uncovered(&history, &memory).len(), 3);
        memory.summary = Some(Summary { text: "ab".to_owned(), until: Timestamp(2) });
        assert_eq!(uncovered(&history, &memory), &history[2..]);
    }

    proptest! {
        #[test]
        fn more_tokens_never_show_less(words in proptest::collection::vec("[a-z]{0,200}", 0..12), few in 0..400_u32, more in 0..400_u32) {
            let history: Vec<_> = (1..).zip(&words).map(|(at, words)| past(at, words)).collect();
            let less = fitting(&history, few, 100);
            let all = fitting(&history, few.saturating_add(more), 100);
            prop_assert!(less <= all && all <= history.len());
            prop_assert_eq!(fitting(&history, u32::MAX, 100), history.len());
        }
    }
}

//! How long the bot is silent where its owner types. Pure.

use greenroom_contract::message::Body;
use greenroom_contract::store::{Silence, UNTIL_RELEASED};
use greenroom_contract::text::is_blank;
use greenroom_contract::time::Timestamp;
use std::time::Duration;

/// Silences the bot in the chat in which the owner types it, until the other word.
const OFF: &str = "/bot off";
/// Ends that, and every other silence in the chat.
const ON: &str = "/bot on";

/// What follows from a message of the owner.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Typed {
    /// How the silence changes.
    pub(crate) then: Silence,
    /// Whether it was said to the bot, and is no part of the talk.
    pub(crate) is_command: bool,
}

/// What follows from what the owner typed; `None` from what is no word to anyone, such as a reaction.
pub(crate) fn silence(pause: Duration, body: &Body, sent_at: Timestamp, now: Timestamp) -> Option<Typed> {
    if let Body::Text(text) = body {
        let said = text.trim().to_lowercase();
        let then = match said.split_whitespace().collect::<Vec<_>>().join(" ").as_str() {
            OFF => Some(Silence::Until(Some(UNTIL_RELEASED))),
            ON => Some(Silence::Until(None)),
            _ => None,
        };
        if let Some(then) = then {
            return Some(Typed { then, is_command: true });
        }
    }
    let says = match body {
        Body::Text(text) => !is_blank(text),
        Body::Reaction { .. } | Body::Event { .. } | Body::Unreadable(_) => false,
        _ => true,
    };
    if !says {
        return None;
    }
    // What was typed while this device was away counts from then.
    let typed_at = if sent_at == Timestamp(0) { now } else { sent_at.min(now) };
    let until = typed_at.plus(pause);
    let then = if until > now { Silence::AtLeast(until) } else { Silence::AsBefore };
    Some(Typed { then, is_command: false })
}

#[cfg(test)]
mod tests {
    use super::*;
    use greenroom_contract::message::Unreadable;

    const HOUR: Duration = Duration::from_secs(3_600);
    const NOW: Timestamp = Timestamp(1_800_000_000_000);

    fn said(text: &str) -> Option<Typed> {
        silence(HOUR, &Body::Text(text.to_owned()), NOW, NOW)
    }

    #[test]
    fn words_of_the_owner_silence_the_bot_for_a_while_from_when_they_were_typed() {
        let typed = |then| Some(Typed { then, is_command: false });
        assert_eq!(said("I will see to it"), typed(Silence::AtLeast(NOW.plus(HOUR))));
        let text = Body::Text("hi".to_owned());
        let half = Duration::from_secs(1_800);
        assert_eq!(silence(HOUR, &text, NOW.minus(half), NOW), typed(Silence::AtLeast(NOW.plus(half))));
        assert_eq!(silence(HOUR, &text, NOW.minus(HOUR * 5), NOW), typed(Silence::AsBefore), "a backlog");
        assert_eq!(silence(HOUR, &text, Timestamp(0), NOW), typed(Silence::AtLeast(NOW.plus(HOUR))));
        assert_eq!(
            silence(HOUR, &text, NOW.plus(HOUR * 99), NOW),
            typed(Silence::AtLeast(NOW.plus(HOUR))),
            "a wrong clock"
        );
        assert_eq!(silence(Duration::ZERO, &text, NOW, NOW), typed(Silence::AsBefore), "it is switched off");
    }

    #[test]
    fn the_owner_switches_the_bot_off_and_on() {
        let command = |then| Some(Typed { then, is_command: true });
        for off in ["/bot off", " /BOT  off\n"] {
            assert_eq!(said(off), command(Silence::Until(Some(UNTIL_RELEASED))), "{off:?}");
        }
        assert_eq!(said("/Bot on"), command(Silence::Until(None)));
        for words in ["bot off", "/bot", "/bot off please", "say /bot off"] {
            assert!(said(words).is_some_and(|typed| !typed.is_command), "{words:?}");
        }
    }

    #[test]
    fn what_says_nothing_changes_nothing() {
        let event = Body::Event { kind: "call".to_owned() };
        for body in [Body::Text("  ".to_owned()), event, Body::Unreadable(Unreadable::Lost)] {
            assert_eq!(silence(HOUR, &body, NOW, NOW), None, "{body:?}");
        }
    }
}

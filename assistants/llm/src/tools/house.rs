//! The tools that the assistant brings itself. Each acts in the conversation of the turn and in no other: none of them
//! has an argument that names a chat or a person.

use greenroom_contract::assistant::Turn;
use greenroom_contract::capabilities::Ability;
use greenroom_contract::limits::ACK_BYTES_MAX;
use greenroom_contract::model::ToolSpec;
use serde_json::{Value, json};
use unicode_segmentation::UnicodeSegmentation as _;

pub(crate) const REMIND_ME: &str = "remind_me";
pub(crate) const LIST_REMINDERS: &str = "list_reminders";
pub(crate) const CANCEL_REMINDER: &str = "cancel_reminder";
pub(crate) const HAND_OVER: &str = "hand_over";
pub(crate) const STAY_SILENT: &str = "stay_silent";
pub(crate) const REACT: &str = "react";
pub(crate) const SEND_FILE: &str = "send_file";

/// The name of a human in `hand_over_to`.
pub(crate) const HUMAN: &str = "human";

/// Whether a tool of this name is one of them.
pub(crate) fn is_one(name: &str) -> bool {
    [REMIND_ME, LIST_REMINDERS, CANCEL_REMINDER, HAND_OVER, STAY_SILENT, REACT, SEND_FILE].contains(&name)
}

/// What of them makes sense in a turn.
pub(crate) struct Offered<'a> {
    /// Whether reminders are wanted.
    pub(crate) reminders: bool,
    /// To whom may be handed over.
    pub(crate) hand_over_to: &'a [String],
    /// Whether something is due in this turn, so that silence is not an answer.
    pub(crate) is_due: bool,
    /// How many pictures and files tools returned so far.
    pub(crate) files: usize,
}

/// The tools that make sense in a turn.
pub(crate) fn specs(turn: &Turn, offered: &Offered<'_>) -> Vec<ToolSpec> {
    let mut specs = Vec::new();
    let mut add = |name: &str, about: &str, properties: Value, required: Value| {
        let parameters = json!({
            "type": "object", "properties": properties, "required": required, "additionalProperties": false
        });
        specs.push(ToolSpec { name: name.to_owned(), about: about.to_owned(), parameters });
    };
    if offered.reminders {
        let properties = json!({
            "text": { "type": "string", "description": "What to be reminded of, in the person's words" },
            "at": { "type": "string", "description": "Local date and time, such as 2026-11-30T09:00" },
            "in_minutes": { "type": "number", "description": "Instead of at" },
            "every": { "type": "string", "enum": ["once", "daily", "weekdays", "weekly", "monthly"] },
        });
        add(REMIND_ME, "Reminds the people of this chat of something later.", properties, json!(["text"]));
        add(LIST_REMINDERS, "Lists the reminders of this chat with their numbers.", json!({}), json!([]));
        let number = json!({ "number": { "type": "integer" } });
        add(CANCEL_REMINDER, "Cancels a reminder of this chat by its number.", number, json!(["number"]));
    }
    if !offered.hand_over_to.is_empty() {
        let to = json!({ "to": { "type": "string", "enum": offered.hand_over_to } });
        add(HAND_OVER, "Lets another assistant, or a human, answer here from now on.", to, json!(["to"]));
    }
    if turn.chat.is_group() && !offered.is_due {
        add(STAY_SILENT, "Says nothing, where the group does not need an answer.", json!({}), json!([]));
    }
    if turn.can.contains(&Ability::Reactions) && !offered.is_due {
        let emoji = json!({ "emoji": { "type": "string", "description": "One emoji" } });
        add(REACT, "Puts an emoji below the present message.", emoji, json!(["emoji"]));
    }
    if offered.files > 0 && (turn.can.contains(&Ability::Images) || turn.can.contains(&Ability::Documents)) {
        let properties = json!({
            "number": { "type": "integer", "minimum": 1, "maximum": offered.files },
            "caption": { "type": "string" },
        });
        add(SEND_FILE, "Sends a picture or file into this chat that a tool returned.", properties, json!(["number"]));
    }
    specs
}

/// One emoji, and nothing else.
pub(crate) fn emoji(written: &str) -> Option<&str> {
    let written = written.trim();
    let is_one = written.graphemes(true).count() == 1;
    (is_one && written.len() <= ACK_BYTES_MAX && written.chars().next().is_some_and(|c| c > '\u{2000}' || c == '©'))
        .then_some(written)
}

#[cfg(test)]
mod tests {
    use super::*;
    use greenroom_conformance::turns::turn;

    fn names(turn: &Turn, offered: &Offered<'_>) -> Vec<String> {
        specs(turn, offered).into_iter().map(|spec| spec.name).collect()
    }

    #[test]
    fn each_is_offered_only_where_it_makes_sense() {
        let none = Offered { reminders: false, hand_over_to: &[], is_due: false, files: 0 };
        assert!(names(&turn("hi").build(), &none).is_empty());
        let to = ["human".to_owned()];
        let all = Offered { reminders: true, hand_over_to: &to, is_due: false, files: 1 };
        let mut group = turn("hi").in_group().build();
        assert!(!names(&group, &all).contains(&SEND_FILE.to_owned()), "no files can be shown here");
        group.can = vec![Ability::Reactions, Ability::Images];
        assert_eq!(names(&group, &all).len(), 7);
        assert!(names(&group, &all).iter().all(|name| is_one(name)));
        let due = Offered { is_due: true, ..all };
        assert!(!names(&group, &due).iter().any(|name| name == STAY_SILENT || name == REACT));
    }

    #[test]
    fn an_emoji_is_one() {
        for yes in ["👍", " ❤️ ", "👩‍👧", "🇨🇭"] {
            assert!(emoji(yes).is_some(), "{yes}");
        }
        for no in ["", "a", "👍👍", "ok", "1", "日本"] {
            assert!(emoji(no).is_none(), "{no}");
        }
    }
}

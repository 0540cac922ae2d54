//! Whatever is said to whatever script.

use super::*;
use greenroom_contract::limits::{ASSISTANT_STATE_BYTES_MAX, REPLIES_PER_TURN_MAX};
use proptest::prelude::*;

/// A script of some menus, forms and plain nodes that lead to each other.
#[allow(clippy::format_push_string, reason = "reads best")]
fn scripts() -> impl Strategy<Value = String> {
    let node = (0_u8..3, 0_usize..4, 1_usize..4, any::<bool>());
    prop::collection::vec(node, 4).prop_map(|nodes| {
        let mut text = "[[rules]]\nwhen = [\"begin\"]\ngo = \"n0\"\n".to_owned();
        for (place, _) in nodes.iter().enumerate() {
            text.push_str(&format!("[[rules]]\nwhen = [\"w{place}\"]\ngo = \"n{place}\"\nalways = {}\n", place == 3));
        }
        for (place, (sort, to, count, flag)) in nodes.into_iter().enumerate() {
            text.push_str(&format!("[nodes.n{place}]\n"));
            match sort {
                0 => {
                    let options = (0..count).map(|at| format!("{{ title = \"o{at}\", id = \"o{at}\", go = \"n{to}\" }}"));
                    let options: Vec<String> = options.collect();
                    text.push_str(&format!("ask = \"?\"\noptions = [{}]\n", options.join(", ")));
                }
                1 => {
                    let kinds = ["text", "number", "date", "email"];
                    let slot = |at: usize| {
                        let kind = kinds[(at + to) % kinds.len()];
                        format!("{{ name = \"s{at}\", ask = \"{{said}}?\", kind = \"{kind}\", optional = {flag}, keep = {flag} }}")
                    };
                    let slots: Vec<String> = (0..count).map(slot).collect();
                    let confirm = if flag { "confirm = \"all right?\"\n" } else { "" };
                    text.push_str(&format!("slots = [{}]\n{confirm}done = {{ go = \"n{to}\" }}\n", slots.join(", ")));
                }
                // Leads on to the next one only, so that there is no circle.
                _ if place < 3 => text.push_str(&format!("say = \"on\"\ngo = \"n{}\"\n", place + 1)),
                _ => text.push_str("say = [\"end\", { one_of = [\"a\", \"b\"] }]\n"),
            }
        }
        text
    })
}

fn said() -> impl Strategy<Value = Content> {
    let words = prop_oneof![
        3 => prop::sample::select(vec!["begin", "1", "2", "o0", "yes", "skip", "cancel", "w0", "w1", "w3", "tomorrow", "a@b.cd"])
            .prop_map(str::to_owned),
        1 => any::<String>(),
        1 => "\\PC{0,40}".prop_map(|text| text.repeat(100)),
    ];
    prop_oneof![
        4 => words.prop_map(Content::Text),
        1 => ("n[0-3]/(o[0-2]|s[0-2]/[0-3]|\\?/[01])", "o[0-2]").prop_map(|(id, title)| Content::Choice { id, title }),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn nothing_panics_and_everything_stays_within_limits(
        text in scripts(),
        talk in prop::collection::vec((said(), 0_u64..40), 0..40),
        group in any::<bool>(),
    ) {
        let mut chat = Chat::new(&text);
        chat.group = group;
        for (content, who) in talk {
            chat.who = who;
            let answer = chat.hears(content).clone();
            prop_assert!(answer.replies.len() <= REPLIES_PER_TURN_MAX);
            prop_assert!(answer.state.is_none_or(|state| state.len() <= ASSISTANT_STATE_BYTES_MAX));
        }
    }

    #[test]
    fn any_state_is_survived(state in prop::collection::vec(any::<u8>(), 0..200), words in any::<String>()) {
        let mut chat = Chat::new(PIZZA);
        chat.state = Some(state.into());
        chat.says(&words);
    }

    /// Each answer either counts, and the next question is asked, or it takes one of three tries.
    #[test]
    fn a_form_always_ends(answers in prop::collection::vec("[a-z0-9@. ]{0,12}", 40)) {
        let mut chat = Chat::new(PIZZA);
        chat.says("order");
        let ended = answers.iter().any(|answer| {
            let said = chat.says(answer);
            said.contains("Thank you") || said.contains("nothing was ordered") || said.contains("a person")
                || chat.last.hand_over.is_some()
        });
        prop_assert!(ended, "7 questions, asked 3 times each at most");
    }
}

#[test]
fn the_most_that_can_be_answered_is_remembered() {
    use crate::limits::{ANSWER_CHARS_MAX, PEOPLE_PER_GROUP_MAX, SLOTS_MAX};
    let slots: Vec<String> = (0..SLOTS_MAX).map(|at| format!("{{ name = \"{at:060}\", ask = \"?\" }}")).collect();
    let text = format!(
        "[[rules]]\nwhen = [\"begin\"]\ngo = \"form\"\n[nodes.form]\ntries = 100\ndone = {{ say = \"done\" }}\nslots = [{}]",
        slots.join(", ")
    );
    let mut chat = Chat::new(&text);
    // Six bytes each in JSON, and no character of text takes more.
    let longest = format!("x{}x", "\u{1}".repeat(ANSWER_CHARS_MAX - 2));
    chat.says("begin");
    for _ in 1..SLOTS_MAX {
        assert_eq!(chat.says(&longest), "?");
    }
    assert_eq!(chat.says(&longest), "done");
    let state = chat.state.clone().unwrap();
    assert!(
        (SLOTS_MAX * ANSWER_CHARS_MAX * 6..=ASSISTANT_STATE_BYTES_MAX).contains(&(state.len() + 2_000)),
        "{}",
        state.len()
    );
    // In a group the person who spoke last is remembered, whatever the others said.
    chat.group = true;
    for who in 1..=PEOPLE_PER_GROUP_MAX as u64 {
        chat.who = who;
        chat.says("begin");
        assert_eq!(chat.says(&longest), "?");
    }
    chat.who = 1;
    assert_eq!(chat.says("still here"), "?");
}

//! A question with options as Graph wants it: reply buttons, or a list that a button opens. Pure.

use crate::limits::{
    BUTTON_CHARS_MAX, BUTTONS_MAX, DETAIL_CHARS_MAX, OPEN_LABEL_CHARS_MAX, QUESTION_CHARS_MAX, ROW_CHARS_MAX,
    ROW_ID_CHARS_MAX, ROWS_MAX,
};
use greenroom_contract::choices::{Choice, ChoiceForm, ChoiceRules, Choices};
use serde_json::{Value, json};

/// What stands on the button that opens a list, where the question does not say.
const OPEN_LABEL: &str = "Options";

/// What fits into Meta's questions.
pub fn rules() -> ChoiceRules {
    ChoiceRules {
        text_chars_max: QUESTION_CHARS_MAX,
        id_chars_max: ROW_ID_CHARS_MAX,
        buttons_max: BUTTONS_MAX,
        button_chars_max: BUTTON_CHARS_MAX,
        rows_max: ROWS_MAX,
        row_chars_max: ROW_CHARS_MAX,
        detail_chars_max: DETAIL_CHARS_MAX,
        open_label_chars_max: OPEN_LABEL_CHARS_MAX,
    }
}

/// The part of a request that asks. A question that fits no form is asked with a list, for Meta to refuse.
pub(crate) fn part(choices: &Choices) -> Value {
    // Buttons and rows have one line. Titles that are the same without their gaps are rows, for Meta takes no two such buttons.
    let line = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let option = |option: &Choice| Choice {
        id: option.id.clone(),
        title: line(&option.title),
        detail: option.detail.as_deref().map(line),
    };
    let label = choices.open_label.as_deref().map(line);
    let choices = Choices {
        text: choices.text.clone(),
        options: choices.options.iter().map(option).collect(),
        open_label: label.filter(|label| (1..=OPEN_LABEL_CHARS_MAX).contains(&label.chars().count())),
    };
    let (kind, action) = match rules().form(&choices) {
        Some(ChoiceForm::Buttons) => ("button", buttons(&choices)),
        Some(ChoiceForm::List) | None => ("list", list(&choices)),
    };
    json!({"type": kind, "body": {"text": choices.text}, "action": action})
}

fn buttons(choices: &Choices) -> Value {
    let button = |option: &Choice| json!({"type": "reply", "reply": {"id": option.id, "title": option.title}});
    json!({"buttons": choices.options.iter().map(button).collect::<Vec<_>>()})
}

fn list(choices: &Choices) -> Value {
    let row = |option: &Choice| {
        let mut row = json!({"id": option.id, "title": option.title});
        if let Some(detail) = &option.detail {
            row["description"] = json!(detail);
        }
        row
    };
    let rows: Vec<Value> = choices.options.iter().map(row).collect();
    json!({"button": choices.open_label.as_deref().unwrap_or(OPEN_LABEL), "sections": [{"rows": rows}]})
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn few_short_options_are_buttons_and_more_are_a_list() {
        let two = Choices::new("tea?", [Choice::new("y", "Yes\nplease"), Choice::new("n", "No")]);
        assert_eq!(
            part(&two),
            json!({"type": "button", "body": {"text": "tea?"}, "action": {"buttons": [
                {"type": "reply", "reply": {"id": "y", "title": "Yes please"}},
                {"type": "reply", "reply": {"id": "n", "title": "No"}}]}})
        );
        let mut detailed = two;
        detailed.options[0].detail = Some("with milk".into());
        let list = part(&detailed);
        assert_eq!((&list["type"], &list["action"]["button"]), (&json!("list"), &json!("Options")));
        assert_eq!(
            list["action"]["sections"],
            json!([{"rows": [{"id": "y", "title": "Yes please", "description": "with milk"}, {"id": "n", "title": "No"}]}])
        );
        detailed.open_label = Some("Drinks".into());
        assert_eq!(part(&detailed)["action"]["button"], "Drinks");
        let same = Choices::new("?", [Choice::new("1", "A B"), Choice::new("2", "A  B")]);
        assert_eq!(part(&same)["type"], "list", "two buttons with one title are refused");
    }

    fn any_question() -> impl Strategy<Value = Choices> {
        let option = (".{0,30}", ".{0,26}", proptest::option::of("[a-z \n]{0,80}"));
        let option = option.prop_map(|(id, title, detail)| Choice { id, title, detail });
        let options = proptest::collection::vec(option, 0..12);
        let label = proptest::option::of(".{0,25}");
        (".{0,40}", options, label).prop_map(|(text, options, open_label)| Choices { text, options, open_label })
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 2_000, max_global_rejects: 100_000, failure_persistence: None, ..Default::default() })]

        /// Whatever has a form leaves with each option, by its id, in order, and within what Meta takes.
        #[test]
        fn a_question_that_has_a_form_leaves_whole(choices in any_question()) {
            prop_assume!(rules().form(&choices).is_some());
            let part = part(&choices);
            let short = |value: &Value, chars_max: usize| {
                let text = value.as_str().unwrap_or_default();
                !text.trim().is_empty() && text.chars().count() <= chars_max && !text.contains('\n')
            };
            let action = &part["action"];
            let (options, title_max) = if part["type"] == "button" {
                let buttons = action["buttons"].as_array().unwrap();
                prop_assert!(buttons.len() <= BUTTONS_MAX);
                (buttons.iter().map(|button| &button["reply"]).collect::<Vec<_>>(), BUTTON_CHARS_MAX)
            } else {
                prop_assert!(short(&action["button"], OPEN_LABEL_CHARS_MAX));
                (action["sections"][0]["rows"].as_array().unwrap().iter().collect(), ROW_CHARS_MAX)
            };
            let ids: Vec<&str> = options.iter().map(|option| option["id"].as_str().unwrap()).collect();
            prop_assert_eq!(ids, choices.options.iter().map(|option| option.id.as_str()).collect::<Vec<_>>());
            for option in options {
                prop_assert!(short(&option["title"], title_max), "{}", option);
                prop_assert!(option["description"].is_null() || short(&option["description"], DETAIL_CHARS_MAX));
            }
            prop_assert_eq!(part["body"]["text"].as_str(), Some(choices.text.as_str()));
        }
    }
}

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
    let (kind, action) = match rules().form(choices) {
        Some(ChoiceForm::Buttons) => ("button", buttons(choices)),
        Some(ChoiceForm::List) | None => ("list", list(choices)),
    };
    json!({"type": kind, "body": {"text": choices.text}, "action": action})
}

fn buttons(choices: &Choices) -> Value {
    let button = |option: &Choice| json!({"type": "reply", "reply": {"id": option.id, "title": line(&option.title)}});
    json!({"buttons": choices.options.iter().map(button).collect::<Vec<_>>()})
}

fn list(choices: &Choices) -> Value {
    let row = |option: &Choice| {
        let mut row = json!({"id": option.id, "title": line(&option.title)});
        if let Some(detail) = &option.detail {
            row["description"] = json!(line(detail));
        }
        row
    };
    let rows: Vec<Value> = choices.options.iter().map(row).collect();
    let label = choices.open_label.as_deref().map_or_else(|| OPEN_LABEL.to_owned(), line);
    json!({"button": label, "sections": [{"rows": rows}]})
}

/// A title on one line, as buttons and rows have them.
fn line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

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
    }
}

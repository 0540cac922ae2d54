//! Questions with options, and the forms that networks have for them.

use serde::{Deserialize, Serialize};

/// A question with options to choose from.
///
/// Whatever the network makes of it, the answer arrives as [`Content::Choice`](crate::assistant::Content::Choice): a tap, or
/// the number or the title of an option typed within [`crate::limits::OPEN_CHOICE_AGE_MAX`]. Any other words stay words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Choices {
    /// The question.
    pub text: String,
    /// What can be chosen, in order; at most [`crate::limits::OPTIONS_PER_CHOICE_MAX`].
    pub options: Vec<Choice>,
    /// What stands on the button that opens a list, where the network has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub open_label: Option<String>,
}

/// One option.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Choice {
    /// What comes back when it is chosen. Unique within its question.
    pub id: String,
    /// What people read.
    pub title: String,
    /// A line below the title, where the network shows one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
}

impl Choice {
    /// An option without a second line.
    pub fn new(id: impl Into<String>, title: impl Into<String>) -> Self {
        Self { id: id.into(), title: title.into(), detail: None }
    }
}

impl Choices {
    /// A question with these options.
    pub fn new(text: impl Into<String>, options: impl IntoIterator<Item = Choice>) -> Self {
        Self { text: text.into(), options: options.into_iter().collect(), open_label: None }
    }
}

/// What fits into the native questions of a network. All lengths in characters.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChoiceRules {
    /// Longest question.
    pub text_chars_max: usize,
    /// Longest id of an option.
    pub id_chars_max: usize,
    /// Options that can be buttons.
    pub buttons_max: usize,
    /// Longest title of a button.
    pub button_chars_max: usize,
    /// Options that can be rows of a list.
    pub rows_max: usize,
    /// Longest title of a row.
    pub row_chars_max: usize,
    /// Longest second line of a row.
    pub detail_chars_max: usize,
    /// Longest words on the button that opens the list.
    pub open_label_chars_max: usize,
}

/// The form in which a network shows a question.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChoiceForm {
    /// A button for each option.
    Buttons,
    /// A list that a button opens.
    List,
}

impl ChoiceRules {
    /// The form that carries the whole question; `None` if none does. Buttons come first, where no option has a second line.
    #[must_use]
    pub fn form(&self, choices: &Choices) -> Option<ChoiceForm> {
        let fits = |text: &str, chars_max: usize| !text.trim().is_empty() && text.chars().count() <= chars_max;
        let count = choices.options.len();
        let sound = count > 0
            && fits(&choices.text, self.text_chars_max)
            && choices.options.iter().all(|option| fits(&option.id, self.id_chars_max))
            && are_different(choices.options.iter().map(|option| option.id.as_str()));
        if !sound {
            return None;
        }
        let titles_fit = |chars_max| choices.options.iter().all(|option| fits(&option.title, chars_max));
        // The network refuses two buttons with one title; in a list it takes them.
        let buttons = count <= self.buttons_max
            && titles_fit(self.button_chars_max)
            && choices.options.iter().all(|option| option.detail.is_none())
            && are_different(choices.options.iter().map(|option| option.title.as_str()));
        let details_fit = || {
            choices
                .options
                .iter()
                .filter_map(|option| option.detail.as_deref())
                .all(|line| fits(line, self.detail_chars_max))
        };
        let label_fits = choices.open_label.as_deref().is_none_or(|label| fits(label, self.open_label_chars_max));
        let list = count <= self.rows_max && titles_fit(self.row_chars_max) && details_fit() && label_fits;
        match (buttons, list) {
            (true, _) => Some(ChoiceForm::Buttons),
            (false, true) => Some(ChoiceForm::List),
            (false, false) => None,
        }
    }
}

fn are_different<'a>(texts: impl Iterator<Item = &'a str>) -> bool {
    let mut seen = std::collections::HashSet::new();
    texts.into_iter().all(|text| seen.insert(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULES: ChoiceRules = ChoiceRules {
        text_chars_max: 1_024,
        id_chars_max: 200,
        buttons_max: 3,
        button_chars_max: 20,
        rows_max: 10,
        row_chars_max: 24,
        detail_chars_max: 72,
        open_label_chars_max: 20,
    };

    fn question(titles: &[&str]) -> Choices {
        Choices::new("which?", titles.iter().enumerate().map(|(at, title)| Choice::new(at.to_string(), *title)))
    }

    #[test]
    fn buttons_come_first_then_a_list_then_nothing() {
        assert_eq!(RULES.form(&question(&["a", "b", "c"])), Some(ChoiceForm::Buttons));
        assert_eq!(RULES.form(&question(&["a", "b", "c", "d"])), Some(ChoiceForm::List));
        assert_eq!(RULES.form(&question(&["a title of 23 characters"])), Some(ChoiceForm::List));
        assert_eq!(RULES.form(&question(&["a title of more characters"])), None);
        assert_eq!(RULES.form(&question(&["a"; 11])), None);
        assert_eq!(RULES.form(&question(&["same", "same"])), Some(ChoiceForm::List));
        assert_eq!(RULES.form(&question(&[])), None);
    }

    #[test]
    fn what_does_not_fit_is_never_cut() {
        let with = |change: fn(&mut Choices)| {
            let mut choices = question(&["a", "b"]);
            change(&mut choices);
            RULES.form(&choices)
        };
        assert_eq!(with(|choices| choices.options[0].detail = Some("26 cm".into())), Some(ChoiceForm::List));
        assert_eq!(with(|choices| choices.options[0].detail = Some("x".repeat(73))), None);
        assert_eq!(with(|choices| choices.text = "x".repeat(1_025)), None);
        assert_eq!(with(|choices| choices.text = " ".into()), None);
        assert_eq!(with(|choices| choices.options[0].id = "x".repeat(201)), None);
        assert_eq!(with(|choices| choices.options[0].id = "1".into()), None, "two options with one id");
    }
}

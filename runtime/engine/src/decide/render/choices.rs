//! A question with options: in the form that the network has for it, else a text with numbers.

use super::Occasion;
use super::texts;
use crate::decide::open_choice::numbers_count;
use greenroom_contract::capabilities::Capabilities;
use greenroom_contract::choices::{Choice, Choices};
use greenroom_contract::limits;
use greenroom_contract::outbound::OutboundBody;
use greenroom_contract::text::is_blank;

/// A question as it leaves.
pub(super) struct Asked {
    pub(super) bodies: Vec<OutboundBody>,
    /// How many of them stand before the one that shows the options.
    pub(super) before: usize,
    /// What can be chosen.
    pub(super) options: Vec<Choice>,
}

pub(super) fn asked(
    choices: Choices,
    network: &Capabilities,
    occasion: Occasion<'_>,
    degraded: &mut Vec<String>,
) -> Asked {
    let choices = tidied(choices, degraded);
    if choices.options.is_empty() {
        degraded.push("a question without options to a text".to_owned());
        return Asked { bodies: texts(&choices.text, network), before: 0, options: Vec::new() };
    }
    let options = choices.options.clone();
    match native(choices, network, occasion) {
        Ok(bodies) => {
            if bodies.len() > 1 {
                degraded.push("the text of a question to a message of its own".to_owned());
            }
            Asked { before: bodies.len() - 1, bodies, options }
        }
        Err((choices, reason)) => {
            degraded.push(format!("a question to a text with numbers: {reason}"));
            Asked { bodies: texts(&numbered(&choices, occasion), network), before: 0, options }
        }
    }
}

/// The options with one line each, as many as there may be.
fn tidied(choices: Choices, degraded: &mut Vec<String>) -> Choices {
    let Choices { text, options, open_label } = choices;
    let asked = options.len();
    let mut options: Vec<Choice> = options.into_iter().filter_map(one_line_each).collect();
    options.truncate(limits::OPTIONS_PER_CHOICE_MAX);
    if options.len() < asked {
        let (left_out, most) = (asked - options.len(), limits::OPTIONS_PER_CHOICE_MAX);
        degraded.push(format!("{left_out} options of a question were left out: without a title, or more than {most}"));
    }
    Choices { text, options, open_label: open_label.and_then(|label| one_line(&label)) }
}

fn one_line_each(option: Choice) -> Option<Choice> {
    let Choice { id, title, detail } = option;
    Some(Choice { title: one_line(&title)?, detail: detail.and_then(|detail| one_line(&detail)), id })
}

/// The same words in one line; `None` if there are none.
fn one_line(text: &str) -> Option<String> {
    (!is_blank(text)).then(|| text.split_whitespace().collect::<Vec<_>>().join(" "))
}

/// The question in a form of the network, behind its text where only that is too long; else the question itself, and why
/// it has no such form.
fn native(
    choices: Choices,
    network: &Capabilities,
    occasion: Occasion<'_>,
) -> Result<Vec<OutboundBody>, (Choices, &'static str)> {
    let Some(rules) = &network.choices else { return Err((choices, "this network has no buttons")) };
    if occasion.in_group && !network.choices_in_groups.is_there() {
        return Err((choices, "this network has no buttons in groups"));
    }
    let choices =
        if is_blank(&choices.text) { Choices { text: occasion.says.choose.to_owned(), ..choices } } else { choices };
    // Words on a button that are too long for it are those of the network instead: they are no part of the question.
    let label = choices.open_label.clone().filter(|label| label.chars().count() <= rules.open_label_chars_max);
    let choices = Choices { open_label: label, ..choices };
    if rules.form(&choices).is_some() {
        return Ok(vec![OutboundBody::Choices(choices)]);
    }
    let short = Choices { text: occasion.says.choose.to_owned(), ..choices.clone() };
    if rules.form(&short).is_none() {
        return Err((choices, "it fits neither buttons nor a list"));
    }
    let mut bodies = texts(&choices.text, network);
    bodies.push(OutboundBody::Choices(short));
    Ok(bodies)
}

/// The question as words: its options with numbers, and how one is chosen. Options that are numbers themselves have none:
/// "2" would mean two of them.
fn numbered(choices: &Choices, occasion: Occasion<'_>) -> String {
    let has_numbers = numbers_count(choices.options.iter().map(|option| option.title.as_str()));
    let lines = choices.options.iter().enumerate().map(|(at, option)| {
        let mark = if has_numbers { format!("{}.", at + 1) } else { "-".to_owned() };
        match &option.detail {
            Some(detail) => format!("{mark} {} – {detail}", option.title),
            None => format!("{mark} {}", option.title),
        }
    });
    let list = lines.collect::<Vec<_>>().join("\n");
    let hint = if has_numbers { &occasion.says.choose_by_number } else { &occasion.says.choose_by_name };
    let blocks = [choices.text.trim(), list.as_str(), hint.here(occasion.in_group)];
    blocks.into_iter().filter(|block| !block.is_empty()).collect::<Vec<_>>().join("\n\n")
}

//! What a model is asked: a function of the turn, of what is remembered, and of nothing else.
//!
//! | module | holds |
//! |---|---|
//! | `clean` | what others wrote, made unable to pass for anything else |
//! | `frame` | where it begins and ends |
//! | `system` | the instructions: rules, the owner's words, facts |
//! | `history` | what was said before, and how much of it fits |
//! | `said` | what was said in this turn |

mod clean;
mod frame;
pub(crate) mod history;
mod said;
pub(crate) mod system;

pub(crate) use clean::{cleaned, label};
pub(crate) use frame::{framed, unframed};

use crate::limits::{SUMMARY_BYTES_MAX, TOOL_OUTPUT_BYTES_MAX};
use crate::moment;
use crate::picture::Picture;
use crate::round::Round;
use crate::state::Memory;
use greenroom_contract::assistant::{PastTurn, Turn};
use greenroom_contract::model::{Part, PromptMessage, Said, ToolOutput};
use std::collections::BTreeMap;

/// What the messages of a prompt are made from.
pub(crate) struct Material<'a> {
    /// The turn.
    pub(crate) turn: &'a Turn,
    /// What the assistant remembers.
    pub(crate) memory: &'a Memory,
    /// The past turns that are shown.
    pub(crate) history: &'a [PastTurn],
    /// The pictures of the turn, by the places of their messages.
    pub(crate) pictures: &'a BTreeMap<usize, Picture>,
    /// Whether documents are handed on.
    pub(crate) documents: bool,
    /// What the program has to say about the turn; may hold words of others.
    pub(crate) notes: &'a [String],
    /// Bytes of one text that are shown.
    pub(crate) text_bytes_max: usize,
}

/// The messages of a prompt, those of people and of the model by turns; the last one is of a person.
pub(crate) fn messages(material: &Material<'_>) -> Vec<PromptMessage> {
    let zone = moment::zone(material.turn.time_zone.as_deref());
    let mut messages = Vec::new();
    if let Some(summary) = &material.memory.summary {
        let at = moment::written(summary.until, &zone);
        let frame = framed("summary", &[("until", &at)], &summary.text, SUMMARY_BYTES_MAX);
        messages.push(PromptMessage::Person(vec![Part::Text(frame)]));
    }
    for past in material.history {
        for message in history::messages(past, &material.turn.assistant, &zone, material.text_bytes_max) {
            add(&mut messages, message);
        }
    }
    add(&mut messages, PromptMessage::Person(said::present(material)));
    messages
}

/// The rounds of calls of this turn behind what was said, each as words of the model and what the tools returned.
pub(crate) fn with_rounds(messages: &mut Vec<PromptMessage>, rounds: &[Round], bytes_max: usize) {
    for round in rounds {
        messages.push(PromptMessage::Model(round.said.clone()));
        let outputs = round.outputs.iter().flatten().map(|output| shown(output, bytes_max));
        messages.push(PromptMessage::Tools(outputs.collect()));
    }
}

/// The same as told by the program, for a last question without tools: some providers refuse calls in a prompt that offers
/// nothing to call.
pub(crate) fn with_rounds_told(messages: &mut Vec<PromptMessage>, rounds: &[Round], bytes_max: usize) {
    let mut parts = Vec::new();
    for output in rounds.iter().flat_map(|round| round.outputs.iter().flatten()) {
        let became = if output.failed { "failed" } else { "done" };
        let labels = [("tool", output.name.as_str()), ("became", became)];
        join(&mut parts, framed("tool_output", &labels, &output.text, bytes_max));
    }
    let note = "No more tools can be called in this turn. Answer with what is known by now.";
    join(&mut parts, framed("note", &[], note, 1_000));
    add(messages, PromptMessage::Person(parts));
}

/// An output as a model is shown it.
fn shown(output: &ToolOutput, bytes_max: usize) -> ToolOutput {
    let became = if output.failed { "failed" } else { "done" };
    let text = framed("tool_output", &[("became", became)], &output.text, bytes_max.min(TOOL_OUTPUT_BYTES_MAX));
    ToolOutput { text, ..output.clone() }
}

/// Turns of talk as frames, for the one who summarises them.
pub(crate) fn told(summary: Option<&str>, turns: &[PastTurn], zone: &jiff::tz::TimeZone, bytes_max: usize) -> String {
    let each = bytes_max / (turns.len().max(1) * 2);
    let mut frames: Vec<String> = Vec::new();
    frames.extend(summary.map(|summary| framed("summary", &[], summary, SUMMARY_BYTES_MAX)));
    for past in turns {
        let at = moment::written(past.at, zone);
        let name = past.name.as_deref().unwrap_or("the person");
        frames.push(framed("message", &[("from", name), ("at", &at)], &past.asked, each));
        frames.push(framed("answer", &[("at", &at)], &past.answered, each));
    }
    frames.join("\n")
}

/// Adds a message; two of a person become one, as providers want it.
fn add(messages: &mut Vec<PromptMessage>, message: PromptMessage) {
    match (messages.last_mut(), message) {
        (Some(PromptMessage::Person(before)), PromptMessage::Person(parts)) => {
            for part in parts {
                match part {
                    Part::Text(text) => join(before, text),
                    other => before.push(other),
                }
            }
        }
        (_, message) => messages.push(message),
    }
}

/// Adds a text behind parts; two texts become one.
fn join(parts: &mut Vec<Part>, text: String) {
    match parts.last_mut() {
        Some(Part::Text(before)) => {
            before.push('\n');
            before.push_str(&text);
        }
        _ => parts.push(Part::Text(text)),
    }
}

/// What a model said, as it is put back into a prompt and shown to people.
pub(crate) fn words_of(said: &Said) -> String {
    unframed(&said.text)
}

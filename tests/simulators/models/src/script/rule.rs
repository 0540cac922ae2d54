//! Conditions, and what follows from them.

use crate::asked::{Asked, Part};
use crate::reply::{Call, Reply};
use regex_lite::Regex;
use serde_json::{Map, Value, json};
use std::ops::RangeInclusive;
use std::sync::atomic::{AtomicUsize, Ordering};

/// How a text must be.
#[derive(Debug)]
pub(super) enum Text {
    Contains(String),
    Equals(String),
    Begins(String),
    Matches(Regex),
}

impl Text {
    fn holds(&self, text: &str) -> bool {
        match self {
            Self::Contains(wanted) => text.contains(wanted),
            Self::Equals(wanted) => text.trim() == wanted,
            Self::Begins(wanted) => text.trim_start().starts_with(wanted),
            Self::Matches(wanted) => wanted.is_match(text),
        }
    }
}

#[derive(Debug)]
pub(super) enum Condition {
    Says(Text),
    Said(Text),
    Result { tool: Option<String>, text: Option<Text> },
    Picture,
    File,
    System(Text),
    Model(String),
    Offers(String),
    Streamed(bool),
    Request(RangeInclusive<u64>),
    Any,
}

impl Condition {
    fn holds(&self, asked: &Asked) -> bool {
        let has =
            |wanted: fn(&Part) -> bool| asked.last_of_person().is_some_and(|message| message.parts.iter().any(wanted));
        match self {
            Self::Says(text) => asked.last_of_person().is_some_and(|message| text.holds(&message.text())),
            Self::Said(text) => text.holds(&asked.said()),
            Self::Result { tool, text } => asked.results().iter().any(|(name, content)| {
                tool.as_ref().is_none_or(|tool| tool == name) && text.as_ref().is_none_or(|text| text.holds(content))
            }),
            Self::Picture => has(|part| matches!(part, Part::Picture { .. })),
            Self::File => has(|part| matches!(part, Part::File { .. })),
            Self::System(text) => text.holds(&asked.system),
            Self::Model(name) => asked.model == *name,
            Self::Offers(tool) => asked.tools.iter().any(|offer| offer.name == *tool),
            Self::Streamed(streamed) => asked.streamed == *streamed,
            Self::Request(numbers) => numbers.contains(&asked.number),
            Self::Any => true,
        }
    }
}

/// A rule: when all conditions hold, this is answered.
#[derive(Debug)]
pub(super) struct Rule {
    pub(super) line: usize,
    pub(super) when: Vec<Condition>,
    pub(super) reply: Reply,
    /// Whether it calls the first tool that is offered.
    pub(super) loops: bool,
    /// How often it answers.
    pub(super) times: Option<usize>,
    pub(super) used: AtomicUsize,
}

impl Rule {
    pub(super) fn new(line: usize, when: Vec<Condition>) -> Self {
        Self { line, when, reply: Reply::default(), loops: false, times: None, used: AtomicUsize::new(0) }
    }

    pub(super) fn reply(&self, asked: &Asked, used: bool) -> Option<Reply> {
        if !self.when.iter().all(|condition| condition.holds(asked)) {
            return None;
        }
        if let Some(times) = self.times {
            let free = |count: usize| (count < times).then_some(count + usize::from(used));
            self.used.fetch_update(Ordering::Relaxed, Ordering::Relaxed, free).ok()?;
        }
        let mut reply = self.reply.clone();
        let filled = Blanks::new(asked);
        reply.text = filled.fill(&reply.text);
        reply.thinking = reply.thinking.map(|thinking| filled.fill(&thinking));
        for call in &mut reply.calls {
            filled.fill_json(&mut call.arguments);
        }
        if self.loops {
            reply.calls.extend(
                asked.tools.first().map(|tool| Call { name: tool.name.clone(), arguments: made_up(&tool.parameters) }),
            );
        }
        Some(reply)
    }
}

/// What stands for the blanks of a text.
struct Blanks {
    values: [(&'static str, String); 4],
}

impl Blanks {
    fn new(asked: &Asked) -> Self {
        let result = asked.results().last().map(|(_, content)| (*content).to_owned()).unwrap_or_default();
        let values = [
            ("{said}", asked.said()),
            ("{result}", result),
            ("{model}", asked.model.clone()),
            ("{number}", asked.number.to_string()),
        ];
        Self { values }
    }

    /// Fills the blanks in one pass, so that what was said is not filled itself.
    fn fill(&self, text: &str) -> String {
        let (mut filled, mut rest) = (String::new(), text);
        while let Some(at) = rest.find('{') {
            filled.push_str(&rest[..at]);
            rest = &rest[at..];
            if let Some((blank, value)) = self.values.iter().find(|(blank, _)| rest.starts_with(blank)) {
                filled.push_str(value);
                rest = &rest[blank.len()..];
            } else {
                filled.push('{');
                rest = &rest[1..];
            }
        }
        filled.push_str(rest);
        filled
    }

    fn fill_json(&self, value: &mut Value) {
        match value {
            Value::String(text) => *text = self.fill(text),
            Value::Array(items) => items.iter_mut().for_each(|item| self.fill_json(item)),
            Value::Object(map) => map.values_mut().for_each(|item| self.fill_json(item)),
            _ => {}
        }
    }
}

/// Arguments that a schema accepts: its required fields with small values.
fn made_up(schema: &Value) -> Value {
    let required = schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str);
    let fields = required.map(|name| (name.to_owned(), value(&schema["properties"][name])));
    Value::Object(fields.collect::<Map<_, _>>())
}

fn value(schema: &Value) -> Value {
    if let Some(first) = schema["enum"].get(0) {
        return first.clone();
    }
    match schema["type"].as_str() {
        Some("integer" | "number") => json!(1),
        Some("boolean") => json!(true),
        Some("array") => json!([]),
        Some("object") => made_up(schema),
        _ => json!("x"),
    }
}

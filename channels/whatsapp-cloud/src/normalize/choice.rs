//! What was chosen or filled in.

use super::body::{filled, words};
use crate::limits::{FORM_DEPTH_MAX, FORM_LINES_MAX, OPTION_ID_CHARS_MAX};
use greenroom_contract::limits;
use greenroom_contract::message::Body;
use greenroom_contract::text::bounded;
use serde_json::Value;

/// A tap on a button or a row of ours, a form that was filled in, or whatever else an interactive message brings: its words.
pub(super) fn of_question(part: &Value) -> Option<Body> {
    let kind = part["type"].as_str()?;
    let chosen = &part[kind];
    let title = ["title", "text", "body", "name", "description", "id"].iter().find_map(|key| filled(&chosen[*key]));
    match kind {
        "nfm_reply" => form(chosen).map(|said| words(&said)),
        "button_reply" | "list_reply" => tapped(&chosen["id"], title),
        _ => title.map(words),
    }
}

/// A tap on a quick reply of a template.
pub(super) fn of_template(part: &Value) -> Option<Body> {
    tapped(&part["payload"], filled(&part["text"]).or_else(|| filled(&part["payload"])))
}

/// The option with this id and these words. Where the id is missing, or longer than any that is taken, its words are left.
fn tapped(id: &Value, title: Option<&str>) -> Option<Body> {
    let id = id.as_str().filter(|id| !id.trim().is_empty() && id.chars().count() <= OPTION_ID_CHARS_MAX);
    let title = title?;
    Some(match id {
        Some(id) => Body::Choice { id: id.to_owned(), title: bounded(title, limits::NAME_BYTES_MAX) },
        None => words(title),
    })
}

/// A form: what its message says, and each answer in a line of its own.
fn form(part: &Value) -> Option<String> {
    let answers: Value = match &part["response_json"] {
        Value::String(text) => serde_json::from_str(text).unwrap_or_default(),
        other => other.clone(),
    };
    let mut lines = Vec::new();
    answer_lines("", &answers, 0, &mut lines);
    let body = filled(&part["body"]);
    // Where the message repeats the answers, as that of an address form does, they are not said twice.
    let repeats = |body: &str| body.contains('\n') && lines.iter().all(|(_, answer)| body.contains(answer.as_str()));
    if body.is_some_and(repeats) {
        lines.clear();
    }
    let lines =
        lines.into_iter().map(|(name, answer)| if name.is_empty() { answer } else { format!("{name}: {answer}") });
    let said: Vec<String> = body.map(str::to_owned).into_iter().chain(lines).collect();
    (!said.is_empty()).then(|| said.join("\n"))
}

/// The answers of a form by name. The token names the form, not what a person said.
fn answer_lines(name: &str, value: &Value, depth: usize, lines: &mut Vec<(String, String)>) {
    if name == "flow_token" || lines.len() >= FORM_LINES_MAX || depth > FORM_DEPTH_MAX {
        return;
    }
    match value {
        Value::Object(parts) => parts.iter().for_each(|(name, part)| answer_lines(name, part, depth + 1, lines)),
        Value::Array(parts) => parts.iter().for_each(|part| answer_lines(name, part, depth + 1, lines)),
        Value::String(text) if !text.trim().is_empty() => lines.push((name.to_owned(), text.clone())),
        Value::Number(_) | Value::Bool(_) => lines.push((name.to_owned(), value.to_string())),
        Value::String(_) | Value::Null => {}
    }
}

//! The messages of a request and their blocks: calls and their results in pairs.

use super::read::cache_control;
use crate::asked::{Part, Protocol, Role};
use crate::json::At;
use crate::media::Medium;
use crate::offers;
use crate::read::{Read, as_text};
use crate::refusal::Refusal;
use crate::settings::{Model, Settings};

/// A turn: the blocks of all messages in a row that have one role, as the provider joins them.
struct Turn {
    role: Role,
    path: String,
    /// Ids of calls, or of the results that come before anything else.
    ids: Vec<String>,
    /// Whether something else than a result was seen.
    other: bool,
}

/// Whether the last message is the assistant's.
pub(crate) fn read(at: &At<'_>, read: &mut Read, model: &Model, settings: &Settings) -> Result<bool, Refusal> {
    let mut turns: Vec<Turn> = Vec::new();
    let messages = at.full_list()?;
    for (index, message) in messages.iter().enumerate() {
        message.only(&["role", "content"])?;
        let role = role(message)?;
        let parts = content(message, role, index + 1 == messages.len(), model, settings)?;
        if turns.last().is_none_or(|turn| turn.role != role) {
            turns.push(Turn { role, path: message.path.clone(), ids: Vec::new(), other: false });
        }
        let last = turns.len() - 1;
        pair(message, &parts, &mut turns, last)?;
        push(parts, role, read);
    }
    for (index, turn) in turns.iter().enumerate().filter(|(_, turn)| turn.role == Role::Assistant) {
        let results = turns.get(index + 1).map(|next| next.ids.as_slice()).unwrap_or_default();
        let missing: Vec<&str> = turn.ids.iter().filter(|id| !results.contains(id)).map(String::as_str).collect();
        if !missing.is_empty() {
            return Err(Refusal::invalid(format!(
                "{}: `tool_use` ids were found without `tool_result` blocks immediately after: {}. Each `tool_use` \
                 block must have a corresponding `tool_result` block in the next message.",
                turn.path,
                missing.join(", ")
            )));
        }
    }
    Ok(turns.last().is_some_and(|turn| turn.role == Role::Assistant))
}

fn role(message: &At<'_>) -> Result<Role, Refusal> {
    match message.need("role")?.text()? {
        "user" => Ok(Role::User),
        "assistant" => Ok(Role::Assistant),
        "system" => Err(Refusal::invalid(
            "messages: Unexpected role \"system\". The Messages API accepts a top-level `system` parameter, not \
             \"system\" as an input message role.",
        )),
        other => Err(Refusal::invalid(format!(
            "messages: Unexpected role \"{other}\". Allowed roles are \"user\" or \"assistant\"."
        ))),
    }
}

/// Notes the ids of calls and results in the present turn, the last one.
fn pair(message: &At<'_>, parts: &[Part], turns: &mut [Turn], last: usize) -> Result<(), Refusal> {
    let known: Vec<String> =
        turns.iter().filter(|turn| turn.role == Role::Assistant).flat_map(|turn| turn.ids.clone()).collect();
    let asked: Vec<String> = match last.checked_sub(1) {
        Some(before) => turns[before].ids.clone(),
        None => Vec::new(),
    };
    let turn = &mut turns[last];
    for part in parts {
        match part {
            Part::Call { id, .. } => {
                if known.contains(id) || turn.ids.contains(id) {
                    return Err(message.wrong(&format!("`tool_use` ids must be unique: {id}")));
                }
                turn.ids.push(id.clone());
            }
            Part::Result { id, .. } => {
                if turn.role != Role::User || !asked.contains(id) || turn.other {
                    return Err(message.wrong(&format!(
                        "unexpected `tool_use_id` found in `tool_result` blocks: {id}. Each `tool_result` block must \
                         have a corresponding `tool_use` block in the previous message, and come before other blocks."
                    )));
                }
                if turn.ids.contains(id) {
                    return Err(message.wrong(&format!("each `tool_use` must have a single result: {id}")));
                }
                turn.ids.push(id.clone());
            }
            _ => turn.other = true,
        }
    }
    Ok(())
}

/// Adds the parts; results become a message of their own.
fn push(parts: Vec<Part>, role: Role, read: &mut Read) {
    let (results, others): (Vec<Part>, Vec<Part>) =
        parts.into_iter().partition(|part| matches!(part, Part::Result { .. }));
    for result in results {
        let named = match result {
            Part::Result { id, content, failed, .. } => {
                Part::Result { name: read.tool_of(&id).unwrap_or_default(), id, content, failed }
            }
            other => other,
        };
        read.push(Role::Tool, vec![named], false);
    }
    if !others.is_empty() {
        read.push(role, others, false);
    }
}

fn content(message: &At<'_>, role: Role, last: bool, model: &Model, settings: &Settings) -> Result<Vec<Part>, Refusal> {
    let content = message.need("content")?;
    if content.value.is_string() {
        let text = content.text()?;
        return words(&content, text, last && role == Role::Assistant).map(|part| vec![part]);
    }
    let blocks = content.list()?;
    if blocks.is_empty() && !(last && role == Role::Assistant) {
        return Err(
            message.wrong("all messages must have non-empty content except for the optional final assistant message")
        );
    }
    blocks.iter().map(|one| block(one, role, model, settings)).collect()
}

fn words(at: &At<'_>, text: &str, prefill: bool) -> Result<Part, Refusal> {
    if text.is_empty() {
        return Err(at.refuse("messages: text content blocks must be non-empty"));
    }
    if text.trim().is_empty() {
        return Err(at.refuse("messages: text content blocks must contain non-whitespace text"));
    }
    if prefill && text.ends_with(char::is_whitespace) {
        return Err(at.refuse("messages: final assistant content cannot end with trailing whitespace"));
    }
    Ok(Part::Text(text.to_owned()))
}

fn block(at: &At<'_>, role: Role, model: &Model, settings: &Settings) -> Result<Part, Refusal> {
    let known: &[&str] = match role {
        Role::Assistant => &["text", "tool_use", "thinking", "redacted_thinking"],
        _ => &["text", "image", "document", "tool_result"],
    };
    cache_control(at)?;
    match at.need("type")?.one_of(known)? {
        "text" => {
            at.only(&["type", "text", "cache_control", "citations"])?;
            words(at, at.need("text")?.text()?, false)
        }
        "image" => {
            at.only(&["type", "source", "cache_control"])?;
            if !model.pictures {
                return Err(at.refuse("This model does not support image inputs."));
            }
            image(&at.need("source")?, settings)
        }
        "document" => {
            at.only(&["type", "source", "cache_control", "title", "context", "citations"])?;
            document(at)
        }
        "tool_use" => {
            at.only(&["type", "id", "name", "input", "cache_control", "caller"])?;
            let id = call_id(&at.need("id")?)?;
            let name = offers::name(&at.need("name")?)?.to_owned();
            let input = at.need("input")?;
            input.map()?;
            Ok(Part::Call { id, name, arguments: input.value.clone() })
        }
        "tool_result" => {
            at.only(&["type", "tool_use_id", "content", "is_error", "cache_control"])?;
            let id = call_id(&at.need("tool_use_id")?)?;
            let failed = at.get("is_error").map(|flag| flag.flag()).transpose()?.unwrap_or(false);
            let content = at.get("content").map(|content| result(&content, model, settings)).transpose()?;
            Ok(Part::Result { id, name: String::new(), content: content.unwrap_or_default(), failed })
        }
        _ => {
            if at.get("signature").is_none() && at.get("data").is_none() {
                at.need("signature")?;
            }
            Ok(Part::Thinking(at.value.clone()))
        }
    }
}

fn call_id(at: &At<'_>) -> Result<String, Refusal> {
    let id = at.text()?;
    let allowed = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    if id.is_empty() || !id.chars().all(allowed) {
        return Err(at.wrong("String should match pattern '^[a-zA-Z0-9_-]+$'"));
    }
    Ok(id.to_owned())
}

/// What a tool returned: text, or blocks of text and pictures.
fn result(at: &At<'_>, model: &Model, settings: &Settings) -> Result<String, Refusal> {
    if at.value.is_string() {
        return at.text().map(str::to_owned);
    }
    let mut texts = Vec::new();
    for one in at.list()? {
        match block(&one, Role::User, model, settings)? {
            Part::Text(text) => texts.push(text),
            Part::Picture { .. } | Part::File { .. } => {}
            _ => return Err(one.wrong("Input should be text, image or document")),
        }
    }
    Ok(if texts.is_empty() { as_text(at.value) } else { texts.join("\n") })
}

fn image(source: &At<'_>, settings: &Settings) -> Result<Part, Refusal> {
    match source.need("type")?.one_of(&["base64", "url", "file"])? {
        "base64" => {
            source.only(&["type", "media_type", "data"])?;
            let (media_type, data) = (source.need("media_type")?.text()?, source.need("data")?);
            Medium { at: source, media_type, base64: data.text()? }.picture(Protocol::Anthropic, settings)
        }
        "url" => Ok(Part::Link(source.need("url")?.text()?.to_owned())),
        _ => Ok(Part::Link(source.need("file_id")?.text()?.to_owned())),
    }
}

fn document(at: &At<'_>) -> Result<Part, Refusal> {
    let source = at.need("source")?;
    let title = at.get("title").map(|title| title.text()).transpose()?.map(str::to_owned);
    match source.need("type")?.one_of(&["base64", "text", "url", "file", "content"])? {
        "base64" => {
            source.only(&["type", "media_type", "data"])?;
            let media_type = source.need("media_type")?.one_of(&["application/pdf"])?;
            Medium { at: &source, media_type, base64: source.need("data")?.text()? }.file(title)
        }
        "text" => {
            source.need("media_type")?.one_of(&["text/plain"])?;
            let bytes = source.need("data")?.text()?.to_owned().into();
            Ok(Part::File { name: title, media_type: "text/plain".into(), bytes })
        }
        "url" => Ok(Part::Link(source.need("url")?.text()?.to_owned())),
        other => Ok(Part::Link(other.to_owned())),
    }
}

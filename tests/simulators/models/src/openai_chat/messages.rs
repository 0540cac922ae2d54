//! The messages of a request: roles, parts, calls and their results.

use crate::asked::{Part, Protocol, Role};
use crate::json::At;
use crate::limits;
use crate::media::{Medium, data_url};
use crate::offers;
use crate::read::Read;
use crate::refusal::Refusal;
use crate::settings::{Model, Settings, SystemMessages};
use serde_json::Value;

const ROLES: &[&str] = &["system", "assistant", "user", "tool", "developer"];

/// Calls whose results must come next, and where they were made.
struct Open {
    path: String,
    ids: Vec<String>,
}

pub(crate) fn read(at: &At<'_>, read: &mut Read, model: &Model, settings: &Settings) -> Result<(), Refusal> {
    let mut open: Option<Open> = None;
    for (index, message) in at.full_list()?.iter().enumerate() {
        let role = message.need("role")?.one_of(ROLES)?;
        if role == "tool" {
            result(message, read, open.as_mut())?;
            continue;
        }
        answered(open.take())?;
        match role {
            "assistant" => open = assistant(message, read, model)?,
            "user" => {
                message.only(&["role", "content", "name"])?;
                name(message)?;
                let parts = content(&message.need("content")?, model, settings)?;
                read.push(Role::User, parts, false);
            }
            _ => system(message, index, read, settings)?,
        }
    }
    answered(open)
}

fn system(message: &At<'_>, index: usize, read: &mut Read, settings: &Settings) -> Result<(), Refusal> {
    message.only(&["role", "content", "name"])?;
    if index > 0 && settings.system_messages == SystemMessages::FirstOnly {
        return Err(message.refuse("System message must be at the beginning."));
    }
    read.system.push(words(&message.need("content")?)?);
    Ok(())
}

fn name(message: &At<'_>) -> Result<(), Refusal> {
    let Some(name) = message.get("name") else { return Ok(()) };
    if name.text()?.chars().any(|c| c.is_whitespace() || "<|\\/>".contains(c)) {
        return Err(name.wrong("string does not match pattern. Expected '^[^\\s<|\\\\/>]+$'.").code("invalid_value"));
    }
    Ok(())
}

/// Content that may be words only.
fn words(content: &At<'_>) -> Result<String, Refusal> {
    if content.value.is_string() {
        return content.text().map(str::to_owned);
    }
    let mut words = Vec::new();
    for part in content.full_list()? {
        part.need("type")?.one_of(&["text"])?;
        words.push(part.need("text")?.text()?.to_owned());
    }
    Ok(words.join("\n"))
}

fn content(content: &At<'_>, model: &Model, settings: &Settings) -> Result<Vec<Part>, Refusal> {
    if content.value.is_string() {
        return Ok(vec![Part::Text(content.text()?.to_owned())]);
    }
    content.full_list()?.iter().map(|one| part(one, model, settings)).collect()
}

fn part(part: &At<'_>, model: &Model, settings: &Settings) -> Result<Part, Refusal> {
    match part.need("type")?.one_of(&["text", "image_url", "input_audio", "file"])? {
        "text" => {
            part.only(&["type", "text", "prompt_cache_breakpoint"])?;
            Ok(Part::Text(part.need("text")?.text()?.to_owned()))
        }
        "image_url" => {
            part.only(&["type", "image_url", "prompt_cache_breakpoint"])?;
            if !model.pictures {
                return Err(part.refuse("Invalid content type. image_url is only supported by certain models."));
            }
            let picture = part.need("image_url")?;
            picture.only(&["url", "detail"])?;
            address(&picture.need("url")?, settings, Protocol::OpenAiChat)
        }
        "input_audio" => {
            part.only(&["type", "input_audio"])?;
            let sound = part.need("input_audio")?;
            let format = sound.need("format")?.one_of(&["wav", "mp3"])?;
            let base64 = sound.need("data")?.text()?;
            Medium { at: &sound, media_type: &format!("audio/{format}"), base64 }.file(None)
        }
        _ => {
            part.only(&["type", "file"])?;
            let file = part.need("file")?;
            file.only(&["file_data", "file_id", "filename"])?;
            let name = file.get("filename").map(|name| name.text()).transpose()?.map(str::to_owned);
            match file.get("file_id") {
                Some(id) => Ok(Part::Link(id.text()?.to_owned())),
                None => document(&file.need("file_data")?, name),
            }
        }
    }
}

/// A picture as an address or a data URL, for both of OpenAI's protocols.
pub(crate) fn address(url: &At<'_>, settings: &Settings, protocol: Protocol) -> Result<Part, Refusal> {
    let text = url.text()?;
    if let Some((media_type, base64)) = data_url(text) {
        return Medium { at: url, media_type, base64 }.picture(protocol, settings);
    }
    if text.starts_with("https://") || text.starts_with("http://") {
        return Ok(Part::Link(text.to_owned()));
    }
    Err(url.wrong("Expected a base64-encoded data URL with an image MIME type, or a URL.").code("invalid_value"))
}

/// A document as a data URL, for both of OpenAI's protocols.
pub(crate) fn document(data: &At<'_>, name: Option<String>) -> Result<Part, Refusal> {
    match data_url(data.text()?) {
        Some((media_type @ "application/pdf", base64)) => Medium { at: data, media_type, base64 }.file(name),
        Some((media_type, _)) => {
            Err(data.refuse(format!("Invalid file data: '{}'. Unsupported MIME type '{media_type}'.", data.path)))
        }
        None => Err(data.wrong("Expected a base64-encoded data URL.")),
    }
}

fn assistant(message: &At<'_>, read: &mut Read, model: &Model) -> Result<Option<Open>, Refusal> {
    let mut known = vec!["role", "content", "name", "refusal", "tool_calls", "audio", "annotations"];
    // Servers of models that think take it back; OpenAI does not know the fields.
    if model.thinking {
        known.extend(["reasoning_content", "reasoning_details", "reasoning"]);
    }
    message.only(&known)?;
    let mut parts = Vec::new();
    if let Some(thinking) = message.get("reasoning_content") {
        parts.push(Part::Thinking(thinking.value.clone()));
    }
    let (content, calls) = (message.get("content"), message.get("tool_calls"));
    if content.is_none() && calls.is_none() && message.get("refusal").is_none() {
        return Err(message
            .get("role")
            .unwrap_or_else(|| message.clone())
            .refuse("Invalid value for 'content': expected a string, got null."));
    }
    if let Some(content) = content {
        let words = words(&content)?;
        if !words.is_empty() {
            parts.push(Part::Text(words));
        }
    }
    let mut open = None;
    if let Some(calls) = calls {
        let mut ids: Vec<String> = Vec::new();
        for one in calls.full_list()? {
            let (id, part) = call(&one)?;
            if ids.contains(&id) {
                return Err(one.wrong(&format!("duplicate tool call id '{id}'")));
            }
            ids.push(id);
            parts.push(part);
        }
        open = Some(Open { path: message.path.clone(), ids });
    }
    read.push(Role::Assistant, parts, false);
    Ok(open)
}

fn call(call: &At<'_>) -> Result<(String, Part), Refusal> {
    call.only(&["id", "type", "function"])?;
    call.need("type")?.one_of(&["function"])?;
    let id = call_id(&call.need("id")?, limits::CHAT_CALL_ID_CHARS_MAX)?;
    let function = call.need("function")?;
    function.only(&["name", "arguments"])?;
    let name = offers::name(&function.need("name")?)?.to_owned();
    let arguments = arguments(&function.need("arguments")?)?;
    Ok((id.clone(), Part::Call { id, name, arguments }))
}

/// The id of a call, for both of OpenAI's protocols.
pub(crate) fn call_id(at: &At<'_>, most: usize) -> Result<String, Refusal> {
    let id = at.text()?;
    if id.is_empty() || id.chars().count() > most {
        let message = format!("string too long or empty. Expected a string with maximum length {most}.");
        return Err(at.wrong(&message).code("string_above_max_length"));
    }
    Ok(id.to_owned())
}

/// Arguments, which are text at OpenAI. What the model itself wrote may be broken JSON and is taken back.
pub(crate) fn arguments(at: &At<'_>) -> Result<Value, Refusal> {
    let text = at.text()?;
    Ok(serde_json::from_str(text).unwrap_or_else(|_| Value::String(text.to_owned())))
}

fn result(message: &At<'_>, read: &mut Read, open: Option<&mut Open>) -> Result<(), Refusal> {
    message.only(&["role", "content", "tool_call_id", "name"])?;
    let id = message.need("tool_call_id")?;
    let wanted = id.text()?;
    let index = open.as_ref().and_then(|open| open.ids.iter().position(|one| one == wanted));
    let (Some(open), Some(index)) = (open, index) else {
        return Err(message.refuse(
            "Invalid parameter: messages with role 'tool' must be a response to a preceeding message with 'tool_calls'.",
        ));
    };
    open.ids.remove(index);
    let content = words(&message.need("content")?)?;
    let name = read.tool_of(wanted).unwrap_or_default();
    read.push(Role::Tool, vec![Part::Result { id: wanted.to_owned(), name, content, failed: false }], false);
    Ok(())
}

fn answered(open: Option<Open>) -> Result<(), Refusal> {
    match open {
        Some(open) if !open.ids.is_empty() => Err(Refusal::invalid(format!(
            "An assistant message with 'tool_calls' must be followed by tool messages responding to each \
             'tool_call_id'. The following tool_call_ids did not have response messages: {}",
            open.ids.join(", ")
        ))
        .at(open.path)),
        _ => Ok(()),
    }
}

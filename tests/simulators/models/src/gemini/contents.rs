//! The contents of a request: turns, calls and as many results.

use crate::asked::{Part, Protocol, Role};
use crate::json::At;
use crate::media::Medium;
use crate::offers;
use crate::read::{Read, as_text};
use crate::refusal::Refusal;
use crate::settings::{Model, Settings};
use serde_json::Value;

pub(crate) fn read(at: &At<'_>, read: &mut Read, model: &Model, settings: &Settings) -> Result<(), Refusal> {
    // The tools that were called and whose results must come next.
    let mut open: Vec<String> = Vec::new();
    for content in at.full_list()? {
        content.only(&["role", "parts"])?;
        let role = match content.get("role").map(|role| role.text()).transpose()? {
            None | Some("user" | "function") => Role::User,
            Some("model") => Role::Assistant,
            Some(_) => return Err(content.refuse("Please use a valid role: user, model.")),
        };
        let list = content.get("parts").map(|parts| parts.list()).transpose()?.unwrap_or_default();
        if list.is_empty() {
            return Err(Refusal::invalid(format!(
                "* GenerateContentRequest.{}.parts: contents.parts must not be empty.",
                content.path
            )));
        }
        let parts = list.iter().map(|one| part(one, role, model, settings)).collect::<Result<Vec<_>, _>>()?;
        if role == Role::Assistant {
            let calls = parts.iter().filter_map(|part| match part {
                Part::Call { name, .. } => Some(name.clone()),
                _ => None,
            });
            let calls: Vec<String> = calls.collect();
            answered(&open)?;
            if !calls.is_empty() && read.messages.last().is_none_or(|last| last.role == Role::Assistant) {
                return Err(Refusal::invalid(
                    "Please ensure that function call turn comes immediately after a user turn or after a function \
                     response turn.",
                ));
            }
            open = calls;
            read.push(Role::Assistant, parts, false);
        } else {
            person(parts, &mut open, read)?;
        }
    }
    answered(&open)
}

/// A turn of the person's: words and media, or the results of all calls.
fn person(parts: Vec<Part>, open: &mut Vec<String>, read: &mut Read) -> Result<(), Refusal> {
    let (results, others): (Vec<Part>, Vec<Part>) =
        parts.into_iter().partition(|part| matches!(part, Part::Result { .. }));
    for result in &results {
        let Part::Result { name, .. } = result else { continue };
        let Some(index) = open.iter().position(|one| one == name) else {
            return Err(Refusal::invalid(if open.is_empty() {
                "Please ensure that function response turn comes immediately after a function call turn.".to_owned()
            } else {
                format!("The function response {name:?} does not match a function call of the turn before: {open:?}")
            }));
        };
        open.remove(index);
    }
    // All results stand in one turn.
    answered(open)?;
    for result in results {
        read.push(Role::Tool, vec![result], false);
    }
    if !others.is_empty() {
        read.push(Role::User, others, false);
    }
    Ok(())
}

fn answered(open: &[String]) -> Result<(), Refusal> {
    if open.is_empty() {
        return Ok(());
    }
    Err(Refusal::invalid(
        "Please ensure that the number of function response parts is equal to the number of function call parts of \
         the function call turn.",
    ))
}

fn part(at: &At<'_>, role: Role, model: &Model, settings: &Settings) -> Result<Part, Refusal> {
    at.only(&[
        "text",
        "thought",
        "thoughtSignature",
        "inlineData",
        "fileData",
        "functionCall",
        "functionResponse",
        "mediaResolution",
        "videoMetadata",
        "partMetadata",
    ])?;
    if let Some(text) = at.get("text") {
        let words = text.text()?;
        if words.is_empty() && at.get("thoughtSignature").is_none() {
            return Err(at.wrong("data: required oneof field 'data' must have one initialized field"));
        }
        let thought = at.get("thought").map(|thought| thought.flag()).transpose()?.unwrap_or(false);
        return Ok(if thought { Part::Thinking(at.value.clone()) } else { Part::Text(words.to_owned()) });
    }
    if let Some(data) = at.get("inlineData") {
        data.only(&["mimeType", "data", "displayName"])?;
        return medium(&data, model, settings);
    }
    if let Some(file) = at.get("fileData") {
        return Ok(Part::Link(file.need("fileUri")?.text()?.to_owned()));
    }
    if let Some(call) = at.get("functionCall") {
        call.only(&["id", "name", "args"])?;
        if role != Role::Assistant {
            return Err(at.refuse("Function calls are only allowed in turns of the role model."));
        }
        let name = offers::name(&call.need("name")?)?.to_owned();
        let arguments = call.get("args");
        arguments.as_ref().map(At::map).transpose()?;
        let arguments = arguments.map_or_else(|| Value::Object(serde_json::Map::new()), |found| found.value.clone());
        return Ok(Part::Call { id: id(&call)?, name, arguments });
    }
    if let Some(response) = at.get("functionResponse") {
        response.only(&["id", "name", "response", "willContinue", "scheduling", "parts"])?;
        let name = offers::name(&response.need("name")?)?.to_owned();
        let content = response.need("response")?;
        content.map()?;
        return Ok(Part::Result { id: id(&response)?, name, content: said(content.value), failed: false });
    }
    match at.get("thoughtSignature") {
        Some(_) => Ok(Part::Thinking(at.value.clone())),
        None => Err(at.wrong("data: required oneof field 'data' must have one initialized field")),
    }
}

fn id(at: &At<'_>) -> Result<String, Refusal> {
    Ok(at.get("id").map(|id| id.text()).transpose()?.unwrap_or_default().to_owned())
}

/// What a tool returned: clients wrap texts in an object of one field.
fn said(response: &Value) -> String {
    let wrapped = ["content", "output", "result", "error"].iter().find_map(|field| response.get(field));
    as_text(wrapped.unwrap_or(response))
}

fn medium(at: &At<'_>, model: &Model, settings: &Settings) -> Result<Part, Refusal> {
    let media_type = at.need("mimeType")?.text()?;
    let data = at.need("data")?;
    let medium = Medium { at, media_type, base64: data.text()? };
    if media_type.starts_with("image/") {
        if !model.pictures {
            return Err(at.refuse("Image input modality is not enabled for this model."));
        }
        return medium.picture(Protocol::Gemini, settings);
    }
    let known = ["audio/", "video/", "text/", "application/pdf", "application/json"];
    if !known.iter().any(|known| media_type.starts_with(known)) {
        return Err(at.refuse(format!("Unsupported MIME type: {media_type}")));
    }
    medium.file(None)
}

//! The input items of a request: messages, calls and their results.

use crate::asked::{Part, Protocol, Role};
use crate::json::At;
use crate::limits;
use crate::offers;
use crate::openai_chat::messages as chat;
use crate::read::{Read, as_text};
use crate::refusal::Refusal;
use crate::settings::{Model, Settings};

pub(crate) fn read(at: &At<'_>, read: &mut Read, model: &Model, settings: &Settings) -> Result<(), Refusal> {
    let mut open: Vec<String> = Vec::new();
    for item in at.full_list()? {
        let kind = item.get("type").map(|kind| kind.text()).transpose()?.unwrap_or("message");
        match kind {
            "message" => message(&item, read, model, settings)?,
            "function_call" => {
                item.only(&["type", "id", "call_id", "name", "arguments", "status"])?;
                let id = chat::call_id(&item.need("call_id")?, limits::RESPONSES_CALL_ID_CHARS_MAX)?;
                if read.tool_of(&id).is_some() {
                    return Err(item.refuse(format!("Duplicate function call with call_id {id}.")).at("input"));
                }
                let name = offers::name(&item.need("name")?)?.to_owned();
                let arguments = chat::arguments(&item.need("arguments")?)?;
                open.push(id.clone());
                read.push(Role::Assistant, vec![Part::Call { id, name, arguments }], true);
            }
            "function_call_output" => {
                item.only(&["type", "id", "call_id", "output", "status"])?;
                result(&item, read, &mut open)?;
            }
            "reasoning" => {
                item.only(&["type", "id", "encrypted_content", "summary", "content", "status"])?;
                item.need("summary")?.list()?;
                if !model.thinking {
                    return Err(item.refuse("Reasoning items are not supported with this model.").at("input"));
                }
                read.push(Role::Assistant, vec![Part::Thinking(item.value.clone())], false);
            }
            other => {
                let message = format!(
                    "Invalid value: '{other}'. Supported values are: 'message', 'function_call', \
                     'function_call_output' and 'reasoning'."
                );
                return Err(item.refuse(message).code("invalid_value"));
            }
        }
    }
    match open.first() {
        Some(id) => Err(Refusal::invalid(format!("No tool output found for function call {id}.")).at("input")),
        None => Ok(()),
    }
}

fn result(item: &At<'_>, read: &mut Read, open: &mut Vec<String>) -> Result<(), Refusal> {
    let id = item.need("call_id")?.text()?.to_owned();
    let Some(index) = open.iter().position(|one| *one == id) else {
        let message = format!("No tool call found for function call output with call_id {id}.");
        return Err(Refusal::invalid(message).at("input"));
    };
    open.remove(index);
    let output = item.need("output")?;
    if !output.value.is_string() && !output.value.is_array() {
        output.text()?;
    }
    let name = read.tool_of(&id).unwrap_or_default();
    read.push(Role::Tool, vec![Part::Result { id, name, content: as_text(output.value), failed: false }], false);
    Ok(())
}

fn message(item: &At<'_>, read: &mut Read, model: &Model, settings: &Settings) -> Result<(), Refusal> {
    item.only(&["type", "id", "role", "content", "status", "phase"])?;
    let role = item.need("role")?.one_of(&["assistant", "system", "developer", "user"])?;
    let content = item.need("content")?;
    let parts = if content.value.is_string() {
        vec![Part::Text(content.text()?.to_owned())]
    } else {
        let parts = content.list()?;
        parts.iter().map(|one| part(one, role == "assistant", model, settings)).collect::<Result<_, _>>()?
    };
    match role {
        "user" => read.push(Role::User, parts, false),
        // Thinking and calls are items of their own and belong to the same answer.
        "assistant" => read.push(Role::Assistant, parts, true),
        _ => read.system.extend(parts.into_iter().filter_map(|part| match part {
            Part::Text(text) => Some(text),
            _ => None,
        })),
    }
    Ok(())
}

fn part(part: &At<'_>, by_model: bool, model: &Model, settings: &Settings) -> Result<Part, Refusal> {
    let known: &[&str] =
        if by_model { &["output_text", "refusal"] } else { &["input_text", "input_image", "input_file"] };
    match part.need("type")?.one_of(known)? {
        "input_image" => {
            part.only(&["type", "image_url", "file_id", "detail", "prompt_cache_breakpoint"])?;
            if !model.pictures {
                return Err(part.refuse("Invalid content type. input_image is only supported by certain models."));
            }
            chat::address(&part.need("image_url")?, settings, Protocol::OpenAiResponses)
        }
        "input_file" => {
            part.only(&["type", "file_id", "filename", "file_data", "file_url", "prompt_cache_breakpoint"])?;
            if let Some(link) = part.get("file_url").or_else(|| part.get("file_id")) {
                return Ok(Part::Link(link.text()?.to_owned()));
            }
            let name = part.need("filename")?.text()?.to_owned();
            chat::document(&part.need("file_data")?, Some(name))
        }
        "refusal" => Ok(Part::Text(part.need("refusal")?.text()?.to_owned())),
        _ => {
            part.only(&["type", "text", "annotations", "logprobs", "prompt_cache_breakpoint"])?;
            Ok(Part::Text(part.need("text")?.text()?.to_owned()))
        }
    }
}

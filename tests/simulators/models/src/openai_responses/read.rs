//! The body of a request.

use super::items;
use crate::asked::{Offer, Part, Protocol, Role};
use crate::json::{At, Style};
use crate::openai_chat::read as chat;
use crate::read::{Read, model};
use crate::refusal::Refusal;
use crate::settings::{Model, Settings};
use serde_json::Value;

const FIELDS: &[&str] = &[
    "background",
    "context_management",
    "conversation",
    "include",
    "input",
    "instructions",
    "max_output_tokens",
    "max_tool_calls",
    "metadata",
    "model",
    "parallel_tool_calls",
    "previous_response_id",
    "prompt",
    "prompt_cache_key",
    "prompt_cache_options",
    "prompt_cache_retention",
    "reasoning",
    "safety_identifier",
    "service_tier",
    "store",
    "stream",
    "stream_options",
    "temperature",
    "text",
    "tool_choice",
    "tools",
    "top_logprobs",
    "top_p",
    "truncation",
    "user",
];

pub(crate) fn read(body: &Value, settings: &Settings) -> Result<Read, Refusal> {
    let root = At::root(body, Style::OpenAi);
    root.only(FIELDS)?;
    let name = root.need("model")?.text()?;
    let model = model(Protocol::OpenAiResponses, name, settings)?;
    let mut read = Read { model: name.to_owned(), thinking: thinking(&root, model)?, ..Read::default() };
    read.streamed = root.get("stream").map(|stream| stream.flag()).transpose()?.unwrap_or(false);
    read.max_tokens = root.get("max_output_tokens").map(|field| chat::within(&field, model)).transpose()?;
    chat::numbers(&root, name)?;
    if let Some(previous) = root.get("previous_response_id") {
        let id = previous.text()?;
        return Err(previous
            .refuse(format!("Previous response with id '{id}' not found."))
            .code("previous_response_not_found"));
    }
    if let Some(instructions) = root.get("instructions") {
        read.system.push(instructions.text()?.to_owned());
    }
    read.tools = tools(&root)?;
    let input = root.need("input")?;
    if input.value.is_string() {
        read.push(Role::User, vec![Part::Text(input.text()?.to_owned())], false);
    } else {
        items::read(&input, &mut read, model, settings)?;
    }
    Ok(read)
}

fn thinking(root: &At<'_>, model: &Model) -> Result<bool, Refusal> {
    if let Some(include) = root.get("include") {
        for one in include.list()? {
            if one.text()? == "reasoning.encrypted_content" && !model.thinking {
                return Err(include.refuse("Encrypted content is not supported with this model."));
            }
        }
    }
    let Some(reasoning) = root.get("reasoning") else { return Ok(false) };
    reasoning.only(&["effort", "summary", "generate_summary"])?;
    for field in ["effort", "summary"] {
        let Some(field) = reasoning.get(field) else { continue };
        if field.path.ends_with("effort") || !model.thinking {
            chat::thinking(&field, model)?;
        } else {
            field.one_of(&["auto", "concise", "detailed"])?;
        }
    }
    Ok(true)
}

fn tools(root: &At<'_>) -> Result<Vec<Offer>, Refusal> {
    let Some(tools) = root.get("tools") else {
        return Ok(Vec::new());
    };
    let mut offers = Vec::new();
    for tool in chat::many(&tools)? {
        match tool.need("type")?.text()? {
            "function" => {
                tool.only(&["type", "name", "description", "parameters", "strict"])?;
                offers.push(chat::offer(&tool)?);
            }
            // Those of the provider are not played.
            "web_search" | "file_search" | "code_interpreter" | "image_generation" | "mcp" | "custom" => {}
            other => return Err(tool.refuse(format!("Invalid value: '{other}' for '{}.type'.", tool.path))),
        }
    }
    if let Some(choice) = root.get("tool_choice") {
        chat::choice(&choice, choice.get("name"), &offers)?;
    }
    Ok(offers)
}

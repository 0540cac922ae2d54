//! The tools that a request offers: names and schemas.

use crate::asked::Offer;
use crate::json::At;
use crate::limits;
use crate::refusal::Refusal;
use serde_json::Value;

/// Refuses names outside `[a-zA-Z0-9_-]{1,64}`.
pub(crate) fn name<'a>(at: &At<'a>) -> Result<&'a str, Refusal> {
    let name = at.text()?;
    let allowed = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    let length = name.chars().count();
    if (1..=limits::TOOL_NAME_CHARS_MAX).contains(&length) && name.chars().all(allowed) {
        return Ok(name);
    }
    let pattern = "^[a-zA-Z0-9_-]{1,64}$";
    Err(at.wrong(&format!("string does not match pattern. Expected a string that matches the pattern '{pattern}'.")))
}

/// Refuses a schema whose type is not an object.
pub(crate) fn schema(at: &At<'_>, tool: &str) -> Result<Value, Refusal> {
    let map = at.map()?;
    match map.get("type").and_then(Value::as_str) {
        // Gemini's own schemas write types in capitals.
        Some("object" | "OBJECT") => {}
        found => {
            return Err(at
                .wrong(&format!("schema for function '{tool}' must be of type \"object\", got {found:?}"))
                .code("invalid_function_parameters"));
        }
    }
    let properties = at.get("properties").map(|properties| properties.map()).transpose()?;
    for required in at.get("required").map(|required| required.list()).transpose()?.unwrap_or_default() {
        let name = required.text()?;
        if !properties.is_some_and(|properties| properties.contains_key(name)) {
            return Err(at.wrong(&format!("'required' names {name:?}, which 'properties' does not have")));
        }
    }
    Ok(at.value.clone())
}

/// What OpenAI asks of a schema in strict mode.
pub(crate) fn strict_schema(at: &At<'_>, tool: &str) -> Result<(), Refusal> {
    let refuse = |what: &str| {
        Err(at
            .refuse(format!("Invalid schema for function '{tool}': In context=(), {what}"))
            .code("invalid_function_parameters"))
    };
    if at.value.get("additionalProperties") != Some(&Value::Bool(false)) {
        return refuse("'additionalProperties' is required to be supplied and to be false.");
    }
    let required: Vec<&str> = at.value["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let properties = at.value["properties"].as_object().into_iter().flatten();
    match properties.map(|(name, _)| name).find(|name| !required.contains(&name.as_str())) {
        Some(name) => refuse(&format!(
            "'required' is required to be supplied and to be an array including every key in properties. \
             Missing '{name}'."
        )),
        None => Ok(()),
    }
}

/// Refuses two tools of one name.
pub(crate) fn unique(at: &At<'_>, offers: &[Offer]) -> Result<(), Refusal> {
    for (index, offer) in offers.iter().enumerate() {
        if offers[..index].iter().any(|earlier| earlier.name == offer.name) {
            return Err(at.wrong(&format!("Tool names must be unique; {} comes twice", offer.name)));
        }
    }
    Ok(())
}

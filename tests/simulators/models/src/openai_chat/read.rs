//! The body of a request.

use super::messages;
use crate::asked::{Offer, Protocol};
use crate::json::{At, Style};
use crate::limits;
use crate::offers;
use crate::read::{Read, alternating, model};
use crate::refusal::Refusal;
use crate::settings::{Model, Settings};
use serde_json::Value;

const FIELDS: &[&str] = &[
    "audio",
    "frequency_penalty",
    "logit_bias",
    "logprobs",
    "max_completion_tokens",
    "max_tokens",
    "messages",
    "metadata",
    "modalities",
    "model",
    "n",
    "parallel_tool_calls",
    "prediction",
    "presence_penalty",
    "prompt_cache_key",
    "prompt_cache_options",
    "prompt_cache_retention",
    "reasoning_effort",
    "response_format",
    "safety_identifier",
    "seed",
    "service_tier",
    "stop",
    "store",
    "stream",
    "stream_options",
    "temperature",
    "tool_choice",
    "tools",
    "top_logprobs",
    "top_p",
    "user",
    "verbosity",
    "web_search_options",
];

/// Names of OpenAI's own models that take `max_completion_tokens` only, and no temperature.
const NEWER: &[&str] = &["gpt-5", "gpt-6", "o1", "o3", "o4"];

pub(crate) fn read(body: &Value, settings: &Settings) -> Result<Read, Refusal> {
    let root = At::root(body, Style::OpenAi);
    only(&root)?;
    let name = root.need("model")?.text()?;
    let model = model(Protocol::OpenAiChat, name, settings)?;
    let mut read = Read { model: name.to_owned(), thinking: root.get("reasoning_effort").is_some(), ..Read::default() };
    read.streamed = root.get("stream").map(|stream| stream.flag()).transpose()?.unwrap_or(false);
    read.usage_asked = stream_options(&root, read.streamed)?;
    read.max_tokens = max_tokens(&root, model)?;
    numbers(&root, name)?;
    if let Some(effort) = root.get("reasoning_effort") {
        thinking(&effort, model)?;
    }
    read.tools = tools(&root)?;
    messages::read(&root.need("messages")?, &mut read, model, settings)?;
    if settings.roles_alternate {
        alternating(&read.messages)?;
    }
    Ok(read)
}

/// At the top level OpenAI words it differently.
fn only(root: &At<'_>) -> Result<(), Refusal> {
    root.only(FIELDS).map_err(|refusal| match &refusal.param {
        Some(name) if !name.is_empty() => {
            Refusal::invalid(format!("Unrecognized request argument supplied: {name}")).at(name.clone())
        }
        _ => refusal,
    })
}

fn stream_options(root: &At<'_>, streamed: bool) -> Result<bool, Refusal> {
    let Some(options) = root.get("stream_options") else { return Ok(false) };
    if !streamed {
        return Err(options.refuse("The 'stream_options' parameter is only allowed when 'stream' is enabled."));
    }
    options.only(&["include_usage", "include_obfuscation"])?;
    options.get("include_usage").map(|usage| usage.flag()).transpose().map(Option::unwrap_or_default)
}

fn max_tokens(root: &At<'_>, model: &Model) -> Result<Option<u64>, Refusal> {
    let (older, newer) = (root.get("max_tokens"), root.get("max_completion_tokens"));
    let field = match (older, newer) {
        (Some(older), Some(_)) => {
            return Err(older
                .refuse("Setting 'max_tokens' and 'max_completion_tokens' at the same time is not supported.")
                .code("invalid_parameter_combination"));
        }
        (Some(older), None) if NEWER.iter().any(|prefix| model.name.starts_with(prefix)) => {
            return Err(older
                .refuse(
                    "Unsupported parameter: 'max_tokens' is not supported with this model. Use \
                     'max_completion_tokens' instead.",
                )
                .code("unsupported_parameter"));
        }
        (older, newer) => older.or(newer),
    };
    field.map(|field| within(&field, model)).transpose()
}

/// A limit of tokens, at least one and not more than the model can write.
pub(crate) fn within(field: &At<'_>, model: &Model) -> Result<u64, Refusal> {
    let tokens = field.whole()?;
    if tokens == 0 {
        return Err(field.wrong("integer below minimum value. Expected a value >= 1, but got 0 instead."));
    }
    if tokens > model.output_tokens_max {
        let most = model.output_tokens_max;
        return Err(field
            .refuse(format!("max_tokens is too large: {tokens}. This model supports at most {most} completion tokens."))
            .code("invalid_value"));
    }
    Ok(tokens)
}

/// Temperature and its like, for both of OpenAI's protocols.
pub(crate) fn numbers(root: &At<'_>, model: &str) -> Result<(), Refusal> {
    if let Some(temperature) = root.get("temperature") {
        let newer = NEWER.iter().any(|prefix| model.starts_with(prefix));
        if (temperature.number(0.0, 2.0)? - 1.0).abs() > f64::EPSILON && newer {
            return Err(temperature
                .refuse("Unsupported value: 'temperature' does not support this value with this model.")
                .code("unsupported_value"));
        }
    }
    for (field, least, most) in [("top_p", 0.0, 1.0), ("presence_penalty", -2.0, 2.0), ("frequency_penalty", -2.0, 2.0)]
    {
        root.get(field).map(|field| field.number(least, most)).transpose()?;
    }
    Ok(())
}

/// An effort, for both of OpenAI's protocols.
pub(crate) fn thinking(effort: &At<'_>, model: &Model) -> Result<(), Refusal> {
    if !model.thinking {
        return Err(effort
            .refuse(format!("Unsupported parameter: '{}' is not supported with this model.", effort.path))
            .code("unsupported_parameter"));
    }
    effort.one_of(&["none", "minimal", "low", "medium", "high", "xhigh"]).map(|_| ())
}

fn tools(root: &At<'_>) -> Result<Vec<Offer>, Refusal> {
    let Some(tools) = root.get("tools") else {
        return no_choice(root).map(|()| Vec::new());
    };
    let mut offers = Vec::new();
    for tool in many(&tools)? {
        tool.only(&["type", "function"])?;
        tool.need("type")?.one_of(&["function"])?;
        let function = tool.need("function")?;
        function.only(&["name", "description", "parameters", "strict"])?;
        offers.push(offer(&function)?);
    }
    if let Some(choice) = root.get("tool_choice") {
        let named = choice.get("function").and_then(|function| function.get("name"));
        self::choice(&choice, named, &offers)?;
    }
    Ok(offers)
}

/// The tools of a request to OpenAI: at least one and not too many.
pub(crate) fn many<'a>(tools: &At<'a>) -> Result<Vec<At<'a>>, Refusal> {
    let list = tools.full_list()?;
    if list.len() <= limits::OPENAI_TOOLS_MAX {
        return Ok(list);
    }
    let (most, found) = (limits::OPENAI_TOOLS_MAX, list.len());
    Err(tools
        .wrong(&format!("array too long. Expected an array with maximum length {most}, but got one of {found}."))
        .code("array_above_max_length"))
}

/// A function, for both of OpenAI's protocols.
pub(crate) fn offer(function: &At<'_>) -> Result<Offer, Refusal> {
    let name = offers::name(&function.need("name")?)?;
    let description = function.get("description").map(|text| text.text()).transpose()?.unwrap_or_default();
    let parameters = function.get("parameters");
    let schema = parameters.as_ref().map(|schema| offers::schema(schema, name)).transpose()?.unwrap_or_default();
    if let Some(strict) = function.get("strict")
        && strict.flag()?
        && let Some(parameters) = &parameters
    {
        offers::strict_schema(parameters, name)?;
    }
    Ok(Offer { name: name.to_owned(), description: description.to_owned(), parameters: schema })
}

/// Refuses what makes no sense without tools.
pub(crate) fn no_choice(root: &At<'_>) -> Result<(), Refusal> {
    for field in ["tool_choice", "parallel_tool_calls"] {
        if let Some(field) = root.get(field) {
            let message =
                format!("Invalid value for '{0}': '{0}' is only allowed when 'tools' are specified.", field.path);
            return Err(field.refuse(message));
        }
    }
    Ok(())
}

/// A choice of tools, for both of OpenAI's protocols.
pub(crate) fn choice(choice: &At<'_>, named: Option<At<'_>>, offers: &[Offer]) -> Result<(), Refusal> {
    if choice.value.is_string() {
        return choice.one_of(&["none", "auto", "required"]).map(|_| ());
    }
    let Some(named) = named else { return Ok(()) };
    let name = named.text()?;
    if offers.iter().any(|offer| offer.name == name) {
        return Ok(());
    }
    Err(choice.refuse(format!("Tool choice '{name}' not found in 'tools' parameter.")))
}

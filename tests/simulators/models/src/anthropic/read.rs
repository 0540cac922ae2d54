//! The body of a request.

use super::blocks;
use crate::asked::{Offer, Protocol};
use crate::json::{At, Style};
use crate::limits;
use crate::offers;
use crate::read::{Read, alternating, model};
use crate::refusal::Refusal;
use crate::settings::{Model, Settings};
use serde_json::Value;

const FIELDS: &[&str] = &[
    "cache_control",
    "container",
    "context_management",
    "inference_geo",
    "max_tokens",
    "mcp_servers",
    "messages",
    "metadata",
    "model",
    "output_config",
    "service_tier",
    "stop_sequences",
    "stream",
    "system",
    "temperature",
    "thinking",
    "tool_choice",
    "tools",
    "top_k",
    "top_p",
];

pub(crate) fn read(body: &Value, settings: &Settings) -> Result<Read, Refusal> {
    let root = At::root(body, Style::Anthropic);
    root.only(FIELDS)?;
    let name = root.need("model")?.text()?;
    let model = model(Protocol::Anthropic, name, settings)?;
    let mut read = Read { model: name.to_owned(), cache_marked: marked(body), ..Read::default() };
    let max_tokens = max_tokens(&root.need("max_tokens")?, model)?;
    read.max_tokens = Some(max_tokens);
    read.streamed = root.get("stream").map(|stream| stream.flag()).transpose()?.unwrap_or(false);
    numbers(&root)?;
    read.thinking = thinking(&root, model, max_tokens)?;
    if let Some(system) = root.get("system") {
        read.system = self::system(&system)?;
    }
    read.tools = tools(&root)?;
    let prefilled = blocks::read(&root.need("messages")?, &mut read, model, settings)?;
    if prefilled && !model.prefill {
        return Err(root.refuse(
            "This model does not support assistant message prefill. The conversation must end with a user message.",
        ));
    }
    if settings.roles_alternate {
        alternating(&read.messages)?;
    }
    Ok(read)
}

fn max_tokens(field: &At<'_>, model: &Model) -> Result<u64, Refusal> {
    let tokens = field.whole()?;
    let most = model.output_tokens_max;
    if tokens == 0 {
        return Err(field.wrong("Input should be greater than or equal to 1"));
    }
    if tokens > most {
        let name = &model.name;
        return Err(
            field.wrong(&format!("{tokens} > {most}, which is the maximum allowed number of output tokens for {name}"))
        );
    }
    Ok(tokens)
}

fn numbers(root: &At<'_>) -> Result<(), Refusal> {
    let temperature = root.get("temperature").map(|field| field.number(0.0, 1.0)).transpose()?;
    let top_p = root.get("top_p").map(|field| field.number(0.0, 1.0)).transpose()?;
    if temperature.is_some() && top_p.is_some() {
        return Err(
            root.refuse("`temperature` and `top_p` cannot both be specified for this model. Please use only one.")
        );
    }
    root.get("top_k").map(|field| field.whole()).transpose().map(|_| ())
}

fn thinking(root: &At<'_>, model: &Model, max_tokens: u64) -> Result<bool, Refusal> {
    if let Some(config) = root.get("output_config") {
        config.only(&["effort", "format", "task_budget"])?;
        if let Some(effort) = config.get("effort") {
            if !model.thinking {
                return Err(root.refuse("This model does not support the effort parameter."));
            }
            effort.one_of(&["low", "medium", "high", "xhigh", "max"])?;
        }
    }
    let Some(thinking) = root.get("thinking") else { return Ok(false) };
    thinking.only(&["type", "budget_tokens", "display"])?;
    let kind = thinking.need("type")?.one_of(&["enabled", "disabled", "adaptive"])?;
    if kind == "disabled" {
        return Ok(false);
    }
    if !model.thinking {
        return Err(root.refuse(format!("{kind} thinking is not supported on this model")));
    }
    if kind == "enabled" {
        let budget = thinking.need("budget_tokens")?;
        let tokens = budget.whole()?;
        let least = limits::ANTHROPIC_THINKING_TOKENS_MIN;
        if tokens < least {
            return Err(budget.wrong(&format!("Input should be greater than or equal to {least}")));
        }
        if tokens >= max_tokens {
            return Err(root.refuse("`max_tokens` must be greater than `thinking.budget_tokens`."));
        }
    }
    Ok(true)
}

fn system(at: &At<'_>) -> Result<Vec<String>, Refusal> {
    if at.value.is_string() {
        return Ok(vec![at.text()?.to_owned()]);
    }
    let mut texts = Vec::new();
    for block in at.list()? {
        block.only(&["type", "text", "cache_control", "citations"])?;
        block.need("type")?.one_of(&["text"])?;
        let text = block.need("text")?;
        if text.text()?.is_empty() {
            return Err(at.wrong("text content blocks must be non-empty"));
        }
        cache_control(&block)?;
        texts.push(text.text()?.to_owned());
    }
    Ok(texts)
}

/// A mark for the cache, on a block or a tool.
pub(crate) fn cache_control(at: &At<'_>) -> Result<(), Refusal> {
    let Some(mark) = at.get("cache_control") else { return Ok(()) };
    mark.only(&["type", "ttl"])?;
    mark.need("type")?.one_of(&["ephemeral"])?;
    mark.get("ttl").map(|ttl| ttl.one_of(&["5m", "1h"])).transpose().map(|_| ())
}

/// Whether any part of the body carries a mark for the cache.
fn marked(value: &Value) -> bool {
    match value {
        Value::Array(items) => items.iter().any(marked),
        Value::Object(map) => map.get("cache_control").is_some_and(|mark| !mark.is_null()) || map.values().any(marked),
        _ => false,
    }
}

fn tools(root: &At<'_>) -> Result<Vec<Offer>, Refusal> {
    let Some(tools) = root.get("tools") else {
        return match root.get("tool_choice") {
            Some(choice) => Err(choice.wrong("tool_choice may only be specified while providing tools")),
            None => Ok(Vec::new()),
        };
    };
    let mut offers = Vec::new();
    for tool in tools.list()? {
        cache_control(&tool)?;
        // Tools of the provider carry a type with a date; they are not played.
        if tool.get("type").is_some_and(|kind| kind.value != "custom") {
            continue;
        }
        tool.only(&[
            "type",
            "name",
            "description",
            "input_schema",
            "cache_control",
            "strict",
            "eager_input_streaming",
            "allowed_callers",
            "defer_loading",
            "input_examples",
        ])?;
        let name = offers::name(&tool.need("name")?)?.to_owned();
        let description = tool.get("description").map(|text| text.text()).transpose()?.unwrap_or_default().to_owned();
        let parameters = offers::schema(&tool.need("input_schema")?, &name)?;
        offers.push(Offer { name, description, parameters });
    }
    offers::unique(&tools, &offers)?;
    if let Some(choice) = root.get("tool_choice") {
        choice.only(&["type", "name", "disable_parallel_tool_use"])?;
        if choice.need("type")?.one_of(&["auto", "any", "tool", "none"])? == "tool" {
            let name = choice.need("name")?.text()?;
            if !offers.iter().any(|offer| offer.name == name) {
                return Err(choice.refuse(format!("Tool '{name}' not found in provided tools")));
            }
        }
    }
    Ok(offers)
}

//! The same answer by each protocol.

use greenroom_models::Provider;
use serde_json::{Value, json};

pub(crate) const ALL: [Provider; 4] =
    [Provider::Openai, Provider::OpenaiResponses, Provider::Anthropic, Provider::Gemini];

/// Why a model stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stop {
    Whole,
    Calls,
    Cut,
    Filtered,
    Unknown,
}

fn event(data: &Value) -> String {
    match data["type"].as_str() {
        Some(name) => format!("event: {name}\ndata: {data}\n\n"),
        None => format!("data: {data}\n\n"),
    }
}

/// Words.
pub(crate) fn words(provider: Provider, text: &str) -> String {
    event(&match provider {
        Provider::Openai | Provider::Ollama => json!({ "choices": [{ "index": 0, "delta": { "content": text } }] }),
        Provider::OpenaiResponses => json!({ "type": "response.output_text.delta", "delta": text }),
        Provider::Anthropic => {
            return event(
                &json!({ "type": "content_block_start", "index": 0, "content_block": { "type": "text", "text": "" } }),
            ) + &event(
                &json!({ "type": "content_block_delta", "index": 0, "delta": { "type": "text_delta", "text": text } }),
            ) + &event(&json!({ "type": "content_block_stop", "index": 0 }));
        }
        Provider::Gemini => json!({ "candidates": [{ "content": { "role": "model", "parts": [{ "text": text }] } }] }),
    })
}

/// A call of a tool; the arguments in two pieces where they come in pieces.
pub(crate) fn call(provider: Provider, number: usize, id: &str, name: &str, arguments: &str) -> String {
    let (one, two) = arguments.split_at(arguments.floor_char_boundary(arguments.len() / 2));
    match provider {
        Provider::Openai | Provider::Ollama => {
            let piece =
                |piece: Value| event(&json!({ "choices": [{ "index": 0, "delta": { "tool_calls": [piece] } }] }));
            piece(
                json!({ "index": number, "id": id, "type": "function", "function": { "name": name, "arguments": one } }),
            ) + &piece(json!({ "index": number, "function": { "arguments": two } }))
        }
        Provider::OpenaiResponses => {
            let item = |arguments: &str| json!({ "type": "function_call", "call_id": id, "name": name, "arguments": arguments });
            event(&json!({ "type": "response.output_item.added", "output_index": number, "item": item("") }))
                + &event(
                    &json!({ "type": "response.function_call_arguments.delta", "output_index": number, "delta": arguments }),
                )
                + &event(
                    &json!({ "type": "response.output_item.done", "output_index": number, "item": item(arguments) }),
                )
        }
        Provider::Anthropic => {
            let delta = |part: &str| {
                event(
                    &json!({ "type": "content_block_delta", "index": number, "delta": { "type": "input_json_delta", "partial_json": part } }),
                )
            };
            event(
                &json!({ "type": "content_block_start", "index": number, "content_block": { "type": "tool_use", "id": id, "name": name, "input": {} } }),
            ) + &delta(one)
                + &delta(two)
                + &event(&json!({ "type": "content_block_stop", "index": number }))
        }
        Provider::Gemini => {
            let arguments: Value = serde_json::from_str(arguments).unwrap_or(Value::Null);
            let call = json!({ "functionCall": { "name": name, "args": arguments }, "thoughtSignature": format!("sig-{number}") });
            event(&json!({ "candidates": [{ "content": { "role": "model", "parts": [call] } }] }))
        }
    }
}

/// The first event, where there is one: ten tokens were read, four of them kept.
pub(crate) fn begin(provider: Provider) -> String {
    match provider {
        Provider::Anthropic => event(&json!({ "type": "message_start", "message": { "role": "assistant", "usage": {
            "input_tokens": 6, "cache_read_input_tokens": 4, "cache_creation_input_tokens": 0, "output_tokens": 1 } } })),
        Provider::OpenaiResponses => event(&json!({ "type": "response.created", "response": { "id": "r" } })),
        _ => String::new(),
    }
}

/// The end: five tokens were written.
pub(crate) fn end(provider: Provider, stop: Stop) -> String {
    match provider {
        Provider::Openai | Provider::Ollama => {
            let reason = match stop {
                Stop::Whole => "stop",
                Stop::Calls => "tool_calls",
                Stop::Cut => "length",
                Stop::Filtered => "content_filter",
                Stop::Unknown => "odd",
            };
            event(&json!({ "choices": [{ "index": 0, "delta": {}, "finish_reason": reason }] }))
                + &event(
                    &json!({ "choices": [], "usage": { "prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15,
                    "prompt_tokens_details": { "cached_tokens": 4 } } }),
                )
                + "data: [DONE]\n\n"
        }
        Provider::OpenaiResponses => {
            let (name, status, reason) = match stop {
                Stop::Whole | Stop::Calls => ("response.completed", "completed", Value::Null),
                Stop::Cut => ("response.incomplete", "incomplete", json!({ "reason": "max_output_tokens" })),
                Stop::Filtered => ("response.incomplete", "incomplete", json!({ "reason": "content_filter" })),
                Stop::Unknown => ("response.completed", "odd", Value::Null),
            };
            event(&json!({ "type": name, "response": { "id": "r", "status": status, "model": "m", "output": [],
                "incomplete_details": reason, "usage": { "input_tokens": 10, "output_tokens": 5, "total_tokens": 15,
                    "input_tokens_details": { "cached_tokens": 4 }, "output_tokens_details": { "reasoning_tokens": 0 } } } }))
        }
        Provider::Anthropic => {
            let reason = match stop {
                Stop::Whole => "end_turn",
                Stop::Calls => "tool_use",
                Stop::Cut => "max_tokens",
                Stop::Filtered => "refusal",
                Stop::Unknown => "odd",
            };
            event(
                &json!({ "type": "message_delta", "delta": { "stop_reason": reason }, "usage": { "output_tokens": 5 } }),
            ) + &event(&json!({ "type": "message_stop" }))
        }
        Provider::Gemini => {
            let reason = match stop {
                Stop::Whole | Stop::Calls => "STOP",
                Stop::Cut => "MAX_TOKENS",
                Stop::Filtered => "SAFETY",
                Stop::Unknown => "ODD",
            };
            event(
                &json!({ "candidates": [{ "content": { "role": "model", "parts": [{ "text": "" }] }, "finishReason": reason }],
                "usageMetadata": { "promptTokenCount": 10, "cachedContentTokenCount": 4, "candidatesTokenCount": 5, "totalTokenCount": 15 } }),
            )
        }
    }
}

/// An answer of these words.
pub(crate) fn answer(provider: Provider, text: &str) -> String {
    let middle = text.floor_char_boundary(text.len() / 2);
    begin(provider)
        + &words(provider, &text[..middle])
        + &words(provider, &text[middle..])
        + &end(provider, Stop::Whole)
}

/// An error in the middle of an answer.
pub(crate) fn error(provider: Provider, kind: &str) -> String {
    let error = json!({ "type": kind, "code": kind, "message": "told by the provider" });
    match provider {
        Provider::Openai | Provider::Ollama | Provider::Gemini => format!("data: {}\n\n", json!({ "error": error })),
        Provider::OpenaiResponses => {
            event(&json!({ "type": "response.failed", "response": { "id": "r", "status": "failed",
            "model": "m", "output": [], "error": error } }))
        }
        Provider::Anthropic => event(&json!({ "type": "error", "error": error })),
    }
}

//! Answers, whole and as events.

use crate::answer::{Answer, Event, pieces};
use crate::reply::{Stop, Usage};
use serde_json::{Value, json};

fn stop(answer: &Answer<'_>) -> &'static str {
    match answer.reply.stop {
        Stop::MaxTokens => "max_tokens",
        Stop::Refused | Stop::Filtered => "refusal",
        Stop::Finished if !answer.reply.calls.is_empty() => "tool_use",
        Stop::Finished => "end_turn",
    }
}

/// Its input tokens are those that are neither read from the cache nor written to it.
fn usage(usage: &Usage, output: u64) -> Value {
    json!({
        "input_tokens": usage.input.saturating_sub(usage.cached + usage.cache_written),
        "cache_creation_input_tokens": usage.cache_written,
        "cache_read_input_tokens": usage.cached,
        "output_tokens": output,
        "service_tier": "standard",
    })
}

/// The blocks of the answer.
fn content(answer: &Answer<'_>) -> Vec<Value> {
    let reply = answer.reply;
    let mut content = Vec::new();
    if let Some(thinking) = answer.thinking() {
        content.push(json!({"type": "thinking", "thinking": thinking, "signature": "c2NyaXB0ZWQ="}));
    }
    if !reply.text.is_empty() {
        content.push(json!({"type": "text", "text": reply.text}));
    }
    content.extend(reply.calls.iter().enumerate().map(|(index, call)| {
        json!({"type": "tool_use", "id": answer.call_id("toolu_", index), "name": call.name, "input": call.arguments})
    }));
    content
}

fn message(answer: &Answer<'_>, content: &[Value], stop: Option<&str>, output: u64) -> Value {
    let mut message = json!({
        "id": answer.id("msg_"),
        "type": "message",
        "role": "assistant",
        "model": answer.asked.model,
        "content": content,
        "stop_reason": stop,
        "stop_sequence": null,
    });
    if let Some(found) = &answer.usage {
        message["usage"] = usage(found, output);
    }
    message
}

pub(crate) fn whole(answer: &Answer<'_>) -> Value {
    let output = answer.usage.map(|usage| usage.output).unwrap_or_default();
    message(answer, &content(answer), Some(stop(answer)), output)
}

fn event(name: &'static str, mut data: Value) -> Event {
    data["type"] = json!(name);
    Event::named(name, &data)
}

pub(crate) fn events(answer: &Answer<'_>) -> Vec<Event> {
    let mut events = vec![event("message_start", json!({"message": message(answer, &[], None, 1)}))];
    for (index, block) in content(answer).iter().enumerate() {
        let delta = |delta: Value| event("content_block_delta", json!({"index": index, "delta": delta}));
        let (begun, deltas) = parts(answer, block);
        events.push(event("content_block_start", json!({"index": index, "content_block": begun})));
        if index == 0 {
            events.push(event("ping", json!({})));
        }
        events.extend(deltas.into_iter().map(delta));
        events.push(event("content_block_stop", json!({"index": index})));
    }
    let mut end = json!({"delta": {"stop_reason": stop(answer), "stop_sequence": null}});
    if let Some(found) = &answer.usage {
        end["usage"] = usage(found, found.output);
    }
    events.push(event("message_delta", end));
    events.push(event("message_stop", json!({})));
    events
}

/// A block as it begins, and what is added to it.
fn parts(answer: &Answer<'_>, block: &Value) -> (Value, Vec<Value>) {
    match block["type"].as_str() {
        Some("text") => {
            let text = block["text"].as_str().unwrap_or_default();
            let deltas = pieces(text).into_iter().map(|piece| json!({"type": "text_delta", "text": piece}));
            (json!({"type": "text", "text": ""}), deltas.collect())
        }
        Some("thinking") => {
            let text = block["thinking"].as_str().unwrap_or_default();
            let deltas = pieces(text).into_iter().map(|piece| json!({"type": "thinking_delta", "thinking": piece}));
            let signature = json!({"type": "signature_delta", "signature": block["signature"]});
            (json!({"type": "thinking", "thinking": "", "signature": ""}), deltas.chain([signature]).collect())
        }
        _ => {
            let call = answer.reply.calls.iter().enumerate();
            let call = call.map(|(index, call)| (answer.call_id("toolu_", index), call));
            let text = call.into_iter().find(|(id, _)| block["id"] == id.as_str()).map(|(_, call)| call.text());
            let text = text.unwrap_or_default();
            let deltas = [""].into_iter().chain(pieces(&text));
            let deltas = deltas.map(|piece| json!({"type": "input_json_delta", "partial_json": piece}));
            (json!({"type": "tool_use", "id": block["id"], "name": block["name"], "input": {}}), deltas.collect())
        }
    }
}

//! Answers, whole and as events.

use crate::answer::{Answer, Event, now, pieces};
use crate::reply::{Stop, Usage};
use serde_json::{Value, json};

fn usage(usage: &Usage) -> Value {
    json!({
        "input_tokens": usage.input,
        "input_tokens_details": {"cached_tokens": usage.cached},
        "output_tokens": usage.output,
        "output_tokens_details": {"reasoning_tokens": usage.thinking},
        "total_tokens": usage.input + usage.output,
    })
}

/// The response object in one of its states.
fn response(answer: &Answer<'_>, status: &str, output: &[Value]) -> Value {
    let reason = match (status, answer.reply.stop) {
        ("incomplete", Stop::MaxTokens) => json!({"reason": "max_output_tokens"}),
        ("incomplete", _) => json!({"reason": "content_filter"}),
        _ => Value::Null,
    };
    let finished = matches!(status, "completed" | "incomplete");
    let found = answer.usage.as_ref().filter(|_| finished).map(usage);
    json!({
        "id": answer.id("resp_"),
        "object": "response",
        "created_at": now(),
        "status": status,
        "error": null,
        "incomplete_details": reason,
        "max_output_tokens": answer.asked.max_tokens,
        "model": answer.asked.model,
        "output": output,
        "parallel_tool_calls": true,
        "store": false,
        "tool_choice": "auto",
        "tools": [],
        "usage": found,
    })
}

fn status(answer: &Answer<'_>) -> &'static str {
    match answer.reply.stop {
        Stop::MaxTokens | Stop::Filtered => "incomplete",
        Stop::Finished | Stop::Refused => "completed",
    }
}

/// The items of the answer, as they are when it is finished.
fn output(answer: &Answer<'_>) -> Vec<Value> {
    let reply = answer.reply;
    let mut output = Vec::new();
    if let Some(thinking) = answer.thinking() {
        output.push(json!({"type": "reasoning", "id": answer.id("rs_"), "encrypted_content": "c2NyaXB0ZWQ=",
                           "summary": [{"type": "summary_text", "text": thinking}]}));
    }
    if !reply.text.is_empty() || reply.calls.is_empty() {
        let part = if reply.stop == Stop::Refused {
            json!({"type": "refusal", "refusal": reply.text})
        } else {
            json!({"type": "output_text", "text": reply.text, "annotations": [], "logprobs": []})
        };
        output.push(json!({"type": "message", "id": answer.id("msg_"), "status": status(answer),
                           "role": "assistant", "content": [part]}));
    }
    output.extend(reply.calls.iter().enumerate().map(|(index, call)| {
        json!({"type": "function_call", "id": answer.call_id("fc_", index), "call_id": answer.call_id("call_", index),
               "name": call.name, "arguments": call.text(), "status": "completed"})
    }));
    output
}

pub(crate) fn whole(answer: &Answer<'_>) -> Value {
    response(answer, status(answer), &output(answer))
}

/// The response failed in the middle.
pub(crate) fn failed(answer: &Answer<'_>, message: &str) -> Event {
    let mut response = response(answer, "failed", &[]);
    response["error"] = json!({"code": "server_error", "message": message});
    Event::named("response.failed", &json!({"type": "response.failed", "sequence_number": 99, "response": response}))
}

/// Numbers the events.
struct Events {
    events: Vec<Event>,
}

impl Events {
    fn push(&mut self, name: &'static str, mut data: Value) {
        data["type"] = json!(name);
        data["sequence_number"] = json!(self.events.len());
        self.events.push(Event::named(name, &data));
    }
}

pub(crate) fn events(answer: &Answer<'_>) -> Vec<Event> {
    let mut events = Events { events: Vec::new() };
    for name in ["response.created", "response.in_progress"] {
        events.push(name, json!({"response": response(answer, "in_progress", &[])}));
    }
    let output = output(answer);
    for (index, item) in output.iter().enumerate() {
        let mut begun = item.clone();
        begun["status"] = json!("in_progress");
        match item["type"].as_str() {
            Some("message") => {
                begun["content"] = json!([]);
                events.push("response.output_item.added", json!({"output_index": index, "item": begun}));
                words(&mut events, index, item);
            }
            Some("function_call") => {
                begun["arguments"] = json!("");
                events.push("response.output_item.added", json!({"output_index": index, "item": begun}));
                arguments(&mut events, index, item);
            }
            _ => {
                begun["summary"] = json!([]);
                events.push("response.output_item.added", json!({"output_index": index, "item": begun}));
                thinking(&mut events, index, item);
            }
        }
        events.push("response.output_item.done", json!({"output_index": index, "item": item}));
    }
    let (name, status) = match status(answer) {
        "incomplete" => ("response.incomplete", "incomplete"),
        _ => ("response.completed", "completed"),
    };
    events.push(name, json!({"response": response(answer, status, &output)}));
    events.events
}

fn words(events: &mut Events, index: usize, item: &Value) {
    let part = &item["content"][0];
    let place = |mut more: Value| {
        more["item_id"] = item["id"].clone();
        more["output_index"] = json!(index);
        more["content_index"] = json!(0);
        more
    };
    let (field, delta, done) = match part["type"].as_str() {
        Some("refusal") => ("refusal", "response.refusal.delta", "response.refusal.done"),
        _ => ("text", "response.output_text.delta", "response.output_text.done"),
    };
    let mut begun = part.clone();
    begun[field] = json!("");
    events.push("response.content_part.added", place(json!({"part": begun})));
    for piece in pieces(part[field].as_str().unwrap_or_default()) {
        events.push(delta, place(json!({"delta": piece})));
    }
    events.push(done, place(json!({field: part[field]})));
    events.push("response.content_part.done", place(json!({"part": part})));
}

fn arguments(events: &mut Events, index: usize, item: &Value) {
    let place = |mut more: Value| {
        more["item_id"] = item["id"].clone();
        more["output_index"] = json!(index);
        more
    };
    for piece in pieces(item["arguments"].as_str().unwrap_or_default()) {
        events.push("response.function_call_arguments.delta", place(json!({"delta": piece})));
    }
    events.push("response.function_call_arguments.done", place(json!({"arguments": item["arguments"]})));
}

fn thinking(events: &mut Events, index: usize, item: &Value) {
    let text = item["summary"][0]["text"].as_str().unwrap_or_default();
    for piece in pieces(text) {
        let delta = json!({"item_id": item["id"], "output_index": index, "summary_index": 0, "delta": piece});
        events.push("response.reasoning_summary_text.delta", delta);
    }
}

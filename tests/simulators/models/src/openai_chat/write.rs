//! Answers, whole and as events.

use crate::answer::{Answer, Event, now, pieces};
use crate::reply::{Stop, Usage};
use serde_json::{Value, json};

fn finish(answer: &Answer<'_>) -> &'static str {
    match answer.reply.stop {
        Stop::MaxTokens => "length",
        Stop::Filtered => "content_filter",
        Stop::Finished if !answer.reply.calls.is_empty() => "tool_calls",
        // A refusal in words is a finished answer.
        Stop::Finished | Stop::Refused => "stop",
    }
}

fn usage(usage: &Usage) -> Value {
    json!({
        "prompt_tokens": usage.input,
        "completion_tokens": usage.output,
        "total_tokens": usage.input + usage.output,
        "prompt_tokens_details": {"cached_tokens": usage.cached, "audio_tokens": 0},
        "completion_tokens_details": {"reasoning_tokens": usage.thinking, "audio_tokens": 0,
                                      "accepted_prediction_tokens": 0, "rejected_prediction_tokens": 0},
    })
}

pub(crate) fn whole(answer: &Answer<'_>) -> Value {
    let reply = answer.reply;
    let refused = reply.stop == Stop::Refused;
    let silent = refused || (reply.text.is_empty() && !reply.calls.is_empty());
    let mut message = json!({
        "role": "assistant",
        "content": if silent { Value::Null } else { json!(reply.text) },
        "refusal": if refused { json!(reply.text) } else { Value::Null },
        "annotations": [],
    });
    if let Some(thinking) = answer.thinking() {
        message["reasoning_content"] = json!(thinking);
    }
    if !reply.calls.is_empty() {
        let calls = reply.calls.iter().enumerate().map(|(index, call)| {
            json!({"id": answer.call_id("call_", index), "type": "function",
                   "function": {"name": call.name, "arguments": call.text()}})
        });
        message["tool_calls"] = calls.collect();
    }
    let mut body = json!({
        "id": answer.id("chatcmpl-"),
        "object": "chat.completion",
        "created": now(),
        "model": answer.asked.model,
        "choices": [{"index": 0, "message": message, "logprobs": null, "finish_reason": finish(answer)}],
        "service_tier": "default",
        "system_fingerprint": "fp_scripted",
    });
    if let Some(found) = &answer.usage {
        body["usage"] = usage(found);
    }
    body
}

pub(crate) fn events(answer: &Answer<'_>) -> Vec<Event> {
    let created = now();
    let chunk = |choices: Value, found: Option<Value>| {
        let mut chunk = json!({
            "id": answer.id("chatcmpl-"),
            "object": "chat.completion.chunk",
            "created": created,
            "model": answer.asked.model,
            "service_tier": "default",
            "system_fingerprint": "fp_scripted",
            "choices": choices,
        });
        if answer.usage_asked {
            chunk["usage"] = found.unwrap_or_default();
        }
        Event::data(&chunk)
    };
    let delta = |delta: Value, reason: Value| {
        chunk(json!([{"index": 0, "delta": delta, "logprobs": null, "finish_reason": reason}]), None)
    };
    let reply = answer.reply;
    let mut events = vec![delta(json!({"role": "assistant", "content": "", "refusal": null}), Value::Null)];
    for piece in answer.thinking().map(pieces).unwrap_or_default() {
        events.push(delta(json!({"reasoning_content": piece}), Value::Null));
    }
    let field = if reply.stop == Stop::Refused { "refusal" } else { "content" };
    events.extend(pieces(&reply.text).into_iter().map(|piece| delta(json!({field: piece}), Value::Null)));
    let calls = call_deltas(answer).into_iter();
    events.extend(calls.map(|calls| delta(json!({"tool_calls": calls}), Value::Null)));
    events.push(delta(json!({}), json!(finish(answer))));
    if let Some(found) = answer.usage.as_ref().filter(|_| answer.usage_asked) {
        events.push(chunk(json!([]), Some(usage(found))));
    }
    events.push(Event { name: None, data: "[DONE]".into() });
    events
}

/// The pieces of all calls; those of calls at the same time come in turn, as llama.cpp and vLLM may send them.
fn call_deltas(answer: &Answer<'_>) -> Vec<Value> {
    let calls = &answer.reply.calls;
    let mut deltas: Vec<Value> = calls
        .iter()
        .enumerate()
        .map(|(index, call)| {
            json!([{"index": index, "id": answer.call_id("call_", index), "type": "function",
                    "function": {"name": call.name, "arguments": ""}}])
        })
        .collect();
    let texts: Vec<String> = calls.iter().map(crate::reply::Call::text).collect();
    let texts: Vec<Vec<&str>> = texts.iter().map(|text| pieces(text)).collect();
    for round in 0..texts.iter().map(Vec::len).max().unwrap_or_default() {
        for (index, pieces) in texts.iter().enumerate() {
            if let Some(piece) = pieces.get(round) {
                deltas.push(json!([{"index": index, "function": {"arguments": piece}}]));
            }
        }
    }
    deltas
}

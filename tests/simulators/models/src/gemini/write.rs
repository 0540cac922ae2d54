//! Answers, whole and as events.

use crate::answer::{Answer, Event, pieces};
use crate::reply::{Stop, Usage};
use serde_json::{Value, json};

fn finish(answer: &Answer<'_>) -> &'static str {
    match answer.reply.stop {
        Stop::MaxTokens => "MAX_TOKENS",
        Stop::Refused | Stop::Filtered => "SAFETY",
        Stop::Finished => "STOP",
    }
}

/// Its output tokens do not contain the thinking.
fn usage(usage: &Usage) -> Value {
    let mut body = json!({
        "promptTokenCount": usage.input,
        "candidatesTokenCount": usage.output.saturating_sub(usage.thinking),
        "totalTokenCount": usage.input + usage.output,
        "promptTokensDetails": [{"modality": "TEXT", "tokenCount": usage.input}],
    });
    if usage.cached > 0 {
        body["cachedContentTokenCount"] = json!(usage.cached);
    }
    if usage.thinking > 0 {
        body["thoughtsTokenCount"] = json!(usage.thinking);
    }
    body
}

/// One body, or one event.
fn body(answer: &Answer<'_>, parts: &[Value], finish: Option<&str>) -> Value {
    let mut candidate = json!({"content": {"parts": parts, "role": "model"}, "index": 0});
    if let Some(finish) = finish {
        candidate["finishReason"] = json!(finish);
    }
    let mut body = json!({
        "candidates": [candidate],
        "modelVersion": answer.asked.model,
        "responseId": answer.id("response-"),
    });
    // A prompt that the filter blocks has no candidate.
    if answer.reply.stop == Stop::Filtered && answer.reply.text.is_empty() {
        body["candidates"] = json!([]);
        body["promptFeedback"] = json!({"blockReason": "PROHIBITED_CONTENT"});
    }
    if let Some(found) = &answer.usage {
        body["usageMetadata"] = usage(found);
    }
    body
}

/// Calls have no id here.
fn calls(answer: &Answer<'_>) -> Vec<Value> {
    let calls = answer.reply.calls.iter();
    calls.map(|call| json!({"functionCall": {"name": call.name, "args": call.arguments}})).collect()
}

pub(crate) fn whole(answer: &Answer<'_>) -> Value {
    let mut parts = Vec::new();
    if let Some(thinking) = answer.thinking() {
        parts.push(json!({"text": thinking, "thought": true}));
    }
    if !answer.reply.text.is_empty() {
        parts.push(json!({"text": answer.reply.text}));
    }
    parts.extend(calls(answer));
    body(answer, &parts, Some(finish(answer)))
}

pub(crate) fn events(answer: &Answer<'_>) -> Vec<Event> {
    let thinking = answer.thinking().map(pieces).unwrap_or_default();
    let thinking = thinking.into_iter().map(|piece| vec![json!({"text": piece, "thought": true})]);
    let words = pieces(&answer.reply.text).into_iter().map(|piece| vec![json!({"text": piece})]);
    let mut bodies: Vec<Vec<Value>> = thinking.chain(words).collect();
    if !answer.reply.calls.is_empty() {
        bodies.push(calls(answer));
    }
    let mut events: Vec<Event> = bodies.iter().map(|parts| Event::data(&body(answer, parts, None))).collect();
    events.push(Event::data(&body(answer, &[json!({"text": ""})], Some(finish(answer)))));
    events
}

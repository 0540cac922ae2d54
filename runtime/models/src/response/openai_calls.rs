//! Calls from the pieces in which OpenAI's protocol sends them.

use crate::decide::failure::Failure;
use crate::limits::{CALL_ARGUMENTS_BYTES_MAX, CALL_NAME_BYTES_MAX, CALLS_MAX};
use greenroom_contract::model::ToolCall;
use serde_json::Value;
use std::collections::BTreeMap;

/// The calls of one answer so far, by the number that the server gives each. Pieces of several may come in turns.
#[derive(Debug, Default)]
pub(crate) struct OpenaiCalls(BTreeMap<u64, Piecemeal>);

#[derive(Debug, Default)]
struct Piecemeal {
    id: String,
    name: String,
    arguments: String,
}

impl OpenaiCalls {
    /// Takes one chunk of the answer.
    pub(crate) fn take(&mut self, chunk: &Value) -> Result<(), Failure> {
        let Some(Value::Array(pieces)) = chunk.pointer("/choices/0/delta/tool_calls") else { return Ok(()) };
        for (place, piece) in pieces.iter().enumerate() {
            // Some servers send each call whole, and no number.
            let number = piece.get("index").and_then(Value::as_u64).unwrap_or(place as u64);
            if !self.0.contains_key(&number) && self.0.len() >= CALLS_MAX {
                return Err(Failure::ENDLESS);
            }
            let call = self.0.entry(number).or_default();
            let text = |pointer: &str| piece.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
            // Servers name a call once, or the same way in each piece.
            for (kept, said) in [(&mut call.id, text("/id")), (&mut call.name, text("/function/name"))] {
                if kept.is_empty() {
                    said.clone_into(kept);
                }
                if kept.len() > CALL_NAME_BYTES_MAX {
                    return Err(Failure::BAD_CALL);
                }
            }
            match piece.pointer("/function/arguments") {
                Some(Value::String(more)) => call.arguments.push_str(more),
                // Some servers send them as they are.
                Some(object @ Value::Object(_)) => call.arguments = object.to_string(),
                _ => {}
            }
            if call.arguments.len() > CALL_ARGUMENTS_BYTES_MAX {
                return Err(Failure::ENDLESS);
            }
        }
        Ok(())
    }

    /// The calls, in order.
    pub(crate) fn into_calls(self) -> Vec<ToolCall> {
        let calls = self.0.into_values();
        calls.map(|call| ToolCall { id: call.id, name: call.name, arguments: Value::String(call.arguments) }).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[allow(clippy::needless_pass_by_value, reason = "it is written where it is passed")]
    fn chunk(pieces: Value) -> Value {
        json!({ "choices": [{ "index": 0, "delta": { "tool_calls": pieces } }] })
    }

    #[test]
    fn pieces_of_several_calls_come_in_turns() {
        let mut calls = OpenaiCalls::default();
        for pieces in [
            json!([{ "index": 0, "id": "a", "type": "function", "function": { "name": "add", "arguments": "" } }]),
            json!([{ "index": 1, "id": "b", "function": { "name": "list", "arguments": "{" } }]),
            json!([{ "index": 0, "function": { "arguments": "{\"item\":" } }, { "index": 1, "function": { "arguments": "}" } }]),
            json!([{ "index": 0, "id": null, "function": { "name": null, "arguments": "\"milk\"}" } }]),
        ] {
            calls.take(&chunk(pieces)).unwrap();
        }
        let calls: Vec<_> = calls.into_calls().into_iter().map(|call| (call.id, call.name, call.arguments)).collect();
        let call = |id: &str, name: &str, arguments: &str| (id.to_owned(), name.to_owned(), json!(arguments));
        assert_eq!(calls, [call("a", "add", "{\"item\":\"milk\"}"), call("b", "list", "{}")]);
    }

    #[test]
    fn no_number_makes_room_without_end() {
        let mut calls = OpenaiCalls::default();
        let piece =
            |number: u64| chunk(json!([{ "index": number, "id": "a", "function": { "name": "b", "arguments": "c" } }]));
        calls.take(&piece(u64::from(u32::MAX))).unwrap();
        assert_eq!(calls.0.len(), 1);
        let mut outcome = Ok(());
        for number in 0..1_000 {
            outcome = outcome.and_then(|()| calls.take(&piece(number)));
        }
        assert_eq!((outcome, calls.0.len()), (Err(Failure::ENDLESS), CALLS_MAX));
        let long = chunk(json!([{ "index": 0, "function": { "arguments": "x".repeat(CALL_ARGUMENTS_BYTES_MAX) } }]));
        assert_eq!(calls.take(&long), Err(Failure::ENDLESS));
        let name = chunk(json!([{ "index": 0, "function": { "name": "x".repeat(1_000) } }]));
        assert_eq!(OpenaiCalls::default().take(&name), Err(Failure::BAD_CALL));
    }

    #[test]
    fn what_is_no_call_is_passed_over() {
        let mut calls = OpenaiCalls::default();
        for odd in [json!(null), json!([]), chunk(json!(null)), chunk(json!([1, "a", null])), json!({ "choices": "x" })]
        {
            calls.take(&odd).unwrap();
        }
        let whole = chunk(json!([{ "id": "a", "function": { "name": "b", "arguments": { "c": 1 } } }]));
        let mut calls = OpenaiCalls::default();
        calls.take(&whole).unwrap();
        assert_eq!(calls.into_calls()[0].arguments, json!("{\"c\":1}"));
    }
}

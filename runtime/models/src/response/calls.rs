//! The calls of tools, put together and checked.

use crate::decide::failure::Failure;
use crate::limits::{CALL_ARGUMENTS_BYTES_MAX, CALL_NAME_BYTES_MAX, CALLS_MAX};
use crate::request::tool_names;
use greenroom_contract::model::ToolCall;
use serde_json::{Value, json};
use std::collections::HashSet;

/// The calls as they are handed on: named, within limits, with arguments that were read where they can be, and each with an
/// id of its own.
pub(crate) fn checked(calls: Vec<ToolCall>) -> Result<Vec<ToolCall>, Failure> {
    if calls.len() > CALLS_MAX {
        return Err(Failure::ENDLESS);
    }
    let mut ids = HashSet::new();
    let mut kept = Vec::with_capacity(calls.len());
    for call in calls {
        if call.name.is_empty() || call.name.len() > CALL_NAME_BYTES_MAX || call.id.len() > CALL_NAME_BYTES_MAX {
            return Err(Failure::BAD_CALL);
        }
        let id = unique(&call.id, &ids);
        ids.insert(id.clone());
        kept.push(ToolCall { id, name: tool_names::received(&call.name), arguments: read(call.arguments)? });
    }
    Ok(kept)
}

/// The arguments. What cannot be read stays the text that the model wrote, for the caller of the tool to refuse.
fn read(arguments: Value) -> Result<Value, Failure> {
    match arguments {
        Value::String(text) if text.len() > CALL_ARGUMENTS_BYTES_MAX => Err(Failure::ENDLESS),
        Value::String(text) if text.trim().is_empty() => Ok(json!({})),
        Value::String(text) => Ok(serde_json::from_str(&text).unwrap_or(Value::String(text))),
        Value::Null => Ok(json!({})),
        other if other.to_string().len() > CALL_ARGUMENTS_BYTES_MAX => Err(Failure::ENDLESS),
        other => Ok(other),
    }
}

/// The id, changed where another call has it. The library numbers calls without ids from zero in each piece of an answer, and
/// knows its own ids by their form, `call#NAME#NUMBER`.
fn unique(id: &str, taken: &HashSet<String>) -> String {
    if !id.is_empty() && !taken.contains(id) {
        return id.to_owned();
    }
    let (stem, mark) = match id.rsplit_once('#') {
        Some((stem, _)) if id.starts_with("call#") => (stem, '#'),
        _ if id.is_empty() => ("call", '_'),
        _ => (id, '_'),
    };
    let numbered = (1..=taken.len() + 1).map(|number| format!("{stem}{mark}{number}"));
    numbered.into_iter().find(|id| !taken.contains(id)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(id: &str, arguments: Value) -> ToolCall {
        ToolCall { id: id.to_owned(), name: "add".to_owned(), arguments }
    }

    #[test]
    fn each_call_has_an_id_of_its_own() {
        let ids = ["a", "a", "", "", "call#add#0", "call#add#0", "a_1"];
        let calls = checked(ids.iter().map(|id| call(id, Value::Null)).collect()).unwrap();
        let ids: Vec<&str> = calls.iter().map(|call| call.id.as_str()).collect();
        assert_eq!(ids, ["a", "a_1", "call_1", "call_2", "call#add#0", "call#add#1", "a_1_1"]);
    }

    #[test]
    fn arguments_are_read_where_they_can_be() {
        for (arguments, expected) in [
            (json!("{\"a\":1}"), json!({ "a": 1 })),
            (json!(""), json!({})),
            (Value::Null, json!({})),
            (json!({ "a": 1 }), json!({ "a": 1 })),
            (json!("{\"a\":"), json!("{\"a\":")),
        ] {
            assert_eq!(checked(vec![call("a", arguments)]).unwrap()[0].arguments, expected);
        }
    }

    #[test]
    fn what_is_too_much_is_refused() {
        let long = "x".repeat(CALL_ARGUMENTS_BYTES_MAX + 1);
        assert_eq!(checked(vec![call("a", json!(long))]), Err(Failure::ENDLESS));
        assert_eq!(checked(vec![call("a", json!({ "a": long }))]), Err(Failure::ENDLESS));
        assert_eq!(checked(vec![call("a", Value::Null); CALLS_MAX + 1]), Err(Failure::ENDLESS));
        assert_eq!(checked(vec![call(&"x".repeat(300), Value::Null)]), Err(Failure::BAD_CALL));
        let nameless = ToolCall { name: String::new(), ..call("a", Value::Null) };
        assert_eq!(checked(vec![nameless]), Err(Failure::BAD_CALL));
    }

    #[test]
    fn a_name_that_was_marked_is_given_back() {
        let marked = ToolCall { name: tool_names::sent("web_search"), ..call("a", Value::Null) };
        assert_eq!(checked(vec![marked]).unwrap()[0].name, "web_search");
    }
}

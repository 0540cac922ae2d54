//! Calls and their results come in pairs.

use crate::asking::{ask, body, call_and_result, messages};
use greenroom_simulator_models::{ModelServer, Part, Protocol, Role, Script};
use serde_json::{Value, json};

use Protocol::{Anthropic, Gemini, OpenAiChat, OpenAiResponses};

async fn status(server: &ModelServer, protocol: Protocol, more: &[Value]) -> (u16, String) {
    let mut asked = body(protocol, "add milk");
    asked[messages(protocol)].as_array_mut().unwrap().extend(more.iter().cloned());
    let (status, answer) = ask(server, protocol, &asked).await;
    (status, answer["error"]["message"].as_str().unwrap_or_default().to_owned())
}

#[tokio::test]
async fn a_call_with_its_result_is_taken() {
    let server = ModelServer::start(Script::echo()).await;
    for protocol in Protocol::ALL {
        assert_eq!(
            status(&server, protocol, &call_and_result(protocol, "call_1", "added")).await,
            (200, String::new())
        );
        let asked = server.last().unwrap();
        assert_eq!(asked.results(), [("add", "added")], "{protocol}");
        assert_eq!(asked.calls(), [("add", &json!({"item": "milk"}))], "{protocol}");
        let roles: Vec<Role> = asked.messages.iter().map(|message| message.role).collect();
        assert_eq!(roles, [Role::User, Role::Assistant, Role::Tool], "{protocol}");
    }
    server.assert_no_violations();
}

#[tokio::test]
async fn a_call_without_its_result_is_refused() {
    let server = ModelServer::start(Script::echo()).await;
    for (protocol, message) in [
        (OpenAiChat, "did not have response messages: call_1"),
        (OpenAiResponses, "No tool output found for function call call_1"),
        (Anthropic, "without `tool_result` blocks immediately after: call_1"),
        (Gemini, "number of function response parts"),
    ] {
        let [call, _] = call_and_result(protocol, "call_1", "added");
        let said = body(protocol, "and?")[messages(protocol)].as_array().unwrap().last().unwrap().clone();
        let cases = [vec![call.clone()], vec![call, said]];
        for more in cases {
            let (status, found) = status(&server, protocol, &more).await;
            assert!(status == 400 && found.contains(message), "{protocol}: {more:?} gave {status} {found}");
        }
    }
}

#[tokio::test]
async fn a_result_without_its_call_is_refused() {
    let server = ModelServer::start(Script::echo()).await;
    for (protocol, message) in [
        (OpenAiChat, "must be a response to a preceeding message"),
        (OpenAiResponses, "No tool call found for function call output with call_id call_2"),
        (Anthropic, "unexpected `tool_use_id` found in `tool_result` blocks: call_2"),
        (Gemini, "function"),
    ] {
        let [call, _] = call_and_result(protocol, "call_1", "added");
        let [_, mut other] = call_and_result(protocol, "call_2", "added");
        let (code, found) = status(&server, protocol, std::slice::from_ref(&other)).await;
        assert!(code == 400 && found.contains(message), "{protocol}: {found}");
        if protocol == Gemini {
            other["parts"][0]["functionResponse"]["name"] = json!("other");
        }
        let (code, found) = status(&server, protocol, &[call.clone(), other]).await;
        assert!(code == 400 && found.contains(message), "{protocol}: {found}");
        let [_, result] = call_and_result(protocol, "call_1", "added");
        let (code, _) = status(&server, protocol, &[call, result.clone(), result]).await;
        assert_eq!(code, 400, "{protocol}: two results of one call");
    }
}

#[tokio::test]
async fn ids_and_names_in_the_history_are_checked() {
    let server = ModelServer::start(Script::echo()).await;
    let long = "x".repeat(65);
    for (protocol, id) in [(OpenAiChat, long.as_str()), (OpenAiResponses, &long), (Anthropic, "call#add#0")] {
        assert_eq!(status(&server, protocol, &call_and_result(protocol, id, "added")).await.0, 400, "{protocol}");
    }
    for protocol in [OpenAiResponses, Anthropic] {
        let twice: Vec<Value> = [(); 2].iter().flat_map(|()| call_and_result(protocol, "call_1", "added")).collect();
        assert_eq!(status(&server, protocol, &twice).await.0, 400, "{protocol}");
    }
    let [mut call, result] = call_and_result(OpenAiChat, "call_1", "added");
    call["tool_calls"][0]["function"]["name"] = json!("my tool");
    assert_eq!(status(&server, OpenAiChat, &[call, result]).await.0, 400);
}

#[tokio::test]
async fn results_in_two_messages_are_one_turn_at_anthropic() {
    let server = ModelServer::start(Script::echo()).await;
    let use_of = |id: &str| json!({"type": "tool_use", "id": id, "name": "add", "input": {}});
    let result =
        |id: &str| json!({"role": "user", "content": [{"type": "tool_result", "tool_use_id": id, "content": id}]});
    let calls = json!({"role": "assistant", "content": [use_of("a"), use_of("b")]});
    let (code, found) = status(&server, Anthropic, &[calls.clone(), result("a"), result("b")]).await;
    assert_eq!((code, found.as_str()), (200, ""));
    assert_eq!(server.last().unwrap().results(), [("add", "a"), ("add", "b")]);
    // Words before a result are refused, after it they are taken.
    let mixed = |first: Value, second: Value| json!({"role": "user", "content": [first, second]});
    let (words, done) = (json!({"type": "text", "text": "so?"}), result("a")["content"][0].clone());
    let call = json!({"role": "assistant", "content": [use_of("a")]});
    assert_eq!(status(&server, Anthropic, &[call.clone(), mixed(words.clone(), done.clone())]).await.0, 400);
    assert_eq!(status(&server, Anthropic, &[call, mixed(done, words)]).await.0, 200);
    let last = server.last().unwrap();
    assert_eq!(last.last_of_person().unwrap().parts, [Part::Text("so?".into())]);
}

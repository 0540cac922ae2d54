//! What a script answers to what.

use crate::asking::{PATIENCE, ask, body, call_and_result, messages, picture, words};
use greenroom_simulator_models::{Fault, ModelServer, Protocol, Reply, Role, Script, Settings};
use serde_json::{Value, json};

use Protocol::{Anthropic, Gemini, OpenAiChat, OpenAiResponses};

const SHOPPING: &str = r#"
    # The person's words first.
    when says contains "milk"
      call add {"item": "{said}"}
      call add {"item": "bread"}
    when result of add contains "added" and said contains "milk"
      say Milk is on your list: {result}.
    when picture
      say I see a picture.
    when says equals "twice"
      times 2
      fault status 503
    when says begins "no"
      refuse I would rather not.
    when says equals "long"
      say It was a dark
      cut
    when says equals "filter"
      filter
    when says matches "^\\d+$" and whole
      say "A number,\nin two lines: {number}, {model}"
    otherwise
      say I do not know {said}.
"#;

#[tokio::test]
async fn the_first_rule_that_holds_answers() {
    let server = ModelServer::scripted(SHOPPING).await;
    for protocol in Protocol::ALL {
        let (_, answer) = ask(&server, protocol, &body(protocol, "add milk")).await;
        let calls: Vec<Value> = match protocol {
            OpenAiChat => answer["choices"][0]["message"]["tool_calls"]
                .as_array()
                .unwrap()
                .iter()
                .map(|call| serde_json::from_str(call["function"]["arguments"].as_str().unwrap()).unwrap())
                .collect(),
            OpenAiResponses => answer["output"]
                .as_array()
                .unwrap()
                .iter()
                .map(|item| serde_json::from_str(item["arguments"].as_str().unwrap()).unwrap())
                .collect(),
            Anthropic => answer["content"].as_array().unwrap().iter().map(|block| block["input"].clone()).collect(),
            Gemini => answer["candidates"][0]["content"]["parts"]
                .as_array()
                .unwrap()
                .iter()
                .map(|part| part["functionCall"]["args"].clone())
                .collect(),
        };
        assert_eq!(calls, [json!({"item": "add milk"}), json!({"item": "bread"})], "{protocol}");
        let mut after = body(protocol, "add milk");
        after[messages(protocol)].as_array_mut().unwrap().extend(call_and_result(protocol, "call_1", "added 1"));
        let (_, answer) = ask(&server, protocol, &after).await;
        assert_eq!(words(protocol, &answer), "Milk is on your list: added 1.");
        let (_, answer) = ask(&server, protocol, &body(protocol, "{result} 5")).await;
        assert_eq!(words(protocol, &answer), "I do not know {result} 5.", "what was said is not filled");
        let (_, answer) = ask(&server, protocol, &body(protocol, "42")).await;
        assert!(words(protocol, &answer).starts_with("A number,\nin two lines: "), "{answer}");
    }
    server.assert_no_violations();
}

#[tokio::test]
async fn stop_reasons_are_the_protocols_own() {
    let server = ModelServer::scripted(SHOPPING).await;
    for (protocol, place, finished, cut, refused, filtered) in [
        (OpenAiChat, "/choices/0/finish_reason", "stop", "length", "stop", "content_filter"),
        (OpenAiResponses, "/status", "completed", "incomplete", "completed", "incomplete"),
        (Anthropic, "/stop_reason", "end_turn", "max_tokens", "refusal", "refusal"),
        (Gemini, "/candidates/0/finishReason", "STOP", "MAX_TOKENS", "SAFETY", ""),
    ] {
        for (said, wanted) in [("x", finished), ("long", cut), ("no way", refused), ("filter", filtered)] {
            let (_, answer) = ask(&server, protocol, &body(protocol, said)).await;
            let found = answer.pointer(place).and_then(Value::as_str).unwrap_or_default();
            assert_eq!(found, wanted, "{protocol}: {said}: {answer}");
        }
    }
    let (_, answer) = ask(&server, OpenAiChat, &body(OpenAiChat, "no way")).await;
    assert_eq!(answer["choices"][0]["message"]["refusal"], "I would rather not.");
    let (_, answer) = ask(&server, Gemini, &body(Gemini, "filter")).await;
    assert_eq!(answer["promptFeedback"]["blockReason"], "PROHIBITED_CONTENT");
}

#[tokio::test]
async fn a_rule_answers_so_many_times() {
    let server = ModelServer::scripted(SHOPPING).await;
    let mut statuses = Vec::new();
    for _ in 0..3 {
        statuses.push(ask(&server, Anthropic, &body(Anthropic, "twice")).await.0);
    }
    assert_eq!(statuses, [503, 503, 200]);
}

#[tokio::test]
async fn a_picture_is_noticed() {
    let server = ModelServer::scripted(SHOPPING).await;
    let mut asked = body(Gemini, "what is this?");
    let part = json!({"inlineData": {"mimeType": "image/png", "data": picture()}});
    asked["contents"][0]["parts"].as_array_mut().unwrap().push(part);
    assert_eq!(words(Gemini, &ask(&server, Gemini, &asked).await.1), "I see a picture.");
}

#[tokio::test]
async fn what_no_rule_answers_is_a_violation() {
    let server = ModelServer::scripted("when request 1 to 2\n  say once").await;
    let asked = body(OpenAiChat, "hello");
    let statuses = [
        ask(&server, OpenAiChat, &asked).await.0,
        ask(&server, OpenAiChat, &asked).await.0,
        ask(&server, OpenAiChat, &asked).await.0,
    ];
    assert_eq!((statuses, server.violations().len()), ([200, 200, 500], 1));
}

#[tokio::test]
async fn a_loop_calls_the_first_tool_forever() {
    let server = ModelServer::scripted("when any\n  loop").await;
    let mut asked = body(Anthropic, "go");
    for round in 0..5 {
        let (status, answer) = ask(&server, Anthropic, &asked).await;
        assert_eq!((status, &answer["content"][0]["input"]), (200, &json!({"item": "x"})), "round {round}");
        let id = answer["content"][0]["id"].clone();
        let list = asked["messages"].as_array_mut().unwrap();
        list.push(json!({"role": "assistant", "content": answer["content"]}));
        list.push(json!({"role": "user", "content": [{"type": "tool_result", "tool_use_id": id, "content": "more"}]}));
    }
    server.assert_no_violations();
}

#[tokio::test]
async fn functions_and_plans_answer() {
    let server = ModelServer::start(Script::always(Reply::say("always"))).await;
    let asked = server.clone();
    server.answer_with(move |one| Reply::say(format!("{} of {}", one.number, asked.requests())));
    server.plan(Reply::call("add", json!({"item": 1})).and_call("add", json!({"item": 2})));
    server.plan(Reply::say("hm").thinking("not asked for"));
    let (_, first) = ask(&server, OpenAiChat, &body(OpenAiChat, "a")).await;
    assert_eq!(first["choices"][0]["message"]["tool_calls"].as_array().unwrap().len(), 2);
    let (_, second) = ask(&server, OpenAiChat, &body(OpenAiChat, "b")).await;
    assert!(words(OpenAiChat, &second) == "hm" && !second.to_string().contains("not asked for"));
    let mut thinking = body(OpenAiChat, "c");
    thinking["model"] = json!("scripted-thinking");
    thinking["reasoning_effort"] = json!("low");
    server.plan(Reply::say("hm").thinking("asked for"));
    let (_, third) = ask(&server, OpenAiChat, &thinking).await;
    assert_eq!(third["choices"][0]["message"]["reasoning_content"], "asked for");
    assert_eq!(words(OpenAiChat, &ask(&server, OpenAiChat, &body(OpenAiChat, "d")).await.1), "4 of 4");
    server.plan(Reply::say("gone"));
    server.fail_next(3, Fault::status(500));
    server.forget_plans();
    assert_eq!(ask(&server, OpenAiChat, &body(OpenAiChat, "e")).await.0, 200);
    let found = server.until(PATIENCE, |asked| asked.said() == "b").await.unwrap();
    assert_eq!((found.number, found.texts_of(Role::User)), (2, vec!["b".to_owned()]));
}

#[tokio::test]
async fn what_is_remembered_is_bounded() {
    let settings = Settings { recorded_max: 5, ..Settings::default() };
    let server = ModelServer::start_with(settings, Script::echo()).await;
    for _ in 0..8 {
        ask(&server, Gemini, &body(Gemini, "hello")).await;
        ask(&server, Gemini, &json!({})).await;
    }
    assert_eq!((server.requests(), server.asked().len(), server.violations().len()), (8, 5, 5));
    assert_eq!(server.asked()[0].number, 4);
}

#[tokio::test]
async fn models_are_listed() {
    let server = ModelServer::start(Script::echo()).await;
    let client = crate::asking::builder().build().unwrap();
    let get = |path: &str| client.get(format!("{}{path}", server.url()));
    let cases = [
        (get("/v1/models").bearer_auth(server.key()), "/data/0/id", "scripted"),
        (get("/v1/models").header("x-api-key", server.key()), "/data/0/id", "scripted"),
        (get("/v1beta/models").header("x-goog-api-key", server.key()), "/models/0/name", "models/scripted"),
    ];
    for (request, place, name) in cases {
        let answer: Value = request.send().await.unwrap().json().await.unwrap();
        assert_eq!(answer.pointer(place).unwrap(), name);
    }
    assert_eq!(get("/v1/models").send().await.unwrap().status(), 401);
}

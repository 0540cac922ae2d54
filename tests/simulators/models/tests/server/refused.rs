//! What a provider refuses: each a row.

use crate::asking::{self, ask, body, picture};
use greenroom_simulator_models::{Model, ModelServer, Protocol, Script, Settings, SystemMessages};
use serde_json::{Value, json};

use Protocol::{Anthropic, Gemini, OpenAiChat, OpenAiResponses};

async fn server() -> ModelServer {
    let settings = Settings { body_bytes_max: 8 * 1024 * 1024, ..Settings::default() };
    let settings = settings.model(Model::new("gpt-5-mini")).model(Model::new("blind").blind());
    ModelServer::start_with(settings.model(Model::new("small").context(50)), Script::echo()).await
}

/// Changes a right request and expects this status and message in the provider's shape.
async fn refused(
    server: &ModelServer,
    protocol: Protocol,
    change: impl FnOnce(&mut Value),
    status: u16,
    message: &str,
) {
    let mut wrong = body(protocol, "hello");
    change(&mut wrong);
    let (found, answer) = ask(server, protocol, &wrong).await;
    let error = answer["error"]["message"].as_str().unwrap_or_default();
    assert_eq!(found, status, "{protocol}: {wrong} gave {answer}");
    assert!(error.contains(message), "{protocol}: {wrong} gave {error:?}, not {message:?}");
    match protocol {
        OpenAiChat | OpenAiResponses => assert!(answer["error"]["type"].is_string(), "{answer}"),
        Anthropic => assert_eq!(answer["type"], "error", "{answer}"),
        Gemini => assert_eq!(answer["error"]["code"], status, "{answer}"),
    }
    let violations = server.take_violations();
    assert_eq!((violations.len(), violations[0].protocol, violations[0].status), (1, protocol, status));
}

type Row = (Protocol, &'static str, Value, &'static str);

/// Rows that set one field, named by its JSON pointer's segments.
async fn check(rows: Vec<Row>) {
    let server = server().await;
    for (protocol, field, value, message) in rows {
        refused(&server, protocol, |body| *place(body, field) = value, 400, message).await;
    }
    assert_eq!(server.requests(), 0);
}

fn place<'a>(mut body: &'a mut Value, path: &str) -> &'a mut Value {
    for step in path.split('/') {
        body = match step.parse::<usize>() {
            Ok(index) => &mut body[index],
            Err(_) => &mut body[step],
        };
    }
    body
}

#[tokio::test]
async fn what_is_right_is_taken() {
    let server = server().await;
    for protocol in Protocol::ALL {
        let (status, answer) = ask(&server, protocol, &body(protocol, "Grüße 🙂")).await;
        assert_eq!((status, asking::words(protocol, &answer)), (200, "you said: Grüße 🙂".into()), "{answer}");
        let asked = server.last().unwrap();
        assert_eq!((asked.protocol, asked.system.as_str(), asked.said().as_str()), (protocol, "Be kind.", "Grüße 🙂"));
        assert_eq!((asked.tools.len(), asked.tools[0].parameters.clone()), (1, asking::schema()));
        assert_eq!((asked.model.as_str(), asked.key.as_str(), asked.streamed), ("scripted", server.key(), false));
        assert_eq!(asked.header("content-type"), Some("application/json"));
    }
    server.assert_no_violations();
}

#[tokio::test]
async fn unknown_fields_are_refused() {
    let (unrecognized, unknown, extra, no_field) =
        ("Unrecognized request argument supplied: seeed", "Unknown parameter", "Extra inputs", "Cannot find field");
    check(vec![
        (OpenAiChat, "seeed", json!(1), unrecognized),
        (OpenAiChat, "messages/1/mood", json!("good"), unknown),
        (OpenAiChat, "messages/1/reasoning_content", json!("hm"), unknown),
        (OpenAiChat, "tools/0/function/color", json!("red"), unknown),
        (OpenAiResponses, "seed", json!(1), unknown),
        (OpenAiResponses, "stop", json!(["x"]), unknown),
        (OpenAiResponses, "input/0/mood", json!("good"), unknown),
        (Anthropic, "seed", json!(1), extra),
        (Anthropic, "messages/0/name", json!("ana"), extra),
        (Anthropic, "tools/0/parameters", json!({}), extra),
        (Gemini, "model_name", json!("x"), no_field),
        (Gemini, "generationConfig", json!({"maxTokens": 5}), no_field),
        (Gemini, "contents/0/parts/0/content", json!("x"), no_field),
    ])
    .await;
}

#[tokio::test]
async fn roles_and_contents_are_checked() {
    check(vec![
        (OpenAiChat, "messages", json!([]), "empty array"),
        (OpenAiResponses, "input", json!([]), "empty array"),
        (Anthropic, "messages", json!([]), "at least one message"),
        (Gemini, "contents", json!([]), "not specified"),
        (OpenAiChat, "messages", Value::Null, "Missing required parameter: 'messages'"),
        (Anthropic, "messages", Value::Null, "Field required"),
        (OpenAiChat, "messages/1/role", json!("robot"), "Supported values"),
        (OpenAiResponses, "input/0/role", json!("tool"), "Supported values"),
        (Anthropic, "messages/0/role", json!("system"), "top-level `system`"),
        (Anthropic, "messages/0/role", json!("tool"), "Unexpected role"),
        (Gemini, "contents/0/role", json!("assistant"), "valid role: user, model"),
        (Gemini, "contents/0/role", json!("system"), "valid role: user, model"),
        (OpenAiChat, "messages/1/role", json!("system"), "at the beginning"),
        (OpenAiChat, "messages/1/content", Value::Null, "messages[1].content"),
        (OpenAiChat, "messages/1/content", json!(5), "Invalid type for 'messages[1].content'"),
        (OpenAiChat, "messages/1/content", json!([]), "empty array"),
        (OpenAiChat, "messages/1/content", json!([{"type": "words"}]), "Supported values"),
        (OpenAiChat, "messages/1/name", json!("Ana Lee"), "pattern"),
        (OpenAiResponses, "input/0/content", json!([{"type": "text", "text": "a"}]), "'input_text'"),
        (Anthropic, "messages/0/content", json!(""), "non-empty"),
        (Anthropic, "messages/0/content", json!("  "), "non-whitespace"),
        (Anthropic, "messages/0/content", json!([]), "non-empty"),
        (Anthropic, "messages/0/role", json!("assistant"), "prefill"),
        (Gemini, "contents/0/parts", json!([]), "must not be empty"),
        (Gemini, "contents/0/parts/0/text", json!(""), "initialized field"),
    ])
    .await;
}

#[tokio::test]
async fn parameters_are_checked() {
    check(vec![
        (Anthropic, "max_tokens", Value::Null, "max_tokens: Field required"),
        (Anthropic, "max_tokens", json!(0), "greater than"),
        (Anthropic, "max_tokens", json!(1_000_000), "maximum allowed number"),
        (OpenAiChat, "max_tokens", json!(0), "minimum"),
        (OpenAiChat, "max_tokens", json!("many"), "expected an integer"),
        (OpenAiChat, "max_completion_tokens", json!(1_000_000), "too large"),
        (OpenAiResponses, "max_output_tokens", json!(-1), "expected an integer"),
        (Gemini, "generationConfig", json!({"maxOutputTokens": 0}), "maxOutputTokens"),
        (OpenAiChat, "stream_options", json!({"include_usage": true}), "only allowed when 'stream'"),
        (OpenAiChat, "temperature", json!(3), "temperature"),
        (Anthropic, "temperature", json!(1.5), "temperature"),
        (Gemini, "generationConfig", json!({"temperature": 3}), "temperature"),
        (OpenAiResponses, "previous_response_id", json!("resp_1"), "not found"),
        (OpenAiChat, "reasoning_effort", json!("low"), "not supported with this model"),
        (OpenAiResponses, "reasoning", json!({"effort": "low"}), "not supported with this model"),
        (OpenAiResponses, "reasoning", json!({"summary": "detailed"}), "not supported with this model"),
        (OpenAiResponses, "include", json!(["reasoning.encrypted_content"]), "not supported with this model"),
        (Anthropic, "thinking", json!({"type": "adaptive"}), "not supported"),
        (Anthropic, "thinking", json!({"type": "enabled", "budget_tokens": 1024}), "not supported"),
        (Anthropic, "output_config", json!({"effort": "low"}), "effort"),
        (Gemini, "generationConfig", json!({"thinkingConfig": {"includeThoughts": true}}), "thinking"),
    ])
    .await;
    let server = server().await;
    let both = |body: &mut Value| {
        body["max_tokens"] = json!(5);
        body["max_completion_tokens"] = json!(5);
    };
    refused(&server, OpenAiChat, both, 400, "at the same time").await;
    let newer = |body: &mut Value| {
        body["model"] = json!("gpt-5-mini");
        body["max_tokens"] = json!(5);
    };
    refused(&server, OpenAiChat, newer, 400, "max_completion_tokens").await;
    let two = |body: &mut Value| {
        body["temperature"] = json!(0.5);
        body["top_p"] = json!(0.5);
    };
    refused(&server, Anthropic, two, 400, "cannot both").await;
    let budget = |body: &mut Value| {
        body["model"] = json!("scripted-thinking");
        body["max_tokens"] = json!(1024);
        body["thinking"] = json!({"type": "enabled", "budget_tokens": 1024});
    };
    refused(&server, Anthropic, budget, 400, "must be greater than").await;
}

#[tokio::test]
async fn tools_are_checked() {
    let long = "a".repeat(65);
    let array = json!({"type": "array"});
    let twice = json!([{"name": "add", "input_schema": {"type": "object"}}, {"name": "add", "input_schema": {"type": "object"}}]);
    check(vec![
        (OpenAiChat, "tools/0/function/name", json!("my.tool"), "pattern"),
        (OpenAiChat, "tools/0/function/name", json!(""), "pattern"),
        (OpenAiResponses, "tools/0/name", json!(long), "pattern"),
        (Anthropic, "tools/0/name", json!("zähl"), "pattern"),
        (Gemini, "tools/0/functionDeclarations/0/name", json!("a b"), "pattern"),
        (OpenAiChat, "tools/0/function/parameters", array.clone(), "object"),
        (OpenAiResponses, "tools/0/parameters", json!({}), "object"),
        (Anthropic, "tools/0/input_schema", array.clone(), "object"),
        (Anthropic, "tools/0/input_schema", Value::Null, "Field required"),
        (Gemini, "tools/0/functionDeclarations/0/parametersJsonSchema", array, "object"),
        (OpenAiChat, "tools/0/function/parameters/required", json!(["other"]), "other"),
        (OpenAiChat, "tools/0/function/strict", json!(true), "additionalProperties"),
        (OpenAiChat, "tools", json!([]), "empty array"),
        (OpenAiChat, "tools/0/type", json!("tool"), "Supported values"),
        (OpenAiChat, "tool_choice", json!({"type": "function", "function": {"name": "other"}}), "not found"),
        (Anthropic, "tool_choice", json!({"type": "tool", "name": "other"}), "not found"),
        (Anthropic, "tools", twice, "unique"),
    ])
    .await;
    let server = server().await;
    let without = |body: &mut Value| {
        body["tools"] = Value::Null;
        body["tool_choice"] = json!("auto");
    };
    refused(&server, OpenAiChat, without, 400, "only allowed when 'tools'").await;
}

#[tokio::test]
async fn media_are_checked() {
    fn image(media_type: &str, data: &str) -> [(Protocol, &'static str, Value); 4] {
        let url = format!("data:{media_type};base64,{data}");
        [
            (OpenAiChat, "messages/1/content", json!([{"type": "image_url", "image_url": {"url": url}}])),
            (OpenAiResponses, "input/0/content", json!([{"type": "input_image", "image_url": url}])),
            (
                Anthropic,
                "messages/0/content",
                json!([{"type": "image", "source":
                {"type": "base64", "media_type": media_type, "data": data}}]),
            ),
            (Gemini, "contents/0/parts", json!([{"inline_data": {"mime_type": media_type, "data": data}}])),
        ]
    }
    let mut rows: Vec<Row> = Vec::new();
    let mut add = |media_type: &str, data: &str, message: &'static str| {
        rows.extend(image(media_type, data).map(|(protocol, field, value)| (protocol, field, value, message)));
    };
    add("image/tiff", &picture(), "image/");
    add("image/png", "%%%", "base64");
    add("image/png", "aGVsbG8=", "Could not process image");
    add("image/jpeg", &picture(), "Could not process image");
    let large = |megabytes: usize| {
        let mut bytes = b"\x89PNG\r\n\x1a\n".to_vec();
        bytes.resize(megabytes * 1024 * 1024, 0);
        base64::Engine::encode(&base64::engine::general_purpose::STANDARD, bytes)
    };
    let [_, _, (protocol, field, value), _] = image("image/png", &large(6));
    rows.push((protocol, field, value, "exceeds"));
    rows.push((
        Anthropic,
        "messages/0/content",
        json!([{"type": "document", "source": {"type": "base64", "media_type": "text/csv", "data": "YQ=="}}]),
        "application/pdf",
    ));
    rows.push((
        OpenAiChat,
        "messages/1/content",
        json!([{"type": "image_url", "image_url": {"url": "/etc/x.png"}}]),
        "URL",
    ));
    rows.push((
        OpenAiChat,
        "messages/1/content",
        json!([{"type": "input_audio", "input_audio": {"format": "ogg", "data": "YQ=="}}]),
        "Supported values",
    ));
    rows.push((Gemini, "contents/0/parts", json!([{"inlineData": {"mimeType": "x/y", "data": "YQ=="}}]), "MIME"));
    let settings = Settings { body_bytes_max: 16 * 1024 * 1024, ..Settings::default() };
    let server = ModelServer::start_with(settings.model(Model::new("blind").blind()), Script::echo()).await;
    for (protocol, field, value, message) in rows {
        refused(&server, protocol, |body| *place(body, field) = value, 400, message).await;
    }
    for (protocol, field, value) in image("image/png", &picture()) {
        let mut right = body(protocol, "hello");
        *place(&mut right, field) = value.clone();
        assert_eq!(ask(&server, protocol, &right).await.0, 200, "{protocol}");
        assert_eq!(server.last().unwrap().pictures()[0].0, "image/png");
        if protocol != Gemini {
            let blind = |body: &mut Value| {
                *place(body, field) = value;
                body["model"] = json!("blind");
            };
            refused(&server, protocol, blind, 400, "").await;
        }
    }
}

#[tokio::test]
async fn keys_models_and_headers_are_checked() {
    let server = server().await;
    for protocol in Protocol::ALL {
        let right = body(protocol, "hello");
        let (missing, wrong) = match protocol {
            Gemini => (403, 400),
            _ => (401, 401),
        };
        let request = |key: Option<&str>, model: &str, kind: &str| {
            let mut right = right.clone();
            if protocol != Gemini {
                right["model"] = json!(model);
            }
            let client = asking::builder().build().unwrap();
            let request = client.post(asking::url(&server, protocol, model, false)).header("content-type", kind);
            let request = request.header("anthropic-version", "2023-06-01").body(right.to_string());
            match (key, protocol) {
                (None, _) => request,
                (Some(key), OpenAiChat | OpenAiResponses) => request.bearer_auth(key),
                (Some(key), Anthropic) => request.header("x-api-key", key),
                (Some(key), Gemini) => request.header("x-goog-api-key", key),
            }
        };
        let json = "application/json; charset=utf-8";
        let cases = [
            (request(None, "scripted", json), missing),
            (request(Some("wrong"), "scripted", json), wrong),
            (request(Some(server.key()), "gpt-x", json), 404),
            (request(Some(server.key()), "scripted", "text/plain"), 415),
            (request(Some(server.key()), "scripted", json).body("{\"half\":"), 400),
            (request(Some(server.key()), "scripted", json).body("x".repeat(9 * 1024 * 1024)), 413),
            (request(Some(server.key()), "scripted", json), 200),
        ];
        for (request, status) in cases {
            let response = request.send().await.unwrap();
            assert_eq!(response.status(), status, "{protocol}");
            let answer: Value = response.json().await.unwrap();
            assert_eq!(answer.get("error").is_some_and(Value::is_object), status != 200, "{answer}");
        }
        assert_eq!(server.take_violations().len(), 6, "{protocol}");
    }
    let client = asking::builder().build().unwrap();
    let request = client.post(asking::url(&server, Anthropic, "", false)).header("x-api-key", server.key());
    let response = request.json(&body(Anthropic, "hello")).send().await.unwrap();
    assert!(response.text().await.unwrap().contains("anthropic-version: header is required"));
    let response = client.get(format!("{}/v2/nothing", server.url())).send().await.unwrap();
    assert_eq!((response.status().as_u16(), server.take_violations().len()), (404, 2));
}

#[tokio::test]
async fn a_prompt_longer_than_the_context_is_refused() {
    let server = server().await;
    let said = "word ".repeat(100);
    for (protocol, message) in [
        (OpenAiChat, "maximum context length"),
        (OpenAiResponses, "maximum context length"),
        (Anthropic, "prompt is too long"),
    ] {
        let long = |asked: &mut Value| {
            *asked = body(protocol, &said);
            asked["model"] = json!("small");
        };
        refused(&server, protocol, long, 400, message).await;
    }
}

#[tokio::test]
async fn settings_make_it_laxer_or_stricter() {
    let settings = Settings { system_messages: SystemMessages::Anywhere, roles_alternate: true, ..Settings::default() };
    let server = ModelServer::start_with(settings, Script::echo()).await;
    let mut two = body(OpenAiChat, "hello");
    two["messages"] = json!([{"role": "user", "content": "a"}, {"role": "system", "content": "b"}]);
    assert_eq!(ask(&server, OpenAiChat, &two).await.0, 200);
    for protocol in [OpenAiChat, Anthropic] {
        let again = |body: &mut Value| {
            let list = body["messages"].as_array_mut().unwrap();
            list.push(list.last().unwrap().clone());
        };
        refused(&server, protocol, again, 400, "must alternate").await;
    }
}

//! Right requests of all four protocols, and a plain HTTP client.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use greenroom_simulator_models::{ModelServer, Protocol};
use serde_json::{Value, json};
use std::time::Duration;

pub(crate) const PATIENCE: Duration = Duration::from_secs(10);

pub(crate) fn picture() -> String {
    STANDARD.encode(b"\x89PNG\r\n\x1a\nnot much of a picture")
}

pub(crate) fn schema() -> Value {
    json!({"type": "object", "properties": {"item": {"type": "string"}}, "required": ["item"]})
}

/// A request that says this.
pub(crate) fn body(protocol: Protocol, said: &str) -> Value {
    match protocol {
        Protocol::OpenAiChat => json!({
            "model": "scripted",
            "messages": [{"role": "system", "content": "Be kind."}, {"role": "user", "content": said}],
            "tools": [{"type": "function", "function": {"name": "add", "parameters": schema()}}],
        }),
        Protocol::OpenAiResponses => json!({
            "model": "scripted",
            "instructions": "Be kind.",
            "input": [{"role": "user", "content": said}],
            "tools": [{"type": "function", "name": "add", "parameters": schema()}],
        }),
        Protocol::Anthropic => json!({
            "model": "scripted",
            "max_tokens": 1000,
            "system": "Be kind.",
            "messages": [{"role": "user", "content": said}],
            "tools": [{"name": "add", "input_schema": schema()}],
        }),
        Protocol::Gemini => json!({
            "systemInstruction": {"parts": [{"text": "Be kind."}]},
            "contents": [{"role": "user", "parts": [{"text": said}]}],
            "tools": [{"functionDeclarations": [{"name": "add", "parametersJsonSchema": schema()}]}],
        }),
    }
}

/// The name of the list of messages.
pub(crate) fn messages(protocol: Protocol) -> &'static str {
    match protocol {
        Protocol::OpenAiChat | Protocol::Anthropic => "messages",
        Protocol::OpenAiResponses => "input",
        Protocol::Gemini => "contents",
    }
}

/// The messages after a call with this id, and its result.
pub(crate) fn call_and_result(protocol: Protocol, id: &str, content: &str) -> [Value; 2] {
    match protocol {
        Protocol::OpenAiChat => [
            json!({"role": "assistant", "content": "", "tool_calls": [
                {"id": id, "type": "function", "function": {"name": "add", "arguments": "{\"item\":\"milk\"}"}}]}),
            json!({"role": "tool", "tool_call_id": id, "content": content}),
        ],
        Protocol::OpenAiResponses => [
            json!({"type": "function_call", "call_id": id, "name": "add", "arguments": "{\"item\":\"milk\"}"}),
            json!({"type": "function_call_output", "call_id": id, "output": content}),
        ],
        Protocol::Anthropic => [
            json!({"role": "assistant", "content": [
                {"type": "tool_use", "id": id, "name": "add", "input": {"item": "milk"}}]}),
            json!({"role": "user", "content": [{"type": "tool_result", "tool_use_id": id, "content": content}]}),
        ],
        Protocol::Gemini => [
            json!({"role": "model", "parts": [{"functionCall": {"name": "add", "args": {"item": "milk"}}}]}),
            json!({"role": "user", "parts": [
                {"functionResponse": {"name": "add", "response": {"content": content}}}]}),
        ],
    }
}

pub(crate) fn url(server: &ModelServer, protocol: Protocol, model: &str, streamed: bool) -> String {
    let path = match (protocol, streamed) {
        (Protocol::OpenAiChat, _) => "chat/completions".to_owned(),
        (Protocol::OpenAiResponses, _) => "responses".to_owned(),
        (Protocol::Anthropic, _) => "messages".to_owned(),
        (Protocol::Gemini, false) => format!("models/{model}:generateContent"),
        (Protocol::Gemini, true) => format!("models/{model}:streamGenerateContent?alt=sse"),
    };
    format!("{}{path}", server.base(protocol))
}

/// A request with everything a provider wants to see in its headers.
pub(crate) fn request(
    server: &ModelServer,
    protocol: Protocol,
    body: &Value,
    streamed: bool,
) -> reqwest::RequestBuilder {
    let mut body = body.clone();
    if streamed && protocol != Protocol::Gemini {
        body["stream"] = json!(true);
    }
    let client = builder().build().unwrap();
    let request = client.post(url(server, protocol, "scripted", streamed)).json(&body);
    match protocol {
        Protocol::OpenAiChat | Protocol::OpenAiResponses => request.bearer_auth(server.key()),
        Protocol::Anthropic => request.header("x-api-key", server.key()).header("anthropic-version", "2023-06-01"),
        Protocol::Gemini => request.header("x-goog-api-key", server.key()),
    }
}

/// Status and body.
pub(crate) async fn ask(server: &ModelServer, protocol: Protocol, body: &Value) -> (u16, Value) {
    let response = request(server, protocol, body, false).send().await.unwrap();
    (response.status().as_u16(), response.json().await.unwrap())
}

/// The words of a whole answer.
pub(crate) fn words(protocol: Protocol, body: &Value) -> String {
    let text = match protocol {
        Protocol::OpenAiChat => &body["choices"][0]["message"]["content"],
        Protocol::OpenAiResponses => &body["output"][0]["content"][0]["text"],
        Protocol::Anthropic => &body["content"][0]["text"],
        Protocol::Gemini => &body["candidates"][0]["content"]["parts"][0]["text"],
    };
    text.as_str().unwrap_or_default().to_owned()
}

/// A client that is made wherever the tests are built: with all features of the workspace its TLS needs a provider.
pub(crate) fn builder() -> reqwest::ClientBuilder {
    // An error means that it is installed already.
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder().no_proxy()
}

//! The client that bots use, against the server: nothing it sends is refused.

use crate::asking::{picture, schema};
use futures::StreamExt;
use genai::adapter::AdapterKind;
use genai::chat::{
    ChatMessage, ChatOptions, ChatRequest, ChatStreamEvent, ContentPart, MessageContent, StopReason, StreamEnd, Tool,
    ToolResponse,
};
use genai::resolver::{AuthData, Endpoint};
use genai::{Client, ModelIden, ServiceTarget};
use greenroom_simulator_models::{ModelServer, Part, Protocol, Reply, Role, Script};
use serde_json::json;

fn target(server: &ModelServer, protocol: Protocol, model: &str) -> ServiceTarget {
    let kind = match protocol {
        Protocol::OpenAiChat => AdapterKind::OpenAI,
        Protocol::OpenAiResponses => AdapterKind::OpenAIResp,
        Protocol::Anthropic => AdapterKind::Anthropic,
        Protocol::Gemini => AdapterKind::Gemini,
    };
    ServiceTarget {
        endpoint: Endpoint::from_owned(server.base(protocol)),
        auth: AuthData::from_single(server.key()),
        model: ModelIden::new(kind, model),
    }
}

fn client() -> Client {
    Client::builder().with_reqwest(crate::asking::builder().build().unwrap()).build().unwrap()
}

/// Asks for a stream and returns its end.
async fn stream(server: &ModelServer, protocol: Protocol, request: ChatRequest) -> StreamEnd {
    let options = ChatOptions::default()
        .with_capture_content(true)
        .with_capture_usage(true)
        .with_capture_tool_calls(true)
        .with_max_tokens(500);
    let answer = client().exec_chat_stream(target(server, protocol, "scripted"), request, Some(&options)).await;
    let mut events = answer.unwrap().stream;
    while let Some(event) = events.next().await {
        if let ChatStreamEvent::End(end) = event.unwrap() {
            return end;
        }
    }
    panic!("{protocol}: no end");
}

fn tool(name: &str) -> Tool {
    Tool::new(name).with_description("adds").with_schema(schema())
}

#[tokio::test]
async fn a_text_comes_whole_and_streamed() {
    let server = ModelServer::start(Script::echo()).await;
    for protocol in Protocol::ALL {
        let request = ChatRequest::from_system("Be kind.").append_message(ChatMessage::user("Grüße 🙂"));
        let whole = client().exec_chat(target(&server, protocol, "scripted"), request.clone(), None).await.unwrap();
        assert_eq!(whole.first_text(), Some("you said: Grüße 🙂"), "{protocol}");
        assert!(matches!(whole.stop_reason, Some(StopReason::Completed(_))), "{protocol}");
        let end = stream(&server, protocol, request).await;
        assert_eq!(end.captured_first_text(), Some("you said: Grüße 🙂"), "{protocol}");
        assert!(matches!(end.captured_stop_reason, Some(StopReason::Completed(_))), "{protocol}");
        let usage = end.captured_usage.unwrap();
        assert!(usage.prompt_tokens.unwrap() > 0 && usage.completion_tokens.unwrap() > 0, "{protocol}");
        let asked = server.last().unwrap();
        assert_eq!((asked.system.as_str(), asked.max_tokens, asked.streamed), ("Be kind.", Some(500), true));
    }
    server.assert_no_violations();
}

#[tokio::test]
async fn two_calls_at_the_same_time_and_their_results() {
    let server = ModelServer::start(Script::from_fn(|asked| match asked.results().as_slice() {
        [] => Reply::call("add", json!({"item": "Käse"})).and_call("other-tool", json!({"item": "milk"})),
        results => Reply::say(format!("{results:?}")),
    }))
    .await;
    for protocol in Protocol::ALL {
        let request = ChatRequest::from_user("add").with_tools([tool("add"), tool("other-tool")]);
        let end = stream(&server, protocol, request.clone()).await;
        let content = end.captured_content.unwrap();
        let calls: Vec<_> = content.tool_calls().into_iter().cloned().collect();
        let found: Vec<_> = calls.iter().map(|call| (call.fn_name.as_str(), call.fn_arguments.clone())).collect();
        assert_eq!(found, [("add", json!({"item": "Käse"})), ("other-tool", json!({"item": "milk"}))], "{protocol}");
        let results = calls.iter().map(|call| ContentPart::from(ToolResponse::from_tool_call(call, "done")));
        let results: Vec<ContentPart> = results.collect();
        let request = request
            .append_message(ChatMessage::assistant(content))
            .append_message(ChatMessage::tool(MessageContent::from_parts(results)));
        let end = stream(&server, protocol, request).await;
        assert_eq!(end.captured_first_text(), Some(r#"[("add", "done"), ("other-tool", "done")]"#), "{protocol}");
    }
    server.assert_no_violations();
}

#[tokio::test]
async fn a_picture_from_memory() {
    let server = ModelServer::start(Script::echo()).await;
    for protocol in Protocol::ALL {
        let parts = vec![
            ContentPart::from_text("what is this?"),
            ContentPart::from_binary_base64("image/png", picture(), None),
        ];
        let request = ChatRequest::new(vec![ChatMessage::user(MessageContent::from_parts(parts))]);
        stream(&server, protocol, request).await;
        let asked = server.last().unwrap();
        let last = asked.last_of_person().unwrap();
        assert_eq!((last.role, last.text().as_str()), (Role::User, "what is this?"), "{protocol}");
        assert!(matches!(&last.parts[1], Part::Picture { media_type, .. } if media_type == "image/png"), "{protocol}");
    }
    server.assert_no_violations();
}

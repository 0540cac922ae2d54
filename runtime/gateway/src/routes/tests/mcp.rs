//! The server of the Model Context Protocol, asked by the client that others use as well, over a real socket.

use super::callers::{self, claims, token};
use super::linked::{linked, owned};
use super::{ANA, Server, server, start_as};
use greenroom_channel_loopback::{Options, said};
use greenroom_client::token::{AUDIENCE, sign};
use rmcp::model::{CallToolRequestParams, CallToolResult};
use rmcp::service::{RoleClient, RunningService, ServiceExt};
use rmcp::transport::StreamableHttpClientTransport;
use rmcp::transport::streamable_http_client::StreamableHttpClientTransportConfig;
use serde_json::{Value, json};
use std::time::Duration;

type Agent = RunningService<RoleClient, ()>;

impl Server {
    async fn agent(&self, token: &str) -> Result<Agent, String> {
        let config = StreamableHttpClientTransportConfig::with_uri(format!("{}/mcp", self.base)).auth_header(token);
        let transport = StreamableHttpClientTransport::with_client(reqwest::Client::new(), config);
        let begun = tokio::time::timeout(Duration::from_secs(20), ().serve(transport)).await.unwrap();
        begun.map_err(|error| error.to_string())
    }

    async fn agent_of(&self, owner: &str, scopes: &str) -> Agent {
        self.agent(&token(owner, scopes)).await.unwrap()
    }
}

async fn call(agent: &Agent, tool: &'static str, arguments: Value) -> CallToolResult {
    let arguments = arguments.as_object().cloned().unwrap_or_default();
    agent.call_tool(CallToolRequestParams::new(tool).with_arguments(arguments)).await.unwrap()
}

/// What a tool says, and whether it failed.
async fn answer(agent: &Agent, tool: &'static str, arguments: Value) -> (bool, Value) {
    let result = call(agent, tool, arguments).await;
    (result.is_error == Some(true), result.structured_content.unwrap_or_default())
}

async fn names(agent: &Agent) -> Vec<String> {
    agent.list_all_tools().await.unwrap().into_iter().map(|tool| tool.name.into_owned()).collect()
}

const ALL: &str = "read text send";

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_finds_reads_and_continues_a_conversation() {
    let server = server().await;
    server.network.deliver("main", said::text(ANA, "hello").with_id("m-1")).await.acknowledged().await.unwrap();
    server.network.sent_count_reached(1).await;
    server.handle.settled().await;
    let agent = server.agent(&server.token).await.unwrap();
    let about = agent.peer_info().unwrap();
    assert_eq!(about.server_info.as_ref().unwrap().name, "greenroom");
    let tools = agent.list_all_tools().await.unwrap();
    assert_eq!(tools.len(), 5);
    for tool in &tools {
        assert_eq!(tool.input_schema["type"], "object", "{}", tool.name);
    }
    let (failed, list) = answer(&agent, "list_conversations", json!({ "limit": 5 })).await;
    assert!(!failed && list["items"][0]["person"] == ANA, "{list}");
    assert_eq!(list, server.admin().get("/api/v1/conversations").await.1, "both ways say the same");
    let number = list["items"][0]["conversation"].as_u64().unwrap();
    let (failed, turns) = answer(&agent, "read_conversation", json!({ "conversation": number })).await;
    assert!(!failed && turns["items"][0]["text"] == "hello", "{turns}");
    let said = json!({ "conversation": number, "text": "it is ready", "idempotency_key": "order-7" });
    let (failed, first) = answer(&agent, "send_message", said.clone()).await;
    assert!(!failed && first["id"].is_string(), "{first}");
    assert_eq!(answer(&agent, "send_message", said).await, (false, first.clone()), "the same answer");
    // The key is the same on the other way in.
    let path = format!("/api/v1/conversations/{number}/messages");
    let request = server.admin().request(reqwest::Method::POST, &path).header("Idempotency-Key", "order-7");
    let again: Value = request.json(&json!({ "text": "it is ready" })).send().await.unwrap().json().await.unwrap();
    assert_eq!(again, first);
    server.network.sent_count_reached(2).await;
    server.handle.settled().await;
    assert_eq!(server.network.sent().len(), 2, "it was sent once");
    for (arguments, found) in
        [(json!({ "message": "m-1" }), 1), (json!({ "last": 9 }), 2), (json!({ "message": "x" }), 0)]
    {
        let (failed, why) = answer(&agent, "why", arguments).await;
        assert_eq!((failed, why["traces"].as_array().map(Vec::len)), (false, Some(found)), "{why}");
    }
    let (failed, state) = answer(&agent, "link_state", json!({})).await;
    assert!(!failed && state["sessions"][0]["status"] == "connected", "{state}");
    let (failed, problem) = answer(&agent, "link_state", json!({ "session": "acc-99" })).await;
    assert_eq!((failed, &problem["status"]), (true, &json!(404)), "{problem}");
    agent.cancel().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_scope_that_is_missing_is_named_and_its_tools_are_not_shown() {
    let server = server().await;
    server.network.deliver("main", said::text(ANA, "hello")).await.acknowledged().await.unwrap();
    server.network.sent_count_reached(1).await;
    server.handle.settled().await;
    let reader = server.agent_of("local", "read").await;
    assert_eq!(names(&reader).await, ["list_conversations", "why", "link_state"]);
    let of = |scopes| server.agent_of("local", scopes);
    assert_eq!(names(&of("text").await).await, ["read_conversation"]);
    assert_eq!(names(&of("").await).await, [""; 0]);
    let number = answer(&reader, "list_conversations", json!({})).await.1["items"][0]["conversation"].clone();
    let message = json!({ "conversation": number, "text": "hi", "idempotency_key": "k" });
    for (agent, tool, arguments, scope) in [
        (&reader, "read_conversation", json!({ "conversation": number }), "text"),
        (&reader, "send_message", message, "send"),
        (&of("text send control settings delete admin").await, "list_conversations", json!({}), "read"),
    ] {
        let result = call(agent, tool, arguments).await;
        let problem = result.structured_content.unwrap();
        assert_eq!((result.is_error, &problem["code"]), (Some(true), &json!("missing-scope")), "{tool}: {problem}");
        let said = result.content[0].as_text().unwrap();
        assert_eq!(said.text, format!("this needs the scope {scope}"), "the model reads why");
    }
    assert_eq!(server.network.sent().len(), 1, "nothing was sent");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_of_another_owner_sees_nothing_and_sends_nothing() {
    let server = linked().await;
    let olga = owned(&server, "olga", "+15557770001").await;
    server.network.deliver(&olga, said::text(ANA, "for olga only").with_id("m-o")).await.acknowledged().await.unwrap();
    server.network.sent_count_reached(1).await;
    server.handle.settled().await;
    let list = answer(&server.agent_of("olga", ALL).await, "list_conversations", json!({})).await.1;
    let number = list["items"][0]["conversation"].as_u64().unwrap();
    let otto = server.agent_of("otto", ALL).await;
    assert_eq!(answer(&otto, "list_conversations", json!({})).await, (false, json!({ "items": [] })));
    assert_eq!(answer(&otto, "link_state", json!({})).await, (false, json!({ "sessions": [] })));
    for arguments in [json!({ "message": "m-o" }), json!({ "last": 100 })] {
        assert_eq!(answer(&otto, "why", arguments).await, (false, json!({ "traces": [] })));
    }
    let missing = number + 1_000_000;
    let read = |number| json!({ "conversation": number });
    let send = |number| json!({ "conversation": number, "text": "hi", "idempotency_key": "k" });
    let named = |session: &str| json!({ "session": session });
    for (tool, theirs, nothing) in [
        ("read_conversation", read(number), read(missing)),
        ("send_message", send(number), send(missing)),
        ("link_state", named(&olga), named("acc-99999")),
        ("list_conversations", named(&olga), named("acc-99999")),
    ] {
        let (found, none) = (answer(&otto, tool, theirs).await, answer(&otto, tool, nothing).await);
        let alike = |text: String| text.replace(&missing.to_string(), "N").replace(&number.to_string(), "N");
        let alike =
            |one: (bool, Value)| (one.0, alike(one.1.to_string().replace(&olga, "S").replace("acc-99999", "S")));
        assert_eq!(alike(found.clone()), alike(none), "{tool}");
        assert!(found.0 && found.1["status"] == 404, "{tool}: {found:?}");
    }
    assert_eq!(server.network.sent().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_unknown_is_let_in_and_no_page_of_another_site() {
    let server = server().await;
    let ended = sign(
        callers::SECRET.as_bytes(),
        AUDIENCE,
        &greenroom_client::token::Claims { expires: callers::seconds() - 60, ..claims("olga", ALL) },
    );
    for token in ["", "nonsense", ended.unwrap().as_str()] {
        assert!(server.agent(token).await.is_err(), "{token:?}");
    }
    let ping = json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/list" });
    let post = || {
        let request = reqwest::Client::new().post(format!("{}/mcp", server.base)).json(&ping);
        request.header("accept", "application/json, text/event-stream")
    };
    let known = || post().bearer_auth(token("olga", "read"));
    assert_eq!(server.ask(post()).await.0, 401);
    assert_eq!(server.ask(known()).await.0, 200);
    assert_eq!(server.ask(known().header("host", "evil.example")).await.0, 421);
    assert_eq!(server.ask(known().header("origin", "https://evil.example")).await.0, 403);
    let large = known().json(&json!({ "jsonrpc": "2.0", "id": 1, "method": "x".repeat(100_000) }));
    assert_eq!(server.ask(large).await.0, 413);
    let (status, body) = server.ask(server.get("/mcp").bearer_auth(token("olga", "read"))).await;
    assert!(status == 405 && body.contains("method-not-allowed"), "{status} {body}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_asked_wrongly_is_told_to_the_model() {
    let server = server().await;
    let agent = server.agent(&server.token).await.unwrap();
    let wrong = [
        ("read_conversation", json!({})),
        ("read_conversation", json!({ "conversation": "one" })),
        ("send_message", json!({ "conversation": 1, "text": "hi" })),
        ("send_message", json!({ "conversation": 1, "text": "hi", "idempotency_key": "k", "to": "all" })),
        ("why", json!({ "last": -1 })),
    ];
    for (tool, arguments) in wrong {
        let (failed, problem) = answer(&agent, tool, arguments.clone()).await;
        assert!(failed && problem["code"] == "bad-arguments", "{tool} {arguments}: {problem}");
    }
    let (failed, problem) = answer(&agent, "delete_everything", json!({})).await;
    assert!(failed && problem["status"] == 404, "{problem}");
    for key in ["", "line\nbreak"] {
        let message = json!({ "conversation": 1, "text": "hi", "idempotency_key": key });
        assert!(answer(&agent, "send_message", message).await.0, "{key:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn it_is_not_there_unless_it_is_turned_on() {
    let (channel, network) = greenroom_channel_loopback::loopback(Options::default());
    let (handle, gateway) = start_as(channel, None, |options, _| options.mcp = false).await;
    let about = gateway.announcement();
    let server = Server { handle, base: format!("http://{}", about.address), token: about.token, network, gateway };
    assert!(server.agent(&server.token).await.is_err());
    let post = reqwest::Client::new().post(format!("{}/mcp", server.base)).bearer_auth(&server.token);
    assert_eq!(server.ask(post).await.0, 404);
}

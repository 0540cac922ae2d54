//! Codes, channels, assistants, actors and reloading over HTTP.

use super::linked::{begun, code, linked, owned};
use super::{ANA, server, server_on};
use greenroom_channel_loopback::{LinkPlan, Options, said};
use greenroom_contract::assistant::{Answer, Turn, assistant_fn};
use greenroom_contract::channel::Ended;
use greenroom_contract::linking::Linking;
use greenroom_engine::AssistantPart;
use reqwest::Method;
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Notify;

#[tokio::test(flavor = "multi_thread")]
async fn the_code_that_is_shown_comes_in_every_form() {
    let server = linked().await;
    let session = begun(&server, "olga").await;
    let live = code(&server, &session).await;
    let olga = server.owner("olga");
    let path = format!("/api/v1/sessions/{session}/qr");
    let (status, qr) = olga.get(&format!("{path}?format=json")).await;
    assert_eq!((status, &qr["code"], &qr["number"]), (200, &json!(live), &json!(1)), "{qr}");
    for (format, kind, begins) in
        [("svg", "image/svg+xml", &b"<?xml"[..]), ("png", "image/png", b"\x89PNG"), ("text", "text/plain", b"")]
    {
        let response = olga.request(Method::GET, &format!("{path}?format={format}")).send().await.unwrap();
        let header = |name: &str| response.headers().get(name).unwrap().to_str().unwrap().to_owned();
        assert_eq!((response.status().as_u16(), header("cache-control").as_str()), (200, "no-store"));
        assert!(header("content-type").starts_with(kind), "{}", header("content-type"));
        assert_eq!(header("x-valid-until-ms"), qr["valid_until_ms"].to_string());
        assert!(response.bytes().await.unwrap().starts_with(begins), "{format}");
    }
    assert_eq!(olga.get(&format!("{path}?format=gif")).await.0, 400);
    // Another owner, and a caller who may only look, see no code.
    let otto = server.owner("otto").get(&path).await;
    assert_eq!(otto.0, 404);
    let missing = server.owner("otto").get("/api/v1/sessions/acc-99/qr").await;
    assert_eq!(otto.1.to_string(), missing.1.to_string().replace("acc-99", session.as_str()));
    assert_eq!(server.with_scopes("olga", "read text settings").get(&path).await.0, 403);
    assert!(server.network.scan(&live, "+15557770001"));
    server.network.connected(session.as_str()).await;
    let (status, problem) = olga.get(&path).await;
    assert_eq!((status, &problem["code"]), (409, &json!("no-qr-shown")));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_that_stopped_working_is_never_shown() {
    let server = linked().await;
    let codes = |first, later| LinkPlan::Codes { of: 2, first, later, gap: Duration::from_secs(60) };
    server.network.next_links([codes(Duration::from_millis(1), Duration::from_millis(1))]);
    let session = {
        let request = greenroom_engine::LinkRequest {
            channel: "front".parse().unwrap(),
            owner: "olga".parse().unwrap(),
            account: None,
            method: greenroom_contract::linking::LinkMethod::Qr,
            accepted: true,
        };
        server.handle.begin_link(request).await.unwrap()
    };
    let olga = server.owner("olga");
    let path = format!("/api/v1/sessions/{session}/qr");
    let expired = async {
        loop {
            let (status, problem) = olga.get(&path).await;
            if status == 410 {
                return problem;
            }
            assert!(matches!(status, 200 | 409), "{problem}");
        }
    };
    let problem = tokio::time::timeout(Duration::from_secs(10), expired).await.unwrap();
    assert_eq!(&problem["code"], "qr-expired");
}

#[tokio::test(flavor = "multi_thread")]
async fn channels_say_how_their_accounts_come_about() {
    let server = linked().await;
    owned(&server, "olga", "+15557770001").await;
    let (status, channels) = server.admin().get("/api/v1/channels").await;
    assert_eq!(status, 200);
    let only = &channels[0];
    assert_eq!(
        (&only["channel"], &only["adapter"], &only["kind"]),
        (&json!("front"), &json!("loopback"), &json!("linked"))
    );
    assert_eq!((&only["can_link"], &only["methods"]), (&json!(true), &json!(["qr", "code"])));
    assert_eq!(&only["warning"], "use a second number");
    assert_eq!((&only["sessions"], &only["sessions_max"], &only["allowed"]), (&json!(1), &json!(20), &json!(1)));
    let otto = server.owner("otto").get("/api/v1/channels").await.1;
    assert_eq!(
        (&otto[0]["sessions"], &otto[0]["sessions_max"], &otto[0]["allowed"]),
        (&json!(0), &json!(5), &json!(0))
    );
    let local = server_on(Options { linking: None::<Linking>, ..Options::default() }).await;
    let only = local.admin().get("/api/v1/channels").await.1[0].clone();
    assert_eq!((&only["kind"], &only["can_link"], &only["methods"]), (&json!("local"), &json!(false), &json!([])));
}

#[tokio::test(flavor = "multi_thread")]
async fn assistants_and_what_they_see_are_told() {
    let server = server().await;
    let admin = server.admin();
    let (status, assistants) = admin.get("/api/v1/assistants").await;
    assert_eq!((status, &assistants[0]["name"], &assistants[0]["state"]), (200, &json!("echo"), &json!("ready")));
    assert!(assistants[0]["sees"].as_array().unwrap().contains(&json!("text")), "{assistants}");
    for path in ["models", "tools", "plugins"] {
        assert_eq!(admin.get(&format!("/api/v1/{path}")).await, (200, json!([])));
    }
}

/// The node of this kind and name.
fn node<'a>(tree: &'a Value, kind: &str, name: &str) -> Option<&'a Value> {
    if tree["kind"] == kind && (name.is_empty() || tree["name"] == name) {
        return Some(tree);
    }
    tree["children"].as_array()?.iter().find_map(|child| node(child, kind, name))
}

#[tokio::test(flavor = "multi_thread")]
async fn the_tree_of_actors_is_live() {
    let server = server().await;
    let admin = server.admin();
    server.network.deliver("main", said::text(ANA, "hello")).await;
    server.network.sent_count_reached(1).await;
    // What is on its way is worked on in a moment.
    let rests = |tree: &Value| node(tree, "session", "").is_some_and(|session| session["mailbox"] == json!(0));
    let tree = tree_where(&admin, rests).await;
    assert_eq!((&tree["name"], &tree["state"]), (&json!("root"), &json!("running")), "{tree}");
    let children: Vec<_> = tree["children"].as_array().unwrap().iter().map(|child| child["name"].clone()).collect();
    assert_eq!(children, ["transcriptions", "assistants", "conversations", "accounts", "channels", "services"]);
    assert_eq!(node(&tree, "assistant", "echo").unwrap()["mailbox"], json!(0));
    assert_eq!(node(&tree, "service", "gateway").unwrap()["restarts"], json!(0));
    let session = node(&tree, "session", "").unwrap();
    assert_eq!(
        (&session["restarts"], &session["mailbox"], &session["state"]),
        (&json!(0), &json!(0), &json!("running"))
    );
    let name = session["name"].as_str().unwrap().to_owned();
    assert!(
        node(&tree, "shard", &name).is_some() && node(&tree, "conversations", "1 conversations").is_some(),
        "{tree}"
    );
    assert_eq!(server.owner("olga").get("/api/v1/actors").await.0, 403);
}

/// The tree, once it is so.
async fn tree_where(admin: &super::caller::Caller, is_so: impl Fn(&Value) -> bool) -> Value {
    let seen = async {
        loop {
            let (status, tree) = admin.get("/api/v1/actors").await;
            if status == 200 && is_so(&tree) {
                return tree;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), seen).await.expect("it becomes so")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_crashed_shows_its_restarts_and_works() {
    let server = server().await;
    let admin = server.admin();
    let session = |tree: &Value| node(tree, "session", "").cloned().unwrap_or_default();
    let before = tree_where(&admin, |tree| session(tree)["state"] == "running").await;
    assert_eq!(session(&before)["restarts"], json!(0));
    server.network.connected("main").await;
    server.network.panic_next_runs("main", 2);
    server.network.cut("main", Ended::Dropped { reason: "the wire broke".to_owned() });
    let after = tree_where(&admin, |tree| session(tree)["restarts"] == json!(2)).await;
    assert!(session(&after)["since_ms"].as_u64() >= session(&before)["since_ms"].as_u64(), "{after}");
    let others = ["transcriptions", "assistants", "conversations", "services"];
    let restarts =
        |name: &&str| after["children"].as_array()?.iter().find(|one| one["name"] == *name)?["restarts"].as_u64();
    assert!(others.iter().all(|name| restarts(name) == Some(0)), "no one else began anew: {after}");
    server.network.deliver("main", said::text(ANA, "are you there?")).await;
    server.network.sent_to_reached(ANA, 1).await;
    let details = server.client().health().await.unwrap().details.unwrap();
    assert_eq!(details.restarts, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_waits_for_an_actor_is_its_mailbox() {
    let server = server().await;
    let admin = server.admin();
    let (asked, let_go) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let (rings, waits) = (Arc::clone(&asked), Arc::clone(&let_go));
    let slow = assistant_fn(move |_turn: Turn| {
        let (rings, waits) = (Arc::clone(&rings), Arc::clone(&waits));
        async move {
            rings.notify_one();
            waits.notified().await;
            Ok(Answer::text("done"))
        }
    });
    let name = "echo".parse().unwrap();
    let part = AssistantPart { name, assistant: Arc::new(slow), turns_max: 1, timeout: Duration::from_secs(30) };
    server.handle.reconfigure(server.handle.blueprint().with_assistant(part)).await.unwrap();
    server.network.deliver("main", said::text(ANA, "one")).await.acknowledged().await.unwrap();
    asked.notified().await;
    let assistant =
        |tree: &Value| node(tree, "assistant", "echo").map(|node| node["mailbox"].clone()).unwrap_or_default();
    tree_where(&admin, |tree| assistant(tree) == json!(1)).await;
    let conversations = |tree: &Value| {
        let all = tree["children"].as_array().into_iter().flatten();
        all.filter(|one| one["name"] == "conversations").map(|one| one["mailbox"].clone()).next().unwrap_or_default()
    };
    tree_where(&admin, |tree| conversations(tree).as_u64() >= Some(1)).await;
    let_go.notify_one();
    server.network.sent_to_reached(ANA, 1).await;
    tree_where(&admin, |tree| assistant(tree) == json!(0) && conversations(tree) == json!(0)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_refused_is_listed_for_whoever_runs_the_channels() {
    let server = server().await;
    let http = reqwest::Client::new();
    let unknown = http.post(format!("{}/api/channels/front", server.base)).body("{}").send().await.unwrap();
    assert!(unknown.status().is_client_error());
    let (status, refused) = server.admin().get("/api/v1/refused").await;
    assert_eq!(status, 200);
    for one in refused.as_array().unwrap() {
        assert!(one["count"].as_u64().is_some_and(|count| count > 0) && one["cause"].is_string(), "{one}");
    }
    assert_eq!(server.owner("olga").get("/api/v1/refused").await, (200, json!([])));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_without_a_file_has_nothing_to_read_once_more() {
    let server = server().await;
    let (status, problem) = server.admin().post("/api/v1/reload", Value::Null).await;
    assert_eq!((status, &problem["code"]), (422, &json!("configuration-refused")));
    assert_eq!(server.owner("olga").post("/api/v1/reload", Value::Null).await.0, 403);
}

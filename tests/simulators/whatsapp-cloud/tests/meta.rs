//! The simulator as a client and a webhook receiver see it.
#![allow(clippy::unwrap_used, reason = "helpers of tests stand outside the test functions")]

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::routing::get;
use greenroom_simulator_whatsapp_cloud::*;
use parking_lot::Mutex;
use serde_json::{Value, json};
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

/// A webhook receiver: keeps what it took, and refuses the first posts.
#[derive(Default)]
struct Bot {
    posts: Mutex<Vec<Value>>,
    signatures: Mutex<Vec<(String, Bytes)>>,
    refuse: Mutex<usize>,
}

async fn take(State(bot): State<Arc<Bot>>, headers: HeaderMap, body: Bytes) -> StatusCode {
    let mut refuse = bot.refuse.lock();
    if *refuse > 0 {
        *refuse -= 1;
        return StatusCode::SERVICE_UNAVAILABLE;
    }
    let signature = headers["x-hub-signature-256"].to_str().unwrap().to_owned();
    bot.signatures.lock().push((signature, body.clone()));
    bot.posts.lock().push(serde_json::from_slice(&body).unwrap());
    StatusCode::OK
}

async fn verify(Query(query): Query<HashMap<String, String>>) -> (StatusCode, String) {
    if query["hub.mode"] == "subscribe" && query["hub.verify_token"] == "simulated-verify-token" {
        (StatusCode::OK, query["hub.challenge"].clone())
    } else {
        (StatusCode::FORBIDDEN, String::new())
    }
}

async fn bot() -> (Arc<Bot>, String) {
    let bot = Arc::new(Bot::default());
    let router = Router::new().route("/hook", get(verify).post(take)).with_state(bot.clone());
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/hook", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, router).await });
    (bot, url)
}

struct Client {
    http: reqwest::Client,
    base: String,
    token: String,
}

impl Client {
    fn of(meta: &Simulator) -> Self {
        let number = &meta.settings().numbers[0].id;
        let base = format!("{}/v25.0/{number}", meta.graph_url());
        Self { http: reqwest::Client::new(), base, token: meta.settings().access_token.clone() }
    }

    async fn send(&self, body: Value) -> Result<Value, u64> {
        let url = format!("{}/messages", self.base);
        let answer = self.http.post(url).bearer_auth(&self.token).json(&body).send().await.map_err(|_| 0_u64)?;
        let answer: Value = answer.json().await.map_err(|_| 1_u64)?;
        answer["error"]["code"].as_u64().map_or(Ok(answer), Err)
    }

    async fn text(&self, to: &str, text: &str) -> Result<Value, u64> {
        self.send(json!({"messaging_product": "whatsapp", "to": to, "type": "text", "text": {"body": text}})).await
    }
}

fn quick() -> Settings {
    Settings { retry_pause_min: Duration::from_millis(5), statuses: Statuses::None, ..Settings::default() }
}

#[tokio::test]
async fn a_webhook_is_signed_and_repeated_until_it_is_taken() {
    let meta = Simulator::start_with(quick()).await;
    let (bot, url) = bot().await;
    assert!(meta.connect(&format!("{url}/wrong")).await.is_err());
    meta.connect(&url).await.unwrap();
    *bot.refuse.lock() = 3;
    let id = meta.person("+15551234567").named("Ana").says("hi").await;
    let posts = bot.posts.lock().clone();
    assert_eq!(posts.len(), 1);
    let value = &posts[0]["entry"][0]["changes"][0]["value"];
    assert_eq!(value["messages"][0]["id"], json!(id));
    assert_eq!(value["messages"][0]["from"], "15551234567");
    assert_eq!(value["contacts"][0]["profile"]["name"], "Ana");
    let (signature, body) = bot.signatures.lock()[0].clone();
    assert_eq!(signature, greenroom_simulator_whatsapp_cloud::signature("simulated-app-secret", &body));
    let counters = meta.counters();
    assert_eq!((counters.posts, counters.rejected, counters.acknowledged), (4, 3, 1));
}

#[tokio::test]
async fn duplicates_come_on_demand_and_a_username_hides_the_number() {
    let meta = Simulator::start_with(quick()).await;
    let (bot, url) = bot().await;
    meta.connect(&url).await.unwrap();
    meta.duplicate_webhooks(4);
    meta.username_person("bob").says("hi").await;
    assert!(meta.until(Duration::from_secs(5), |c| c.acknowledged == 5).await);
    let posts = bot.posts.lock().clone();
    assert!(posts.windows(2).all(|pair| pair[0] == pair[1]));
    let value = &posts[0]["entry"][0]["changes"][0]["value"];
    assert!(value["messages"][0]["from"].is_null() && value["contacts"][0]["wa_id"].is_null());
    assert_eq!(value["messages"][0]["from_user_id"], value["contacts"][0]["user_id"]);
}

#[tokio::test]
async fn the_window_opens_with_a_message_and_closes_after_a_day() {
    let meta = Simulator::start_with(quick()).await;
    let (_bot, url) = bot().await;
    meta.connect(&url).await.unwrap();
    let ana = meta.person("+15551234567");
    let client = Client::of(&meta);
    assert_eq!(client.text("15551234567", "hello").await, Err(131_047));
    ana.says("hi").await;
    assert!(client.text("+1 555 123-4567", "hello").await.is_ok());
    assert_eq!(ana.received().await.text(), "hello");
    meta.advance(Duration::from_secs(24 * 3600 + 1));
    assert_eq!(client.text("15551234567", "too late").await, Err(131_047));
    let template = json!({"messaging_product": "whatsapp", "to": "15551234567", "type": "template", "template":
        {"name": "late_answer", "language": {"code": "en_US"}, "components": [{"type": "body", "parameters":
            [{"type": "text", "text": "late"}]}]}});
    assert!(client.send(template).await.is_ok());
}

#[tokio::test]
async fn rates_are_enforced_for_a_pair_and_for_a_number() {
    let meta = Simulator::start_with(quick()).await;
    let (_bot, url) = bot().await;
    meta.connect(&url).await.unwrap();
    meta.person("+15551234567").says("hi").await;
    let client = Client::of(&meta);
    for _ in 0..45 {
        assert!(client.text("15551234567", "burst").await.is_ok());
    }
    assert_eq!(client.text("15551234567", "one too many").await, Err(131_056));
    meta.advance(Duration::from_secs(7));
    assert!(client.text("15551234567", "after a pause").await.is_ok());
    let mut codes = Vec::new();
    for i in 0..120 {
        let phone = format!("1555200{i:04}");
        meta.person(&phone).says("hi").soon();
        codes.extend(client.text(&phone, "hi").await.err());
    }
    assert!(codes.contains(&130_429), "{codes:?}");
}

#[tokio::test]
async fn tokens_end_and_lack_scopes() {
    let meta = Simulator::start_with(quick()).await;
    let mut client = Client::of(&meta);
    meta.set_token("NO-SCOPE", Token { scopes: vec![MANAGEMENT.into()], expires_at: None });
    client.token = "NO-SCOPE".into();
    assert_eq!(client.text("15551234567", "x").await, Err(200));
    client.token = "UNKNOWN".into();
    assert_eq!(client.text("15551234567", "x").await, Err(190));
    client.token = meta.settings().access_token.clone();
    meta.expire_token(&client.token);
    assert_eq!(client.text("15551234567", "x").await, Err(190));
}

#[tokio::test]
async fn a_cut_send_is_taken_and_its_status_names_it() {
    let settings = Settings { statuses: Statuses::Sent, ..quick() };
    let meta = Simulator::start_with(settings).await;
    let (bot, url) = bot().await;
    meta.connect(&url).await.unwrap();
    let ana = meta.person("+15551234567");
    ana.says("hi").await;
    let client = Client::of(&meta);
    let body = json!({"messaging_product": "whatsapp", "to": "15551234567", "type": "text",
        "text": {"body": "hello"}, "biz_opaque_callback_data": "ob_1"});
    meta.plan_send(SendFault::CutOnly);
    meta.plan_send(SendFault::TakeAndCut);
    assert_eq!(client.send(body.clone()).await, Err(0));
    assert_eq!(ana.received_total(), 0);
    assert_eq!(client.send(body).await, Err(0));
    assert_eq!(ana.received().await.callback_data.as_deref(), Some("ob_1"));
    assert!(meta.until(Duration::from_secs(5), |c| c.acknowledged == 2).await);
    let status = bot.posts.lock()[1]["entry"][0]["changes"][0]["value"]["statuses"][0].clone();
    assert_eq!((&status["status"], &status["biz_opaque_callback_data"]), (&json!("sent"), &json!("ob_1")));
}

#[tokio::test]
async fn media_urls_live_five_minutes_and_ids_seven_days() {
    let meta = Simulator::start_with(quick()).await;
    let client = Client::of(&meta);
    let (id, body) = meta.person("+15551234567").shows("image/png", &b"\x89PNG\r\n\x1a\n..."[..], None).into_body();
    assert!(id.starts_with("wamid."));
    let body: Value = serde_json::from_slice(&body).unwrap();
    let image = body["entry"][0]["changes"][0]["value"]["messages"][0]["image"]["id"].as_str().unwrap().to_owned();
    let look_up = || async {
        let url = format!("{}/v25.0/{image}", meta.graph_url());
        client.http.get(url).bearer_auth(&client.token).send().await.unwrap().json::<Value>().await.unwrap()
    };
    let url = look_up().await["url"].as_str().unwrap().to_owned();
    let fetch = |token: &str| client.http.get(&url).bearer_auth(token).send();
    assert_eq!(fetch("wrong").await.unwrap().status(), 401);
    assert_eq!(fetch(&client.token).await.unwrap().bytes().await.unwrap(), &b"\x89PNG\r\n\x1a\n..."[..]);
    meta.advance(Duration::from_secs(301));
    assert_eq!(fetch(&client.token).await.unwrap().status(), 404);
    assert!(look_up().await["url"].is_string());
    meta.advance(Duration::from_secs(7 * 24 * 3600));
    assert_eq!(look_up().await["error"]["code"], 100);
}

#[tokio::test]
async fn a_fourth_button_is_refused_with_metas_code_and_an_option_is_tapped_by_its_id() {
    let meta = Simulator::start_with(quick()).await;
    let (bot, url) = bot().await;
    meta.connect(&url).await.unwrap();
    let ana = meta.person("+15551234567");
    ana.says("hi").await;
    let ask = |buttons: usize| {
        let button = |at| json!({"type": "reply", "reply": {"id": format!("b{at}"), "title": format!("B{at}")}});
        let buttons: Vec<Value> = (0..buttons).map(button).collect();
        json!({"messaging_product": "whatsapp", "to": "15551234567", "type": "interactive", "interactive":
            {"type": "button", "body": {"text": "which?"}, "action": {"buttons": buttons}}})
    };
    let client = Client::of(&meta);
    assert_eq!(client.send(ask(4)).await, Err(131_009));
    client.send(ask(3)).await.unwrap();
    let asked = ana.received().await;
    ana.chooses(&asked, "b2").await;
    let posts = bot.posts.lock().clone();
    let tapped = &posts[1]["entry"][0]["changes"][0]["value"]["messages"][0];
    assert_eq!(tapped["interactive"]["button_reply"], json!({"id": "b2", "title": "B2"}));
    assert_eq!(tapped["context"]["id"], json!(asked.id));
}

#[tokio::test]
async fn groups_need_an_official_account() {
    let number = Number { official: false, ..Number::default() };
    let meta = Simulator::start_with(Settings { numbers: vec![number], ..quick() }).await;
    let ana = meta.person("+15551234567");
    meta.group("G1", &[&ana]);
    let body = json!({"messaging_product": "whatsapp", "recipient_type": "group", "to": "G1", "type": "text",
        "text": {"body": "hi"}});
    assert_eq!(Client::of(&meta).send(body).await, Err(131_215));
}

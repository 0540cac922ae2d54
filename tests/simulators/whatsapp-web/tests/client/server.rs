//! The server by itself: what it shows, refuses and records.

use crate::client::{ANA, BOT, Client, SOON, simulator};
use greenroom_simulator_whatsapp_web::people::Address;
use greenroom_simulator_whatsapp_web::{Options, serve_control};
use serde_json::{Value, json};
use tokio::net::TcpListener;

#[tokio::test(flavor = "multi_thread")]
async fn a_companion_that_comes_later_is_written_to_at_once() {
    let (simulator, phone, ana) = simulator(Options::default()).await;
    let (first, _, _) = Client::linked(&simulator, &phone).await;
    ana.say(&Address::pn(BOT), "one").await.unwrap();
    first.hears("one").await;
    first.library().send_text(whatsapp_rust::Jid::pn(ANA), "seen").await.unwrap();
    let (second, _, device) = Client::linked(&simulator, &phone).await;
    assert_eq!(device, 2);
    ana.say(&Address::pn(BOT), "two").await.unwrap();
    first.hears("two").await;
    second.hears("two").await;
    // Each sees what the other sends.
    first.library().send_text(whatsapp_rust::Jid::pn(ANA), "from the first").await.unwrap();
    assert!(second.hears("from the first").await.info.source.is_from_me);
    assert_eq!(simulator.violations(), []);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_control_api_drives_it_from_outside() {
    let (simulator, _, _) = simulator(Options::default()).await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}/control", listener.local_addr().unwrap());
    let serving = tokio::spawn(serve_control(simulator.clone(), listener));
    let _ = rustls::crypto::ring::default_provider().install_default();
    let http = reqwest::Client::new();
    let post = async |path: &str, body: Value| -> Value {
        http.post(format!("{base}/{path}")).json(&body).send().await.unwrap().json().await.unwrap()
    };
    let get =
        async |path: &str| -> Value { http.get(format!("{base}/{path}")).send().await.unwrap().json().await.unwrap() };
    let client = Client::start(&simulator, &crate::client::keys()).await;
    let device = post("scan", json!({"number": BOT, "qr": client.qr().await})).await;
    assert_eq!(device, json!({"device": 1}));
    simulator.until_connected((BOT, 1), SOON).await.unwrap();
    let group = post("group", json!({"subject": "Lunch", "members": [ANA, BOT]})).await;
    post("write", json!({"number": ANA, "to": group["id"], "text": "hello group"})).await;
    client.hears("hello group").await;
    let id = post("write", json!({"number": ANA, "to": BOT, "text": "hello"})).await["id"].clone();
    client.hears("hello").await;
    client.library().send_text(whatsapp_rust::Jid::pn(ANA), "hello yourself").await.unwrap();
    let heard = get(&format!("heard?number={ANA}&wait_ms=20000")).await;
    assert_eq!(heard["heard"][0]["body"], json!({"kind": "text", "text": "hello yourself"}));
    let refused = post("fault", json!({"fault": "cut", "device": "15550009999:7"})).await;
    assert_eq!(refused, json!({"error": "no such device, or it is not connected"}));
    assert_eq!(post("fault", json!({"fault": "unlink", "device": format!("{BOT}:1")})).await, json!({}));
    simulator.until_unlinked((BOT, 1), SOON).await.unwrap();
    let state = get("state").await;
    assert_eq!(state["violations"], json!([]));
    assert_eq!(state["url"], json!(simulator.url()));
    assert!(id.is_string());
    serving.abort();
}

//! The simulator by HTTP, for the program and for clients in other languages.
//!
//! Bodies and answers are JSON; what fails is answered with 4xx and `{"error"}`. A device is written `15551234567:1`,
//! the phone itself `15551234567`. Where somebody writes to (`to`) is a phone number, `lid:DIGITS`, `ID@g.us`, or `self`.
//!
//! | call | does |
//! |---|---|
//! | `GET /control/state` | addresses and keys, devices, violations, unknown requests |
//! | `POST /control/phone` `{number, name}` | switches a phone on: `{number, lid}` |
//! | `POST /control/scan` `{number, qr}` | the phone scans a QR code: `{device}` |
//! | `POST /control/code` `{number, code}` | the phone takes a pairing code: `{device}` |
//! | `POST /control/unlink` `{device}` | the phone removes a companion |
//! | `POST /control/write` `{number, to, …}` | a person writes, see [`Writing`]: `{id}` |
//! | `POST /control/read` `{number, id}` | a person reads a message they heard |
//! | `POST /control/typing` `{number, to, writing}` | a person starts or stops writing |
//! | `POST /control/online` `{number, online}` | a phone goes on or off |
//! | `GET /control/heard?number=&after=&wait_ms=` | what a person heard, from that index on; waits for one more |
//! | `GET /control/receipts?number=` | ticks that a person sees |
//! | `POST /control/group` `{subject, members}` | a group: `{id}` |
//! | `POST /control/group/change` `{id, by, change, members, subject}` | `add`, `remove`, `promote`, `demote`, `subject` |
//! | `POST /control/fault` `{fault, device, …}` | see [`Fault`] |
//! | `GET /control/device?device=&wait_ms=` | one device; waits until it is connected |
//! | `GET /control/traffic?after=&wait_ms=` | stanzas as text, from that serial on |

mod faults;
mod writing;

pub use faults::Fault;
pub use writing::Writing;

use crate::people::{Body, Heard};
use crate::{DeviceAddress, Simulator};
use anyhow::{Context as _, Result};
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::{Value, json};
use std::time::Duration;
use tokio::net::TcpListener;

const WAIT_MS_MAX: u64 = 60_000;

/// Serves the control API on a listener until the future is dropped.
pub async fn serve_control(simulator: Simulator, listener: TcpListener) -> std::io::Result<()> {
    let router = Router::new()
        .route("/control/state", get(state))
        .route("/control/phone", post(phone))
        .route("/control/scan", post(scan))
        .route("/control/code", post(code))
        .route("/control/unlink", post(unlink))
        .route("/control/write", post(writing::write))
        .route("/control/read", post(read))
        .route("/control/typing", post(typing))
        .route("/control/online", post(online))
        .route("/control/heard", get(heard))
        .route("/control/receipts", get(receipts))
        .route("/control/group", post(group))
        .route("/control/group/change", post(change_group))
        .route("/control/fault", post(faults::fault))
        .route("/control/device", get(device))
        .route("/control/traffic", get(traffic))
        .with_state(simulator);
    axum::serve(listener, router).await
}

/// A failed call.
pub(super) struct Failed(anyhow::Error);

impl<E: Into<anyhow::Error>> From<E> for Failed {
    fn from(error: E) -> Self {
        Self(error.into())
    }
}

impl IntoResponse for Failed {
    fn into_response(self) -> Response {
        (StatusCode::UNPROCESSABLE_ENTITY, Json(json!({"error": format!("{:#}", self.0)}))).into_response()
    }
}

pub(super) type Answer = Result<Json<Value>, Failed>;

async fn state(State(simulator): State<Simulator>) -> Json<Value> {
    let violations: Vec<Value> = simulator
        .violations()
        .into_iter()
        .map(|violation| json!({"device": violation.device.map(|d| d.to_string()), "what": violation.what}))
        .collect();
    Json(json!({"url": simulator.url(), "root_public_key": simulator.root_public_key_hex(),
        "media_url": simulator.media_url(), "media_plain_url": simulator.media_plain_url(),
        "certificate_pem": simulator.certificate_pem(), "now_ms": simulator.now_ms(),
        "devices": simulator.devices(), "violations": violations, "unknown_requests": simulator.unknown_requests(),
        "traffic_serial": simulator.traffic_serial()}))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewPhone {
    number: String,
    #[serde(default)]
    name: String,
}

async fn phone(State(simulator): State<Simulator>, Json(body): Json<NewPhone>) -> Answer {
    let phone = simulator.phone(&body.number, &body.name).await?;
    Ok(Json(json!({"number": phone.number(), "lid": phone.lid(), "name": phone.name()})))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Scan {
    number: String,
    qr: String,
}

async fn scan(State(simulator): State<Simulator>, Json(body): Json<Scan>) -> Answer {
    let device = simulator.known_phone(&body.number)?.scan(&body.qr).await?;
    Ok(Json(json!({"device": device})))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Code {
    number: String,
    code: String,
}

async fn code(State(simulator): State<Simulator>, Json(body): Json<Code>) -> Answer {
    let device = simulator.known_phone(&body.number)?.enter_code(&body.code).await?;
    Ok(Json(json!({"device": device})))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Device {
    device: String,
}

async fn unlink(State(simulator): State<Simulator>, Json(body): Json<Device>) -> Answer {
    let device: DeviceAddress = body.device.parse()?;
    simulator.known_phone(&device.number)?.unlink(device.device)?;
    Ok(Json(json!({})))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Read {
    number: String,
    id: String,
}

async fn read(State(simulator): State<Simulator>, Json(body): Json<Read>) -> Answer {
    let phone = simulator.known_phone(&body.number)?;
    let heard = phone.heard().into_iter().find(|heard| heard.id == body.id).context("no such message was heard")?;
    phone.read(&heard)?;
    Ok(Json(json!({})))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Typing {
    number: String,
    to: String,
    writing: bool,
}

async fn typing(State(simulator): State<Simulator>, Json(body): Json<Typing>) -> Answer {
    simulator.known_phone(&body.number)?.type_in(&writing::address(&body.to), body.writing)?;
    Ok(Json(json!({})))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Online {
    number: String,
    online: bool,
}

async fn online(State(simulator): State<Simulator>, Json(body): Json<Online>) -> Answer {
    let phone = simulator.known_phone(&body.number)?;
    if body.online {
        phone.online().await?;
    } else {
        phone.offline();
    }
    Ok(Json(json!({})))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Listen {
    number: String,
    #[serde(default)]
    after: usize,
    #[serde(default)]
    wait_ms: u64,
}

async fn heard(State(simulator): State<Simulator>, Query(query): Query<Listen>) -> Answer {
    let phone = simulator.known_phone(&query.number)?;
    if phone.heard().len() <= query.after {
        let known: Vec<String> = phone.heard().into_iter().map(|heard| heard.id).collect();
        let wait = Duration::from_millis(query.wait_ms.min(WAIT_MS_MAX));
        // Nothing in time is an answer too: an empty list.
        let _ = phone.until_heard(|heard| !known.contains(&heard.id), wait).await;
    }
    let heard: Vec<Value> = phone.heard().iter().skip(query.after).map(describe).collect();
    Ok(Json(json!({"heard": heard, "undecryptable": phone.undecryptable(), "heals": phone.heals()})))
}

fn describe(heard: &Heard) -> Value {
    let media = |kind: &str, bytes: &[u8], mime: &str| json!({"kind": kind, "base64": STANDARD.encode(bytes), "bytes": bytes.len(), "mime": mime});
    let body = match &heard.body {
        Body::Text(text) => json!({"kind": "text", "text": text}),
        Body::Image { bytes, mime, .. } => media("image", bytes, mime),
        Body::Voice { bytes, mime, .. } => media("voice", bytes, mime),
        Body::Audio { bytes, mime } => media("audio", bytes, mime),
        Body::Reaction { to, emoji } => json!({"kind": "reaction", "to": to, "emoji": emoji}),
        Body::Edit { of, text } => json!({"kind": "edit", "of": of, "text": text}),
        Body::Revoke { of } => json!({"kind": "revoke", "of": of}),
        Body::Document { bytes, name, mime, caption } => {
            let mut body = media("document", bytes, mime);
            body["name"] = json!(name);
            body["caption"] = json!(caption);
            body
        }
        Body::Location { latitude, longitude, name, address } => {
            json!({"kind": "location", "latitude": latitude, "longitude": longitude, "name": name, "address": address})
        }
        Body::Contacts(cards) => {
            json!({"kind": "contacts", "names": cards.iter().map(|(name, _)| name).collect::<Vec<_>>()})
        }
        Body::Tap { id, title } => json!({"kind": "tap", "id": id, "title": title}),
        Body::Broken(why) => json!({"kind": "broken", "why": why}),
        Body::Other(kind) => json!({"kind": kind}),
    };
    let quote = heard.quote.as_ref().map(|q| json!({"id": q.id, "participant": q.participant, "text": q.text}));
    json!({"id": heard.id, "from": heard.from, "sender": heard.sender.to_string(), "chat": heard.chat.to_string(),
        "name": heard.name, "own": heard.own, "healed": heard.healed, "offline": heard.offline, "body": body,
        "quote": quote, "mentions": heard.mentions})
}

async fn receipts(State(simulator): State<Simulator>, Query(query): Query<Listen>) -> Answer {
    let receipts = simulator.known_phone(&query.number)?.receipts();
    let receipts = receipts.iter().skip(query.after).map(|receipt| {
        json!({"id": receipt.id, "from": receipt.from, "device": receipt.device.to_string(),
            "chat": receipt.chat.to_string(), "kind": format!("{:?}", receipt.kind).to_lowercase()})
    });
    Ok(Json(json!({"receipts": receipts.collect::<Vec<_>>()})))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewGroup {
    subject: String,
    members: Vec<String>,
}

async fn group(State(simulator): State<Simulator>, Json(body): Json<NewGroup>) -> Answer {
    let members = simulator.known_phones(&body.members)?;
    let members: Vec<_> = members.iter().collect();
    let group = simulator.group(&body.subject, &members).context("a group needs members")?;
    Ok(Json(json!({"id": group.jid()})))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct GroupChange {
    id: String,
    by: String,
    change: String,
    #[serde(default)]
    members: Vec<String>,
    #[serde(default)]
    subject: String,
}

async fn change_group(State(simulator): State<Simulator>, Json(body): Json<GroupChange>) -> Answer {
    let group = simulator.find_group(&body.id).context("no such group")?;
    let by = simulator.known_phone(&body.by)?;
    let members = simulator.known_phones(&body.members)?;
    let members: Vec<_> = members.iter().collect();
    match body.change.as_str() {
        "subject" => group.set_subject(&by, &body.subject),
        "add" => group.add(&by, &members),
        "remove" => group.remove(&by, &members),
        "promote" => group.promote(&by, &members),
        "demote" => group.demote(&by, &members),
        other => return Err(anyhow::anyhow!("unknown change {other:?}").into()),
    };
    Ok(Json(json!({"members": group.members()})))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WaitFor {
    device: String,
    #[serde(default)]
    wait_ms: u64,
}

async fn device(State(simulator): State<Simulator>, Query(query): Query<WaitFor>) -> Answer {
    let device: DeviceAddress = query.device.parse()?;
    let wait = Duration::from_millis(query.wait_ms.min(WAIT_MS_MAX));
    // Not connected in time is an answer too: the device as it is.
    let _ = simulator.until_connected(&device, wait).await;
    Ok(Json(json!({"device": simulator.device(&device)})))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Since {
    #[serde(default)]
    after: u64,
    #[serde(default)]
    wait_ms: u64,
}

async fn traffic(State(simulator): State<Simulator>, Query(query): Query<Since>) -> Json<Value> {
    let wait = Duration::from_millis(query.wait_ms.min(WAIT_MS_MAX));
    // Nothing in time is an answer too: an empty list.
    let _ = simulator.until_traffic(query.after, wait, |_| true).await;
    let traffic = simulator.traffic_after(query.after);
    let serial = traffic.last().map_or(query.after, |traffic| traffic.serial);
    let lines: Vec<String> = traffic.iter().map(ToString::to_string).collect();
    Json(json!({"serial": serial, "traffic": lines}))
}

//! The simulator by HTTP, for the program and for bots in other languages.
//!
//! | call | does |
//! |---|---|
//! | `GET /control/state` | settings to configure a bot with, and counters |
//! | `POST /control/webhook` `{"url"}` | handshake, then webhooks go there |
//! | `POST /control/say` `{"person","text"}`, also `group`, `number`, `reply_to` | a person writes; answers when the bot has |
//! | `POST /control/choose` `{"person","message","option"}` | taps an option of a question that was received, by its id |
//! | `GET /control/received?person=…&wait_ms=…` | the bot's next message to that person, or 204 |
//! | `POST /control/fail` `{"code","times"}` | refuses the next sends |
//! | `POST /control/clock` `{"advance_seconds"}` | pushes the clock |
//!
//! A person is a phone number with `+`, or `@username`.

use crate::error::GraphError;
use crate::faults::SendFault;
use crate::hub::Hub;
use crate::interactive::Question;
use crate::person::{Group, Person, digits};
use crate::webhook::handshake;
use crate::world::Delivered;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;

pub(crate) fn router(hub: Arc<Hub>) -> Router {
    Router::new()
        .route("/control/state", get(state))
        .route("/control/webhook", post(webhook))
        .route("/control/say", post(say))
        .route("/control/choose", post(choose))
        .route("/control/received", get(received))
        .route("/control/fail", post(fail))
        .route("/control/clock", post(clock))
        .with_state(hub)
}

type Hubs = State<Arc<Hub>>;

async fn state(State(hub): Hubs) -> Json<Value> {
    let settings = &hub.settings;
    let numbers: Vec<&str> = settings.numbers.iter().map(|number| number.id.as_str()).collect();
    let counters = hub.world.lock().counters.clone();
    Json(json!({"graph_url": hub.base, "app_id": settings.app_id, "app_secret": settings.app_secret,
        "verify_token": settings.verify_token, "access_token": settings.access_token, "numbers": numbers,
        "webhook": *hub.callback.lock(), "now_ms": hub.clock.now_ms(), "counters": counters}))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Webhook {
    url: String,
}

async fn webhook(State(hub): Hubs, Json(body): Json<Webhook>) -> Response {
    match handshake(&hub, &body.url).await {
        Ok(()) => {
            *hub.callback.lock() = Some(body.url);
            Json(json!({"connected": true})).into_response()
        }
        Err(failed) => (StatusCode::BAD_GATEWAY, Json(json!({"answer": failed.answer}))).into_response(),
    }
}

fn person(hub: &Arc<Hub>, name: &str) -> Person {
    let index = match name.strip_prefix('@') {
        Some(username) => hub.world.lock().username_person(username),
        None => hub.world.lock().person(&digits(name)),
    };
    Person { hub: hub.clone(), index }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Say {
    person: String,
    text: String,
    group: Option<String>,
    number: Option<String>,
    reply_to: Option<String>,
}

async fn say(State(hub): Hubs, Json(body): Json<Say>) -> Json<Value> {
    let person = person(&hub, &body.person);
    let mut draft = person.says(&body.text);
    if let Some(id) = body.group {
        let mut world = hub.world.lock();
        let members = &mut world.groups.entry(id.clone()).or_default().members;
        if !members.contains(&person.index) {
            members.push(person.index);
        }
        drop(world);
        draft = draft.in_group(&Group { id });
    }
    if let Some(number) = &body.number {
        draft = draft.to_number(number);
    }
    if let Some(message) = &body.reply_to {
        draft = draft.replying_to(message);
    }
    Json(json!({"id": draft.await}))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Choose {
    person: String,
    message: String,
    option: String,
}

async fn choose(State(hub): Hubs, Json(body): Json<Choose>) -> Response {
    let person = person(&hub, &body.person);
    let asked = person.history().into_iter().find(|message| message.id == body.message);
    let offers = |question: Question| question.options.iter().any(|option| option.id == body.option);
    match asked.filter(|asked| asked.question().is_some_and(offers)) {
        Some(asked) => Json(json!({"id": person.chooses(&asked, &body.option).await})).into_response(),
        None => (StatusCode::NOT_FOUND, "no such option was received").into_response(),
    }
}

#[derive(Deserialize)]
struct Received {
    person: String,
    wait_ms: Option<u64>,
}

async fn received(State(hub): Hubs, Query(query): Query<Received>) -> Response {
    let wait = Duration::from_millis(query.wait_ms.unwrap_or(0).min(60_000));
    match person(&hub, &query.person).received_within(wait).await {
        None => StatusCode::NO_CONTENT.into_response(),
        Some(message) => Json(json!({"id": message.id, "from": message.from, "group": message.group,
            "context": message.context, "text": message.text(), "options": options(&message),
            "content": format!("{:?}", message.content)}))
        .into_response(),
    }
}

/// The ids of what can be tapped.
fn options(message: &Delivered) -> Vec<String> {
    message.question().into_iter().flat_map(|question| question.options).map(|option| option.id).collect()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Fail {
    code: u32,
    times: usize,
}

async fn fail(State(hub): Hubs, Json(body): Json<Fail>) -> StatusCode {
    let fault = SendFault::Refuse(GraphError::new(body.code, "refused on demand"));
    hub.world.lock().faults.sends.extend(std::iter::repeat_n(fault, body.times.min(10_000)));
    StatusCode::NO_CONTENT
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Advance {
    advance_seconds: u64,
}

async fn clock(State(hub): Hubs, Json(body): Json<Advance>) -> StatusCode {
    hub.clock.advance(Duration::from_secs(body.advance_seconds));
    StatusCode::NO_CONTENT
}

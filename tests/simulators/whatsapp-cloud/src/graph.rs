//! The Graph endpoints.

use crate::decide::Taken;
use crate::error::GraphError;
use crate::faults::{DownloadFault, SendFault};
use crate::hub::Hub;
use crate::media::{Source, check_upload};
use crate::settings::Statuses;
use crate::status::{self, Status};
use crate::token::{MANAGEMENT, MESSAGING};
use crate::validate::{self, Call, Target};
use axum::body::Body;
use axum::extract::{DefaultBodyLimit, Multipart, Path, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use bytes::Bytes;
use serde_json::{Value, json};
use std::collections::HashMap;
use std::sync::Arc;

/// Largest upload that is read at all.
const UPLOAD_BYTES_MAX: usize = 101 * 1024 * 1024;

pub(crate) fn router(hub: Arc<Hub>) -> Router {
    Router::new()
        .route("/{version}/{id}/messages", post(messages))
        .route("/{version}/{id}/media", post(upload))
        .route("/{version}/{id}/subscribed_apps", get(subscribed_apps).post(subscribe))
        .route("/{version}/{id}/subscriptions", get(subscriptions))
        .route("/{version}/debug_token", get(debug_token))
        .route("/{version}/{id}", get(look_up).delete(delete_media))
        .route("/lookaside/{key}", get(download))
        .layer(DefaultBodyLimit::max(UPLOAD_BYTES_MAX))
        .with_state(hub)
}

type Hubs = State<Arc<Hub>>;

fn authorize(hub: &Hub, headers: &HeaderMap, version: &str, scope: &str) -> Result<(), GraphError> {
    check_version(version)?;
    let header = headers.get("authorization").and_then(|value| value.to_str().ok());
    let now = hub.clock.now_seconds();
    hub.world.lock().tokens.check(header, scope, now)
}

fn check_version(version: &str) -> Result<(), GraphError> {
    let number = version.strip_prefix('v').and_then(|rest| rest.split_once('.'));
    let ok = number.is_some_and(|(major, minor)| major.parse::<u32>().is_ok() && minor.parse::<u32>().is_ok());
    if ok { Ok(()) } else { Err(GraphError::new(100, format!("unknown path component {version:?}"))) }
}

async fn messages(
    State(hub): Hubs,
    Path((version, number)): Path<(String, String)>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    match answer_messages(&hub, &version, &number, &headers, &body).await {
        Ok(response) => response,
        Err(error) => {
            hub.world.lock().refused(error.code);
            hub.changed.notify_waiters();
            error.into_response()
        }
    }
}

async fn answer_messages(
    hub: &Arc<Hub>,
    version: &str,
    number: &str,
    headers: &HeaderMap,
    body: &[u8],
) -> Result<Response, GraphError> {
    authorize(hub, headers, version, MESSAGING)?;
    hub.world.lock().number(number)?;
    let body: Value = serde_json::from_slice(body).map_err(|_| GraphError::new(100, "the body is not JSON"))?;
    let request = match validate::read(&body)? {
        Call::Read { message, typing } => {
            hub.world.lock().read_mark(&message, typing, hub.clock.now_ms())?;
            hub.changed.notify_waiters();
            return Ok(Json(json!({"success": true})).into_response());
        }
        Call::Send(request) => *request,
    };
    let fault = hub.world.lock().faults.sends.pop_front();
    match &fault {
        Some(SendFault::Refuse(error)) => return Err(error.clone()),
        Some(SendFault::Status(status)) => {
            let status = StatusCode::from_u16(*status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
            return Ok((status, "<html>upstream</html>").into_response());
        }
        Some(SendFault::CutOnly) => cut(),
        _ => {}
    }
    let to = request.to.clone();
    let now = hub.clock.now_ms();
    let taken = {
        let mut world = hub.world.lock();
        let taken = world.take(&hub.settings, number, request, now)?;
        if taken.fails.is_none() && !matches!(fault, Some(SendFault::TakeAndFail(_))) {
            world.hand_out(&taken, hub.settings.remembered_max);
        }
        taken
    };
    hub.changed.notify_waiters();
    follow_up(hub, &taken, &to, fault.as_ref());
    let answer = json!({"messaging_product": "whatsapp", "contacts": [contact(hub, &to, &taken)],
                        "messages": [{"id": taken.message.id}]});
    Ok(match fault {
        Some(SendFault::TakeAndCut) => cut(),
        Some(SendFault::TakeAndHang) => std::future::pending().await,
        Some(SendFault::TakeAndGarble) => "{\"messaging_product\":\"what".into_response(),
        Some(SendFault::TakeSlowly(pause)) => {
            tokio::time::sleep(pause).await;
            Json(answer).into_response()
        }
        _ => Json(answer).into_response(),
    })
}

/// Ends the connection without an answer. Unwinding ends the task that serves the connection; the panic hook is not
/// called, so nothing is printed.
fn cut() -> ! {
    std::panic::resume_unwind(Box::new("connection cut on demand"))
}

fn contact(hub: &Hub, to: &Target, taken: &Taken) -> Value {
    let (Target::Phone(input) | Target::Bsuid(input) | Target::Nowhere(input) | Target::Group(input)) = to;
    let mut contact = json!({ "input": input });
    if let (Target::Phone(_), Some(person)) = (to, taken.receivers.first()) {
        contact["wa_id"] = json!(hub.world.lock().people[*person].phone);
    }
    contact
}

/// Posts the statuses that follow by themselves, one after another.
fn follow_up(hub: &Arc<Hub>, taken: &Taken, to: &Target, fault: Option<&SendFault>) {
    let planned = if let Some(SendFault::TakeAndFail(error)) = fault { Some(error) } else { None };
    let statuses = match (planned.or(taken.fails.as_ref()), hub.settings.statuses) {
        (Some(error), _) => vec![Status::Failed(error.clone())],
        (None, Statuses::None) => return,
        _ if matches!(to, Target::Nowhere(_)) => return,
        (None, Statuses::Sent) => vec![Status::Sent],
        (None, Statuses::SentAndDelivered) => vec![Status::Sent, Status::Delivered],
        (None, Statuses::All) => vec![Status::Sent, Status::Delivered, Status::Read],
    };
    if hub.callback.lock().is_none() {
        return;
    }
    let (hub, message, receiver) = (hub.clone(), taken.message.clone(), taken.receivers.first().copied());
    tokio::spawn(async move {
        for status in statuses {
            status::post(&hub, &message, receiver, &status).await;
        }
    });
}

async fn upload(
    State(hub): Hubs,
    Path((version, number)): Path<(String, String)>,
    headers: HeaderMap,
    form: Multipart,
) -> Result<Response, GraphError> {
    authorize(&hub, &headers, &version, MESSAGING)?;
    hub.world.lock().number(&number)?;
    if let Some(error) = hub.world.lock().faults.uploads.pop_front() {
        return Err(error);
    }
    let (mime, bytes) = read_form(form).await?;
    check_upload(&mime, &bytes, hub.settings.media_check)?;
    let id = hub.world.lock().media.put(&mime, bytes, Source::Upload, hub.clock.now_ms());
    Ok(Json(json!({ "id": id })).into_response())
}

async fn read_form(mut form: Multipart) -> Result<(String, Bytes), GraphError> {
    let broken = |error: axum::extract::multipart::MultipartError| GraphError::new(100, error.body_text());
    let (mut product, mut kind, mut file) = (None, None, None);
    while let Some(field) = form.next_field().await.map_err(broken)? {
        match field.name().unwrap_or_default() {
            "messaging_product" => product = Some(field.text().await.map_err(broken)?),
            "type" => kind = Some(field.text().await.map_err(broken)?),
            "file" => {
                let mime = field.content_type().unwrap_or_default().to_owned();
                file = Some((mime, field.file_name().is_some(), field.bytes().await.map_err(broken)?));
            }
            _ => {}
        }
    }
    if product.as_deref() != Some("whatsapp") {
        return Err(GraphError::new(100, "the parameter messaging_product is required"));
    }
    let kind = kind.ok_or_else(|| GraphError::new(100, "the parameter type is required"))?;
    let (declared, named, bytes) = file.ok_or_else(|| GraphError::new(100, "the parameter file is required"))?;
    if !named {
        return Err(GraphError::new(100, "the file needs a name"));
    }
    let plain = |mime: &str| mime.split(';').next().unwrap_or_default().trim().to_owned();
    if plain(&declared) != plain(&kind) {
        return Err(GraphError::new(100, format!("the file is declared as {declared:?} and the type as {kind:?}")));
    }
    Ok((kind, bytes))
}

async fn look_up(
    State(hub): Hubs,
    Path((version, id)): Path<(String, String)>,
    Query(query): Query<HashMap<String, String>>,
    headers: HeaderMap,
) -> Result<Response, GraphError> {
    authorize(&hub, &headers, &version, MESSAGING)?;
    let now = hub.clock.now_ms();
    let mut world = hub.world.lock();
    if let Ok(number) = world.number(&id) {
        let all = json!({"id": number.id, "display_phone_number": format!("+{}", number.display),
            "verified_name": "Simulated Business", "quality_rating": "GREEN",
            "code_verification_status": "VERIFIED", "status": "CONNECTED", "platform_type": "CLOUD_API",
            "is_official_business_account": number.official, "throughput": {"level": "STANDARD"}});
        return Ok(Json(only(&all, query.get("fields"))).into_response());
    }
    let found = world.media.look_up(&id, &hub.base, now);
    world.counters.failed_lookups = world.media.failed_lookups;
    Ok(Json(found?).into_response())
}

/// The named fields and the id, as Graph answers.
fn only(all: &Value, fields: Option<&String>) -> Value {
    let Some(fields) = fields else { return all.clone() };
    let mut some = json!({"id": all["id"]});
    for field in fields.split(',').filter(|field| !all[*field].is_null()) {
        some[field] = all[field].clone();
    }
    some
}

async fn delete_media(
    State(hub): Hubs,
    Path((version, id)): Path<(String, String)>,
    headers: HeaderMap,
) -> Result<Response, GraphError> {
    authorize(&hub, &headers, &version, MESSAGING)?;
    if hub.world.lock().media.delete(&id) {
        Ok(Json(json!({"success": true})).into_response())
    } else {
        Err(GraphError::new(100, format!("there is no medium {id}")))
    }
}

async fn download(State(hub): Hubs, Path(key): Path<String>, headers: HeaderMap) -> Response {
    if let Err(error) = authorize(&hub, &headers, "v1.0", MESSAGING) {
        return error.into_response();
    }
    let (fault, item) = {
        let mut world = hub.world.lock();
        (world.faults.downloads.pop_front(), world.media.download(&key, hub.clock.now_ms()).cloned())
    };
    let Some(item) = item else { return StatusCode::NOT_FOUND.into_response() };
    let kind = [("content-type", item.mime.clone())];
    match fault {
        None => (kind, item.bytes).into_response(),
        Some(DownloadFault::UrlExpired) => StatusCode::NOT_FOUND.into_response(),
        Some(DownloadFault::Damaged) => {
            let mut bytes = item.bytes.to_vec();
            if let Some(last) = bytes.last_mut() {
                *last ^= 1;
            }
            (kind, bytes).into_response()
        }
        Some(DownloadFault::Cut) => {
            // The length is announced, half of it is sent.
            let half = item.bytes.slice(..item.bytes.len() / 2);
            let parts = vec![Ok(half), Err(std::io::Error::other("cut on demand"))];
            (kind, Body::from_stream(Parts(parts.into_iter()))).into_response()
        }
        Some(DownloadFault::Endless) => {
            let block = Bytes::from(vec![0_u8; 64 * 1024]);
            let blocks = std::iter::repeat_with(move || Ok::<_, std::io::Error>(block.clone()));
            (kind, Body::from_stream(Parts(blocks))).into_response()
        }
    }
}

/// An iterator as a stream.
struct Parts<I>(I);

impl<I> Unpin for Parts<I> {}

impl<I: Iterator<Item = std::io::Result<Bytes>>> futures::Stream for Parts<I> {
    type Item = std::io::Result<Bytes>;

    fn poll_next(
        mut self: std::pin::Pin<&mut Self>,
        _context: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Self::Item>> {
        std::task::Poll::Ready(self.0.next())
    }
}

async fn debug_token(
    State(hub): Hubs,
    Path(version): Path<String>,
    Query(query): Query<HashMap<String, String>>,
    headers: HeaderMap,
) -> Result<Response, GraphError> {
    check_version(&version)?;
    let now = hub.clock.now_seconds();
    let world = hub.world.lock();
    let app_token = format!("{}|{}", hub.settings.app_id, hub.settings.app_secret);
    match query.get("access_token") {
        Some(token) if *token == app_token => {}
        Some(token) if token.contains('|') => return Err(GraphError::token(None, "error validating application")),
        Some(token) => world.tokens.check(Some(&format!("Bearer {token}")), MESSAGING, now)?,
        None => {
            let header = headers.get("authorization").and_then(|value| value.to_str().ok());
            world.tokens.check(header, MESSAGING, now).or_else(|_| world.tokens.check(header, MANAGEMENT, now))?;
        }
    }
    let Some(input) = query.get("input_token") else {
        return Err(GraphError::new(100, "the parameter input_token is required"));
    };
    Ok(Json(world.tokens.describe(input, &hub.settings.app_id, &hub.settings.waba_id, now)).into_response())
}

async fn subscribed_apps(
    State(hub): Hubs,
    Path((version, waba)): Path<(String, String)>,
    headers: HeaderMap,
) -> Result<Response, GraphError> {
    authorize(&hub, &headers, &version, MANAGEMENT)?;
    check_waba(&hub, &waba)?;
    let app = json!({"whatsapp_business_api_data":
        {"id": hub.settings.app_id, "name": "Simulated", "link": "https://example.invalid"}});
    let data = if hub.world.lock().subscribed { json!([app]) } else { json!([]) };
    Ok(Json(json!({ "data": data })).into_response())
}

async fn subscribe(
    State(hub): Hubs,
    Path((version, waba)): Path<(String, String)>,
    headers: HeaderMap,
) -> Result<Response, GraphError> {
    authorize(&hub, &headers, &version, MANAGEMENT)?;
    check_waba(&hub, &waba)?;
    hub.world.lock().subscribed = true;
    Ok(Json(json!({"success": true})).into_response())
}

fn check_waba(hub: &Hub, waba: &str) -> Result<(), GraphError> {
    if waba == hub.settings.waba_id {
        return Ok(());
    }
    Err(GraphError { code: 100, subcode: Some(33), details: format!("the object with id {waba} does not exist") })
}

async fn subscriptions(
    State(hub): Hubs,
    Path((version, app)): Path<(String, String)>,
    Query(query): Query<HashMap<String, String>>,
) -> Result<Response, GraphError> {
    check_version(&version)?;
    let app_token = format!("{}|{}", hub.settings.app_id, hub.settings.app_secret);
    if app != hub.settings.app_id || query.get("access_token") != Some(&app_token) {
        return Err(GraphError::token(None, "this method must be called with an app access token"));
    }
    let fields: Vec<Value> =
        hub.world.lock().fields.iter().map(|name| json!({"name": name, "version": version})).collect();
    let callback = hub.callback.lock().clone();
    let data = match callback {
        None => json!([]),
        Some(url) => json!([{"object": "whatsapp_business_account", "callback_url": url, "active": true,
                             "fields": fields}]),
    };
    Ok(Json(json!({ "data": data })).into_response())
}

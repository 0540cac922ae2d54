//! The addresses: from an HTTP request to a response.

use crate::asked::{Asked, Protocol};
use crate::deliver::{self, Order};
use crate::hub::Hub;
use crate::limits;
use crate::read::Read;
use crate::refusal::Refusal;
use crate::{anthropic, gemini, openai_chat, openai_responses, usage};
use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Path, Query, Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use futures::StreamExt;
use serde_json::{Value, json};
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Instant;

pub(crate) fn router(hub: Arc<Hub>) -> Router {
    let openai = |protocol| {
        post(
            move |State(hub): State<Arc<Hub>>, request: Request| async move { answer(hub, protocol, None, request).await },
        )
    };
    Router::new()
        .route("/v1/chat/completions", openai(Protocol::OpenAiChat))
        .route("/v1/responses", openai(Protocol::OpenAiResponses))
        .route("/v1/messages", openai(Protocol::Anthropic))
        .route("/v1beta/models/{call}", post(gemini))
        .route("/v1/models", get(models))
        .route("/v1beta/models", get(gemini_models))
        .fallback(unknown)
        .with_state(hub)
}

/// What Gemini says in the address.
struct Called {
    model: String,
    streamed: bool,
    events: bool,
}

async fn gemini(
    State(hub): State<Arc<Hub>>,
    Path(call): Path<String>,
    Query(query): Query<HashMap<String, String>>,
    request: Request,
) -> Response {
    let (model, method) = call.rsplit_once(':').unwrap_or((&call, ""));
    let streamed = match method {
        "generateContent" => false,
        "streamGenerateContent" => true,
        _ => return unknown(State(hub), request).await,
    };
    let events = query.get("alt").is_some_and(|alt| alt == "sse");
    answer(hub, Protocol::Gemini, Some(Called { model: model.to_owned(), streamed, events }), request).await
}

async fn unknown(State(hub): State<Arc<Hub>>, request: Request) -> Response {
    let refusal = Refusal::new(404, format!("Invalid URL ({} {})", request.method(), request.uri().path()));
    let protocol = if request.uri().path().starts_with("/v1beta") { Protocol::Gemini } else { Protocol::OpenAiChat };
    hub.violation(protocol, &refusal, b"");
    refusal.response(protocol)
}

async fn answer(hub: Arc<Hub>, protocol: Protocol, called: Option<Called>, request: Request) -> Response {
    let flight = hub.enter();
    let (parts, body) = request.into_parts();
    let body = collect(body, hub.settings.body_bytes_max).await;
    let bytes = body.as_ref().map_or(&b""[..], |body| body);
    let admitted = match &body {
        Ok(body) => admit(&hub, protocol, called.as_ref(), &parts.headers, body),
        Err(refusal) => Err(refusal.clone()),
    };
    let (asked, read) = match admitted {
        Ok(admitted) => admitted,
        Err(refusal) => {
            hub.violation(protocol, &refusal, bytes);
            return refusal.response(protocol);
        }
    };
    let asked = hub.record(asked, bytes.len());
    let Some(reply) = hub.decide(&asked) else {
        let refusal = Refusal::new(500, format!("no rule of the script answers request {}", asked.number));
        hub.violation(protocol, &refusal, bytes);
        return refusal.response(protocol);
    };
    let events = called.is_none_or(|called| called.events);
    let usage = hub.usage(&asked, &reply);
    let order = Order { asked, reply, usage, usage_asked: read.usage_asked, events };
    deliver::deliver(hub, order, flight).await
}

/// The body, if it is not too large. What is too large is read and thrown away.
async fn collect(body: Body, most: usize) -> Result<Bytes, Refusal> {
    let mut stream = body.into_data_stream();
    let (mut kept, mut length) = (Vec::new(), 0_usize);
    while let Some(piece) = stream.next().await {
        let Ok(piece) = piece else { return Err(Refusal::invalid("the body broke off")) };
        length += piece.len();
        if length <= most {
            kept.extend_from_slice(&piece);
        } else if length > limits::DISCARDED_BYTES_MAX {
            break;
        }
    }
    if length > most {
        return Err(Refusal::new(413, format!("Request exceeds the maximum size of {most} bytes")));
    }
    Ok(kept.into())
}

/// Looks at everything that a provider looks at before a model gets to see it.
fn admit(
    hub: &Hub,
    protocol: Protocol,
    called: Option<&Called>,
    headers: &HeaderMap,
    body: &Bytes,
) -> Result<(Asked, Read), Refusal> {
    let key = key(protocol, headers, &hub.settings.keys)?;
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    if kind.split(';').next().map(str::trim) != Some("application/json") {
        return Err(Refusal::new(415, format!("Unsupported media type: {kind:?}. Send application/json.")));
    }
    if protocol == Protocol::Anthropic && !headers.contains_key("anthropic-version") {
        return Err(Refusal::invalid("anthropic-version: header is required"));
    }
    let raw: Value = serde_json::from_slice(body)
        .map_err(|error| Refusal::invalid(format!("We could not parse the JSON body of your request: {error}")))?;
    let settings = &hub.settings;
    let mut read = match (protocol, called) {
        (Protocol::Gemini, called) => {
            let (model, streamed) = called.map_or(("", false), |called| (called.model.as_str(), called.streamed));
            gemini::read::read(&raw, model, streamed, settings)?
        }
        (Protocol::OpenAiChat, _) => openai_chat::read::read(&raw, settings)?,
        (Protocol::OpenAiResponses, _) => openai_responses::read::read(&raw, settings)?,
        (Protocol::Anthropic, _) => anthropic::read::read(&raw, settings)?,
    };
    let asked = Asked {
        number: 0,
        protocol,
        model: read.model.clone(),
        key,
        system: read.system.join("\n\n"),
        messages: std::mem::take(&mut read.messages),
        tools: std::mem::take(&mut read.tools),
        max_tokens: read.max_tokens,
        streamed: read.streamed,
        thinking: read.thinking,
        cache_marked: read.cache_marked,
        headers: headers.iter().map(pair).collect(),
        raw,
        at: Instant::now(),
    };
    fits(hub, &asked)?;
    Ok((asked, read))
}

fn pair((name, value): (&axum::http::HeaderName, &axum::http::HeaderValue)) -> (String, String) {
    (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned())
}

/// Refuses what is longer than the model's context.
fn fits(hub: &Hub, asked: &Asked) -> Result<(), Refusal> {
    let tokens = usage::prompt_tokens(asked);
    let most = hub.settings.find(&asked.model).map_or(u64::MAX, |model| model.context_tokens_max);
    if tokens <= most {
        return Ok(());
    }
    Err(match asked.protocol {
        Protocol::Anthropic => Refusal::invalid(format!("prompt is too long: {tokens} tokens > {most} maximum")),
        Protocol::Gemini => Refusal::invalid(format!(
            "The input token count ({tokens}) exceeds the maximum number of tokens allowed ({most})."
        )),
        _ => Refusal::invalid(format!(
            "This model's maximum context length is {most} tokens. However, your messages resulted in {tokens} \
             tokens. Please reduce the length of the messages."
        ))
        .at(if asked.protocol == Protocol::OpenAiChat { "messages" } else { "input" })
        .code("context_length_exceeded"),
    })
}

fn key(protocol: Protocol, headers: &HeaderMap, keys: &[String]) -> Result<String, Refusal> {
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let found = match protocol {
        Protocol::OpenAiChat | Protocol::OpenAiResponses => {
            header("authorization").and_then(|value| value.strip_prefix("Bearer "))
        }
        Protocol::Anthropic => header("x-api-key"),
        Protocol::Gemini => header("x-goog-api-key"),
    };
    if keys.is_empty() {
        return Ok(found.unwrap_or_default().to_owned());
    }
    match (found.filter(|key| !key.is_empty()), protocol) {
        (Some(key), _) if keys.iter().any(|one| one == key) => Ok(key.to_owned()),
        (None, Protocol::Anthropic) => Err(Refusal::new(401, "x-api-key header is required")),
        (None, Protocol::Gemini) => Err(Refusal::new(
            403,
            "Method doesn't allow unregistered callers (callers without established identity). Please use API Key or \
             other form of API consumer identity to call this API.",
        )),
        (None, _) => Err(Refusal::new(
            401,
            "You didn't provide an API key. You need to provide your API key in an Authorization header using Bearer \
             auth (i.e. Authorization: Bearer YOUR_KEY).",
        )),
        (Some(_), Protocol::Anthropic) => Err(Refusal::new(401, "invalid x-api-key")),
        (Some(_), Protocol::Gemini) => Err(Refusal::invalid("API key not valid. Please pass a valid API key.")),
        (Some(key), _) => {
            let begin: String = key.chars().take(4).collect();
            Err(Refusal::new(401, format!("Incorrect API key provided: {begin}****.")).code("invalid_api_key"))
        }
    }
}

/// The list of models, as OpenAI or, with its header, as Anthropic writes it.
async fn models(State(hub): State<Arc<Hub>>, headers: HeaderMap) -> Response {
    let protocol = if headers.contains_key("x-api-key") { Protocol::Anthropic } else { Protocol::OpenAiChat };
    let names = hub.settings.models.iter().map(|model| model.name.as_str());
    let body = match protocol {
        Protocol::Anthropic => json!({
            "data": names.map(|name| json!({"type": "model", "id": name, "display_name": name,
                                            "created_at": "2026-01-01T00:00:00Z"})).collect::<Value>(),
            "has_more": false,
        }),
        _ => json!({
            "object": "list",
            "data": names.map(|name| json!({"id": name, "object": "model", "created": 1_767_225_600,
                                            "owned_by": "scripted"})).collect::<Value>(),
        }),
    };
    listed(&hub, protocol, &headers, &body)
}

async fn gemini_models(State(hub): State<Arc<Hub>>, headers: HeaderMap) -> Response {
    let models = hub.settings.models.iter().map(|model| {
        json!({"name": format!("models/{}", model.name), "displayName": model.name,
               "inputTokenLimit": model.context_tokens_max, "outputTokenLimit": model.output_tokens_max,
               "supportedGenerationMethods": ["generateContent"]})
    });
    let body = json!({"models": models.collect::<Value>()});
    listed(&hub, Protocol::Gemini, &headers, &body)
}

fn listed(hub: &Hub, protocol: Protocol, headers: &HeaderMap, body: &Value) -> Response {
    match key(protocol, headers, &hub.settings.keys) {
        Ok(_) => (StatusCode::OK, axum::Json(body.clone())).into_response(),
        Err(refusal) => {
            hub.violation(protocol, &refusal, b"");
            refusal.response(protocol)
        }
    }
}

//! Sends an answer, with all that goes wrong on the way.

use crate::answer::{Answer, Event};
use crate::asked::{Asked, Protocol};
use crate::fault::{Fault, RetryAfter};
use crate::hub::{Flight, Hub};
use crate::limits;
use crate::pieces::{self, Body, End};
use crate::refusal::Refusal;
use crate::reply::{Reply, Usage};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

/// What is to be sent.
pub(crate) struct Order {
    pub(crate) asked: Arc<Asked>,
    pub(crate) reply: Reply,
    pub(crate) usage: Usage,
    pub(crate) usage_asked: bool,
    /// Whether a stream is sent as events; Gemini's other stream is one JSON array.
    pub(crate) events: bool,
}

/// What fills an oversized text.
const FILLER: &str = "Grüße und noch viel mehr Wörter. ";

const HTML: &str = "<!DOCTYPE html><html><head><title>Sign in</title></head><body><h1>Welcome</h1></body></html>";

pub(crate) async fn deliver(hub: Arc<Hub>, mut order: Order, flight: Flight) -> Response {
    let faults = std::mem::take(&mut order.reply.faults);
    for fault in &faults {
        match fault {
            Fault::Slow(time) => hub.pause(*time).await,
            Fault::Held => hub.held().await,
            Fault::Silent => hub.closed().await,
            Fault::Oversized(bytes) => {
                let times = (*bytes).min(limits::OVERSIZED_BYTES_MAX).div_ceil(FILLER.len());
                order.reply.text.push_str(&FILLER.repeat(times));
            }
            _ => {}
        }
    }
    if let Some(response) = in_its_place(&order, &faults) {
        return response;
    }
    let body = body(&hub, &order, &faults);
    let kind =
        if order.asked.streamed && order.events { "text/event-stream; charset=utf-8" } else { "application/json" };
    let mut response = pieces::stream(hub, body, flight).into_response();
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    response.headers_mut().insert("x-request-id", HeaderValue::from_static("req_scripted"));
    response
}

/// A response that replaces the answer.
fn in_its_place(order: &Order, faults: &[Fault]) -> Option<Response> {
    faults.iter().find_map(|fault| match fault {
        Fault::Status { status, retry_after, echo } => {
            let mut response = error(*status, *echo, &order.asked).response(order.asked.protocol);
            if let Some(value) = retry_after.and_then(retry_after_value) {
                response.headers_mut().insert(header::RETRY_AFTER, value);
            }
            Some(response)
        }
        Fault::ErrorEvent(_) if !order.asked.streamed => {
            Some(error(500, false, &order.asked).response(order.asked.protocol))
        }
        Fault::Html => {
            let kind = [(header::CONTENT_TYPE, "text/html; charset=utf-8")];
            Some((StatusCode::OK, kind, HTML).into_response())
        }
        _ => None,
    })
}

fn retry_after_value(retry_after: RetryAfter) -> Option<HeaderValue> {
    let text = match retry_after {
        RetryAfter::Seconds(seconds) => seconds.to_string(),
        RetryAfter::Date(seconds) => httpdate::fmt_http_date(SystemTime::now() + Duration::from_secs(seconds)),
    };
    HeaderValue::from_str(&text).ok()
}

fn error(status: u16, echo: bool, asked: &Asked) -> Refusal {
    let message = match status {
        429 => "Rate limit reached for requests. Please try again later.",
        503 => "The server is currently overloaded with other requests. Please try again later.",
        529 => "Overloaded",
        500.. => "The server had an error while processing your request.",
        _ => "The request was refused on demand.",
    };
    if echo {
        return Refusal::new(status, format!("{message} The request was: key {}, {}", asked.key, asked.raw));
    }
    let refusal = Refusal::new(status, message);
    if status == 429 { refusal.code("rate_limit_exceeded") } else { refusal }
}

/// The body with its faults.
fn body(hub: &Hub, order: &Order, faults: &[Fault]) -> Body {
    let without_usage = faults.contains(&Fault::NoUsage);
    let answer = Answer {
        asked: &order.asked,
        reply: &order.reply,
        tag: &hub.tag,
        usage: (!without_usage).then_some(order.usage),
        usage_asked: order.usage_asked && !without_usage,
    };
    let protocol = order.asked.protocol;
    let texts: Vec<String> = if order.asked.streamed {
        let events = events(&answer, faults);
        if order.events {
            events.iter().map(|event| event.text(protocol)).collect()
        } else {
            let events: Vec<&str> = events.iter().map(|event| event.data.as_str()).collect();
            vec![format!("[{}]", events.join(",\n"))]
        }
    } else {
        vec![whole(&answer, faults)]
    };
    let mut body = Body::new(texts, hub.settings.pieces);
    for fault in faults {
        match fault {
            Fault::Pause(time) => body.pause = Some(*time),
            Fault::Cut(bytes) => body.stop(*bytes, End::Cut),
            Fault::Stuck(bytes) => body.stop(*bytes, End::Stuck),
            Fault::EndlessLine => body.endless(order.asked.streamed && order.events),
            _ => {}
        }
    }
    body
}

fn whole(answer: &Answer<'_>, faults: &[Fault]) -> String {
    let mut text = answer.whole().to_string();
    if faults.iter().any(|fault| matches!(fault, Fault::BadJson | Fault::EndEarly(_))) {
        text.truncate(text.floor_char_boundary(text.len() / 2));
    }
    text
}

fn events(answer: &Answer<'_>, faults: &[Fault]) -> Vec<Event> {
    let mut events = answer.events();
    // The last events, with which an answer counts as finished.
    let last = match answer.asked.protocol {
        Protocol::OpenAiChat => 2 + usize::from(answer.usage_asked),
        Protocol::Anthropic => 2,
        Protocol::OpenAiResponses | Protocol::Gemini => 1,
    };
    let most = events.len() - last;
    for fault in faults {
        match fault {
            Fault::EndEarly(count) => events.truncate(most.min(*count)),
            Fault::ErrorEvent(count) => {
                events.truncate(most.min(*count));
                let status = if answer.asked.protocol == Protocol::Anthropic { 529 } else { 500 };
                events.push(answer.error_event(&error(status, false, answer.asked)));
            }
            Fault::BadJson => {
                events.truncate(2.min(most));
                if let Some(event) = events.last_mut() {
                    let half = event.data.floor_char_boundary(event.data.len() / 2);
                    event.data.truncate(half);
                }
            }
            _ => {}
        }
    }
    events
}

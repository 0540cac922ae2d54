//! Calls of networks: `GET` verifies, `POST` delivers. No token: the channel checks the signature.
//!
//! A delivery is answered 200 only when all of it is durable; whatever could not be stored is asked
//! for again by the network, because it hears 503.

use super::{Refusal, State};
use axum::body::Bytes;
use axum::extract::{Path, RawQuery, State as Extracted};
use axum::http::{HeaderMap, StatusCode};
use greenroom_contract::channel::Channel;
use greenroom_contract::event::SinkError;
use greenroom_contract::ids::ChannelName;
use greenroom_contract::webhook::{Note, WebhookError, WebhookRequest};
use greenroom_engine::Doors;
use std::sync::Arc;

/// Answers the verification call.
pub(super) async fn verify(
    Extracted(state): Extracted<State>,
    Path(channel): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<String, Refusal> {
    let (_, channel) = find(&state, &channel)?;
    let webhook = channel.webhook().ok_or_else(unknown)?;
    let request = request(&headers, query, Bytes::new());
    webhook.verify(&request).map_err(|error| match error {
        WebhookError::Forbidden => Refusal::new(StatusCode::FORBIDDEN, error.to_string()),
        other => refusal(&other),
    })
}

/// Takes a delivery.
pub(super) async fn deliver(
    Extracted(state): Extracted<State>,
    Path(channel): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Bytes,
) -> Result<StatusCode, Refusal> {
    let (name, channel) = find(&state, &channel)?;
    let webhook = channel.webhook().ok_or_else(unknown)?;
    let decoded = webhook.decode(&request(&headers, query, body)).map_err(|error| refusal(&error))?;
    for stranger in &decoded.unknown {
        tracing::warn!(channel = %name, identity = %stranger.key, "events came for an identity that is not configured");
        state.handle.note_unplaced(&name, &stranger.key, stranger.events);
    }
    for part in &decoded.unreadable {
        tracing::warn!(channel = %name, %part, "a part of a delivery could not be read");
    }
    for note in &decoded.notes {
        if let Note::Error { account, reason } = note {
            tracing::warn!(channel = %name, %account, %reason, "the network reports an error of an account");
        }
    }
    match state.handle.accept_post(decoded.events).await {
        Ok(()) => {
            webhook.committed(&decoded.notes);
            Ok(StatusCode::OK)
        }
        Err(error @ SinkError::TooMany { .. }) => Err(Refusal::new(StatusCode::PAYLOAD_TOO_LARGE, error.to_string())),
        Err(error) => Err(Refusal::new(StatusCode::SERVICE_UNAVAILABLE, error.to_string())),
    }
}

fn find(state: &State, channel: &str) -> Result<(ChannelName, Arc<dyn Channel>), Refusal> {
    let name = ChannelName::new(channel).map_err(|_| unknown())?;
    let channel = state.handle.channel(&name).ok_or_else(unknown)?;
    Ok((name, channel))
}

fn unknown() -> Refusal {
    Refusal::new(StatusCode::NOT_FOUND, "no channel with a webhook is configured under this name")
}

fn refusal(error: &WebhookError) -> Refusal {
    let status = match error {
        WebhookError::Forbidden => StatusCode::UNAUTHORIZED,
        WebhookError::Malformed { .. } => StatusCode::BAD_REQUEST,
        WebhookError::NotReady => StatusCode::SERVICE_UNAVAILABLE,
    };
    Refusal::new(status, error.to_string())
}

fn request(headers: &HeaderMap, query: Option<String>, body: Bytes) -> WebhookRequest {
    let headers =
        headers.iter().map(|(name, value)| (name.as_str().to_owned(), Bytes::copy_from_slice(value.as_bytes())));
    WebhookRequest { headers: headers.collect(), query: query.unwrap_or_default(), body }
}

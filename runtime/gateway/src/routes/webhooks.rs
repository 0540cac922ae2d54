//! Calls of networks: `GET` verifies, `POST` delivers. No token: the channel checks the signature.
//!
//! A delivery is answered 200 only when all of it is durable; whatever could not be stored is asked
//! for again by the network, because it hears 503. What is refused is counted, so that a wrong secret shows.

use super::{State, body, too_many};
use crate::connections::Place;
use crate::errors::Refusal;
use crate::limits;
use axum::Extension;
use axum::extract::{Path, RawQuery, Request, State as Extracted};
use axum::http::{HeaderMap, StatusCode};
use bytes::Bytes;
use greenroom_contract::channel::Channel;
use greenroom_contract::event::SinkError;
use greenroom_contract::ids::ChannelName;
use greenroom_contract::webhook::{Decoded, Note, Webhook, WebhookError, WebhookRequest};
use greenroom_engine::{Doors, RejectionCause};
use std::sync::Arc;

/// Answers the verification call.
pub(super) async fn verify(
    Extracted(state): Extracted<State>,
    Path(channel): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<String, Refusal> {
    let called = Called::find(&state, &channel)?;
    let request = request(&headers, query);
    called.webhook()?.verify(&request).map_err(|error| match error {
        WebhookError::Forbidden => {
            called.note(RejectionCause::Handshake, None, 1);
            Refusal::new(StatusCode::FORBIDDEN, error.to_string())
        }
        other => called.refusal(&other),
    })
}

/// Takes a delivery. Whatever its head says is decided before its body is read.
pub(super) async fn deliver(
    Extracted(state): Extracted<State>,
    Path(channel): Path<String>,
    RawQuery(query): RawQuery,
    Extension(place): Extension<Place>,
    delivery: Request,
) -> Result<StatusCode, Refusal> {
    let called = Called::find(&state, &channel)?;
    let head = request(delivery.headers(), query);
    called.webhook()?.check_head(&head).map_err(|error| called.refusal(&error))?;
    let (parts, body) = delivery.into_parts();
    let body = body::receive(&parts.headers, body, &place).await?;
    let delivery = WebhookRequest { body, ..head };
    let decoded = if delivery.body.len() > limits::LARGE_BODY_BYTES {
        called.decode_large(delivery, &place).await?
    } else {
        place.received();
        called.webhook()?.decode(&delivery).map_err(|error| called.refusal(&error))?
    };
    let _permit = state.deliveries.try_acquire().map_err(|_| too_many(Some(&place)))?;
    called.take(decoded).await
}

/// Below the path of a webhook there is nothing.
pub(super) async fn unknown() -> Refusal {
    no_webhook()
}

/// A channel that is called by its network.
struct Called<'a> {
    state: &'a State,
    name: ChannelName,
    channel: Arc<dyn Channel>,
}

impl<'a> Called<'a> {
    fn find(state: &'a State, channel: &str) -> Result<Self, Refusal> {
        let name = ChannelName::new(channel).map_err(|_| no_webhook())?;
        let channel = state.handle.channel(&name).ok_or_else(no_webhook)?;
        let called = Self { state, name, channel };
        called.webhook()?;
        Ok(called)
    }

    fn webhook(&self) -> Result<&dyn Webhook, Refusal> {
        self.channel.webhook().ok_or_else(no_webhook)
    }

    fn note(&self, cause: RejectionCause, about: Option<&str>, times: usize) {
        self.state.handle.note_rejected(Some(&self.name), cause, about, times);
    }

    /// Checks a body that takes milliseconds, beside everything else and not too many at once. Until its turn comes it may
    /// have to make room for others.
    async fn decode_large(&self, delivery: WebhookRequest, place: &Place) -> Result<Decoded, Refusal> {
        let permit = self.state.large_bodies.acquire().await.map_err(|_| too_many(Some(place)))?;
        place.received();
        let channel = Arc::clone(&self.channel);
        let decoding = tokio::task::spawn_blocking(move || channel.webhook().map(|webhook| webhook.decode(&delivery)));
        let decoded = decoding.await.map_err(|bug| {
            tracing::error!(channel = %self.name, %bug, "a delivery could not be translated");
            Refusal::new(StatusCode::INTERNAL_SERVER_ERROR, "a bug ended this request")
        })?;
        drop(permit);
        decoded.ok_or_else(no_webhook)?.map_err(|error| self.refusal(&error))
    }

    /// Stores what a delivery held and says what it was not.
    async fn take(&self, decoded: Decoded) -> Result<StatusCode, Refusal> {
        let handle = &self.state.handle;
        handle.note_signed(&self.name);
        for stranger in &decoded.unknown {
            self.note(RejectionCause::UnknownRecipient, Some(&stranger.key), stranger.events);
        }
        for part in &decoded.unreadable {
            tracing::debug!(channel = %self.name, %part, "a part of a delivery could not be read");
        }
        if !decoded.unreadable.is_empty() {
            self.note(RejectionCause::Unreadable, None, decoded.unreadable.len());
        }
        for note in &decoded.notes {
            if let Note::Error { account, reason } = note {
                tracing::warn!(channel = %self.name, %account, %reason, "the network reports an error of an account");
            }
        }
        match handle.accept_post(decoded.events).await {
            Ok(()) => {
                self.webhook()?.committed(&decoded.notes);
                Ok(StatusCode::OK)
            }
            Err(error @ SinkError::TooMany { .. }) => {
                Err(Refusal::new(StatusCode::PAYLOAD_TOO_LARGE, error.to_string()))
            }
            Err(error) => Err(Refusal::new(StatusCode::SERVICE_UNAVAILABLE, error.to_string())),
        }
    }

    /// Counts what the channel refuses.
    fn refusal(&self, error: &WebhookError) -> Refusal {
        let status = match error {
            WebhookError::Forbidden => {
                self.note(RejectionCause::Signature, None, 1);
                StatusCode::UNAUTHORIZED
            }
            WebhookError::Malformed { .. } => {
                self.state.handle.note_signed(&self.name);
                self.note(RejectionCause::Unreadable, None, 1);
                StatusCode::BAD_REQUEST
            }
            WebhookError::NotReady => StatusCode::SERVICE_UNAVAILABLE,
        };
        Refusal::new(status, error.to_string())
    }
}

fn no_webhook() -> Refusal {
    Refusal::new(StatusCode::NOT_FOUND, "no channel with a webhook is configured under this name")
}

/// The head of a request, for the channel.
fn request(headers: &HeaderMap, query: Option<String>) -> WebhookRequest {
    let headers =
        headers.iter().map(|(name, value)| (name.as_str().to_owned(), Bytes::copy_from_slice(value.as_bytes())));
    WebhookRequest { headers: headers.collect(), query: query.unwrap_or_default(), body: Bytes::new() }
}

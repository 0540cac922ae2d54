//! Messages of the owner, from a program of their own.

use super::State;
use crate::errors::Refusal;
use crate::principal::{Allowed, Send};
use axum::Json;
use axum::extract::{Path, State as Extracted};
use axum::http::{HeaderMap, HeaderName, StatusCode};
use greenroom_client::{MessageBody, QueuedView};
use greenroom_engine::SendRefused;

/// The header that makes a request the same request when it is repeated.
pub(super) const KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// Sends a message that answers nothing.
///
/// It is in the outbox, on disk, when this is answered, and passes the same checks as an answer; what becomes of it is told by
/// `GET /api/v1/why/{id}` and by events. The header `Idempotency-Key` is needed: with the same key in the same conversation,
/// within fourteen days, nothing is sent a second time, and the answer is the same.
#[utoipa::path(post, path = "/api/v1/conversations/{conversation}/messages", tag = "conversations",
    operation_id = "send_message",
    params(("conversation" = u64, Path), ("Idempotency-Key" = String, Header)),
    request_body = MessageBody, responses((status = 202, body = QueuedView)))]
pub(super) async fn send(
    Allowed(caller, _): Allowed<Send>,
    Extracted(state): Extracted<State>,
    Path(conversation): Path<u64>,
    headers: HeaderMap,
    Json(body): Json<MessageBody>,
) -> Result<(StatusCode, Json<QueuedView>), Refusal> {
    let found = state.seen_conversation(&caller, conversation).await?;
    let key =
        headers.get(KEY).and_then(|key| key.to_str().ok()).filter(|key| !key.is_empty()).ok_or_else(missing_key)?;
    // Of each conversation its own, so that one key for a message to many people sends it to each of them; as the request
    // names it, so that it stays the same request when two conversations turn out to be one.
    let key = format!("{conversation}:{key}");
    let queued = state.handle.send_once(&key, found.id, body.text).await?;
    Ok((StatusCode::ACCEPTED, Json(QueuedView { id: queued.id.to_string() })))
}

fn missing_key() -> Refusal {
    let reason =
        "the header Idempotency-Key is missing: a text of your own that stays the same when the request is repeated";
    Refusal::coded(StatusCode::BAD_REQUEST, "missing-idempotency-key", reason)
}

impl From<SendRefused> for Refusal {
    fn from(refused: SendRefused) -> Self {
        let reason = refused.to_string();
        let (status, code) = match refused {
            SendRefused::Store(error) => return error.into(),
            SendRefused::NotAdmitted { .. } => (StatusCode::FORBIDDEN, "not-admitted"),
            SendRefused::ListenOnly { .. } => (StatusCode::CONFLICT, "listen-only"),
            SendRefused::UnknownConversation { .. } => (StatusCode::NOT_FOUND, "not-found"),
            SendRefused::Group { .. } => (StatusCode::CONFLICT, "group"),
            SendRefused::Ambiguous { .. } => (StatusCode::CONFLICT, "ambiguous"),
            SendRefused::NothingToSay => (StatusCode::UNPROCESSABLE_ENTITY, "nothing-to-say"),
            SendRefused::TooLong { .. } => (StatusCode::UNPROCESSABLE_ENTITY, "too-long"),
            SendRefused::Key { .. } => (StatusCode::BAD_REQUEST, "bad-idempotency-key"),
            SendRefused::Stopping => (StatusCode::SERVICE_UNAVAILABLE, "stopping"),
            _ => (StatusCode::CONFLICT, "refused"),
        };
        Self::coded(status, code, reason)
    }
}

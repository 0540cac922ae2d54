//! Messages of the bot that are not sent.

use super::State;
use super::seen::Seen;
use crate::errors::Refusal;
use crate::principal::{Allowed, Control, Read};
use crate::view;
use axum::Json;
use axum::extract::{Path, State as Extracted};
use axum::http::StatusCode;
use greenroom_client::{ReleasedView, UnsentView};
use greenroom_contract::ids::OutboundId;
use greenroom_contract::limits;
use greenroom_contract::store::StoreError;
use greenroom_engine::UnsentMessage;

/// Messages of the bot that are not sent, those that are held first.
#[utoipa::path(get, path = "/api/v1/outbox", tag = "outbox", operation_id = "list_outbox",
    responses((status = 200, body = Vec<UnsentView>)))]
pub(super) async fn list(
    Allowed(caller, _): Allowed<Read>,
    Extracted(state): Extracted<State>,
) -> Result<Json<Vec<UnsentView>>, Refusal> {
    let seen = state.seen(&caller).await?;
    Ok(Json(messages(&state, &seen).await?.iter().map(view::unsent).collect()))
}

/// Lets one that is held be sent.
#[utoipa::path(post, path = "/api/v1/outbox/{id}/release", tag = "outbox", operation_id = "release_unsent",
    params(("id" = String, Path)), responses((status = 204)))]
pub(super) async fn release(
    Allowed(caller, _): Allowed<Control>,
    Extracted(state): Extracted<State>,
    Path(id): Path<String>,
) -> Result<StatusCode, Refusal> {
    let seen = state.seen(&caller).await?;
    let id = found(&state, &seen, &id).await?;
    state.handle.release_unsent(&id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Lets all of them be sent.
#[utoipa::path(post, path = "/api/v1/outbox/release", tag = "outbox", operation_id = "release_all_unsent",
    responses((status = 200, body = ReleasedView)))]
pub(super) async fn release_all(
    Allowed(caller, _): Allowed<Control>,
    Extracted(state): Extracted<State>,
) -> Result<Json<ReleasedView>, Refusal> {
    let seen = state.seen(&caller).await?;
    if seen.is_all() {
        return Ok(Json(ReleasedView { released: state.handle.release_all_unsent().await? }));
    }
    let mut released = 0;
    for message in messages(&state, &seen).await? {
        match state.handle.release_unsent(&message.id).await {
            Ok(()) => released += 1,
            // It is not held, or another request was faster.
            Err(StoreError::NotFound { .. }) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(Json(ReleasedView { released }))
}

/// Gives one up, held or not.
#[utoipa::path(post, path = "/api/v1/outbox/{id}/drop", tag = "outbox", operation_id = "drop_unsent",
    params(("id" = String, Path)), responses((status = 204)))]
pub(super) async fn drop_one(
    Allowed(caller, _): Allowed<Control>,
    Extracted(state): Extracted<State>,
    Path(id): Path<String>,
) -> Result<StatusCode, Refusal> {
    let seen = state.seen(&caller).await?;
    let id = found(&state, &seen, &id).await?;
    state.handle.drop_unsent(&id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The id, unless the message is another owner's.
async fn found(state: &State, seen: &Seen, id: &str) -> Result<OutboundId, Refusal> {
    let id = OutboundId::new(id).map_err(|error| Refusal::new(StatusCode::BAD_REQUEST, format!("{error}")))?;
    if !seen.is_all() && !seen.has(&state.handle.account_of_unsent(&id).await?) {
        return Err(StoreError::NotFound { what: format!("message {id}") }.into());
    }
    Ok(id)
}

async fn messages(state: &State, seen: &Seen) -> Result<Vec<UnsentMessage>, Refusal> {
    Ok(state.handle.unsent_of(|account| seen.has(account), limits::PAGE_ROWS_MAX).await?)
}

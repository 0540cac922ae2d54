//! Messages of the bot that are not sent.

use super::State;
use crate::errors::Refusal;
use crate::view;
use axum::Json;
use axum::extract::{Path, State as Extracted};
use axum::http::StatusCode;
use greenroom_client::{ReleasedView, UnsentView};
use greenroom_contract::ids::OutboundId;
use greenroom_contract::limits;

/// Those that are held first.
pub(super) async fn list(Extracted(state): Extracted<State>) -> Result<Json<Vec<UnsentView>>, Refusal> {
    let messages = state.handle.unsent(limits::PAGE_ROWS_MAX).await?;
    Ok(Json(messages.iter().map(view::unsent).collect()))
}

/// Lets one that is held be sent.
pub(super) async fn release(Extracted(state): Extracted<State>, Path(id): Path<String>) -> Result<Json<()>, Refusal> {
    state.handle.release_unsent(&named(&id)?).await?;
    Ok(Json(()))
}

/// Lets all of them be sent.
pub(super) async fn release_all(Extracted(state): Extracted<State>) -> Result<Json<ReleasedView>, Refusal> {
    Ok(Json(ReleasedView { released: state.handle.release_all_unsent().await? }))
}

/// Gives one up, held or not.
pub(super) async fn drop_one(Extracted(state): Extracted<State>, Path(id): Path<String>) -> Result<Json<()>, Refusal> {
    state.handle.drop_unsent(&named(&id)?).await?;
    Ok(Json(()))
}

fn named(id: &str) -> Result<OutboundId, Refusal> {
    OutboundId::new(id).map_err(|error| Refusal::new(StatusCode::BAD_REQUEST, format!("{error}")))
}

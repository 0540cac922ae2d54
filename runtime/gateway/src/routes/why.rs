//! What was decided about messages.

use super::State;
use crate::errors::Refusal;
use crate::view;
use axum::Json;
use axum::extract::{Path, Query, State as Extracted};
use axum::http::StatusCode;
use greenroom_client::TraceView;
use greenroom_contract::ids::MessageId;
use greenroom_contract::limits;
use serde::Deserialize;

#[derive(Deserialize)]
pub(super) struct Latest {
    last: Option<usize>,
}

/// The newest messages, newest first.
pub(super) async fn latest(
    Extracted(state): Extracted<State>,
    Query(query): Query<Latest>,
) -> Result<Json<Vec<TraceView>>, Refusal> {
    let traces = state.handle.store().latest(query.last.unwrap_or(1).min(limits::PAGE_ROWS_MAX)).await?;
    Ok(Json(traces.iter().map(view::trace).collect()))
}

/// One message, in every account that has one of this id.
pub(super) async fn one(
    Extracted(state): Extracted<State>,
    Path(message): Path<String>,
) -> Result<Json<Vec<TraceView>>, Refusal> {
    // However its network wrote it: a long id finds the message that got a stand-in for it.
    let message =
        MessageId::of_network(&message).ok_or_else(|| Refusal::new(StatusCode::BAD_REQUEST, "an id is missing"))?;
    let traces = state.handle.store().why(&message, None).await?;
    Ok(Json(traces.iter().map(view::trace).collect()))
}

//! What was decided about messages.

use super::State;
use crate::errors::Refusal;
use crate::principal::{Allowed, Read};
use crate::view;
use axum::Json;
use axum::extract::{Path, Query, State as Extracted};
use axum::http::StatusCode;
use greenroom_client::{TraceStateView, TraceView};
use greenroom_contract::ids::MessageId;
use greenroom_contract::limits;
use serde::Deserialize;

/// Which of the newest messages.
#[cfg_attr(feature = "mcp", derive(schemars::JsonSchema))]
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Latest {
    /// How many; one unless it is told.
    last: Option<usize>,
    /// Only those that ended so, among the newest thousand.
    #[cfg_attr(feature = "mcp", schemars(with = "Option<String>"))]
    state: Option<TraceStateView>,
}

/// What was decided about the newest messages, newest first.
#[utoipa::path(get, path = "/api/v1/why", tag = "traces", operation_id = "latest_traces",
    params(Latest), responses((status = 200, body = Vec<TraceView>)))]
pub(super) async fn latest(
    Allowed(caller, _): Allowed<Read>,
    Extracted(state): Extracted<State>,
    Query(query): Query<Latest>,
) -> Result<Json<Vec<TraceView>>, Refusal> {
    let wanted = query.last.unwrap_or(1).min(limits::PAGE_ROWS_MAX);
    let seen = state.seen(&caller).await?;
    // Among the newest of all owners and ends, because no list of them is kept by owner or end.
    let read = if seen.is_all() && query.state.is_none() { wanted } else { limits::PAGE_ROWS_MAX };
    let traces = state.handle.store().latest(read).await?;
    let own = traces.iter().filter(|trace| seen.has(&trace.account)).map(view::trace);
    let ended = own.filter(|trace| query.state.is_none_or(|wanted| trace.state == wanted));
    Ok(Json(ended.take(wanted).collect()))
}

/// What was decided about one message, in every session that has one of this id.
#[utoipa::path(get, path = "/api/v1/why/{message}", tag = "traces", operation_id = "trace",
    params(("message" = String, Path)), responses((status = 200, body = Vec<TraceView>)))]
pub(super) async fn one(
    Allowed(caller, _): Allowed<Read>,
    Extracted(state): Extracted<State>,
    Path(message): Path<String>,
) -> Result<Json<Vec<TraceView>>, Refusal> {
    // However its network wrote it: a long id finds the message that got a stand-in for it.
    let message =
        MessageId::of_network(&message).ok_or_else(|| Refusal::new(StatusCode::BAD_REQUEST, "an id is missing"))?;
    let seen = state.seen(&caller).await?;
    let traces = state.handle.store().why(&message, None).await?;
    Ok(Json(traces.iter().filter(|trace| seen.has(&trace.account)).map(view::trace).collect()))
}

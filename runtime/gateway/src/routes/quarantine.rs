//! Messages that failed too often.

use super::State;
use super::seen::Seen;
use crate::errors::Refusal;
use crate::principal::{Allowed, Control, Read};
use crate::view;
use axum::Json;
use axum::extract::{Path, State as Extracted};
use axum::http::StatusCode;
use greenroom_client::QuarantinedView;
use greenroom_contract::ids::Sequence;
use greenroom_contract::limits;
use greenroom_contract::store::QuarantinedRow;

/// Messages that failed too often and wait for a decision, newest last.
#[utoipa::path(get, path = "/api/v1/quarantine", tag = "quarantine", operation_id = "list_quarantine",
    responses((status = 200, body = Vec<QuarantinedView>)))]
pub(super) async fn list(
    Allowed(caller, _): Allowed<Read>,
    Extracted(state): Extracted<State>,
) -> Result<Json<Vec<QuarantinedView>>, Refusal> {
    let seen = state.seen(&caller).await?;
    Ok(Json(rows(&state, &seen).await?.iter().map(view::quarantined).collect()))
}

/// Puts a message back to work, as if it had never been tried.
#[utoipa::path(post, path = "/api/v1/quarantine/{sequence}/release", tag = "quarantine", operation_id = "release_quarantined",
    params(("sequence" = u64, Path)), responses((status = 204)))]
pub(super) async fn release(
    Allowed(caller, _): Allowed<Control>,
    Extracted(state): Extracted<State>,
    Path(sequence): Path<u64>,
) -> Result<StatusCode, Refusal> {
    let sequence = Sequence(sequence);
    let seen = state.seen(&caller).await?;
    if !seen.is_all() && !rows(&state, &seen).await?.iter().any(|row| row.entry.sequence == sequence) {
        return Err(Refusal::not_found(&format!("row {sequence} in quarantine")));
    }
    state.handle.release(sequence).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn rows(state: &State, seen: &Seen) -> Result<Vec<QuarantinedRow>, Refusal> {
    let mut rows = state.handle.store().quarantined(limits::PAGE_ROWS_MAX).await?;
    rows.retain(|row| seen.has(&row.entry.route().account));
    Ok(rows)
}

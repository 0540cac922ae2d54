//! Messages that failed too often.

use super::State;
use crate::errors::Refusal;
use crate::view;
use axum::Json;
use axum::extract::{Path, State as Extracted};
use greenroom_client::QuarantinedView;
use greenroom_contract::ids::Sequence;
use greenroom_contract::limits;

pub(super) async fn list(Extracted(state): Extracted<State>) -> Result<Json<Vec<QuarantinedView>>, Refusal> {
    let rows = state.handle.store().quarantined(limits::PAGE_ROWS_MAX).await?;
    Ok(Json(rows.iter().map(view::quarantined).collect()))
}

/// Puts a message back to work, as if it had never been tried.
pub(super) async fn release(
    Extracted(state): Extracted<State>,
    Path(sequence): Path<u64>,
) -> Result<Json<()>, Refusal> {
    state.handle.release(Sequence(sequence)).await?;
    Ok(Json(()))
}

//! Wake-ups that are not due yet.

use super::State;
use crate::errors::Refusal;
use crate::view;
use axum::Json;
use axum::extract::{Path, State as Extracted};
use greenroom_client::WakeView;
use greenroom_contract::ids::Sequence;
use greenroom_contract::limits;

pub(super) async fn list(Extracted(state): Extracted<State>) -> Result<Json<Vec<WakeView>>, Refusal> {
    let wakes = state.handle.wakes(None, limits::PAGE_ROWS_MAX).await?;
    Ok(Json(wakes.iter().map(view::wake).collect()))
}

/// Takes one back.
pub(super) async fn cancel(Extracted(state): Extracted<State>, Path(number): Path<u64>) -> Result<Json<()>, Refusal> {
    state.handle.cancel_wake(Sequence(number)).await?;
    Ok(Json(()))
}

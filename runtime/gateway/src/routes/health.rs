//! Whether it works.

use super::State;
use crate::view;
use axum::Json;
use axum::extract::State as Extracted;
use axum::http::{HeaderMap, StatusCode};
use greenroom_client::HealthView;

/// Everybody learns whether it works; how, only who has the token.
pub(super) async fn health(Extracted(state): Extracted<State>, headers: HeaderMap) -> (StatusCode, Json<HealthView>) {
    let health = state.handle.health().await;
    let status = if health.ok { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    let details = state.token.opens(&headers).then(|| view::health(&health, &state.version, state.started_at));
    (status, Json(HealthView { ok: health.ok, details }))
}

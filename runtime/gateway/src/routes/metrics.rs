//! What an operator watches, for a program that reads it every few seconds.

use super::State;
use axum::extract::State as Extracted;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::IntoResponse;
use greenroom_support::metrics::MEDIA_TYPE;

/// The counters of this process. Who may ask is checked before.
pub(super) async fn metrics(Extracted(state): Extracted<State>) -> impl IntoResponse {
    ([(CONTENT_TYPE, MEDIA_TYPE), (CACHE_CONTROL, "no-store")], state.handle.metrics().await)
}

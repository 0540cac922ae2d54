//! What an operator watches, for a program that reads it every few seconds.

use super::State;
use crate::errors::Refusal;
use crate::principal::{Admin, Allowed, comes_from_here};
use axum::extract::{FromRequestParts, Request, State as Extracted};
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::IntoResponse;
use greenroom_support::metrics::MEDIA_TYPE;

/// The counters of this process, for programs on this machine that ask for themselves, and for whoever runs it.
pub(super) async fn metrics(
    Extracted(state): Extracted<State>,
    request: Request,
) -> Result<impl IntoResponse, Refusal> {
    let (mut parts, _) = request.into_parts();
    if !comes_from_here(&parts) {
        Allowed::<Admin>::from_request_parts(&mut parts, &state).await?;
    }
    Ok(([(CONTENT_TYPE, MEDIA_TYPE), (CACHE_CONTROL, "no-store")], state.handle.metrics().await))
}

//! Copies of one bot compare which of them is the younger one; the older one gives way.

use super::State;
use crate::errors::Refusal;
use axum::Json;
use axum::extract::State as Extracted;
use greenroom_client::FenceBody;
use greenroom_contract::limits::DRAIN_TIMEOUT;
use greenroom_engine::Doors as _;

/// Compares the fencing numbers of two copies of one bot, and answers with the own one.
///
/// If the caller's is larger, this copy is the older one: it is marked as moved, ends, and does not start until its owner takes
/// it back. Whoever is no copy of this bot is told that there is nothing.
#[utoipa::path(post, path = "/api/v1/fence", tag = "backup", operation_id = "compare_fences", request_body = FenceBody,
    responses((status = 200, body = FenceBody)))]
pub(super) async fn compare(
    Extracted(state): Extracted<State>,
    Json(theirs): Json<FenceBody>,
) -> Result<Json<FenceBody>, Refusal> {
    let nothing = || Refusal::not_found("copy of that bot");
    let store = state.handle.whole_store();
    let own = store.fence().await?;
    let now = state.clock.now();
    let number = theirs.read(&own.instance, now.0 / 1_000).ok_or_else(nothing)?;
    let answer = FenceBody::sign(&own.instance, own.number, now.0 / 1_000).map_err(|_| nothing())?;
    if number > own.number {
        tracing::error!("a younger copy of this bot runs elsewhere, so this one ends and does not start any more");
        store.set_moved(Some(now)).await?;
        let handle = state.handle.clone();
        tokio::spawn(async move { handle.drain(DRAIN_TIMEOUT).await });
    }
    Ok(Json(answer))
}

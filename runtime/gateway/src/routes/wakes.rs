//! Wake-ups that are not due yet.

use super::State;
use super::seen::Seen;
use crate::errors::Refusal;
use crate::principal::{Allowed, Control, Read};
use crate::view;
use axum::Json;
use axum::extract::{Path, State as Extracted};
use axum::http::StatusCode;
use greenroom_client::WakeView;
use greenroom_contract::ids::Sequence;
use greenroom_contract::limits;
use greenroom_contract::store::PendingWake;

/// Wake-ups that are not due yet, the earliest first.
#[utoipa::path(get, path = "/api/v1/wakes", tag = "wakes", operation_id = "list_wakes",
    responses((status = 200, body = Vec<WakeView>)))]
pub(super) async fn list(
    Allowed(caller, _): Allowed<Read>,
    Extracted(state): Extracted<State>,
) -> Result<Json<Vec<WakeView>>, Refusal> {
    let seen = state.seen(&caller).await?;
    Ok(Json(wakes(&state, &seen).await?.iter().map(view::wake).collect()))
}

/// Takes one back.
#[utoipa::path(delete, path = "/api/v1/wakes/{number}", tag = "wakes", operation_id = "cancel_wake",
    params(("number" = u64, Path)), responses((status = 204)))]
pub(super) async fn cancel(
    Allowed(caller, _): Allowed<Control>,
    Extracted(state): Extracted<State>,
    Path(number): Path<u64>,
) -> Result<StatusCode, Refusal> {
    let number = Sequence(number);
    let seen = state.seen(&caller).await?;
    if !seen.is_all() && !wakes(&state, &seen).await?.iter().any(|wake| wake.number == number) {
        return Err(Refusal::not_found(&format!("wake-up {number}")));
    }
    state.handle.cancel_wake(number).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn wakes(state: &State, seen: &Seen) -> Result<Vec<PendingWake>, Refusal> {
    let mut wakes = state.handle.wakes(None, limits::PAGE_ROWS_MAX).await?;
    wakes.retain(|wake| seen.has(&wake.route.account));
    Ok(wakes)
}

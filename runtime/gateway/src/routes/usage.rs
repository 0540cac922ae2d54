//! What answers cost, and which messages are billed.

use super::State;
use crate::errors::Refusal;
use crate::principal::{Allowed, Read};
use crate::usage::{UsageDays, usage_of};
use axum::Json;
use axum::extract::{Query, State as Extracted};
use axum::http::StatusCode;
use greenroom_client::{UsageBy, UsageView};
use serde::Deserialize;

#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Asked {
    /// The first day, such as 2026-11-28.
    from: Option<String>,
    /// The last day.
    to: Option<String>,
    /// By what sums are told apart.
    #[serde(default)]
    #[param(required = false)]
    by: UsageBy,
}

/// What answers cost on the days and by what is asked for; on the last thirty days, by day, unless that is told.
#[utoipa::path(get, path = "/api/v1/usage", tag = "usage", operation_id = "usage",
    params(Asked), responses((status = 200, body = UsageView)))]
pub(super) async fn sums(
    Allowed(caller, _): Allowed<Read>,
    Extracted(state): Extracted<State>,
    Query(asked): Query<Asked>,
) -> Result<Json<UsageView>, Refusal> {
    let days = UsageDays::read(asked.from.as_deref(), asked.to.as_deref(), state.clock.now());
    let days = days.map_err(|error| Refusal::new(StatusCode::BAD_REQUEST, error.to_string()))?;
    let seen = state.seen(&caller).await?;
    let of = |account: &_| seen.has(account);
    let of: Option<&(dyn Fn(&_) -> bool + Sync)> = if seen.is_all() { None } else { Some(&of) };
    Ok(Json(usage_of(&state.handle.store(), days, asked.by, &state.currency, of).await?))
}

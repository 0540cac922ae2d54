//! What answers cost, and which messages are billed.

use super::State;
use crate::errors::Refusal;
use crate::usage::{UsageDays, usage};
use axum::Json;
use axum::extract::{Query, State as Extracted};
use axum::http::StatusCode;
use greenroom_client::{UsageBy, UsageView};
use serde::Deserialize;

#[derive(Deserialize)]
pub(super) struct Asked {
    from: Option<String>,
    to: Option<String>,
    #[serde(default)]
    by: UsageBy,
}

/// Of the days and by what is asked for; of the last thirty days, by day, unless that is told.
pub(super) async fn sums(
    Extracted(state): Extracted<State>,
    Query(asked): Query<Asked>,
) -> Result<Json<UsageView>, Refusal> {
    let days = UsageDays::read(asked.from.as_deref(), asked.to.as_deref(), state.clock.now());
    let days = days.map_err(|error| Refusal::new(StatusCode::BAD_REQUEST, error.to_string()))?;
    Ok(Json(usage(&state.handle.store(), days, asked.by, &state.currency).await?))
}

//! Which rule admits or refuses someone, and how many were refused.

use super::State;
use super::seen::{Seen, sees_channels};
use crate::errors::Refusal;
use crate::explained;
use crate::principal::{Allowed, Read};
use axum::Json;
use axum::extract::{Query, State as Extracted};
use axum::http::StatusCode;
use greenroom_client::{AccessView, RefusedCountView};
use greenroom_contract::ids::ChannelName;
use greenroom_contract::limits;
use greenroom_engine::AccessAsked;
use serde::Deserialize;

#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Asked {
    /// Who: an address such as +15551234567, or a group such as group:ID.
    who: String,
    /// Only this channel.
    channel: Option<String>,
    /// The id of the group in which the person writes; a direct chat unless it is told.
    group: Option<String>,
}

/// Which rule admits or refuses a person or a group in each session, where it was written, and which entry may have been
/// meant. By the list that guards what comes in and what is sent.
#[utoipa::path(get, path = "/api/v1/access/explain", tag = "allow", operation_id = "explain_access",
    params(Asked), responses((status = 200, body = AccessView)))]
pub(super) async fn explain(
    Allowed(caller, _): Allowed<Read>,
    Extracted(state): Extracted<State>,
    Query(asked): Query<Asked>,
) -> Result<Json<AccessView>, Refusal> {
    let bad = |error: String| Refusal::new(StatusCode::BAD_REQUEST, error);
    let question = AccessAsked {
        who: asked.who.parse().map_err(|error| bad(format!("{error}")))?,
        group: asked.group.as_deref().map(str::parse).transpose().map_err(|error| bad(format!("group: {error}")))?,
        channel: channel_of(asked.channel.as_deref())?,
    };
    let seen = state.seen(&caller).await?;
    let mut places = state.handle.access(&question).await?;
    let sees_channels = sees_channels(&caller);
    places.retain(|place| match &place.account {
        Some(account) => seen.has(account),
        None => sees_channels,
    });
    let mut told = explained::access(&question, &places);
    if !sees_channels {
        // The lists of channels belong to whoever wrote the configuration.
        for place in &mut told.places {
            place.rules.retain(|rule| rule.session.is_some());
            place.nearest = None;
        }
    }
    Ok(Json(told))
}

fn channel_of(name: Option<&str>) -> Result<Option<ChannelName>, Refusal> {
    let name = name.map(str::parse).transpose();
    name.map_err(|error| Refusal::new(StatusCode::BAD_REQUEST, format!("channel: {error}")))
}

#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Days {
    /// How many days, today included; one unless it is told.
    days: Option<u32>,
}

/// How many messages were refused, by day (UTC), session and cause; the newest day first.
#[utoipa::path(get, path = "/api/v1/refusals", tag = "traces", operation_id = "refusals",
    params(Days), responses((status = 200, body = Vec<RefusedCountView>)))]
pub(super) async fn refusals(
    Allowed(caller, _): Allowed<Read>,
    Extracted(state): Extracted<State>,
    Query(asked): Query<Days>,
) -> Result<Json<Vec<RefusedCountView>>, Refusal> {
    let seen: Seen = state.seen(&caller).await?;
    let days = asked.days.unwrap_or(1).clamp(1, limits::REFUSED_DAYS_MAX as u32);
    let since = state.clock.now().day().saturating_sub(days - 1);
    let mut counts = state.handle.refused_since(since).await?;
    counts.retain(|one| seen.has(&one.account));
    Ok(Json(counts.iter().map(explained::refused_count).collect()))
}

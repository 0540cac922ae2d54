//! Who is admitted.

use super::State;
use super::seen::sees_channels;
use crate::errors::Refusal;
use crate::principal::{Allowed, Principal, Read, Settings};
use crate::view;
use axum::Json;
use axum::extract::{Path, State as Extracted};
use axum::http::StatusCode;
use greenroom_client::AllowView;
use greenroom_contract::address::AllowEntry;
use greenroom_contract::store::ListScope;

/// Whom the trace names as the one who added an entry here.
const BY: &str = "the API";

/// All entries that the caller may see: those of the configuration, then those that are stored.
#[utoipa::path(get, path = "/api/v1/allow", tag = "allow", operation_id = "list_allowed",
    responses((status = 200, body = Vec<AllowView>)))]
pub(super) async fn list(
    Allowed(caller, _): Allowed<Read>,
    Extracted(state): Extracted<State>,
) -> Result<Json<Vec<AllowView>>, Refusal> {
    let seen = state.seen(&caller).await?;
    let mut stored = state.handle.store().allow_entries().await?;
    stored.retain(|stored| State::sees_list(&caller, &seen, &stored.scope));
    let configured = if sees_channels(&caller) { state.channels() } else { Vec::new() };
    Ok(Json(view::allow_list(&configured, &stored)))
}

/// Admits to a channel, from the next message on.
#[utoipa::path(put, path = "/api/v1/channels/{channel}/allow/{entry}", tag = "allow", operation_id = "allow",
    params(("channel" = String, Path), ("entry" = String, Path)), responses((status = 204)))]
pub(super) async fn add(
    Allowed(caller, _): Allowed<Settings>,
    Extracted(state): Extracted<State>,
    Path(path): Path<(String, String)>,
) -> Result<StatusCode, Refusal> {
    let (scope, entry) = named(&state, &caller, &path)?;
    state.handle.allow(scope, entry, BY).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Takes an entry of a channel away.
///
/// Also stops what is not sent yet. 404 for an entry that was not added here: those of the configuration stay, and who
/// mistyped one must not believe that it is gone.
#[utoipa::path(delete, path = "/api/v1/channels/{channel}/allow/{entry}", tag = "allow", operation_id = "disallow",
    params(("channel" = String, Path), ("entry" = String, Path)), responses((status = 204)))]
pub(super) async fn remove(
    Allowed(caller, _): Allowed<Settings>,
    Extracted(state): Extracted<State>,
    Path(path): Path<(String, String)>,
) -> Result<StatusCode, Refusal> {
    let (scope, entry) = named(&state, &caller, &path)?;
    let stored = state.handle.store().allow_entries().await?;
    if !stored.iter().any(|one| one.scope == scope && one.entry == entry) {
        let reason = format!("{entry} was not added to the list of channel {}, so nothing was taken away", path.0);
        return Err(Refusal::new(StatusCode::NOT_FOUND, reason));
    }
    state.handle.disallow(scope, &entry).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn named(
    state: &State,
    caller: &Principal,
    (channel, entry): &(String, String),
) -> Result<(ListScope, AllowEntry), Refusal> {
    let known = state
        .channels()
        .into_iter()
        .map(|(name, _)| name)
        .find(|name| name.as_str() == channel && sees_channels(caller));
    let known = known.ok_or_else(|| Refusal::new(StatusCode::NOT_FOUND, format!("there is no channel {channel}")))?;
    let entry: AllowEntry = entry.parse().map_err(|error| Refusal::new(StatusCode::BAD_REQUEST, format!("{error}")))?;
    Ok((ListScope::Channel(known), entry))
}

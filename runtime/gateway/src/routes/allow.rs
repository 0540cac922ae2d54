//! Who is admitted.

use super::State;
use crate::errors::Refusal;
use crate::view;
use axum::Json;
use axum::extract::{Path, State as Extracted};
use axum::http::StatusCode;
use greenroom_client::AllowView;
use greenroom_contract::address::AllowEntry;
use greenroom_contract::store::ListScope;

/// Whom the trace names as the one who added an entry here.
const BY: &str = "the API";

pub(super) async fn list(Extracted(state): Extracted<State>) -> Result<Json<Vec<AllowView>>, Refusal> {
    let stored = state.handle.store().allow_entries().await?;
    Ok(Json(view::allow_list(&state.channels(), &stored)))
}

/// Holds from the next message on.
pub(super) async fn add(
    Extracted(state): Extracted<State>,
    Path(path): Path<(String, String)>,
) -> Result<Json<()>, Refusal> {
    let (scope, entry) = named(&state, &path)?;
    state.handle.allow(scope, entry, BY).await?;
    Ok(Json(()))
}

/// Also stops what is not sent yet. 404 for an entry that was not added here: those of the configuration stay, and who
/// mistyped one must not believe that it is gone.
pub(super) async fn remove(
    Extracted(state): Extracted<State>,
    Path(path): Path<(String, String)>,
) -> Result<Json<()>, Refusal> {
    let (scope, entry) = named(&state, &path)?;
    let stored = state.handle.store().allow_entries().await?;
    if !stored.iter().any(|one| one.scope == scope && one.entry == entry) {
        let reason = format!("{entry} was not added to the list of channel {}, so nothing was taken away", path.0);
        return Err(Refusal::new(StatusCode::NOT_FOUND, reason));
    }
    state.handle.disallow(scope, &entry).await?;
    Ok(Json(()))
}

fn named(state: &State, (channel, entry): &(String, String)) -> Result<(ListScope, AllowEntry), Refusal> {
    let known = state.channels().into_iter().map(|(name, _)| name).find(|name| name.as_str() == channel);
    let known = known.ok_or_else(|| Refusal::new(StatusCode::NOT_FOUND, format!("there is no channel {channel}")))?;
    let entry: AllowEntry = entry.parse().map_err(|error| Refusal::new(StatusCode::BAD_REQUEST, format!("{error}")))?;
    Ok((ListScope::Channel(known), entry))
}

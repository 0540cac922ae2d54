//! Who is admitted.

use super::State;
use super::seen::sees_channels;
use crate::errors::Refusal;
use crate::principal::{Allowed, Read};
use crate::view;
use axum::Json;
use axum::extract::State as Extracted;
use greenroom_client::AllowView;

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

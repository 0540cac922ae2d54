//! Sessions: the accounts that are linked, or on their way to it.

use super::State;
use crate::errors::Refusal;
use crate::principal::{Allowed, Control, Delete, Read};
use crate::view;
use axum::Json;
use axum::extract::{Path, Query, State as Extracted};
use axum::http::StatusCode;
use greenroom_client::{ForgottenView, SessionView};
use greenroom_contract::store::AccountState;
use greenroom_engine::LinkRefused;
use serde::Deserialize;

/// Every session of the caller.
#[utoipa::path(get, path = "/api/v1/sessions", tag = "sessions", operation_id = "list_sessions",
    responses((status = 200, body = Vec<SessionView>)))]
pub(super) async fn list(
    Allowed(caller, _): Allowed<Read>,
    Extracted(state): Extracted<State>,
) -> Result<Json<Vec<SessionView>>, Refusal> {
    let accounts = state.handle.account_list().await?;
    let own = accounts.iter().filter(|account| caller.sees(&account.owner));
    Ok(Json(own.map(view::session).collect()))
}

/// One session.
#[utoipa::path(get, path = "/api/v1/sessions/{session}", tag = "sessions", operation_id = "show_session",
    params(("session" = String, Path)), responses((status = 200, body = SessionView)))]
pub(super) async fn show(
    Allowed(caller, _): Allowed<Read>,
    Extracted(state): Extracted<State>,
    Path(session): Path<String>,
) -> Result<Json<SessionView>, Refusal> {
    let row = state.account(&caller, &session).await?;
    let accounts = state.handle.account_list().await?;
    let found = accounts.iter().find(|account| account.account == row.id);
    found.map(|account| Json(view::session(account))).ok_or_else(|| unknown(row.id))
}

/// A new connection, immediately.
#[utoipa::path(post, path = "/api/v1/sessions/{session}/reconnect", tag = "sessions", operation_id = "reconnect_session",
    params(("session" = String, Path)), responses((status = 204)))]
pub(super) async fn reconnect(
    Allowed(caller, _): Allowed<Control>,
    Extracted(state): Extracted<State>,
    Path(session): Path<String>,
) -> Result<StatusCode, Refusal> {
    let row = state.account(&caller, &session).await?;
    state.handle.reconnect(&row.id, &row.owner).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Which sessions a deletion is meant for.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Meant {
    /// Refuse (409) unless the session is like that; both are deleted where this is not told.
    #[param(inline)]
    only: Option<Linked>,
}

#[derive(Debug, Clone, Copy, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
enum Linked {
    /// It is linked.
    Linked,
    /// It is not, or not any longer.
    Unlinked,
}

/// Removes the device of a linked session on the network and deletes its keys; forgets one that is not linked. What was said
/// stays.
#[utoipa::path(delete, path = "/api/v1/sessions/{session}", tag = "sessions", operation_id = "delete_session",
    params(("session" = String, Path), Meant), responses((status = 204)))]
pub(super) async fn remove(
    Allowed(caller, _): Allowed<Delete>,
    Extracted(state): Extracted<State>,
    Path(session): Path<String>,
    Query(Meant { only }): Query<Meant>,
) -> Result<StatusCode, Refusal> {
    let row = state.account(&caller, &session).await?;
    let is_linked = matches!(row.state, AccountState::Linked | AccountState::Stopped { .. });
    let meant = only.unwrap_or(if is_linked { Linked::Linked } else { Linked::Unlinked });
    match meant {
        Linked::Linked => state.handle.disconnect(&row.id, &row.owner).await?,
        Linked::Unlinked => state.handle.forget_account(&row.id, &row.owner).await?,
    }
    Ok(StatusCode::NO_CONTENT)
}

/// Forgets all that were never linked and that are not being linked.
#[utoipa::path(post, path = "/api/v1/sessions/clean", tag = "sessions", operation_id = "clean_sessions",
    responses((status = 200, body = ForgottenView)))]
pub(super) async fn clean(
    Allowed(caller, _): Allowed<Delete>,
    Extracted(state): Extracted<State>,
) -> Result<Json<ForgottenView>, Refusal> {
    let rows = state.handle.accounts().await?;
    let left_behind = rows.into_iter().filter(|row| {
        caller.sees(&row.owner) && row.linked_at.is_none() && matches!(row.state, AccountState::Expired { .. })
    });
    let mut forgotten = Vec::new();
    for row in left_behind {
        match state.handle.forget_account(&row.id, &row.owner).await {
            Ok(()) => forgotten.push(row.id.to_string()),
            // Another request was faster, or it is being linked just now.
            Err(
                LinkRefused::UnknownAccount { .. }
                | LinkRefused::AlreadyLinking { .. }
                | LinkRefused::Busy { .. }
                | LinkRefused::Configured { .. },
            ) => {}
            Err(refused) => return Err(refused.into()),
        }
    }
    Ok(Json(ForgottenView { forgotten }))
}

fn unknown(account: greenroom_contract::ids::AccountId) -> Refusal {
    LinkRefused::UnknownAccount { account }.into()
}

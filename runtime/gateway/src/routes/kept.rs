//! One person, for requests about their data.

use super::State;
use crate::errors::Refusal;
use crate::person;
use crate::principal::{Allowed, Delete, Principal, Text};
use axum::Json;
use axum::extract::{Path, Query, State as Extracted};
use axum::http::StatusCode;
use greenroom_client::{ForgotPersonView, KeptPersonView};
use greenroom_contract::address::Address;
use greenroom_contract::store::{AccountRow, Person, Scope};
use greenroom_engine::ForgetRefused;
use serde::Deserialize;

/// Where.
#[derive(Debug, Deserialize)]
pub(super) struct Within {
    /// In this channel only.
    channel: Option<String>,
}

/// Everything that is kept of a person.
///
/// In each channel that knows the address: addresses, name, what was said, what assistants remember, settings, what was spent.
#[utoipa::path(get, path = "/api/v1/people/{entry}", tag = "people", operation_id = "export_person",
    params(("entry" = String, Path), ("channel" = Option<String>, Query)), responses((status = 200, body = Vec<KeptPersonView>)))]
pub(super) async fn export(
    Allowed(caller, _): Allowed<Text>,
    Extracted(state): Extracted<State>,
    Path(entry): Path<String>,
    Query(within): Query<Within>,
) -> Result<Json<Vec<KeptPersonView>>, Refusal> {
    let (accounts, found) = state.people(&caller, &entry, &within).await?;
    let assistants: Vec<_> = state.handle.blueprint().assistants().map(|part| part.name.clone()).collect();
    let mut views = Vec::with_capacity(found.len());
    for one in found {
        views.push(person::export(&state.handle.store(), &accounts, &assistants, one).await?);
    }
    Ok(Json(views))
}

/// Forgets a person.
///
/// In each channel that knows the address: what was said, what assistants remember, settings, waiting messages and unsent
/// answers. That messages were seen stays, so that none comes back as new, and what was spent stays without a name. Refused
/// (409 `busy`) while the person is being answered.
#[utoipa::path(delete, path = "/api/v1/people/{entry}", tag = "people", operation_id = "forget_person",
    params(("entry" = String, Path), ("channel" = Option<String>, Query)), responses((status = 200, body = ForgotPersonView)))]
pub(super) async fn forget(
    Allowed(caller, _): Allowed<Delete>,
    Extracted(state): Extracted<State>,
    Path(entry): Path<String>,
    Query(within): Query<Within>,
) -> Result<Json<ForgotPersonView>, Refusal> {
    let (_, found) = state.people(&caller, &entry, &within).await?;
    let mut channels = Vec::with_capacity(found.len());
    for (scope, person) in found {
        match state.handle.forget_person(person.id).await {
            Ok(()) => channels.push(scope.channel.to_string()),
            Err(ForgetRefused::Store(error)) => return Err(error.into()),
            Err(refused) => return Err(Refusal::coded(StatusCode::CONFLICT, "busy", refused.to_string())),
        }
    }
    Ok(Json(ForgotPersonView { channels }))
}

impl State {
    /// The accounts that the caller sees, and whom the address names in their channels; never nobody.
    async fn people(
        &self,
        caller: &Principal,
        entry: &str,
        within: &Within,
    ) -> Result<(Vec<AccountRow>, Vec<(Scope, Person)>), Refusal> {
        let bad = |error| Refusal::coded(StatusCode::BAD_REQUEST, "bad-address", format!("{error}"));
        let address: Address = entry.parse().map_err(bad)?;
        let mut accounts = self.handle.accounts().await?;
        let is_there = |row: &AccountRow| within.channel.as_ref().is_none_or(|channel| row.channel.as_str() == channel);
        accounts.retain(|row| caller.sees(&row.owner) && is_there(row));
        let found = person::find(&self.handle.store(), &accounts, &address).await?;
        if found.is_empty() {
            return Err(Refusal::not_found("person with this address"));
        }
        Ok((accounts, found))
    }
}

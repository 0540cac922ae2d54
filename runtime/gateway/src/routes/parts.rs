//! What the program is made of: channels, assistants and what they are provided with, actors; and reading its configuration
//! again.

use super::State;
use super::seen::sees_channels;
use crate::errors::Refusal;
use crate::principal::{Admin, Allowed, Read};
use crate::{program, view};
use axum::Json;
use axum::extract::State as Extracted;
use axum::http::StatusCode;
use greenroom_client::{
    ActorView, ChannelKindView, ChannelView, LinkMethodView, PartView, RejectionView, ReloadedView,
};
use greenroom_contract::store::{AccountState, ListScope, StoredEntry};
use greenroom_engine::{AssistantPart, ChannelPart};

/// Every channel.
#[utoipa::path(get, path = "/api/v1/channels", tag = "parts", operation_id = "list_channels",
    responses((status = 200, body = Vec<ChannelView>)))]
pub(super) async fn channels(
    Allowed(caller, _): Allowed<Read>,
    Extracted(state): Extracted<State>,
) -> Result<Json<Vec<ChannelView>>, Refusal> {
    let blueprint = state.handle.blueprint();
    let limits = blueprint.limits().sessions;
    let stored = state.handle.store().allow_entries().await?;
    let mut rows = state.handle.accounts().await?;
    rows.retain(|row| caller.sees(&row.owner) && is_taken(&row.state));
    let view = |part: ChannelPart| {
        let linking = part.channel.linking();
        let calls = part.channel.webhook().is_some();
        let kind = match (&linking, calls) {
            (_, true) => ChannelKindView::Business,
            (Some(_), _) => ChannelKindView::Linked,
            (None, _) => ChannelKindView::Local,
        };
        let public = state.public_url.as_deref().filter(|_| calls && sees_channels(&caller));
        let of_list = |stored: &&StoredEntry| stored.scope == ListScope::Channel(part.name.clone());
        let allowed = part.policy.allow_from.len() + stored.iter().filter(of_list).count();
        ChannelView {
            kind,
            can_link: linking.is_some(),
            methods: linking.as_ref().map_or_else(Vec::new, |_| vec![LinkMethodView::Qr, LinkMethodView::Code]),
            warning: linking.map(|linking| linking.warning.clone()).filter(|warning| !warning.is_empty()),
            licence: state.program.licence(&part.adapter),
            webhook_url: public.map(|url| format!("{}/api/channels/{}", url.trim_end_matches('/'), part.name)),
            sessions: rows.iter().filter(|row| row.channel == part.name).count() as u64,
            sessions_max: if caller.sees_everything() { limits.total } else { limits.per_owner }.into(),
            allowed: if sees_channels(&caller) { allowed as u64 } else { 0 },
            channel: part.name.to_string(),
            adapter: part.adapter,
        }
    };
    Ok(Json(blueprint.channels().map(view).collect()))
}

/// Whether an account takes a place.
fn is_taken(state: &AccountState) -> bool {
    matches!(state, AccountState::Pending | AccountState::Linked | AccountState::Stopped { .. })
}

/// Every assistant.
#[utoipa::path(get, path = "/api/v1/assistants", tag = "parts", operation_id = "list_assistants",
    responses((status = 200, body = Vec<PartView>)))]
pub(super) async fn assistants(
    _: Allowed<Read>,
    Extracted(state): Extracted<State>,
) -> Result<Json<Vec<PartView>>, Refusal> {
    let away = state.handle.assistants_away();
    let known = state.program.parts().assistants;
    let view = |part: &AssistantPart| {
        let name = part.name.to_string();
        let known = known.iter().find(|known| known.name == name).cloned();
        let missing = away.iter().find(|(away, _)| *away == part.name).map(|(_, reason)| reason.clone());
        let state = if missing.is_some() { "away" } else { "ready" }.to_owned();
        PartView {
            sees: program::sees(part.assistant.needs()),
            state,
            reason: missing,
            name,
            ..known.unwrap_or_default()
        }
    };
    Ok(Json(state.handle.blueprint().assistants().map(view).collect()))
}

/// Every language model that is configured.
#[utoipa::path(get, path = "/api/v1/models", tag = "parts", operation_id = "list_models",
    responses((status = 200, body = Vec<PartView>)))]
pub(super) async fn models(
    _: Allowed<Read>,
    Extracted(state): Extracted<State>,
) -> Result<Json<Vec<PartView>>, Refusal> {
    Ok(Json(state.program.parts().models))
}

/// Every tool server that is configured.
#[utoipa::path(get, path = "/api/v1/tools", tag = "parts", operation_id = "list_tools",
    responses((status = 200, body = Vec<PartView>)))]
pub(super) async fn tools(
    _: Allowed<Read>,
    Extracted(state): Extracted<State>,
) -> Result<Json<Vec<PartView>>, Refusal> {
    Ok(Json(state.program.parts().tools))
}

/// Every assistant that is a plugin.
#[utoipa::path(get, path = "/api/v1/plugins", tag = "parts", operation_id = "list_plugins",
    responses((status = 200, body = Vec<PartView>)))]
pub(super) async fn plugins(
    _: Allowed<Read>,
    Extracted(state): Extracted<State>,
) -> Result<Json<Vec<PartView>>, Refusal> {
    Ok(Json(state.program.parts().plugins))
}

/// The tree of actors as it is now, with what waits for each and how often it crashed.
#[utoipa::path(get, path = "/api/v1/actors", tag = "operations", operation_id = "actors",
    responses((status = 200, body = ActorView)))]
pub(super) async fn actors(_: Allowed<Admin>, Extracted(state): Extracted<State>) -> Result<Json<ActorView>, Refusal> {
    let tree = state.handle.actors().await;
    let starting = || Refusal::new(StatusCode::SERVICE_UNAVAILABLE, "the engine is starting or stopping");
    Ok(Json(view::actor(tree.ok_or_else(starting)?)))
}

/// What came from outside since the start and was not taken, by channel and cause. It belongs to the owner of the
/// configuration; others see nothing here.
#[utoipa::path(get, path = "/api/v1/refused", tag = "traces", operation_id = "refused",
    responses((status = 200, body = Vec<RejectionView>)))]
pub(super) async fn refused(
    Allowed(caller, _): Allowed<Read>,
    Extracted(state): Extracted<State>,
) -> Result<Json<Vec<RejectionView>>, Refusal> {
    let rejections = if sees_channels(&caller) { state.handle.rejections() } else { Vec::new() };
    Ok(Json(rejections.iter().map(view::rejection).collect()))
}

/// Reads the configuration again and runs what it says now, without dropping a session. If it is wrong everything stays
/// as it was (422).
#[utoipa::path(post, path = "/api/v1/reload", tag = "operations", operation_id = "reload",
    responses((status = 200, body = ReloadedView)))]
pub(super) async fn reload(
    _: Allowed<Admin>,
    Extracted(state): Extracted<State>,
) -> Result<Json<ReloadedView>, Refusal> {
    match state.program.reload(&state.handle).await {
        Ok(reloaded) => Ok(Json(reloaded)),
        Err(reason) => Err(Refusal::coded(StatusCode::UNPROCESSABLE_ENTITY, "configuration-refused", reason)),
    }
}

//! How a channel is set up: its values, which the program keeps. A secret goes in and never out.

use super::State;
use super::seen::sees_channels;
use crate::errors::Refusal;
use crate::principal::{Allowed, Principal, Settings};
use crate::program::SettingsRefused;
use axum::Json;
use axum::extract::{Path, State as Extracted};
use axum::http::StatusCode;
use greenroom_client::{CheckView, SettingsBody, SettingsView};

/// How a channel is set up. Of a secret it is told whether it is there, and since when.
#[utoipa::path(get, path = "/api/v1/channels/{channel}/settings", tag = "settings", operation_id = "channel_settings",
    params(("channel" = String, Path)), responses((status = 200, body = SettingsView)))]
pub(super) async fn show(
    Allowed(caller, _): Allowed<Settings>,
    Extracted(state): Extracted<State>,
    Path(channel): Path<String>,
) -> Result<Json<SettingsView>, Refusal> {
    check_channel(&caller, &channel)?;
    let found = state.program.settings(&channel).ok_or_else(|| unknown(&channel))?;
    Ok(Json(state.with_webhook(found)))
}

/// Saves values of a channel and runs it with them immediately.
///
/// Nothing is saved if one of them is wrong (422 `bad-settings`, with `fields`).
#[utoipa::path(put, path = "/api/v1/channels/{channel}/settings", tag = "settings",
    operation_id = "save_channel_settings", params(("channel" = String, Path)), request_body = SettingsBody,
    responses((status = 200, body = SettingsView)))]
pub(super) async fn save(
    Allowed(caller, _): Allowed<Settings>,
    Extracted(state): Extracted<State>,
    Path(channel): Path<String>,
    Json(body): Json<SettingsBody>,
) -> Result<Json<SettingsView>, Refusal> {
    check_channel(&caller, &channel)?;
    let saved = state.program.save_settings(&state.handle, &channel, &body).await;
    Ok(Json(state.with_webhook(saved.map_err(|refused| refusal(&channel, refused))?)))
}

/// Asks the network whether these values work, together with those that are there. Nothing is saved or sent.
#[utoipa::path(post, path = "/api/v1/channels/{channel}/settings/check", tag = "settings",
    operation_id = "check_channel_settings", params(("channel" = String, Path)), request_body = SettingsBody,
    responses((status = 200, body = Vec<CheckView>)))]
pub(super) async fn check(
    Allowed(caller, _): Allowed<Settings>,
    Extracted(state): Extracted<State>,
    Path(channel): Path<String>,
    Json(body): Json<SettingsBody>,
) -> Result<Json<Vec<CheckView>>, Refusal> {
    check_channel(&caller, &channel)?;
    let checked = state.program.check_settings(&channel, &body).await;
    checked.map(Json).map_err(|refused| refusal(&channel, refused))
}

impl State {
    fn with_webhook(&self, found: SettingsView) -> SettingsView {
        let url = |base: &str| format!("{}/api/channels/{}", base.trim_end_matches('/'), found.channel);
        let webhook_url = self.public_url.as_deref().map(url);
        SettingsView { webhook_url, ..found }
    }
}

/// Channels belong to whoever wrote the configuration; for others they are not there.
fn check_channel(caller: &Principal, channel: &str) -> Result<(), Refusal> {
    if sees_channels(caller) { Ok(()) } else { Err(unknown(channel)) }
}

fn unknown(channel: &str) -> Refusal {
    Refusal::not_found(&format!("channel {channel:?} that can be set up here"))
}

fn refusal(channel: &str, refused: SettingsRefused) -> Refusal {
    match refused {
        SettingsRefused::NotThere => unknown(channel),
        SettingsRefused::Wrong(fields) => {
            let said: Vec<_> = fields.iter().map(|field| format!("{}: {}", field.key, field.what)).collect();
            let refusal = Refusal::coded(StatusCode::UNPROCESSABLE_ENTITY, "bad-settings", said.join("; "));
            Refusal { fields: fields.into(), ..refusal }
        }
        SettingsRefused::Refused(reason) => {
            Refusal::coded(StatusCode::UNPROCESSABLE_ENTITY, "configuration-refused", reason)
        }
        SettingsRefused::NotKept(reason) => Refusal::coded(
            StatusCode::SERVICE_UNAVAILABLE,
            "not-saved",
            format!("the values could not be kept: {reason}"),
        ),
    }
}

//! The allow-list of one channel, or of one session.

use super::State;
use super::seen::sees_channels;
use crate::errors::Refusal;
use crate::numbers::{self, NoEntry};
use crate::principal::{Allowed, Principal, Read, Settings};
use axum::Json;
use axum::extract::{Path, State as Extracted};
use axum::http::StatusCode;
use greenroom_client::{EntriesBody, EntryView, NextActionView, NextView};
use greenroom_contract::address::AllowEntry;
use greenroom_contract::ids::ChannelName;
use greenroom_contract::limits;
use greenroom_contract::store::ListScope;
use greenroom_engine::ListRefused;

/// Whom the trace names as the one who added an entry here.
const BY: &str = "the API";

/// Who is admitted to every session of a channel.
#[utoipa::path(get, path = "/api/v1/channels/{channel}/allow", tag = "allow", operation_id = "channel_list",
    params(("channel" = String, Path)), responses((status = 200, body = Vec<EntryView>)))]
pub(super) async fn of_channel(
    Allowed(caller, _): Allowed<Read>,
    Extracted(state): Extracted<State>,
    Path(channel): Path<String>,
) -> Result<Json<Vec<EntryView>>, Refusal> {
    let list = state.channel_list(&caller, &channel)?;
    Ok(Json(state.entries(&list).await?))
}

/// Replaces what was added to the list of a channel, as a whole or not at all.
#[utoipa::path(put, path = "/api/v1/channels/{channel}/allow", tag = "allow", operation_id = "replace_channel_list",
    params(("channel" = String, Path)), request_body = EntriesBody, responses((status = 200, body = Vec<EntryView>)))]
pub(super) async fn replace_of_channel(
    Allowed(caller, _): Allowed<Settings>,
    Extracted(state): Extracted<State>,
    Path(channel): Path<String>,
    Json(body): Json<EntriesBody>,
) -> Result<Json<Vec<EntryView>>, Refusal> {
    let list = state.channel_list(&caller, &channel)?;
    state.replace(&list, &body).await.map(Json)
}

/// Admits to a channel, from the next message on.
#[utoipa::path(put, path = "/api/v1/channels/{channel}/allow/{entry}", tag = "allow", operation_id = "allow",
    params(("channel" = String, Path), ("entry" = String, Path)), responses((status = 200, body = EntryView)))]
pub(super) async fn add_to_channel(
    Allowed(caller, _): Allowed<Settings>,
    Extracted(state): Extracted<State>,
    Path((channel, entry)): Path<(String, String)>,
) -> Result<Json<EntryView>, Refusal> {
    let list = state.channel_list(&caller, &channel)?;
    state.add(&list, &entry).await.map(Json)
}

/// Takes an entry of a channel away.
///
/// Also stops what is not sent yet. 404 for an entry that was not added here: those of the configuration stay, and who
/// mistyped one must not believe that it is gone. 409 `last-number` if no one could write to a linked session any longer.
#[utoipa::path(delete, path = "/api/v1/channels/{channel}/allow/{entry}", tag = "allow", operation_id = "disallow",
    params(("channel" = String, Path), ("entry" = String, Path)), responses((status = 204)))]
pub(super) async fn take_from_channel(
    Allowed(caller, _): Allowed<Settings>,
    Extracted(state): Extracted<State>,
    Path((channel, entry)): Path<(String, String)>,
) -> Result<StatusCode, Refusal> {
    let list = state.channel_list(&caller, &channel)?;
    state.take(&list, &entry).await
}

/// Who is admitted to a session.
#[utoipa::path(get, path = "/api/v1/sessions/{session}/allow", tag = "allow", operation_id = "session_list",
    params(("session" = String, Path)), responses((status = 200, body = Vec<EntryView>)))]
pub(super) async fn of_session(
    Allowed(caller, _): Allowed<Read>,
    Extracted(state): Extracted<State>,
    Path(session): Path<String>,
) -> Result<Json<Vec<EntryView>>, Refusal> {
    let list = state.session_list(&caller, &session).await?;
    Ok(Json(state.entries(&list).await?))
}

/// Replaces what was added to the list of a session, as a whole or not at all.
#[utoipa::path(put, path = "/api/v1/sessions/{session}/allow", tag = "allow", operation_id = "replace_session_list",
    params(("session" = String, Path)), request_body = EntriesBody, responses((status = 200, body = Vec<EntryView>)))]
pub(super) async fn replace_of_session(
    Allowed(caller, _): Allowed<Settings>,
    Extracted(state): Extracted<State>,
    Path(session): Path<String>,
    Json(body): Json<EntriesBody>,
) -> Result<Json<Vec<EntryView>>, Refusal> {
    let list = state.session_list(&caller, &session).await?;
    state.replace(&list, &body).await.map(Json)
}

/// Admits to a session, from the next message on.
#[utoipa::path(put, path = "/api/v1/sessions/{session}/allow/{entry}", tag = "allow", operation_id = "allow_in_session",
    params(("session" = String, Path), ("entry" = String, Path)), responses((status = 200, body = EntryView)))]
pub(super) async fn add_to_session(
    Allowed(caller, _): Allowed<Settings>,
    Extracted(state): Extracted<State>,
    Path((session, entry)): Path<(String, String)>,
) -> Result<Json<EntryView>, Refusal> {
    let list = state.session_list(&caller, &session).await?;
    state.add(&list, &entry).await.map(Json)
}

/// Takes an entry of a session away, under the rules of the lists of channels.
#[utoipa::path(delete, path = "/api/v1/sessions/{session}/allow/{entry}", tag = "allow",
    operation_id = "disallow_in_session", params(("session" = String, Path), ("entry" = String, Path)),
    responses((status = 204)))]
pub(super) async fn take_from_session(
    Allowed(caller, _): Allowed<Settings>,
    Extracted(state): Extracted<State>,
    Path((session, entry)): Path<(String, String)>,
) -> Result<StatusCode, Refusal> {
    let list = state.session_list(&caller, &session).await?;
    state.take(&list, &entry).await
}

/// A list, and what holds in it besides.
struct List {
    scope: ListScope,
    channel: ChannelName,
    /// Whether the caller sees what the channel admits.
    with_channel: bool,
}

impl State {
    fn channel_list(&self, caller: &Principal, channel: &str) -> Result<List, Refusal> {
        let mut names = self.channels().into_iter().map(|(name, _)| name);
        let known = names.find(|name| name.as_str() == channel && sees_channels(caller));
        let channel = known.ok_or_else(|| Refusal::not_found(&format!("channel {channel:?}")))?;
        Ok(List { scope: ListScope::Channel(channel.clone()), channel, with_channel: true })
    }

    async fn session_list(&self, caller: &Principal, session: &str) -> Result<List, Refusal> {
        let row = self.account(caller, session).await?;
        let with_channel = sees_channels(caller);
        Ok(List { scope: ListScope::Account(row.id), channel: row.channel, with_channel })
    }

    /// What holds in a list: what is configured, what the channel of a session admits, and what was added.
    async fn entries(&self, list: &List) -> Result<Vec<EntryView>, Refusal> {
        let mut entries = Vec::new();
        if list.with_channel {
            let configured = self.channels().into_iter().find(|(name, _)| *name == list.channel);
            let configured = configured.map(|(_, entries)| entries).unwrap_or_default();
            entries.extend(configured.iter().map(|entry| shown(entry, "the configuration".to_owned(), false)));
        }
        for stored in self.handle.store().allow_entries().await? {
            let origin = format!("added by {}", stored.by);
            if stored.scope == list.scope {
                entries.push(shown(&stored.entry, origin, true));
            } else if list.with_channel && stored.scope == ListScope::Channel(list.channel.clone()) {
                entries.push(shown(&stored.entry, format!("{origin} for the channel"), false));
            }
        }
        Ok(entries)
    }

    async fn replace(&self, list: &List, body: &EntriesBody) -> Result<Vec<EntryView>, Refusal> {
        if body.entries.len() > limits::ALLOW_ENTRIES_MAX {
            return Err(full());
        }
        let read = |entry: &String| read(&list.channel, entry).map(|read| read.entry);
        let entries = body.entries.iter().map(read).collect::<Result<Vec<_>, _>>()?;
        self.handle.replace_allowed(list.scope.clone(), entries, BY).await?;
        self.entries(list).await
    }

    async fn add(&self, list: &List, entry: &str) -> Result<EntryView, Refusal> {
        let entry = read(&list.channel, entry)?.entry;
        let stored = self.handle.store().allow_entries().await?;
        if stored.iter().filter(|stored| stored.scope == list.scope).count() >= limits::ALLOW_ENTRIES_MAX {
            return Err(full());
        }
        self.handle.allow(list.scope.clone(), entry.clone(), BY).await?;
        Ok(shown(&entry, format!("added by {BY}"), true))
    }

    async fn take(&self, list: &List, entry: &str) -> Result<StatusCode, Refusal> {
        let entry = read(&list.channel, entry)?.entry;
        self.handle.take_allowed(list.scope.clone(), &entry).await?;
        Ok(StatusCode::NO_CONTENT)
    }
}

fn shown(entry: &AllowEntry, origin: String, removable: bool) -> EntryView {
    EntryView { entry: entry.to_string(), origin, removable, warning: numbers::warning(entry) }
}

pub(super) fn full() -> Refusal {
    let reason = format!("a list holds at most {} entries", limits::ALLOW_ENTRIES_MAX);
    Refusal::coded(StatusCode::CONFLICT, "list-full", reason)
}

/// An entry as a person wrote it.
pub(super) fn read(channel: &ChannelName, text: &str) -> Result<numbers::Entry, Refusal> {
    numbers::read(text).map_err(|refused| {
        let reason = refused.to_string();
        match refused {
            NoEntry::Near { meant, .. } => {
                let action = NextActionView::AllowEntry { channel: channel.to_string(), entry: meant.to_string() };
                let next = NextView { sentence: format!("allow {meant}"), action };
                let refusal = Refusal::coded(StatusCode::UNPROCESSABLE_ENTITY, "near-miss", reason);
                Refusal { next: Some(Box::new(next)), ..refusal }
            }
            NoEntry::None(_) => Refusal::coded(StatusCode::UNPROCESSABLE_ENTITY, "bad-entry", reason),
        }
    })
}

impl From<ListRefused> for Refusal {
    fn from(refused: ListRefused) -> Self {
        let reason = refused.to_string();
        match refused {
            ListRefused::Store(error) => error.into(),
            ListRefused::NotThere { .. } => Self::new(StatusCode::NOT_FOUND, reason),
            _ => Self::coded(StatusCode::CONFLICT, "last-number", reason),
        }
    }
}

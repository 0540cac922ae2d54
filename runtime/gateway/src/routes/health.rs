//! Whether it lives, whether it takes messages, and how it is: three questions that have three answers.
//!
//! Restarting helps only the first one, so nothing that waits for a person is part of it. The first two are answered to
//! everybody, from what is in memory; what costs a look into the store is kept for a moment.

use super::State;
use crate::errors::Refusal;
use crate::principal::{Principal, Word};
use crate::{limits, view};
use axum::Json;
use axum::extract::State as Extracted;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use greenroom_client::{HealthView, SignView};
use greenroom_engine::{EngineHandle, Health, HealthProblem, NotReady};
use tokio::time::Instant;

/// Whether the process answers and its store can be written.
pub(super) async fn alive(Extracted(state): Extracted<State>) -> Response {
    sign(&state.handle.alive())
}

/// Whether messages are taken.
pub(super) async fn ready(Extracted(state): Extracted<State>) -> Response {
    sign(&state.handle.ready())
}

/// Whether anything waits for a person; and what, for callers with the scope `read`.
///
/// What concerns the whole process is told to callers who see everything; others learn about their own sessions.
#[utoipa::path(get, path = "/api/v1/health", tag = "health", operation_id = "health",
    responses((status = 200, body = HealthView), (status = 503, body = HealthView)))]
pub(super) async fn health(Extracted(state): Extracted<State>, caller: Option<Principal>) -> Response {
    let Some(caller) = caller.filter(|caller| caller.scopes.has(Word::Read)) else {
        let ok = state.health.ok(&state.handle).await;
        return (status(ok), Json(HealthView { ok, details: None })).into_response();
    };
    let Ok(mut health) = tokio::time::timeout(limits::HEALTH_TIMEOUT, state.handle.health()).await else {
        return Refusal::new(StatusCode::SERVICE_UNAVAILABLE, "the store does not answer").into_response();
    };
    if !caller.sees_everything() {
        own(&mut health, &caller);
        if state.handle.alive().is_err() {
            let what = "the store cannot be written; the operator of the server has to look";
            health.problems.push(HealthProblem::new(what.to_owned(), None));
        }
        health.ok = health.problems.is_empty();
    }
    let details = Some(view::health(&health, &state.version, state.started_at));
    (status(health.ok), Json(HealthView { ok: health.ok, details })).into_response()
}

/// Leaves what concerns the sessions of this caller.
fn own(health: &mut Health, caller: &Principal) {
    health.accounts.retain(|account| caller.sees(&account.owner));
    let accounts = &health.accounts;
    let is_own = |problem: &HealthProblem| {
        problem.account.as_ref().is_some_and(|account| accounts.iter().any(|own| own.account == *account))
    };
    health.problems.retain(is_own);
    health.warnings.retain(is_own);
    health.rejections.clear();
    health.outbox_waiting = accounts.iter().map(|account| account.outbox_waiting as u64).sum();
    // Of the rest it is not kept whose it is.
    (health.inbox_waiting, health.quarantined, health.outbox_held) = (0, 0, 0);
    (health.conversations_active, health.restarts) = (0, 0);
}

fn status(ok: bool) -> StatusCode {
    if ok { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE }
}

/// A stranger reads this, so it holds no path and no error of the system.
fn sign(found: &Result<(), NotReady>) -> Response {
    let (error, code) = match found {
        Ok(()) => (None, None),
        Err(NotReady::Store { .. }) => (Some("the store cannot be written"), Some("store")),
        Err(NotReady::NoLink) => (Some("no account has a link to its network"), Some("no_link")),
        Err(_) => (Some("it is stopping"), Some("stopping")),
    };
    let view = SignView { ok: found.is_ok(), error: error.map(str::to_owned), code: code.map(str::to_owned) };
    (status(view.ok), Json(view)).into_response()
}

/// The last look at the health, for those who may ask as often as they like.
#[derive(Default)]
pub(super) struct Cache {
    last: tokio::sync::Mutex<Option<(Instant, bool)>>,
}

impl Cache {
    /// Whether all is well now, or was a moment ago. One look at a time, however many ask.
    async fn ok(&self, handle: &EngineHandle) -> bool {
        let look = async {
            let mut last = self.last.lock().await;
            if let Some((at, ok)) = *last
                && at.elapsed() < limits::HEALTH_AGE_MAX
            {
                return ok;
            }
            let ok = handle.health().await.ok;
            *last = Some((Instant::now(), ok));
            ok
        };
        tokio::time::timeout(limits::HEALTH_TIMEOUT, look).await.unwrap_or(false)
    }
}

//! The paths, below their limits.

mod accounts;
mod allow;
mod health;
mod quarantine;
mod webhooks;
mod why;

use crate::Options;
use crate::access::Token;
use axum::extract::{DefaultBodyLimit, Request, State as Extracted};
use axum::http::StatusCode;
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{delete, get, post, put};
use axum::{Json, Router};
use greenroom_client::{ErrorView, NextView};
use greenroom_contract::address::AllowEntry;
use greenroom_contract::ids::ChannelName;
use greenroom_contract::limits;
use greenroom_contract::store::StoreError;
use greenroom_contract::time::Timestamp;
use greenroom_engine::EngineHandle;
use std::sync::Arc;
use tokio::sync::Semaphore;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::limit::RequestBodyLimitLayer;
use tower_http::timeout::TimeoutLayer;

/// What every route may use.
#[derive(Clone)]
pub(crate) struct State {
    handle: EngineHandle,
    token: Token,
    started_at: Timestamp,
    version: Arc<str>,
}

impl State {
    pub(crate) fn new(handle: EngineHandle, token: Token, started_at: Timestamp, options: &Options) -> Self {
        Self { handle, token, started_at, version: options.version.as_str().into() }
    }

    /// The channels that run now, and whom the configuration admits there.
    fn channels(&self) -> Vec<(ChannelName, Vec<AllowEntry>)> {
        self.handle.blueprint().channels().map(|part| (part.name, part.policy.allow_from)).collect()
    }
}

/// Everything the gateway answers.
pub(crate) fn router(state: State) -> Router {
    let guarded = Router::new()
        .route("/api/v1/why", get(why::latest))
        .route("/api/v1/why/{message}", get(why::one))
        .route("/api/v1/quarantine", get(quarantine::list))
        .route("/api/v1/quarantine/{sequence}/release", post(quarantine::release))
        .route("/api/v1/allow", get(allow::list))
        .route("/api/v1/channels/{channel}/allow/{entry}", put(allow::add).delete(allow::remove))
        .route("/api/v1/accounts", get(accounts::list))
        .route("/api/v1/accounts/clean", post(accounts::clean))
        .route("/api/v1/accounts/{account}", delete(accounts::forget))
        .route(
            "/api/v1/accounts/{account}/login",
            get(accounts::progress).post(accounts::refresh).delete(accounts::cancel),
        )
        .route("/api/v1/accounts/{account}/login/answers", post(accounts::answer))
        .route("/api/v1/accounts/{account}/reconnect", post(accounts::reconnect))
        .route("/api/v1/accounts/{account}/disconnect", post(accounts::disconnect))
        .route("/api/v1/channels/{channel}/accounts", post(accounts::link))
        .fallback(|| async { Refusal::new(StatusCode::NOT_FOUND, "there is nothing here") })
        .layer(from_fn_with_state(state.token.clone(), only_with_token));
    let open = Router::new()
        .route("/healthz", get(health::health))
        .route("/api/v1/health", get(health::health))
        .route("/api/channels/{channel}", get(webhooks::verify).post(webhooks::deliver));
    limited(open.merge(guarded).with_state(state), limits::REQUESTS_MAX)
}

/// Puts the limits around routes: body, time, number, and a panic ends one request only.
fn limited(routes: Router, requests_max: usize) -> Router {
    let permits = Arc::new(Semaphore::new(requests_max));
    routes
        .layer(DefaultBodyLimit::disable())
        .layer(RequestBodyLimitLayer::new(limits::REQUEST_BYTES_MAX))
        .layer(CatchPanicLayer::new())
        .layer(TimeoutLayer::with_status_code(StatusCode::SERVICE_UNAVAILABLE, limits::REQUEST_TIMEOUT))
        .layer(from_fn_with_state(permits, only_so_many))
}

async fn only_with_token(Extracted(token): Extracted<Token>, request: Request, next: Next) -> Response {
    if token.opens(request.headers()) {
        return next.run(request).await;
    }
    Refusal::new(StatusCode::UNAUTHORIZED, "the token is missing or wrong; it is kept in gateway.json").into_response()
}

async fn only_so_many(Extracted(permits): Extracted<Arc<Semaphore>>, request: Request, next: Next) -> Response {
    match permits.try_acquire() {
        Ok(_permit) => next.run(request).await,
        Err(_) => Refusal::new(StatusCode::SERVICE_UNAVAILABLE, "too many requests at the same time").into_response(),
    }
}

/// Why a request is refused.
#[derive(Debug)]
pub(crate) struct Refusal {
    status: StatusCode,
    reason: String,
    code: Option<&'static str>,
    warning: Option<String>,
    next: Option<Box<NextView>>,
}

impl Refusal {
    pub(crate) fn new(status: StatusCode, reason: impl Into<String>) -> Self {
        Self { status, reason: reason.into(), code: None, warning: None, next: None }
    }
}

impl From<StoreError> for Refusal {
    fn from(error: StoreError) -> Self {
        let status = match error {
            StoreError::NotFound { .. } => StatusCode::NOT_FOUND,
            StoreError::Invalid { .. } => StatusCode::BAD_REQUEST,
            _ => StatusCode::SERVICE_UNAVAILABLE,
        };
        Self::new(status, error.to_string())
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let (code, next) = (self.code.map(str::to_owned), self.next.map(|next| *next));
        (self.status, Json(ErrorView { error: self.reason, code, warning: self.warning, next })).into_response()
    }
}

#[cfg(test)]
mod tests;

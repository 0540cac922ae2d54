//! The paths, below their limits.

mod accounts;
mod allow;
mod body;
mod conversations;
mod health;
mod host;
mod metrics;
mod outbox;
mod quarantine;
mod traced;
mod usage;
mod wakes;
mod webhooks;
mod why;

use crate::access::Token;
use crate::errors::{Refusal, in_one_shape};
use crate::{Options, limits};
use axum::Router;
use axum::extract::{DefaultBodyLimit, Request, State as Extracted};
use axum::http::StatusCode;
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{delete, get, post, put};
use greenroom_contract::address::AllowEntry;
use greenroom_contract::ids::ChannelName;
use greenroom_contract::limits::REQUEST_TIMEOUT;
use greenroom_contract::time::{Clock, Timestamp};
use greenroom_engine::EngineHandle;
use host::Hosts;
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
    clock: Clock,
    started_at: Timestamp,
    version: Arc<str>,
    currency: Arc<str>,
    hosts: Hosts,
    health: Arc<health::Cache>,
    /// Permits for deliveries whose bodies were received.
    deliveries: Arc<Semaphore>,
    /// Permits for checking large bodies.
    large_bodies: Arc<Semaphore>,
}

impl State {
    pub(crate) fn new(handle: EngineHandle, token: Token, started_at: Timestamp, options: &Options) -> Self {
        let version = options.version.as_str().into();
        let currency = options.currency.as_str().into();
        let hosts = Hosts::new(options.public_url.as_deref());
        let deliveries = Arc::new(Semaphore::new(limits::DELIVERIES_MAX));
        let large_bodies = Arc::new(Semaphore::new(limits::LARGE_BODIES_MAX));
        let health = Arc::default();
        let clock = options.clock;
        Self { handle, token, clock, started_at, version, currency, hosts, health, deliveries, large_bodies }
    }

    /// The channels that run now, and whom the configuration admits there.
    fn channels(&self) -> Vec<(ChannelName, Vec<AllowEntry>)> {
        self.handle.blueprint().channels().map(|part| (part.name, part.policy.allow_from)).collect()
    }
}

/// Everything the gateway answers. Each kind of request has a pool of its own, so that none silences another.
pub(crate) fn router(state: State) -> Router {
    let api = Router::new()
        .route("/api/v1/why", get(why::latest))
        .route("/api/v1/why/{message}", get(why::one))
        .route("/api/v1/quarantine", get(quarantine::list))
        .route("/api/v1/quarantine/{sequence}/release", post(quarantine::release))
        .route("/api/v1/conversations/{conversation}/release", post(conversations::release))
        .route("/api/v1/wakes", get(wakes::list))
        .route("/api/v1/wakes/{number}", delete(wakes::cancel))
        .route("/metrics", get(metrics::metrics))
        .route("/api/v1/usage", get(usage::sums))
        .route("/api/v1/outbox", get(outbox::list))
        .route("/api/v1/outbox/release", post(outbox::release_all))
        .route("/api/v1/outbox/{id}/release", post(outbox::release))
        .route("/api/v1/outbox/{id}/drop", post(outbox::drop_one))
        .route("/api/v1/allow", get(allow::list))
        .route("/api/v1/channels/{channel}/allow/{entry}", put(allow::add).delete(allow::remove))
        .route("/api/v1/accounts", get(accounts::list))
        .route("/api/v1/accounts/clean", post(accounts::clean))
        .route("/api/v1/accounts/{account}", delete(accounts::forget))
        .route("/api/v1/accounts/{account}/login/answers", post(accounts::answer))
        .route("/api/v1/accounts/{account}/reconnect", post(accounts::reconnect))
        .route("/api/v1/accounts/{account}/disconnect", post(accounts::disconnect))
        .route("/api/v1/channels/{channel}/accounts", post(accounts::link))
        // Answers as soon as there is news, so it waits apart from what is answered immediately.
        .route(
            "/api/v1/accounts/{account}/login",
            get(accounts::progress)
                .layer(from_fn_with_state(Pool::new(limits::WAITING_MAX), Pool::admit))
                .merge(post(accounts::refresh).delete(accounts::cancel)),
        );
    let waits = |request: &Request| request.method() == "GET" && request.uri().path().ends_with("/login");
    let api = api
        .fallback(|| async { Refusal::new(StatusCode::NOT_FOUND, "there is nothing here") })
        .layer(RequestBodyLimitLayer::new(limits::API_BODY_BYTES_MAX))
        .layer(from_fn_with_state(Pool::except(limits::API_REQUESTS_MAX, waits), Pool::admit))
        .layer(from_fn_with_state(state.token.clone(), only_with_token))
        .layer(from_fn_with_state(state.hosts.clone(), only_by_its_name));
    let health = Router::new()
        .route("/healthz", get(health::alive))
        .route("/readyz", get(health::ready))
        .route("/api/v1/health", get(health::health))
        .layer(from_fn_with_state(Pool::new(limits::HEALTH_REQUESTS_MAX), Pool::admit));
    let webhooks = Router::new()
        .route("/api/channels/{channel}", get(webhooks::verify).post(webhooks::deliver))
        // Meta's form takes a callback with a slash at its end, and calls it so.
        .route("/api/channels/{channel}/", get(webhooks::verify).post(webhooks::deliver))
        .route("/api/channels/{channel}/{*rest}", get(webhooks::unknown).post(webhooks::unknown));
    finished(api.merge(health).merge(webhooks).with_state(state))
}

/// What holds for all routes: a request ends in time, a panic ends one request only, and every error has one shape.
fn finished(routes: Router) -> Router {
    routes
        .layer(DefaultBodyLimit::disable())
        .layer(CatchPanicLayer::new())
        .layer(TimeoutLayer::with_status_code(StatusCode::SERVICE_UNAVAILABLE, REQUEST_TIMEOUT))
        .layer(from_fn(in_one_shape))
        .layer(from_fn(traced::traced))
}

async fn only_with_token(Extracted(token): Extracted<Token>, request: Request, next: Next) -> Response {
    if token.opens(request.headers()) {
        return next.run(request).await;
    }
    Refusal::new(StatusCode::UNAUTHORIZED, "the token is missing or wrong; it is kept in gateway.json").into_response()
}

async fn only_by_its_name(Extracted(hosts): Extracted<Hosts>, request: Request, next: Next) -> Response {
    match hosts.check(&request) {
        Ok(()) => next.run(request).await,
        Err(refusal) => refusal.into_response(),
    }
}

/// How many requests of one kind are worked on at the same time. More are refused and not queued.
#[derive(Clone)]
struct Pool {
    permits: Arc<Semaphore>,
    /// Requests that have a pool of their own.
    is_elsewhere: fn(&Request) -> bool,
}

impl Pool {
    fn new(requests_max: usize) -> Self {
        Self::except(requests_max, |_| false)
    }

    fn except(requests_max: usize, is_elsewhere: fn(&Request) -> bool) -> Self {
        Self { permits: Arc::new(Semaphore::new(requests_max)), is_elsewhere }
    }

    async fn admit(Extracted(pool): Extracted<Self>, request: Request, next: Next) -> Response {
        if (pool.is_elsewhere)(&request) {
            return next.run(request).await;
        }
        match pool.permits.try_acquire() {
            Ok(_permit) => next.run(request).await,
            Err(_) => too_many(request.extensions().get()).into_response(),
        }
    }
}

/// No permit is left.
fn too_many(place: Option<&crate::connections::Place>) -> Refusal {
    if let Some(place) = place {
        place.turned_away();
    }
    Refusal::new(StatusCode::SERVICE_UNAVAILABLE, "too many requests at the same time; try again")
}

#[cfg(test)]
mod tests;

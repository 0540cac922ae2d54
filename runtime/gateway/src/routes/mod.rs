//! The paths, below their limits.

mod access;
mod allow;
mod backup;
mod body;
mod chats;
mod conversations;
mod events;
mod fence;
mod health;
mod host;
mod kept;
mod linking;
mod lists;
mod login;
#[cfg(feature = "mcp")]
mod mcp;
mod metrics;
mod outbox;
mod pages;
mod parts;
mod peers;
mod people;
mod portal;
mod qr;
mod quarantine;
mod register;
mod seen;
mod send;
mod sessions;
mod settings;
mod traced;
mod usage;
mod wakes;
mod webhooks;
mod why;

use crate::errors::{Refusal, in_one_shape};
use crate::principal::{Gate, Principal};
use crate::program::Program;
use crate::{Options, limits};
use axum::extract::rejection::JsonRejection;
use axum::extract::{DefaultBodyLimit, FromRef, FromRequest, FromRequestParts, Request, State as Extracted};
use axum::http::StatusCode;
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE};
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use greenroom_contract::address::AllowEntry;
use greenroom_contract::ids::ChannelName;
use greenroom_contract::limits::REQUEST_TIMEOUT;
use greenroom_contract::time::{Clock, Timestamp};
use greenroom_engine::EngineHandle;
use host::Hosts;
use peers::{Attempts, client_address};
use register::{Api, guarded, open};
use std::net::IpAddr;
use std::sync::Arc;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;
use tower_http::limit::RequestBodyLimitLayer;
use tower_http::timeout::TimeoutLayer;

/// What every route may use.
#[derive(Clone)]
pub(crate) struct State {
    handle: EngineHandle,
    gate: Gate,
    clock: Clock,
    started_at: Timestamp,
    version: Arc<str>,
    currency: Arc<str>,
    hosts: Hosts,
    /// The address under which a browser on this machine finds the portal.
    portal: Arc<str>,
    /// How the world reaches it, if it does.
    public_url: Option<Arc<str>>,
    /// Proxies of ours, which say for whom they ask.
    proxies: Arc<[IpAddr]>,
    logins: Arc<Attempts>,
    /// Requests with tokens that are wrong or too old.
    wrong_tokens: Arc<Attempts>,
    health: Arc<health::Cache>,
    /// Permits for deliveries whose bodies were received.
    deliveries: Arc<Semaphore>,
    /// Permits for checking large bodies.
    large_bodies: Arc<Semaphore>,
    /// Whether agents may call it by the Model Context Protocol.
    #[cfg(feature = "mcp")]
    mcp: bool,
    /// What only the program around the gateway knows.
    program: Arc<dyn Program>,
    /// Permits for streams of events.
    streams: Arc<Semaphore>,
    /// Ends the streams.
    stopping: CancellationToken,
}

impl State {
    pub(crate) fn new(
        handle: EngineHandle,
        gate: Gate,
        (started_at, portal): (Timestamp, &str),
        options: &Options,
    ) -> Self {
        let public_url = options.public_url.as_deref();
        Self {
            handle,
            gate,
            clock: options.clock,
            started_at,
            version: options.version.as_str().into(),
            currency: options.currency.as_str().into(),
            hosts: Hosts::new(public_url, &options.access.allowed_origins),
            portal: portal.into(),
            public_url: public_url.map(Into::into),
            proxies: options.trusted_proxies.as_slice().into(),
            logins: Arc::new(Attempts::to_log_in()),
            wrong_tokens: Arc::new(Attempts::with_wrong_tokens()),
            health: Arc::default(),
            deliveries: Arc::new(Semaphore::new(limits::DELIVERIES_MAX)),
            large_bodies: Arc::new(Semaphore::new(limits::LARGE_BODIES_MAX)),
            #[cfg(feature = "mcp")]
            mcp: options.mcp,
            program: Arc::clone(&options.program),
            streams: Arc::new(Semaphore::new(limits::EVENT_STREAMS_MAX)),
            stopping: CancellationToken::new(),
        }
    }

    /// The same, with streams that end then and leave a third of these places to others.
    pub(crate) fn until(self, stopping: CancellationToken, places: usize) -> Self {
        let streams_max = (places * 2 / 3).clamp(1, limits::EVENT_STREAMS_MAX);
        Self { stopping, streams: Arc::new(Semaphore::new(streams_max)), ..self }
    }

    /// The channels that run now, and whom the configuration admits there.
    fn channels(&self) -> Vec<(ChannelName, Vec<AllowEntry>)> {
        self.handle.blueprint().channels().map(|part| (part.name, part.policy.allow_from)).collect()
    }
}

impl FromRef<State> for Gate {
    fn from_ref(state: &State) -> Self {
        state.gate.clone()
    }
}

/// What is there for callers who are known.
fn api() -> Api {
    // Answers as soon as there is news, so it waits apart from what is answered immediately.
    let waiting = from_fn_with_state(Pool::new(limits::WAITING_MAX), Pool::admit);
    Api::new()
        .with(guarded!(login::me))
        .with(guarded!(login::log_out))
        .with(guarded!(login::make_link))
        .with(guarded!(sessions::list))
        .with(guarded!(sessions::show))
        .with(guarded!(sessions::remove))
        .with(guarded!(sessions::clean))
        .with(guarded!(sessions::reconnect))
        .with(guarded!(linking::create))
        .with(guarded!(linking::progress).map(|route| route.layer(waiting)))
        .with(guarded!(linking::refresh))
        .with(guarded!(linking::cancel))
        .with(guarded!(linking::answer))
        .with(guarded!(access::explain))
        .with(guarded!(access::refusals))
        .with(guarded!(allow::list))
        .with(guarded!(lists::of_channel))
        .with(guarded!(lists::replace_of_channel))
        .with(guarded!(lists::add_to_channel))
        .with(guarded!(lists::take_from_channel))
        .with(guarded!(lists::of_session))
        .with(guarded!(lists::replace_of_session))
        .with(guarded!(lists::add_to_session))
        .with(guarded!(lists::take_from_session))
        .with(guarded!(qr::show))
        .with(guarded!(events::stream))
        .with(guarded!(chats::list))
        .with(guarded!(chats::show))
        .with(guarded!(chats::turns))
        .with(guarded!(chats::pause))
        .with(guarded!(chats::resume))
        .with(guarded!(chats::forget))
        .with(guarded!(send::send))
        .with(guarded!(people::list))
        .with(guarded!(parts::channels))
        .with(guarded!(settings::show))
        .with(guarded!(settings::save))
        .with(guarded!(settings::check))
        .with(guarded!(parts::assistants))
        .with(guarded!(parts::models))
        .with(guarded!(parts::tools))
        .with(guarded!(parts::plugins))
        .with(guarded!(parts::actors))
        .with(guarded!(parts::refused))
        .with(guarded!(parts::reload))
        .with(guarded!(conversations::release))
        .with(guarded!(why::latest))
        .with(guarded!(why::one))
        .with(guarded!(quarantine::list))
        .with(guarded!(quarantine::release))
        .with(guarded!(wakes::list))
        .with(guarded!(wakes::cancel))
        .with(guarded!(outbox::list))
        .with(guarded!(outbox::release_all))
        .with(guarded!(outbox::release))
        .with(guarded!(outbox::drop_one))
        .with(guarded!(usage::sums))
        .with(guarded!(kept::export))
        .with(guarded!(kept::forget))
        .with(guarded!(backup::write))
}

/// The files of the portal.
fn portal() -> Router<State> {
    Router::new()
        .route("/", get(portal::enter))
        .route("/portal", get(portal::enter))
        .route("/portal/", get(portal::index))
        .route("/portal/{*path}", get(portal::serve))
        .layer(CompressionLayer::new())
}

/// Everything the gateway answers. Each kind of request has a pool of its own, so that none silences another.
pub(crate) fn router(state: State) -> Router {
    let (api, about_api) = api().split();
    let (open, about_open) = Api::new().with(open!(login::log_in)).with(open!(fence::compare)).split();
    let (health, about_health) = Api::new().with(open!(health::health)).split();
    let document = register::document(&state.version, [about_api, about_open, about_health]);
    #[cfg(feature = "mcp")]
    let api = if state.mcp { api.route_service(mcp::PATH, mcp::service(&state)) } else { api };
    let waits = |request: &Request| request.method() == "GET" && request.uri().path().ends_with("/link");
    let api = api
        .fallback(|| async { Refusal::new(StatusCode::NOT_FOUND, "there is nothing here") })
        .layer(RequestBodyLimitLayer::new(limits::API_BODY_BYTES_MAX))
        .layer(from_fn_with_state(Pool::except(limits::API_REQUESTS_MAX, waits), Pool::admit))
        .layer(from_fn_with_state(state.clone(), only_with_principal));
    let open = open
        .route("/api/openapi.json", get(move || async move { ([(CONTENT_TYPE, "application/json")], document) }))
        .route("/metrics", get(metrics::metrics))
        .merge(portal())
        .layer(RequestBodyLimitLayer::new(limits::API_BODY_BYTES_MAX))
        .layer(from_fn_with_state(Pool::new(limits::OPEN_REQUESTS_MAX), Pool::admit));
    // Within what tells a browser that it may read the answer, so that it may read these too.
    let pages = api
        .merge(open)
        .layer(CatchPanicLayer::new())
        .layer(TimeoutLayer::with_status_code(StatusCode::SERVICE_UNAVAILABLE, REQUEST_TIMEOUT))
        .layer(from_fn_with_state(state.hosts.clone(), pages::only_by_its_name));
    let health = health
        .route("/healthz", get(health::alive))
        .route("/readyz", get(health::ready))
        .layer(from_fn_with_state(Pool::new(limits::HEALTH_REQUESTS_MAX), Pool::admit));
    let webhooks = Router::new()
        .route("/api/channels/{channel}", get(webhooks::verify).post(webhooks::deliver))
        // Meta's form takes a callback with a slash at its end, and calls it so.
        .route("/api/channels/{channel}/", get(webhooks::verify).post(webhooks::deliver))
        .route("/api/channels/{channel}/{*rest}", get(webhooks::unknown).post(webhooks::unknown));
    finished(pages.merge(health).merge(webhooks).with_state(state))
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

/// Whoever is not known is refused before anything else is looked at.
///
/// Whoever carries a token that is wrong is refused with other words after a while, and never whoever carries a good one: a
/// program whose token ended must not shut out the others behind the same proxy.
async fn only_with_principal(Extracted(state): Extracted<State>, request: Request, next: Next) -> Response {
    let address = client_address(&request, &state.proxies);
    let (mut parts, body) = request.into_parts();
    match <Principal as FromRequestParts<State>>::from_request_parts(&mut parts, &state).await {
        Ok(principal) => {
            parts.extensions.insert(principal);
            next.run(Request::from_parts(parts, body)).await
        }
        Err(refusal) if parts.headers.contains_key(AUTHORIZATION) => {
            state.wrong_tokens.check(address).err().unwrap_or(refusal).into_response()
        }
        Err(refusal) => refusal.into_response(),
    }
}

/// The body of a request as JSON, where the head is needed as well.
async fn json_of<T: serde::de::DeserializeOwned>(request: Request) -> Result<Json<T>, Refusal> {
    let rejected = |rejected: JsonRejection| Refusal::new(rejected.status(), rejected.body_text());
    <Json<T> as FromRequest<()>>::from_request(request, &()).await.map_err(rejected)
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

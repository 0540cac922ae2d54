//! How routes are registered: with a caller of a known scope, or openly; and never without a description.

use super::State;
use crate::principal::{Demands, Word};
use axum::Router;
use axum::handler::Handler;
use axum::routing::MethodRouter;
use bytes::Bytes;
use greenroom_client::ProblemView;
use utoipa::openapi::path::{Operation, PathItem, Paths};
use utoipa::openapi::security::{
    ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme,
};
use utoipa::openapi::{
    Components, ContentBuilder, InfoBuilder, OpenApi, OpenApiBuilder, Ref, Response, ResponseBuilder,
};
use utoipa_axum::router::{OpenApiRouter, UtoipaMethodRouter};

/// The name of the scheme for tokens in the header `Authorization`.
pub(super) const BEARER: &str = "token";
/// The name of the scheme for the cookie of the portal.
pub(super) const COOKIE: &str = "portal";

/// One handler with its description.
pub(super) struct Route(UtoipaMethodRouter<State>);

/// A route for callers of the scope that the handler's first argument names. What does not begin with `Allowed<_>` does not
/// compile:
///
/// ```text
/// api.with(guarded!(wakes::list))
/// ```
macro_rules! guarded {
    ($handler:path) => {
        $crate::routes::register::Route::guarded($handler, utoipa_axum::routes!($handler))
    };
}

/// A route for everybody. There are few, and a test knows them.
macro_rules! open {
    ($handler:path) => {
        $crate::routes::register::Route::open(utoipa_axum::routes!($handler))
    };
}

pub(super) use {guarded, open};

impl Route {
    /// By [`guarded`].
    pub(super) fn guarded<H, T>(_: H, mut routes: UtoipaMethodRouter<State>) -> Self
    where
        H: Handler<T, State>,
        T: Demands,
    {
        each_operation(&mut routes.1, |operation| {
            let scopes: Vec<&str> = T::WORD.into_iter().map(Word::as_str).collect();
            operation.security =
                Some(vec![SecurityRequirement::new(BEARER, scopes.clone()), SecurityRequirement::new(COOKIE, scopes)]);
            refuses(operation, "401", "nothing that opens this was carried, or it is wrong or too old");
            refuses(operation, "403", "the caller may not do this");
            refuses(operation, "default", "the request was refused");
        });
        Self(routes)
    }

    /// By [`open`].
    pub(super) fn open(mut routes: UtoipaMethodRouter<State>) -> Self {
        each_operation(&mut routes.1, |operation| {
            operation.security = Some(Vec::new());
            refuses(operation, "default", "the request was refused");
        });
        Self(routes)
    }

    /// The same with something around it, such as a pool of its own.
    pub(super) fn map(self, around: impl FnOnce(MethodRouter<State>) -> MethodRouter<State>) -> Self {
        let (schemas, paths, routes) = self.0;
        Self((schemas, paths, around(routes)))
    }
}

fn each_operation(paths: &mut Paths, change: impl Fn(&mut Operation)) {
    for PathItem { get, put, post, delete, patch, head, .. } in paths.paths.values_mut() {
        [get, put, post, delete, patch, head].into_iter().flatten().for_each(&change);
    }
}

fn refuses(operation: &mut Operation, status: &str, why: &str) {
    let problem = Ref::from_schema_name("ProblemView");
    let content = ContentBuilder::new().schema(Some(problem)).build();
    let response: Response = ResponseBuilder::new().description(why).content(ProblemView::MEDIA_TYPE, content).build();
    operation.responses.responses.entry(status.to_owned()).or_insert_with(|| response.into());
}

/// Routes, all of them described.
pub(super) struct Api(OpenApiRouter<State>);

impl Api {
    /// None yet.
    pub(super) fn new() -> Self {
        Self(OpenApiRouter::default())
    }

    /// One more.
    pub(super) fn with(self, route: Route) -> Self {
        Self(self.0.routes(route.0))
    }

    /// The routes, and what is told about them.
    pub(super) fn split(self) -> (Router<State>, OpenApi) {
        self.0.split_for_parts()
    }
}

/// The document about these routes.
pub(super) fn document(version: &str, parts: impl IntoIterator<Item = OpenApi>) -> Bytes {
    let bearer = HttpBuilder::new()
        .scheme(HttpAuthScheme::Bearer)
        .description(Some("The token in `gateway.json`, or a signed one (JWT, HS256)."))
        .build();
    let cookie = ApiKey::Cookie(ApiKeyValue::with_description("greenroom_session", "The cookie of the portal."));
    let mut components = Components::new();
    components.add_security_scheme(BEARER, SecurityScheme::Http(bearer));
    components.add_security_scheme(COOKIE, SecurityScheme::ApiKey(cookie));
    let mut schemas = Vec::new();
    <ProblemView as utoipa::ToSchema>::schemas(&mut schemas);
    schemas.push(("ProblemView".to_owned(), <ProblemView as utoipa::PartialSchema>::schema()));
    components.schemas.extend(schemas);
    let info = InfoBuilder::new().title("Greenroom").version(version).build();
    let mut document = OpenApiBuilder::new().info(info).components(Some(components)).build();
    for part in parts {
        document.merge(part);
    }
    // Maps with names for keys, so it cannot fail.
    serde_json::to_vec(&document).unwrap_or_default().into()
}

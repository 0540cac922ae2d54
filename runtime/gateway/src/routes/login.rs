//! Who calls, and how a browser becomes somebody who is known.

use super::State;
use super::peers::client_address;
use crate::announce::portal_link;
use crate::errors::Refusal;
use crate::principal::{Admin, Allowed, Anything, Grant};
use axum::Json;
use axum::extract::{Request, State as Extracted};
use axum::http::header::{CACHE_CONTROL, SET_COOKIE};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use greenroom_client::{LoginBody, MeView, PortalLinkView};

/// Who calls, and what they may do.
#[utoipa::path(get, path = "/api/v1/me", tag = "access", operation_id = "me", responses((status = 200, body = MeView)))]
pub(super) async fn me(Allowed(caller, _): Allowed<Anything>, Extracted(state): Extracted<State>) -> Response {
    let view = MeView {
        owner: caller.owner.to_string(),
        scopes: caller.scopes.words().map(|word| word.as_str().to_owned()).collect(),
        csrf: caller.ticket.map(|ticket| ticket.csrf),
        expires_ms: caller.until.map(|until| until.0),
        version: state.version.to_string(),
    };
    // The word that guards changes must not stay in a cache.
    ([(CACHE_CONTROL, HeaderValue::from_static("no-store"))], Json(view)).into_response()
}

/// Lets a browser into the portal by a code that was not used yet, and sets its cookie.
#[utoipa::path(post, path = "/api/v1/login", tag = "access", operation_id = "login",
    request_body = LoginBody, responses((status = 204)))]
pub(super) async fn log_in(Extracted(state): Extracted<State>, request: Request) -> Result<Response, Refusal> {
    state.logins.check(client_address(&request, &state.proxies))?;
    let headers = request.headers().clone();
    let Json(LoginBody { code }) = super::json_of(request).await?;
    let cookie = state.gate.log_in(&code, &headers)?;
    with_cookie(&cookie)
}

/// Takes the cookie back; it is good no longer, wherever a copy of it is.
#[utoipa::path(post, path = "/api/v1/logout", tag = "access", operation_id = "logout", responses((status = 204)))]
pub(super) async fn log_out(
    Allowed(caller, _): Allowed<Anything>,
    Extracted(state): Extracted<State>,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    with_cookie(&state.gate.log_out(&caller, &headers))
}

/// A link that lets one browser into the portal, once, for the owner and with the scopes of the caller.
#[utoipa::path(post, path = "/api/v1/portal-links", tag = "access", operation_id = "make_portal_link",
    responses((status = 201, body = PortalLinkView)))]
pub(super) async fn make_link(
    Allowed(caller, _): Allowed<Admin>,
    Extracted(state): Extracted<State>,
) -> Result<(StatusCode, Json<PortalLinkView>), Refusal> {
    let (code, until) = state.gate.link(Grant { owner: caller.owner, scopes: caller.scopes })?;
    let url = portal_link(&state.portal, &code);
    let public_url = state.public_url.as_deref().map(|base| portal_link(base, &code));
    Ok((StatusCode::CREATED, Json(PortalLinkView { url, public_url, expires_ms: until.0 })))
}

fn with_cookie(cookie: &str) -> Result<Response, Refusal> {
    let refused = |_| Refusal::new(StatusCode::INTERNAL_SERVER_ERROR, "the cookie cannot be written");
    let mut response = StatusCode::NO_CONTENT.into_response();
    response.headers_mut().insert(SET_COOKIE, HeaderValue::from_str(cookie).map_err(refused)?);
    Ok(response)
}

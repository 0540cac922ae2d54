//! What browsers are told: which pages may ask, and what a page of ours may do.

use super::host::Hosts;
use axum::extract::{Request, State as Extracted};
use axum::http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_METHOD, CONTENT_SECURITY_POLICY,
    HeaderName, REFERRER_POLICY, VARY, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

/// What a page of the portal may load, and from where: nothing that is not ours, and no script or style within the page.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
                      connect-src 'self'; font-src 'self'; base-uri 'none'; form-action 'self'; \
                      frame-ancestors 'none'; require-trusted-types-for 'script'";

/// What else holds for each file of the portal.
const GUARDS: [(HeaderName, &str); 6] = [
    (CONTENT_SECURITY_POLICY, POLICY),
    (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (REFERRER_POLICY, "no-referrer"),
    (X_FRAME_OPTIONS, "DENY"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("permissions-policy"), "camera=(), geolocation=(), microphone=(), payment=(), usb=()"),
];

/// What an answer to a page that is not ours may show it, beside the body.
const SHOWN: &str = "Date, X-Request-Id, X-Valid-Until-Ms, Retry-After, WWW-Authenticate";

/// Refuses requests by other names and from pages that may not ask; tells the browser of one that may that it may.
pub(super) async fn only_by_its_name(Extracted(hosts): Extracted<Hosts>, request: Request, next: Next) -> Response {
    if let Err(refusal) = hosts.check(&request) {
        return refusal.into_response();
    }
    let page = match hosts.page(&request) {
        Ok(page) => page,
        Err(refusal) => return refusal.into_response(),
    };
    let Some(page) = page.and_then(|page| HeaderValue::from_str(&page).ok()) else { return next.run(request).await };
    let is_question =
        request.method() == Method::OPTIONS && request.headers().contains_key(ACCESS_CONTROL_REQUEST_METHOD);
    let mut response = if is_question { may_ask() } else { next.run(request).await };
    let headers = response.headers_mut();
    headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, page);
    headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static(SHOWN));
    headers.append(VARY, HeaderValue::from_static("origin"));
    response
}

/// The answer to a browser that asks before it asks. No cookie is ever taken from such a page.
fn may_ask() -> Response {
    let headers = [
        (ACCESS_CONTROL_ALLOW_METHODS, "GET, POST, PUT, DELETE"),
        (
            ACCESS_CONTROL_ALLOW_HEADERS,
            "authorization, content-type, idempotency-key, last-event-id, mcp-protocol-version",
        ),
        (ACCESS_CONTROL_MAX_AGE, "600"),
    ];
    (StatusCode::NO_CONTENT, headers).into_response()
}

/// Puts the guards of a page around it.
pub(super) fn guard(headers: &mut HeaderMap) {
    for (name, value) in GUARDS {
        headers.insert(name, HeaderValue::from_static(value));
    }
}

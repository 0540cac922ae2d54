//! Each request has an id: in the lines of log that are written for it, and in its answer.

use axum::extract::{MatchedPath, Request};
use axum::http::{HeaderName, HeaderValue};
use axum::middleware::Next;
use axum::response::Response;
use tracing::Instrument as _;
use uuid::Uuid;

/// The header of the answer with the id. One that a request brings is not taken: it may be anything.
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Names the request. Of its path only the route is written down, because what stands in its place may be the number of a
/// person.
pub(super) async fn traced(request: Request, next: Next) -> Response {
    let id = Uuid::now_v7().simple().to_string();
    let route = request.extensions().get::<MatchedPath>().map_or("", MatchedPath::as_str);
    let span = tracing::info_span!("request", id, method = %request.method(), route);
    let mut response = next.run(request).instrument(span).await;
    if let Ok(id) = HeaderValue::from_str(&id) {
        response.headers_mut().insert(REQUEST_ID, id);
    }
    response
}

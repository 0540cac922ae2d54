//! Why a request is refused, in one shape for every path, every cause and every layer.

use crate::limits;
use axum::Json;
use axum::body::Body;
use axum::extract::Request;
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use axum::http::{HeaderValue, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use greenroom_client::{ErrorView, NextView};
use greenroom_contract::limits::REQUEST_BYTES_MAX;
use greenroom_contract::store::StoreError;
use greenroom_contract::text::bounded;

/// Why a request is refused.
#[derive(Debug)]
pub(crate) struct Refusal {
    pub(crate) status: StatusCode,
    pub(crate) reason: String,
    pub(crate) code: Option<&'static str>,
    pub(crate) warning: Option<String>,
    pub(crate) next: Option<Box<NextView>>,
}

impl Refusal {
    pub(crate) fn new(status: StatusCode, reason: impl Into<String>) -> Self {
        Self { status, reason: reason.into(), code: None, warning: None, next: None }
    }

    /// A body of more bytes than are taken.
    pub(crate) fn too_large() -> Self {
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, sentence(StatusCode::PAYLOAD_TOO_LARGE))
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
        let code = Some(self.code.map_or_else(|| code(self.status), str::to_owned));
        let view = ErrorView { error: self.reason, code, warning: self.warning, next: self.next.map(|next| *next) };
        (self.status, Json(view)).into_response()
    }
}

/// Gives what libraries answer on their own the shape of everything else: their words stay, as far as there are any.
pub(crate) async fn in_one_shape(request: Request, next: Next) -> Response {
    let response = next.run(request).await;
    let status = response.status();
    let kind = response.headers().get(CONTENT_TYPE).map(HeaderValue::as_bytes).unwrap_or_default();
    if !(status.is_client_error() || status.is_server_error()) || kind.starts_with(b"application/json") {
        return response;
    }
    let is_text = kind.starts_with(b"text/plain");
    let (mut parts, body) = response.into_parts();
    let words = if is_text {
        axum::body::to_bytes(body, limits::REASON_BYTES_MAX).await.unwrap_or_default()
    } else {
        Bytes::new()
    };
    let words = bounded(String::from_utf8_lossy(&words).trim(), limits::REASON_BYTES_MAX);
    let reason = if words.is_empty() { sentence(status) } else { words };
    let (mut shaped, body) = Refusal::new(status, reason).into_response().into_parts();
    // Whatever else was said stays, such as which methods are allowed.
    parts.headers.remove(CONTENT_LENGTH);
    parts.headers.remove(CONTENT_TYPE);
    shaped.headers.extend(parts.headers);
    Response::from_parts(shaped, Body::new(body))
}

/// The answer to a head that is refused before it is a request, instead of the bodiless one of the HTTP library.
pub(crate) fn instead_of(answer: &[u8]) -> Bytes {
    // `HTTP/1.1 431 …`
    let status = answer.get(9..12).and_then(|digits| StatusCode::from_bytes(digits).ok());
    let status = status.filter(StatusCode::is_client_error).unwrap_or(StatusCode::BAD_REQUEST);
    whole_answer(status, sentence(status))
}

/// The answer to plain HTTP where HTTPS is spoken.
#[cfg(feature = "https")]
pub(crate) fn plain_on_https() -> Bytes {
    let sentence = "this port speaks HTTPS: write https:// in front of the address";
    whole_answer(StatusCode::BAD_REQUEST, sentence.to_owned())
}

/// An answer where no HTTP library writes it.
fn whole_answer(status: StatusCode, sentence: String) -> Bytes {
    let view = ErrorView { error: sentence, code: Some(code(status)), warning: None, next: None };
    // Two texts, so it cannot fail.
    let body = serde_json::to_string(&view).unwrap_or_default();
    let head = format!(
        "HTTP/1.1 {} {}\r\nconnection: close\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
        status.as_u16(),
        status.canonical_reason().unwrap_or_default(),
        body.len()
    );
    Bytes::from(head + &body)
}

/// A status as one word for programs, such as `not_found`.
fn code(status: StatusCode) -> String {
    let reason = status.canonical_reason().unwrap_or("error");
    reason.to_lowercase().replace([' ', '-'], "_")
}

/// What a status means here.
fn sentence(status: StatusCode) -> String {
    match status {
        StatusCode::BAD_REQUEST => "this is not a request in HTTP/1.1".to_owned(),
        StatusCode::NOT_FOUND => "there is nothing here".to_owned(),
        StatusCode::METHOD_NOT_ALLOWED => "this path does not take this method".to_owned(),
        StatusCode::PAYLOAD_TOO_LARGE => {
            format!("the body is too large: at most {REQUEST_BYTES_MAX} bytes are taken, and fewer by the API")
        }
        StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE => format!(
            "the head of the request is too large: at most {} bytes and {} headers are taken",
            limits::HEAD_BYTES_MAX,
            limits::HEADERS_MAX
        ),
        StatusCode::SERVICE_UNAVAILABLE => "this took too long; try again".to_owned(),
        StatusCode::INTERNAL_SERVER_ERROR => "a bug ended this request".to_owned(),
        other => other.canonical_reason().unwrap_or("the request was refused").to_lowercase(),
    }
}

//! Why a request is refused, in one shape for every path, every cause and every layer.

use crate::limits;
use axum::Json;
use axum::body::Body;
use axum::extract::Request;
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE, WWW_AUTHENTICATE};
use axum::http::{HeaderValue, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use greenroom_client::{FieldProblemView, NextView, ProblemView};
use greenroom_contract::limits::REQUEST_BYTES_MAX;
use greenroom_contract::store::StoreError;
use greenroom_contract::text::bounded;

/// Why a request is refused.
#[derive(Debug)]
pub(crate) struct Refusal {
    pub(crate) status: StatusCode,
    pub(crate) reason: String,
    pub(crate) code: Option<&'static str>,
    pub(crate) warning: Option<Box<str>>,
    pub(crate) next: Option<Box<NextView>>,
    /// How many there are and may be, where a limit was reached.
    pub(crate) count: Option<(u64, u64)>,
    /// Values that are wrong, where several were sent.
    pub(crate) fields: Box<[FieldProblemView]>,
}

impl Refusal {
    /// With the code of the status.
    pub(crate) fn new(status: StatusCode, reason: impl Into<String>) -> Self {
        Self {
            status,
            reason: reason.into(),
            code: None,
            warning: None,
            next: None,
            count: None,
            fields: Box::default(),
        }
    }

    /// With a code of its own, in words with hyphens.
    pub(crate) fn coded(status: StatusCode, code: &'static str, reason: impl Into<String>) -> Self {
        Self { code: Some(code), ..Self::new(status, reason) }
    }

    /// There is no such thing, or it belongs to another owner: which of them is not told.
    pub(crate) fn not_found(what: &str) -> Self {
        Self::new(StatusCode::NOT_FOUND, format!("there is no {what}"))
    }

    /// A body of more bytes than are taken.
    pub(crate) fn too_large() -> Self {
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, sentence(StatusCode::PAYLOAD_TOO_LARGE))
    }

    /// Nothing was carried that opens this, or something wrong. Always the same words.
    pub(crate) fn unauthorized() -> Self {
        Self::new(StatusCode::UNAUTHORIZED, sentence(StatusCode::UNAUTHORIZED))
    }

    /// The caller is known and may not do this.
    pub(crate) fn missing_scope(scope: &'static str) -> Self {
        Self::coded(StatusCode::FORBIDDEN, "missing-scope", format!("this needs the scope {scope}"))
    }

    /// As it is written.
    pub(crate) fn view(self) -> ProblemView {
        let code = self.code.map_or_else(|| code(self.status), |code| code.replace('_', "-"));
        let (count, limit) = self.count.unzip();
        ProblemView {
            kind: format!("{}{code}", ProblemView::KINDS),
            title: title(&code),
            status: self.status.as_u16(),
            detail: self.reason,
            code,
            warning: self.warning.map(String::from),
            next: self.next.map(|next| *next),
            count,
            limit,
            fields: self.fields.into_vec(),
        }
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
        let status = self.status;
        let mut response = (status, Json(self.view())).into_response();
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(ProblemView::MEDIA_TYPE));
        if status == StatusCode::UNAUTHORIZED {
            headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}

/// Gives what libraries answer on their own the shape of everything else: their words stay, as far as there are any.
pub(crate) async fn in_one_shape(request: Request, next: Next) -> Response {
    let response = next.run(request).await;
    let status = response.status();
    let kind = response.headers().get(CONTENT_TYPE).map(HeaderValue::as_bytes).unwrap_or_default();
    if !(status.is_client_error() || status.is_server_error()) || is_ours(kind) {
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
    // Texts and numbers, so it cannot fail.
    let body = serde_json::to_string(&Refusal::new(status, sentence).view()).unwrap_or_default();
    let head = format!(
        "HTTP/1.1 {} {}\r\nconnection: close\r\ncontent-type: {}\r\ncontent-length: {}\r\n\r\n",
        status.as_u16(),
        status.canonical_reason().unwrap_or_default(),
        ProblemView::MEDIA_TYPE,
        body.len()
    );
    Bytes::from(head + &body)
}

/// Whether a route said it in the shape that it has here.
fn is_ours(kind: &[u8]) -> bool {
    kind.starts_with(b"application/json") || kind.starts_with(ProblemView::MEDIA_TYPE.as_bytes())
}

/// A status for programs, such as `not-found`.
fn code(status: StatusCode) -> String {
    let reason = status.canonical_reason().unwrap_or("error");
    reason.to_lowercase().replace([' ', '_'], "-")
}

/// A code for people: its words.
fn title(code: &str) -> String {
    code.replace('-', " ")
}

/// What a status means here.
fn sentence(status: StatusCode) -> String {
    match status {
        StatusCode::BAD_REQUEST => "this is not a request in HTTP/1.1".to_owned(),
        StatusCode::UNAUTHORIZED => "a token is missing, or it is wrong or too old".to_owned(),
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

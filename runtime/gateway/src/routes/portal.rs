//! The portal: files that are part of the program.

use super::pages;
use crate::errors::Refusal;
use axum::extract::Path;
use axum::http::header::{ACCESS_CONTROL_ALLOW_ORIGIN, CACHE_CONTROL, CONTENT_TYPE, ETAG, HeaderName, IF_NONE_MATCH};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use rust_embed::RustEmbed;

#[derive(RustEmbed)]
#[folder = "portal/"]
struct Files;

/// The page.
const INDEX: &str = "index.html";

/// Sends whoever opens the server in a browser to the portal.
pub(super) async fn enter() -> Redirect {
    Redirect::temporary("/portal/")
}

/// The page itself.
pub(super) async fn index(headers: HeaderMap) -> Response {
    file(INDEX, &headers)
}

/// One of its files.
pub(super) async fn serve(Path(path): Path<String>, headers: HeaderMap) -> Response {
    file(&path, &headers)
}

fn file(path: &str, asked: &HeaderMap) -> Response {
    let mut response = match Files::get(path) {
        Some(file) => found(path, file, asked),
        None => Refusal::not_found("such page").into_response(),
    };
    pages::guard(response.headers_mut());
    response
}

fn found(path: &str, file: rust_embed::EmbeddedFile, asked: &HeaderMap) -> Response {
    // Weak, because the same file is sent compressed and plain.
    let tag = format!("W/\"{}\"", hex::encode(file.metadata.sha256_hash()));
    let is_known = asked.get_all(IF_NONE_MATCH).iter().any(|known| {
        known.to_str().is_ok_and(|known| known.split(',').any(|known| known.trim() == tag || known.trim() == "*"))
    });
    let mut response = if is_known {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        let kind = mime_guess::from_path(path).first_raw().unwrap_or("application/octet-stream");
        let kind = if kind.starts_with("text/") { format!("{kind}; charset=utf-8") } else { kind.to_owned() };
        let kind = HeaderValue::from_str(&kind).unwrap_or(HeaderValue::from_static("application/octet-stream"));
        ([(CONTENT_TYPE, kind)], file.data).into_response()
    };
    let headers = response.headers_mut();
    // A new version of the program is a new page, at once.
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    headers.extend(HeaderValue::from_str(&tag).ok().map(|tag| (ETAG, tag)));
    // Pages of other programs load the parts that they embed. They are the same for everybody.
    if path == INDEX {
        headers
            .insert(HeaderName::from_static("cross-origin-resource-policy"), HeaderValue::from_static("same-origin"));
    } else {
        headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
        headers
            .insert(HeaderName::from_static("cross-origin-resource-policy"), HeaderValue::from_static("cross-origin"));
    }
    response
}

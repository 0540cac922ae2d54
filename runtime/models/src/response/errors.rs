//! What an error of the library means.
//!
//! Its errors print what was sent, what came back, and parts of keys. They are looked into by their types, and neither
//! printed nor kept.

use crate::decide::cool_down::retry_after;
use crate::decide::failure::{Failure, of_status, of_words};
use greenroom_contract::time::Timestamp;
use reqwest::header::{HeaderMap, RETRY_AFTER};
use std::time::Duration;

/// Why a request came to nothing.
pub(crate) fn failure(error: &genai::Error, now: Timestamp) -> Failure {
    match error {
        genai::Error::WebStream { error, .. } => below(error.as_ref(), now),
        genai::Error::ChatResponse { body, .. } => of_words(&body.to_string()),
        // What comes is not JSON, or not of this protocol.
        genai::Error::StreamParse { .. } | genai::Error::SerdeJson(_) | genai::Error::JsonValueExt(_) => {
            Failure::UNREADABLE
        }
        other => match other.status() {
            Some(status) => of_status(status.as_u16(), "", other.headers().and_then(|headers| pause(headers, now))),
            None => Failure::Refused { what: "the request cannot be put into its protocol" },
        },
    }
}

/// The error below that of a stream: a status, a connection, or silence.
fn below(error: &(dyn std::error::Error + Send + Sync + 'static), now: Timestamp) -> Failure {
    if let Some(genai::Error::HttpError { status, body, headers, .. }) = error.downcast_ref() {
        return of_status(status.as_u16(), body, pause(headers, now));
    }
    if error.is::<genai::webc::StreamTimeout>() {
        return Failure::SILENT;
    }
    match error.downcast_ref::<reqwest::Error>() {
        Some(error) if error.is_connect() => Failure::Unavailable { what: "no connection to it can be made" },
        Some(error) if error.is_timeout() => Failure::Unavailable { what: "it does not answer in time" },
        Some(error) if error.is_builder() => Failure::Refused { what: "the request cannot be sent" },
        Some(_) => Failure::CUT,
        None => Failure::UNREADABLE,
    }
}

/// The pause that it asks for.
fn pause(headers: &HeaderMap, now: Timestamp) -> Option<Duration> {
    retry_after(headers.get(RETRY_AFTER)?.to_str().ok()?, now)
}

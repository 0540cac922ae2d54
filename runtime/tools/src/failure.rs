//! What went wrong with a request, in words of this project. What a server says is never repeated without being cut, made
//! safe to show and rid of secrets; what the protocol's library says is not repeated at all, because it holds payloads.

use crate::limits::{REFUSAL_BYTES_MAX, RETRY_AFTER_MAX};
use crate::masks::Masks;
#[cfg(unix)]
use crate::wire::incoming::UNREADABLE;
use greenroom_contract::text;
use greenroom_contract::time::Timestamp;
use greenroom_support::resolver;
use rmcp::model::{ErrorCode, ErrorData};
use rmcp::service::{ClientInitializeError, ServiceError};
use rmcp::transport::DynamicTransportError;
use rmcp::transport::streamable_http_client::StreamableHttpError;
use std::error::Error;
use std::time::Duration;

/// What went wrong with a request, by what is known of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Failure {
    /// It was not made, or not accepted.
    Away { what: String, after: Option<Duration> },
    /// The server refuses it for what it says.
    Refused(String),
    /// The server says that it failed.
    Failed(String),
    /// It may have been carried out.
    Unclear(String),
    /// The same: there was no answer in time.
    TooSlow,
    /// The same: the connection ended before there was an answer.
    Ended,
}

impl Failure {
    fn away(what: impl Into<String>) -> Self {
        Self::Away { what: what.into(), after: None }
    }

    fn unclear(what: impl Into<String>) -> Self {
        Self::Unclear(what.into())
    }

    /// Whether it is worth finding out if the server is still there.
    pub(crate) fn raises_doubt(&self) -> bool {
        matches!(self, Self::Away { .. } | Self::Unclear(_) | Self::TooSlow | Self::Ended)
    }

    /// In words, for a request that changes nothing.
    pub(crate) fn words(self) -> String {
        match self {
            Self::Away { what, .. } | Self::Unclear(what) => what,
            Self::Refused(what) | Self::Failed(what) => format!("it answers with an error: {what}"),
            Self::TooSlow => "it did not answer in time".to_owned(),
            Self::Ended => "it ended before it answered".to_owned(),
        }
    }

    /// Of a request that was made.
    pub(crate) fn of(error: ServiceError, masks: &Masks, now: Timestamp) -> Self {
        match error {
            ServiceError::McpError(error) => Self::of_answer(&error, masks),
            ServiceError::TransportSend(error) => Self::of_transport(&error, now),
            ServiceError::TransportClosed | ServiceError::Cancelled { .. } => Self::Ended,
            ServiceError::Timeout { .. } => Self::TooSlow,
            _ => Self::unclear("its answer is not what was asked for"),
        }
    }

    fn of_answer(error: &ErrorData, masks: &Masks) -> Self {
        #[cfg(unix)]
        if error.code == UNREADABLE {
            return Self::unclear(error.message.clone());
        }
        let said = said(&error.message, masks);
        match error.code {
            ErrorCode::INVALID_PARAMS
            | ErrorCode::METHOD_NOT_FOUND
            | ErrorCode::INVALID_REQUEST
            | ErrorCode::PARSE_ERROR => Self::Refused(said),
            _ => Self::Failed(said),
        }
    }

    fn of_transport(error: &DynamicTransportError, now: Timestamp) -> Self {
        let mut below: Option<&(dyn Error + 'static)> = Some(error.error.as_ref());
        while let Some(one) = below {
            if let Some(http) = one.downcast_ref::<StreamableHttpError<reqwest::Error>>() {
                return Self::of_http(http, now);
            }
            below = one.source();
        }
        // A line that was not written to its end is not read as a message.
        Self::away("it does not take requests any more")
    }

    fn of_http(error: &StreamableHttpError<reqwest::Error>, now: Timestamp) -> Self {
        match error {
            StreamableHttpError::Client(error) => Self::of_client(error),
            StreamableHttpError::HttpStatus(status) => {
                let pause = status.retry_after.as_deref().and_then(|value| retry_after(value, now));
                Self::of_status(status.status, pause)
            }
            StreamableHttpError::UnexpectedServerResponse(said) => match status_in(said) {
                Some(status) => Self::of_status(status, None),
                None => Self::unclear("its answer is not that of a tool server"),
            },
            StreamableHttpError::AuthRequired(_) => Self::of_status(401, None),
            StreamableHttpError::InsufficientScope(_) => Self::of_status(403, None),
            StreamableHttpError::SessionExpired => Self::away("it has forgotten the session"),
            StreamableHttpError::ResponseBodyTooLarge { .. } => {
                Self::unclear("its answer is longer than any message that is read")
            }
            StreamableHttpError::UnexpectedContentType(_) | StreamableHttpError::Deserialize(_) => {
                Self::unclear("its answer is not that of a tool server")
            }
            StreamableHttpError::ReinitializationFailed(_) => Self::away("it refuses a new session"),
            StreamableHttpError::TransportChannelClosed => Self::Ended,
            _ => Self::unclear("the connection ended before the answer did"),
        }
    }

    fn of_client(error: &reqwest::Error) -> Self {
        if let Some(private) = resolver::refused(error) {
            return Self::away(private.to_string());
        }
        if error.is_connect() {
            return Self::away("it cannot be reached");
        }
        match error.status() {
            Some(status) => Self::of_status(status.as_u16(), None),
            None if error.is_timeout() => Self::TooSlow,
            None => Self::unclear("the connection ended before the answer did"),
        }
    }

    fn of_status(status: u16, after: Option<Duration>) -> Self {
        match status {
            300..=399 => Self::away(format!(
                "it answers {status} and leads elsewhere; redirects are not followed, so set url to the right address"
            )),
            401 | 403 => Self::away(format!("it answers {status}: is token set, and right?")),
            404 | 405 | 406 | 410 => Self::away(format!("it answers {status}: is the path of url right?")),
            429 | 503 => Self::Away { what: format!("it answers {status}: it has too much to do"), after },
            400..=499 => Self::Refused(format!("it answers {status}")),
            _ => Self::unclear(format!("it answers {status}")),
        }
    }

    /// Of a start.
    pub(crate) fn of_start(error: &ClientInitializeError, masks: &Masks, now: Timestamp) -> Self {
        match error {
            ClientInitializeError::TransportError { error, .. } => Self::of_transport(error, now),
            ClientInitializeError::JsonRpcError(error) => Self::of_answer(error, masks),
            ClientInitializeError::ConnectionClosed(_) => Self::Ended,
            ClientInitializeError::NoCompatibleProtocolVersion { .. } => {
                Self::away("it speaks another version of the protocol")
            }
            _ => Self::away("its answer to the first request is not that of a tool server"),
        }
    }
}

/// What a server says, on one line, cut, without secrets.
pub(crate) fn said(text: &str, masks: &Masks) -> String {
    let text = text::bounded(&masks.hide(text), REFUSAL_BYTES_MAX);
    text::one_line(&text).into_owned()
}

/// The status in a description such as `HTTP 302 Found: …`.
fn status_in(said: &str) -> Option<u16> {
    said.split("HTTP ").nth(1)?.get(..3)?.parse().ok()
}

/// The pause that `Retry-After` asks for: seconds, or a date.
fn retry_after(value: &str, now: Timestamp) -> Option<Duration> {
    greenroom_support::retry_after::retry_after(value, now.0).map(|pause| pause.min(RETRY_AFTER_MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_server_says_is_one_line_and_holds_no_secret() {
        let masks = Masks::new([greenroom_contract::secret::Secret::new("hunter2-hunter2")]);
        assert_eq!(said("no\n\u{1b}[2J hunter2-hunter2", &masks), "no\\u{a}\\u{1b}[2J ***");
        assert!(said(&"x".repeat(9_000), &masks).len() <= REFUSAL_BYTES_MAX);
    }

    #[test]
    fn a_pause_is_seconds_or_a_date() {
        let now = Timestamp(1_000);
        assert_eq!(retry_after(" 7", now), Some(Duration::from_secs(7)));
        assert_eq!(retry_after("99999999", now), Some(RETRY_AFTER_MAX));
        assert_eq!(retry_after("Thu, 01 Jan 1970 00:00:09 GMT", now), Some(Duration::from_secs(8)));
        assert_eq!(retry_after("soon", now), None);
    }

    #[test]
    fn a_status_says_whether_the_call_was_made() {
        for (status, is_away) in
            [(302, true), (401, true), (404, true), (429, true), (503, true), (500, false), (502, false)]
        {
            assert_eq!(matches!(Failure::of_status(status, None), Failure::Away { .. }), is_away, "{status}");
        }
        assert_eq!(Failure::of_status(422, None), Failure::Refused("it answers 422".to_owned()));
        assert_eq!(status_in("HTTP 302 Found: body"), Some(302));
        assert_eq!(status_in("HTTP"), None);
    }
}

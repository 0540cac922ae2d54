//! What a response means. Pure.

use crate::limits::RETRY_AFTER_MAX;
use greenroom_contract::assistant::AssistantError;
use greenroom_contract::cause::Cause;
use greenroom_contract::time::Timestamp;
use std::time::Duration;

/// What the head of a response says about the turn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// It is answered with silence.
    Silence,
    /// The body is the answer.
    Document,
    /// The service is away, or has too much to do; for so long at least.
    Away(Option<Duration>),
    /// It may work at the next attempt.
    Retry,
    /// It never works for this turn.
    Never,
}

/// What a status means. The pause is that of `Retry-After`.
pub(crate) fn of_status(status: u16, retry_after: Option<Duration>) -> Outcome {
    match status {
        204 | 205 => Outcome::Silence,
        200..=299 => Outcome::Document,
        429 | 503 => Outcome::Away(retry_after),
        408 | 425 | 500..=599 => Outcome::Retry,
        _ => Outcome::Never,
    }
}

/// Why a response is not an answer, in words for the owner.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Refusal {
    #[error(
        "the service answers {status} and leads elsewhere; redirects are not followed, so set url to the right address"
    )]
    Redirect { status: u16 },
    #[error("the service answers {status}: does it know the same secret?")]
    Unauthorized { status: u16 },
    #[error("the service answers {status}: is the path of url right?")]
    NotFound { status: u16 },
    #[error("the service answers {status}")]
    Status { status: u16 },
    #[error("the answer is not JSON but {content_type:?}; the service sends `content-type: application/json`")]
    NotJson { content_type: String },
    #[error("the answer is encoded as {encoding:?}, which was not asked for")]
    Encoded { encoding: String },
    #[error("no answer within {seconds} s")]
    TooSlow { seconds: u64 },
    #[error("the connection to the service ended before the answer did")]
    Cut(#[source] Cause),
    #[error("the service cannot be reached")]
    Unreachable(#[source] Cause),
}

impl Refusal {
    pub(crate) fn of_status(status: u16) -> Self {
        match status {
            300..=399 => Self::Redirect { status },
            401 | 403 => Self::Unauthorized { status },
            404 | 405 => Self::NotFound { status },
            _ => Self::Status { status },
        }
    }

    pub(crate) fn retry(self) -> AssistantError {
        AssistantError::Retry { reason: self.into(), after: None }
    }

    pub(crate) fn away(self, after: Option<Duration>) -> AssistantError {
        AssistantError::Unavailable { reason: self.into(), after }
    }

    pub(crate) fn never(self) -> AssistantError {
        AssistantError::Permanent { reason: self.into() }
    }
}

/// Whether a response declares itself as JSON: `application/json`, or anything that ends with `+json`.
pub(crate) fn is_json(content_type: &str) -> bool {
    let essence = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    essence == "application/json" || (essence.starts_with("application/") && essence.ends_with("+json"))
}

/// The pause that `Retry-After` asks for: seconds, or a date.
pub(crate) fn retry_after(value: &str, now: Timestamp) -> Option<Duration> {
    greenroom_support::retry_after::retry_after(value, now.0).map(|pause| pause.min(RETRY_AFTER_MAX))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::time::UNIX_EPOCH;

    #[test]
    fn every_status_means_one_thing() {
        let pause = Some(Duration::from_secs(7));
        for (statuses, outcome) in [
            (&[200, 201, 202, 226][..], Outcome::Document),
            (&[204, 205], Outcome::Silence),
            (&[429, 503], Outcome::Away(pause)),
            (&[500, 501, 502, 504, 599, 408, 425], Outcome::Retry),
            (&[100, 300, 301, 302, 304, 307, 308, 400, 401, 403, 404, 410, 418, 422, 999], Outcome::Never),
        ] {
            for status in statuses {
                assert_eq!(of_status(*status, pause), outcome, "{status}");
            }
        }
    }

    #[test]
    fn a_pause_is_seconds_or_a_date() {
        let now = Timestamp(1_795_000_000_000);
        let date = httpdate::fmt_http_date(UNIX_EPOCH + Duration::from_secs(1_795_000_030));
        let of = |value: &str| retry_after(value, now).map(|pause| pause.as_secs());
        assert_eq!((of("7"), of(" 0 "), of(&date)), (Some(7), Some(0), Some(30)));
        assert_eq!(of("Wed, 21 Oct 2015 07:28:00 GMT"), Some(0), "a date that is over");
        assert_eq!((of("99999999"), of("18446744073709551615")), (Some(3600), Some(3600)));
        assert_eq!((of(""), of("-1"), of("soon"), of("1.5")), (None, None, None, None));
    }

    #[test]
    fn json_is_told_by_its_type() {
        for (written, expected) in [
            ("application/json", true),
            ("Application/JSON; charset=utf-8", true),
            ("application/problem+json", true),
            ("text/html", false),
            ("text/json+html", false),
            ("application/jsonp", false),
            ("", false),
        ] {
            assert_eq!(is_json(written), expected, "{written}");
        }
    }

    proptest! {
        #[test]
        fn no_header_is_worse_than_none(value in any::<String>(), now in any::<u64>()) {
            prop_assert!(retry_after(&value, Timestamp(now)).is_none_or(|pause| pause <= RETRY_AFTER_MAX));
        }
    }
}

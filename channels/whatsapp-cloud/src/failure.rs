//! Every error code that matters, and what follows from it. Branches on the code alone; titles change.

use crate::limits::{CALLS_PAUSE, PAIR_PAUSE, REASON_CHARS_MAX, THROUGHPUT_PAUSE, UNWANTED_PAUSE};
use greenroom_contract::channel::{BackOff, SendError};
use serde_json::Value;
use std::time::Duration;

/// What follows from an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// The account stops; these words say what to do.
    StopAccount(&'static str),
    /// The account waits.
    BackOffAccount(Duration),
    /// This conversation waits.
    BackOffConversation(Duration),
    /// The 24-hour window is closed.
    WindowClosed,
    /// The template is missing, paused or does not match: the answer is held.
    Template,
    /// The person's identity key changed: the answer is held until they write again.
    IdentityChanged,
    /// The medium was lost on the way: it is uploaded anew, once.
    MediumLost,
    /// It may work soon.
    Retry,
    /// This message will never be taken.
    Permanent,
    /// We asked for something that does not exist: a bug here.
    OurBug,
    /// It is unknown whether the message was taken.
    Unknown,
}

const TOKEN: &str = "the access token is wrong or has expired: make a permanent System User token with \
                     whatsapp_business_messaging and whatsapp_business_management, set WHATSAPP_ACCESS_TOKEN, restart";
const PERMISSION: &str = "the access token lacks a permission: make a System User token with \
                          whatsapp_business_messaging and whatsapp_business_management for this account";
const LOCKED: &str = "Meta has locked or restricted the account: the WhatsApp Manager shows the reason";
const COUNTRY: &str = "Meta restricts messages to this country for this account: see the WhatsApp Manager";
const PAYMENT: &str = "Meta wants a payment method: add one in the WhatsApp Manager, Billing";
const REGISTER: &str = "the number is not registered: register it in the WhatsApp Manager, or with POST /{id}/register";

/// What follows from an answer that is not a success. `code` is Graph's, if the answer carried one.
pub fn classify(http_status: u16, code: Option<i64>) -> Class {
    match code {
        Some(code) => by_code(code).unwrap_or_else(|| by_status(http_status, Readable::Yes)),
        None => by_status(http_status, Readable::No),
    }
}

fn by_code(code: i64) -> Option<Class> {
    Some(match code {
        0 | 190 => Class::StopAccount(TOKEN),
        3 | 10 | 200..=299 | 131_005 => Class::StopAccount(PERMISSION),
        368 | 131_031 => Class::StopAccount(LOCKED),
        130_497 => Class::StopAccount(COUNTRY),
        131_042 => Class::StopAccount(PAYMENT),
        131_045 | 133_010 => Class::StopAccount(REGISTER),
        4 | 80_007 => Class::BackOffAccount(CALLS_PAUSE),
        130_429 => Class::BackOffAccount(THROUGHPUT_PAUSE),
        131_048 | 131_064 => Class::BackOffAccount(UNWANTED_PAUSE),
        131_056 => Class::BackOffConversation(PAIR_PAUSE),
        131_049 => Class::BackOffConversation(UNWANTED_PAUSE),
        131_047 => Class::WindowClosed,
        131_052 | 131_053 => Class::MediumLost,
        2 | 131_000 | 131_016 => Class::Retry,
        131_021 | 131_026 | 131_030 | 131_050 | 131_062 => Class::Permanent,
        100 | 131_008 | 131_009 | 131_051 => Class::OurBug,
        132_000..=132_016 => Class::Template,
        137_000 => Class::IdentityChanged,
        _ => return None,
    })
}

/// Whether the answer was Graph's own.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Readable {
    Yes,
    No,
}

fn by_status(http_status: u16, readable: Readable) -> Class {
    match http_status {
        401 => Class::StopAccount(TOKEN),
        403 => Class::StopAccount(PERMISSION),
        408 | 429 => Class::BackOffAccount(CALLS_PAUSE),
        // Graph itself says that it failed.
        500..=599 if readable == Readable::Yes => Class::Retry,
        // Something before Graph says it is not there.
        500 | 503 => Class::Retry,
        // Something before Graph lost the answer, or the answer cannot be read: the message may be on its way.
        200..=299 | 500..=599 => Class::Unknown,
        _ => Class::Permanent,
    }
}

impl Class {
    /// As the engine understands it. `jitter` spreads retries; it is below a second.
    pub fn into_send_error(self, reason: String, jitter: Duration) -> SendError {
        let wait = |after: Duration, scope| SendError::Retry {
            reason: reason.as_str().into(),
            after: Some(after + jitter),
            scope,
        };
        match self {
            Self::StopAccount(advice) => SendError::AccountStopped { reason: format!("{advice} ({reason})") },
            Self::BackOffAccount(after) => wait(after, BackOff::Account),
            Self::BackOffConversation(after) => wait(after, BackOff::Conversation),
            Self::Retry | Self::MediumLost => wait(Duration::from_secs(1), BackOff::Conversation),
            Self::WindowClosed => SendError::WindowClosed { reason },
            Self::Template => SendError::WindowClosed { reason: format!("the template cannot be used: {reason}") },
            Self::IdentityChanged => {
                SendError::WindowClosed { reason: format!("the person's identity has to be confirmed again: {reason}") }
            }
            Self::Permanent => SendError::Refused { reason },
            Self::OurBug => SendError::Refused { reason: format!("a bug in the adapter: {reason}") },
            Self::Unknown => SendError::Uncertain { reason: reason.into() },
        }
    }
}

/// Graph's error, as far as an answer carries one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct GraphFailure {
    /// The HTTP status.
    pub http_status: u16,
    /// Graph's code.
    pub code: Option<i64>,
    /// Code, title and details in one line, for traces.
    pub reason: String,
}

impl GraphFailure {
    /// Reads an answer.
    pub fn read(http_status: u16, body: &[u8]) -> Self {
        let body: Value = serde_json::from_slice(body).unwrap_or_default();
        let error = &body["error"];
        let code = error["code"].as_i64();
        let reason = match code {
            None => format!("HTTP {http_status} without a Graph error"),
            Some(code) => words(code, error["message"].as_str(), error["error_data"]["details"].as_str()),
        };
        Self { http_status, code, reason }
    }

    /// What follows from it.
    pub fn class(&self) -> Class {
        classify(self.http_status, self.code)
    }
}

/// Code, title and details in one short line.
pub(crate) fn words(code: i64, title: Option<&str>, details: Option<&str>) -> String {
    let title = title.unwrap_or("no title");
    let details = details.map(|details| format!(": {details}")).unwrap_or_default();
    format!("{code} {title}{details}").chars().filter(|c| !c.is_control()).take(REASON_CHARS_MAX).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn word(error: &SendError) -> &'static str {
        match error {
            SendError::Retry { scope: BackOff::Account, .. } => "account waits",
            SendError::Retry { scope: BackOff::Conversation, .. } => "conversation waits",
            SendError::Uncertain { .. } => "unknown",
            SendError::Refused { .. } => "refused",
            SendError::WindowClosed { .. } => "held",
            SendError::AccountStopped { .. } => "account stops",
            SendError::NotConnected => "not connected",
        }
    }

    fn check(codes: &[i64], expected: &str) {
        for code in codes {
            let error = classify(400, Some(*code)).into_send_error(format!("{code}"), Duration::ZERO);
            assert_eq!(word(&error), expected, "code {code}");
        }
    }

    #[test]
    fn every_code_of_the_sheet_has_its_class() {
        check(&[0, 190, 3, 10, 200, 294, 299, 131_005], "account stops");
        check(&[131_031, 368, 130_497, 131_042, 131_045, 133_010], "account stops");
        check(&[4, 80_007, 130_429, 131_048, 131_064], "account waits");
        check(&[131_056, 131_049], "conversation waits");
        check(&[131_047, 137_000], "held");
        check(&[132_000, 132_001, 132_015, 132_016], "held");
        check(&[131_026, 131_051, 131_021, 131_030, 131_050, 131_062, 131_008, 131_009, 100], "refused");
        check(&[131_000, 131_016, 2, 131_052, 131_053], "conversation waits");
        check(&[999_999, 131_060], "refused");
    }

    #[test]
    fn without_a_code_the_status_decides_and_a_lost_answer_is_unknown() {
        let check = |status: u16, expected: &str| {
            let error = classify(status, None).into_send_error(String::new(), Duration::ZERO);
            assert_eq!(word(&error), expected, "status {status}");
        };
        check(401, "account stops");
        check(429, "account waits");
        check(400, "refused");
        check(500, "conversation waits");
        check(503, "conversation waits");
        check(502, "unknown");
        check(504, "unknown");
        check(200, "unknown");
        assert_eq!(classify(500, Some(999_999)), Class::Retry);
    }

    #[test]
    fn a_failure_is_read_in_one_line() {
        let body =
            br#"{"error":{"message":"(#131056) Pair rate","code":131056,"error_data":{"details":"slow\ndown"}}}"#;
        let failure = GraphFailure::read(400, body);
        assert_eq!(failure.reason, "131056 (#131056) Pair rate: slowdown");
        assert_eq!(GraphFailure::read(502, b"<html>").class(), Class::Unknown);
    }

    #[test]
    fn stopping_says_what_to_do() {
        let error = classify(401, Some(190)).into_send_error("190 expired".into(), Duration::ZERO);
        assert!(error.to_string().contains("System User token"), "{error}");
    }
}

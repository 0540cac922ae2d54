//! Every error code that matters, and what follows from it. Branches on codes alone; titles change.
//!
//! One table serves both ways in which Meta reports an error: as the answer to a call, and later in a status. Only a
//! code that is listed here loses a message. What is not listed, and what does not come from Graph at all, is waited
//! for; the engine bounds the attempts, and shows a message that is held after the last one.

use crate::limits::{
    CALLS_PAUSE, MAINTENANCE_PAUSE, PAIR_PAUSE, REASON_CHARS_MAX, RETRY_AFTER_MAX, THROUGHPUT_PAUSE, UNCLEAR_PAUSE,
    UNWANTED_PAUSE, WEATHER_PAUSE,
};
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
    /// Something before Graph answered, such as a proxy or a captive portal: Graph is not reached now.
    Weather,
    /// It may work soon.
    Retry,
    /// A code that is not known here: it is tried again with growing pauses, and held after the last attempt.
    Unclear,
    /// This message will never be taken.
    Permanent,
    /// A part of the request is wrong, or what it names is gone.
    OurBug,
    /// Graph does not know what the path names, or does not show it to this token: the number, or a medium.
    NoSuchObject,
    /// It is unknown whether the message was taken.
    Unknown,
}

const TOKEN: &str = "the access token is wrong or has expired: make a permanent System User token with \
                     whatsapp_business_messaging and whatsapp_business_management, set WHATSAPP_ACCESS_TOKEN, restart";
const PERMISSION: &str = "the access token lacks a permission: make a System User token with \
                          whatsapp_business_messaging and whatsapp_business_management for this account";
const LOCKED: &str = "Meta has locked or restricted the account: the WhatsApp Manager shows the reason";
const PAYMENT: &str = "Meta wants a payment method: add one in the WhatsApp Manager, Billing";
const REGISTER: &str = "the number is not registered: register it in the WhatsApp Manager, or with POST /{id}/register";
const DISPLAY_NAME: &str = "Meta has not approved the display name of the number, so nothing leaves it: see the WhatsApp \
                            Manager, Phone numbers";
const NUMBER: &str = "Graph does not know the number, or the token may not see it: check phone_number_id (it is not the \
                      phone number itself), and that the system user has the WhatsApp account";

/// What follows from an answer that is not a success. `code` and `subcode` are Graph's, if the answer carried them.
pub fn classify(http_status: u16, code: Option<i64>, subcode: Option<i64>) -> Class {
    match code {
        Some(code) => by_code(code, subcode).unwrap_or_else(|| by_status(http_status)),
        None => without_code(http_status),
    }
}

/// What follows from an error that Meta tells in a status, after it took the message.
pub fn classify_later(code: Option<i64>) -> Class {
    code.and_then(|code| by_code(code, None)).unwrap_or(Class::Unclear)
}

fn by_code(code: i64, subcode: Option<i64>) -> Option<Class> {
    Some(match code {
        0 | 190 => Class::StopAccount(TOKEN),
        3 | 10 | 200..=299 | 131_005 => Class::StopAccount(PERMISSION),
        368 | 131_031 => Class::StopAccount(LOCKED),
        131_042 => Class::StopAccount(PAYMENT),
        131_045 | 133_010 => Class::StopAccount(REGISTER),
        131_037 => Class::StopAccount(DISPLAY_NAME),
        100 if subcode == Some(33) => Class::NoSuchObject,
        4 | 17 | 32 | 341 | 613 | 80_000..=80_014 => Class::BackOffAccount(CALLS_PAUSE),
        131_057 => Class::BackOffAccount(MAINTENANCE_PAUSE),
        130_429 => Class::BackOffAccount(THROUGHPUT_PAUSE),
        131_048 | 131_064 => Class::BackOffAccount(UNWANTED_PAUSE),
        131_056 => Class::BackOffConversation(PAIR_PAUSE),
        131_049 => Class::BackOffConversation(UNWANTED_PAUSE),
        131_047 => Class::WindowClosed,
        131_052 | 131_053 => Class::MediumLost,
        1 | 2 | 131_000 | 131_016 => Class::Retry,
        // 130497: the account may not write into the country of this one person.
        130_497 | 131_021 | 131_026 | 131_030 | 131_050 | 131_062 => Class::Permanent,
        100 | 131_008 | 131_009 | 131_051 => Class::OurBug,
        132_000..=132_016 => Class::Template,
        137_000 => Class::IdentityChanged,
        _ => return None,
    })
}

/// A code of Graph's own that is not listed.
fn by_status(http_status: u16) -> Class {
    match http_status {
        401 => Class::StopAccount(TOKEN),
        403 => Class::StopAccount(PERMISSION),
        408 | 429 => Class::BackOffAccount(CALLS_PAUSE),
        // Graph itself says that it failed.
        500..=599 => Class::Retry,
        200..=299 => Class::Unknown,
        _ => Class::Unclear,
    }
}

/// An answer that is not Graph's: of a proxy, a captive portal, or damaged on its way. It says nothing about the token
/// and nothing about the message.
fn without_code(http_status: u16) -> Class {
    match http_status {
        429 => Class::BackOffAccount(CALLS_PAUSE),
        // What answers before Graph says that Graph is not there.
        500 | 503 => Class::Retry,
        // What answers before Graph lost the answer, or it cannot be read: the message may be on its way.
        200..=299 | 501..=599 => Class::Unknown,
        _ => Class::Weather,
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
            Self::NoSuchObject => SendError::AccountStopped { reason: format!("{NUMBER} ({reason})") },
            Self::Retry | Self::MediumLost => wait(Duration::from_secs(1), BackOff::Conversation),
            Self::Unclear => wait(UNCLEAR_PAUSE, BackOff::Conversation),
            Self::Weather => wait(WEATHER_PAUSE, BackOff::Account),
            Self::WindowClosed => SendError::WindowClosed { reason },
            Self::Template => SendError::WindowClosed { reason: format!("the template cannot be used: {reason}") },
            Self::IdentityChanged => {
                SendError::WindowClosed { reason: format!("the person's identity has to be confirmed again: {reason}") }
            }
            Self::Permanent => SendError::Refused { reason },
            Self::OurBug => SendError::Refused { reason: format!("Graph refuses a part of the request: {reason}") },
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
    /// Graph's subcode.
    pub subcode: Option<i64>,
    /// How long the answer asks to wait.
    pub retry_after: Option<Duration>,
    /// Code, title and details in one line, for traces.
    pub reason: String,
}

impl GraphFailure {
    /// Reads an answer.
    pub fn read(http_status: u16, body: &[u8]) -> Self {
        let body: Value = serde_json::from_slice(body).unwrap_or_default();
        let error = &body["error"];
        let (code, subcode) = (number(&error["code"]), number(&error["error_subcode"]));
        let reason = match code {
            None => format!("HTTP {http_status} without a Graph error"),
            Some(code) => words(code, error["message"].as_str(), error["error_data"]["details"].as_str()),
        };
        Self { http_status, code, subcode, retry_after: None, reason }
    }

    /// The same, with what the answer's `Retry-After` says, bounded.
    #[must_use]
    pub fn asking_to_wait(self, wait: Option<Duration>) -> Self {
        Self { retry_after: wait.map(|wait| wait.min(RETRY_AFTER_MAX)), ..self }
    }

    /// What follows from it.
    pub fn class(&self) -> Class {
        classify(self.http_status, self.code, self.subcode)
    }

    /// As the engine understands it. It waits at least as long as the answer asks for.
    pub fn into_send_error(self, jitter: Duration) -> SendError {
        let (class, retry_after) = (self.class(), self.retry_after);
        match (class.into_send_error(self.reason, jitter), retry_after) {
            (SendError::Retry { reason, after, scope }, Some(wait)) => {
                SendError::Retry { reason, after: Some(after.unwrap_or_default().max(wait + jitter)), scope }
            }
            (error, _) => error,
        }
    }
}

/// A code, also where it is written as a text.
pub(crate) fn number(value: &Value) -> Option<i64> {
    value.as_i64().or_else(|| value.as_str()?.trim().parse().ok())
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
    use proptest::prelude::*;

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

    fn at_once(code: i64, subcode: Option<i64>) -> &'static str {
        word(&classify(400, Some(code), subcode).into_send_error(format!("{code}"), Duration::ZERO))
    }

    fn later(code: i64) -> &'static str {
        word(&classify_later(Some(code)).into_send_error(format!("{code}"), Duration::ZERO))
    }

    /// Code × (told at once, told later) → what follows.
    const TABLE: &[(&[i64], &str)] = &[
        (&[0, 190, 3, 10, 200, 294, 299, 131_005], "account stops"),
        (&[131_031, 368, 131_042, 131_045, 133_010, 131_037], "account stops"),
        (&[4, 17, 32, 341, 613, 80_007, 80_008, 130_429, 131_048, 131_064, 131_057], "account waits"),
        (&[131_056, 131_049], "conversation waits"),
        (&[131_047, 137_000, 132_000, 132_001, 132_015, 132_016], "held"),
        (&[130_497, 131_026, 131_051, 131_021, 131_030, 131_050, 131_062, 131_008, 131_009, 100], "refused"),
        (&[1, 2, 131_000, 131_016, 131_052, 131_053, 130_472, 131_060, 133_004, 999_999], "conversation waits"),
    ];

    #[test]
    fn every_code_of_the_sheet_means_the_same_at_once_and_later() {
        for (codes, expected) in TABLE {
            for code in *codes {
                assert_eq!((at_once(*code, None), later(*code)), (*expected, *expected), "code {code}");
            }
        }
        assert_eq!((at_once(100, Some(33)), at_once(100, Some(34))), ("account stops", "refused"));
        assert_eq!(word(&classify_later(None).into_send_error(String::new(), Duration::ZERO)), "conversation waits");
    }

    /// The codes that may lose a message.
    const LOSING: &[i64] = &[100, 130_497, 131_008, 131_009, 131_021, 131_026, 131_030, 131_050, 131_051, 131_062];

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(20_000))]
        #[test]
        fn what_is_not_listed_never_loses_a_message(
            status in 100_u16..600, subcode in proptest::option::of(0_i64..100),
            code in prop_oneof![any::<i64>(), 0_i64..1_000, 80_000_i64..81_000, 130_000_i64..140_000],
        ) {
            let listed = LOSING.contains(&code);
            for class in [classify(status, Some(code), subcode), classify_later(Some(code))] {
                let error = class.into_send_error("why".into(), Duration::ZERO);
                prop_assert!(listed || !matches!(error, SendError::Refused { .. }), "{code} at {status}: {error:?}");
            }
            let page = GraphFailure::read(status, b"<html><body>please log in</body></html>").into_send_error(Duration::ZERO);
            let kept = matches!(page, SendError::Retry { .. } | SendError::Uncertain { .. });
            prop_assert!(kept, "a page at {status} gave {page:?}");
        }
    }

    #[test]
    fn what_is_not_graphs_own_says_nothing_about_the_account() {
        let check = |status: u16, expected: &str| {
            let error = GraphFailure::read(status, b"<html>").into_send_error(Duration::ZERO);
            assert_eq!(word(&error), expected, "status {status}");
        };
        for status in [301, 302, 307, 400, 401, 403, 404, 407, 408, 418, 429, 511] {
            check(status, if status == 511 { "unknown" } else { "account waits" });
        }
        check(500, "conversation waits");
        check(503, "conversation waits");
        check(502, "unknown");
        check(504, "unknown");
        check(200, "unknown");
        assert_eq!(classify(500, Some(999_999), None), Class::Retry);
        assert!(matches!(classify(401, Some(999_999), None), Class::StopAccount(_)), "Graph itself says it");
    }

    #[test]
    fn an_answer_that_asks_to_wait_is_waited_for() {
        let wait = |seconds: u64| {
            let failure = GraphFailure::read(429, b"{}").asking_to_wait(Some(Duration::from_secs(seconds)));
            let SendError::Retry { after, .. } = failure.into_send_error(Duration::ZERO) else { panic!("not a pause") };
            after.unwrap()
        };
        assert_eq!(wait(300), Duration::from_secs(300));
        assert_eq!(wait(1), CALLS_PAUSE, "never less than what is right without it");
        assert_eq!(wait(u64::MAX), RETRY_AFTER_MAX);
        let stopped =
            GraphFailure::read(401, br#"{"error":{"code":190}}"#).asking_to_wait(Some(Duration::from_secs(9)));
        assert_eq!(word(&stopped.into_send_error(Duration::ZERO)), "account stops");
    }

    #[test]
    fn a_failure_is_read_in_one_line() {
        let body =
            br#"{"error":{"message":"(#131056) Pair rate","code":131056,"error_data":{"details":"slow\ndown"}}}"#;
        let failure = GraphFailure::read(400, body);
        assert_eq!(failure.reason, "131056 (#131056) Pair rate: slowdown");
        assert_eq!(GraphFailure::read(502, b"<html>").class(), Class::Unknown);
        let failure = GraphFailure::read(400, br#"{"error":{"code":"100","error_subcode":33}}"#);
        assert_eq!(failure.class(), Class::NoSuchObject);
    }

    #[test]
    fn stopping_says_what_to_do() {
        let error = classify(401, Some(190), None).into_send_error("190 expired".into(), Duration::ZERO);
        assert!(error.to_string().contains("System User token"), "{error}");
    }
}

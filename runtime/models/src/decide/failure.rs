//! Why a request came to nothing, from a status and the words of a refusal.
//!
//! A refusal may repeat what people wrote, and part of a key. Its words are looked at here and nowhere kept.

use crate::decide::spending::Whose;
use crate::limits::{REFUSAL_BYTES_MAX, REFUSAL_DEPTH_MAX};
use greenroom_contract::model::WrongModel;
use serde_json::Value;
use std::time::Duration;

/// Why one request came to nothing, in our words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Failure {
    /// The provider wants fewer requests.
    Busy { after: Option<Duration> },
    /// It cannot be reached, does not answer, or breaks off.
    Unavailable { what: &'static str },
    /// It refused the request for what it says.
    Refused { what: &'static str },
    /// Its filter declined: an answer of a kind.
    Declined,
    /// The configuration is wrong.
    Wrong(WrongModel),
    /// The prompt is too long.
    TooLong,
    /// There was no more time.
    OutOfTime,
    /// A budget is spent: nothing was sent.
    OverBudget { whose: Whose },
}

impl Failure {
    /// The answer broke off.
    pub(crate) const CUT: Self = Self::Unavailable { what: "its answer broke off" };
    /// The answer is longer than is read.
    pub(crate) const ENDLESS: Self = Self::Unavailable { what: "its answer has no end" };
    /// The answer holds what cannot be read.
    pub(crate) const UNREADABLE: Self = Self::Unavailable { what: "its answer cannot be read" };
    /// A call of a tool cannot be read, or is none.
    pub(crate) const BAD_CALL: Self = Self::Unavailable { what: "it wants a tool called in a way that cannot be read" };
    /// Nothing came for too long.
    pub(crate) const SILENT: Self = Self::Unavailable { what: "it fell silent within its answer" };
}

/// What a status and the words beside it mean.
pub(crate) fn of_status(status: u16, body: &str, after: Option<Duration>) -> Failure {
    let signs = Signs::read(body);
    match status {
        300..=399 | 405 | 410 | 501 => Failure::Wrong(WrongModel::Url),
        401 => Failure::Wrong(WrongModel::Key),
        402 => Failure::Wrong(WrongModel::Credit),
        403 if signs.filter() => Failure::Declined,
        403 => Failure::Wrong(if signs.credit() { WrongModel::Credit } else { WrongModel::Key }),
        404 => Failure::Wrong(if signs.model() { WrongModel::Model } else { WrongModel::Url }),
        413 => Failure::TooLong,
        429 if signs.credit() => Failure::Wrong(WrongModel::Credit),
        429 | 503 | 529 => Failure::Busy { after },
        408 | 409 | 425 => Failure::Unavailable { what: "it does not take the request now" },
        400..=499 => signs.meaning().unwrap_or(Failure::Refused { what: "it takes no request of this form" }),
        // Servers on people's own machines answer so to a prompt that is too long.
        500..=599 if signs.too_long() => Failure::TooLong,
        500..=599 => Failure::Unavailable { what: "it reports a failure of its own" },
        _ => Failure::Unavailable { what: "it answers in a way that is not known" },
    }
}

/// What an error means that is told inside an answer.
pub(crate) fn of_words(body: &str) -> Failure {
    Signs::read(body).meaning().unwrap_or(Failure::Unavailable { what: "it reports a failure within its answer" })
}

/// The words of a refusal, in lower case.
struct Signs {
    /// What names the kind of the error: codes and types.
    kinds: String,
    /// All of it.
    words: String,
}

impl Signs {
    fn read(body: &str) -> Self {
        let looked_at = &body[..body.floor_char_boundary(REFUSAL_BYTES_MAX)];
        let mut signs = Self { kinds: String::new(), words: String::new() };
        match serde_json::from_str::<Value>(looked_at) {
            Ok(value) => signs.collect(&value, None, 0),
            Err(_) => looked_at.clone_into(&mut signs.words),
        }
        Self { kinds: signs.kinds.to_lowercase(), words: signs.words.to_lowercase() }
    }

    fn collect(&mut self, value: &Value, key: Option<&str>, depth: usize) {
        if depth > REFUSAL_DEPTH_MAX {
            return;
        }
        let mut note = |text: &str| {
            let kind = matches!(key, Some("code" | "type" | "status" | "reason"));
            for texts in [Some(&mut self.words), kind.then_some(&mut self.kinds)].into_iter().flatten() {
                texts.push_str(text);
                texts.push('\n');
            }
        };
        match value {
            Value::String(text) => note(text),
            Value::Number(number) => note(&number.to_string()),
            Value::Object(map) => map.iter().for_each(|(key, value)| self.collect(value, Some(key), depth + 1)),
            Value::Array(list) => list.iter().for_each(|value| self.collect(value, key, depth + 1)),
            Value::Null | Value::Bool(_) => {}
        }
    }

    fn kind(&self, any: &[&str]) -> bool {
        any.iter().any(|sign| self.kinds.lines().any(|kind| kind.contains(sign)))
    }

    fn says(&self, any: &[&str]) -> bool {
        any.iter().any(|sign| self.words.contains(sign))
    }

    fn credit(&self) -> bool {
        self.kind(&["insufficient_quota", "billing", "payment_required", "insufficient_balance"])
            || self.says(&[
                "credit balance is too low",
                "insufficient credits",
                "insufficient balance",
                "exceeded your current quota, please check your plan and billing",
            ]) && !self.kind(&["resource_exhausted"])
    }

    fn too_long(&self) -> bool {
        self.kind(&["context_length_exceeded", "exceed_context_size", "request_too_large", "string_above_max_length"])
            || self.says(&[
                "maximum context length",
                "context length",
                "context window",
                "context size",
                "prompt is too long",
                "input is too long",
                "too many tokens",
                "input token count",
                "maximum number of tokens",
                "exceeds the maximum number of tokens",
            ])
    }

    fn key(&self) -> bool {
        self.kind(&[
            "invalid_api_key",
            "authentication_error",
            "api_key_invalid",
            "unauthenticated",
            "permission_error",
        ]) || self.says(&["api key not valid", "incorrect api key", "invalid api key"])
    }

    fn model(&self) -> bool {
        self.kind(&["model_not_found", "model_not_available"])
            || self.says(&["model", "models/"])
                && self.says(&["not found", "not exist", "not a valid", "unknown", "no such", "model:"])
    }

    fn filter(&self) -> bool {
        self.kind(&["content_filter", "content_policy", "moderation", "responsibleai", "safety"])
            || self.says(&[
                "content management policy",
                "flagged by",
                "violate our usage policies",
                "requires moderation",
            ])
    }

    fn busy(&self) -> bool {
        self.kind(&["rate_limit", "overloaded", "resource_exhausted", "too_many_requests", "429", "529", "503"])
            || self.says(&["overloaded", "rate limit"])
    }

    /// What can be told from the words alone, the surest first.
    fn meaning(&self) -> Option<Failure> {
        if self.credit() {
            Some(Failure::Wrong(WrongModel::Credit))
        } else if self.kind(&["model_not_found"]) || self.says(&["not a valid model"]) {
            Some(Failure::Wrong(WrongModel::Model))
        } else if self.key() {
            Some(Failure::Wrong(WrongModel::Key))
        } else if self.filter() {
            Some(Failure::Declined)
        } else if self.too_long() {
            Some(Failure::TooLong)
        } else if self.busy() {
            Some(Failure::Busy { after: None })
        } else if self.says(&["support tools", "tool use", "tools is not supported", "tool choice requires"]) {
            Some(Failure::Refused { what: "it takes no tools; set tools = false" })
        } else if self.says(&["image input", "image_url", "support image", "support vision", "not a multimodal"]) {
            Some(Failure::Refused { what: "it takes no pictures; set images = false" })
        } else if self.says(&["thinking", "reasoning"]) {
            Some(Failure::Refused { what: "it cannot be asked to think; set thinking = false" })
        } else if self.kind(&["invalid_request_error", "invalid_argument", "invalid_prompt", "400"]) {
            Some(Failure::Refused { what: "it takes no request of this form" })
        } else {
            None
        }
    }
}

#[cfg(test)]
mod tests;

//! One element of `statuses`.

use super::ids::{message_id, text};
use super::message::timestamp;
use crate::failure::{self, Class};
use greenroom_contract::event::{ChannelEvent, Consequence, DeliveryStatus, StatusOf};
use greenroom_contract::ids::OutboundId;
use serde_json::Value;
use std::time::Duration;

/// A status, read.
pub(super) struct Status {
    pub(super) event: ChannelEvent,
    /// What the account has to hear about: it is stopped for this reason.
    pub(super) stopped: Option<(StatusOf, String)>,
}

/// Reads a status; `None` for words that are not known. The error names what is missing.
pub(super) fn read(raw: &Value) -> Result<Option<Status>, &'static str> {
    // What we sent along comes back: it names the parcel even when the answer to the send was lost.
    let ours = text(&raw["biz_opaque_callback_data"]).and_then(|id| OutboundId::new(id).ok());
    let of = match (ours, message_id(&raw["id"])) {
        (Some(ours), _) => StatusOf::Outbound(ours),
        (None, Some(theirs)) => StatusOf::Message(theirs),
        (None, None) => return Err("a status without a usable id"),
    };
    let mut stopped = None;
    let status = match raw["status"].as_str().ok_or("a status without a name")? {
        "sent" => DeliveryStatus::Sent,
        "delivered" => DeliveryStatus::Delivered,
        "read" => DeliveryStatus::Read,
        "played" => DeliveryStatus::Played,
        "failed" => {
            let (status, stops) = failed(&raw["errors"][0]);
            stopped = stops.map(|reason| (of.clone(), reason));
            status
        }
        _ => return Ok(None),
    };
    let at = timestamp(&raw["timestamp"]).ok_or("a status without a timestamp")?;
    let billed_as = billed_as(&raw["pricing"]).map(str::to_owned);
    Ok(Some(Status { event: ChannelEvent::Status { of, status, at, billed_as }, stopped }))
}

/// The categories that Meta's prices have; any other one is told as [`OTHER`].
const CATEGORIES: [&str; 8] = [
    "service",
    "utility",
    "marketing",
    "marketing_lite",
    "authentication",
    "authentication_international",
    "referral_conversion",
    "general_purpose_ai",
];
const OTHER: &str = "other";

/// Under which category Meta bills a message; `None` if it is free, or if nothing is said. `type` says so; `billable` is its
/// elder, and counts where there is none.
fn billed_as(pricing: &Value) -> Option<&'static str> {
    let is_billed = match pricing["type"].as_str() {
        Some(kind) => kind == "regular",
        None => pricing["billable"].as_bool() == Some(true),
    };
    if !is_billed {
        return None;
    }
    let category = pricing["category"].as_str().unwrap_or_default().trim().to_ascii_lowercase().replace('-', "_");
    Some(CATEGORIES.into_iter().find(|known| *known == category).unwrap_or(OTHER))
}

/// A failure that is told later means what it would have meant as the answer to the send. The text is there if the
/// account stops.
fn failed(error: &Value) -> (DeliveryStatus, Option<String>) {
    let (code, reason) = (failure::number(&error["code"]), error_words(error));
    let class = failure::classify_later(code);
    let stops = match class {
        Class::StopAccount(advice) => Some(format!("{advice} ({reason})")),
        _ => None,
    };
    let then = Consequence::from(&class.into_send_error(String::new(), Duration::ZERO));
    (DeliveryStatus::Failed { reason, code, then }, stops)
}

/// Code, title and details in one line.
pub(super) fn error_words(error: &Value) -> String {
    let title = error["title"].as_str().or(error["message"].as_str());
    match failure::number(&error["code"]) {
        Some(code) => failure::words(code, title, error["error_data"]["details"].as_str()),
        None => "no reason given".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_is_billed_is_told_in_a_word_of_a_few() {
        for (pricing, expected) in [
            (json!({"billable": true, "pricing_model": "PMP", "category": "service"}), Some("service")),
            (json!({"billable": true, "type": "regular", "category": "utility"}), Some("utility")),
            (
                json!({"type": "regular", "category": "Authentication-International"}),
                Some("authentication_international"),
            ),
            (json!({"type": "regular", "category": "category of tomorrow"}), Some("other")),
            (json!({"type": "regular", "category": 7}), Some("other")),
            (json!({"billable": true}), Some("other")),
            (json!({"billable": true, "type": "free_customer_service", "category": "service"}), None),
            (json!({"billable": false, "type": "free_entry_point", "category": "referral_conversion"}), None),
            (json!({"billable": false, "category": "service"}), None),
            (json!({"billable": "true", "category": "service"}), None),
            (json!({"category": "service"}), None),
            (json!(["regular"]), None),
            (json!("regular"), None),
            (Value::Null, None),
        ] {
            assert_eq!(billed_as(&pricing), expected, "{pricing}");
        }
        for category in CATEGORIES {
            assert_eq!(billed_as(&json!({"type": "regular", "category": category})), Some(category));
        }
    }
}

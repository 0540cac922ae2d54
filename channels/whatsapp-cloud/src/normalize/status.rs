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
    Ok(Some(Status { event: ChannelEvent::Status { of, status, at }, stopped }))
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

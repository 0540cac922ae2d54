//! One element of `statuses`.

use super::message::timestamp;
use crate::failure;
use greenroom_contract::event::{ChannelEvent, DeliveryStatus, StatusOf};
use greenroom_contract::ids::{MessageId, OutboundId};
use serde_json::Value;

/// Reads a status; `None` for words that are not known. The error names what is missing.
pub(super) fn read(raw: &Value) -> Result<Option<ChannelEvent>, &'static str> {
    // What we sent along comes back: it names the parcel even when the answer to the send was lost.
    let ours = raw["biz_opaque_callback_data"].as_str().and_then(|id| OutboundId::new(id).ok());
    let theirs = raw["id"].as_str().and_then(|id| MessageId::new(id).ok());
    let of = match (ours, theirs) {
        (Some(ours), _) => StatusOf::Outbound(ours),
        (None, Some(theirs)) => StatusOf::Message(theirs),
        (None, None) => return Err("a status without a usable id"),
    };
    let status = match raw["status"].as_str().ok_or("a status without a name")? {
        "sent" => DeliveryStatus::Sent,
        "delivered" => DeliveryStatus::Delivered,
        "read" => DeliveryStatus::Read,
        "played" => DeliveryStatus::Played,
        "failed" => DeliveryStatus::Failed { reason: error_words(&raw["errors"][0]) },
        _ => return Ok(None),
    };
    let at = timestamp(&raw["timestamp"]).ok_or("a status without a timestamp")?;
    Ok(Some(ChannelEvent::Status { of, status, at }))
}

/// Code, title and details in one line.
pub(super) fn error_words(error: &Value) -> String {
    let title = error["title"].as_str().or(error["message"].as_str());
    match error["code"].as_i64() {
        Some(code) => failure::words(code, title, error["error_data"]["details"].as_str()),
        None => "no reason given".to_owned(),
    }
}

//! What became of our messages, as receipts tell it. Pure.

use crate::ids::own_message::own_id;
use greenroom_contract::event::{ChannelEvent, DeliveryStatus, StatusOf};
use greenroom_contract::time::Timestamp;
use whatsapp_rust::wacore::types::events::Receipt;
use whatsapp_rust::wacore::types::presence::ReceiptType;

/// When it was given.
pub(crate) fn at(receipt: &Receipt) -> Timestamp {
    Timestamp(u64::try_from(receipt.timestamp.timestamp_millis()).unwrap_or(0))
}

/// One status for each message of ours that it speaks of.
pub(crate) fn statuses(receipt: &Receipt) -> Vec<ChannelEvent> {
    let status = match receipt.r#type {
        ReceiptType::Sent => DeliveryStatus::Sent,
        // A device that is not looked at has it all the same.
        ReceiptType::Delivered | ReceiptType::Inactive => DeliveryStatus::Delivered,
        ReceiptType::Read => DeliveryStatus::Read,
        ReceiptType::Played => DeliveryStatus::Played,
        _ => return Vec::new(),
    };
    let of_ours = receipt.message_ids.iter().filter_map(|id| own_id(id));
    let event = |id| ChannelEvent::Status {
        of: StatusOf::Outbound(id),
        status: status.clone(),
        at: at(receipt),
        billed_as: None,
    };
    of_ours.map(event).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use whatsapp_rust::wacore::chrono::DateTime;
    use whatsapp_rust::wacore::types::message::MessageSource;

    fn words(kind: &str, ids: &[&str]) -> Vec<String> {
        let receipt = Receipt::builder()
            .source(MessageSource::default())
            .message_ids(ids.iter().map(|id| (*id).to_owned()).collect())
            .timestamp(DateTime::from_timestamp(1_800_000_000, 0).unwrap())
            .r#type(ReceiptType::parse(kind))
            .offline(false)
            .build();
        let word = |event| match event {
            ChannelEvent::Status { of: StatusOf::Outbound(id), status, at: Timestamp(1_800_000_000_000), .. } => {
                format!("{} {id}", status.word())
            }
            other => format!("{other:?}"),
        };
        statuses(&receipt).into_iter().map(word).collect()
    }

    #[test]
    fn a_receipt_speaks_of_our_messages_only() {
        let (ours, other) = ("3EB0000000000000000001", "3EB0ABC");
        assert_eq!(words("", &[ours, other]), [format!("delivered {ours}")]);
        assert_eq!(words("inactive", &[ours]), [format!("delivered {ours}")]);
        assert_eq!(words("read", &[ours]), [format!("read {ours}")]);
        assert_eq!(words("played", &[ours]), [format!("played {ours}")]);
        for kind in ["retry", "server-error", "peer_msg", "read-self", "sender", "kind of tomorrow"] {
            assert!(words(kind, &[ours]).is_empty(), "{kind}");
        }
    }
}

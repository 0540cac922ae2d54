//! Parcels as records, and the names that parcels have on the network.

use crate::format::envelope::{Damage, Sealing};
use crate::format::inbox_codec::{bad, message_id, route, route_record, sender, sender_record};
use crate::format::records::{OutboundRecord, ParcelRecord, ParcelStateRecord, StatusRecord};
use crate::format::trace_codec;
use greenroom_contract::event::DeliveryStatus;
use greenroom_contract::ids::{AccountId, ConversationId, MessageId, OutboundId, Sequence};
use greenroom_contract::limits;
use greenroom_contract::message::Media;
use greenroom_contract::outbound::{OutboundBody, Sound};
use greenroom_contract::store::{Parcel, ParcelDraft, ParcelKey, ParcelKind, ParcelState};
use greenroom_contract::time::Timestamp;
use greenroom_contract::trace::{Decision, Step};
use sha2::{Digest, Sha256};
use std::time::Duration;

/// What our ids begin with, as those of WhatsApp Web clients do.
const PREFIX: &str = "3EB0";
/// Rows whose parcels can still be named: five bytes of an id.
pub(crate) const SEQUENCE_MAX: u64 = limits::STORE_SEQUENCE_MAX;

/// The part of a parcel's name that makes it unlike those of other stores.
pub(crate) fn tag(salt: &[u8], key: &ParcelKey) -> u32 {
    let digest = Sha256::new()
        .chain_update(salt)
        .chain_update(key.sequence.0.to_be_bytes())
        .chain_update(key.part.to_be_bytes())
        .chain_update(key.account.as_str().as_bytes())
        .finalize();
    u32::from_be_bytes([0, digest[0], digest[1], digest[2]])
}

/// The name of a parcel on the network: row, part and tag.
pub(crate) fn outbound_id(sequence: Sequence, part: u16, tag: u32) -> Result<OutboundId, Damage> {
    let text = format!("{PREFIX}{:010X}{:02X}{:06X}", sequence.0 & SEQUENCE_MAX, part & 0xFF, tag & 0x00FF_FFFF);
    Ok(OutboundId::new(text)?)
}

/// Row, part and tag of a name of that form.
pub(crate) fn read_outbound_id(text: &str) -> Option<(Sequence, u16, u32)> {
    let digits = text.strip_prefix(PREFIX).filter(|digits| digits.len() == 18 && digits.is_ascii())?;
    let well_formed = digits.bytes().all(|digit| digit.is_ascii_digit() || (b'A'..=b'F').contains(&digit));
    if !well_formed {
        return None;
    }
    let number = |range: std::ops::Range<usize>| u64::from_str_radix(&digits[range], 16).ok();
    Some((Sequence(number(0..10)?), number(10..12)? as u16, number(12..18)? as u32))
}

/// A new parcel.
pub(crate) fn new_record(
    salt: &[u8],
    key: &ParcelKey,
    conversation: ConversationId,
    draft: &ParcelDraft,
    at: Timestamp,
) -> ParcelRecord {
    ParcelRecord {
        tag: tag(salt, key),
        conversation: conversation.0,
        kind: match draft.kind {
            ParcelKind::Reply => 1,
            ParcelKind::Notice => 2,
            ParcelKind::OwnSend => 3,
        },
        route: Some(route_record(&draft.route)),
        reply_to: draft.reply_to.as_ref().map(|message| message.as_str().to_owned()),
        opened_at: draft.opened_at.0,
        body: Some(body_record(&draft.body)),
        state: Some(state_record(&ParcelState::Waiting { not_before: at })),
        attempts: 0,
        created_at: at.0,
        statuses: Vec::new(),
        steps: vec![trace_codec::record(&Step::new(at, Decision::Queued))],
        turn_steps: Vec::new(),
        cause: None,
        recipient: Some(sender_record(&draft.recipient)),
    }
}

/// Reads a parcel.
pub(crate) fn parcel(key: ParcelKey, conversation: ConversationId, record: ParcelRecord) -> Result<Parcel, Damage> {
    let statuses = record.statuses.into_iter().map(status);
    Ok(Parcel {
        id: outbound_id(key.sequence, key.part, record.tag)?,
        key,
        conversation,
        draft: ParcelDraft {
            kind: match record.kind {
                1 => ParcelKind::Reply,
                2 => ParcelKind::Notice,
                3 => ParcelKind::OwnSend,
                _ => return Err(bad("unknown kind of parcel")),
            },
            route: route(record.route)?,
            recipient: sender(record.recipient)?,
            reply_to: message_id(record.reply_to)?,
            opened_at: Timestamp(record.opened_at),
            body: body(record.body.ok_or_else(|| bad("a parcel without body"))?)?,
        },
        state: state(record.state.as_ref())?,
        attempts: record.attempts,
        created_at: Timestamp(record.created_at),
        statuses: statuses.collect::<Result<_, _>>()?,
        steps: trace_codec::steps(record.steps)?,
    })
}

/// Media are sealed while they wait.
pub(crate) fn sealing(record: &ParcelRecord) -> Sealing {
    let has_media = record.body.as_ref().is_some_and(|body| !body.bytes.is_empty());
    if has_media { Sealing::Sealed } else { Sealing::Plain }
}

/// What stays of a body when it is no longer needed.
pub(crate) fn emptied() -> OutboundRecord {
    OutboundRecord { kind: 1, text: Some(String::new()), ..OutboundRecord::default() }
}

/// The name a key and a record give.
pub(crate) fn key(account: &AccountId, sequence: Sequence, part: u16) -> ParcelKey {
    ParcelKey { account: account.clone(), sequence, part }
}

pub(crate) fn state_record(state: &ParcelState) -> ParcelStateRecord {
    let make = |kind, at: u64, text: &str| ParcelStateRecord { kind, at, text: text.to_owned() };
    match state {
        ParcelState::Waiting { not_before } => make(1, not_before.0, ""),
        ParcelState::Uncertain { since } => make(2, since.0, ""),
        ParcelState::Held { reason } => make(3, 0, reason),
        ParcelState::Sent { message, at } => make(4, at.0, message.as_str()),
        ParcelState::Dropped { reason } => make(5, 0, reason),
    }
}

pub(crate) fn state(record: Option<&ParcelStateRecord>) -> Result<ParcelState, Damage> {
    let record = record.ok_or_else(|| bad("a parcel without state"))?;
    Ok(match record.kind {
        1 => ParcelState::Waiting { not_before: Timestamp(record.at) },
        2 => ParcelState::Uncertain { since: Timestamp(record.at) },
        3 => ParcelState::Held { reason: record.text.clone() },
        4 => ParcelState::Sent { message: MessageId::new(&record.text)?, at: Timestamp(record.at) },
        5 => ParcelState::Dropped { reason: record.text.clone() },
        _ => return Err(bad("unknown state of a parcel")),
    })
}

/// Whether a parcel in this state still has to be sent.
pub(crate) fn is_pending(record: &ParcelRecord) -> bool {
    record.state.as_ref().is_some_and(|state| matches!(state.kind, 1 | 2))
}

/// Whether a parcel in this state is done with.
pub(crate) fn is_done(record: &ParcelRecord) -> bool {
    record.state.as_ref().is_some_and(|state| matches!(state.kind, 4 | 5))
}

pub(crate) fn status_record(status: &DeliveryStatus) -> StatusRecord {
    let make = |kind, reason: &str| StatusRecord { kind, reason: reason.to_owned() };
    match status {
        DeliveryStatus::Sent => make(1, ""),
        DeliveryStatus::Delivered => make(2, ""),
        DeliveryStatus::Read => make(3, ""),
        DeliveryStatus::Played => make(4, ""),
        DeliveryStatus::Failed { reason } => make(5, reason),
    }
}

fn status(record: StatusRecord) -> Result<DeliveryStatus, Damage> {
    Ok(match record.kind {
        1 => DeliveryStatus::Sent,
        2 => DeliveryStatus::Delivered,
        3 => DeliveryStatus::Read,
        4 => DeliveryStatus::Played,
        5 => DeliveryStatus::Failed { reason: record.reason },
        _ => return Err(bad("unknown status")),
    })
}

fn body_record(body: &OutboundBody) -> OutboundRecord {
    let empty = OutboundRecord::default();
    match body {
        OutboundBody::Text(text) => OutboundRecord { kind: 1, text: Some(text.clone()), ..empty },
        OutboundBody::Image { media, caption } => OutboundRecord {
            kind: 2,
            text: caption.clone(),
            mime: media.mime.clone(),
            bytes: media.bytes.clone(),
            ..empty
        },
        OutboundBody::Voice { media, sound } => OutboundRecord {
            kind: 3,
            mime: media.mime.clone(),
            bytes: media.bytes.clone(),
            duration_ms: sound.as_ref().map(|sound| sound.duration.as_millis() as u64),
            waveform: sound.as_ref().map(|sound| sound.waveform.clone()).unwrap_or_default(),
            ..empty
        },
        OutboundBody::Reaction { to, emoji } => {
            OutboundRecord { kind: 4, target: Some(to.as_str().to_owned()), emoji: emoji.clone(), ..empty }
        }
    }
}

fn body(record: OutboundRecord) -> Result<OutboundBody, Damage> {
    let media = Media { mime: record.mime, bytes: record.bytes };
    let (duration, waveform) = (record.duration_ms.map(Duration::from_millis), record.waveform);
    Ok(match record.kind {
        1 => OutboundBody::Text(record.text.unwrap_or_default()),
        2 => OutboundBody::Image { media, caption: record.text },
        3 => OutboundBody::Voice { media, sound: duration.map(|duration| Sound { duration, waveform }) },
        4 => OutboundBody::Reaction {
            to: message_id(record.target)?.ok_or_else(|| bad("a reaction without target"))?,
            emoji: record.emoji,
        },
        _ => return Err(bad("unknown kind of body")),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_name_holds_row_and_part(sequence in 0..=SEQUENCE_MAX, part in 0_u16..64, tag in 0_u32..(1 << 24)) {
            let sequence = Sequence(sequence);
            let id = outbound_id(sequence, part, tag).unwrap();
            prop_assert_eq!(id.as_str().len(), 22);
            prop_assert_eq!(read_outbound_id(id.as_str()), Some((sequence, part, tag)));
        }

        #[test]
        fn foreign_names_are_not_ours(text in "\\PC{0,30}") {
            if let Some((sequence, part, tag)) = read_outbound_id(&text) {
                let again = outbound_id(sequence, part, tag).unwrap();
                prop_assert_eq!(again.as_str(), text);
            }
        }
    }

    #[test]
    fn two_stores_name_the_same_place_differently() {
        let key = key(&AccountId::new("a").unwrap(), Sequence(1), 0);
        assert_ne!(tag(b"one", &key), tag(b"two", &key));
        assert_eq!(read_outbound_id("3EB0000000000100aBcDeF"), None, "lower case is not ours");
    }
}

//! Parcels as records.

use crate::format::envelope::{Damage, Sealing};
use crate::format::inbox_codec::{bad, message_id, place, place_record, route, route_record, sender, sender_record};
use crate::format::names::{NameForm, Names};
use crate::format::records::tags::{ConsequenceTag, OutboundTag, ParcelTag, StateTag, StatusTag};
use crate::format::records::{OptionRecord, OutboundRecord, ParcelRecord, ParcelStateRecord, StatusRecord};
use crate::format::trace_codec;
use greenroom_contract::choices::{Choice, Choices};
use greenroom_contract::event::{Consequence, DeliveryStatus};
use greenroom_contract::ids::{AccountId, ConversationId, MessageId, Sequence};
use greenroom_contract::message::Media;
use greenroom_contract::outbound::{OutboundBody, Sound};
use greenroom_contract::store::{Parcel, ParcelDraft, ParcelKey, ParcelKind, ParcelState, PendingParcel};
use greenroom_contract::time::Timestamp;
use greenroom_contract::trace::{Decision, Step};
use std::time::Duration;

/// A new parcel.
pub(crate) fn new_record(
    names: &Names,
    key: &ParcelKey,
    conversation: ConversationId,
    draft: &ParcelDraft,
    at: Timestamp,
) -> ParcelRecord {
    let record = encoded(names, key, conversation, draft, at);
    // What is written must read back as the same record, or the answer is lost behind one that counts as damaged.
    debug_assert_eq!(
        parcel(names, key.clone(), conversation, record.clone()).map(|read| encoded(
            names,
            key,
            conversation,
            &read.draft,
            at
        )),
        Ok(record.clone()),
        "a parcel reads back as another one"
    );
    record
}

fn encoded(
    names: &Names,
    key: &ParcelKey,
    conversation: ConversationId,
    draft: &ParcelDraft,
    at: Timestamp,
) -> ParcelRecord {
    ParcelRecord {
        tag: names.tag(key),
        conversation: conversation.0,
        kind: match draft.kind {
            ParcelKind::Reply => ParcelTag::Reply,
            ParcelKind::Notice => ParcelTag::Notice,
            ParcelKind::OwnSend => ParcelTag::OwnSend,
        }
        .number(),
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
        name_form: NameForm::Mixed as u32,
        unclear: 0,
        speaks_first: draft.speaks_first || draft.kind == ParcelKind::OwnSend,
        released_at: 0,
        billed_as: String::new(),
        billed: false,
    }
}

/// Reads a parcel.
pub(crate) fn parcel(
    names: &Names,
    key: ParcelKey,
    conversation: ConversationId,
    record: ParcelRecord,
) -> Result<Parcel, Damage> {
    let id = names.of_parcel(&key, &record)?;
    let (unclear, speaks_first) = (unclear(&record), speaks_first(&record));
    let statuses = record.statuses.into_iter().map(status);
    Ok(Parcel {
        id,
        key,
        conversation,
        draft: ParcelDraft {
            kind: match ParcelTag::read(record.kind)? {
                ParcelTag::Reply => ParcelKind::Reply,
                ParcelTag::Notice => ParcelKind::Notice,
                ParcelTag::OwnSend => ParcelKind::OwnSend,
            },
            route: route(record.route)?,
            recipient: sender(record.recipient)?,
            reply_to: message_id(record.reply_to)?,
            opened_at: Timestamp(record.opened_at),
            speaks_first,
            body: body(record.body.ok_or_else(|| bad("a parcel without body"))?)?,
        },
        state: state(record.state.as_ref())?,
        attempts: record.attempts,
        unclear,
        created_at: Timestamp(record.created_at),
        released_at: (record.released_at != 0).then_some(Timestamp(record.released_at)),
        statuses: statuses.collect::<Result<_, _>>()?,
        steps: trace_codec::steps(record.steps),
    })
}

/// Sends of it whose outcome is not known. Versions that did not count them left one in doubt at least.
pub(crate) fn unclear(record: &ParcelRecord) -> u32 {
    let is_uncertain = state_tag(record) == Some(StateTag::Uncertain);
    record.unclear.max(u32::from(is_uncertain))
}

/// Whether the bot speaks first with it.
fn speaks_first(record: &ParcelRecord) -> bool {
    record.speaks_first || record.kind == ParcelTag::OwnSend.number()
}

/// What is kept in memory of an unsent parcel, so that an order can be made of many without reading them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Unsent {
    pub(crate) conversation: ConversationId,
    pub(crate) made_at: Timestamp,
    pub(crate) not_before: Timestamp,
    pub(crate) speaks_first: bool,
}

/// What is kept in memory of a parcel that is not sent.
pub(crate) fn unsent(record: &ParcelRecord, conversation: ConversationId) -> Unsent {
    let state = record.state.as_ref().filter(|_| state_tag(record) == Some(StateTag::Waiting));
    // A new parcel waits for nothing; the moment of its making says so.
    let not_before = state.map_or(0, |state| if state.at == record.created_at { 0 } else { state.at });
    let made_at = Timestamp(record.created_at.max(record.released_at));
    Unsent { conversation, made_at, not_before: Timestamp(not_before), speaks_first: speaks_first(record) }
}

/// The same for whoever sends it.
pub(crate) fn pending(key: ParcelKey, unsent: Unsent) -> PendingParcel {
    let Unsent { conversation, made_at, not_before, speaks_first } = unsent;
    PendingParcel { key, conversation, made_at, not_before, speaks_first }
}

/// How many bytes of pictures or sound a message carries.
pub(crate) fn media_bytes(body: &OutboundBody) -> usize {
    body.media().map_or(0, |media| media.bytes.len())
}

/// The words of a message, where it has any.
pub(crate) fn words(body: &OutboundBody) -> Option<&str> {
    match body {
        OutboundBody::Text(text) => Some(text),
        OutboundBody::Image { caption, .. } => caption.as_deref(),
        OutboundBody::Choices(choices) => Some(&choices.text),
        OutboundBody::Document { name, caption, .. } => Some(caption.as_deref().unwrap_or(name)),
        OutboundBody::Location(location) => location.name.as_deref().or(location.address.as_deref()),
        OutboundBody::Voice { .. } | OutboundBody::Reaction { .. } => None,
    }
}

/// About how many bytes a message is.
pub(crate) fn bytes(body: &OutboundBody) -> usize {
    let words = match body {
        OutboundBody::Text(text) => text.len(),
        OutboundBody::Image { caption, .. } | OutboundBody::Document { caption, .. } => {
            caption.as_ref().map_or(0, String::len)
        }
        OutboundBody::Choices(choices) => {
            let detail = |option: &Choice| option.detail.as_ref().map_or(0, String::len);
            let options = choices.options.iter().map(|option| option.id.len() + option.title.len() + detail(option));
            choices.text.len() + options.sum::<usize>()
        }
        OutboundBody::Voice { .. } | OutboundBody::Location(_) | OutboundBody::Reaction { .. } => 0,
    };
    media_bytes(body) + words
}

/// Media are sealed while they wait.
pub(crate) fn sealing(record: &ParcelRecord) -> Sealing {
    let has_media = record.body.as_ref().is_some_and(|body| !body.bytes.is_empty());
    if has_media { Sealing::Sealed } else { Sealing::Plain }
}

/// What stays of a body when it is no longer needed.
pub(crate) fn emptied() -> OutboundRecord {
    OutboundRecord { kind: OutboundTag::Text.number(), text: Some(String::new()), ..OutboundRecord::default() }
}

/// The name a key and a record give.
pub(crate) fn key(account: &AccountId, sequence: Sequence, part: u16) -> ParcelKey {
    ParcelKey { account: account.clone(), sequence, part }
}

pub(crate) fn state_record(state: &ParcelState) -> ParcelStateRecord {
    let make = |tag: StateTag, at: u64, text: &str| ParcelStateRecord { kind: tag.number(), at, text: text.to_owned() };
    match state {
        ParcelState::Waiting { not_before } => make(StateTag::Waiting, not_before.0, ""),
        ParcelState::Uncertain { since } => make(StateTag::Uncertain, since.0, ""),
        ParcelState::Held { reason } => make(StateTag::Held, 0, reason),
        ParcelState::Sent { message, at } => make(StateTag::Sent, at.0, message.as_str()),
        ParcelState::Dropped { reason } => make(StateTag::Dropped, 0, reason),
    }
}

pub(crate) fn state(record: Option<&ParcelStateRecord>) -> Result<ParcelState, Damage> {
    let record = record.ok_or_else(|| bad("a parcel without state"))?;
    Ok(match StateTag::read(record.kind)? {
        StateTag::Waiting => ParcelState::Waiting { not_before: Timestamp(record.at) },
        StateTag::Uncertain => ParcelState::Uncertain { since: Timestamp(record.at) },
        StateTag::Held => ParcelState::Held { reason: record.text.clone() },
        StateTag::Sent => ParcelState::Sent { message: MessageId::read_back(&record.text)?, at: Timestamp(record.at) },
        StateTag::Dropped => ParcelState::Dropped { reason: record.text.clone() },
    })
}

/// Whether a parcel in this state still has to be sent.
pub(crate) fn is_pending(record: &ParcelRecord) -> bool {
    matches!(state_tag(record), Some(StateTag::Waiting | StateTag::Uncertain))
}

/// Whether a parcel in this state is done with.
pub(crate) fn is_done(record: &ParcelRecord) -> bool {
    matches!(state_tag(record), Some(StateTag::Sent | StateTag::Dropped))
}

/// The id on the network of a parcel that was sent.
pub(crate) fn sent_as(record: &ParcelRecord) -> Option<&str> {
    let state = record.state.as_ref()?;
    (state_tag(record) == Some(StateTag::Sent)).then_some(state.text.as_str())
}

fn state_tag(record: &ParcelRecord) -> Option<StateTag> {
    StateTag::read(record.state.as_ref()?.kind).ok()
}

pub(crate) fn status_record(status: &DeliveryStatus) -> StatusRecord {
    let make = |tag: StatusTag| StatusRecord { kind: tag.number(), ..StatusRecord::default() };
    match status {
        DeliveryStatus::Sent => make(StatusTag::Sent),
        DeliveryStatus::Delivered => make(StatusTag::Delivered),
        DeliveryStatus::Read => make(StatusTag::Read),
        DeliveryStatus::Played => make(StatusTag::Played),
        DeliveryStatus::Failed { reason, code, then } => StatusRecord {
            reason: reason.clone(),
            code: *code,
            then: match then {
                Consequence::GivenUp => ConsequenceTag::GivenUp,
                Consequence::TriedAgain => ConsequenceTag::TriedAgain,
                Consequence::PersonWrites => ConsequenceTag::PersonWrites,
                Consequence::AccountStops => ConsequenceTag::AccountStops,
            }
            .number(),
            ..make(StatusTag::Failed)
        },
    }
}

fn status(record: StatusRecord) -> Result<DeliveryStatus, Damage> {
    Ok(match StatusTag::read(record.kind)? {
        StatusTag::Sent => DeliveryStatus::Sent,
        StatusTag::Delivered => DeliveryStatus::Delivered,
        StatusTag::Read => DeliveryStatus::Read,
        StatusTag::Played => DeliveryStatus::Played,
        StatusTag::Failed => DeliveryStatus::Failed {
            reason: record.reason,
            code: record.code,
            then: match ConsequenceTag::read(record.then)? {
                ConsequenceTag::GivenUp => Consequence::GivenUp,
                ConsequenceTag::TriedAgain => Consequence::TriedAgain,
                ConsequenceTag::PersonWrites => Consequence::PersonWrites,
                ConsequenceTag::AccountStops => Consequence::AccountStops,
            },
        },
    })
}

fn body_record(body: &OutboundBody) -> OutboundRecord {
    let empty = OutboundRecord::default();
    match body {
        OutboundBody::Text(text) => {
            OutboundRecord { kind: OutboundTag::Text.number(), text: Some(text.clone()), ..empty }
        }
        OutboundBody::Image { media, caption } => OutboundRecord {
            kind: OutboundTag::Image.number(),
            text: caption.clone(),
            mime: media.mime.clone(),
            bytes: media.bytes.clone(),
            ..empty
        },
        OutboundBody::Voice { media, sound } => OutboundRecord {
            kind: OutboundTag::Voice.number(),
            mime: media.mime.clone(),
            bytes: media.bytes.clone(),
            duration_ms: sound.as_ref().map(|sound| sound.duration.as_millis() as u64),
            waveform: sound.as_ref().map(|sound| sound.waveform.clone()).unwrap_or_default(),
            ..empty
        },
        OutboundBody::Choices(choices) => OutboundRecord {
            kind: OutboundTag::Choices.number(),
            text: Some(choices.text.clone()),
            label: choices.open_label.clone(),
            options: choices.options.iter().cloned().map(option_record).collect(),
            ..empty
        },
        OutboundBody::Document { media, name, caption } => OutboundRecord {
            kind: OutboundTag::Document.number(),
            text: caption.clone(),
            mime: media.mime.clone(),
            bytes: media.bytes.clone(),
            label: Some(name.clone()),
            ..empty
        },
        OutboundBody::Location(location) => {
            OutboundRecord { kind: OutboundTag::Location.number(), place: Some(place_record(location)), ..empty }
        }
        OutboundBody::Reaction { to, emoji } => OutboundRecord {
            kind: OutboundTag::Reaction.number(),
            target: Some(to.as_str().to_owned()),
            emoji: emoji.clone(),
            ..empty
        },
    }
}

fn option_record(option: Choice) -> OptionRecord {
    let Choice { id, title, detail } = option;
    OptionRecord { id, title, detail }
}

fn option(record: OptionRecord) -> Choice {
    let OptionRecord { id, title, detail } = record;
    Choice { id, title, detail }
}

fn body(record: OutboundRecord) -> Result<OutboundBody, Damage> {
    let media = Media { mime: record.mime, bytes: record.bytes };
    let (duration, waveform) = (record.duration_ms.map(Duration::from_millis), record.waveform);
    Ok(match OutboundTag::read(record.kind)? {
        OutboundTag::Text => OutboundBody::Text(record.text.unwrap_or_default()),
        OutboundTag::Image => OutboundBody::Image { media, caption: record.text },
        OutboundTag::Voice => {
            OutboundBody::Voice { media, sound: duration.map(|duration| Sound { duration, waveform }) }
        }
        OutboundTag::Choices => OutboundBody::Choices(Choices {
            text: record.text.unwrap_or_default(),
            options: record.options.into_iter().map(option).collect(),
            open_label: record.label,
        }),
        OutboundTag::Document => {
            OutboundBody::Document { media, name: record.label.unwrap_or_default(), caption: record.text }
        }
        OutboundTag::Location => OutboundBody::Location(place(record.place)?),
        OutboundTag::Reaction => OutboundBody::Reaction {
            to: message_id(record.target)?.ok_or_else(|| bad("a reaction without target"))?,
            emoji: record.emoji,
        },
    })
}

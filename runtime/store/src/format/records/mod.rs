//! The stored records, field by field. Each has a golden file; a field's number is never used twice.
//!
//! [`crate::format::inbox_codec`] turns them into the vocabulary of the contract and back.

mod queues;
mod tables;
pub(crate) mod tags;

pub(crate) use queues::{
    BodyRecord, CauseRecord, ContactRecord, InboundRecord, InboxRecord, MediaRefRecord, OptionRecord, OutboundRecord,
    ParcelRecord, ParcelStateRecord, PlaceRecord, QuarantineRecord, QuoteRecord, RouteRecord, SeenRecord, SenderRecord,
    StatusRecord, StepRecord, WakeRecord,
};
pub(crate) use tables::{
    AcceptedRecord, AccountRecord, AllowRecord, BilledRecord, BytesRecord, ConversationRecord, DirectRecord,
    EmailRecord, HistoryRecord, LifeRecord, LinkRecord, LowWaterRecord, MovedRecord, OwnRecord, PersonRecord,
    PointerRecord, SaidRecord, SentinelRecord, SettingsRecord, UsageRecord,
};

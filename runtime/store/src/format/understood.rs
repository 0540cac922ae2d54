//! Whether a record can be read as what its key says it is: whole, and of a kind that this program knows.

use crate::format::billed_key::BilledKey;
use crate::format::envelope::{Damage, read_record, unwrap};
use crate::format::keys::{self, kind};
use crate::format::names::Names;
use crate::format::records::tags::AccountTag;
use crate::format::records::{
    AcceptedRecord, AccountRecord, AllowRecord, BilledRecord, BytesRecord, ConversationRecord, EmailRecord,
    HistoryRecord, InboxRecord, LifeRecord, MovedRecord, OwnRecord, ParcelRecord, PersonRecord, PointerRecord,
    QuarantineRecord, SeenRecord, SentinelRecord, UsageRecord, WakeRecord,
};
use crate::format::seal::Sealer;
use crate::format::usage_key::UsageKey;
use crate::format::{inbox_codec, outbox_codec, settings_codec};
use greenroom_contract::ids::ConversationId;
use prost::Message;

/// Reads a value, its parts already appended.
pub(crate) fn understand(key: &[u8], whole: &[u8], sealer: &Sealer) -> Result<(), Damage> {
    let record = (key, whole, sealer);
    match key.first().copied().unwrap_or_default() {
        kind::ALIAS | kind::CHAT | kind::REDIRECT | kind::CONFIGURED => known::<PointerRecord>(record),
        kind::SETTINGS => read(record, |settings| settings_codec::settings(settings).map(|_| ())),
        kind::CONVERSATION => known::<ConversationRecord>(record),
        kind::SEEN | kind::SEEN_EARLY => known::<SeenRecord>(record),
        kind::ACCEPTED => known::<AcceptedRecord>(record),
        kind::ALLOW => known::<AllowRecord>(record),
        kind::HISTORY => known::<HistoryRecord>(record),
        kind::INBOX => read(record, row),
        kind::HELD | kind::PARCEL => read(record, |parcel| parcel_of(key, parcel)),
        kind::META if key == keys::LIFE => known::<LifeRecord>(record),
        kind::META if key == keys::MOVED => known::<MovedRecord>(record),
        kind::META => known::<SentinelRecord>(record),
        kind::PERSON => known::<PersonRecord>(record),
        kind::EMAIL => known::<EmailRecord>(record),
        kind::OWN => known::<OwnRecord>(record),
        kind::QUARANTINE => read(record, |quarantined: QuarantineRecord| {
            row(quarantined.row.ok_or_else(|| inbox_codec::bad("a quarantined row without its row"))?)
        }),
        kind::USAGE => read(record, |_: UsageRecord| {
            UsageKey::read(key)
                .map(|_| ())
                .ok_or_else(|| inbox_codec::bad("a sum of usage under a key that names none"))
        }),
        kind::BILLED => read(record, |_: BilledRecord| {
            BilledKey::read(key)
                .map(|_| ())
                .ok_or_else(|| inbox_codec::bad("a sum of billed messages under a key that names none"))
        }),
        kind::STATE | kind::VAULT => known::<BytesRecord>(record),
        kind::ACCOUNT => read(record, |account: AccountRecord| AccountTag::read(account.state).map(|_| ())),
        kind::WAKE => read(record, |wake: WakeRecord| inbox_codec::wake_kind(wake).map(|_| ())),
        _ => Ok(()),
    }
}

fn known<T: Message + Default>(record: (&[u8], &[u8], &Sealer)) -> Result<(), Damage> {
    read(record, |_: T| Ok(()))
}

fn read<T: Message + Default>(
    (key, whole, sealer): (&[u8], &[u8], &Sealer),
    turn: impl FnOnce(T) -> Result<(), Damage>,
) -> Result<(), Damage> {
    turn(unwrap(key, whole, sealer, read_record)?)
}

fn row(mut record: InboxRecord) -> Result<(), Damage> {
    inbox_codec::entry_kind(&mut record)?;
    inbox_codec::scope(record.channel, record.owner).map(|_| ())
}

fn parcel_of(key: &[u8], record: ParcelRecord) -> Result<(), Damage> {
    let named = keys::read_parcel(key).ok_or_else(|| inbox_codec::bad("a parcel under a key that names none"))?;
    let conversation = ConversationId(record.conversation);
    // Which store it is of plays no part in whether it is understood.
    outbox_codec::parcel(&Names::of(&[], &[]), named, conversation, record).map(|_| ())
}

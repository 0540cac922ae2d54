//! Looks for what sent parcels and traces say of a person, beside the writer, and has it taken out in steps.

use super::traces::accounts_with_parcels;
use crate::engines::Range;
use crate::format::envelope;
use crate::format::keys;
use crate::format::records::{ConversationRecord, ParcelRecord, PersonRecord, SeenRecord};
use crate::format::usage_key::UsageKey;
use crate::store::{GreenroomStore, Reader};
use crate::write::commands::forgotten::{BlankParcels, Forgotten, StripTraces};
use crate::write::commands::usage::UnlinkUsage;
use greenroom_contract::ids::{ConversationId, PersonId};
use greenroom_contract::limits;
use greenroom_contract::store::StoreError;
use std::ops::ControlFlow;
use std::sync::Arc;

/// Takes out all that is kept beside the person's own rows. Done before these go, so that a crash in between leaves a
/// person who can be forgotten.
pub(super) async fn take_out(store: &GreenroomStore, person: PersonId) -> Result<(), StoreError> {
    let Some(about) = store.read(|reader| about(reader, person))?.map(Arc::new) else { return Ok(()) };
    for account in store.read_long(accounts_with_parcels).await? {
        let (looking, telling) = (Arc::clone(&about), Arc::clone(&about));
        let of_account = Range::prefix(&keys::parcels(&account));
        let concerns = move |reader: &Reader, key: &[u8], value: &[u8]| {
            let record = envelope::unwrap(key, value, &reader.shared.sealer, envelope::read_record::<ParcelRecord>);
            let index = reader.shared.index.lock();
            record.is_ok_and(|record| looking.in_parcel(&record, &index).is_some())
        };
        each_step(store, of_account, concerns, |keys| BlankParcels { about: Arc::clone(&telling), keys }).await?;
    }
    for place in store.read(|reader| Ok(reader.seen_places()))? {
        let (looking, telling) = (Arc::clone(&about), Arc::clone(&about));
        let concerns = move |reader: &Reader, key: &[u8], value: &[u8]| {
            let record = envelope::unwrap(key, value, &reader.shared.sealer, envelope::read_record::<SeenRecord>);
            let index = reader.shared.index.lock();
            record.is_ok_and(|record| looking.in_seen(key, &record, &index))
        };
        let all = Range::prefix(&place.all());
        each_step(store, all, concerns, |keys| StripTraces { about: Arc::clone(&telling), keys }).await?;
    }
    let looking = Arc::clone(&about);
    let concerns = move |reader: &Reader, key: &[u8], _: &[u8]| {
        let index = reader.shared.index.lock();
        UsageKey::read(key).is_some_and(|key| looking.out_of_usage(&key, &index).is_some())
    };
    let all = Range::prefix(&[keys::kind::USAGE]);
    each_step(store, all, concerns, |keys| UnlinkUsage { about: Arc::clone(&about), keys }).await?;
    Ok(())
}

fn about(reader: &Reader, person: PersonId) -> Result<Option<Forgotten>, StoreError> {
    let person = reader.follow_person(person);
    let Some(record) = reader.load::<PersonRecord>(&keys::person(person))? else { return Ok(None) };
    let conversations: Vec<_> =
        record.chats.iter().map(|chat| reader.follow_conversation(ConversationId(chat.conversation))).collect();
    let mut chats = Vec::new();
    for conversation in &conversations {
        let found = reader.load::<ConversationRecord>(&keys::conversation(*conversation))?;
        chats.extend(found.map(|found| found.chat));
    }
    let (addresses, senders) = (record.addresses, record.senders);
    Ok(Some(Forgotten { person, conversations, chats, addresses, senders }))
}

/// Looks through a range, and has the writer change what concerns it.
async fn each_step<O: crate::write::job::Operation>(
    store: &GreenroomStore,
    range: Range,
    concerns: impl Fn(&Reader, &[u8], &[u8]) -> bool + Send + Sync + 'static,
    operation: impl Fn(Vec<Vec<u8>>) -> O + Send + Sync,
) -> Result<(), StoreError> {
    let concerns = Arc::new(concerns);
    let mut after = Some(range);
    while let Some(range) = after {
        let concerns = Arc::clone(&concerns);
        let (found, next) = store.read_long(move |reader| page(reader, range, &*concerns)).await?;
        for keys in found.chunks(limits::STORE_STEP_ROWS_MAX) {
            store.execute(operation(keys.to_vec())).await?;
        }
        after = next;
    }
    Ok(())
}

/// Keys of a page of rows that concern it, and what is left to look through.
type Found = (Vec<Vec<u8>>, Option<Range>);

fn page(
    reader: &Reader,
    range: Range,
    concerns: &(impl Fn(&Reader, &[u8], &[u8]) -> bool + ?Sized),
) -> Result<Found, StoreError> {
    let (mut found, mut rows, mut last) = (Vec::new(), 0, None);
    reader.visit(&range, &mut |key, value| {
        rows += 1;
        if concerns(reader, key, value) {
            found.push(key.to_vec());
        }
        if rows >= limits::SWEEP_ROWS_PER_STEP {
            last = Some(key.to_vec());
            return ControlFlow::Break(());
        }
        ControlFlow::Continue(())
    })?;
    Ok((found, last.map(|last| range.after(&last))))
}

//! The durable queue of messages to send.

use crate::format::keys;
use crate::format::outbox_codec;
use crate::format::records::{OwnRecord, ParcelRecord};
use crate::memory::index::Index;
use crate::store::{GreenroomStore, Reader};
use crate::write::commands::post::Posting;
use crate::write::commands::send::{ReleaseHeld, ReleaseParcel, Sent, Verdict};
use async_trait::async_trait;
use greenroom_contract::channel::Receipt;
use greenroom_contract::ids::{AccountId, ConversationId, MessageId, Sequence};
use greenroom_contract::outbound::OutboundBody;
use greenroom_contract::store::{
    Outbox, PERSON_WRITES, Parcel, ParcelKey, ParcelVerdict, PendingParcel, Post, Posted, StoreError, UnsentCount,
};
use greenroom_contract::time::Timestamp;
use greenroom_contract::trace::Step;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;

#[async_trait]
impl Outbox for GreenroomStore {
    async fn pending(
        &self,
        account: &AccountId,
        after: Option<&ParcelKey>,
        parcels_max: usize,
    ) -> Result<Vec<PendingParcel>, StoreError> {
        let first = after.map_or(Bound::Unbounded, |after| Bound::Excluded((after.sequence, after.part)));
        self.index(|index| {
            let postponed = self.shared.postponed.lock();
            let parcels = index.pending.get(account).into_iter();
            let after = parcels.flat_map(|parcels| parcels.range((first, Bound::Unbounded)));
            let unsent = |sequence: &Sequence, part: &u16| {
                postponed.none_sent() || !postponed.is_sent(&outbox_codec::key(account, *sequence, *part))
            };
            let after = after.filter(|((sequence, part), _)| unsent(sequence, part));
            let named = after.take(parcels_max).map(|((sequence, part), unsent)| {
                outbox_codec::pending(outbox_codec::key(account, *sequence, *part), *unsent)
            });
            named.collect()
        })
    }

    async fn pending_of(
        &self,
        account: &AccountId,
        conversation: ConversationId,
        parcels_max: usize,
    ) -> Result<Vec<PendingParcel>, StoreError> {
        self.index(|index| {
            let postponed = self.shared.postponed.lock();
            let together = index.pending_in.get(&index.conversations.follow(conversation)).into_iter().flatten();
            let unsent = together.filter(|key| key.account == *account && !postponed.is_sent(key));
            let of_account = unsent.take(parcels_max);
            of_account.filter_map(|key| Some(outbox_codec::pending(key.clone(), index.unsent(key)?))).collect()
        })
    }

    async fn unsent(&self, after: Option<&ParcelKey>, parcels_max: usize) -> Result<Vec<Parcel>, StoreError> {
        let keys: Vec<ParcelKey> = self.index(|index| unsent_keys(index, after, parcels_max))?;
        self.read(|reader| {
            let mut parcels = Vec::with_capacity(keys.len());
            for key in &keys {
                match parcel(reader, key) {
                    Ok(Some(mut found)) => {
                        found.draft.body = OutboundBody::Text(String::new());
                        parcels.push(found);
                    }
                    // What is damaged is shown as damage, not here.
                    Ok(None) | Err(StoreError::Damaged { .. }) => {}
                    Err(error) => return Err(error),
                }
            }
            Ok(parcels)
        })
    }

    async fn unsent_count(&self) -> Result<UnsentCount, StoreError> {
        self.index(|index| {
            let waiting = index.pending.values().flat_map(BTreeMap::values);
            UnsentCount {
                for_person: waiting.clone().filter(|parcel| parcel.not_before == PERSON_WRITES).count() as u64,
                waiting: waiting.count() as u64,
                held: index.held.values().map(BTreeSet::len).sum::<usize>() as u64,
            }
        })
    }

    async fn release_parcel(&self, key: &ParcelKey, step: Step) -> Result<PendingParcel, StoreError> {
        self.execute(ReleaseParcel { key: key.clone(), step }).await
    }

    async fn parcel(&self, key: &ParcelKey) -> Result<Option<Parcel>, StoreError> {
        self.read(|reader| parcel(reader, key))
    }

    async fn post(&self, post: Post) -> Result<Posted, StoreError> {
        self.execute(Posting(post)).await
    }

    async fn sent(&self, key: &ParcelKey, receipt: &Receipt, at: Timestamp) -> Result<(), StoreError> {
        self.execute(Sent { key: key.clone(), message: receipt.message.clone(), at }).await
    }

    fn sent_submitted(&self, key: &ParcelKey, receipt: &Receipt, at: Timestamp) {
        let (key, message) = (key.clone(), receipt.message.clone());
        self.shared.postponed.lock().sent(key.clone(), message.clone(), at);
        let (shared, written) = (self.shared.clone(), key.clone());
        self.writer.submit_kept(Sent { key, message, at }, move || shared.postponed.lock().sent_is_written(&written));
    }

    async fn verdict(&self, key: &ParcelKey, verdict: ParcelVerdict, step: Step) -> Result<(), StoreError> {
        self.execute(Verdict { key: key.clone(), ended: verdict, step }).await
    }

    async fn release_held(&self, conversation: ConversationId) -> Result<Vec<ParcelKey>, StoreError> {
        let any = self.index(|index| index.held.contains_key(&index.conversations.follow(conversation)))?;
        if any { self.execute(ReleaseHeld { conversation }).await } else { Ok(Vec::new()) }
    }

    async fn find_own(&self, account: &AccountId, message: &MessageId) -> Result<Option<ParcelKey>, StoreError> {
        self.read(|reader| find_own(reader, account, message))
    }
}

/// Unsent and held parcels behind a key, in order.
fn unsent_keys(index: &Index, after: Option<&ParcelKey>, parcels_max: usize) -> Vec<ParcelKey> {
    let pending = index.pending_in.values().flatten();
    let mut keys: Vec<&ParcelKey> = pending.chain(index.held.values().flatten()).collect();
    keys.retain(|key| after.is_none_or(|after| *key > after));
    keys.sort_unstable();
    keys.truncate(parcels_max);
    keys.into_iter().cloned().collect()
}

/// One parcel, wherever it lies.
pub(super) fn parcel(reader: &Reader, key: &ParcelKey) -> Result<Option<Parcel>, StoreError> {
    for place in [keys::parcel(key), keys::held(key)] {
        let turn = |mut record: ParcelRecord| {
            reader.shared.postponed.lock().apply(key, &mut record);
            let conversation = reader.follow_conversation(ConversationId(record.conversation));
            outbox_codec::parcel(&reader.shared.names, key.clone(), conversation, record)
        };
        let damaged_before = reader.damaged_count();
        if let Some(parcel) = reader.load_as(&place, turn)? {
            return Ok(Some(parcel));
        }
        if reader.damaged_count() > damaged_before {
            return Err(StoreError::Damaged { what: keys::describe(&place) });
        }
    }
    Ok(None)
}

/// The parcel that the network, or we, named so.
pub(super) fn find_own(
    reader: &Reader,
    account: &AccountId,
    message: &MessageId,
) -> Result<Option<ParcelKey>, StoreError> {
    for place in reader.shared.names.places(message.as_str()).into_iter().flatten() {
        let key = outbox_codec::key(account, place.sequence, place.part);
        for lies_at in [keys::parcel(&key), keys::held(&key)] {
            if reader.load::<ParcelRecord>(&lies_at)?.is_some_and(|record| place.is_of(&record)) {
                return Ok(Some(key));
            }
        }
    }
    let own = reader.load::<OwnRecord>(&keys::own(account, message))?;
    Ok(own.map(|own| outbox_codec::key(account, Sequence(own.sequence), own.part as u16)))
}

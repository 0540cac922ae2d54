//! The durable queue of messages to send.

use crate::format::keys;
use crate::format::outbox_codec;
use crate::format::records::{OwnRecord, ParcelRecord};
use crate::store::{GreenroomStore, Reader};
use crate::write::commands::post::Posting;
use crate::write::commands::send::{ReleaseHeld, Sent, Verdict};
use async_trait::async_trait;
use greenroom_contract::channel::Receipt;
use greenroom_contract::ids::{AccountId, ConversationId, MessageId, Sequence};
use greenroom_contract::store::{Outbox, Parcel, ParcelKey, ParcelVerdict, PendingParcel, Post, Posted, StoreError};
use greenroom_contract::time::Timestamp;
use greenroom_contract::trace::Step;
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
            let named = after.take(parcels_max).map(|((sequence, part), conversation)| PendingParcel {
                key: outbox_codec::key(account, *sequence, *part),
                conversation: *conversation,
            });
            named.collect()
        })
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

/// One parcel, wherever it lies.
pub(super) fn parcel(reader: &Reader, key: &ParcelKey) -> Result<Option<Parcel>, StoreError> {
    for place in [keys::parcel(key), keys::held(key)] {
        let turn = |mut record: ParcelRecord| {
            reader.shared.postponed.lock().apply(key, &mut record);
            let conversation = reader.follow_conversation(ConversationId(record.conversation));
            outbox_codec::parcel(key.clone(), conversation, record)
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
    if let Some((sequence, part, tag)) = outbox_codec::read_outbound_id(message.as_str()) {
        let key = outbox_codec::key(account, sequence, part);
        for place in [keys::parcel(&key), keys::held(&key)] {
            if reader.load::<ParcelRecord>(&place)?.is_some_and(|record| record.tag == tag) {
                return Ok(Some(key));
            }
        }
    }
    let own = reader.load::<OwnRecord>(&keys::own(account, message))?;
    Ok(own.map(|own| outbox_codec::key(account, Sequence(own.sequence), own.part as u16)))
}

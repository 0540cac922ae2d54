//! Which statuses nobody has to wait for.
//!
//! A status is evidence as long as the store does not know on disk that its message was sent; then it must be on disk before
//! the network is told that it was taken. Later it only says more of what is known. A failure is never postponed: what
//! follows it must not be lost.

use super::outbox::find_own;
use crate::format::keys;
use crate::format::outbox_codec;
use crate::format::records::ParcelRecord;
use crate::memory::postponed::Told;
use crate::store::Reader;
use greenroom_contract::event::{DeliveryStatus, StatusOf};
use greenroom_contract::ids::MessageId;
use greenroom_contract::store::{Arrival, ParcelKey, StatusArrival, StoreError};

/// Keeps the statuses of a batch that are no evidence, to be written later; returns their parcels, each in the place of its
/// arrival.
pub(super) fn postpone(reader: &Reader, batch: &[Arrival]) -> Result<Vec<Option<ParcelKey>>, StoreError> {
    let each = batch.iter().map(|arrival| match arrival {
        Arrival::Status(arrival) if !matches!(arrival.status, DeliveryStatus::Failed { .. }) => {
            postpone_one(reader, arrival)
        }
        _ => Ok(None),
    });
    each.collect()
}

fn postpone_one(reader: &Reader, arrival: &StatusArrival) -> Result<Option<ParcelKey>, StoreError> {
    let name = match &arrival.of {
        StatusOf::Outbound(id) => MessageId::read_back(id.as_str()).ok(),
        StatusOf::Message(id) => Some(id.clone()),
    };
    let Some(name) = name else { return Ok(None) };
    let Some(key) = find_own(reader, &arrival.account, &name)? else { return Ok(None) };
    if !is_sent(reader, &key)? {
        return Ok(None);
    }
    Ok(reader.shared.postponed.lock().tell(key.clone(), Told::from(arrival)).then_some(key))
}

/// Whether a parcel is sent, and that is on disk; or will be soon, on a network that shows an id once.
fn is_sent(reader: &Reader, key: &ParcelKey) -> Result<bool, StoreError> {
    if reader.shared.postponed.lock().is_sent(key) {
        return Ok(true);
    }
    // The index shows what is committed; the engine may show what is not on disk yet.
    if reader.shared.index.lock().unsent(key).is_some() {
        return Ok(false);
    }
    let record = reader.load::<ParcelRecord>(&keys::parcel(key))?;
    Ok(record.is_some_and(|record| outbox_codec::sent_as(&record).is_some()))
}

//! The life of a parcel after its turn.

use crate::format::envelope::Sealing;
use crate::format::keys;
use crate::format::outbox_codec;
use crate::format::records::{OwnRecord, ParcelRecord};
use crate::format::trace_codec;
use crate::memory::index::{Change, Delta};
use crate::memory::postponed::end_as_sent;
use crate::write::job::Operation;
use crate::write::txn::{Fail, Loaded, Placed, Txn};
use greenroom_contract::ids::{AccountId, ConversationId, MessageId, Sequence};
use greenroom_contract::store::{Counted, ParcelKey, ParcelState, ParcelVerdict, PendingParcel};
use greenroom_contract::time::Timestamp;
use greenroom_contract::trace::Step;

/// The network has a parcel.
pub(crate) struct Sent {
    pub(crate) key: ParcelKey,
    pub(crate) message: MessageId,
    pub(crate) at: Timestamp,
}

impl Operation for Sent {
    type Output = ();

    fn run(&self, txn: &mut Txn<'_>) -> Result<(), Fail> {
        let Some((from, mut loaded)) = load(txn, &self.key)? else { return Err(missing(&self.key)) };
        // One that was given up while it was on its way is sent all the same, and what is so is what is stored.
        if let Some(sent_as) = outbox_codec::sent_as(&loaded.record) {
            return if sent_as == self.message.as_str() { Ok(()) } else { Err(missing(&self.key)) };
        }
        let state = end_as_sent(&mut loaded.record, &self.message, self.at);
        let ours = txn.names.of_parcel(&self.key, &loaded.record);
        let is_ours = ours.is_ok_and(|ours| ours.as_str() == self.message.as_str());
        store(txn, &self.key, from, loaded, &state)?;
        if !is_ours {
            let record = OwnRecord { sequence: self.key.sequence.0, part: u32::from(self.key.part) };
            txn.put(keys::own(&self.key.account, &self.message), &record)?;
        }
        Ok(())
    }
}

/// An attempt ended without a receipt.
pub(crate) struct Verdict {
    pub(crate) key: ParcelKey,
    pub(crate) ended: ParcelVerdict,
    pub(crate) step: Step,
}

impl Operation for Verdict {
    type Output = ();

    fn run(&self, txn: &mut Txn<'_>) -> Result<(), Fail> {
        let Some((from, mut loaded)) = load(txn, &self.key)? else { return Err(missing(&self.key)) };
        if outbox_codec::is_done(&loaded.record) {
            return Err(missing(&self.key));
        }
        let before = outbox_codec::unclear(&loaded.record);
        let was_uncertain =
            matches!(outbox_codec::state(loaded.record.state.as_ref()), Ok(ParcelState::Uncertain { .. }));
        loaded.record.unclear = match &self.ended {
            ParcelVerdict::Uncertain { .. } => before.max(1),
            ParcelVerdict::Repeating { .. } => before.saturating_add(1),
            // What was announced was certainly not sent; what is in doubt since before stays so.
            ParcelVerdict::Retry { .. } if was_uncertain && before > 1 => before - 1,
            ParcelVerdict::Retry { .. } | ParcelVerdict::Held { .. } | ParcelVerdict::Dropped { .. } => before,
        };
        let (state, counted) = match &self.ended {
            ParcelVerdict::Retry { not_before, counted } => {
                (ParcelState::Waiting { not_before: *not_before }, *counted)
            }
            ParcelVerdict::Uncertain { since } => (ParcelState::Uncertain { since: *since }, Counted::Yes),
            ParcelVerdict::Repeating { since } => (ParcelState::Uncertain { since: *since }, Counted::No),
            ParcelVerdict::Held { reason } => (ParcelState::Held { reason: reason.clone() }, Counted::No),
            ParcelVerdict::Dropped { reason } => (ParcelState::Dropped { reason: reason.clone() }, Counted::No),
        };
        if counted == Counted::Yes {
            loaded.record.attempts = loaded.record.attempts.saturating_add(1);
        }
        if matches!(state, ParcelState::Dropped { .. }) {
            loaded.record.body = Some(outbox_codec::emptied());
        }
        trace_codec::append(&mut loaded.record.steps, &self.step);
        store(txn, &self.key, from, loaded, &state)
    }
}

/// One held parcel may go.
pub(crate) struct ReleaseParcel {
    pub(crate) key: ParcelKey,
    pub(crate) step: Step,
}

impl Operation for ReleaseParcel {
    type Output = PendingParcel;

    fn run(&self, txn: &mut Txn<'_>) -> Result<PendingParcel, Fail> {
        let from = keys::held(&self.key);
        let Some(mut loaded) = txn.load::<ParcelRecord>(&from)? else { return Err(missing(&self.key)) };
        trace_codec::append(&mut loaded.record.steps, &self.step);
        loaded.record.attempts = 0;
        loaded.record.released_at = self.step.at.0;
        store(txn, &self.key, from, loaded, &ParcelState::Waiting { not_before: Timestamp(0) })?;
        let unsent = txn.index.unsent(&self.key).ok_or_else(|| missing(&self.key))?;
        Ok(outbox_codec::pending(self.key.clone(), unsent))
    }
}

/// Held parcels of a conversation may go.
pub(crate) struct ReleaseHeld {
    pub(crate) conversation: ConversationId,
}

impl Operation for ReleaseHeld {
    type Output = Vec<ParcelKey>;

    fn run(&self, txn: &mut Txn<'_>) -> Result<Vec<ParcelKey>, Fail> {
        let conversation = txn.index.conversations.follow(self.conversation);
        let held: Vec<ParcelKey> = txn.index.held.get(&conversation).into_iter().flatten().cloned().collect();
        for key in &held {
            let from = keys::held(key);
            let Some(loaded) = txn.load::<ParcelRecord>(&from)? else { continue };
            store(txn, key, from, loaded, &ParcelState::Waiting { not_before: Timestamp(0) })?;
        }
        Ok(held)
    }
}

/// Writes a parcel in a new state, where parcels in that state lie.
fn store(
    txn: &mut Txn<'_>,
    key: &ParcelKey,
    from: Vec<u8>,
    mut loaded: Loaded<ParcelRecord>,
    state: &ParcelState,
) -> Result<(), Fail> {
    let conversation = txn.index.conversations.follow(ConversationId(loaded.record.conversation));
    let was_held = from.first() == Some(&keys::kind::HELD);
    let is_held = matches!(state, ParcelState::Held { .. });
    let before = txn.index.unsent(key);
    loaded.record.state = Some(outbox_codec::state_record(state));
    let is_pending = outbox_codec::is_pending(&loaded.record);
    if was_held && is_pending {
        // Its owner wants it to be sent, whatever became of it before.
        loaded.record.unclear = 0;
    }
    let after = is_pending.then(|| outbox_codec::unsent(&loaded.record, conversation));
    let to = if is_held { keys::held(key) } else { keys::parcel(key) };
    let parts_before = if from == to {
        loaded.parts
    } else {
        txn.remove(from, loaded.parts);
        0
    };
    let sealing: Sealing = outbox_codec::sealing(&loaded.record);
    txn.put_over(to, &loaded.record, sealing, parts_before)?;
    if before != after {
        let changes = before.map(|parcel| (parcel, Change::Went)).into_iter();
        for (parcel, change) in changes.chain(after.map(|parcel| (parcel, Change::Came))) {
            txn.note(Delta::Pending { key: key.clone(), parcel, change });
        }
    }
    if was_held != is_held {
        let change = if is_held { Change::Came } else { Change::Went };
        txn.note(Delta::Held { key: key.clone(), conversation, change });
    }
    if was_held && is_pending {
        // It may lie below the low-water mark, which goes down with the sentinel of this group.
        txn.numbers.grew = true;
    }
    Ok(())
}

fn missing(key: &ParcelKey) -> Fail {
    Fail::not_found(format!("parcel {}.{} of {}", key.sequence, key.part, key.account))
}

/// A parcel, and where it lies.
pub(crate) fn load(txn: &Txn<'_>, key: &ParcelKey) -> Result<Option<Placed<ParcelRecord>>, Fail> {
    for place in [keys::parcel(key), keys::held(key)] {
        if let Some(loaded) = txn.load::<ParcelRecord>(&place)? {
            return Ok(Some((place, loaded)));
        }
    }
    Ok(None)
}

/// The parcel that we named so.
pub(crate) fn find_by_name(txn: &Txn<'_>, account: &AccountId, name: &str) -> Result<Option<ParcelKey>, Fail> {
    for place in txn.names.places(name).into_iter().flatten() {
        let key = outbox_codec::key(account, place.sequence, place.part);
        if load(txn, &key)?.is_some_and(|(_, loaded)| place.is_of(&loaded.record)) {
            return Ok(Some(key));
        }
    }
    Ok(None)
}

/// The parcel that the network names so.
pub(crate) fn find_own(txn: &Txn<'_>, account: &AccountId, message: &MessageId) -> Result<Option<ParcelKey>, Fail> {
    if let Some(key) = find_by_name(txn, account, message.as_str())? {
        return Ok(Some(key));
    }
    let own = txn.load::<OwnRecord>(&keys::own(account, message))?;
    Ok(own.map(|own| outbox_codec::key(account, Sequence(own.record.sequence), own.record.part as u16)))
}

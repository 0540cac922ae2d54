//! Why messages were, or were not, answered.
//!
//! The first half of a trace lies with the deduplication key, the second with the first parcel of
//! the turn; a turn without parcels writes all of it to the first.

use super::outbox::find_own;
use crate::engines::Range;
use crate::format::envelope::{self, Damage};
use crate::format::ids::{known, stored};
use crate::format::inbox_codec::message_id;
use crate::format::keys::{self, kind};
use crate::format::outbox_codec;
use crate::format::records::{ParcelRecord, SeenRecord};
use crate::format::seen_key::SeenKey;
use crate::format::trace_codec;
use crate::store::{GreenroomStore, Reader};
use async_trait::async_trait;
use greenroom_contract::ids::{AccountId, ChatId, ConversationId, MessageId, Sequence};
use greenroom_contract::limits;
use greenroom_contract::store::{PERSON_WRITES, ParcelKey, ParcelState, StoreError, Traces};
use greenroom_contract::time::Timestamp;
use greenroom_contract::trace::{ParcelTrace, Trace};
use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};
use std::ops::ControlFlow;
use std::sync::atomic::Ordering;

#[async_trait]
impl Traces for GreenroomStore {
    async fn why(&self, message: &MessageId, account: Option<&AccountId>) -> Result<Vec<Trace>, StoreError> {
        let (message, account) = (message.clone(), account.cloned());
        self.read_long(move |reader| why(reader, &message, account.as_ref())).await
    }

    async fn latest(&self, traces_max: usize) -> Result<Vec<Trace>, StoreError> {
        let mut loaded = self.latest_loaded.lock().await;
        let opening = self.shared.tally.reopened.load(Ordering::Relaxed);
        if *loaded != Some(opening) {
            let found = self.read_long(newest).await?;
            let mut index = self.shared.index.lock();
            let known: Vec<_> = index.latest.drain(..).collect();
            let mut all: VecDeque<_> = found.into_iter().filter(|key| !known.contains(key)).collect();
            all.extend(known);
            while all.len() > limits::PAGE_ROWS_MAX {
                all.pop_front();
            }
            index.latest = all;
            *loaded = Some(opening);
        }
        drop(loaded);
        let keys: Vec<Vec<u8>> = self.index(|index| index.latest.iter().rev().take(traces_max).cloned().collect())?;
        self.read_long(move |reader| {
            let mut traces = Vec::with_capacity(keys.len());
            for key in keys {
                if let Some(record) = reader.load::<SeenRecord>(&key)?
                    && !record.steps.is_empty()
                {
                    traces.extend(trace(reader, &key, record)?);
                }
            }
            Ok(traces)
        })
        .await
    }
}

fn why(reader: &Reader, message: &MessageId, account: Option<&AccountId>) -> Result<Vec<Trace>, StoreError> {
    let mut found = Vec::new();
    for place in reader.seen_places() {
        let prefix = match account {
            Some(account) => place.in_account(message, account),
            None => place.message(message),
        };
        for (key, value) in reader.rows(&Range::prefix(&prefix), limits::PAGE_ROWS_MAX)? {
            let Some(record) = reader.decode_as(&key, value, Ok::<SeenRecord, Damage>)? else { continue };
            if !record.steps.is_empty() {
                let trace = trace(reader, &key, record)?;
                found.extend(trace.map(|trace| (trace.steps.first().map(|step| step.at), trace)));
            }
        }
    }
    found.sort_by_key(|(at, trace)| (*at, trace.sequence));
    if found.is_empty() {
        return own(reader, message, account);
    }
    Ok(found.into_iter().map(|(_, trace)| trace).collect())
}

/// What caused a message of ours.
fn own(reader: &Reader, message: &MessageId, account: Option<&AccountId>) -> Result<Vec<Trace>, StoreError> {
    let accounts = match account {
        Some(account) => vec![account.clone()],
        None => accounts_with_parcels(reader)?,
    };
    let mut found = Vec::new();
    for account in accounts {
        if let Some(key) = find_own(reader, &account, message)? {
            found.extend(trace_of_parcel(reader, &key)?);
        }
    }
    Ok(found)
}

pub(super) fn accounts_with_parcels(reader: &Reader) -> Result<Vec<AccountId>, StoreError> {
    let mut accounts = Vec::new();
    for kind in [kind::PARCEL, kind::HELD] {
        let mut range = Range::prefix(&[kind]);
        while let Some((key, _)) = reader.rows(&range, 1)?.pop() {
            let Some(parcel) = keys::read_parcel(&key) else {
                range = range.after(&key);
                continue;
            };
            let of_account = keys::Key::new(kind).text(parcel.account.as_str()).done();
            let Some(next) = Range::prefix(&of_account).until else { break };
            range = range.starting(next);
            if !accounts.contains(&parcel.account) {
                accounts.push(parcel.account);
            }
        }
    }
    Ok(accounts)
}

fn trace_of_parcel(reader: &Reader, key: &ParcelKey) -> Result<Option<Trace>, StoreError> {
    let first = ParcelKey { part: 0, ..key.clone() };
    let Some(record) = load_parcel(reader, &first)? else { return Ok(None) };
    if let Some(cause) = &record.cause
        && let (Ok(message), Ok(account)) = (MessageId::read_back(&cause.message), AccountId::read_back(&cause.account))
    {
        for place in reader.seen_places() {
            let seen = place.seen(&message, &account, known(cause.conversation), known(cause.person));
            if let Some(record) = reader.load::<SeenRecord>(&seen)? {
                return trace(reader, &seen, record);
            }
        }
    }
    let conversation = reader.follow_conversation(ConversationId(record.conversation));
    let (parcels, steps) = parcels_of(reader, &key.account, key.sequence)?;
    let Ok(Some(message)) = name_of(reader, key, &record) else { return Ok(None) };
    Ok(Some(Trace {
        message,
        account: key.account.clone(),
        chat: record.route.and_then(|route| ChatId::read_back(route.chat).ok()),
        conversation,
        sequence: Some(key.sequence),
        steps,
        parcels,
    }))
}

fn name_of(reader: &Reader, key: &ParcelKey, record: &ParcelRecord) -> Result<Option<MessageId>, Damage> {
    let id = reader.shared.names.of_parcel(key, record)?;
    message_id(Some(id.as_str().to_owned()))
}

fn load_parcel(reader: &Reader, key: &ParcelKey) -> Result<Option<ParcelRecord>, StoreError> {
    match reader.load::<ParcelRecord>(&keys::parcel(key))? {
        Some(record) => Ok(Some(record)),
        None => reader.load::<ParcelRecord>(&keys::held(key)),
    }
}

/// The whole trace of a message.
fn trace(reader: &Reader, key: &[u8], record: SeenRecord) -> Result<Option<Trace>, StoreError> {
    let Some(SeenKey { message, account, conversation, .. }) = SeenKey::read(key) else { return Ok(None) };
    let (Ok(message), Ok(account)) = (MessageId::read_back(message), AccountId::read_back(account)) else {
        return Ok(None);
    };
    let turn = known(record.turn).or(known(record.sequence));
    let mut trace_steps = trace_codec::steps(record.steps);
    let mut trace_parcels = Vec::new();
    for row in record.earlier.iter().copied().map(Sequence).chain(turn) {
        let (parcels, steps) = parcels_of(reader, &account, row)?;
        trace_parcels.extend(parcels);
        trace_steps.extend(steps);
    }
    Ok(Some(Trace {
        message,
        account,
        chat: record.chat.and_then(|chat| ChatId::read_back(chat).ok()),
        conversation: ConversationId(stored(conversation.map(|conversation| reader.follow_conversation(conversation)))),
        sequence: known(record.sequence),
        steps: trace_steps,
        parcels: trace_parcels,
    }))
}

type Steps = Vec<greenroom_contract::trace::Step>;

/// The parcels that a row caused, and the steps of its turn.
fn parcels_of(
    reader: &Reader,
    account: &AccountId,
    sequence: Sequence,
) -> Result<(Vec<ParcelTrace>, Steps), StoreError> {
    let mut parts = Vec::new();
    let mut turn_steps = Vec::new();
    for kind in [kind::PARCEL, kind::HELD] {
        let range = Range::prefix(&keys::parcels_from(kind, account, sequence));
        for (key, value) in reader.rows(&range, limits::PARCELS_PER_TURN_MAX)? {
            let Some(parcel) = keys::read_parcel(&key) else { continue };
            let read = |mut record: ParcelRecord| {
                reader.shared.postponed.lock().apply(&parcel, &mut record);
                let turn = trace_codec::steps(std::mem::take(&mut record.turn_steps));
                let state = outbox_codec::state(record.state.as_ref())?;
                let trace = ParcelTrace {
                    id: reader.shared.names.of_parcel(&parcel, &record)?,
                    state: state.word().to_owned(),
                    waits_until: waits_until(&state, record.created_at),
                    steps: trace_codec::steps(record.steps),
                };
                Ok((parcel.part, trace, turn))
            };
            if let Some((part, trace, turn)) = reader.decode_as(&key, value, read)? {
                turn_steps.extend(turn);
                parts.push((part, trace));
            }
        }
    }
    parts.sort_by_key(|(part, _)| *part);
    Ok((parts.into_iter().map(|(_, trace)| trace).collect(), turn_steps))
}

/// Until when a parcel waits, if that is a moment. One that was just made waits for nothing.
fn waits_until(state: &ParcelState, created_at: u64) -> Option<Timestamp> {
    match state {
        ParcelState::Waiting { not_before } if ![PERSON_WRITES.0, created_at].contains(&not_before.0) => {
            Some(*not_before)
        }
        _ => None,
    }
}

/// Keys of the newest messages, the newest last. Looks at all of the newest periods, once after an opening.
fn newest(reader: &Reader) -> Result<Vec<Vec<u8>>, StoreError> {
    let mut newest = BinaryHeap::new();
    let sealer = &reader.shared.sealer;
    for place in reader.seen_places() {
        if newest.len() >= limits::PAGE_ROWS_MAX {
            break;
        }
        reader.visit(&Range::prefix(&place.all()), &mut |key, value| {
            if let Ok(record) = envelope::unwrap(key, value, sealer, envelope::read_record::<SeenRecord>) {
                newest.push(Reverse((record.at, record.sequence, key.to_vec())));
                if newest.len() > limits::PAGE_ROWS_MAX {
                    newest.pop();
                }
            }
            ControlFlow::Continue(())
        })?;
    }
    let mut newest: Vec<_> = newest.into_iter().map(|Reverse(row)| row).collect();
    newest.sort();
    Ok(newest.into_iter().map(|(_, _, key)| key).collect())
}

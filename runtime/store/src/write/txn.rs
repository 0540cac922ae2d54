//! What a command sees: the engine, with the group that is not committed yet laid over it.
//!
//! A command reads and writes through a [`Txn`]. When it fails, everything it wrote is taken back,
//! and the commands before and after it in the same group do not notice.

use crate::engines::{Batch, Direction, Engine, EngineError, Range, Rows};
use crate::format::envelope::{self, Damage, Sealing, read_record};
use crate::format::keys;
use crate::format::names::Names;
use crate::format::records::PointerRecord;
use crate::format::seal::Sealer;
use crate::memory::index::{Change, Delta, Index, Mark, RowName};
use crate::memory::known::Known;
use crate::memory::postponed::Postponed;
use crate::memory::shared::Bounds;
use greenroom_contract::address::Address;
use greenroom_contract::ids::{ConversationId, PersonId, Sequence};
use greenroom_contract::store::{MergedConversation, StoreError};
use parking_lot::Mutex;
use prost::Message;
use std::collections::BTreeMap;
use std::ops::ControlFlow;

/// Numbers that are reserved at once. A crash leaves at most so many unused.
const NUMBERS_PER_RESERVATION: u64 = 4_096;

/// Why a command was not carried out.
#[derive(Debug)]
pub(crate) enum Fail {
    /// It breaks a rule; nothing is wrong with the store.
    Refused(StoreError),
    /// The engine failed.
    Engine(EngineError),
    /// A record that it needs is damaged. It is set aside, and the command runs again without it.
    Damaged { key: Vec<u8>, damage: Damage },
}

impl From<StoreError> for Fail {
    fn from(error: StoreError) -> Self {
        Self::Refused(error)
    }
}

impl From<EngineError> for Fail {
    fn from(error: EngineError) -> Self {
        Self::Engine(error)
    }
}

impl Fail {
    pub(crate) fn not_found(what: impl Into<String>) -> Self {
        Self::Refused(StoreError::NotFound { what: what.into() })
    }

    pub(crate) fn invalid(reason: impl Into<String>) -> Self {
        Self::Refused(StoreError::Invalid { reason: reason.into() })
    }
}

/// A record, and how many further parts its value has.
#[derive(Debug)]
pub(crate) struct Loaded<T> {
    pub(crate) record: T,
    pub(crate) parts: u16,
}

/// A record, and the key under which it lies.
pub(crate) type Placed<T> = (Vec<u8>, Loaded<T>);

/// What a group does with a key: a value, or its removal.
type Written = Option<Vec<u8>>;

/// Writes of a group, and how to take back those of the running command.
#[derive(Debug, Default)]
pub(crate) struct Overlay {
    pub(crate) batch: Batch,
    undo: Vec<(Vec<u8>, Option<Written>)>,
}

impl Overlay {
    fn set(&mut self, key: Vec<u8>, value: Option<Vec<u8>>) {
        let before = self.batch.insert(key.clone(), value);
        self.undo.push((key, before));
    }

    fn undo(&mut self) {
        while let Some((key, before)) = self.undo.pop() {
            match before {
                Some(value) => self.batch.insert(key, value),
                None => self.batch.remove(&key),
            };
        }
    }
}

/// Where new ids come from: one row of numbers for conversations, people, rows and accounts, so
/// that "older" means the same everywhere.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Numbers {
    pub(crate) next: u64,
    pub(crate) reserved: u64,
    /// The reservation grew and must be written with the group.
    pub(crate) grew: bool,
}

impl Numbers {
    fn take(&mut self) -> u64 {
        if self.next >= self.reserved {
            self.reserved = self.next + NUMBERS_PER_RESERVATION;
            self.grew = true;
        }
        self.next += 1;
        self.next - 1
    }
}

/// The view of one command.
pub(crate) struct Txn<'a> {
    pub(crate) engine: &'a dyn Engine,
    pub(crate) sealer: &'a Sealer,
    pub(crate) names: &'a Names,
    pub(crate) bounds: Bounds,
    pub(crate) overlay: &'a mut Overlay,
    pub(crate) index: &'a mut Index,
    pub(crate) deltas: &'a mut Vec<Delta>,
    pub(crate) numbers: &'a mut Numbers,
    /// Conversations that this command merged, for its caller to be told.
    pub(crate) merged: Vec<MergedConversation>,
    known: &'a Mutex<Known>,
    pub(crate) postponed: &'a Mutex<Postponed>,
    /// Deltas of the commands before this one in the group.
    first_delta: usize,
}

/// The parts of a [`Txn`] that live as long as a group.
pub(crate) struct TxnParts<'a> {
    pub(crate) engine: &'a dyn Engine,
    pub(crate) sealer: &'a Sealer,
    pub(crate) names: &'a Names,
    pub(crate) bounds: Bounds,
    pub(crate) overlay: &'a mut Overlay,
    pub(crate) index: &'a mut Index,
    pub(crate) deltas: &'a mut Vec<Delta>,
    pub(crate) numbers: &'a mut Numbers,
    pub(crate) known: &'a Mutex<Known>,
    pub(crate) postponed: &'a Mutex<Postponed>,
}

impl<'a> Txn<'a> {
    pub(crate) fn begin(parts: TxnParts<'a>) -> Self {
        let TxnParts { engine, sealer, names, bounds, overlay, index, deltas, numbers, known, postponed } = parts;
        overlay.undo.clear();
        let first_delta = deltas.len();
        let merged = Vec::new();
        Self { engine, sealer, names, bounds, overlay, index, deltas, numbers, merged, known, postponed, first_delta }
    }

    /// Takes back everything that this command did.
    pub(crate) fn take_back(&mut self) {
        self.overlay.undo();
        while self.deltas.len() > self.first_delta {
            if let Some(delta) = self.deltas.pop() {
                self.index.undo(&delta);
            }
        }
    }

    /// A new number, larger than all before.
    pub(crate) fn number(&mut self) -> u64 {
        self.numbers.take()
    }

    /// Notes a change of the index.
    pub(crate) fn note(&mut self, delta: Delta) {
        self.index.apply(&delta);
        self.deltas.push(delta);
    }

    /// The bytes at a key.
    pub(crate) fn raw(&self, key: &[u8]) -> Result<Option<Vec<u8>>, Fail> {
        match self.overlay.batch.get(key) {
            Some(value) => Ok(value.clone()),
            None => Ok(self.engine.get(key)?),
        }
    }

    /// Whether something is stored at a key.
    pub(crate) fn holds(&self, key: &[u8]) -> Result<bool, Fail> {
        Ok(self.raw(key)?.is_some())
    }

    /// The record at a key.
    pub(crate) fn load<T: Message + Default>(&self, key: &[u8]) -> Result<Option<Loaded<T>>, Fail> {
        let Some(value) = self.raw(key)? else { return Ok(None) };
        self.decode(key, value).map(Some)
    }

    /// Where the pointer at a key leads. Every message asks, so it is remembered.
    pub(crate) fn pointer(&self, key: &[u8]) -> Result<Option<u64>, Fail> {
        if let Some(to) = self.remembered(key) {
            return Ok(Some(to));
        }
        let Some(loaded) = self.load::<PointerRecord>(key)? else { return Ok(None) };
        self.remember(key, |_| loaded.record.to);
        Ok(Some(loaded.record.to))
    }

    /// Whether the row of a person is known to say all that a message with this name and these addresses shows.
    pub(crate) fn knows(&self, person: PersonId, name: Option<&str>, addresses: &[Address]) -> bool {
        let Some(known) = self.remembered(&keys::person(person)) else { return false };
        known == self.known.lock().digest(name, addresses)
    }

    /// Remembers that it does.
    pub(crate) fn remember_person(&self, person: PersonId, name: Option<&str>, addresses: &[Address]) {
        self.remember(&keys::person(person), |known| known.digest(name, addresses));
    }

    /// What the group wrote lies over what is remembered of the engine.
    fn remembered(&self, key: &[u8]) -> Option<u64> {
        if self.overlay.batch.contains_key(key) { None } else { self.known.lock().get(key) }
    }

    fn remember(&self, key: &[u8], number: impl FnOnce(&Known) -> u64) {
        if !self.overlay.batch.contains_key(key) {
            let mut known = self.known.lock();
            let number = number(&known);
            known.set(key, number);
        }
    }

    /// The record whose first value was read already.
    pub(crate) fn decode<T: Message + Default>(&self, key: &[u8], value: Vec<u8>) -> Result<Loaded<T>, Fail> {
        let damaged = |damage| Fail::Damaged { key: key.to_vec(), damage };
        let parts = envelope::part_count(&value);
        let mut whole = value;
        for number in 0..parts {
            let part = self.raw(&keys::part(key, number))?;
            whole.extend_from_slice(&part.ok_or_else(|| damaged(Damage::PartMissing(number)))?);
        }
        let record = envelope::unwrap(key, &whole, self.sealer, read_record).map_err(damaged)?;
        Ok(Loaded { record, parts })
    }

    /// Writes a record where none was, or one of a single part.
    pub(crate) fn put<T: Message>(&mut self, key: Vec<u8>, record: &T) -> Result<(), Fail> {
        self.put_over(key, record, Sealing::Plain, 0)
    }

    /// Writes a record over one that had so many further parts.
    pub(crate) fn put_over<T: Message>(
        &mut self,
        key: Vec<u8>,
        record: &T,
        sealing: Sealing,
        parts_before: u16,
    ) -> Result<(), Fail> {
        let wrapped = envelope::wrap(&key, &record.encode_to_vec(), sealing, self.sealer).ok_or_else(|| {
            Fail::Refused(StoreError::Invalid { reason: "the record is too large, or cannot be sealed".into() })
        })?;
        let parts = wrapped.parts.len() as u16;
        for (number, part) in wrapped.parts.into_iter().enumerate() {
            self.overlay.set(keys::part(&key, number as u16), Some(part));
        }
        for number in parts..parts_before {
            self.overlay.set(keys::part(&key, number), None);
        }
        self.overlay.set(key, Some(wrapped.value));
        Ok(())
    }

    /// Removes a record that has so many further parts.
    pub(crate) fn remove(&mut self, key: Vec<u8>, parts: u16) {
        for number in 0..parts {
            self.overlay.set(keys::part(&key, number), None);
        }
        self.overlay.set(key, None);
    }

    /// Removes whatever is stored at a key, unread.
    pub(crate) fn remove_unread(&mut self, key: Vec<u8>) -> Result<(), Fail> {
        if let Some(value) = self.raw(&key)? {
            self.remove(key, envelope::part_count(&value));
        }
        Ok(())
    }

    /// The rows of a range, at most `rows_max`.
    pub(crate) fn scan(&self, range: &Range, rows_max: usize) -> Result<Rows, Fail> {
        if range.is_empty() || rows_max == 0 {
            return Ok(Vec::new());
        }
        let laid_over: Vec<_> = self.overlay.batch.range::<[u8], _>(range.bounds()).collect();
        let fetch_max = rows_max.saturating_add(laid_over.len());
        let mut rows = BTreeMap::new();
        self.engine.scan(range, &mut |key, value| {
            rows.insert(key.to_vec(), value.to_vec());
            if rows.len() >= fetch_max { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        })?;
        for (key, value) in laid_over {
            match value {
                Some(value) => rows.insert(key.clone(), value.clone()),
                None => rows.remove(key),
            };
        }
        Ok(match range.direction {
            Direction::Up => rows.into_iter().take(rows_max).collect(),
            Direction::Down => rows.into_iter().rev().take(rows_max).collect(),
        })
    }

    /// Moves a damaged record, with its bytes as they are, to where it blocks nobody.
    pub(crate) fn set_aside(&mut self, key: &[u8], damage: &Damage) -> Result<(), Fail> {
        let Some(value) = self.raw(key)? else { return Ok(()) };
        let parts = envelope::part_count(&value);
        for number in 0..parts {
            let part = keys::part(key, number);
            if let Some(bytes) = self.raw(&part)? {
                self.overlay.set(keys::damaged(&part), Some(bytes));
                self.overlay.set(part, None);
            }
        }
        self.overlay.set(keys::damaged(key), Some(value));
        self.overlay.set(key.to_vec(), None);
        self.note(Delta::Damaged);
        self.forget_row(key);
        tracing::error!(record = %keys::describe(key), %damage, "a damaged record was set aside");
        Ok(())
    }

    /// Takes a row that was set aside out of the index.
    fn forget_row(&mut self, key: &[u8]) {
        let mut reader = keys::Reader::new(key);
        match key.first() {
            Some(&keys::kind::INBOX) => {
                if let (Some(conversation), Some(sequence)) = (reader.number(), reader.number()) {
                    let (conversation, sequence) = (ConversationId(conversation), Sequence(sequence));
                    self.note(Delta::Row { conversation, sequence, change: Change::Went });
                    self.set_mark((conversation, sequence), None);
                }
            }
            Some(&keys::kind::SETTINGS) => {
                if let Some(conversation) = reader.number().map(ConversationId) {
                    self.note(Delta::Settings { conversation, change: Change::Went });
                }
            }
            Some(&keys::kind::PARCEL) => {
                if let Some(key) = keys::read_parcel(key)
                    && let Some(parcel) = self.index.unsent(&key)
                {
                    self.note(Delta::Pending { key, parcel, change: Change::Went });
                }
            }
            Some(&keys::kind::WAKE) => {
                let Some(place) = keys::read_wake(key) else { return };
                let holder = self.index.wakes.iter().find(|(_, wakes)| wakes.contains_key(&place));
                if let Some((&conversation, wakes)) = holder
                    && let Some(name) = wakes.get(&place).cloned()
                {
                    self.note(Delta::Wake { conversation, place, name, change: Change::Went });
                }
            }
            Some(&keys::kind::HELD) => {
                let Some(key) = keys::read_parcel(key) else { return };
                let holder = self.index.held.iter().find(|(_, parcels)| parcels.contains(&key));
                if let Some((&conversation, _)) = holder {
                    self.note(Delta::Held { key, conversation, change: Change::Went });
                }
            }
            _ => {}
        }
    }

    /// Lets turns that run now cover rows of a merged conversation in the order in which they were taken up.
    pub(crate) fn loosen(&mut self, conversation: ConversationId) {
        let before = self.index.loose.get(&conversation).copied();
        let last = self.index.rows.get(&conversation).and_then(|rows| rows.last().copied());
        let after = before.max(last);
        if before != after {
            self.note(Delta::Loose { conversation, before, after });
        }
    }

    /// Changes the mark of a row.
    pub(crate) fn set_mark(&mut self, row: RowName, after: Option<Mark>) {
        let before = self.index.marks.get(&row).copied();
        if before != after {
            self.note(Delta::Mark { row, before, after });
        }
    }
}

//! The store as others see it: commands go to the writer, reads go to the engine.
//!
//! Reads of single rows are made where they are asked for; what may be long goes to tokio's
//! blocking threads, unless the engine lives in memory.

use crate::engines::{Engine, EngineError, Range, Rows};
use crate::format::envelope::{self, Damage};
use crate::format::keys;
use crate::format::seen_key::Place;
use crate::memory::index::Index;
use crate::memory::shared::{Counters, Read, Shared, collect, decode};
use crate::write::commands::repair::SetAside;
use crate::write::job::Operation;
use crate::write::passes::Passes;
use crate::write::writer::Writer;
use greenroom_contract::ids::{ConversationId, PersonId};
use greenroom_contract::store::{HistoryKey, StoreError};
use parking_lot::Mutex;
use prost::Message;
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// A store, whatever its engine. Made by [`crate::open()`] and [`crate::memory()`].
pub struct GreenroomStore {
    pub(crate) shared: Arc<Shared>,
    pub(crate) writer: Writer,
    pub(crate) passes: Mutex<Passes>,
    /// For which opening of the engine, counted from 0, the latest messages were loaded.
    pub(crate) latest_loaded: tokio::sync::Mutex<Option<u64>>,
}

impl GreenroomStore {
    pub(crate) fn new(shared: Arc<Shared>, writer: Writer) -> Self {
        Self { shared, writer, passes: Mutex::default(), latest_loaded: tokio::sync::Mutex::new(None) }
    }

    /// Counters since the store was opened.
    pub fn counters(&self) -> Counters {
        self.shared.counters()
    }

    /// Carries out a change and returns when it is durable.
    pub(crate) async fn execute<O: Operation>(&self, operation: O) -> Result<O::Output, StoreError> {
        if self.shared.closed.load(Ordering::Acquire) {
            return Err(StoreError::Closed);
        }
        self.writer.execute(operation).await
    }

    /// Committed state in memory.
    pub(crate) fn index<T>(&self, look: impl FnOnce(&Index) -> T) -> Result<T, StoreError> {
        // A broken or closed store must not look empty or healthy.
        self.shared.engine()?;
        Ok(look(&self.shared.index.lock()))
    }

    /// Reads a few single rows.
    pub(crate) fn read<T>(&self, look: impl FnOnce(&Reader) -> Result<T, StoreError>) -> Result<T, StoreError> {
        let reader = Reader::new(self.shared.clone())?;
        let found = look(&reader);
        self.repair(reader);
        found
    }

    /// Reads what may be long.
    pub(crate) async fn read_long<T: Send + 'static>(
        &self,
        look: impl FnOnce(&Reader) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        if self.writer.is_inline() {
            return self.read(look);
        }
        let reader = Reader::new(self.shared.clone())?;
        let task = tokio::task::spawn_blocking(move || {
            let found = look(&reader);
            (found, reader)
        });
        let lost = |_| StoreError::Unavailable { reason: "a reader of the store ended".into() };
        let (found, reader) = task.await.map_err(lost)?;
        self.repair(reader);
        found
    }

    /// Sets aside what a reader found damaged.
    fn repair(&self, reader: Reader) {
        for SetAside { key, damage, value } in reader.damaged.into_inner() {
            self.writer.submit(SetAside { key, damage, value });
        }
    }
}

/// An orderly shutdown awaits `close` of the contract's `Maintenance`, which waits on a blocking thread; then nothing is
/// left to wait for here. Without it this waits for the writer, so that the folder is free when it returns. Whatever was
/// acknowledged is on the disk in either case.
impl Drop for GreenroomStore {
    fn drop(&mut self) {
        self.writer.stop();
    }
}

/// What a value was read as, and the value.
type Decoded<T> = (Result<T, Damage>, Vec<u8>);

/// Reads rows, and remembers which were damaged.
pub(crate) struct Reader {
    engine: Arc<dyn Engine>,
    pub(crate) shared: Arc<Shared>,
    damaged: Mutex<Vec<SetAside>>,
}

impl Reader {
    fn new(shared: Arc<Shared>) -> Result<Self, StoreError> {
        Ok(Self { engine: shared.engine()?, shared, damaged: Mutex::default() })
    }

    /// The record at a key. A damaged one counts as missing, and is set aside afterwards.
    pub(crate) fn load<T: Message + Default>(&self, key: &[u8]) -> Result<Option<T>, StoreError> {
        self.load_as(key, Ok)
    }

    /// The same, turned into something; what cannot be turned is damaged.
    pub(crate) fn load_as<T: Message + Default, U>(
        &self,
        key: &[u8],
        turn: impl FnOnce(T) -> Result<U, Damage>,
    ) -> Result<Option<U>, StoreError> {
        match self.engine.get(key).map_err(|error| self.shared.unavailable(&error))? {
            Some(value) => self.decode_as(key, value, turn),
            None => Ok(None),
        }
    }

    /// A value that was scanned.
    pub(crate) fn decode_as<T: Message + Default, U>(
        &self,
        key: &[u8],
        value: Vec<u8>,
        turn: impl FnOnce(T) -> Result<U, Damage>,
    ) -> Result<Option<U>, StoreError> {
        let Some((read, value)) = self.decode(key, value).map_err(|error| self.shared.unavailable(&error))? else {
            return Ok(None);
        };
        let damage = match read {
            Ok(record) => match turn(record) {
                Ok(found) => return Ok(Some(found)),
                Err(damage) => damage,
            },
            Err(damage) => damage,
        };
        if damage.is_not_understood() {
            let error = self.shared.not_understood(key, &damage);
            // A trace is left out of a list, and keeps nothing from its turn.
            let is_trace = matches!(key.first(), Some(&(keys::kind::SEEN | keys::kind::SEEN_EARLY)));
            return if is_trace { Ok(None) } else { Err(error) };
        }
        if damage == Damage::Seal {
            // The record is whole; it is the key that is missing.
            tracing::error!(record = %keys::describe(key), "{damage}");
            return Err(StoreError::Damaged { what: format!("{}: {damage}", keys::describe(key)) });
        }
        self.damaged.lock().push(SetAside { key: key.to_vec(), damage, value });
        Ok(None)
    }

    /// Decodes a value that was read. One of several parts is read once more, while nothing is applied: its parts are rows of
    /// their own, and the writer may have replaced some of them since. `None` if it is gone by now.
    fn decode<T: Message + Default>(&self, key: &[u8], value: Vec<u8>) -> Result<Option<Decoded<T>>, EngineError> {
        if envelope::part_count(&value) == 0 {
            let read = envelope::unwrap(key, &value, &self.shared.sealer, envelope::read_record);
            return Ok(Some((read, value)));
        }
        let _still = self.shared.applying.read();
        let Some(value) = self.engine.get(key)? else { return Ok(None) };
        Ok(match decode(&*self.engine, &self.shared.sealer, key, value.clone())? {
            Read::Found(record) => Some((Ok(record), value)),
            Read::Damaged(damage) => Some((Err(damage), value)),
            Read::Missing => None,
        })
    }

    /// Which damaged records this reader met.
    pub(crate) fn damaged_keys(&self) -> Vec<Vec<u8>> {
        self.damaged.lock().iter().map(|set_aside| set_aside.key.clone()).collect()
    }

    /// How many damaged records this reader met.
    pub(crate) fn damaged_count(&self) -> usize {
        self.damaged.lock().len()
    }

    /// The rows of a range, at most `rows_max`.
    pub(crate) fn rows(&self, range: &Range, rows_max: usize) -> Result<Rows, StoreError> {
        collect(&*self.engine, range, rows_max).map_err(|error| self.shared.unavailable(&error))
    }

    /// Shows the rows of a range.
    pub(crate) fn visit(&self, range: &Range, visit: &mut crate::engines::Visit<'_>) -> Result<(), StoreError> {
        self.engine.scan(range, visit).map_err(|error| self.shared.unavailable(&error))
    }

    /// Where messages that were seen may lie, the newest first.
    pub(crate) fn seen_places(&self) -> Vec<Place> {
        self.shared.index.lock().seen_places()
    }

    /// Where a conversation went.
    pub(crate) fn follow_conversation(&self, conversation: ConversationId) -> ConversationId {
        self.shared.index.lock().conversations.follow(conversation)
    }

    /// Where a history went.
    pub(crate) fn follow_history(&self, history: HistoryKey) -> HistoryKey {
        match history {
            HistoryKey::Person(person) => HistoryKey::Person(self.follow_person(person)),
            HistoryKey::Conversation(conversation) => HistoryKey::Conversation(self.follow_conversation(conversation)),
        }
    }

    /// Where a person went.
    pub(crate) fn follow_person(&self, person: PersonId) -> PersonId {
        self.shared.index.lock().people.follow(person)
    }
}

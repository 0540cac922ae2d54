//! One moment of the store, kept while the store goes on: what is overwritten is put by until it was read.
//!
//! The engines have no way to read what was there a while ago. So the writer, before it applies a batch, hands over what
//! lies under the keys that the batch changes, and a reader that comes there lays it over what it finds. What was read already is not
//! kept: a backup costs memory for what changes ahead of it, and nothing where no backup is made.

use crate::engines::{Batch, Engine, EngineError, Range, Rows};
use crate::memory::shared::collect;
use greenroom_contract::limits;
use std::collections::BTreeMap;
use std::ops::Bound::{Excluded, Included, Unbounded};

/// A moment, and how far it was read.
#[derive(Debug, Default)]
pub(crate) struct Pinned {
    /// The last key that was read; empty before the first one. No row has an empty key.
    cursor: Vec<u8>,
    before: BTreeMap<Vec<u8>, Option<Vec<u8>>>,
    bytes: usize,
    /// Why the moment is lost.
    lost: Option<String>,
}

impl Pinned {
    /// Puts by what a batch is going to change. While nothing else is applied or read.
    pub(crate) fn keep(&mut self, engine: &dyn Engine, batch: &Batch) {
        if self.lost.is_some() {
            return;
        }
        for key in batch.keys().filter(|key| **key > self.cursor) {
            if self.before.contains_key(key) {
                continue;
            }
            match engine.get(key) {
                Ok(value) => {
                    self.bytes += key.len() + value.as_ref().map_or(0, Vec::len);
                    self.before.insert(key.clone(), value);
                }
                Err(error) => return self.lose(error.to_string()),
            }
        }
        if self.bytes > limits::BACKUP_KEPT_BYTES_MAX {
            self.lose("too much was written in the meantime; make it while fewer messages come".to_owned());
        }
    }

    /// The moment cannot be read any more.
    pub(crate) fn lose(&mut self, reason: String) {
        self.before = BTreeMap::new();
        self.lost = Some(reason);
    }

    /// Why it cannot be read.
    pub(crate) fn lost(&self) -> Option<&str> {
        self.lost.as_deref()
    }

    /// The value of a key at that moment. Only of keys that were not passed.
    pub(crate) fn get(&self, engine: &dyn Engine, key: &[u8]) -> Result<Option<Vec<u8>>, EngineError> {
        match self.before.get(key) {
            Some(value) => Ok(value.clone()),
            None => engine.get(key),
        }
    }

    /// The next rows as they were, and how far they reach; `None` is the end of the store. While nothing is applied.
    pub(crate) fn page(&self, engine: &dyn Engine) -> Result<(Rows, Option<Vec<u8>>), EngineError> {
        let range = Range::prefix(b"").after(&self.cursor);
        let range = if self.cursor.is_empty() { Range::prefix(b"") } else { range };
        let now = collect(engine, &range, limits::BACKUP_ROWS_AT_ONCE)?;
        let reached =
            (now.len() >= limits::BACKUP_ROWS_AT_ONCE).then(|| now.last().map(|(key, _)| key.clone())).flatten();
        let mut rows: BTreeMap<Vec<u8>, Vec<u8>> = now.into_iter().collect();
        let until = reached.as_deref().map_or(Unbounded, Included);
        for (key, value) in self.before.range::<[u8], _>((Excluded(self.cursor.as_slice()), until)) {
            match value {
                Some(value) => rows.insert(key.clone(), value.clone()),
                None => rows.remove(key),
            };
        }
        Ok((rows.into_iter().collect(), reached))
    }

    /// Everything up to this key was read.
    pub(crate) fn pass(&mut self, reached: Vec<u8>) {
        self.before = self.before.split_off(&reached);
        // The key itself was read, too.
        self.before.remove(&reached);
        self.bytes = self.before.iter().map(|(key, value)| key.len() + value.as_ref().map_or(0, Vec::len)).sum();
        self.cursor = reached;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engines::memory::MemoryEngine;
    use proptest::collection::vec;
    use proptest::prelude::*;

    fn key(number: u16) -> Vec<u8> {
        format!("k{number:04}").into_bytes()
    }

    fn everything(engine: &dyn Engine) -> Rows {
        collect(engine, &Range::prefix(b""), usize::MAX).unwrap()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(40))]

        #[test]
        fn whatever_is_written_meanwhile_the_moment_is_read_as_it_was(
            before in vec((0_u16..1_500, any::<u8>()), 0..1_200),
            batches in vec(vec((0_u16..1_500, any::<Option<u8>>()), 1..60), 0..20),
        ) {
            let engine = MemoryEngine::default();
            let first: Batch = before.into_iter().map(|(number, value)| (key(number), Some(vec![value]))).collect();
            engine.apply(&first).unwrap();
            let expected = everything(&engine);
            let (mut pinned, mut read) = (Pinned::default(), Vec::new());
            let mut batches = batches.into_iter();
            loop {
                for changes in batches.by_ref().take(4) {
                    let batch: Batch =
                        changes.into_iter().map(|(number, value)| (key(number), value.map(|value| vec![value]))).collect();
                    pinned.keep(&engine, &batch);
                    engine.apply(&batch).unwrap();
                }
                let (rows, reached) = pinned.page(&engine).unwrap();
                read.extend(rows);
                match reached {
                    Some(reached) => pinned.pass(reached),
                    None => break,
                }
            }
            prop_assert_eq!(read, expected);
        }
    }

    #[test]
    fn what_was_read_is_not_kept_and_what_is_too_much_is_given_up() {
        let engine = MemoryEngine::default();
        let rows: Batch = (0..300).map(|number| (key(number), Some(vec![1; 10]))).collect();
        engine.apply(&rows).unwrap();
        let mut pinned = Pinned::default();
        pinned.keep(&engine, &rows);
        let (_, reached) = pinned.page(&engine).unwrap();
        pinned.pass(reached.unwrap());
        assert_eq!(pinned.before.len(), 300 - limits::BACKUP_ROWS_AT_ONCE);
        pinned.keep(&engine, &rows);
        assert_eq!(pinned.before.len(), 300 - limits::BACKUP_ROWS_AT_ONCE, "what was passed is not put by");
        pinned.bytes = limits::BACKUP_KEPT_BYTES_MAX + 1;
        pinned.keep(&engine, &rows);
        assert!(pinned.lost().is_some() && pinned.before.is_empty());
    }
}

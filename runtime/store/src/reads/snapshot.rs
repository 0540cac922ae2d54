//! The store as it was at one moment, row by row, for a backup that is made while it is used.

use crate::engines::{Engine, EngineError};
use crate::format::envelope;
use crate::format::keys::{self, kind};
use crate::memory::pinned::Pinned;
use crate::memory::shared::Shared;
use crate::open::options::SCHEMA;
use greenroom_contract::store::{Snapshot, StoreError, StoredRow};
use std::sync::Arc;
use zeroize::Zeroizing;

/// Reads a moment. The moment ends when it is dropped.
pub(crate) struct SnapshotOf {
    shared: Arc<Shared>,
    ended: bool,
}

impl SnapshotOf {
    /// The store as it is committed now.
    pub(crate) fn begin(shared: &Arc<Shared>) -> Result<Self, StoreError> {
        let _alone = shared.applying.write();
        shared.engine()?;
        let mut pinned = shared.pinned.lock();
        if pinned.is_some() {
            return Err(StoreError::Invalid { reason: "a backup is being made already".into() });
        }
        *pinned = Some(Pinned::default());
        Ok(Self { shared: shared.clone(), ended: false })
    }
}

impl Snapshot for SnapshotOf {
    fn schema(&self) -> u32 {
        SCHEMA
    }

    fn rows(&mut self) -> Result<Vec<StoredRow>, StoreError> {
        while !self.ended {
            let _still = self.shared.applying.read();
            let engine = self.shared.engine()?;
            let mut pinned = self.shared.pinned.lock();
            let moment = pinned.as_mut().ok_or(StoreError::Closed)?;
            if let Some(reason) = moment.lost() {
                let reason = format!("the backup was not finished: {reason}");
                return Err(StoreError::Unavailable { reason: reason.into() });
            }
            let failed = |error: EngineError| self.shared.unavailable(&error);
            let (rows, reached) = moment.page(&*engine).map_err(failed)?;
            let mut found = Vec::with_capacity(rows.len());
            for (key, value) in rows {
                read(&self.shared, moment, &*engine, key, value, &mut found).map_err(failed)?;
            }
            match reached {
                Some(reached) => moment.pass(reached),
                None => self.ended = true,
            }
            if !found.is_empty() {
                return Ok(found);
            }
        }
        Ok(Vec::new())
    }
}

impl Drop for SnapshotOf {
    fn drop(&mut self) {
        *self.shared.pinned.lock() = None;
    }
}

/// A row that stands for itself: with its parts, checked and opened. What cannot be read is taken as it lies there.
fn read(
    shared: &Shared,
    moment: &Pinned,
    engine: &dyn Engine,
    key: Vec<u8>,
    value: Vec<u8>,
    found: &mut Vec<StoredRow>,
) -> Result<(), EngineError> {
    let as_stored = |key, value| StoredRow { key, sealed: false, as_stored: true, value: Zeroizing::new(value) };
    match key.first() {
        // They come with the row that they are parts of.
        Some(&kind::PART) => return Ok(()),
        Some(&kind::DAMAGED) => {
            found.push(as_stored(key, value));
            return Ok(());
        }
        _ => {}
    }
    let mut parts = Vec::new();
    for number in 0..envelope::part_count(&value) {
        let part = keys::part(&key, number);
        // A missing one shows when the whole is checked.
        if let Some(value) = moment.get(engine, &part)? {
            parts.push((part, value));
        }
    }
    let whole = parts.iter().fold(value.clone(), |whole, (_, part)| [whole.as_slice(), part].concat());
    match envelope::unwrap(&key, &whole, &shared.sealer, |payload| Ok(Zeroizing::new(payload.to_vec()))) {
        Ok(payload) => {
            let sealed = envelope::is_sealed(&value);
            found.push(StoredRow { key, sealed, as_stored: false, value: payload });
        }
        Err(damage) => {
            tracing::warn!(record = %keys::describe(&key), "{damage}; the backup holds it as it lies in the store");
            found.push(as_stored(key, value));
            found.extend(parts.into_iter().map(|(key, value)| as_stored(key, value)));
        }
    }
    Ok(())
}

//! What every opening renews, so that a copy of a store, or one that was restored from a copy, never gives a message or a
//! turn a name that the other one gave.

use crate::engines::{Engine, EngineError};
use crate::format::keys;
use crate::format::records::SentinelRecord;
use crate::format::seal::Sealer;
use crate::memory::loading;
use greenroom_contract::limits;
use greenroom_contract::time::Timestamp;
use std::collections::BTreeMap;

/// Bytes of an epoch, a salt, and the identity of a store.
const RANDOM_BYTES: usize = 16;

/// Begins an epoch, on disk before anything is named in it.
pub(crate) fn renew(engine: &dyn Engine, sealer: &Sealer, sentinel: &mut SentinelRecord) -> Result<(), EngineError> {
    sentinel.epoch = random()?;
    write(engine, sealer, sentinel)
}

/// The same for what was imported. Whatever the store did after its export is not known here, so numbers go on far above
/// those it may have used: a name of that time is given to no other message, whatever its epoch. It is the youngest copy from
/// now on, and is moved nowhere.
pub(crate) fn restore(
    engine: &dyn Engine,
    sealer: &Sealer,
    sentinel: &mut SentinelRecord,
    now: Timestamp,
) -> Result<(), EngineError> {
    sentinel.numbers_reserved += limits::STORE_NUMBERS_LOST_MAX;
    sentinel.fence = now.0.max(sentinel.fence + 1);
    sentinel.epoch = random()?;
    let value = loading::sentinel_value(sentinel, sealer);
    engine.apply(&BTreeMap::from([(keys::SENTINEL.to_vec(), Some(value)), (keys::MOVED.to_vec(), None)]))?;
    engine.flush()?;
    engine.sync()
}

/// Writes the sentinel, durably.
pub(crate) fn write(engine: &dyn Engine, sealer: &Sealer, sentinel: &SentinelRecord) -> Result<(), EngineError> {
    let value = loading::sentinel_value(sentinel, sealer);
    engine.apply(&BTreeMap::from([(keys::SENTINEL.to_vec(), Some(value))]))?;
    engine.flush()?;
    engine.sync()
}

/// Random bytes.
pub(crate) fn random() -> Result<Vec<u8>, EngineError> {
    let mut bytes = vec![0; RANDOM_BYTES];
    getrandom::fill(&mut bytes).map_err(|error| EngineError::Broken(format!("no random numbers: {error}")))?;
    Ok(bytes)
}

//! A store from the rows of a snapshot: in a folder without one, of any engine, under the key of that folder.

use crate::engines::{Batch, Engine, lock};
use crate::format::envelope::{self, Sealing};
use crate::format::keys;
use crate::format::records::SentinelRecord;
use crate::format::seal::Sealer;
use crate::memory::loading;
use crate::open::engine_of::{lock_file, open_engine};
use crate::open::key_file::{NewKey, find_or_make_sealer};
use crate::open::manifest::{self, ManifestFile};
use crate::open::options::{EngineKind, OpenError, OpenOptions, SCHEMA};
use crate::open::{private, renewal};
use crate::tools::transfer::{ImportReport, TransferError};
use greenroom_contract::store::StoredRow;
use greenroom_contract::time::Timestamp;
use std::error::Error;
use std::fs::File;
use std::path::Path;

/// Rows that are written in one batch.
const ROWS_PER_BATCH: usize = 1_000;
/// Bytes after which a batch is written, however few rows they are.
const BYTES_PER_BATCH: usize = 16 * 1024 * 1024;

/// Where rows come from: one after another, `None` at an end that was checked.
pub type NextRow<'a> = dyn FnMut() -> Result<Option<StoredRow>, Box<dyn Error + Send + Sync>> + 'a;

/// Makes a store of the rows of a snapshot of layout `schema`. The fencing number is raised, to at least `now`; a mark that the
/// store was moved is left out. What fails leaves the folder as it was.
pub fn refill(
    options: &OpenOptions,
    schema: u32,
    now: Timestamp,
    next: &mut NextRow<'_>,
) -> Result<ImportReport, TransferError> {
    let directory = &options.path;
    if !options.engine.is_built_in() {
        return Err(OpenError::NotBuiltIn { path: directory.clone(), engine: options.engine }.into());
    }
    if schema > SCHEMA {
        return Err(OpenError::Newer { path: directory.clone(), found: schema }.into());
    }
    let existed = directory.exists();
    manifest::make_directory(directory).map_err(|error| OpenError::directory(directory, error))?;
    let refilled = refill_folder(options, now, next);
    if refilled.is_err() && !existed {
        // Nothing was there before, and what is there now is of this attempt.
        std::fs::remove_dir_all(directory)?;
    }
    refilled
}

fn refill_folder(options: &OpenOptions, now: Timestamp, next: &mut NextRow<'_>) -> Result<ImportReport, TransferError> {
    let directory = &options.path;
    let lock = manifest::lock(directory)?;
    let holds_data = |engine| manifest::data_directory(directory, engine).exists();
    if manifest::read(directory)?.is_some() || holds_data(EngineKind::Sled) || holds_data(EngineKind::Fjall) {
        return Err(TransferError::NotEmpty(directory.clone()));
    }
    private::make_private(directory)?;
    let (sealer, key) = find_or_make_sealer(directory, &options.seal)?;
    let draft = manifest::import_directory(directory, options.engine);
    remove(&draft)?;
    let filled = fill(&draft, options.engine, &sealer, now, next).and_then(|filled| {
        // Before the data have their name: data without their key would be lost.
        key.as_ref().map_or(Ok(()), NewKey::write)?;
        Ok(filled)
    });
    let (sentinel, rows) = match filled {
        Ok(filled) => filled,
        Err(error) => {
            remove(&draft)?;
            return Err(error);
        }
    };
    std::fs::rename(&draft, manifest::data_directory(directory, options.engine))?;
    File::open(directory)?.sync_all()?;
    ManifestFile::new(directory, options.engine, &sentinel, lock).write()?;
    Ok(ImportReport { rows })
}

fn remove(draft: &Path) -> std::io::Result<()> {
    match std::fs::remove_dir_all(draft) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Makes the data of a store, on the disk and closed.
fn fill(
    draft: &Path,
    kind: EngineKind,
    sealer: &Sealer,
    now: Timestamp,
    next: &mut NextRow<'_>,
) -> Result<(SentinelRecord, u64), TransferError> {
    let engine = open_engine(draft, kind)?;
    let (mut rows, mut batch, mut bytes) = (0, Batch::new(), 0);
    while let Some(row) = next().map_err(TransferError::Source)? {
        rows += 1;
        bytes += row.key.len() + row.value.len();
        lay(&mut batch, sealer, row)?;
        if batch.len() >= ROWS_PER_BATCH || bytes >= BYTES_PER_BATCH {
            engine.apply(&std::mem::take(&mut batch))?;
            bytes = 0;
        }
    }
    engine.apply(&batch)?;
    engine.flush()?;
    engine.sync()?;
    let found = loading::load(&*engine, sealer)?;
    let mut sentinel = found.ok_or_else(|| TransferError::Source("no row says which store it is".into()))?.sentinel;
    sentinel.seal_key = sealer.current().to_vec();
    renewal::restore(&*engine, sealer, &mut sentinel, now)?;
    close(engine, draft, kind);
    Ok((sentinel, rows))
}

/// Closes an engine, and waits for its threads: they write by the names that the files have now.
fn close(engine: std::sync::Arc<dyn Engine>, draft: &Path, kind: EngineKind) {
    drop(engine);
    drop(lock::hold(&draft.join(lock_file(kind))));
}

fn lay(batch: &mut Batch, sealer: &Sealer, row: StoredRow) -> Result<(), TransferError> {
    let StoredRow { key, sealed, as_stored, value } = row;
    if as_stored {
        batch.insert(key, Some(value.to_vec()));
        return Ok(());
    }
    let sealing = if sealed { Sealing::Sealed } else { Sealing::Plain };
    let wrapped = envelope::wrap(&key, &value, sealing, sealer);
    let wrapped = wrapped.ok_or_else(|| TransferError::Source("a record cannot be sealed, or is too long".into()))?;
    for (part, number) in wrapped.parts.into_iter().zip(0_u16..) {
        batch.insert(keys::part(&key, number), Some(part));
    }
    batch.insert(key, Some(wrapped.value));
    Ok(())
}

/// Lets a store continue here that was moved to another place: its mark is taken away and its fencing number raised, so that
/// the other one is the older copy from now on. Also for a folder that was copied by hand.
pub fn take_back(options: &OpenOptions, now: Timestamp) -> Result<(), TransferError> {
    let lock = manifest::lock(&options.path)?;
    let data = manifest::data_directory(&options.path, options.engine);
    if !data.exists() {
        return Err(crate::tools::transfer::missing(&options.path).into());
    }
    let sealer = crate::open::key_file::find_sealer(&options.path, &options.seal, true)?;
    let engine = open_engine(&data, options.engine)?;
    let found = loading::load(&*engine, &sealer)?;
    let no_sentinel = || TransferError::Source("no row says which store it is".into());
    let mut sentinel = found.ok_or_else(no_sentinel)?.sentinel;
    renewal::restore(&*engine, &sealer, &mut sentinel, now)?;
    close(engine, &data, options.engine);
    ManifestFile::new(&options.path, options.engine, &sentinel, lock).write()?;
    Ok(())
}

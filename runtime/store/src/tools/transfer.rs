//! The whole store as a text file, and back: for backups, and to move to another engine.
//!
//! The first line says what it is, each further line is one row, the last line counts them and
//! holds a checksum. Values are copied as they are: secrets stay sealed, and the key that opens
//! them is not part of the file.

use crate::engines::{Engine, EngineError, Range, lock};
use crate::format::records::SentinelRecord;
use crate::memory::loading;
use crate::open::engine_of::{lock_file, open_engine};
use crate::open::key_file::find_sealer;
use crate::open::manifest::{self, ManifestFile};
use crate::open::options::{EngineKind, OpenError, OpenOptions, SCHEMA};
use crate::open::private;
use crate::open::renewal;
use greenroom_contract::time::Clock;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::error::Error;
use std::fs::File;
use std::io::{BufRead, Write};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

/// The version of the file.
const FORMAT: u32 = 1;
/// Rows that are written in one batch on import.
const ROWS_PER_BATCH: usize = 1_000;

/// The first line.
#[derive(Serialize, Deserialize)]
struct Header {
    greenroom_export: u32,
    schema: u32,
}

/// One row.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    k: String,
    v: String,
}

/// The last line.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Trailer {
    rows: u64,
    crc32: u32,
}

/// What was exported.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct ExportReport {
    /// How many rows.
    pub rows: u64,
}

/// What was imported.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct ImportReport {
    /// How many rows.
    pub rows: u64,
}

/// Why a store was not exported or imported.
#[derive(Debug, thiserror::Error)]
pub enum TransferError {
    /// The store cannot be opened.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The file cannot be read or written.
    #[error("the file cannot be read or written: {0}")]
    File(#[from] std::io::Error),
    /// The engine failed.
    #[error("the store cannot be read or written: {0}")]
    Engine(#[source] Box<dyn Error + Send + Sync>),
    /// The file is not a whole export.
    #[error("line {line} is not part of a valid export: {reason}; nothing was imported")]
    Malformed {
        /// The line, from 1.
        line: u64,
        /// What is wrong.
        reason: String,
    },
    /// What the rows were read from, or one of them, is not as it should be.
    #[error("{0}; nothing was changed")]
    Source(#[source] Box<dyn Error + Send + Sync>),
    /// Import goes into an empty directory only.
    #[error("the directory {} already holds a store; an empty one is needed", .0.display())]
    NotEmpty(PathBuf),
}

impl From<EngineError> for TransferError {
    fn from(error: EngineError) -> Self {
        Self::Engine(Box::new(error))
    }
}

/// Writes every row of a store that no process uses.
pub fn export(options: &OpenOptions, out: &mut dyn Write) -> Result<ExportReport, TransferError> {
    let _lock = manifest::lock(&options.path)?;
    let data = manifest::data_directory(&options.path, options.engine);
    if !data.exists() {
        return Err(missing(&options.path).into());
    }
    let engine = open_engine(&data, options.engine)?;
    write_line(out, &Header { greenroom_export: FORMAT, schema: SCHEMA })?;
    let mut checksum = crc32fast::Hasher::new();
    let (mut rows, mut failed) = (0, None);
    engine.scan(&Range::prefix(b""), &mut |key, value| {
        let row = Row { k: hex::encode(key), v: hex::encode(value) };
        checksum.update(key);
        checksum.update(value);
        rows += 1;
        match write_line(out, &row) {
            Ok(()) => ControlFlow::Continue(()),
            Err(error) => {
                failed = Some(error);
                ControlFlow::Break(())
            }
        }
    })?;
    if let Some(error) = failed {
        return Err(error.into());
    }
    write_line(out, &Trailer { rows, crc32: checksum.finalize() })?;
    out.flush()?;
    Ok(ExportReport { rows })
}

/// Makes a store in an empty directory from an export. The seal key must be put there by hand.
pub fn import(options: &OpenOptions, from: &mut dyn BufRead) -> Result<ImportReport, TransferError> {
    let directory = &options.path;
    manifest::make_directory(directory).map_err(|error| OpenError::directory(directory, error))?;
    private::make_private(directory)?;
    let lock = manifest::lock(directory)?;
    let holds_data = |engine| manifest::data_directory(directory, engine).exists();
    if manifest::read(directory)?.is_some() || holds_data(EngineKind::Sled) || holds_data(EngineKind::Fjall) {
        return Err(TransferError::NotEmpty(directory.clone()));
    }
    let draft = manifest::import_directory(directory, options.engine);
    remove_draft(&draft)?;
    let imported = import_into(&draft, options, from);
    let (sentinel, rows) = match imported {
        Ok(imported) => imported,
        Err(error) => {
            remove_draft(&draft)?;
            return Err(error);
        }
    };
    // Until here a kill leaves a draft, which is refused; from here on the whole store.
    let data = manifest::data_directory(directory, options.engine);
    std::fs::rename(&draft, &data)?;
    File::open(directory)?.sync_all()?;
    ManifestFile::new(directory, options.engine, &sentinel, lock).write()?;
    Ok(ImportReport { rows })
}

/// Removes what an import left that did not come to its end.
fn remove_draft(draft: &Path) -> std::io::Result<()> {
    match std::fs::remove_dir_all(draft) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Makes the data of a store, on the disk and closed.
fn import_into(
    draft: &Path,
    options: &OpenOptions,
    from: &mut dyn BufRead,
) -> Result<(SentinelRecord, u64), TransferError> {
    let (engine, rows) = import_rows(draft, options.engine, from)?;
    let sealer = find_sealer(&options.path, &options.seal, false)?;
    let mut sentinel = loading::load(&*engine, &sealer)?.map(|loading| loading.sentinel);
    if let Some(sentinel) = &mut sentinel {
        renewal::restore(&*engine, &sealer, sentinel, Clock::System.now())?;
    }
    drop(engine);
    // A thread of the engine may still write by the names that the files have now.
    drop(lock::hold(&draft.join(lock_file(options.engine))));
    let no_sentinel = || TransferError::Malformed { line: 2, reason: "no row says which store it is".into() };
    Ok((sentinel.ok_or_else(no_sentinel)?, rows))
}

fn import_rows(
    data: &Path,
    engine: EngineKind,
    from: &mut dyn BufRead,
) -> Result<(std::sync::Arc<dyn Engine>, u64), TransferError> {
    let engine = open_engine(data, engine)?;
    let malformed = |line, reason: &str| TransferError::Malformed { line, reason: reason.to_owned() };
    let mut lines = from.lines();
    let header = lines.next().transpose()?.and_then(|line| serde_json::from_str::<Header>(&line).ok());
    match header {
        Some(header) if header.greenroom_export == FORMAT && header.schema <= SCHEMA => {}
        Some(_) => return Err(malformed(1, "it was made by a newer version")),
        None => return Err(malformed(1, "it does not begin like an export")),
    }
    let mut checksum = crc32fast::Hasher::new();
    let (mut rows, mut batch, mut end) = (0, BTreeMap::new(), None);
    for (line, number) in lines.zip(2_u64..) {
        let line = line?;
        if end.is_some() {
            return Err(malformed(number, "it comes after the end"));
        }
        if let Ok(row) = serde_json::from_str::<Row>(&line) {
            let (key, value) = (hex::decode(&row.k), hex::decode(&row.v));
            let (Ok(key), Ok(value)) = (key, value) else { return Err(malformed(number, "it is not a row")) };
            checksum.update(&key);
            checksum.update(&value);
            rows += 1;
            batch.insert(key, Some(value));
            if batch.len() >= ROWS_PER_BATCH {
                engine.apply(&std::mem::take(&mut batch))?;
            }
        } else if let Ok(trailer) = serde_json::from_str::<Trailer>(&line) {
            end = Some(trailer);
        } else {
            return Err(malformed(number, "it is not a row"));
        }
    }
    let Some(end) = end else { return Err(malformed(rows + 2, "the end is missing")) };
    if end.rows != rows || end.crc32 != checksum.finalize() {
        return Err(malformed(rows + 2, "rows are missing or changed"));
    }
    engine.apply(&batch)?;
    engine.flush()?;
    engine.sync()?;
    Ok((engine, rows))
}

fn write_line(out: &mut dyn Write, line: &impl Serialize) -> std::io::Result<()> {
    let mut text = serde_json::to_string(line)?;
    text.push('\n');
    out.write_all(text.as_bytes())
}

pub(crate) fn missing(directory: &Path) -> OpenError {
    OpenError::Damaged { path: directory.to_owned(), what: "there is no store of this engine".into() }
}

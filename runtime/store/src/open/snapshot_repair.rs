//! sled's snapshot file may be torn by a hard stop, and then sled refuses to open although its log
//! is whole. Without the snapshot it reads the log from the start.

use crate::engines::{Engine, EngineError, Range};
use crate::format::keys;
use crate::open::engine_of::open_engine;
use crate::open::options::EngineKind;
use greenroom_contract::limits;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// What the repaired copy is called until it takes the place of the data, and what the data is called afterwards.
const REPAIRED: &str = "repaired";
const TORN: &str = "torn";

/// Opens the data without its snapshot: on a copy first, and if the copy is good, in its place. The
/// data as it was found stays beside it. `None` if there is no snapshot to blame.
pub(crate) fn without_snapshot(data: &Path, error: &EngineError) -> Option<Result<Arc<dyn Engine>, EngineError>> {
    let EngineError::Damaged(_) = error else { return None };
    if snapshots(data).is_empty() {
        return None;
    }
    Some(repair(data).map_err(|reason| EngineError::Damaged(format!("{error}; without its snapshot: {reason}"))))
}

/// Finishes a repair that was killed between its two renames: the data lies aside, and the repaired copy has not its name
/// yet.
pub(crate) fn finish(data: &Path) -> std::io::Result<()> {
    if data.exists() || left(data, TORN).is_empty() {
        return Ok(());
    }
    // The last one was made last, and is whole: the data is moved aside only after that.
    let Some(repaired) = left(data, REPAIRED).pop() else { return Ok(()) };
    std::fs::rename(&repaired, data)?;
    sync_parent(data)?;
    tracing::warn!(data = %data.display(), "a repair of the store that was cut short is finished");
    Ok(())
}

/// What repairs left beside the data under a word, the oldest first.
fn left(data: &Path, word: &str) -> Vec<PathBuf> {
    (1..=limits::STORE_REPAIRS_KEPT_MAX)
        .map(|number| numbered(data, word, number))
        .filter(|path| path.exists())
        .collect()
}

fn sync_parent(data: &Path) -> std::io::Result<()> {
    match data.parent() {
        Some(parent) => std::fs::File::open(parent)?.sync_all(),
        None => Ok(()),
    }
}

fn repair(data: &Path) -> Result<Arc<dyn Engine>, String> {
    // A copy that was killed half-way is of no use to anyone.
    for draft in left(data, REPAIRED) {
        std::fs::remove_dir_all(&draft).map_err(|error| error.to_string())?;
    }
    let copy = beside(data, REPAIRED);
    let original = beside(data, TORN);
    copy_directory(data, &copy).map_err(|error| format!("it could not be copied ({error})"))?;
    for snapshot in snapshots(&copy) {
        std::fs::remove_file(&snapshot).map_err(|error| error.to_string())?;
    }
    let engine = open_engine(&copy, EngineKind::Sled).map_err(|error| error.to_string())?;
    verify(&*engine).map_err(|error| error.to_string())?;
    drop(engine);
    std::fs::rename(data, &original).map_err(|error| error.to_string())?;
    std::fs::rename(&copy, data).map_err(|error| error.to_string())?;
    sync_parent(data).map_err(|error| error.to_string())?;
    tracing::error!(
        kept = %original.display(),
        "the engine's snapshot was torn; the store was rebuilt from its log, and the files as they were found are kept"
    );
    open_engine(data, EngineKind::Sled).map_err(|error| error.to_string())
}

/// Every row can be reached, and the store knows itself.
fn verify(engine: &dyn Engine) -> Result<(), EngineError> {
    engine.scan(&Range::prefix(b""), &mut |_, _| ControlFlow::Continue(()))?;
    match engine.get(keys::SENTINEL)? {
        Some(_) => Ok(()),
        None => Err(EngineError::Damaged("the sentinel record is missing".into())),
    }
}

fn snapshots(data: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(data).into_iter().flatten().flatten();
    let is_snapshot =
        |path: &PathBuf| path.file_name().and_then(|name| name.to_str()).is_some_and(|name| name.starts_with("snap."));
    entries.map(|entry| entry.path()).filter(is_snapshot).collect()
}

/// A free name beside a directory.
fn beside(data: &Path, word: &str) -> PathBuf {
    let named = |number: u32| numbered(data, word, number);
    (1..limits::STORE_REPAIRS_KEPT_MAX)
        .map(named)
        .find(|path| !path.exists())
        .unwrap_or_else(|| named(limits::STORE_REPAIRS_KEPT_MAX))
}

fn numbered(data: &Path, word: &str, number: u32) -> PathBuf {
    let name = data.file_name().and_then(|name| name.to_str()).unwrap_or("data");
    data.with_file_name(format!("{name}.{word}-{number}"))
}

fn copy_directory(from: &Path, to: &Path) -> std::io::Result<()> {
    std::fs::create_dir(to)?;
    for entry in std::fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy_directory(&entry.path(), &target)?;
        } else {
            std::fs::copy(entry.path(), &target)?;
            std::fs::File::open(&target)?.sync_all()?;
        }
    }
    Ok(())
}

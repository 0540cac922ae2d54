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

/// Opens the data without its snapshot: on a copy first, and if the copy is good, in its place. The
/// data as it was found stays beside it. `None` if there is no snapshot to blame.
pub(crate) fn without_snapshot(data: &Path, error: &EngineError) -> Option<Result<Arc<dyn Engine>, EngineError>> {
    let EngineError::Damaged(_) = error else { return None };
    if snapshots(data).is_empty() {
        return None;
    }
    Some(repair(data).map_err(|reason| EngineError::Damaged(format!("{error}; without its snapshot: {reason}"))))
}

fn repair(data: &Path) -> Result<Arc<dyn Engine>, String> {
    let copy = beside(data, "repaired");
    let original = beside(data, "torn");
    copy_directory(data, &copy).map_err(|error| format!("it could not be copied ({error})"))?;
    for snapshot in snapshots(&copy) {
        std::fs::remove_file(&snapshot).map_err(|error| error.to_string())?;
    }
    let engine = open_engine(&copy, EngineKind::Sled).map_err(|error| error.to_string())?;
    verify(&*engine).map_err(|error| error.to_string())?;
    drop(engine);
    std::fs::rename(data, &original).map_err(|error| error.to_string())?;
    std::fs::rename(&copy, data).map_err(|error| error.to_string())?;
    if let Some(parent) = data.parent() {
        let synced = std::fs::File::open(parent).and_then(|directory| directory.sync_all());
        synced.map_err(|error| error.to_string())?;
    }
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
    let name = data.file_name().and_then(|name| name.to_str()).unwrap_or("data").to_owned();
    let named = |number: u32| data.with_file_name(format!("{name}.{word}-{number}"));
    (1..limits::STORE_REPAIRS_KEPT_MAX)
        .map(named)
        .find(|path| !path.exists())
        .unwrap_or_else(|| named(limits::STORE_REPAIRS_KEPT_MAX))
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

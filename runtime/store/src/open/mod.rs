//! Opening a store, and refusing to when something is wrong with it: damage never looks like success.

pub(crate) mod engine_of;
pub(crate) mod key_file;
pub(crate) mod manifest;
mod migrate;
pub(crate) mod options;
pub(crate) mod private;
pub(crate) mod renewal;
mod rewrite;
mod snapshot_repair;

use crate::engines::memory::MemoryEngine;
use crate::engines::{Engine, EngineError};
use crate::format::keys;
use crate::format::names::Names;
use crate::format::records::SentinelRecord;
use crate::format::seal::{SealKey, Sealer};
use crate::memory::index::Index;
use crate::memory::loading::{self, Loading};
use crate::memory::shared::{Bounds, Shared, Tally};
use crate::open::engine_of::{needed_files, open_engine};
use crate::open::key_file::find_sealer;
use crate::open::manifest::{Manifest, ManifestFile};
use crate::open::options::{EngineKind, OpenError, OpenOptions, SCHEMA};
use crate::store::GreenroomStore;
use crate::write::core::{Core, Files};
use crate::write::writer::Writer;
use greenroom_contract::limits;
use parking_lot::{Mutex, RwLock};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tokio::sync::watch;

/// Opens a store, or makes a new one in an empty directory.
pub fn open(options: OpenOptions) -> Result<Arc<GreenroomStore>, OpenError> {
    let OpenOptions { path, engine: kind, seal, inbox_rows_max, accept_damage } = options;
    let directory = path.as_path();
    if !kind.is_built_in() {
        return Err(OpenError::NotBuiltIn { path, engine: kind });
    }
    manifest::make_directory(directory).map_err(|error| OpenError::directory(directory, error))?;
    let lock = manifest::lock(directory)?;
    private::make_private(directory)?;
    let manifest = match manifest::read(directory) {
        Ok(manifest) => manifest,
        Err(error) if accept_damage => {
            tracing::error!(%error, "the store is opened nevertheless, as asked");
            None
        }
        Err(error) => return Err(error),
    };
    let finished = snapshot_repair::finish(&manifest::data_directory(directory, kind));
    finished.map_err(|error| OpenError::directory(directory, error))?;
    let check = Check { directory, engine: kind, accept_damage };
    check.before_opening(manifest.as_ref())?;
    let sealer = find_sealer(directory, &seal, manifest.is_some())?;
    let opener = engine_opener(directory, kind, manifest.is_some());
    let files = if lock.in_doubt { Files::InDoubt } else { Files::Trusted };
    let engine = opener(files).map_err(|error| OpenError::engine(directory, error))?;
    let loading = load_checked(&check, manifest.as_ref(), &*engine, &sealer)?;
    let mut manifest = ManifestFile::new(directory, kind, &loading.sentinel, lock);
    manifest.write().map_err(|error| OpenError::directory(directory, error))?;
    manifest.sure();
    let bounds = Bounds::new(inbox_rows_max);
    let shared = Arc::new(shared(sealer, &loading.sentinel, bounds, true));
    shared.accepts_damage.store(accept_damage, Ordering::Relaxed);
    let core = Core::new(shared.clone(), opener, engine, loading, Some(Box::new(manifest)));
    let writer = Writer::spawn(core).map_err(|error| OpenError::directory(directory, error))?;
    Ok(Arc::new(GreenroomStore::new(shared, writer)))
}

/// Loads what an engine holds and compares it with what must be there; an empty one gets its first record.
pub(crate) fn load_checked(
    check: &Check<'_>,
    manifest: Option<&Manifest>,
    engine: &dyn Engine,
    sealer: &Sealer,
) -> Result<Loading, OpenError> {
    let damaged = |error: EngineError| OpenError::engine(check.directory, error);
    let found = loading::load(engine, sealer).map_err(damaged)?;
    check.after_opening(manifest, found.as_ref(), engine, sealer)?;
    let is_new = found.is_none();
    let mut loading = match found {
        Some(found) => migrate::to_this_layout(engine, sealer, found).map_err(damaged)?,
        None => create(engine, sealer).map_err(damaged)?,
    };
    if let Some(manifest) = manifest {
        if loading.sentinel.commit < manifest.commit || check.accept_damage {
            // After an accepted loss numbers go on above those that were lost, so that no name of a
            // message is used twice.
            loading.sentinel.numbers_reserved += limits::STORE_NUMBERS_LOST_MAX;
        }
        loading.sentinel.commit = loading.sentinel.commit.max(manifest.commit);
    }
    loading.sentinel.seal_key = sealer.current().to_vec();
    if !is_new {
        renewal::renew(engine, sealer, &mut loading.sentinel).map_err(damaged)?;
    }
    Ok(loading)
}

/// A store in memory, for simulations and tests. It has no thread: commands run in their callers,
/// so that paused time stands still.
pub fn memory() -> Arc<GreenroomStore> {
    memory_with(limits::INBOX_ROWS_MAX)
}

/// A store in memory whose inbox holds so many rows.
pub fn memory_with(inbox_rows_max: u64) -> Arc<GreenroomStore> {
    let engine: Arc<dyn Engine> = Arc::new(MemoryEngine::default());
    let key = SealKey::random().expect("the system has random numbers");
    let sealer = Sealer::new(&key, &[]);
    let loading = create(&*engine, &sealer).expect("a map in memory takes everything");
    let shared = Arc::new(shared(sealer, &loading.sentinel, Bounds::new(inbox_rows_max), false));
    let again = engine.clone();
    let core = Core::new(shared.clone(), Box::new(move |_| Ok(again.clone())), engine, loading, None);
    Arc::new(GreenroomStore::new(shared, Writer::inline(core)))
}

pub(crate) fn shared(sealer: Sealer, sentinel: &SentinelRecord, bounds: Bounds, on_disk: bool) -> Shared {
    Shared {
        engine: RwLock::new(None),
        applying: RwLock::new(()),
        index: Mutex::new(Index::default()),
        postponed: Mutex::default(),
        pinned: Mutex::default(),
        sealer,
        instance: hex::encode(&sentinel.instance),
        fence: sentinel.fence,
        names: Names::new(sentinel),
        bounds,
        on_disk,
        closed: AtomicBool::new(false),
        accepts_damage: AtomicBool::new(false),
        gone: watch::Sender::default(),
        trouble: Mutex::new(None),
        unreadable: Mutex::new(None),
        not_understood: Mutex::default(),
        unproved: Mutex::new(None),
        tally: Tally::default(),
    }
}

/// What is compared between the data and the file beside it.
pub(crate) struct Check<'a> {
    pub(crate) directory: &'a Path,
    pub(crate) engine: EngineKind,
    pub(crate) accept_damage: bool,
}

impl Check<'_> {
    fn before_opening(&self, manifest: Option<&Manifest>) -> Result<(), OpenError> {
        for engine in [EngineKind::Sled, EngineKind::Fjall] {
            let draft = manifest::import_directory(self.directory, engine);
            if draft.exists() {
                return Err(OpenError::HalfImported { path: self.directory.to_owned(), draft });
            }
        }
        let Some(manifest) = manifest else {
            let other = match self.engine {
                EngineKind::Sled => EngineKind::Fjall,
                EngineKind::Fjall => EngineKind::Sled,
            };
            if manifest::data_directory(self.directory, other).exists() {
                return Err(self.other_engine(other));
            }
            return Ok(());
        };
        if manifest.engine != self.engine {
            return Err(self.other_engine(manifest.engine));
        }
        let data = manifest::data_directory(self.directory, self.engine);
        let is_empty = std::fs::read_dir(&data).map_or(true, |mut entries| entries.next().is_none());
        if is_empty {
            return self.refuse(format!("its data folder {} is missing or empty", data.display()));
        }
        if let Some(missing) = needed_files(self.engine).iter().find(|file| !data.join(file).exists()) {
            return self.refuse(format!("its file \"{missing}\" is missing"));
        }
        let length = manifest::log_bytes(self.directory, self.engine);
        let closed_length = manifest.closed.and_then(|closed| closed.log_bytes);
        if let (Some(expected), Some(length)) = (closed_length, length)
            && length < expected
        {
            return self.refuse(format!("its log was cut: {length} bytes are left of {expected}"));
        }
        Ok(())
    }

    fn after_opening(
        &self,
        manifest: Option<&Manifest>,
        found: Option<&Loading>,
        engine: &dyn Engine,
        sealer: &Sealer,
    ) -> Result<(), OpenError> {
        let Some(loading) = found else {
            if manifest.is_some() {
                return self.refuse("it opens empty, although it held data before".to_owned());
            }
            let mut any = false;
            let scanned = engine.scan(&crate::engines::Range::prefix(b""), &mut |_, _| {
                any = true;
                std::ops::ControlFlow::Break(())
            });
            if any || scanned.is_err() {
                return self.refuse("it holds rows, but not the record that says which store it is".to_owned());
            }
            return Ok(());
        };
        let sentinel = &loading.sentinel;
        if sentinel.schema > SCHEMA {
            return Err(OpenError::Newer { path: self.directory.to_owned(), found: sentinel.schema });
        }
        if let Some((key, damage)) = loading.not_understood.first() {
            self.accept(OpenError::NotUnderstood {
                path: self.directory.to_owned(),
                records: loading.not_understood.len(),
                first: format!("{}: {damage}", keys::describe(key)),
            })?;
        }
        if !sealer.knows(&sentinel.seal_key) {
            return Err(OpenError::Key {
                path: self.directory.to_owned(),
                reason: "the master key is not the one that sealed them. Give the right key in \
                         GREENROOM_MASTER_KEY, or put the right file master.key back beside the store."
                    .into(),
            });
        }
        manifest.map_or(Ok(()), |manifest| self.compare(manifest, loading))
    }

    fn compare(&self, manifest: &Manifest, loading: &Loading) -> Result<(), OpenError> {
        let sentinel = &loading.sentinel;
        if manifest.instance != hex::encode(&sentinel.instance) {
            return self.refuse("the data and the file store.json beside it belong to two different stores".into());
        }
        if sentinel.commit < manifest.commit {
            return self.refuse(format!(
                "its log was cut: it ends at commit {}, but commit {} was made",
                sentinel.commit, manifest.commit
            ));
        }
        let Some(closed) = manifest.closed else { return Ok(()) };
        let rows = loading.index.all_rows.len() as u64;
        let parcels: u64 = loading.index.pending.values().map(|parcels| parcels.len() as u64).sum();
        let damaged = (loading.damaged.len() + loading.not_understood.len()) as u64;
        if rows < closed.rows || parcels + damaged < closed.parcels {
            return self.refuse(format!(
                "{rows} rows wait and {parcels} parcels are unsent, but {} and {} were when it was closed",
                closed.rows, closed.parcels
            ));
        }
        Ok(())
    }

    fn other_engine(&self, found: EngineKind) -> OpenError {
        OpenError::OtherEngine { path: self.directory.to_owned(), found, wanted: self.engine }
    }

    fn refuse(&self, what: String) -> Result<(), OpenError> {
        self.accept(OpenError::Damaged { path: self.directory.to_owned(), what })
    }

    /// Passes over an error if that was asked for.
    fn accept(&self, error: OpenError) -> Result<(), OpenError> {
        if self.accept_damage {
            tracing::error!(%error, "the store is opened nevertheless, as asked");
            return Ok(());
        }
        Err(error)
    }
}

/// Opens the engine, now and after failures. A torn snapshot of sled is repaired on a copy.
pub(crate) fn engine_opener(directory: &Path, engine: EngineKind, existed: bool) -> crate::write::core::Opener {
    let data = manifest::data_directory(directory, engine);
    Box::new(move |files| {
        if files == Files::InDoubt && data.exists() {
            tracing::warn!("after a failure of the disk the files of the store are written again before they are used");
            rewrite::rewrite_engine(&data, engine)?;
        }
        let opened = open_engine(&data, engine);
        match (engine, opened) {
            (EngineKind::Sled, Err(error)) if existed => {
                snapshot_repair::without_snapshot(&data, &error).unwrap_or(Err(error))
            }
            (_, opened) => opened,
        }
    })
}

/// Writes the first record of a new store.
pub(crate) fn create(engine: &dyn Engine, sealer: &Sealer) -> Result<Loading, EngineError> {
    let (instance, salt, epoch) = (renewal::random()?, renewal::random()?, renewal::random()?);
    let sentinel = SentinelRecord {
        schema: SCHEMA,
        instance,
        salt,
        commit: 0,
        numbers_reserved: 1,
        seal_key: sealer.current().to_vec(),
        low_water: 0,
        low_water_of: Vec::new(),
        epoch,
        fence: 0,
        refused: 0,
    };
    renewal::write(engine, sealer, &sentinel)?;
    Ok(Loading::of(sentinel))
}

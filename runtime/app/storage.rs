//! Opening the store.

use crate::config::StoreConfig;
use greenroom_contract::cause::Cause;
use greenroom_contract::store::Store;
use greenroom_contract::time::Timestamp;
use greenroom_store::{OpenError, OpenOptions};
use std::path::PathBuf;
use std::sync::Arc;

/// Where a runtime keeps its data.
pub(crate) enum StoreChoice {
    /// Where the configuration says.
    Configured,
    /// In this folder, with the configured engine.
    Folder(PathBuf),
    /// In memory.
    Memory,
    /// In a store that is already open.
    Given(Arc<dyn Store>),
}

impl StoreChoice {
    /// The folder, if there is one.
    pub(crate) fn folder(&self, config: &StoreConfig) -> Option<PathBuf> {
        match self {
            Self::Configured => Some(config.path.clone()),
            Self::Folder(path) => Some(path.clone()),
            Self::Memory | Self::Given(_) => None,
        }
    }
}

/// Why a store cannot be used, named by what one can do.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StorageError {
    /// Another process owns it: stop that one.
    #[error(
        "the store in {} is in use by another process{}", path.display(),
        process.map(|id| format!(" ({id})")).unwrap_or_default()
    )]
    InUse {
        /// Its folder.
        path: PathBuf,
        /// The process, if it is known.
        process: Option<u32>,
    },
    /// There is none: nothing was ever stored there.
    #[error("there is no store in {}", path.display())]
    Missing {
        /// Its folder.
        path: PathBuf,
    },
    /// It was moved to another place, and does not run here any more.
    #[error(
        "the bot in {} was moved to another place; to let it continue here after all, when no copy of it runs: greenroom \
         restore --here", path.display()
    )]
    Moved {
        /// Its folder.
        path: PathBuf,
        /// When.
        at: Timestamp,
    },
    /// The disk or the data is not as it should be.
    #[error("{reason}")]
    Unusable {
        /// Its folder.
        path: PathBuf,
        /// What is wrong and what to do.
        #[source]
        reason: Cause,
    },
}

pub(crate) async fn open(choice: &StoreChoice, config: &StoreConfig) -> Result<Arc<dyn Store>, StorageError> {
    match choice {
        StoreChoice::Configured => open_folder(options(config)).await,
        StoreChoice::Folder(path) => open_folder(OpenOptions { path: path.clone(), ..options(config) }).await,
        StoreChoice::Memory => Ok(greenroom_store::memory()),
        StoreChoice::Given(store) => Ok(Arc::clone(store)),
    }
}

/// Opens a store that was used before; a folder that does not exist is not made.
pub async fn open_existing(config: &StoreConfig) -> Result<Arc<dyn Store>, StorageError> {
    exists(config)?;
    open_folder(options(config)).await
}

/// Opens a store, and makes it if nothing was ever stored there.
pub async fn open_or_make(config: &StoreConfig) -> Result<Arc<dyn Store>, StorageError> {
    open_folder(options(config)).await
}

/// Refuses a store that was moved to another place: its accounts are connected from there.
pub(crate) async fn may_run(store: &dyn Store, path: Option<PathBuf>) -> Result<(), StorageError> {
    let path = path.unwrap_or_default();
    match store.fence().await {
        Ok(fence) => fence.moved_at.map_or(Ok(()), |at| Err(StorageError::Moved { path, at })),
        Err(error) => Err(StorageError::Unusable { path, reason: error.into() }),
    }
}

/// Whether something was ever stored there.
pub fn exists(config: &StoreConfig) -> Result<(), StorageError> {
    let filled = std::fs::read_dir(&config.path).is_ok_and(|mut entries| entries.next().is_some());
    if filled { Ok(()) } else { Err(StorageError::Missing { path: config.path.clone() }) }
}

/// How the configured store is opened.
pub fn options(config: &StoreConfig) -> OpenOptions {
    OpenOptions {
        engine: config.engine,
        seal: config.seal.clone(),
        accept_damage: config.accept_damage,
        ..OpenOptions::at(&config.path)
    }
}

async fn open_folder(options: OpenOptions) -> Result<Arc<dyn Store>, StorageError> {
    let path = options.path.clone();
    // Reading a large store takes a while, and recovery longer.
    let opened = tokio::task::spawn_blocking(move || greenroom_store::open(options)).await;
    match opened {
        Ok(Ok(store)) => Ok(store),
        Ok(Err(error)) => Err(error.into()),
        Err(error) => Err(StorageError::Unusable { path, reason: error.into() }),
    }
}

impl From<OpenError> for StorageError {
    fn from(error: OpenError) -> Self {
        match error {
            OpenError::Locked { path, process } => Self::InUse { path, process },
            OpenError::Directory { ref path, .. }
            | OpenError::NotBuiltIn { ref path, .. }
            | OpenError::OtherEngine { ref path, .. }
            | OpenError::Newer { ref path, .. }
            | OpenError::NotPrivate { ref path, .. }
            | OpenError::Key { ref path, .. }
            | OpenError::NotUnderstood { ref path, .. }
            | OpenError::HalfImported { ref path, .. }
            | OpenError::Damaged { ref path, .. } => Self::Unusable { path: path.clone(), reason: error.into() },
        }
    }
}

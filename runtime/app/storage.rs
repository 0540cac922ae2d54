//! Opening the store, and taking data out of it and into it.

use crate::config::StoreConfig;
use greenroom_contract::store::Store;
use std::path::{Path, PathBuf};
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
pub enum StorageError {
    /// Another process owns it: stop that one.
    #[error("the store in {} is in use by another greenroom", path.display())]
    InUse {
        /// Its folder.
        path: PathBuf,
    },
    /// There is none: nothing was ever stored there.
    #[error("there is no store in {}", path.display())]
    Missing {
        /// Its folder.
        path: PathBuf,
    },
    /// The disk or the data is not as it should be.
    #[error("the store in {} cannot be used: {reason}", path.display())]
    Unusable {
        /// Its folder.
        path: PathBuf,
        /// What is wrong and what to do.
        reason: String,
    },
}

pub(crate) async fn open(choice: &StoreChoice, config: &StoreConfig) -> Result<Arc<dyn Store>, StorageError> {
    match choice {
        StoreChoice::Configured => open_folder(config).await,
        StoreChoice::Folder(path) => open_folder(&StoreConfig { path: path.clone(), ..config.clone() }).await,
        StoreChoice::Memory => todo!(),
        StoreChoice::Given(store) => Ok(Arc::clone(store)),
    }
}

/// Opens a store that was used before; an empty folder is no store.
pub async fn open_existing(config: &StoreConfig) -> Result<Arc<dyn Store>, StorageError> {
    if !config.path.is_dir() {
        return Err(StorageError::Missing { path: config.path.clone() });
    }
    open_folder(config).await
}

async fn open_folder(config: &StoreConfig) -> Result<Arc<dyn Store>, StorageError> {
    let _ = Path::new(&config.path);
    todo!()
}

//! Every rule of the contract, on each engine.

// The suite asks for async functions, because another store may need to wait while it is opened.
#![allow(clippy::unused_async)]

use greenroom_contract::store::Store;
use greenroom_store::{EngineKind, OpenOptions};
use std::path::Path;
use std::sync::Arc;
use tempfile::TempDir;

fn open(path: &Path, engine: EngineKind) -> Arc<dyn Store> {
    greenroom_store::open(OpenOptions { engine, ..OpenOptions::at(path) }).expect("the store opens")
}

fn folder() -> TempDir {
    TempDir::new().expect("a temporary folder can be made")
}

mod memory {
    use super::*;

    async fn fresh() -> (Arc<dyn Store>, ()) {
        (greenroom_store::memory(), ())
    }

    greenroom_conformance::store_conformance!(fresh);
    greenroom_conformance::store_full_conformance!(fresh);
}

mod sled {
    use super::*;

    async fn fresh() -> (Arc<dyn Store>, TempDir) {
        let folder = folder();
        (open(folder.path(), EngineKind::Sled), folder)
    }

    async fn reopen(path: &Path) -> Arc<dyn Store> {
        open(path, EngineKind::Sled)
    }

    greenroom_conformance::store_conformance!(fresh);
    greenroom_conformance::store_reopen_conformance!(reopen, folder);
}

mod fjall {
    use super::*;

    async fn fresh() -> (Arc<dyn Store>, TempDir) {
        let folder = folder();
        (open(folder.path(), EngineKind::Fjall), folder)
    }

    async fn reopen(path: &Path) -> Arc<dyn Store> {
        open(path, EngineKind::Fjall)
    }

    greenroom_conformance::store_conformance!(fresh);
    greenroom_conformance::store_reopen_conformance!(reopen, folder);
}

//! The engine that an engine kind names, opened in its data directory.

#[cfg(feature = "fjall")]
use crate::engines::fjall::FjallEngine;
use crate::engines::sled::{LOG_FILE, SledEngine};
use crate::engines::{Engine, EngineError};
use crate::open::options::EngineKind;
use std::path::Path;
use std::sync::Arc;

/// The file in the data directory of an engine that it locks.
pub(crate) fn lock_file(engine: EngineKind) -> &'static str {
    match engine {
        EngineKind::Sled => LOG_FILE,
        // As fjall names it.
        EngineKind::Fjall => "lock",
    }
}

/// The files of a store that was used before without which an engine begins with nothing instead of failing. fjall even
/// deletes what it does not know then.
pub(crate) fn needed_files(engine: EngineKind) -> &'static [&'static str] {
    match engine {
        EngineKind::Sled => &[LOG_FILE],
        EngineKind::Fjall => &["version", "keyspaces/0/current", "keyspaces/1/current"],
    }
}

/// Opens an engine in its data directory.
pub(crate) fn open_engine(data: &Path, engine: EngineKind) -> Result<Arc<dyn Engine>, EngineError> {
    let opened = std::panic::catch_unwind(|| match engine {
        EngineKind::Sled => SledEngine::open(data).map(|engine| Arc::new(engine) as Arc<dyn Engine>),
        #[cfg(feature = "fjall")]
        EngineKind::Fjall => FjallEngine::open(data).map(|engine| Arc::new(engine) as Arc<dyn Engine>),
        #[cfg(not(feature = "fjall"))]
        EngineKind::Fjall => Err(EngineError::Broken("this program was built without the engine fjall".into())),
    });
    opened.unwrap_or_else(|_| Err(EngineError::Damaged("the engine panicked while it read its files".into())))
}

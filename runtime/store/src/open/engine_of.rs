//! The engine that an engine kind names, opened in its data directory.

use crate::engines::fjall::FjallEngine;
use crate::engines::sled::SledEngine;
use crate::engines::{Engine, EngineError};
use crate::open::options::EngineKind;
use std::path::Path;
use std::sync::Arc;

/// Opens an engine in its data directory.
pub(crate) fn open_engine(data: &Path, engine: EngineKind) -> Result<Arc<dyn Engine>, EngineError> {
    let opened = std::panic::catch_unwind(|| match engine {
        EngineKind::Sled => SledEngine::open(data).map(|engine| Arc::new(engine) as Arc<dyn Engine>),
        EngineKind::Fjall => FjallEngine::open(data).map(|engine| Arc::new(engine) as Arc<dyn Engine>),
    });
    opened.unwrap_or_else(|_| Err(EngineError::Damaged("the engine panicked while it read its files".into())))
}

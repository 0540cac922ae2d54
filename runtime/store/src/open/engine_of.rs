//! The engine that an engine kind names, opened in its data directory.

#[cfg(feature = "fjall")]
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
        #[cfg(feature = "fjall")]
        EngineKind::Fjall => FjallEngine::open(data).map(|engine| Arc::new(engine) as Arc<dyn Engine>),
        #[cfg(not(feature = "fjall"))]
        EngineKind::Fjall => Err(EngineError::Broken("this program was built without the engine fjall".into())),
    });
    opened.unwrap_or_else(|_| Err(EngineError::Damaged("the engine panicked while it read its files".into())))
}

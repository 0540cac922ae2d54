//! A component that was compiled and linked.

use super::engine::{Sandbox, SandboxError};
use crate::calls::{PluginPre, TurnState};
use std::sync::Arc;
use wasmtime::component::Component;

/// A component that can be instantiated.
pub(crate) struct Loaded {
    pub(super) sandbox: Arc<Sandbox>,
    pub(super) pre: PluginPre<TurnState>,
}

impl Loaded {
    /// Compiles a component, or takes what was compiled before, and links it. Slow if it was not compiled before: not for
    /// a thread that serves turns.
    pub(crate) fn new(sandbox: &Arc<Sandbox>, digest: &str, component: &[u8]) -> Result<Arc<Self>, SandboxError> {
        if let Some(known) = sandbox.known(digest) {
            return Ok(known);
        }
        let component = Component::from_binary(&sandbox.engine, component)
            .map_err(|error| SandboxError::Compile(format!("{error:#}")))?;
        let link = |error: wasmtime::Error| SandboxError::Link(format!("{error:#}"));
        let pre = sandbox.linker.instantiate_pre(&component).map_err(link)?;
        let pre = PluginPre::new(pre).map_err(link)?;
        let loaded = Arc::new(Self { sandbox: Arc::clone(sandbox), pre });
        sandbox.keep(digest, &loaded);
        Ok(loaded)
    }
}

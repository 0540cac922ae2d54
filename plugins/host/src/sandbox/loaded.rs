//! A component that was compiled and linked.

use super::engine::{Sandbox, SandboxError};
use crate::calls::{PluginPre, TurnState};
use crate::limits::{INSTANCES_OF_ONE_MAX, MEMORIES_PER_PLACE, TABLES_PER_PLACE};
use std::sync::Arc;
use tokio::sync::Semaphore;
use wasmtime::component::Component;

/// A component that can be instantiated.
pub(crate) struct Loaded {
    pub(super) sandbox: Arc<Sandbox>,
    pub(super) pre: PluginPre<TurnState>,
    /// How many places one instance takes: the more, the more memories and tables it has.
    pub(super) weight: u32,
    /// The places that instances of it may take together, so that some are left for others.
    pub(super) share: Semaphore,
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
        let weight = weight(&component);
        let link = |error: wasmtime::Error| SandboxError::Link(format!("{error:#}"));
        let pre = sandbox.linker.instantiate_pre(&component).map_err(link)?;
        let pre = PluginPre::new(pre).map_err(link)?;
        let share = Semaphore::new(INSTANCES_OF_ONE_MAX as usize);
        let loaded = Arc::new(Self { sandbox: Arc::clone(sandbox), pre, weight, share });
        sandbox.keep(digest, &loaded);
        Ok(loaded)
    }
}

/// How many places an instance of a component takes.
fn weight(component: &Component) -> u32 {
    let Some(needed) = component.resources_required() else { return 1 };
    let memories = needed.num_memories.div_ceil(MEMORIES_PER_PLACE);
    memories.max(needed.num_tables.div_ceil(TABLES_PER_PLACE)).clamp(1, INSTANCES_OF_ONE_MAX)
}

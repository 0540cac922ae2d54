//! The engine with its limits, one for each folder of compiled code.

use super::loaded::Loaded;
use super::ticker::{Ticker, Ticking};
use crate::calls::{Plugin, TurnState};
use crate::limits::{
    ASYNC_STACK_BYTES, CORE_INSTANCES_MAX, INSTANCE_BYTES_MAX, INSTANCES_MAX, MEMORIES_MAX, MEMORIES_PER_PLACE,
    MEMORY_MB_MAX, STACK_BYTES_MAX, TABLE_ELEMENTS_MAX, TABLES_MAX, TABLES_PER_PLACE,
};
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use tokio::sync::Semaphore;
use wasmtime::component::{HasSelf, Linker};
use wasmtime::{
    Cache, CacheConfig, Config, Engine, InstanceAllocationStrategy, OptLevel, PoolingAllocationConfig,
    RegallocAlgorithm,
};

/// Why there is no sandbox, or a component cannot be loaded into it.
#[derive(Debug, thiserror::Error)]
pub enum SandboxError {
    /// The machine does not allow what the engine needs.
    #[error("plugins cannot run on this machine: {0}")]
    Engine(String),
    /// The file is no component, or a broken one.
    #[error("the component cannot be compiled: {0}")]
    Compile(String),
    /// It needs functions that this program does not offer, or does not offer `respond`.
    #[error("the component does not fit to the interface greenroom:plugin of this program: {0}")]
    Link(String),
    /// One of these, found by the process that compiles.
    #[error("{0}")]
    Child(String),
}

/// An engine, what guests of it may call, and the places for their instances.
pub(crate) struct Sandbox {
    pub(super) engine: Engine,
    pub(super) linker: Linker<TurnState>,
    pub(super) places: Arc<Semaphore>,
    ticker: Ticker,
    /// What is loaded, by digest, for as long as something uses it.
    loaded: Mutex<HashMap<String, Weak<Loaded>>>,
}

static SANDBOXES: Mutex<Option<HashMap<PathBuf, Weak<Sandbox>>>> = Mutex::new(None);

impl Sandbox {
    /// The sandbox whose compiled code is kept in this folder; the same for everyone in this process who names it.
    ///
    /// The folder must be its owner's alone: what lies in it is executed.
    pub(crate) fn of(cache: &Path) -> Result<Arc<Self>, SandboxError> {
        // The engine takes no other, and the usual folder of data is seen from where the program was started.
        let cache = std::path::absolute(cache).map_err(|error| SandboxError::Engine(error.to_string()))?;
        let mut all = SANDBOXES.lock().unwrap_or_else(PoisonError::into_inner);
        let all = all.get_or_insert_default();
        if let Some(known) = all.get(&cache).and_then(Weak::upgrade) {
            return Ok(known);
        }
        let sandbox = Arc::new(Self::new(&cache)?);
        all.retain(|_, known| known.strong_count() > 0);
        all.insert(cache, Arc::downgrade(&sandbox));
        Ok(sandbox)
    }

    fn new(cache: &Path) -> Result<Self, SandboxError> {
        let failed = |error: wasmtime::Error| SandboxError::Engine(format!("{error:#}"));
        let mut config = config(cache).map_err(failed)?;
        let engine = Engine::new(config.allocation_strategy(InstanceAllocationStrategy::Pooling(pool())));
        let engine = engine.or_else(|error| {
            tracing::warn!(error = %format!("{error:#}"), "no room for a pool of instances; plugins run somewhat slower");
            Engine::new(config.allocation_strategy(InstanceAllocationStrategy::OnDemand))
        });
        let engine = engine.map_err(failed)?;
        let mut linker = Linker::new(&engine);
        wasmtime_wasi::p2::add_to_linker_async(&mut linker).map_err(failed)?;
        Plugin::add_to_linker::<_, HasSelf<_>>(&mut linker, |state| state).map_err(failed)?;
        let ticker = Ticker::start(&engine).map_err(|error| SandboxError::Engine(error.to_string()))?;
        let places = Arc::new(Semaphore::new(INSTANCES_MAX as usize));
        Ok(Self { engine, linker, places, ticker, loaded: Mutex::default() })
    }

    /// Lets the clock tick for as long as this is kept.
    pub(super) fn tick(&self) -> Ticking {
        self.ticker.tick()
    }

    /// The component with this digest, if it is loaded.
    pub(crate) fn known(&self, digest: &str) -> Option<Arc<Loaded>> {
        self.loaded.lock().unwrap_or_else(PoisonError::into_inner).get(digest).and_then(Weak::upgrade)
    }

    pub(super) fn keep(&self, digest: &str, loaded: &Arc<Loaded>) {
        let mut all = self.loaded.lock().unwrap_or_else(PoisonError::into_inner);
        all.retain(|_, known| known.strong_count() > 0);
        all.insert(digest.to_owned(), Arc::downgrade(loaded));
    }
}

fn config(cache: &Path) -> wasmtime::Result<Config> {
    let mut folder = CacheConfig::new();
    folder.with_directory(cache);
    let mut config = Config::new();
    config
        .cache(Some(Cache::new(folder)?))
        .epoch_interruption(true)
        .max_wasm_stack(STACK_BYTES_MAX)
        .async_stack_size(ASYNC_STACK_BYTES);
    if cfg!(debug_assertions) {
        // The compiler is itself unoptimized then: what it does least costs least.
        config.cranelift_opt_level(OptLevel::None).cranelift_regalloc_algorithm(RegallocAlgorithm::SinglePass);
    }
    Ok(config)
}

fn pool() -> PoolingAllocationConfig {
    let mut pool = PoolingAllocationConfig::new();
    pool.total_component_instances(INSTANCES_MAX)
        .total_core_instances(INSTANCES_MAX * CORE_INSTANCES_MAX)
        .total_memories(INSTANCES_MAX * MEMORIES_PER_PLACE)
        .total_tables(INSTANCES_MAX * TABLES_PER_PLACE)
        .total_stacks(INSTANCES_MAX)
        .max_core_instances_per_component(CORE_INSTANCES_MAX)
        .max_memories_per_component(MEMORIES_MAX)
        .max_tables_per_component(TABLES_MAX)
        .max_tables_per_module(TABLES_MAX)
        .table_elements(TABLE_ELEMENTS_MAX)
        .max_component_instance_size(INSTANCE_BYTES_MAX)
        .max_core_instance_size(INSTANCE_BYTES_MAX)
        .max_memory_size(MEMORY_MB_MAX as usize * 1024 * 1024);
    pool
}

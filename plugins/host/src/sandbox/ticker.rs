//! The clock by which a guest that computes is looked at. It stands still while no guest runs.

use crate::limits::TICK_PAUSE;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::{Builder, JoinHandle};
use wasmtime::Engine;

/// Moves the epoch of an engine on while guests run.
pub(super) struct Ticker {
    running: Arc<AtomicUsize>,
    thread: JoinHandle<()>,
}

impl Ticker {
    pub(super) fn start(engine: &Engine) -> std::io::Result<Self> {
        let running = Arc::new(AtomicUsize::new(0));
        let (seen, weak) = (Arc::clone(&running), engine.weak());
        let thread = Builder::new().name("plugin-ticker".to_owned()).spawn(move || {
            while let Some(engine) = weak.upgrade() {
                if seen.load(Ordering::SeqCst) == 0 {
                    drop(engine);
                    std::thread::park();
                } else {
                    engine.increment_epoch();
                    drop(engine);
                    std::thread::park_timeout(TICK_PAUSE);
                }
            }
        })?;
        Ok(Self { running, thread })
    }

    /// Ticks for as long as this is kept.
    pub(super) fn tick(&self) -> Ticking {
        if self.running.fetch_add(1, Ordering::SeqCst) == 0 {
            self.thread.thread().unpark();
        }
        Ticking(Arc::clone(&self.running))
    }
}

impl Drop for Ticker {
    fn drop(&mut self) {
        // It finds that its engine is gone, soon after.
        self.thread.thread().unpark();
    }
}

/// See [`Ticker::tick`].
pub(super) struct Ticking(Arc<AtomicUsize>);

impl Drop for Ticking {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

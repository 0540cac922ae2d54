//! What all parts of a running simulator share.

use crate::clock::SimulatedClock;
use crate::settings::Settings;
use crate::world::World;
use parking_lot::Mutex;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use tokio::sync::{Notify, Semaphore};

pub(crate) struct Hub {
    pub(crate) settings: Settings,
    pub(crate) clock: SimulatedClock,
    pub(crate) world: Mutex<World>,
    /// Where it listens, such as `http://127.0.0.1:4711`.
    pub(crate) base: String,
    /// Where webhooks go.
    pub(crate) callback: Mutex<Option<String>>,
    pub(crate) http: reqwest::Client,
    /// Rung whenever anything changed that somebody may wait for.
    pub(crate) changed: Notify,
    pub(crate) posts: Arc<Semaphore>,
    closed: AtomicBool,
    random: AtomicU64,
}

impl Hub {
    pub(crate) fn new(settings: Settings, base: String) -> reqwest::Result<Self> {
        let http = reqwest::Client::builder().no_proxy().timeout(settings.webhook_timeout).build()?;
        Ok(Self {
            clock: SimulatedClock::default(),
            world: Mutex::new(World::new(&settings)),
            base,
            callback: Mutex::new(None),
            http,
            changed: Notify::new(),
            posts: Arc::new(Semaphore::new(settings.posts_in_flight_max)),
            closed: AtomicBool::new(false),
            random: AtomicU64::new(0x9E37_79B9_7F4A_7C15),
            settings,
        })
    }

    pub(crate) fn close(&self) {
        self.closed.store(true, Ordering::Relaxed);
        self.changed.notify_waiters();
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.closed.load(Ordering::Relaxed)
    }

    /// The next number of a fixed random sequence, below `bound`.
    pub(crate) fn random(&self, bound: u64) -> u64 {
        let mut x = self.random.fetch_add(0xD1B5_4A32_D192_ED03, Ordering::Relaxed);
        x ^= x >> 30;
        x = x.wrapping_mul(0xBF58_476D_1CE4_E5B9);
        x ^= x >> 27;
        if bound == 0 { 0 } else { x % bound }
    }

    /// Waits until `look` finds something. Ends never by itself; callers set a deadline.
    pub(crate) async fn wait_for<T>(&self, mut look: impl FnMut(&mut World) -> Option<T>) -> T {
        loop {
            let rung = self.changed.notified();
            tokio::pin!(rung);
            rung.as_mut().enable();
            if let Some(found) = look(&mut self.world.lock()) {
                return found;
            }
            rung.await;
        }
    }
}

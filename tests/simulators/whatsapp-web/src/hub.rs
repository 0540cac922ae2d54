//! What all parts of the simulator share.

use crate::clock::Clock;
use crate::media::MediaStore;
use crate::options::Options;
use crate::wire::certificate::Identity;
use crate::world::World;
use parking_lot::Mutex;
use std::time::Duration;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

pub(crate) struct Hub {
    pub(crate) options: Options,
    pub(crate) clock: Clock,
    pub(crate) identity: Identity,
    pub(crate) world: Mutex<World>,
    pub(crate) media: MediaStore,
    pub(crate) closing: CancellationToken,
    changed: watch::Sender<()>,
}

impl Hub {
    pub(crate) fn new(options: Options, identity: Identity, media: MediaStore) -> Self {
        let mut world = World::default();
        world.record.traffic_max = options.traffic_max;
        Self {
            clock: Clock::default(),
            identity,
            world: Mutex::new(world),
            media,
            closing: CancellationToken::new(),
            changed: watch::Sender::new(()),
            options,
        }
    }

    /// Changes the world and wakes whoever waits for a change. `change` must not call back into the hub.
    pub(crate) fn change<R>(&self, change: impl FnOnce(&mut World) -> R) -> R {
        let result = change(&mut self.world.lock());
        self.changed.send_replace(());
        result
    }

    /// Waits until `look` finds something; `None` after `timeout`.
    pub(crate) async fn until<T>(&self, timeout: Duration, mut look: impl FnMut(&World) -> Option<T>) -> Option<T> {
        let mut changes = self.changed.subscribe();
        let found = async {
            loop {
                changes.mark_unchanged();
                if let Some(found) = look(&self.world.lock()) {
                    return Some(found);
                }
                changes.changed().await.ok()?;
            }
        };
        tokio::time::timeout(timeout, found).await.ok().flatten()
    }
}

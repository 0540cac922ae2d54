//! Two copies of one bot, one of which was restored from a backup of the other, must not both be connected: networks would
//! give each the half of what is sent, and keys would be used twice. Where both have one public address, they find each other
//! there: each asks from time to time who answers at it, and the older one gives way.

use crate::config::Config;
use async_trait::async_trait;
use greenroom_client::{Client, FenceBody};
use greenroom_contract::limits::{DRAIN_TIMEOUT, FENCE_LOOK_PAUSE};
use greenroom_contract::store::Fence;
use greenroom_contract::time::Clock;
use greenroom_engine::{Doors as _, EngineHandle, Service, ServiceError};
use std::sync::Arc;
use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

/// The service that looks, where there is a public address.
pub(crate) fn service(config: &Config, clock: Clock) -> Option<Arc<dyn Service>> {
    let url = config.gateway.public_url.clone().filter(|_| config.gateway.enabled)?;
    Some(Arc::new(FenceWatch { url, clock }))
}

struct FenceWatch {
    url: String,
    clock: Clock,
}

/// What follows from who answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verdict {
    /// It is this process, another bot, an older copy that was told now, or nobody.
    Continue,
    /// A younger copy: this one ends.
    GiveWay,
}

fn verdict(own: &Fence, other: Option<u64>) -> Verdict {
    if other.is_some_and(|other| other > own.number) { Verdict::GiveWay } else { Verdict::Continue }
}

impl FenceWatch {
    async fn look(&self, client: &Client, handle: &EngineHandle) -> Verdict {
        let Ok(own) = handle.whole_store().fence().await else { return Verdict::Continue };
        let now_s = self.clock.now().0 / 1_000;
        let Ok(signed) = FenceBody::sign(&own.instance, own.number, now_s) else { return Verdict::Continue };
        // Whoever is away, or knows no copy, changes nothing: a bot must not stop because its address does not answer.
        let answered = client.compare_fences(&signed).await.ok();
        verdict(&own, answered.and_then(|answered| answered.read(&own.instance, now_s)))
    }
}

#[async_trait]
impl Service for FenceWatch {
    fn name(&self) -> &'static str {
        "fence"
    }

    async fn run(&self, handle: EngineHandle, stop: CancellationToken) -> Result<(), ServiceError> {
        let client = Client::new(&self.url, None).map_err(|error| ServiceError { reason: error.into() })?;
        let mut looks = interval(FENCE_LOOK_PAUSE);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                () = stop.cancelled() => return Ok(()),
                _ = looks.tick() => {}
            }
            let verdict = tokio::select! {
                () = stop.cancelled() => return Ok(()),
                verdict = self.look(&client, &handle) => verdict,
            };
            if verdict == Verdict::GiveWay {
                tracing::error!(
                    "a younger copy of this bot answers at {}, so this one ends and does not start any more; to continue here \
                     when that copy is gone: greenroom restore --here",
                    self.url
                );
                if let Err(error) = handle.whole_store().set_moved(Some(self.clock.now())).await {
                    tracing::error!(%error, "that it was moved could not be written down");
                }
                let ending = handle.clone();
                tokio::spawn(async move { ending.drain(DRAIN_TIMEOUT).await });
                stop.cancelled().await;
                return Ok(());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_younger_copy_makes_a_bot_give_way() {
        let own = Fence { number: 5, ..Fence::default() };
        for (other, expected) in [
            (None, Verdict::Continue),
            (Some(0), Verdict::Continue),
            (Some(4), Verdict::Continue),
            (Some(5), Verdict::Continue),
            (Some(6), Verdict::GiveWay),
        ] {
            assert_eq!(verdict(&own, other), expected, "{other:?}");
        }
    }
}

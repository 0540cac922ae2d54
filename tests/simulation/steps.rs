//! What happens in a world, one step after another.

use super::gates::{Gate, with};
use super::people::{Admitted, STRANGER};
use super::sky::Outage;
use super::world::{Alive, World};
use crate::support::blueprints::{Again, assistant, open_channel};
use greenroom::{AssistantPart, ChannelPart};
use greenroom_channel_loopback::{Options, loopback};
use greenroom_contract::channel::{Ended, MediaError};
use greenroom_store::{DiskFault, DiskPoint};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

const DAY_MS: i64 = 24 * 3_600 * 1_000;
/// What a session that crashed is forgiven for.
const CRASHES_APART: Duration = Duration::from_secs(60);

impl World {
    pub(crate) async fn step(&mut self, alive: &mut Alive) {
        match self.rng.below(200) {
            0..80 => self.speak().await,
            80..94 => self.repeat().await,
            94..100 => self.edit().await,
            100..105 => self.revoke().await,
            105..110 => self.echo().await,
            110..114 => self.speak_first(alive).await,
            114..118 => self.change_list(alive).await,
            118..120 => self.merge(alive).await,
            120..126 => self.cut(),
            126..134 => self.weather(alive),
            134..138 => self.account_trouble(),
            138..140 => self.crash_adapter(),
            140..150 => self.break_store(alive),
            150..155 => self.rebuild(alive).await,
            155..160 => self.move_clock(alive),
            160..164 => self.owner_acts(alive).await,
            164..166 => self.fail_fetches(),
            166..168 => drop(alive.store.sweep(self.right_now()).await),
            168..170 => self.link(alive).await,
            _ => self.pause().await,
        }
    }

    async fn pause(&mut self) {
        let millis = self.shape.tempo.as_millis() as u64;
        tokio::time::sleep(Duration::from_millis(self.rng.below(millis))).await;
    }

    /// The wire breaks, or the next connection is not made.
    fn cut(&mut self) {
        let (number, key) = self.any_place();
        let ended = Ended::Dropped { reason: "the wire broke".to_owned() };
        let ends = &self.networks[number].ends;
        if self.rng.percent(60) { ends.cut(&key, ended) } else { ends.refuse_runs(&key, [ended]) }
    }

    /// A network is away, or refuses an account, for seconds or for hours.
    fn weather(&mut self, alive: &Alive) {
        let place = self.any_place();
        let seconds = match self.rng.below(100) {
            0..80 => 1 + self.rng.below(60),
            80..95 => 60 + self.rng.below(600),
            _ => 600 + self.rng.below(6 * 3_600 - 600),
        };
        let until = self.right_now().plus(Duration::from_secs(seconds));
        let ends = self.networks[place.0].ends.clone();
        if self.rng.percent(25) && (!alive.is_clock_wrong() || with(Gate::SuspendedUnderAWrongClock)) {
            let mut sky = self.sky.look();
            let suspended = sky.suspended.entry(place.clone()).or_insert(until);
            let until = until.max(*suspended);
            *suspended = until;
            drop(sky);
            return ends.cut(&place.1, Ended::Suspended { until, reason: "slow down".to_owned() });
        }
        let connected = self.rng.percent(40);
        self.sky.look().outages.insert(place.clone(), Outage { until, connected });
        if !connected {
            ends.cut(&place.1, Ended::Dropped { reason: "no network".to_owned() });
        }
    }

    /// The network ends a connection for a reason that a person has to look at, or wants another one.
    fn account_trouble(&mut self) {
        let (number, key) = self.any_place();
        let network = &self.networks[number];
        let reason = "a reason of the network".to_owned();
        match self.rng.below(6) {
            0 => network.ends.cut(&key, Ended::Refused { reason }),
            1 => network.ends.cut(&key, Ended::Replaced),
            2 => network.ends.cut(&key, Ended::Outdated),
            3 => {
                if let Some(linked) = &network.linked {
                    network.ends.unlink(linked, &reason);
                }
            }
            _ => network.ends.cut(&key, Ended::RestartRequested),
        }
    }

    /// The adapter has a bug.
    fn crash_adapter(&mut self) {
        let now = self.right_now();
        if !with(Gate::ManyCrashes) && now.since(self.crashed_at) < CRASHES_APART {
            return;
        }
        self.crashed_at = now;
        let (number, key) = self.any_place();
        let ends = &self.networks[number].ends;
        let crashes = if with(Gate::ManyCrashes) { 1 + self.rng.below(12) } else { 1 + self.rng.below(2) };
        ends.panic_next_runs(&key, crashes as u32);
        ends.cut(&key, Ended::Dropped { reason: "the wire broke".to_owned() });
    }

    /// The store stumbles: some of the next calls fail, whether or not they were carried out. Or the disk below it does,
    /// or it is full.
    fn break_store(&mut self, alive: &Alive) {
        match self.rng.below(100) {
            0..50 => self.sky.look().storm = 1 + self.rng.below(25),
            50..75 => self.break_disk(),
            _ => {
                let full = self.rng.percent(30);
                alive.faulty.set_full(full);
            }
        }
    }

    fn break_disk(&mut self) {
        let fault = *self.rng.pick(&[DiskFault::Fails, DiskFault::FailsDone, DiskFault::Panics]);
        let points = [DiskPoint::Apply, DiskPoint::Flush, DiskPoint::Sync, DiskPoint::Read, DiskPoint::Open];
        let point = *self.rng.pick(&points);
        if with(Gate::FailedSyncs)
            || fault == DiskFault::FailsDone
            || matches!(point, DiskPoint::Apply | DiskPoint::Read)
        {
            self.disk.fail_next(point, fault);
        }
    }

    /// The system's clock is set to the right time, or a day beside it; or the machine slept.
    fn move_clock(&mut self, alive: &Alive) {
        let now = self.right_now();
        let is_suspended = self.sky.look().suspended.values().any(|until| now < *until);
        if is_suspended && !with(Gate::SuspendedUnderAWrongClock) {
            return;
        }
        if self.shape.sleeps && self.rng.percent(50) {
            let slept = 1_000 * i64::try_from(self.rng.below(8 * 3_600)).expect("a few hours");
            alive.by_ms.fetch_add(slept, Ordering::Relaxed);
            alive.right_ms.fetch_add(slept, Ordering::Relaxed);
            for network in &self.networks {
                let broken = || Ended::Dropped { reason: "the machine slept".to_owned() };
                network.keys.iter().for_each(|key| network.ends.cut(key, broken()));
            }
        }
        if self.shape.clock_moves {
            let wrong = [-DAY_MS, 0, DAY_MS][self.rng.below(3) as usize];
            alive.by_ms.store(alive.right_ms.load(Ordering::Relaxed) + wrong, Ordering::Relaxed);
        }
    }

    fn fail_fetches(&mut self) {
        self.fetches_failed = true;
        let number = self.rng.below(self.networks.len() as u64) as usize;
        let error = match self.rng.below(3) {
            0 => MediaError::Gone { reason: "it was deleted".into() },
            1 => MediaError::TooLarge { bytes_max: 1 },
            _ => MediaError::Retry { reason: "not now".into() },
        };
        self.networks[number].ends.next_fetches_fail([error]);
    }

    /// The owner changes what runs. With a store that stumbles that may be refused.
    async fn rebuild(&mut self, alive: &Alive) {
        let handle = alive.handle();
        let blueprint = handle.blueprint();
        let name = self.networks[0].part().name;
        let main = || blueprint.channel(&name);
        let new = match (self.rng.below(5), main()) {
            (0, _) => {
                let part = assistant(super::moody::HELPER, self.moody(super::moody::HELPER));
                blueprint.clone().with_assistant(AssistantPart { turns_max: 1 + self.rng.below(5) as usize, ..part })
            }
            (1, Some(mut part)) => {
                part.policy.reconcile += Duration::from_secs(1);
                blueprint.clone().with_channel(part)
            }
            (2, Some(part)) => {
                let again = Arc::new(Again(self.networks[0].channel.clone()));
                blueprint.clone().with_channel(ChannelPart { channel: again, ..part })
            }
            (3, Some(part)) => {
                let (channel, _) = loopback(Options::default());
                self.removed = Some(part);
                blueprint.clone().with_channel(open_channel("side", channel)).without_channel(&name)
            }
            (1..=3, _) => return,
            _ => return self.returns(alive).await,
        };
        let _ = handle.reconfigure(new).await;
    }

    /// The channel is there again, if it was removed.
    pub(crate) async fn returns(&mut self, alive: &Alive) {
        let Some(part) = self.removed.take() else { return };
        let blueprint = alive.handle().blueprint().with_channel(part.clone());
        if alive.handle().reconfigure(blueprint).await.is_err() {
            self.removed = Some(part);
        }
    }

    /// What becomes of the answer to these people is not certain any more.
    pub(crate) fn touch(&mut self, network: usize, person: usize) {
        for spoken in self.spoken.values_mut() {
            spoken.touched |= spoken.place.0 == network && spoken.who == Some(person);
        }
        for posted in &mut self.posted {
            posted.touched |= posted.place.0 == network && posted.who == person;
        }
    }
}

/// The address under which a message is written.
pub(crate) fn address_of(who: Option<usize>, second: bool) -> String {
    match who {
        None => STRANGER.to_owned(),
        Some(person) if second => super::people::lid(person),
        Some(person) => super::people::phone(person),
    }
}

/// Whether a change of an entry is stored.
pub(crate) fn stored<E>(outcome: &Result<(), E>, wanted: bool) -> Admitted {
    match (outcome, wanted) {
        (Err(_), _) => Admitted::Unclear,
        (Ok(()), true) => Admitted::Yes,
        (Ok(()), false) => Admitted::No,
    }
}

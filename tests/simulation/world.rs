//! A world: networks, people and a disk that outlive the process, and the lives of the process one after another.

use super::courier::courier;
use super::moody::{About, HELPER, Ledger, Moody, OTHER};
use super::networks::Network;
use super::people::Book;
use super::said::{Posted, Spoken};
use super::sky::{Place, Sky};
use crate::support::rng::Rng;
use crate::support::setup::Ears;
use greenroom::{AssistantOptions, ChannelPart, Handle, Running, Runtime};
use greenroom_conformance::faulty_store::FaultyStore;
use greenroom_conformance::messages::START;
use greenroom_conformance::transcribers;
use greenroom_contract::ids::AccountId;
use greenroom_contract::limits;
use greenroom_contract::policy::Rates;
use greenroom_contract::store::Store;
use greenroom_contract::time::{Clock, Timestamp};
use greenroom_store::SimDisk;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::time::Instant;

pub(crate) struct World {
    pub(crate) rng: Rng,
    pub(crate) sky: Arc<Sky>,
    pub(crate) networks: Vec<Network>,
    pub(crate) disk: SimDisk,
    pub(crate) ledger: Ledger,
    pub(crate) spoken: BTreeMap<u64, Spoken>,
    pub(crate) posted: Vec<Posted>,
    pub(crate) shape: Shape,
    /// The first channel, while it is removed.
    pub(crate) removed: Option<ChannelPart>,
    /// Networks in which the twofold person is known to be one.
    pub(crate) merged: HashSet<usize>,
    /// Parcels that were held for the owner, who released them.
    pub(crate) released: HashSet<String>,
    /// The answers that they are of.
    pub(crate) held: HashSet<About>,
    /// Whether a fetch was told to fail.
    pub(crate) fetches_failed: bool,
    pub(crate) crashed_at: Timestamp,
    pub(crate) deaths: u64,
    pub(crate) now: Timestamp,
    /// What was seen that must not be.
    pub(crate) wrong: Vec<String>,
}

/// Whether a life is the last one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Last {
    No,
    /// All faults end in it.
    Peace,
    /// The same, and it lasts until everything is old.
    Month,
}

/// What kind of world it is.
pub(crate) struct Shape {
    /// How long a pause between two steps is at most.
    pub(crate) tempo: Duration,
    pub(crate) clock_moves: bool,
    pub(crate) sleeps: bool,
    pub(crate) wakes: bool,
    pub(crate) limited: bool,
}

/// A running process.
pub(crate) struct Alive {
    pub(crate) running: Running,
    pub(crate) store: Arc<dyn Store>,
    pub(crate) faulty: Arc<FaultyStore>,
    pub(crate) idle: Duration,
    /// By how much the wall's clock is moved, and by how much it is right to be: a machine that slept.
    pub(crate) by_ms: &'static AtomicI64,
    pub(crate) right_ms: &'static AtomicI64,
    pub(crate) accounts: HashMap<Place, AccountId>,
}

impl Alive {
    pub(crate) fn handle(&self) -> &Handle {
        self.running.handle()
    }

    /// Whether the wall's clock is wrong.
    pub(crate) fn is_clock_wrong(&self) -> bool {
        self.by_ms.load(Ordering::Relaxed) != self.right_ms.load(Ordering::Relaxed)
    }
}

impl World {
    pub(crate) fn new(seed: u64) -> Self {
        let mut rng = Rng::new(seed);
        let tempo = match rng.below(100) {
            0..70 => 5,
            70..90 => 60,
            90..98 => 600,
            _ => 3_600,
        };
        let shape = Shape {
            tempo: Duration::from_secs(tempo),
            clock_moves: rng.percent(25),
            sleeps: rng.percent(10),
            wakes: rng.percent(50),
            limited: rng.percent(15),
        };
        let rates = if shape.limited { Rates { person_per_minute: 3, ..Rates::UNLIMITED } } else { Rates::UNLIMITED };
        let first = rng.below(3) as usize;
        let networks: Vec<_> =
            (0..=(rng.below(3) as usize)).map(|number| Network::new(number, first, &mut rng, rates)).collect();
        let sky = Sky::new(rng.next(), Book::default());
        networks.iter().enumerate().for_each(|(number, network)| network.under(&sky, number));
        let disk = SimDisk::new(rng.next());
        World {
            rng,
            sky,
            networks,
            disk,
            ledger: Ledger::default(),
            spoken: BTreeMap::new(),
            posted: Vec::new(),
            shape,
            removed: None,
            merged: HashSet::new(),
            released: HashSet::new(),
            held: HashSet::new(),
            fetches_failed: false,
            crashed_at: Timestamp(0),
            deaths: 0,
            now: START,
            wrong: Vec::new(),
        }
    }

    /// One life of the process: starts on what is stored, goes through some steps, and dies; the last one in peace, after
    /// everything was looked at.
    pub(crate) fn life(&mut self, steps: u64, last: Last) {
        let mut builder = tokio::runtime::Builder::new_current_thread();
        let runtime = builder.enable_all().start_paused(true).build().expect("a runtime can be made");
        let doom = (last == Last::No && self.rng.percent(60)).then(|| self.rng.below(400));
        runtime.block_on(async {
            let (by_ms, right_ms) = (leaked(), leaked());
            let clock = |by_ms| Clock::Moved { start: self.now, origin: Instant::now(), by_ms };
            let (wall, right) = (clock(by_ms), clock(right_ms));
            let sky = self.sky.clone();
            let death = sky.begin(right, doom);
            tokio::select! {
                biased;
                () = death.notified() => {}
                () = self.live((wall, by_ms, right_ms), steps, last) => {}
            }
            sky.end();
            if self.rng.percent(50) {
                self.disk.kill();
            } else {
                self.disk.power_cut();
            }
            self.deaths += 1;
            self.now = right.now();
        });
        // Everything that was under way is gone now, as after a kill -9.
        runtime.shutdown_background();
        let hours = if self.rng.percent(10) { 6 * 3_600 } else { 60 };
        self.now = self.now.plus(Duration::from_secs(self.rng.below(hours)));
    }

    async fn live(&mut self, clock: (Clock, &'static AtomicI64, &'static AtomicI64), steps: u64, last: Last) {
        let mut alive = self.start(clock).await;
        for _ in 0..steps {
            self.step(&mut alive).await;
        }
        if last != Last::No {
            self.finish(&mut alive, last).await;
        } else if self.rng.percent(25) {
            alive.handle().drain(limits::DRAIN_TIMEOUT).await;
        }
    }

    async fn start(&mut self, (wall, by_ms, right_ms): (Clock, &'static AtomicI64, &'static AtomicI64)) -> Alive {
        // The process begins with what is configured.
        self.removed = None;
        self.disk.heal();
        let faulty = FaultyStore::new(self.disk.open().expect("nothing that was acknowledged is lost"));
        let above = self.sky.clone();
        faulty.on_call(Box::new(move |method| above.call(method)));
        let idle = Duration::from_secs(1 + self.rng.below(20));
        let turns_max = 1 + self.rng.below(5) as usize;
        let run = AssistantOptions::new().turns_max(turns_max);
        let mut builder = Runtime::builder()
            .assistant_with(HELPER, self.moody(HELPER), run)
            .assistant_with(OTHER, self.moody(OTHER), run)
            .transcriber(Ears(transcribers::hears_its_bytes()))
            .clock(wall)
            .conversation_idle(idle)
            .store(faulty.clone());
        for network in &self.networks {
            builder = builder.channel(&network.name, network.channel.clone(), network.policy.clone());
        }
        let ends = self.networks.iter().map(|network| network.ends.clone()).collect();
        tokio::spawn(courier(self.sky.clone(), ends));
        let running = builder.build().expect("a sound setup").start().await.expect("it starts");
        let store: Arc<dyn Store> = faulty.clone();
        let mut alive = Alive { running, store, faulty, idle, by_ms, right_ms, accounts: HashMap::new() };
        self.learn_accounts(&mut alive).await;
        alive
    }

    /// Which account of the store is which one on the networks.
    pub(crate) async fn learn_accounts(&mut self, alive: &mut Alive) {
        let Ok(rows) = alive.store.accounts().await else { return };
        for row in rows {
            let of_channel = |network: &&mut Network| network.name == row.channel.as_str();
            let number = self.networks.iter().position(|network| network.name == row.channel.as_str());
            let Some((number, network)) = number.zip(self.networks.iter_mut().find(of_channel)) else { continue };
            let key = row.configured_key.clone().unwrap_or_else(|| row.id.to_string());
            let is_linked = row.configured_key.is_none() && row.linked_at.is_some();
            if is_linked && network.linked.is_none() {
                network.linked = Some(key.clone());
                network.keys.push(key.clone());
                network.account_under(&self.sky, number, &key);
            }
            alive.accounts.insert((number, key), row.id);
        }
    }

    pub(crate) fn moody(&mut self, name: &'static str) -> Arc<Moody> {
        let rng = Mutex::new(Rng::new(self.rng.next()));
        Arc::new(Moody { name, rng, ledger: self.ledger.clone(), wakes: self.shape.wakes })
    }

    /// The right time.
    pub(crate) fn right_now(&self) -> Timestamp {
        self.sky.look().now()
    }

    /// An account of a network.
    pub(crate) fn any_place(&mut self) -> Place {
        let number = self.rng.below(self.networks.len() as u64) as usize;
        (number, self.rng.pick(&self.networks[number].keys).clone())
    }
}

fn leaked() -> &'static AtomicI64 {
    Box::leak(Box::new(AtomicI64::new(0)))
}

//! Seeded worlds under paused time: several networks of every kind, people who come and go, edit, delete and turn out to
//! be one, pictures and voice notes, wake-ups, slow and crashing assistants, outages, refusals, closed windows and
//! suspensions, evidence that comes late or never, a store that stumbles, whether or not it did what it was asked, or is
//! full, an owner who changes what runs and who is admitted, a clock that jumps, a machine that sleeps, and a process that
//! dies in the middle of anything.
//!
//! A life is a tokio runtime; dropping it is what a `kill -9` is to a process, but for the store, which lives on as a disk
//! would. It dies between two steps of the world, or at any call of the store and any send, before or after it was carried
//! out. `GREENROOM_SEED` repeats a world, `GREENROOM_SIMULATIONS` says how many are tried,
//! `GREENROOM_LOG=1` shows what the runtime writes of them. CI says by `SIMULATED_WORLDS` and `SIMULATED_WORLDS_FROM` how
//! many it tries, and which one is the first.
//!
//! | module | what it holds |
//! |---|---|
//! | `world`, `networks`, `people`, `said` | what outlives the process |
//! | `steps`, `talk` | what happens |
//! | `sky`, `courier`, `moody` | what networks, disks and assistants do |
//! | `finale` | all faults end: everything comes to its end soon, and whoever writes is answered as soon as the account may send |
//! | `oracles` | each message has one end that there was a reason for, each answer was seen once, in order, or is listed |
//! | `month` | what is old goes |
//! | `gates` | what the worlds leave out |

#![allow(clippy::struct_excessive_bools, reason = "a world has many switches")]

mod courier;
mod finale;
mod gates;
mod month;
mod moody;
mod networks;
mod oracles;
mod people;
mod said;
mod sky;
mod steps;
mod talk;
mod world;

use crate::support::rng::Rng;
use crate::support::{number, quiet_panics};
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use world::{Last, World};

/// Worlds that failed after which no further one is begun.
const FAILED_MAX: usize = 20;

/// One world, and what was wrong in it.
fn simulate(seed: u64) -> Vec<String> {
    let mut world = World::new(seed);
    // Most worlds are small, so that there are many.
    let large = if world.rng.percent(5) { 4 } else { 1 };
    for _ in 0..world.rng.below(4) {
        let steps = 5 + world.rng.below(25 * large);
        world.life(steps, Last::No);
    }
    let steps = 10 + world.rng.below(25 * large);
    world.life(steps, Last::Peace);
    world.wrong
}

/// A world that grows old, too.
fn simulate_a_month(seed: u64) -> Vec<String> {
    let mut world = World::new(seed);
    world.life(30, Last::No);
    world.life(60, Last::Month);
    world.wrong
}

/// Why a world failed.
fn failure(simulate: fn(u64) -> Vec<String>, seed: u64) -> Option<String> {
    let lived = catch_unwind(AssertUnwindSafe(|| simulate(seed)));
    let wrong = lived.unwrap_or_else(|_| vec!["it panicked".to_owned()]);
    (!wrong.is_empty()).then(|| wrong.join("\n  "))
}

#[test]
fn whatever_happens_everything_is_settled_once_and_in_order() {
    all(simulate, number("GREENROOM_SIMULATIONS", number("SIMULATED_WORLDS", 100)));
}

#[test]
fn what_is_old_leaves_nothing_behind() {
    all(simulate_a_month, number("GREENROOM_MONTHS", 1));
}

/// Simulates so many worlds, on all processors. The seeds of those that fail stand above their failures.
fn all(simulate: fn(u64) -> Vec<String>, worlds: u64) {
    quiet_panics();
    if number("GREENROOM_LOG", 0) > 0 {
        let log = tracing_subscriber::fmt().with_test_writer().with_max_level(tracing::Level::DEBUG);
        let _ = log.try_init();
    }
    // The worlds of a run that must say the same each time are named; all others are new ones.
    let named =
        std::env::var("GREENROOM_SEED").is_err().then(|| number("SIMULATED_WORLDS_FROM", 0)).filter(|from| *from > 0);
    let first = named.unwrap_or_else(Rng::seed);
    println!("GREENROOM_SEED={first} GREENROOM_SIMULATIONS={worlds}");
    let (next, failed) = (AtomicU64::new(first), Mutex::new(BTreeMap::new()));
    let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                while failed
                    .lock()
                    .is_ok_and(|failed: std::sync::MutexGuard<'_, BTreeMap<_, _>>| failed.len() < FAILED_MAX)
                {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= first + worlds {
                        return;
                    }
                    if let Some(why) = failure(simulate, seed) {
                        println!("GREENROOM_SEED={seed} GREENROOM_SIMULATIONS=1\n  {why}");
                        failed.lock().expect("no panic under this lock").insert(seed, why);
                    }
                }
            });
        }
    });
    let failed = failed.into_inner().expect("no panic under this lock");
    assert!(failed.is_empty(), "{} worlds failed: {:?}", failed.len(), failed.keys());
}

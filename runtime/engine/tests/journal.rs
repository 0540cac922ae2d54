//! When an account was not connected, and what was refused, is remembered across runs: also when a process is killed, but for
//! the last minute.

mod parts;

use greenroom_channel_loopback::{LoopbackNetwork, Options, loopback, said};
use greenroom_conformance::assistants;
use greenroom_conformance::faulty_store::FaultyStore;
use greenroom_conformance::messages::{START, id};
use greenroom_contract::channel::{Channel, Ended};
use greenroom_contract::limits;
use greenroom_contract::policy::ChannelPolicy;
use greenroom_contract::store::{Accounts, Vault};
use greenroom_contract::time::{Clock, Timestamp};
use greenroom_engine::{EngineHandle, Gap};
use std::sync::Arc;
use std::time::Duration;

const ANA: &str = "+15550000001";
const STRANGER: &str = "+15559990000";
const HOUR: Duration = Duration::from_secs(3_600);

fn network(clock: Clock) -> (Arc<dyn Channel>, LoopbackNetwork) {
    loopback(Options { clock, ..Options::default() })
}

async fn start(store: &Arc<FaultyStore>, channel: Arc<dyn Channel>, clock: Clock) -> EngineHandle {
    let mut policy = ChannelPolicy::new(id("helper"));
    policy.allow_from = vec![id(ANA)];
    let parts = parts::parts(store.clone(), channel, policy, assistants::echo(), clock);
    greenroom_engine::start(parts).await.expect("it starts")
}

async fn gaps(handle: &EngineHandle) -> Vec<Gap> {
    handle.account_list().await.expect("healthy").remove(0).gaps
}

/// Counts by cause, from a day on.
async fn counts(handle: &EngineHandle, since: Timestamp) -> Vec<(u32, String, u64)> {
    let counts = handle.refused_since(since.day()).await.expect("healthy");
    counts.into_iter().map(|one| (one.day, one.cause, one.count)).collect()
}

async fn refuses(network: &LoopbackNetwork, times: usize) {
    for _ in 0..times {
        network.deliver("main", said::text(STRANGER, "let me in")).await.acknowledged().await.expect("it is taken");
    }
}

#[tokio::test(start_paused = true)]
async fn a_run_that_ended_is_a_gap_and_its_counts_go_on() {
    let clock = Clock::tokio(START);
    let store = FaultyStore::lasting(greenroom_store::memory());
    let (channel, net) = network(clock);
    let first = start(&store, Arc::clone(&channel), clock).await;
    net.connected("main").await;
    refuses(&net, 3).await;
    tokio::time::sleep(HOUR).await;
    let _ = first.drain(Duration::from_secs(10)).await;
    let ended = clock.now();
    tokio::time::sleep(HOUR * 5).await;
    // Without an engine the store tells the same.
    let stored = greenroom_engine::refused_since(store.as_ref(), START.day()).await.expect("healthy");
    assert_eq!((stored.len(), stored[0].count), (1, 3));
    let second = start(&store, channel, clock).await;
    net.connected("main").await;
    tokio::time::sleep(limits::JOURNAL_PAUSE * 2).await;
    let known = gaps(&second).await;
    assert_eq!(known.len(), 1, "{known:?}");
    let off = ended.since(known[0].from).max(known[0].from.since(ended));
    assert!(off < Duration::from_secs(60) && known[0].until.is_some(), "{known:?}, ended at {ended}");
    assert_eq!(known[0].reason, "the bot did not run");
    refuses(&net, 2).await;
    assert_eq!(counts(&second, START).await, [(clock.now().day(), "stranger".to_owned(), 5)]);
    // A day later they are counted apart.
    tokio::time::sleep(HOUR * 24).await;
    refuses(&net, 1).await;
    let told: Vec<u64> = counts(&second, START).await.into_iter().map(|(.., count)| count).collect();
    assert_eq!(told, [1, 5], "the newest day first");
    let _ = second.drain(Duration::from_secs(10)).await;
}

#[tokio::test(start_paused = true)]
async fn a_lost_connection_is_a_gap_with_its_reason_and_a_killed_process_loses_a_minute() {
    let clock = Clock::tokio(START);
    let store = FaultyStore::lasting(greenroom_store::memory());
    let (channel, net) = network(clock);
    let first = start(&store, Arc::clone(&channel), clock).await;
    net.connected("main").await;
    refuses(&net, 4).await;
    net.refuse_runs("main", (0..3).map(|_| Ended::Dropped { reason: "far away".to_owned() }));
    net.cut("main", Ended::Dropped { reason: "the wire broke".to_owned() });
    tokio::time::sleep(HOUR).await;
    let known = gaps(&first).await;
    assert!(known.len() == 1 && known[0].reason.contains("the wire broke") && known[0].until.is_some(), "{known:?}");
    // What is written is all that a kill leaves.
    refuses(&net, 1).await;
    let written = greenroom_engine::refused_since(store.as_ref(), START.day()).await.expect("healthy");
    assert_eq!(written[0].count, 4, "the last minute is not written yet");
    let kept = greenroom_engine::gaps(store.as_ref()).await.expect("healthy");
    assert_eq!(kept.values().next().expect("one account").len(), 1);
    let _ = first.drain(Duration::from_secs(10)).await;
}

#[tokio::test(start_paused = true)]
async fn the_journal_of_an_account_that_is_gone_goes_with_it_and_what_cannot_be_read_is_left() {
    let clock = Clock::tokio(START);
    let store = FaultyStore::lasting(greenroom_store::memory());
    let (channel, net) = network(clock);
    let first = start(&store, Arc::clone(&channel), clock).await;
    net.connected("main").await;
    let _ = first.drain(Duration::from_secs(10)).await;
    let owner = id("engine.journal");
    let rows = async || store.vault_scan(&owner, b"", None, 100).await.expect("healthy");
    assert_eq!(rows().await.len(), 1);
    let account = store.accounts().await.expect("healthy").remove(0).id;
    store.delete_account(&account).await.expect("healthy");
    let second = start(&store, channel, clock).await;
    tokio::time::sleep(limits::JOURNAL_PAUSE * 2).await;
    let names: Vec<String> = rows().await.iter().map(|(key, _)| String::from_utf8_lossy(key).into_owned()).collect();
    assert!(!names.contains(&account.to_string()), "{names:?}");
    let _ = second.drain(Duration::from_secs(10)).await;
    assert!(store.accounts().await.is_ok());
}

//! What one message and its answer cost the store: how often something waits for the disk, and how many keys are written.

use crate::cloud;
use crate::support::setup::{ANA, Bot, Setup};
use greenroom_assistant_echo::Echo;
use greenroom_channel_loopback::{Options, capabilities, said};
use greenroom_contract::capabilities::{Capabilities, Resend};
use greenroom_contract::time::Clock;
use greenroom_simulator_whatsapp_cloud::{Settings, Statuses};
use greenroom_store::{Counters, EngineKind, GreenroomStore, OpenOptions};
use std::path::Path;
use std::sync::Arc;

const ENGINES: [EngineKind; 2] = [EngineKind::Sled, EngineKind::Fjall];
const MESSAGES: u64 = 10;

fn open(folder: &Path, engine: EngineKind) -> Arc<GreenroomStore> {
    greenroom_store::open(OpenOptions { engine, ..OpenOptions::at(folder) }).expect("a fresh folder")
}

/// What happened between two readings; the second one is taken at the end, when what was postponed is written. A busy machine
/// may make a turn last longer than the pause of a mark, which is then written; so the key writes are a range.
#[track_caller]
fn check(before: Counters, after: Counters, awaited: std::ops::RangeInclusive<u64>, writes: u64) {
    let each = |before: u64, after: u64| (after - before) as f64 / MESSAGES as f64;
    let allowed = awaited.start() * MESSAGES..=awaited.end() * MESSAGES;
    let waited = after.awaited - before.awaited;
    assert!(allowed.contains(&waited), "{} each", each(before.awaited, after.awaited));
    let made = after.key_writes - before.key_writes;
    let allowed = writes * MESSAGES..=(writes + 2) * MESSAGES;
    assert!(allowed.contains(&made), "{} each", each(before.key_writes, after.key_writes));
}

/// A bot on a network that does this with an id that is sent twice.
async fn bot(store: &Arc<GreenroomStore>, resend: Resend) -> Bot {
    let mut setup = Setup::new(Arc::new(Echo::default()));
    setup.clock = Some(Clock::System);
    setup.options = Options { capabilities: Capabilities { resend, ..capabilities() }, ..Options::default() };
    setup.store = Some(store.clone());
    setup.start().await
}

async fn exchange(bot: &Bot) {
    let answers = bot.network.sent_count() + 1;
    bot.hears(said::text(ANA, "hello")).await;
    bot.network.sent_count_reached(answers).await;
    bot.settled().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_waits_for_two_commits_and_writes_six_keys() {
    for engine in ENGINES {
        for (resend, awaited) in [(Resend::SameId, 2), (Resend::Idempotent, 2), (Resend::Visible, 3)] {
            let folder = tempfile::tempdir().expect("a folder");
            let store = open(folder.path(), engine);
            let bot = bot(&store, resend).await;
            exchange(&bot).await;
            let before = store.counters();
            for _ in 0..MESSAGES {
                exchange(&bot).await;
            }
            let after = store.counters();
            bot.running.drain().await;
            check(before, Counters { awaited: after.awaited, ..store.counters() }, awaited..=awaited, 6);
        }
    }
}

/// The network chooses the id, which is one more key, and tells three times what became of the answer. The first time may be
/// so soon that it is not on the disk yet that the answer was sent; then it is evidence, and waited for. On a busy machine
/// that may happen to the second one as well, now and then: so most messages count, not all of them.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_on_the_cloud_api_with_three_statuses_waits_for_at_most_four_commits() {
    for engine in ENGINES {
        let folder = tempfile::tempdir().expect("a folder");
        let store = open(folder.path(), engine);
        let settings = Settings { statuses: Statuses::All, ..cloud::quick() };
        let given = store.clone();
        let (meta, bot, _folder) = cloud::pair_with(settings, |mut setup| {
            setup.store = Some(given);
            setup
        })
        .await;
        let ana = meta.person(cloud::ANA);
        let mut posts = meta.counters().acknowledged;
        let mut before = store.counters();
        let mut waited = Vec::new();
        for number in 0..=MESSAGES {
            if number == 1 {
                before = store.counters();
            }
            let so_far = store.counters().awaited;
            ana.says("hello").await;
            ana.received().await;
            posts += 4;
            assert!(
                meta.until(cloud::PATIENCE, |counters| counters.acknowledged >= posts).await,
                "{:?}",
                meta.counters()
            );
            bot.settled().await;
            if number > 0 {
                waited.push(store.counters().awaited - so_far);
            }
        }
        let after = store.counters();
        bot.running.drain().await;
        waited.sort_unstable();
        let most = waited[waited.len() * 3 / 4];
        assert!((3..=4).contains(&most), "{waited:?}");
        // One key is the text, kept in case its window turns out to be closed.
        check(before, Counters { awaited: after.awaited, ..store.counters() }, 3..=6, 9);
    }
}

//! What a message costs, and what many callers get.

// A test that cannot go on may panic anywhere, in its helpers too.
#![allow(clippy::unwrap_used)]

mod support;

use greenroom_conformance::messages::{id, scope};
use greenroom_contract::assistant::{SpentBy, Usage};
use greenroom_contract::store::{Begin, ConversationSettings, Inbox, Maintenance, Settlement};
use greenroom_store::EngineKind;
use std::sync::Arc;
use std::time::Duration;
use support::{ENGINES, accept, message, open, run, send, settlement};
use tempfile::TempDir;

/// One after another is the worst case: nothing shares a commit with anything.
#[test]
fn a_message_and_its_answer_cost_six_key_writes() {
    const MESSAGES: u64 = 500;
    for engine in ENGINES {
        let folder = TempDir::new().unwrap();
        let store = open(folder.path(), engine);
        run(async {
            support::live(&*store, 0..10).await;
            let before = store.counters();
            // On a busy machine a turn may last longer than the pause of a mark, which is written then.
            let mut slow = 0;
            let whole = std::time::Instant::now();
            for number in 10..10 + MESSAGES {
                let (conversation, row) = accept(&*store, message(1_000_000 + number % 10, number)).await;
                let turn = settlement(&*store, conversation, row).await;
                let begun = std::time::Instant::now();
                store.begin_submitted(Begin { conversation, rows: vec![row] });
                let settled = store.settle(turn).await.unwrap();
                slow += u64::from(begun.elapsed() >= Duration::from_millis(50));
                send(&*store, &settled.parcels[0]).await;
            }
            let after = store.counters();
            // Once a second the sentinel goes with a commit, so that the side file can say how far the store is.
            let proofs = whole.elapsed().as_secs() + 1;
            let writes = (after.key_writes - before.key_writes).saturating_sub(slow + proofs) as f64 / MESSAGES as f64;
            let commits = (after.commits - before.commits).saturating_sub(slow) as f64 / MESSAGES as f64;
            println!(
                "{}: {writes:.3} key writes and {commits:.3} commits for a message, {slow} slow turns",
                engine.name()
            );
            // The sentinel is written every 512 commits.
            assert!(slow < MESSAGES / 2, "{slow} of {MESSAGES} turns were slow");
            assert!(writes <= 6.02, "{writes}");
            assert!(commits <= 3.02, "{commits}");
        });
    }
}

/// Settings are read with the rows, and written only when they change.
#[test]
fn settings_that_do_not_change_cost_a_message_no_write() {
    const MESSAGES: u64 = 50;
    let store = greenroom_store::memory();
    run(async {
        support::live(&*store, 0..10).await;
        for number in 0..10 {
            let (conversation, row) = accept(&*store, message(1_000_000 + number, 10 + number)).await;
            let language = Some("de".to_owned());
            let settings = ConversationSettings { language, ..ConversationSettings::default() };
            store.set_settings(&scope(), conversation, settings.clone()).await.unwrap();
            let entry = store.waiting(conversation, 1).await.unwrap().remove(0);
            assert_eq!(entry.settings, settings);
            store.settle(support::answer(conversation, row, entry.history)).await.unwrap();
        }
        let before = store.counters().key_writes;
        support::live(&*store, 20..20 + MESSAGES).await;
        let writes = store.counters().key_writes - before;
        // The sentinel is written every 512 commits, and with each new range of numbers.
        assert!(writes <= 6 * MESSAGES + 2, "{writes} writes for {MESSAGES} messages");
    });
}

/// Sums are written with what is settled, one row for each assistant and model, and not at all where nothing was spent.
#[test]
fn what_answers_cost_is_a_write_only_where_something_was_spent() {
    const MESSAGES: u64 = 50;
    let store = greenroom_store::memory();
    run(async {
        support::live(&*store, 0..10).await;
        let mut costs = Vec::new();
        for sums in [0, 1, 2] {
            let before = store.counters();
            for number in 0..MESSAGES {
                let message = message(1_000_000 + number % 10, 1_000 + 100 * sums + number);
                let (conversation, row) = accept(&*store, message).await;
                let usage = |model: u64| Usage { model: Some(model.to_string()), tokens_in: 1, ..Usage::default() };
                let spent = |model| SpentBy { assistant: id("helper"), usage: usage(model) };
                let turn = settlement(&*store, conversation, row).await;
                store.settle(Settlement { usage: (0..sums).map(spent).collect(), ..turn }).await.unwrap();
            }
            let after = store.counters();
            costs.push((after.key_writes - before.key_writes, after.commits - before.commits));
        }
        // The sentinel is written every 512 commits, and with each new range of numbers.
        for (sums, (writes, commits)) in costs.iter().enumerate() {
            let expected = costs[0].0 + MESSAGES * sums as u64;
            assert!(writes.abs_diff(expected) <= 2 && commits.abs_diff(costs[0].1) <= 1, "{sums} sums: {costs:?}");
        }
    });
}

/// A turn that takes longer than a moment is counted on disk, so that a message that kills the
/// process is found out.
#[test]
fn a_first_attempt_reaches_the_disk_by_itself() {
    for engine in ENGINES {
        let folder = TempDir::new().unwrap();
        let store = open(folder.path(), engine);
        run(async {
            let (conversation, row) = accept(&*store, message(1, 1)).await;
            let commits = store.counters().commits;
            store.begin_submitted(Begin { conversation, rows: vec![row] });
            let begun = std::time::Instant::now();
            while store.counters().commits == commits {
                assert!(begun.elapsed().as_secs() < 10, "the mark was never written");
                tokio::task::yield_now().await;
            }
            assert_eq!(store.waiting(conversation, 1).await.unwrap()[0].attempts, 1);
            println!("written after {:?}", begun.elapsed());
        });
    }
}

#[test]
fn many_callers_share_commits_and_each_gets_its_answer() {
    const CALLERS: u64 = 256;
    const EACH: u64 = 8;
    for engine in ENGINES {
        let folder = TempDir::new().unwrap();
        let store = open(folder.path(), engine);
        run(async {
            let callers = (0..CALLERS).map(|caller| {
                let store = Arc::clone(&store);
                tokio::spawn(async move {
                    for turn in 0..EACH {
                        let (conversation, row) = accept(&*store, message(caller, caller * EACH + turn)).await;
                        let turn = settlement(&*store, conversation, row).await;
                        let settled = store.settle(turn).await.unwrap();
                        send(&*store, &settled.parcels[0]).await;
                    }
                })
            });
            for caller in callers.collect::<Vec<_>>() {
                caller.await.unwrap();
            }
            let counters = store.counters();
            assert_eq!(store.rows_waiting().await, Ok(0));
            assert!(counters.commits * 4 < counters.commands, "{counters:?}");
            store.close().await.unwrap();
        });
        drop(store);
        let options = greenroom_store::OpenOptions { engine, ..greenroom_store::OpenOptions::at(folder.path()) };
        assert!(greenroom_store::verify(&options).unwrap().is_sound());
    }
}

/// A caller that goes away leaves the others alone, and its command is carried out or not, whole.
#[test]
fn callers_that_go_away_break_nothing() {
    let folder = TempDir::new().unwrap();
    let store = open(folder.path(), EngineKind::Sled);
    run(async {
        let callers = (0..200).map(|number| {
            let store = Arc::clone(&store);
            tokio::spawn(async move { store.accept(vec![message(number % 5, number)]).await })
        });
        for (number, caller) in callers.collect::<Vec<_>>().into_iter().enumerate() {
            if number % 2 == 0 {
                caller.abort();
            } else {
                assert!(caller.await.unwrap().is_ok());
            }
        }
        let rows = store.rows_waiting().await.unwrap();
        assert!((100..=200).contains(&rows), "{rows}");
        support::live(&*store, 1_000..1_010).await;
    });
}

/// A large backlog is served soon after the start.
#[test]
fn a_large_backlog_opens_quickly() {
    const ROWS: u64 = 20_000;
    for engine in ENGINES {
        let folder = TempDir::new().unwrap();
        let store = open(folder.path(), engine);
        run(async {
            for batch in 0..ROWS / 1_000 {
                let arrivals = (0..1_000).map(|number| message(number, batch * 1_000 + number)).collect();
                store.accept(arrivals).await.unwrap();
            }
            store.close().await.unwrap();
        });
        drop(store);
        let begun = std::time::Instant::now();
        let store = open(folder.path(), engine);
        run(async {
            assert_eq!(store.rows_waiting().await, Ok(ROWS));
            assert_eq!(store.conversations_waiting(None, 512).await.unwrap().len(), 512);
        });
        println!("{}: {ROWS} waiting rows are served {:?} after the start", engine.name(), begun.elapsed());
    }
}

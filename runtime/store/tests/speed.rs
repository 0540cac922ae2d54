//! Measurements, run by hand: `cargo test --release -p greenroom-store --test speed -- --ignored --nocapture`.

// A test that cannot go on may panic anywhere, in its helpers too.
#![allow(clippy::unwrap_used)]

mod support;

use greenroom_contract::store::{Begin, HistoryKey, Inbox, Maintenance};
use greenroom_contract::time::Timestamp;
use std::sync::Arc;
use std::time::Instant;
use support::{ENGINES, accept, answer, message, open, run, send};
use tempfile::TempDir;

#[test]
#[ignore = "a measurement"]
fn messages_per_second() {
    const CALLERS: u64 = 512;
    const EACH: u64 = 100;
    for engine in ENGINES {
        let folder = TempDir::new().unwrap();
        let store = open(folder.path(), engine);
        run(async {
            let begun = Instant::now();
            let callers = (0..CALLERS).map(|caller| {
                let store = Arc::clone(&store);
                tokio::spawn(async move {
                    for turn in 0..EACH {
                        let (conversation, row) = accept(&*store, message(caller, caller * EACH + turn)).await;
                        let entry = store.waiting(conversation, 1).await.unwrap().remove(0);
                        assert!(matches!(entry.history, HistoryKey::Person(_)));
                        store.begin_submitted(Begin { conversation, rows: vec![row] });
                        let settled = store.settle(answer(conversation, row, entry.history)).await.unwrap();
                        send(&*store, &settled.parcels[0]).await;
                    }
                })
            });
            for caller in callers.collect::<Vec<_>>() {
                caller.await.unwrap();
            }
            let seconds = begun.elapsed().as_secs_f64();
            let counters = store.counters();
            println!(
                "{}: {:.0} messages/s, {:.1} commands a commit, {:.2} key writes a message",
                engine.name(),
                (CALLERS * EACH) as f64 / seconds,
                counters.commands as f64 / counters.commits as f64,
                counters.key_writes as f64 / (CALLERS * EACH) as f64,
            );
            let begun = Instant::now();
            let report = store.sweep(Timestamp(40 * 24 * 3_600 * 1_000)).await.unwrap();
            println!("{}: swept {report:?} in {:?}", engine.name(), begun.elapsed());
        });
    }
}

#[test]
#[ignore = "a measurement"]
fn opening_a_large_backlog() {
    const ROWS: u64 = 100_000;
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
        let begun = Instant::now();
        let store = open(folder.path(), engine);
        let opened = begun.elapsed();
        run(async {
            let first = store.conversations_waiting(None, 512).await.unwrap();
            store.waiting(first[0].conversation, 1).await.unwrap();
            store.accept(vec![message(5, ROWS + 1)]).await.unwrap();
        });
        println!(
            "{}: {ROWS} rows opened in {opened:?}, first commit {:?} after the start",
            engine.name(),
            begun.elapsed()
        );
    }
}

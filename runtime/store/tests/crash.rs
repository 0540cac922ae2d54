//! A process that is killed, and a disk that fills up. What was acknowledged is there.

// A test that cannot go on may panic anywhere, in its helpers too.
#![allow(clippy::unwrap_used)]

mod support;

use greenroom_conformance::messages::{ACCOUNT, id};
use greenroom_contract::store::{Accepted, Inbox, Maintenance, Outbox, StoreError};
use greenroom_store::{EngineKind, OpenOptions};
use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use support::{ENGINES, child_engine, child_folder, message, open, run, settlement};
use tempfile::TempDir;

/// Rounds of the test with kill -9, unless `GREENROOM_CRASH_ROUNDS` asks for more.
const ROUNDS: u64 = 10;
/// Messages of one round never meet those of another.
const NUMBERS_PER_ROUND: u64 = 1_000_000;

/// Lives until it is killed, and says what was acknowledged.
#[test]
fn child_that_lives() {
    let Some(folder) = child_folder() else { return };
    let first: u64 = std::env::var("GREENROOM_STORE_TEST_FIRST").unwrap().parse().unwrap();
    let store = open(&folder, child_engine());
    run(async {
        let tasks = (0..8).map(|task| {
            let store = store.clone();
            tokio::spawn(async move {
                for number in (first + task..).step_by(8) {
                    say(&format!("accepting {number}"));
                    let accepted = store.accept(vec![message(chat(number), number)]).await.unwrap();
                    say(&format!("accepted {number}"));
                    let Accepted::New { conversation, sequence } = accepted[0] else { continue };
                    if number % 3 == 0 {
                        continue;
                    }
                    let Ok(turn) = first_of(&store, conversation, sequence).await else { continue };
                    say(&format!("settling {number}"));
                    if store.settle(turn).await.is_ok() {
                        say(&format!("settled {number}"));
                    }
                }
            })
        });
        for task in tasks.collect::<Vec<_>>() {
            task.await.unwrap();
        }
    });
}

/// Eight chats for each round, so that none of them is ever full.
fn chat(number: u64) -> u64 {
    number / NUMBERS_PER_ROUND * 8 + number % 8
}

/// A turn over the row, if it is the first that waits in its chat.
async fn first_of(
    store: &greenroom_store::GreenroomStore,
    conversation: greenroom_contract::ids::ConversationId,
    row: greenroom_contract::ids::Sequence,
) -> Result<greenroom_contract::store::Settlement, ()> {
    let first = store.waiting(conversation, 1).await.unwrap().remove(0);
    if first.sequence == row { Ok(settlement(store, conversation, row).await) } else { Err(()) }
}

fn say(line: &str) {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{line}").unwrap();
    out.flush().unwrap();
}

#[test]
fn nothing_acknowledged_is_lost_when_the_process_is_killed() {
    let rounds = std::env::var("GREENROOM_CRASH_ROUNDS").ok().and_then(|text| text.parse().ok()).unwrap_or(ROUNDS);
    for engine in ENGINES {
        let folder = TempDir::new().unwrap();
        let mut waiting_before = BTreeSet::new();
        for round in 0..rounds {
            let first = (round + 1) * NUMBERS_PER_ROUND;
            let lines = live_and_die(folder.path(), engine, first, Duration::from_millis(30 + round * 37 % 150));
            waiting_before = check(folder.path(), engine, &lines, &waiting_before);
        }
        let options = OpenOptions { engine, ..OpenOptions::at(folder.path()) };
        let report = greenroom_store::verify(&options).unwrap();
        assert!(report.is_sound(), "{report:?}");
        println!("{}: {rounds} rounds, {} messages wait", engine.name(), waiting_before.len());
    }
}

/// Lets a child live for a while after its first word, and kills it.
fn live_and_die(folder: &Path, engine: EngineKind, first: u64, life: Duration) -> Vec<String> {
    let mut command = support::child("child_that_lives");
    support::give(&mut command, folder, engine);
    let mut child = command.env("GREENROOM_STORE_TEST_FIRST", first.to_string()).spawn().unwrap();
    let out = BufReader::new(child.stdout.take().unwrap());
    let mut lines = out.lines();
    let mut heard = Vec::new();
    let mut born = None;
    while let Some(Ok(line)) = lines.next() {
        if line.starts_with("accepted") && born.is_none() {
            born = Some(Instant::now());
        }
        heard.push(line);
        if born.is_some_and(|born| born.elapsed() >= life) {
            child.kill().unwrap();
            break;
        }
    }
    heard.extend(lines.map_while(Result::ok));
    child.wait().unwrap();
    heard
}

fn numbers(lines: &[String], word: &str) -> BTreeSet<u64> {
    let of_word = lines.iter().filter_map(|line| line.rsplit_once(' ').filter(|(start, _)| start.ends_with(word)));
    of_word.filter_map(|(_, number)| number.parse().ok()).collect()
}

/// What was acknowledged must be there; what was only asked for may be, whole.
fn check(folder: &Path, engine: EngineKind, lines: &[String], before: &BTreeSet<u64>) -> BTreeSet<u64> {
    let (accepting, accepted) = (numbers(lines, "accepting"), numbers(lines, "accepted"));
    let (settling, settled) = (numbers(lines, "settling"), numbers(lines, "settled"));
    assert!(!accepted.is_empty(), "the child did nothing");
    let store = open(folder, engine);
    run(async {
        let waiting = waiting_numbers(&store).await;
        assert!(before.is_subset(&waiting), "an earlier row is gone");
        for number in &accepted {
            let answer = store.accept(vec![message(chat(*number), *number)]).await.unwrap();
            assert_eq!(answer[0], Accepted::Duplicate, "message {number} is not known");
            let is_waiting = waiting.contains(number);
            assert!(is_waiting || settling.contains(number), "message {number} is lost");
            assert!(!is_waiting || !settled.contains(number), "message {number} is settled and waits");
        }
        let parcels = store.pending(&id(ACCOUNT), None, usize::MAX).await.unwrap();
        assert!(parcels.len() as u64 >= settled.len() as u64, "a reply is lost");
        let known: BTreeSet<u64> = accepting.union(before).copied().collect();
        assert!(waiting.is_subset(&known), "a row that nobody sent");
        store.close().await.unwrap();
        waiting
    })
}

async fn waiting_numbers(store: &greenroom_store::GreenroomStore) -> BTreeSet<u64> {
    let mut found = BTreeSet::new();
    for chat in store.conversations_waiting(None, usize::MAX).await.unwrap() {
        for entry in store.waiting(chat.conversation, usize::MAX).await.unwrap() {
            let greenroom_contract::store::EntryKind::Message(inbound) = entry.kind else { continue };
            found.insert(inbound.key.message.as_str().rsplit_once('-').unwrap().1.parse().unwrap());
        }
    }
    found
}

/// Writes until the disk is full, and goes on when there is room.
#[test]
fn child_on_a_small_disk() {
    let Some(folder) = child_folder() else { return };
    let store = open(&folder, child_engine());
    say("opened");
    run(async {
        let mut number = 0;
        let mut failures = 0_u64;
        let mut accepted = BTreeSet::new();
        let begun = Instant::now();
        loop {
            assert!(begun.elapsed() < Duration::from_secs(60), "the disk never filled, or never healed");
            number += 1;
            match store.accept(large(number)).await {
                Ok(_) => {
                    accepted.insert(number);
                    if failures > 0 {
                        break;
                    }
                }
                Err(StoreError::Unavailable { reason }) => {
                    if failures == 0 {
                        say(&format!("full: {reason}"));
                        assert!(store.store_health().is_err());
                    }
                    failures += 1;
                    tokio::time::sleep(Duration::from_millis(20)).await;
                }
                Err(other) => panic!("{other}"),
            }
        }
        say(&format!("healed after {failures} failures with {} accepted", accepted.len()));
        let waiting = waiting_numbers(&store).await;
        assert!(accepted.is_subset(&waiting), "an acknowledged message is gone");
        for number in &accepted {
            assert_eq!(store.accept(large(*number)).await.unwrap()[0], Accepted::Duplicate);
        }
        say(&format!("reopened {} times", store.counters().reopened));
        store.close().await.unwrap();
    });
    say("all is well");
}

fn large(number: u64) -> Vec<greenroom_contract::store::Arrival> {
    let mut arrival = message(number % 500, number);
    if let greenroom_contract::store::Arrival::Message(message) = &mut arrival {
        let message = std::sync::Arc::make_mut(message);
        message.inbound.body = greenroom_contract::message::Body::Text("x".repeat(8_000));
    }
    vec![arrival]
}

/// The limit on the size of a file is as good as a full disk, and can be lifted from outside.
#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_heals_by_itself() {
    if Command::new("prlimit").arg("--version").stdout(Stdio::null()).status().is_err() {
        println!("skipped: there is no prlimit on this machine");
        return;
    }
    for engine in ENGINES {
        let folder = TempDir::new().unwrap();
        let mut child = on_a_small_disk(folder.path(), engine);
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut heard = Vec::new();
        while let Some(Ok(line)) = lines.next() {
            if line.contains("opened") {
                limit_files_of(&child, "3000000:unlimited");
            } else if line.contains("full:") {
                limit_files_of(&child, "unlimited:unlimited");
            }
            heard.push(line);
        }
        let ended = child.wait().unwrap();
        assert!(ended.success() && heard.iter().any(|line| line.contains("all is well")), "{heard:#?}");
        println!("{}: {:?}", engine.name(), heard.iter().filter(|line| line.contains("ed ")).collect::<Vec<_>>());
        let options = OpenOptions { engine, ..OpenOptions::at(folder.path()) };
        let report = greenroom_store::verify(&options).unwrap();
        assert!(report.is_sound(), "{report:?}");
    }
}

#[cfg(target_os = "linux")]
fn limit_files_of(child: &Child, limit: &str) {
    let limit = format!("--fsize={limit}");
    let limited = Command::new("prlimit").args(["--pid", &child.id().to_string(), &limit]).status().unwrap();
    assert!(limited.success());
}

/// A child that is told, and not killed, when its files may not grow any more.
#[cfg(target_os = "linux")]
fn on_a_small_disk(folder: &Path, engine: EngineKind) -> Child {
    let binary = std::env::current_exe().unwrap();
    let script =
        format!("trap '' XFSZ; exec '{}' child_on_a_small_disk --exact --nocapture --test-threads=1", binary.display());
    let mut command = Command::new("sh");
    command.args(["-c", &script]).env(support::CHILD, "1").stdout(Stdio::piped()).stderr(Stdio::inherit());
    support::give(&mut command, folder, engine);
    command.spawn().unwrap()
}

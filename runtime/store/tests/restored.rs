//! A store that goes on from a copy or an export of itself: nothing that it makes is named as something was named before.

// A test that cannot go on may panic anywhere, in its helpers too.
#![allow(clippy::unwrap_used)]

mod support;

use greenroom_contract::ids::{MessageId, OutboundId, TurnId};
use greenroom_contract::store::{Inbox, Maintenance, Outbox, ParcelKey, Traces};
use greenroom_store::{EngineKind, GreenroomStore, OpenOptions};
use std::collections::HashSet;
use std::fs;
use std::path::Path;
use support::{ENGINES, accept, live, message, open, run, send, settlement};
use tempfile::TempDir;

/// An answer, and the turn that made it.
#[derive(Debug, Clone)]
struct Made {
    key: ParcelKey,
    id: OutboundId,
    turn: TurnId,
}

/// Answers so many messages of people of their own.
async fn answers(store: &GreenroomStore, numbers: std::ops::Range<u64>) -> Vec<Made> {
    let mut made = Vec::new();
    for number in numbers {
        let (conversation, row) = accept(store, message(number, number)).await;
        let turn = store.waiting(conversation, 1).await.unwrap()[0].turn;
        let settled = store.settle(settlement(store, conversation, row).await).await.unwrap();
        let key = settled.parcels[0].clone();
        let id = store.parcel(&key).await.unwrap().unwrap().id;
        made.push(Made { key, id, turn });
    }
    made
}

fn options(folder: &Path, engine: EngineKind) -> OpenOptions {
    OpenOptions { engine, ..OpenOptions::at(folder) }
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

/// How many of the later ones are named as one of the earlier ones.
fn named_twice(before: &[Made], after: &[Made]) -> (usize, usize) {
    let ids: HashSet<_> = before.iter().map(|made| &made.id).collect();
    let turns: HashSet<_> = before.iter().map(|made| made.turn).collect();
    let same_id = after.iter().filter(|made| ids.contains(&made.id)).count();
    (same_id, after.iter().filter(|made| turns.contains(&made.turn)).count())
}

/// What was made before the copy is still found by its name, and has it still.
async fn still_known(store: &GreenroomStore, made: &[Made]) {
    for made in made {
        let name = MessageId::new(made.id.as_str()).unwrap();
        assert_eq!(store.find_own(&made.key.account, &name).await.unwrap().as_ref(), Some(&made.key));
        assert_eq!(store.parcel(&made.key).await.unwrap().unwrap().id, made.id);
        assert_eq!(store.why(&name, None).await.unwrap().len(), 1, "{name} is not explained");
    }
}

#[test]
fn a_restored_export_gives_no_answer_and_no_turn_a_name_that_was_given() {
    for engine in ENGINES {
        let (old, new) = (TempDir::new().unwrap(), TempDir::new().unwrap());
        let store = open(old.path(), engine);
        let kept = run(answers(&store, 0..20));
        run(store.close()).unwrap();
        drop(store);
        let mut file = Vec::new();
        greenroom_store::export(&options(old.path(), engine), &mut file).unwrap();
        // It goes on until it is lost with its disk.
        let store = open(old.path(), engine);
        let lost = run(answers(&store, 100..150));
        drop(store);

        fs::copy(old.path().join("master.key"), new.path().join("master.key")).unwrap();
        greenroom_store::import(&options(new.path(), engine), &mut file.as_slice()).unwrap();
        let store = open(new.path(), engine);
        let after = run(answers(&store, 200..250));
        assert_eq!(named_twice(&lost, &after), (0, 0), "{engine:?}: ids and turns of 50 that were given before");
        run(still_known(&store, &kept));
        run(still_known(&store, &after));
    }
}

#[test]
fn two_stores_that_go_on_from_one_folder_name_nothing_alike() {
    for engine in ENGINES {
        let (old, new) = (TempDir::new().unwrap(), TempDir::new().unwrap());
        let store = open(old.path(), engine);
        let kept = run(answers(&store, 0..20));
        run(store.close()).unwrap();
        drop(store);
        copy(old.path(), new.path());
        let (one, other) = (open(old.path(), engine), open(new.path(), engine));
        let (of_one, of_other) = run(async { (answers(&one, 100..150).await, answers(&other, 200..250).await) });
        let places = |made: &[Made]| made.iter().map(|made| made.key.sequence).collect::<Vec<_>>();
        assert_eq!(places(&of_one), places(&of_other), "both count alike, or this test shows nothing");
        assert_eq!(named_twice(&of_one, &of_other), (0, 0), "{engine:?}");
        run(still_known(&one, &kept));
        run(still_known(&other, &kept));
        run(still_known(&other, &of_other));
    }
}

#[test]
fn a_turn_keeps_its_name_when_the_store_is_opened_anew_and_a_sent_answer_its_id() {
    for engine in ENGINES {
        let folder = TempDir::new().unwrap();
        let store = open(folder.path(), engine);
        let (conversation, _) = run(accept(&*store, message(1, 1)));
        let before = run(store.waiting(conversation, 1)).unwrap()[0].turn;
        let made = run(answers(&store, 10..11)).remove(0);
        run(send(&*store, &made.key));
        run(live(&*store, 50..60));
        drop(store);
        let store = open(folder.path(), engine);
        assert_eq!(run(store.waiting(conversation, 1)).unwrap()[0].turn, before);
        run(still_known(&store, &[made]));
    }
}

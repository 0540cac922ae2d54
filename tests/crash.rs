//! kill -9 at any moment: every accepted message is answered exactly once, in the order of its chat.
//!
//! The bot is a process of its own with a real store; this process plays the network and kills it.
//! `GREENROOM_KILL_ROUNDS` sets how often, `GREENROOM_SEED` repeats a run.

use crate::support::child::{self, ChildOptions, ChildProcess};
use crate::support::number;
use crate::support::people::People;
use crate::support::rng::Rng;
use crate::support::wire::WireMessage;
use greenroom_contract::capabilities::Resend;
use std::collections::{BTreeMap, HashMap};
use std::path::Path;
use std::time::Duration;
use tempfile::TempDir;

/// People who are admitted; each also writes in the group.
const FRIENDS: u64 = 6;
const GROUP: &str = "friends";

/// The other process. Not a test: returns at once when it is run as one.
#[test]
#[ignore = "started by the tests of this file, as a process of its own"]
fn child() {
    child::main();
}

fn friend(number: u64) -> String {
    format!("+1555000000{number}")
}

pub(crate) struct Scene {
    pub(crate) people: People,
    pub(crate) options: ChildOptions,
    /// Holds the store.
    _folder: TempDir,
}

impl Scene {
    pub(crate) async fn new(engine: &str, assistant: &str) -> Self {
        let people = People::new().await;
        let folder = TempDir::new().expect("a temporary folder");
        let options = ChildOptions {
            address: people.address.clone(),
            folder: folder.path().join("data"),
            engine: engine.to_owned(),
            assistant: assistant.to_owned(),
            idle_ms: 600_000,
            allow_from: (0..FRIENDS).map(friend).collect(),
            resend: Resend::Idempotent,
        };
        Self { people, options, _folder: folder }
    }

    /// Starts the bot and waits until it dialled.
    pub(crate) async fn started(&self, fail: Option<&str>) -> ChildProcess {
        let before = self.people.connections();
        let mut child = ChildProcess::start(&self.options, fail);
        self.people.until("the bot dials", |people| people.connections() > before || child.has_ended()).await;
        child
    }
}

/// Says something new: mostly direct, sometimes in the group, sometimes nothing that may be answered.
pub(crate) fn say_something(people: &People, rng: &mut Rng) {
    let number = people.said().len();
    let who = friend(rng.below(FRIENDS));
    let (who, group) = match rng.below(10) {
        0 => ("+19990000000".to_owned(), None),
        1 => (who, Some((GROUP.to_owned(), false))),
        2 | 3 => (who, Some((GROUP.to_owned(), true))),
        _ => (who, None),
    };
    people.say(WireMessage { id: format!("m-{number}"), who, group, text: format!("text {number}") });
    if rng.percent(20) {
        people.repeat(rng.below(number as u64 + 1) as usize);
    }
}

fn wants_answer(message: &WireMessage) -> bool {
    message.who.starts_with("+1555") && message.group.as_ref().is_none_or(|(_, mentioned)| *mentioned)
}

/// Everything that may be answered was, once, in order; and nothing else.
pub(crate) fn check(people: &People, folder: &Path) {
    let mut expected: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for message in people.said().iter().filter(|message| wants_answer(message)) {
        expected.entry(message.chat().to_owned()).or_default().push(message.text.clone());
    }
    let seen: BTreeMap<String, Vec<String>> = people
        .seen()
        .into_iter()
        .map(|(chat, seen)| (chat, seen.into_iter().map(|(_, text)| text).collect()))
        .collect();
    for (chat, texts) in &expected {
        let got = seen.get(chat).cloned().unwrap_or_default();
        let times = got.iter().fold(HashMap::new(), |mut times: HashMap<&String, u32>, text| {
            *times.entry(text).or_default() += 1;
            times
        });
        let missing: Vec<_> = texts.iter().filter(|text| !times.contains_key(text)).collect();
        let twice: Vec<_> = times.iter().filter(|(_, count)| **count > 1).collect();
        let log = child::log_of(folder);
        assert!(missing.is_empty(), "{chat}: never answered: {missing:?} among {got:?}\n{log}");
        assert!(twice.is_empty(), "{chat}: answered more than once: {twice:?}\n{log}");
        assert_eq!(&got, texts, "{chat}: out of order");
    }
    let strange: Vec<_> = seen.keys().filter(|chat| !expected.contains_key(*chat)).collect();
    assert!(strange.is_empty(), "answered although nobody asked: {strange:?}");
}

async fn kill_loop(engine: &str, resend: Resend) {
    let (rounds, seed) = (number("GREENROOM_KILL_ROUNDS", 10), Rng::seed());
    println!("GREENROOM_SEED={seed} GREENROOM_KILL_ROUNDS={rounds} engine {engine}");
    let mut rng = Rng::new(seed);
    let mut scene = Scene::new(engine, "echo").await;
    scene.options.resend = resend;
    for round in 0..rounds {
        let mut child = if rng.percent(15) {
            // Killed while it starts.
            ChildProcess::start(&scene.options, None)
        } else {
            scene.started(None).await
        };
        for _ in 0..5 + rng.below(60) {
            say_something(&scene.people, &mut rng);
            tokio::time::sleep(Duration::from_micros(rng.below(6_000))).await;
        }
        let log = || child::log_of(&scene.options.folder);
        assert!(!child.has_ended(), "round {round}, seed {seed}: it ended by itself\n{}", log());
        child.kill();
    }
    let acknowledged = scene.people.acknowledged();
    let _last = scene.started(None).await;
    scene.people.all_settled().await;
    println!(
        "{} said, {acknowledged} acknowledged before the last start, {} seen, {} sent again and shown once",
        scene.people.said().len(),
        scene.people.seen().values().map(Vec::len).sum::<usize>(),
        scene.people.repetitions(),
    );
    check(&scene.people, &scene.options.folder);
    assert!(rounds < 5 || acknowledged > 0, "the kills came before anything was accepted: nothing was tested");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_at_any_moment_everything_is_answered_once_with_sled() {
    kill_loop("sled", Resend::Idempotent).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_at_any_moment_everything_is_answered_once_where_repetitions_wait_for_evidence() {
    kill_loop("sled", Resend::SameId).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_at_any_moment_everything_is_answered_once_with_fjall() {
    kill_loop("fjall", Resend::Idempotent).await;
}

/// Aborts at every fail point, a few hits in; needs the feature `failpoints`.
#[cfg(all(unix, feature = "failpoints"))]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn aborted_at_every_fail_point_everything_is_answered_once() {
    use greenroom_support::failpoint::FailPoint;
    let seed = Rng::seed();
    println!("GREENROOM_SEED={seed}");
    let mut rng = Rng::new(seed);
    for engine in ["sled", "fjall"] {
        for point in FailPoint::ALL {
            let scene = Scene::new(engine, "echo").await;
            for hits in [1, 2 + rng.below(6)] {
                let fail = format!("{}:{hits}", point.name());
                let mut child = scene.started(Some(&fail)).await;
                let mut tries = 0;
                while !child.has_ended() {
                    assert!(tries < 2_000, "{fail} with {engine} was never hit; seed {seed}");
                    tries += 1;
                    say_something(&scene.people, &mut rng);
                    tokio::time::sleep(Duration::from_millis(3)).await;
                }
                let log = || child::log_of(&scene.options.folder);
                assert!(child.was_aborted(), "{fail} with {engine}: it ended otherwise\n{}", log());
            }
            let _last = scene.started(None).await;
            scene.people.all_settled().await;
            check(&scene.people, &scene.options.folder);
        }
    }
}

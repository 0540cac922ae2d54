//! kill -9 in a loop while the network repeats and duplicates: nobody gets two answers, as far as a status arrives
//! within `reconcile_seconds`, and nobody is left without one, but where a second send of unknown outcome followed the
//! first: that answer is held for the owner.
//!
//! The bot is a process of its own; this process plays Meta and kills it. `GREENROOM_KILL_ROUNDS` sets
//! how often, `GREENROOM_SEED` repeats a run.

use super::{Setup, config, quick};
use crate::support::number;
use crate::support::rng::Rng;
use greenroom_channel_whatsapp_cloud::config::Pacing;
use greenroom_client::Client;
use greenroom_contract::limits;
use greenroom_contract::store::{Maintenance, Traces};
use greenroom_simulator_whatsapp_cloud::{Person, Rates, SendFault, Settings, Simulator};
use greenroom_store::OpenOptions;
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// Many, because an answer that was found unsent after a kill holds up its chat for [`RECONCILE`].
const FRIENDS: u64 = 60;
/// How long the bot waits for the status of a send that it is not sure of.
const RECONCILE: Duration = Duration::from_secs(2);
const PATIENCE: Duration = Duration::from_secs(120);
/// How long nothing may wait before it counts as the end.
const QUIET: Duration = Duration::from_secs(10);
const VARIABLE: &str = "GREENROOM_TEST_CLOUD_CHILD";

/// The other process. Not a test: returns at once when it is run as one.
#[test]
#[ignore = "started by the test of this file, as a process of its own"]
fn child() {
    let Ok(options) = std::env::var(VARIABLE) else { return };
    let [graph, folder] = serde_json::from_str::<[String; 2]>(&options).expect("written by the parent");
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    runtime.expect("a runtime can be made").block_on(live(graph, PathBuf::from(folder)));
}

async fn live(graph: String, folder: PathBuf) {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let mut setup = Setup::of(config(&graph, &Settings::default()), &folder);
    setup.config.pacing = Pacing::Off;
    setup.policy.reconcile = RECONCILE;
    let bot = setup.start().await;
    let written = folder.with_extension("new");
    std::fs::write(&written, &bot.url).expect("the folder's parent is writable");
    // Renamed, so that the parent never reads half of it.
    std::fs::rename(written, folder.with_extension("url")).expect("the folder's parent is writable");
    let _ = bot.running.ended().await;
}

struct Process(Child);

impl Process {
    fn start(meta: &Simulator, folder: &Path) -> Self {
        let _ = std::fs::remove_file(folder.with_extension("url"));
        let mut command = Command::new(std::env::current_exe().expect("a test knows its own path"));
        command.args(["cloud::kill::child", "--exact", "--ignored", "--nocapture"]);
        let options = [meta.graph_url(), folder.to_str().expect("a plain path")];
        command.env(VARIABLE, serde_json::to_string(&options).expect("plain data")).env_remove("GREENROOM_FAIL");
        let log = std::fs::OpenOptions::new().create(true).append(true).open(folder.with_extension("log"));
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log.expect("a writable folder"));
        Self(command.spawn().expect("this test binary can be started again"))
    }

    /// Waits until the bot listens, and sends the webhooks there.
    async fn listens(&mut self, meta: &Simulator, folder: &Path) {
        let begun = Instant::now();
        loop {
            if let Ok(url) = std::fs::read_to_string(folder.with_extension("url")) {
                meta.point_at(&url);
                return;
            }
            let ended = self.0.try_wait().expect("our child");
            let log = || std::fs::read_to_string(folder.with_extension("log")).unwrap_or_default();
            assert!(ended.is_none() && begun.elapsed() < PATIENCE, "it did not start ({ended:?}): {}", log());
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // As kill -9 does.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Waits until the bot has nothing left to answer or to send.
async fn idle(meta: &Simulator, folder: &Path, said: &[(Person, String)]) {
    let begun = Instant::now();
    let mut quiet_since: Option<Instant> = None;
    loop {
        let health = match Client::of_folder(folder) {
            Ok(client) => client.health().await.ok().and_then(|health| health.details),
            Err(_) => None,
        };
        let answered = said.iter().all(|(person, text)| person.history().iter().any(|one| one.text() == text));
        let left = health.as_ref().map(|health| {
            (health.inbox_waiting, health.accounts.iter().map(|account| account.outbox_waiting).sum::<u64>())
        });
        let is_quiet = left == Some((0, 0));
        quiet_since = quiet_since.filter(|_| is_quiet).or_else(|| is_quiet.then(Instant::now));
        // What is held is never answered.
        if is_quiet && (answered || quiet_since.is_some_and(|since| since.elapsed() > QUIET)) {
            return;
        }
        if begun.elapsed() > PATIENCE {
            // The check that follows says what is missing.
            println!("not idle after {PATIENCE:?}: {left:?}, {:?}", meta.counters());
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// How many answers the store of a bot that ended holds for its owner.
async fn held(folder: &Path) -> usize {
    let store = greenroom_store::open(OpenOptions::at(folder)).expect("nothing else uses it");
    let traces = store.latest(limits::PAGE_ROWS_MAX).await.expect("healthy");
    let parcels = traces.iter().flat_map(|trace| &trace.parcels);
    let held = parcels.filter(|parcel| parcel.state == "held").count();
    store.close().await.expect("it can be closed");
    held
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_at_any_moment_everybody_gets_one_answer() {
    let (rounds, seed) = (number("GREENROOM_KILL_ROUNDS", 8), Rng::seed());
    println!("GREENROOM_SEED={seed} GREENROOM_KILL_ROUNDS={rounds}");
    let mut rng = Rng::new(seed);
    let meta = Simulator::start_with(Settings { rates: Rates::Lifted, remembered_max: 100_000, ..quick() }).await;
    let temporary = TempDir::new().expect("a temporary folder");
    let folder = temporary.path().join("data");
    meta.shuffle_webhooks(Duration::from_millis(30));
    let mut said: Vec<(Person, String)> = Vec::new();
    for _ in 0..rounds {
        let mut process = Process::start(&meta, &folder);
        if !rng.percent(15) {
            process.listens(&meta, &folder).await;
        }
        for _ in 0..5 + rng.below(60) {
            let person = meta.person(&format!("+15550000{:03}", rng.below(FRIENDS)));
            let text = format!("text {}", said.len());
            meta.duplicate_webhooks(if rng.percent(20) { 3 } else { 0 });
            match rng.below(40) {
                0 => meta.plan_send(SendFault::TakeAndCut),
                1 => meta.plan_send(SendFault::CutOnly),
                _ => {}
            }
            person.says(&text).soon();
            said.push((person, text));
            tokio::time::sleep(Duration::from_micros(rng.below(8_000))).await;
        }
    }
    let mut last = Process::start(&meta, &folder);
    last.listens(&meta, &folder).await;
    idle(&meta, &folder, &said).await;

    let counters = meta.counters();
    println!("{} said, {counters:?}", said.len());
    let mut got: HashMap<String, usize> = HashMap::new();
    for number in 0..FRIENDS {
        for message in meta.person(&format!("+15550000{number:03}")).history() {
            *got.entry(message.text().to_owned()).or_default() += 1;
        }
    }
    let missing: Vec<&String> = said.iter().map(|(_, text)| text).filter(|text| !got.contains_key(*text)).collect();
    let twice: Vec<_> = got.iter().filter(|(_, times)| **times > 1).collect();
    let log = || std::fs::read_to_string(folder.with_extension("log")).unwrap_or_default();
    drop(last);
    let held = held(&folder).await;
    assert_eq!(missing.len(), held, "seed {seed}: never answered, and not held: {missing:?}\n{}", log());
    assert!(held * 10 <= said.len(), "seed {seed}: {held} of {} answers are held", said.len());
    assert!(twice.is_empty(), "seed {seed}: answered more than once: {twice:?}\n{}", log());
    assert_eq!(got.len() + held, said.len(), "seed {seed}: nobody is told what nobody said");
    assert!(rounds < 5 || counters.rejected > 0, "the kills met no post: nothing was tested");
}

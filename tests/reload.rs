//! The configuration file is read again while the bot runs.

use crate::support::process::folder;
use greenroom::{Change, ReloadRefused, Running, Runtime};
use greenroom_channel_loopback::{Loopback, LoopbackNetwork, said};
use greenroom_conformance::messages::id;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

const MAIN: &str = "main";
const ANA: &str = "+15550000001";

fn channel(name: &str, keys: &str) -> String {
    format!("[channels.{name}]\nadapter = \"loopback\"\nassistant = \"helper\"\nallow_from = [\"*\"]\n{keys}\n")
}

/// A bot that runs what a file says. Names of channels are those of the test, because networks are found by them.
struct Filed {
    _folder: TempDir,
    path: PathBuf,
    running: Running,
}

impl Filed {
    async fn start(channels: &str) -> Self {
        let folder = folder();
        let path = folder.path().join("greenroom.toml");
        write(&path, channels);
        let running = Runtime::builder().config_file(&path).memory_store().start().await.expect("a sound file");
        Self { _folder: folder, path, running }
    }

    async fn reload(&self, channels: &str) -> Result<Vec<String>, ReloadRefused> {
        write(&self.path, channels);
        let reloaded = self.running.reload().await?;
        Ok(reloaded.changes.iter().map(Change::to_string).collect())
    }

    async fn ask(&self, network: &LoopbackNetwork, words: &str) {
        let seen = network.sent_to(ANA).len();
        // A network that is made again counts its messages again.
        let said = said::text(ANA, words).with_id(words);
        network.deliver(MAIN, said).await.acknowledged().await.expect("it is taken");
        assert_eq!(network.sent_to_reached(ANA, seen + 1).await.pop().expect("just seen").words(), words);
    }
}

fn write(path: &Path, channels: &str) {
    let text = format!("{channels}\n[assistants.helper]\nkind = \"echo\"\n[gateway]\nenabled = false\n");
    std::fs::write(path, text).expect("a writable folder");
}

fn network(name: &str) -> LoopbackNetwork {
    Loopback::network(&id(name)).expect("it was made")
}

#[tokio::test]
async fn what_the_file_says_now_runs_and_what_it_said_before_stays_connected() {
    let bot = Filed::start(&channel("reload-a", "")).await;
    let first = network("reload-a");
    bot.ask(&first, "one").await;
    let two = format!("{}{}", channel("reload-a", "debounce_ms = 1"), channel("reload-b", ""));
    let changes = bot.reload(&two).await.expect("a sound file");
    assert_eq!(changes, ["channel reload-a: another policy", "channel reload-b: added, with loopback"]);
    bot.ask(&network("reload-b"), "two").await;
    bot.ask(&first, "three").await;
    let accounts = bot.running.handle().health().await.accounts;
    assert!(accounts.iter().all(|account| account.connections == 1), "{accounts:?}");
    assert_eq!(bot.reload(&two).await.expect("the same file"), Vec::<String>::new());

    let replaced = channel("reload-b", "accounts = [\"main\", \"more\"]");
    let changes = bot.reload(&replaced).await.expect("a sound file");
    assert_eq!(changes, ["channel reload-b: replaced, with loopback", "channel reload-a: removed"]);
    first.disconnected(MAIN).await;
    bot.ask(&network("reload-b"), "four").await;
    bot.running.drain().await;
}

#[tokio::test]
async fn a_file_that_is_wrong_changes_nothing_and_every_problem_is_named() {
    let good = channel("reload-c", "");
    let bot = Filed::start(&good).await;
    let wrong = format!("{}{}", channel("reload-c", "groups = \"often\""), channel("reload-d", "adaptor = \"x\""));
    let refused = bot.reload(&wrong).await.expect_err("two keys are wrong").to_string();
    assert!(refused.contains("reload-c.groups") && refused.contains("reload-d.adaptor"), "{refused}");
    let lame = format!("{good}{}", channel("reload-e", "accounts = []"));
    let refused = bot.reload(&lame).await.expect_err("without an account").to_string();
    assert!(refused.contains("reload-e.accounts"), "{refused}");
    let torn = bot.reload("[channels").await.expect_err("it is not TOML").to_string();
    assert!(torn.contains("not valid TOML"), "{torn}");
    bot.ask(&network("reload-c"), "still there?").await;
    assert_eq!(bot.reload(&good).await.expect("a sound file"), Vec::<String>::new());
    bot.running.drain().await;
}

#[tokio::test]
async fn what_needs_a_restart_is_said_each_time() {
    let good = channel("reload-f", "");
    let bot = Filed::start(&good).await;
    write(&bot.path, &format!("{good}[log]\nfilter = \"debug\"\n"));
    for _ in 0..2 {
        let reloaded = bot.running.reload().await.expect("a sound file");
        assert!(reloaded.changes.is_empty(), "{reloaded:?}");
        assert_eq!(reloaded.after_restart, ["log is different now; restart the program to apply it"]);
    }
    let text = "[channels.reload-g]\nadapter = \"loopback\"\nassistant = \"helper\"\nallow_from = [\"*\"]\n\
                [assistants.helper]\nkind = \"echo\"\n";
    let own = Runtime::builder().config(text).memory_store().start().await.expect("a sound text");
    assert!(matches!(own.reload().await, Err(ReloadRefused::NoFile)), "there is nothing to read again");
}

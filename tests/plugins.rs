//! Plugins in a running bot, and the commands that look after them. Their component is the one that is kept for the growth of
//! the interface, so that no toolchain is needed here.

use crate::support::process::{clean, folder, run, succeeded};
use crate::support::setup::{ANA, NOT_ANSWERED, Setup};
use greenroom::Runtime;
use greenroom::plugins::{Candidate, Plugin, PluginFolder};
use greenroom::prelude::*;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Output;
use std::sync::Arc;
use tempfile::TempDir;

const COMPONENT: &str = "plugins/host/tests/fixtures/plugin-0.1.0.wasm";

/// A folder with a plugin that answers as `plugins/host/tests/guests` do: it says what it hears, and breaks when it is told to.
fn guest(folder: &Path, more: &str) -> PathBuf {
    let plugin = folder.join("guest");
    fs::create_dir_all(&plugin).expect("a folder");
    let manifest = "[plugin]\nname = \"guest\"\nversion = \"1.0.0\"\napi = \"0.1\"\nabout = \"says what it hears\"\n\
                    component = \"guest.wasm\"\n[limits]\nown_ms = 20000\n";
    fs::write(plugin.join("plugin.toml"), format!("{manifest}{more}")).expect("a manifest");
    fs::copy(Path::new(env!("CARGO_MANIFEST_DIR")).join(COMPONENT), plugin.join("guest.wasm")).expect("a component");
    plugin
}

async fn loaded(folder: &Path) -> Arc<Plugin> {
    let _ = rustls::crypto::ring::default_provider().install_default();
    Plugin::in_folder(guest(folder, ""), folder.join("compiled")).load().await.expect("it is a plugin")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_puts_a_plugin_to_work_by_one_call() {
    let folder = folder();
    let (channel, network) = loopback(LoopbackOptions::default());
    let bot = Runtime::builder()
        .assistant("guest", loaded(folder.path()).await)
        .channel("front", channel, Policy::allow([ANA]))
        .memory_store();
    let running = bot.start().await.expect("it starts");
    for (messages, words) in (1..).zip(["hello", "remember tea", "remember milk"]) {
        network.deliver("main", said::text(ANA, words)).await;
        network.sent_to_reached(ANA, messages).await;
    }
    // What it remembers is kept with the answer, and given to the next instance.
    assert_eq!(network.words_to(ANA), ["hello", "before: nothing", "before: tea"]);
    running.drain().await;
}

/// Attempts, quarantine and `why`, as with any assistant, with the plugin's own words, which cannot command a terminal.
#[tokio::test(start_paused = true)]
async fn a_plugin_that_fails_is_an_assistant_that_fails() {
    let folder = folder();
    let bot = Setup::new(loaded(folder.path()).await).start().await;
    let message = bot.hears(said::text(ANA, "say the oven \u{1b}[2Jis cold")).await;
    let trapped = bot.hears(said::text(ANA, "panic the oven broke")).await;
    bot.hears(said::text(ANA, "hello")).await;
    let answers = bot.answers(ANA).await;
    assert!(answers.contains(&NOT_ANSWERED.to_owned()) && answers.ends_with(&["hello".to_owned()]), "{answers:?}");
    let why = bot.why(&message).await;
    assert!(why.contains("quarantined") && why.contains("the plugin says: the oven"), "{why}");
    assert!(why.contains("is cold") && !why.contains('\u{1b}'), "{why:?}");
    let why = bot.why(&trapped).await;
    assert!(why.contains("quarantined") && why.contains("the oven broke"), "{why}");
    bot.promises_kept();
}

/// The folder that a program chooses for its data holds its plugins as well, whatever its configuration says.
#[tokio::test(flavor = "multi_thread")]
async fn plugins_lie_below_the_folder_that_the_program_chose() {
    let folder = folder();
    let _ = rustls::crypto::ring::default_provider().install_default();
    let data = folder.path().join("chosen");
    let plugins = PluginFolder::open(data.join("plugins")).expect("it is made");
    let candidate = Candidate::read(&guest(folder.path(), "")).expect("it is sound");
    plugins.add(&candidate, Some(&candidate.manifest.asks)).await.expect("it is agreed to");
    let (channel, network) = loopback(LoopbackOptions::default());
    let text = format!(
        "store.path = {:?}\n[assistants.front]\nkind = \"plugin\"\nplugin = \"guest\"\nlimits = {{ reply_kb = 1 }}\n",
        folder.path().join("elsewhere")
    );
    let bot = Runtime::builder().config(text.as_str()).channel("front", channel, Policy::allow([ANA]));
    let running = bot.store_path(&data).start().await.expect("the plugin is found");
    network.deliver("main", said::text(ANA, "hello")).await;
    network.sent_to_reached(ANA, 1).await;
    assert_eq!(network.words_to(ANA), ["hello"]);
    assert!(!folder.path().join("elsewhere").exists());
    running.drain().await;
}

fn greenroom(folder: &TempDir, arguments: &[&str], input: &str) -> Output {
    let mut command = clean(env!("CARGO_BIN_EXE_greenroom"), folder.path());
    command.args(arguments);
    run(command, input)
}

fn refused(output: &Output) -> String {
    assert!(!output.status.success(), "{output:?}");
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn a_plugin_is_checked_added_listed_talked_to_and_removed() {
    let folder = folder();
    guest(folder.path(), "[uses]\nwake = true\n");
    let turn = serde_json::json!({
        "v": 1, "turn": "t", "attempt": 1, "now": 1, "deadline_ms": 20000, "assistant": "guest", "channel": "local",
        "network": "console", "conversation": "c", "chat": {"kind": "direct"}, "person": {"id": "p"}, "can": [],
        "messages": [{"id": "m", "at": 1, "kind": "text", "text": "remember tea"}], "history": [],
    });
    fs::write(folder.path().join("turn.json"), turn.to_string()).unwrap();
    let checked = succeeded(&greenroom(&folder, &["plugin", "check", "guest", "--turn", "turn.json"], ""));
    assert!(checked.contains("before: nothing") && checked.contains("{\"last\":\"tea\"}"), "{checked}");
    assert!(succeeded(&greenroom(&folder, &["plugin", "list"], "")).contains("no plugin was added"));
    let asked = greenroom(&folder, &["plugin", "add", "guest"], "");
    assert!(String::from_utf8_lossy(&asked.stdout).contains("asks to be woken"), "{asked:?}");
    assert!(refused(&asked).contains("--yes"), "{asked:?}");
    let added = succeeded(&greenroom(&folder, &["plugin", "add", "guest", "--yes"], ""));
    assert!(added.contains("guest was added") && added.contains("kind = \"plugin\""), "{added}");
    let listed = succeeded(&greenroom(&folder, &["plugin", "list", "--json"], ""));
    assert!(listed.contains("\"guest\"") && listed.contains("asks to be woken"), "{listed}");
    let config = "[channels.console]\nadapter = \"console\"\nassistant = \"guest\"\n\
                  [assistants.guest]\nkind = \"plugin\"\nplugin = \"guest\"\n";
    fs::write(folder.path().join("greenroom.toml"), config).unwrap();
    succeeded(&greenroom(&folder, &["check"], ""));
    let talk = succeeded(&greenroom(&folder, &["chat"], "remember tea\nremember milk\n"));
    assert!(talk.contains("before: nothing") && talk.contains("before: tea"), "{talk}");
    let removed = succeeded(&greenroom(&folder, &["plugin", "remove", "guest"], ""));
    assert!(removed.contains("guest was removed"), "{removed}");
    assert!(refused(&greenroom(&folder, &["check"], "")).contains("greenroom plugin add"));
}

/// In a process of its own, whose words are told.
#[test]
fn a_component_that_cannot_be_compiled_is_refused_by_the_process_that_compiles() {
    let folder = folder();
    let plugin = guest(folder.path(), "");
    fs::write(plugin.join("guest.wasm"), b"\0asm, and then nothing").unwrap();
    let told = refused(&greenroom(&folder, &["plugin", "add", "guest", "--yes"], ""));
    assert!(told.contains("cannot be compiled") && told.contains("nothing was changed"), "{told}");
    let direct = greenroom(&folder, &["compile-plugin", "data/plugins/compiled", "guest/guest.wasm"], "");
    assert!(refused(&direct).contains("cannot be compiled"), "{direct:?}");
    assert!(!succeeded(&greenroom(&folder, &["--help"], "")).contains("compile-plugin"), "it is not for people");
}

#[test]
fn a_folder_to_begin_with_is_made_in_each_language_and_never_over_another() {
    let folder = folder();
    for (lang, source) in [("js", "plugin.js"), ("ts", "plugin.ts"), ("rust", "src/lib.rs"), ("py", "src/app.py")] {
        let name = format!("first-{lang}");
        let made = succeeded(&greenroom(&folder, &["plugin", "new", &name, "--lang", lang], ""));
        assert!(made.contains("README.md"), "{made}");
        assert!(folder.path().join(&name).join(source).is_file(), "{source}");
        let told = refused(&greenroom(&folder, &["plugin", "new", &name, "--lang", lang], ""));
        assert!(told.contains("is there already"), "{told}");
        let told = refused(&greenroom(&folder, &["plugin", "check", &name], ""));
        assert!(told.contains("build the plugin first") && told.contains("greenroom plugin dev"), "{told}");
    }
    let told = refused(&greenroom(&folder, &["plugin", "new", "x", "--lang", "cobol"], ""));
    for lang in ["js", "ts", "rust", "py"] {
        assert!(told.contains(lang), "{told}");
    }
    let told = refused(&greenroom(&folder, &["plugin", "new", "My Bot", "--lang", "js"], ""));
    assert!(told.contains("small letters"), "{told}");
}

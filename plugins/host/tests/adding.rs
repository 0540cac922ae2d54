//! Adding, replacing and removing plugins: what is agreed to, what is refused, and what a running bot does.

#![allow(clippy::unwrap_used, reason = "a test")]

mod guest;

use greenroom_conformance::turn;
use greenroom_contract::assistant::{Assistant, AssistantError};
use greenroom_contract::factory::{AssistantKind, AssistantParts, BuildError};
use greenroom_contract::ids::AssistantName;
use greenroom_plugins::{AddError, Asks, Candidate, Plugin, PluginConfig, PluginError, PluginFolder};
use guest::{Folder, Guest, lock, words};
use serde::Deserialize;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

fn name() -> AssistantName {
    "guest".parse().unwrap()
}

/// A store of its own, with code that was compiled before.
fn store() -> tempfile::TempDir {
    tempfile::tempdir().unwrap()
}

fn plugins(store: &Path) -> PluginFolder {
    PluginFolder::open(store.join("plugins")).unwrap()
}

async fn add(plugins: &PluginFolder, folder: &Folder, agreed: Option<&Asks>) -> Result<String, AddError> {
    let _alone = lock("compile");
    let candidate = Candidate::read(folder.path()).unwrap();
    plugins.add(&candidate, agreed).await.map(|added| added.digest)
}

fn asks(folder: &Folder) -> Asks {
    Candidate::read(folder.path()).unwrap().manifest.asks
}

fn component() -> std::path::PathBuf {
    Guest::HostileRust.component().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_added_without_its_owner() {
    let (store, folder) = (store(), Folder::new(&component(), "[uses]\nwake = true"));
    let plugins = plugins(store.path());
    match add(&plugins, &folder, None).await {
        Err(AddError::NotGranted { more, .. }) => {
            assert!(more.iter().any(|line| line.contains("asks to be woken")), "{more:?}");
            assert!(more.iter().any(|line| line.contains("64 MB of memory")), "{more:?}");
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(plugins.names(), []);
    let digest = add(&plugins, &folder, Some(&asks(&folder))).await.unwrap();
    let found = plugins.get(&name()).unwrap();
    assert_eq!((found.grant.digest, plugins.names()), (digest, vec![name()]));
    assert!(plugins.remove(&name()).unwrap() && !plugins.remove(&name()).unwrap());
    assert!(matches!(plugins.get(&name()), Err(PluginError::Unknown { .. })));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_version_is_swapped_refused_or_asked_about() {
    let (store, folder) = (store(), Folder::new(&component(), "[limits]\nown_ms = 400"));
    let plugins = plugins(store.path());
    let first = add(&plugins, &folder, Some(&asks(&folder))).await.unwrap();
    // Less is swapped without a question, and what was agreed to stays agreed to.
    folder.write("guest", "1.1.0", &component(), "[limits]\nown_ms = 300");
    let second = add(&plugins, &folder, None).await.unwrap();
    assert_ne!(first, second);
    folder.write("guest", "1.2.0", &component(), "[limits]\nown_ms = 400");
    let third = add(&plugins, &folder, None).await.unwrap();
    // More needs its owner.
    folder.write("guest", "2.0.0", &component(), "[limits]\nown_ms = 401\n[sees]\nphone = true");
    match add(&plugins, &folder, None).await {
        Err(AddError::NotGranted { more, .. }) => {
            assert_eq!(more, ["is told phone numbers of people", "computes up to 401 ms in a turn"]);
        }
        other => panic!("{other:?}"),
    }
    // What is broken changes nothing.
    std::fs::write(folder.path().join("guest.wasm"), b"\0asm, and then nothing").unwrap();
    let error = add(&plugins, &folder, Some(&asks(&folder))).await.unwrap_err().to_string();
    assert!(error.contains("cannot be compiled"), "{error}");
    let in_use = plugins.get(&name()).unwrap().grant;
    assert_eq!((in_use.digest, in_use.version.as_str()), (third, "1.2.0"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_component_with_another_interface_is_refused() {
    let (store, folder) = (store(), Folder::new(&component(), ""));
    let plugins = plugins(store.path());
    // The smallest component there is: it exports nothing.
    std::fs::write(folder.path().join("guest.wasm"), b"\0asm\x0d\0\x01\0").unwrap();
    let error = add(&plugins, &folder, Some(&asks(&folder))).await.unwrap_err().to_string();
    assert!(error.contains("does not fit to the interface") && error.contains("assistant"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_breaks_in_its_dry_turn_is_refused() {
    let (store, folder) = (store(), Folder::new(&component(), "[limits]\nreply_kb = 1\nmemory_mb = 1"));
    let plugins = plugins(store.path());
    let error = add(&plugins, &folder, Some(&asks(&folder))).await.unwrap_err().to_string();
    assert!(error.contains("failed its dry turn") && error.contains("memory"), "{error}");
    assert_eq!(plugins.names(), []);
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn what_is_kept_is_its_owners_alone_and_what_was_changed_is_refused() {
    use std::os::unix::fs::PermissionsExt;
    let (store, folder) = (store(), Folder::new(&component(), ""));
    let plugins = plugins(store.path());
    let digest = add(&plugins, &folder, Some(&asks(&folder))).await.unwrap();
    for below in ["plugins", "plugins/compiled", "plugins/added", "plugins/added/guest"] {
        let mode = std::fs::metadata(store.path().join(below)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o700, "{below}");
    }
    let version = store.path().join("plugins/added/guest").join(&digest);
    // A manifest that asks for more than was agreed to, written past `add`.
    let manifest = std::fs::read_to_string(version.join("plugin.toml")).unwrap();
    std::fs::write(version.join("plugin.toml"), manifest + "[sees]\nphone = true").unwrap();
    let error = plugins.get(&name()).unwrap_err().to_string();
    assert!(error.contains("another digest") && error.contains("add it once more"), "{error}");
    // Names that lead elsewhere lead nowhere.
    for name in ["..", "../..", "/etc", "a/b"] {
        let name: AssistantName = name.parse().unwrap();
        assert!(
            matches!(plugins.get(&name), Err(PluginError::Unknown { .. })) && !plugins.remove(&name).unwrap(),
            "{name}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_compiled_file_is_compiled_once_more() {
    let (store, folder) = (store(), Folder::new(&component(), ""));
    let of_plugins = plugins(store.path());
    add(&of_plugins, &folder, Some(&asks(&folder))).await.unwrap();
    let mut open = vec![store.path().join("plugins/compiled")];
    let mut damaged = 0;
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(folder).unwrap().flatten() {
            if entry.path().is_dir() {
                open.push(entry.path());
            } else {
                std::fs::write(entry.path(), b"no code").unwrap();
                damaged += 1;
            }
        }
    }
    assert!(damaged > 0);
    let plugin = configured(store.path(), "").await.unwrap();
    let (life, stop) = alive(&plugin);
    assert_eq!(answered(&plugin, "hello").await, "hello");
    stop.cancel();
    life.await.unwrap();
}

async fn configured(store: &Path, more: &str) -> Result<Arc<dyn Assistant>, BuildError> {
    let table: toml::Table = format!("plugin = \"guest\"\n{more}").parse().unwrap();
    let config = PluginConfig::deserialize(toml::Value::Table(table)).unwrap();
    let parts = AssistantParts { store: Some(store.to_owned()), ..AssistantParts::new("front".parse().unwrap()) };
    Plugin::build(config, parts).await
}

fn alive(plugin: &Arc<dyn Assistant>) -> (tokio::task::JoinHandle<()>, CancellationToken) {
    let stop = CancellationToken::new();
    let (living, told) = (Arc::clone(plugin), stop.clone());
    (tokio::spawn(async move { living.run(told).await }), stop)
}

/// What it answers once it is loaded.
async fn answered(plugin: &Arc<dyn Assistant>, words_said: &str) -> String {
    for _ in 0..600 {
        match plugin.respond(turn(words_said).build()).await {
            Ok(answer) => return words(&answer),
            Err(AssistantError::Unavailable { .. }) => tokio::time::sleep(Duration::from_millis(50)).await,
            Err(error) => return error.to_string(),
        }
    }
    panic!("it is not loaded");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_running_bot_takes_another_version_and_running_turns_keep_theirs() {
    let (store, folder) = (store(), Folder::new(&component(), "[limits]\nreply_kb = 64"));
    let plugins = plugins(store.path());
    add(&plugins, &folder, Some(&asks(&folder))).await.unwrap();
    let plugin = configured(store.path(), "").await.unwrap();
    let before = plugin.respond(turn("hello").build()).await;
    assert!(matches!(before, Err(AssistantError::Unavailable { .. })), "{before:?}");
    let (life, stop) = alive(&plugin);
    assert_eq!(answered(&plugin, "hello").await, "hello");
    let waiting = tokio::spawn({
        let plugin = Arc::clone(&plugin);
        async move { plugin.respond(turn("wait 4000").build()).await }
    });
    // The other version answers with less: its limit is what tells the two apart.
    folder.write("guest", "1.1.0", &component(), "[limits]\nreply_kb = 1");
    add(&plugins, &folder, None).await.unwrap();
    let mut swapped = false;
    for _ in 0..200 {
        swapped = plugin.respond(turn("huge 5000").build()).await.is_err();
        if swapped {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert!(swapped, "the other version is in use");
    assert_eq!(words(&waiting.await.unwrap().unwrap()), "waited");
    stop.cancel();
    life.await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_configured_wrong_is_refused_at_the_start_with_its_path() {
    let store = store();
    let refused = |outcome: Result<Arc<dyn Assistant>, BuildError>| match outcome.map(|_| ()) {
        Err(BuildError::Config { path, reason }) => (path, reason),
        Err(BuildError::Setup { reason }) => (String::new(), reason),
        Ok(()) => panic!("it was taken"),
    };
    let (path, reason) = refused(configured(store.path(), "").await);
    assert!(path == "plugin" && reason.contains("greenroom plugin add"), "{path}: {reason}");
    let manifest = "[settings.menu]\ntype = \"list\"\nrequired = true\nabout = \"what can be ordered\"";
    let folder = Folder::new(&component(), manifest);
    add(&plugins(store.path()), &folder, Some(&asks(&folder))).await.unwrap();
    for (more, at, words) in [
        ("", "settings.menu", "is missing"),
        ("settings = { menu = [], mnu = 1 }", "settings.mnu", "did you mean menu?"),
        ("settings = { menu = [] }\nmodels = { writer = \"main\" }", "models.writer", "no such role"),
        ("settings = { menu = [] }\nhttp = { \"a.example\" = {} }", "http.a.example", "sends nothing there"),
    ] {
        let (path, reason) = refused(configured(store.path(), more).await);
        assert!(path == at && reason.contains(words), "{more}: {path}: {reason}");
    }
    assert!(configured(store.path(), "settings = { menu = [\"a\"] }").await.is_ok());
}

/// They stay in force, and stay sound, whatever another version asks for.
#[tokio::test(flavor = "multi_thread")]
async fn an_owner_sets_lower_limits_for_one_assistant() {
    let (store, folder) = (store(), Folder::new(&component(), "[limits]\nreply_kb = 8"));
    let plugins = plugins(store.path());
    add(&plugins, &folder, Some(&asks(&folder))).await.unwrap();
    match configured(store.path(), "limits = { reply_kb = 9 }").await.map(|_| ()) {
        Err(BuildError::Config { path, reason }) => {
            assert!(path == "limits.reply_kb" && reason.contains("write 1 to 8"), "{path}: {reason}");
        }
        other => panic!("{other:?}"),
    }
    let plugin = configured(store.path(), "limits = { reply_kb = 4 }").await.unwrap();
    let (life, stop) = alive(&plugin);
    assert_eq!(answered(&plugin, "hello").await, "hello");
    let long = answered(&plugin, "huge 6000").await;
    assert!(long.contains("its limit is 4 KB (reply_kb)"), "{long}");
    // Another version that asks for less than the owner's limit: its own counts, and the configuration stays sound.
    folder.write("guest", "1.1.0", &component(), "[limits]\nreply_kb = 1");
    add(&plugins, &folder, None).await.unwrap();
    let mut told = String::new();
    for _ in 0..200 {
        told = answered(&plugin, "huge 3000").await;
        if told.contains("its limit is 1 KB") {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert!(told.contains("its limit is 1 KB"), "{told}");
    assert!(configured(store.path(), "limits = { reply_kb = 4 }").await.is_ok());
    stop.cancel();
    life.await.unwrap();
}

/// Removed, narrowed or broken: what its owner takes back ends in a running bot too.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_agreed_to_any_more_is_used_no_more() {
    type Change = (&'static str, Option<fn(String) -> String>);
    let narrowed = |text: String| text.replace("history = 5", "history = 0");
    let broken = |_: String| "digest = ".to_owned();
    let changes: [Change; 3] = [
        ("was removed", None),
        ("not agreed to any more", Some(narrowed)),
        ("not those that were added", Some(broken)),
    ];
    for (expected, change) in changes {
        let (store, folder) = (store(), Folder::new(&component(), "[sees]\nhistory = 5"));
        let plugins = plugins(store.path());
        add(&plugins, &folder, Some(&asks(&folder))).await.unwrap();
        let plugin = configured(store.path(), "").await.unwrap();
        let (life, stop) = alive(&plugin);
        assert_eq!(answered(&plugin, "hello").await, "hello");
        let grant = store.path().join("plugins/added/guest/grant.toml");
        let before = std::fs::read_to_string(&grant).unwrap();
        match change {
            None => assert!(plugins.remove(&name()).unwrap()),
            Some(change) => {
                assert_ne!(change(before.clone()), before);
                std::fs::write(&grant, change(before.clone())).unwrap();
            }
        }
        let mut told = String::new();
        for _ in 0..200 {
            if let Err(AssistantError::Unavailable { reason, .. }) = plugin.respond(turn("hello").build()).await {
                told = reason.to_string();
                break;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        assert!(told.contains(expected), "{told}");
        if change.is_some() {
            std::fs::write(&grant, before).unwrap();
            assert_eq!(answered(&plugin, "hello").await, "hello", "agreed to once more");
        }
        stop.cancel();
        life.await.unwrap();
    }
}

/// As the message says: added once more, they are those that were added.
#[tokio::test(flavor = "multi_thread")]
async fn what_was_damaged_is_repaired_by_adding_it_once_more() {
    let (store, folder) = (store(), Folder::new(&component(), ""));
    let plugins = plugins(store.path());
    let digest = add(&plugins, &folder, Some(&asks(&folder))).await.unwrap();
    let version = store.path().join("plugins/added/guest").join(&digest);
    for file in ["plugin.wasm", "plugin.toml"] {
        let mut bytes = std::fs::read(version.join(file)).unwrap();
        let last = bytes.len() - 1;
        bytes[last] ^= 1;
        std::fs::write(version.join(file), &bytes).unwrap();
        assert!(matches!(plugins.get(&name()), Err(PluginError::Changed { .. })), "{file}");
        assert_eq!(add(&plugins, &folder, None).await.unwrap(), digest);
        let found = plugins.get(&name()).unwrap();
        assert_eq!(std::fs::read(found.component).unwrap(), std::fs::read(component()).unwrap());
    }
}

/// The usual folder of data is `./data`.
#[tokio::test(flavor = "multi_thread")]
async fn plugins_lie_in_a_folder_that_is_named_from_where_the_program_was_started() {
    let here = tempfile::tempdir_in(".").unwrap();
    let folder = Folder::new(&component(), "");
    let relative = Path::new(".").join(here.path().file_name().unwrap());
    assert!(relative.is_relative());
    add(&plugins(&relative), &folder, Some(&asks(&folder))).await.unwrap();
    assert_eq!(plugins(here.path()).names(), [name()]);
}

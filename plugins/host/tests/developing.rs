//! What a builder does: a folder that `greenroom plugin new` made, built, checked and swapped whenever a source changes.

#![allow(clippy::unwrap_used, reason = "a test")]

mod guest;

use greenroom_contract::ids::AssistantName;
use greenroom_plugins::{AddError, Asks, Candidate, DevEvent, Language, Manifest, PluginFolder, check_with_turn};
use greenroom_plugins::{develop, new_project};
use guest::{Guest, lock, root, target};
use std::fs;
use std::path::{Path, PathBuf};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// What a builder sees.
struct Dev {
    folder: PathBuf,
    store: tempfile::TempDir,
    events: UnboundedReceiver<DevEvent>,
    stop: CancellationToken,
    developing: JoinHandle<()>,
}

impl Dev {
    fn begin(folder: &Path) -> Self {
        let store = tempfile::tempdir().unwrap();
        let plugins = PluginFolder::open(store.path().join("plugins")).unwrap();
        let agreed = asks(folder);
        let (tell, events) = unbounded_channel();
        let stop = CancellationToken::new();
        let (folder, stopped) = (folder.to_owned(), stop.clone());
        let watched = folder.clone();
        let developing = tokio::spawn(async move {
            develop(&plugins, &watched, &agreed, &stopped, |event| drop(tell.send(event))).await;
        });
        Self { folder, store, events, stop, developing }
    }

    /// What comes of the change that was just made.
    async fn built(&mut self) -> DevEvent {
        assert!(matches!(self.events.recv().await, Some(DevEvent::Building)));
        self.events.recv().await.unwrap()
    }

    /// The version that a running bot uses, in its author's words.
    fn in_use(&self, name: &AssistantName) -> String {
        let plugins = PluginFolder::open(self.store.path().join("plugins")).unwrap();
        plugins.get(name).unwrap().grant.version
    }

    fn edit(&self, file: &str, from: &str, to: &str) {
        let file = self.folder.join(file);
        let text = fs::read_to_string(&file).unwrap();
        assert!(text.contains(from), "{}: {text}", file.display());
        fs::write(&file, text.replace(from, to)).unwrap();
    }

    async fn end(self) {
        self.stop.cancel();
        self.developing.await.unwrap();
    }
}

fn asks(folder: &Path) -> Asks {
    Manifest::read(&fs::read_to_string(folder.join("plugin.toml")).unwrap()).unwrap().asks
}

#[tokio::test(flavor = "multi_thread")]
async fn each_change_is_built_checked_and_swapped_and_a_broken_one_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let component = root().join("plugins/host/tests/fixtures/plugin-0.1.0.wasm");
    fs::copy(component, folder.path().join("source")).unwrap();
    let manifest = "[plugin]\nname = \"pizza\"\nversion = \"1.0.0\"\napi = \"0.1\"\nabout = \"a guest\"\n\
                    component = \"made.wasm\"\n[limits]\nown_ms = 20000\nreply_kb = 8\n\
                    [dev]\nbuild = [\"sh\", \"-c\", \"test ! -e broken || exit 3; cp source made.wasm\"]\n";
    fs::write(folder.path().join("plugin.toml"), manifest).unwrap();
    let pizza: AssistantName = "pizza".parse().unwrap();
    let mut dev = Dev::begin(folder.path());
    match dev.built().await {
        DevEvent::Swapped(added) => assert_eq!((&added.name, added.before), (&pizza, None)),
        other => panic!("{other:?}"),
    }
    dev.edit("plugin.toml", "1.0.0", "1.1.0");
    match dev.built().await {
        DevEvent::Swapped(added) => assert_eq!(added.before.as_deref(), Some("1.0.0")),
        other => panic!("{other:?}"),
    }
    // One that cannot be built, one that is no plugin, and one that asks for more than was agreed to at the beginning.
    fs::write(folder.path().join("broken"), "").unwrap();
    match dev.built().await {
        DevEvent::NotBuilt(reason) => assert!(reason.contains("sh ended with exit status: 3"), "{reason}"),
        other => panic!("{other:?}"),
    }
    fs::remove_file(folder.path().join("broken")).unwrap();
    assert!(matches!(dev.built().await, DevEvent::Swapped(_)));
    dev.edit("plugin.toml", "1.1.0", "2.0.0\"\nvrsion = \"1");
    match dev.built().await {
        DevEvent::NotBuilt(reason) => assert!(reason.contains("vrsion"), "{reason}"),
        other => panic!("{other:?}"),
    }
    dev.edit("plugin.toml", "2.0.0\"\nvrsion = \"1", "2.0.0");
    assert!(matches!(dev.built().await, DevEvent::Swapped(_)));
    dev.edit("plugin.toml", "reply_kb = 8", "reply_kb = 9");
    match dev.built().await {
        DevEvent::Refused(AddError::NotGranted { more, .. }) => assert_eq!(more, ["answers with up to 9 KB"]),
        other => panic!("{other:?}"),
    }
    assert_eq!(dev.in_use(&pizza), "2.0.0");
    dev.end().await;
}

/// A folder as `greenroom plugin new` makes it, with what its first build would install.
fn new(language: Language, tools: &[(&str, PathBuf)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let made = new_project(language, "first-bot", folder.path()).unwrap();
    for (name, at) in tools {
        #[cfg(unix)]
        std::os::unix::fs::symlink(at, made.join(name)).unwrap();
        #[cfg(not(unix))]
        std::os::windows::fs::symlink_dir(at, made.join(name)).unwrap();
    }
    folder
}

/// It is built and added as it stands, answers its turn from a file, and what cannot be built is said.
async fn is_developed(folder: &tempfile::TempDir, source: &str, broken: (&str, &str)) {
    let project = folder.path().join("first-bot");
    let mut dev = Dev::begin(&project);
    let first = dev.built().await;
    assert!(matches!(first, DevEvent::Swapped(_)), "{first:?}");
    let plugins = PluginFolder::open(dev.store.path().join("plugins")).unwrap();
    let candidate = Candidate::read(&project).unwrap();
    let turn = fs::read(project.join("turn.json")).unwrap();
    let report = check_with_turn(&plugins, &candidate, Some(&turn), &toml::Table::new()).await.unwrap();
    let answer = report.answer.unwrap_or_default();
    assert!(answer.contains("You said: hello. That was message 1."), "{answer}");
    dev.edit(source, broken.0, broken.1);
    let second = dev.built().await;
    assert!(matches!(second, DevEvent::NotBuilt(_)), "{second:?}");
    dev.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_first_plugin_in_javascript() {
    if Guest::Reminder.component().is_none() {
        return;
    }
    let folder = new(Language::Js, &[("node_modules", root().join("plugins/sdk/js/node_modules"))]);
    is_developed(&folder, "plugin.js", ("turn.text", "turn..text")).await;
}

/// Its types are checked before it is built.
#[tokio::test(flavor = "multi_thread")]
async fn a_first_plugin_in_typescript() {
    if Guest::Reminder.component().is_none() {
        return;
    }
    let folder = new(Language::Ts, &[("node_modules", root().join("plugins/sdk/js/node_modules"))]);
    is_developed(&folder, "plugin.ts", ("memory.load", "memory.laod")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_first_plugin_in_rust() {
    if Guest::Pizza.component().is_none() {
        return;
    }
    // What its crates are compiled to is shared with the samples, and so are their versions.
    let folder = new(Language::Rust, &[("target", target().join("rust"))]);
    let project = folder.path().join("first-bot");
    fs::copy(root().join("plugins/samples/pizza-rust/Cargo.lock"), project.join("Cargo.lock")).unwrap();
    let manifest = fs::read_to_string(project.join("plugin.toml")).unwrap();
    // Guests are built without the flags of the host, as `plugins/build` does.
    let plain = "env -u RUSTFLAGS -u CARGO_ENCODED_RUSTFLAGS -u RUSTC_WORKSPACE_WRAPPER cargo build";
    assert!(manifest.contains("cargo build"));
    fs::write(project.join("plugin.toml"), manifest.replace("cargo build", plain)).unwrap();
    let _alone = lock("build");
    is_developed(&folder, "src/lib.rs", ("turn.text()", "turn.txet()")).await;
}

/// In a step of its own, as all guests in Python. It is built and not compiled once more: it differs from the sample in a
/// few lines of its author.
#[tokio::test(flavor = "multi_thread")]
async fn a_first_plugin_in_python() {
    if Guest::Captioner.component().is_none() {
        return;
    }
    let folder = new(Language::Py, &[(".venv", target().join("python"))]);
    let project = folder.path().join("first-bot");
    let manifest = Manifest::read(&fs::read_to_string(project.join("plugin.toml")).unwrap()).unwrap();
    let (program, arguments) = manifest.build.split_first().unwrap();
    let built = std::process::Command::new(program).args(arguments).current_dir(&project).output().unwrap();
    assert!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));
    assert!(Candidate::read(&project).unwrap().component_bytes() > 1_000_000);
}

/// A build that hangs does not keep its builder, nor does anything of it stay.
#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread")]
async fn a_build_that_hangs_ends_with_the_command() {
    let folder = tempfile::tempdir().unwrap();
    let manifest = "[plugin]\nname = \"guest\"\nversion = \"1.0.0\"\napi = \"0.1\"\nabout = \"a guest\"\ncomponent = \"guest.wasm\"\n[dev]\nbuild = [\"sh\", \"-c\", \"sleep 1000 & echo $! > .pid; wait\"]\n";
    fs::write(folder.path().join("plugin.toml"), manifest).unwrap();
    let (store, stop) = (tempfile::tempdir().unwrap(), CancellationToken::new());
    let plugins = PluginFolder::open(store.path().join("plugins")).unwrap();
    let (watched, stopped) = (folder.path().to_owned(), stop.clone());
    let developing = tokio::spawn(async move { develop(&plugins, &watched, &Asks::default(), &stopped, drop).await });
    let pid = loop {
        let written = fs::read_to_string(folder.path().join(".pid")).unwrap_or_default();
        if written.ends_with('\n') {
            break written.trim().to_owned();
        }
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    };
    stop.cancel();
    tokio::time::timeout(std::time::Duration::from_secs(5), developing).await.unwrap().unwrap();
    // One that was killed and not waited for yet has no command line.
    while fs::read(format!("/proc/{pid}/cmdline")).is_ok_and(|line| !line.is_empty()) {
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
}

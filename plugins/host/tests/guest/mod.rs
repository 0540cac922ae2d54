//! The guests of the tests: built once, compiled once, loaded with the manifest that a test wants.

#![allow(dead_code, clippy::unwrap_used, reason = "each test uses a part of it")]

use greenroom_contract::assistant::{Answer, Assistant, AssistantError, Reply};
use greenroom_contract::outbound::OutboundBody;
use greenroom_plugins::{Plugin, PluginBuilder};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

/// A guest by the name of its file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Guest {
    HostileRust,
    HostileJs,
    HostilePython,
    Pizza,
    Reminder,
    Captioner,
}

impl Guest {
    fn file(self) -> (&'static str, &'static str) {
        match self {
            Self::HostileRust => ("rust", "hostile.wasm"),
            Self::Pizza => ("rust", "pizza.wasm"),
            Self::HostileJs => ("js", "hostile-js.wasm"),
            Self::Reminder => ("js", "reminder.wasm"),
            Self::HostilePython => ("python", "hostile-python.wasm"),
            Self::Captioner => ("python", "captioner.wasm"),
        }
    }

    /// Its component, built if it is not there or older than what it is made of. `None`, with a line that says so, where
    /// the tools of its language are missing.
    pub(crate) fn component(self) -> Option<PathBuf> {
        let (language, name) = self.file();
        // Its components hold all of CPython and take minutes to compile where the compiler is unoptimized.
        if language == "python" && std::env::var_os("GREENROOM_PLUGINS_PYTHON").is_none() {
            eprintln!("left out: guests in Python run in a step of their own, with GREENROOM_PLUGINS_PYTHON=1");
            return None;
        }
        let built = target().join(name);
        let _alone = lock("build");
        if is_fresh(&built, language) {
            return Some(built);
        }
        let status = Command::new(root().join("plugins/build")).arg(language).status().unwrap();
        match status.code() {
            Some(0) => Some(built),
            Some(3) => {
                eprintln!("left out: the tools for guests in {language} are missing");
                None
            }
            _ => panic!("plugins/build {language} failed: {status}"),
        }
    }
}

pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

/// Where built and compiled guests are kept between runs.
pub(crate) fn target() -> PathBuf {
    let folder = root().join("target/plugins");
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

/// Keeps other test processes out while something is made that they share.
pub(crate) fn lock(what: &str) -> std::fs::File {
    let file = std::fs::File::create(target().join(format!(".{what}.lock"))).unwrap();
    file.lock().unwrap();
    file
}

/// Whether a component is newer than all that it is made of.
fn is_fresh(built: &Path, language: &str) -> bool {
    let Ok(made) = built.metadata().and_then(|metadata| metadata.modified()) else { return false };
    let parts = match language {
        "rust" => [
            "plugins/wit",
            "plugins/sdk/rust/src",
            "plugins/samples/pizza-rust/src",
            "plugins/host/tests/guests/hostile-rust/src",
        ],
        "python" => [
            "plugins/wit",
            "plugins/sdk/python",
            "plugins/samples/captioner-python",
            "plugins/host/tests/guests/hostile-python",
        ],
        _ => ["plugins/wit", "plugins/sdk/js", "plugins/samples/reminder-js", "plugins/host/tests/guests/hostile-js"],
    };
    parts.iter().all(|part| {
        let files = std::fs::read_dir(root().join(part)).into_iter().flatten().flatten();
        let mut files = files.filter(|entry| entry.path().is_file());
        files.all(|entry| entry.metadata().and_then(|metadata| metadata.modified()).is_ok_and(|changed| changed < made))
    })
}

/// A folder with a manifest and a component.
pub(crate) struct Folder(pub tempfile::TempDir);

/// `[sees]`, `[uses]` and so on of a manifest for tests.
pub(crate) const GENEROUS: &str = "[sees]\nhistory = 5\nnames = true\n[limits]\nown_ms = 2000\n";

impl Folder {
    /// With this below `[plugin]`.
    pub(crate) fn new(component: &Path, manifest: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let this = Self(folder);
        this.write("guest", "1.0.0", component, manifest);
        this
    }

    pub(crate) fn write(&self, name: &str, version: &str, component: &Path, manifest: &str) {
        let head = format!(
            "[plugin]\nname = \"{name}\"\nversion = \"{version}\"\napi = \"0.1\"\nabout = \"a guest\"\ncomponent = \"guest.wasm\"\n"
        );
        std::fs::write(self.0.path().join("plugin.toml"), head + manifest).unwrap();
        std::fs::copy(component, self.0.path().join("guest.wasm")).unwrap();
    }

    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }
}

/// Loads a guest with this manifest; what is compiled is shared by all tests.
pub(crate) async fn load(guest: Guest, manifest: &str) -> Option<Arc<Plugin>> {
    load_with(guest, manifest, |builder| builder).await
}

pub(crate) async fn load_with(
    guest: Guest,
    manifest: &str,
    with: impl FnOnce(PluginBuilder) -> PluginBuilder,
) -> Option<Arc<Plugin>> {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let component = guest.component()?;
    let folder = Folder::new(&component, manifest);
    let _alone = lock("compile");
    Some(with(Plugin::in_folder(folder.path(), target().join("kept"))).load().await.unwrap())
}

/// Says something to it.
pub(crate) async fn say(plugin: &Plugin, words: &str) -> Result<Answer, AssistantError> {
    plugin.respond(greenroom_conformance::turn(words).build()).await
}

/// What it answers in words.
pub(crate) fn words(answer: &Answer) -> String {
    let texts = answer.replies.iter().map(|Reply { body, .. }| match body {
        OutboundBody::Text(text) => text.clone(),
        OutboundBody::Choices(choices) => {
            let titles: Vec<&str> = choices.options.iter().map(|option| option.title.as_str()).collect();
            format!("{} [{}]", choices.text, titles.join("|"))
        }
        other => format!("<{}>", other.kind()),
    });
    texts.collect::<Vec<_>>().join("\n")
}

/// Why a turn failed that is to be tried once more.
pub(crate) fn retry(outcome: Result<Answer, AssistantError>) -> String {
    match outcome {
        Err(AssistantError::Retry { reason, .. }) => reason.to_string(),
        other => panic!("{other:?}"),
    }
}

/// Bytes of memory that this process has in use.
pub(crate) fn resident() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap_or_default();
    line.split_whitespace().nth(1).and_then(|kb| kb.parse::<usize>().ok()).unwrap_or(0) * 1024
}

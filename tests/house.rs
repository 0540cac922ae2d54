//! What ARCHITECTURE.md claims about the code is so. Each rule names what breaks it.

use cargo_metadata::{DependencyKind, Metadata, MetadataCommand, Package};
use std::fs;
use std::path::{Path, PathBuf};

mod kinds;
mod rooms;
mod words;

/// The lines of a source file that are not tests, with their numbers.
type Lines<'a> = Box<dyn Iterator<Item = (usize, &'a str)> + 'a>;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn assert_none(what: &str, found: &[String]) {
    assert!(found.is_empty(), "{what}:\n  {}", found.join("\n  "));
}

// --- who may know whom ------------------------------------------------------------------------

fn metadata() -> Metadata {
    let mut command = MetadataCommand::new();
    // Without the dependencies of dependencies nothing needs to be downloaded.
    command.current_dir(root()).no_deps().other_options(["--offline".to_owned()]);
    command.exec().expect("cargo metadata works where cargo test does")
}

fn folder(package: &Package) -> String {
    let folder = package.manifest_path.parent().expect("a manifest stands in a folder");
    let below = folder.as_std_path().strip_prefix(root()).expect("members stand below the root");
    below.to_string_lossy().into_owned()
}

/// Which of our crates a crate in this folder may depend on, by folder.
fn may_see(folder: &str) -> &'static [&'static str] {
    match folder {
        "" => &["*"],
        "runtime/contract" | "runtime/support" | "runtime/client" => &[],
        "runtime/gateway" => &["runtime/contract", "runtime/support", "runtime/engine", "runtime/client"],
        "runtime/doctor" => &["runtime/client"],
        "runtime/alerts" => &["runtime/contract", "runtime/support", "runtime/engine"],
        "assistants/http" | "assistants/process" | "plugins/host" => {
            &["runtime/contract", "runtime/support", "runtime/documents"]
        }
        // All others: the contract and its small helper only. A new crate gets the strict rule unless it is named here.
        _ => &["runtime/contract", "runtime/support"],
    }
}

#[test]
fn crates_depend_on_the_contract_and_on_nothing_else_of_ours() {
    let metadata = metadata();
    let members = metadata.workspace_packages();
    let mut forbidden = Vec::new();
    for package in &members {
        let from = folder(package);
        for dependency in package.dependencies.iter().filter(|one| one.kind != DependencyKind::Development) {
            let Some(member) = members.iter().find(|member| *member.name == dependency.name) else { continue };
            let to = folder(member);
            // The suites and the fakes are for tests, and for embedders who ask for them.
            let for_tests = to == "runtime/conformance" && !dependency.optional;
            if for_tests || !may_see(&from).iter().any(|allowed| *allowed == "*" || *allowed == to) {
                forbidden.push(format!("{from} -> {to}"));
            }
        }
    }
    assert!(members.len() >= 8, "the workspace was read");
    assert_none("forbidden edges (ARCHITECTURE.md, dependency rule)", &forbidden);
}

/// A heavy library, and the folders that know it: exactly these.
const KNOWN_BY: &[(&str, &[&str])] = &[
    ("ractor", &["runtime/engine"]),
    ("age", &["runtime/capsule"]),
    ("sled", &["runtime/store"]),
    ("fjall", &["runtime/store"]),
    (
        "axum",
        &[
            "runtime/gateway",
            "tests/simulators/models",
            "tests/simulators/whatsapp-cloud",
            "tests/simulators/whatsapp-web",
        ],
    ),
    ("genai", &["runtime/models"]),
    ("image", &["assistants/llm"]),
    ("whisper-rs", &["runtime/transcription"]),
    ("chacha20poly1305", &["runtime/store"]),
    ("rmcp", &["runtime/gateway", "runtime/tools"]),
    ("wasmtime", &["plugins/host"]),
    ("anyhow", &["tests/simulators/whatsapp-web"]),
];

#[test]
fn heavy_libraries_are_known_by_the_crates_that_are_named_for_them() {
    let metadata = metadata();
    let sources = sources();
    let mut wrong = Vec::new();
    for (library, expected) in KNOWN_BY {
        let knows = |package: &&Package| {
            let named =
                |one: &&cargo_metadata::Dependency| one.kind != DependencyKind::Development && one.name == *library;
            package.dependencies.iter().any(|one| named(&one))
        };
        let found: Vec<String> =
            metadata.workspace_packages().iter().filter(|one| knows(one)).map(|one| folder(one)).collect();
        wrong.extend(
            found.iter().filter(|one| !expected.contains(&one.as_str())).map(|one| format!("{one} -> {library}")),
        );
        let word = format!("{}::", library.replace('-', "_"));
        let uses = |folder: &str| {
            sources.iter().any(|(path, text)| Path::new(path).starts_with(folder) && text.contains(&word))
        };
        for one in expected.iter().filter(|one| !found.iter().any(|found| found == *one) || !uses(one)) {
            wrong.push(format!("{one} does not use {library}: take it from the list, or from its manifest"));
        }
    }
    assert_none("heavy libraries that are not where KNOWN_BY says", &wrong);
}

#[test]
fn there_is_one_tls_provider_and_one_trust_store() {
    let lock: toml::Table =
        fs::read_to_string(root().join("Cargo.lock")).expect("it is kept").parse().expect("cargo wrote it");
    let packages = lock["package"].as_array().expect("a list of packages");
    let names: Vec<&str> = packages.iter().filter_map(|package| package["name"].as_str()).collect();
    let count = |name: &str| names.iter().filter(|one| **one == name).count();
    assert_eq!((count("rustls"), count("ring")), (1, 1), "TLS is rustls over ring");
    for banned in ["aws-lc-rs", "aws-lc-sys", "openssl", "openssl-sys", "native-tls"] {
        assert_eq!(count(banned), 0, "{banned} is in the tree; `cargo tree -i {banned}` says why");
    }
    // Whoever makes a client takes the roots from one place; see runtime/support/src/tls.rs.
    let mut found = Vec::new();
    for folder in ["runtime", "channels", "assistants"] {
        sources_below(&root().join(folder), &mut found);
    }
    for source in found.iter().filter(|source| !source.to_string_lossy().contains("tests")) {
        let text = fs::read_to_string(source).expect("it is there");
        let speaks = text.contains("reqwest::Client::builder()") || text.contains(" Client::builder()");
        assert!(
            !speaks || text.contains("tls::client_config") || text.contains("tls_certs_only"),
            "{}",
            source.display()
        );
    }
}

// --- what the sources look like -----------------------------------------------------------------

fn sources_below(folder: &Path, found: &mut Vec<PathBuf>) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries.map(|entry| entry.expect("a readable folder").path()) {
        if entry.is_dir() {
            if !entry.ends_with("target") {
                sources_below(&entry, found);
            }
        } else if entry.extension().is_some_and(|extension| extension == "rs") {
            found.push(entry);
        }
    }
}

/// Every source file of ours, as (path below the root, text).
fn sources() -> Vec<(String, String)> {
    let mut found = Vec::new();
    for folder in ["runtime", "channels", "assistants", "plugins", "tests", "examples"] {
        sources_below(&root().join(folder), &mut found);
    }
    let read = |path: PathBuf| {
        let below = path.strip_prefix(root()).expect("below the root").to_string_lossy().into_owned();
        (below, fs::read_to_string(&path).expect("a readable file"))
    };
    let sources: Vec<_> = found.into_iter().map(read).collect();
    assert!(sources.len() > 50, "the sources were found");
    sources
}

/// Whether a file is for tests only: a tests folder, a file of tests, or the fakes and suites.
fn is_test(path: &str) -> bool {
    path.starts_with("tests/")
        || path.contains("/tests/")
        || path.ends_with("/tests.rs")
        || path.ends_with("/sample.rs")
        || path.contains("/benches/")
        || path.starts_with("runtime/conformance/")
}

/// Lines of code before the file's tests.
fn code_lines(text: &str) -> Lines<'_> {
    let lines = text.lines().enumerate().take_while(|(_, line)| line.trim() != "#[cfg(test)]");
    Box::new(lines.map(|(number, line)| (number + 1, line)).filter(|(_, line)| !line.trim_start().starts_with("//")))
}

#[test]
fn files_stay_small() {
    let long: Vec<String> = sources()
        .into_iter()
        .map(|(path, text)| (path, text.lines().count()))
        .filter(|(_, lines)| *lines > 450)
        .map(|(path, lines)| format!("{path} has {lines} lines"))
        .collect();
    assert_none("files of more than 450 lines; one noun each", &long);
}

#[test]
fn nothing_panics_or_sleeps_as_a_way_of_working() {
    // The loopback network obeys a test that orders a panic, and refuses a test's typing mistakes.
    let may_panic = |path: &str| path.starts_with("channels/loopback/");
    let mut found = Vec::new();
    for (path, text) in sources().into_iter().filter(|(path, _)| !is_test(path) && !path.starts_with("examples/")) {
        for (number, line) in code_lines(&text) {
            for word in [".unwrap()", "panic!(", "todo!(", "unimplemented!(", "thread::sleep", "process::exit"] {
                let allowed = (word == "panic!(" && may_panic(&path))
                    || (word == "process::exit" && path == "runtime/app/main.rs");
                if line.contains(word) && !allowed {
                    found.push(format!("{path}:{number}: {}", line.trim()));
                }
            }
        }
    }
    assert_none("outside tests", &found);
}

#[test]
fn limits_stand_in_the_limits_of_their_crate() {
    let mut found = Vec::new();
    // What the engine keeps or several crates share stands in the contract; what one channel keeps, in its own crate.
    let at_home = |path: &str| {
        let named = [
            "runtime/gateway/src/limits.rs",
            "runtime/documents/src/limits.rs",
            "runtime/models/src/limits.rs",
            "runtime/tools/src/limits.rs",
            "runtime/alerts/src/limits.rs",
            "runtime/doctor/src/limits.rs",
            "runtime/identity/src/limits.rs",
            "runtime/capsule/src/limits.rs",
            "runtime/otlp/src/limits.rs",
        ]
        .contains(&path);
        let of_crate = named || ["channels/", "assistants/", "plugins/host/"].iter().any(|home| path.starts_with(home));
        path.starts_with("runtime/contract/src/limits") || (of_crate && path.ends_with("/src/limits.rs"))
    };
    let ours = |path: &str| {
        let folders = ["runtime/", "channels/", "assistants/", "plugins/host/src/"];
        folders.iter().any(|folder| path.starts_with(folder)) && !at_home(path) && !is_test(path)
    };
    for (path, text) in sources().into_iter().filter(|(path, _)| ours(path)) {
        for (number, line) in code_lines(&text) {
            let Some(rest) = line.split("const ").nth(1).filter(|_| line.contains('=')) else { continue };
            let name = rest.split(':').next().unwrap_or_default();
            let is_limit = ["_MAX", "_LIMIT", "_TIMEOUT", "_PAUSE"].iter().any(|end| name.ends_with(end));
            if is_limit && !line.contains("limits::") {
                found.push(format!("{path}:{number}: {}", line.trim()));
            }
        }
    }
    assert_none("limits outside the `limits.rs` of their crate", &found);
}

#[test]
fn every_limit_has_a_reason() {
    let mut bare = Vec::new();
    let mut files = 0;
    for (path, text) in sources().into_iter().filter(|(path, _)| path.contains("/src/limits")) {
        files += 1;
        let mut before = "";
        for line in text.lines() {
            if line.contains("const ") && !line.starts_with("//") && !before.starts_with("///") {
                bare.push(format!("{path}: {line}"));
            }
            before = line;
        }
    }
    assert!(files >= 3, "the contract and both WhatsApp adapters have limits");
    assert_none("limits without a reason", &bare);
}

#[test]
fn unsafe_code_is_forbidden_everywhere_but_in_transcription() {
    let read = |path: &Path| -> toml::Table {
        fs::read_to_string(path).expect("a readable manifest").parse().expect("a manifest")
    };
    let workspace = read(&root().join("Cargo.toml"));
    assert_eq!(workspace["workspace"]["lints"]["rust"]["unsafe_code"].as_str(), Some("forbid"));
    let mut loose = Vec::new();
    for package in metadata().workspace_packages() {
        let manifest = read(package.manifest_path.as_std_path());
        let lints = manifest.get("lints").and_then(|lints| lints.get("workspace")).and_then(toml::Value::as_bool);
        if lints != Some(true) && folder(package) != "runtime/transcription" {
            loose.push(folder(package));
        }
    }
    assert_none("crates that do not take the lints of the workspace", &loose);
    // There the lint is `deny`, and one file lifts it.
    let lifting = sources().into_iter().filter(|(_, text)| text.contains(concat!("allow(", "unsafe_code)")));
    let lifting: Vec<String> = lifting.map(|(path, _)| path).collect();
    assert_eq!(lifting, ["runtime/transcription/src/abort.rs"]);
    let transcription = read(&root().join("runtime/transcription/Cargo.toml"));
    assert_eq!(transcription["lints"]["rust"]["unsafe_code"].as_str(), Some("deny"));
}

// --- what the documents say ---------------------------------------------------------------------

#[test]
fn the_top_level_is_what_the_architecture_says() {
    const ENTRIES: &[&str] = &[
        ".cargo",
        ".ci",
        ".config",
        ".gitignore",
        "ARCHITECTURE.md",
        "BENCHMARKS.md",
        "CHANGELOG.md",
        "Cargo.lock",
        "Cargo.toml",
        "LICENSE-APACHE",
        "LICENSE-MIT",
        "LICENSES.md",
        "README.md",
        "RELIABILITY.md",
        "SECURITY.md",
        "assistants",
        "channels",
        "clippy.toml",
        "deny.toml",
        "examples",
        "plugins",
        "runtime",
        "rust-toolchain.toml",
        "rustfmt.toml",
        "tests",
        "x",
    ];
    // What a build, a run or a checkout leaves there is not part of the source.
    const LEFT_BEHIND: &[&str] = &[".git", "target", "data", "greenroom.toml", "node_modules"];
    let entries = fs::read_dir(root()).expect("the root is readable");
    let names = entries.map(|entry| entry.expect("readable").file_name().to_string_lossy().into_owned());
    let strange: Vec<String> =
        names.filter(|name| !ENTRIES.contains(&name.as_str()) && !LEFT_BEHIND.contains(&name.as_str())).collect();
    assert_none("not part of the layout", &strange);
    for layer in ["runtime", "channels", "assistants", "tests"] {
        assert!(root().join(layer).is_dir(), "the layer {layer} is missing");
    }
}

fn documents() -> Vec<(String, String)> {
    let mut found = Vec::new();
    for folder in ["", "examples", "plugins", "channels", "assistants", "tests"] {
        let Ok(entries) = fs::read_dir(root().join(folder)) else { continue };
        for path in entries.map(|entry| entry.expect("readable").path()) {
            if path.extension().is_some_and(|extension| extension == "md") {
                let below = path.strip_prefix(root()).expect("below the root").to_string_lossy().into_owned();
                found.push((below, fs::read_to_string(&path).expect("a readable file")));
            }
        }
    }
    found
}

/// What stands in backticks and looks like a path of ours.
fn paths_in(text: &str) -> Vec<String> {
    const LAYERS: &[&str] = &["runtime/", "channels/", "assistants/", "plugins/", "tests/", "examples/", ".ci/"];
    let quoted = text.split('`').skip(1).step_by(2);
    let plain = |path: &&str| path.chars().all(|c| c.is_ascii_alphanumeric() || "/._-".contains(c));
    quoted
        .filter(|path| LAYERS.iter().any(|layer| path.starts_with(layer)))
        .filter(plain)
        .map(|path| path.trim_end_matches('/').to_owned())
        .collect()
}

#[test]
fn documents_name_existing_files() {
    let mut missing = Vec::new();
    for (document, text) in documents() {
        for path in paths_in(&text) {
            if !root().join(&path).exists() {
                missing.push(format!("{document} names {path}"));
            }
        }
    }
    assert_none("files that are not there", &missing);
}

#[test]
fn links_between_documents_lead_somewhere() {
    let mut broken = Vec::new();
    for (document, text) in documents() {
        let base = root().join(&document);
        let base = base.parent().expect("a document stands in a folder");
        for target in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            let file = target.split('#').next().unwrap_or_default();
            let elsewhere = file.is_empty() || file.contains("://") || file.starts_with("mailto:");
            if !elsewhere && !base.join(file).exists() {
                broken.push(format!("{document} links to {target}"));
            }
        }
    }
    assert_none("broken links", &broken);
}

#[test]
fn paths_are_found_in_backticks() {
    let text = "see `runtime/engine/` and `channels/*` and `tests/main.rs`, not `cargo test` or runtime/x";
    assert_eq!(paths_in(text), ["runtime/engine", "tests/main.rs"]);
}

//! A program pays only for what it uses: which libraries a set of features brings, and what is published.

use crate::support::process;
use std::path::Path;

fn cargo(arguments: &[&str]) -> String {
    let output = process::cargo().args(arguments).output().expect("cargo is there, it started this test");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("cargo writes UTF-8")
}

/// The names of all packages that a program with these features is built from, on every platform.
fn built_from(features: &str) -> Vec<String> {
    let tree = cargo(&[
        "tree",
        "--offline",
        "--locked",
        "--edges=normal,build",
        "--prefix=none",
        "--format={p}",
        "--package=greenroom",
        "--no-default-features",
        &format!("--features={features}"),
    ]);
    let mut names: Vec<String> = tree.lines().filter_map(|line| line.split(' ').next()).map(str::to_owned).collect();
    names.sort();
    names.dedup();
    assert!(names.iter().any(|name| name == "greenroom-engine"), "the tree was read");
    names
}

/// What each feature is about, in packages. The first one of each is there exactly with the feature.
const PAID_BY: &[(&str, &[&str])] = &[
    ("cli", &["clap", "tracing-subscriber"]),
    ("allocator", &["mimalloc", "libmimalloc-sys"]),
    ("gateway", &["axum", "utoipa", "phonenumber"]),
    ("https", &["rustls-acme"]),
    ("whatsapp-cloud", &["greenroom-channel-whatsapp-cloud"]),
    ("whatsapp-web", &["whatsapp-rust", "waproto", "tokio-tungstenite"]),
    ("assistant-http", &["greenroom-assistant-http"]),
    ("models", &["genai", "greenroom-assistant-llm"]),
    ("mcp", &["schemars"]),
    ("tools", &["greenroom-tools"]),
    ("plugins", &["wasmtime", "greenroom-plugins"]),
    ("voice", &["whisper-rs", "whisper-rs-sys", "cmake", "symphonia", "ropus", "rubato"]),
    ("speech-models", &["indicatif"]),
    ("fjall", &["fjall"]),
    ("alerts", &["greenroom-alerts"]),
    ("identity", &["greenroom-identity", "lettre"]),
    ("capsules", &["greenroom-capsule", "age"]),
    ("otlp", &["opentelemetry-otlp", "tracing-opentelemetry"]),
    ("testing", &["greenroom-conformance"]),
];

/// Those with the packages that are there although the feature is not asked for.
fn unasked(features: &[&str]) -> Vec<String> {
    let there = built_from(&features.join(","));
    let absent = PAID_BY.iter().filter(|(feature, _)| !features.contains(feature));
    let found = absent.flat_map(|(feature, packages)| packages.iter().map(move |package| (feature, package)));
    let found = found.filter(|(_, package)| there.iter().any(|name| name == *package));
    found.map(|(feature, package)| format!("{features:?} brings {package}, which is for {feature}")).collect()
}

#[test]
fn a_library_pays_for_the_features_that_it_names_and_for_no_others() {
    let mut wrong = Vec::new();
    let alone = [
        "gateway",
        "whatsapp-cloud",
        "whatsapp-web",
        "assistant-http",
        "models",
        "tools",
        "plugins",
        "voice",
        "fjall",
        "alerts",
        "identity",
        "capsules",
    ]
    .map(|feature| vec![feature]);
    let several = [vec!["gateway", "https"], vec![]];
    for features in alone.iter().chain(&several) {
        wrong.extend(unasked(features));
        for (feature, packages) in PAID_BY.iter().filter(|(feature, _)| features.contains(feature)) {
            if !built_from(feature).iter().any(|name| name == packages[0]) {
                wrong.push(format!("{feature} does not bring {}", packages[0]));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn the_first_program_of_a_newcomer_is_made_of_little() {
    let there = built_from("cli");
    for package in ["reqwest", "hyper", "rustls", "ring", "axum", "url", "prost-build", "bindgen"] {
        assert!(!there.iter().any(|name| name == package), "./x run would build {package}");
    }
    let wrong = unasked(&["cli"]);
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn a_bot_on_the_cloud_api_needs_neither_a_compiler_of_cpp_nor_cmake() {
    let there = built_from("whatsapp-cloud");
    // What would build C++ is a package that names it, or one that calls cmake. `ring` needs a C compiler.
    for package in
        ["whisper-rs-sys", "cmake", "cxx", "cxx-build", "link-cplusplus", "whatsapp-rust", "fjall", "axum", "clap"]
    {
        assert!(!there.iter().any(|name| name == package), "{package} is built");
    }
}

#[test]
fn every_crate_except_the_simulators_can_be_packed_for_a_registry() {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let target = format!("--target-dir={}", folder.path().display());
    cargo(&[
        "package",
        "--quiet",
        "--workspace",
        "--exclude=greenroom-simulator-whatsapp-cloud",
        "--exclude=greenroom-simulator-whatsapp-web",
        "--exclude=greenroom-simulator-models",
        "--no-verify",
        "--allow-dirty",
        "--offline",
        "--locked",
        &target,
    ]);
    let packed = |entry: std::fs::DirEntry| {
        let size = entry.metadata().map(|about| about.len()).unwrap_or_default();
        let name = entry.file_name().to_string_lossy().into_owned();
        Path::new(&name).extension().is_some_and(|ending| ending == "crate").then_some((name, size))
    };
    let made = std::fs::read_dir(folder.path().join("package")).expect("cargo packs into this folder");
    let made: Vec<(String, u64)> = made.filter_map(|entry| packed(entry.expect("readable"))).collect();
    assert!(
        made.iter().any(|(name, _)| name == concat!("greenroom-", env!("CARGO_PKG_VERSION"), ".crate")),
        "{made:?}"
    );
    // Recordings, golden files and tests stay in the repository; sources alone are smaller than this.
    let large: Vec<_> = made.iter().filter(|(_, bytes)| *bytes > 400 * 1024).collect();
    assert!(large.is_empty(), "{large:?}");
}

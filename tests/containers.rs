//! The container files of `examples/deploy` name files, flags, features and variables that are there.

use crate::support::process::{clean, folder, run, succeeded};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

const PROGRAM: &str = "/usr/local/bin/greenroom";
const DATA: &str = "/var/lib/greenroom";

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn deploy() -> PathBuf {
    root().join("examples/deploy")
}

fn read(path: impl AsRef<Path>) -> String {
    std::fs::read_to_string(root().join(path)).expect("the file is there")
}

/// The instructions of a container file: lines that are continued are one, and there are no comments.
fn instructions(text: &str) -> Vec<(String, String)> {
    let lines: Vec<&str> = text.lines().filter(|line| !line.trim_start().starts_with('#')).collect();
    let joined = lines.join("\n").replace("\\\n", " ");
    let lines = joined.lines().filter_map(|line| line.trim().split_once(' '));
    lines.map(|(word, rest)| (word.to_owned(), rest.trim().to_owned())).collect()
}

fn of<'a>(instructions: &'a [(String, String)], word: &str) -> Vec<&'a str> {
    instructions.iter().filter(|(known, _)| known == word).map(|(_, rest)| rest.as_str()).collect()
}

fn json(list: &str) -> Vec<String> {
    serde_json::from_str(list).expect("an instruction that no shell reads")
}

/// The values of all `key: value` lines, and of the lists below a key, of a file in YAML as simple as ours.
fn values(yaml: &str, key: &str) -> Vec<String> {
    let clean = |text: &str| text.trim().trim_matches('"').to_owned();
    let mut found = Vec::new();
    let mut lines = yaml.lines().filter(|line| !line.trim_start().starts_with('#')).peekable();
    while let Some(line) = lines.next() {
        let Some(value) = line.trim_start().strip_prefix(&format!("{key}:")) else { continue };
        if !value.trim().is_empty() {
            found.push(clean(value));
        }
        while let Some(item) = lines.next_if(|next| next.trim_start().starts_with("- ")) {
            found.push(clean(item.trim_start().trim_start_matches("- ")));
        }
    }
    found
}

#[test]
fn the_container_builds_what_is_there_and_starts_it_without_rights() {
    let file = instructions(&read("examples/deploy/Containerfile"));
    let toolchain: toml::Table = read("rust-toolchain.toml").parse().expect("TOML");
    let channel = toolchain["toolchain"]["channel"].as_str().expect("a version");
    let from = of(&file, "FROM");
    let version = from[0].split_once(':').and_then(|(_, tag)| tag.split('-').next()).expect("a tag");
    assert!(channel.starts_with(version), "it is built by the compiler of this repository: {version}, {channel}");
    let copied = of(&file, "COPY");
    assert_eq!(copied[1], format!("--from=build /source/target/release/greenroom {PROGRAM}"));
    assert_eq!(json(of(&file, "ENTRYPOINT")[0]), [PROGRAM]);
    // The last user is the one that it runs as, by number, so that systems that refuse root see that it is none.
    let user = of(&file, "USER").last().expect("a user").split(':').next().map(str::parse::<u32>);
    assert!(matches!(user, Some(Ok(1_000..))), "{user:?}");
    assert!(of(&file, "VOLUME").contains(&DATA) && of(&file, "WORKDIR").contains(&DATA));
    let health = of(&file, "HEALTHCHECK")[0];
    assert!(health.ends_with(r#""http://127.0.0.1:8787/healthz"]"#), "{health}");
    assert!(read("runtime/gateway/src/lib.rs").contains("`GET /healthz`"));
    for hidden in [".git", "target", "data", "greenroom.toml"] {
        assert!(read("examples/deploy/Containerfile.dockerignore").lines().any(|line| line == hidden), "{hidden}");
    }
}

#[test]
fn the_features_that_the_container_file_names_exist() {
    let manifest: toml::Table = read("Cargo.toml").parse().expect("TOML");
    let known: BTreeSet<&str> = manifest["features"].as_table().expect("a table").keys().map(String::as_str).collect();
    let text = read("examples/deploy/Containerfile");
    let named = text.split("--features ").nth(1).and_then(|rest| rest.split(['"', ' ']).next()).expect("a list");
    let missing: Vec<&str> = named.split(',').filter(|feature| !known.contains(feature)).collect();
    assert_eq!(missing, Vec::<&str>::new());
    let heavy: Vec<&str> = named.split(',').filter(|one| ["whatsapp-web", "voice", "plugins"].contains(one)).collect();
    assert_eq!(heavy, Vec::<&str>::new(), "the text above it says so");
}

#[test]
fn the_program_takes_what_the_container_hands_it() {
    let folder = folder();
    let file = instructions(&read("examples/deploy/Containerfile"));
    let compose = read("examples/deploy/compose.yaml");
    let commands = [of(&file, "CMD")[0].to_owned(), values(&compose, "command").remove(0)];
    for command in commands {
        let mut program = clean(env!("CARGO_BIN_EXE_greenroom"), folder.path());
        program.args(json(&command)).arg("--help");
        succeeded(&run(program, ""));
    }
    // What the environment says is taken, and would be refused if it were spelled wrongly.
    let mut program = clean(env!("CARGO_BIN_EXE_greenroom"), folder.path());
    program.arg("check");
    let own_data = folder.path().join("data");
    let own_data = own_data.to_str().expect("a path of ours");
    let environment = read("examples/deploy/environment.example");
    let environment = environment.lines().filter(|line| !line.starts_with('#')).map(str::to_owned);
    let of_image = of(&file, "ENV").into_iter().map(|line| line.replace(DATA, own_data));
    let mut names = Vec::new();
    for line in environment.chain(of_image) {
        let (name, value) = line.split_once('=').expect("a variable and its value");
        let value = if value.is_empty() { "1234567890123456" } else { value };
        program.env(name, value);
        names.push(name.to_owned());
    }
    let said = run(program, "");
    assert!(said.status.success(), "{names:?}: {}", String::from_utf8_lossy(&said.stderr));
}

#[test]
fn compose_names_files_that_are_there_and_leaves_the_gateway_on_the_loopback() {
    let compose = read("examples/deploy/compose.yaml");
    assert_eq!(values(&compose, "context"), ["../.."]);
    assert!(deploy().join("../..").join(&values(&compose, "dockerfile")[0]).is_file());
    for volume in values(&compose, "volumes").iter().filter(|volume| volume.starts_with('.')) {
        let path = volume.split(':').next().expect("a path");
        assert!(deploy().join(path).is_file(), "{path}");
    }
    let kept: Vec<String> = values(&compose, "volumes").into_iter().filter(|volume| volume.contains(DATA)).collect();
    assert_eq!(kept, [format!("greenroom-data:{DATA}")]);
    assert_eq!(values(&compose, "network_mode"), ["service:caddy"], "so the gateway need not listen elsewhere");
    assert!(!compose.contains("8787"), "nothing leads past Caddy");
    assert_eq!(values(&compose, "read_only"), ["true", "true"]);
    let environment = &values(&compose, "env_file")[0];
    assert!(deploy().join(format!("{environment}.example")).is_file());
}

#[test]
fn yaml_and_container_files_are_read_as_they_are_meant() {
    let yaml = "a:\n  # - no\n  x: \"one:two\"\n  volumes:\n    - ./f:/f\n    - \"g:/g\"\n  y: 1\n";
    assert_eq!(
        (values(yaml, "x"), values(yaml, "volumes")),
        (vec!["one:two".into()], vec!["./f:/f".into(), "g:/g".into()])
    );
    let file = instructions("# no\nFROM a AS b\nRUN one \\\n\t&& two\n");
    assert_eq!((of(&file, "FROM"), of(&file, "RUN")), (vec!["a AS b"], vec!["one  \t&& two"]));
}

//! The examples, built and run as processes, as a newcomer runs them.

use crate::support::process::{cargo, clean, folder, run, succeeded};
use std::path::{Path, PathBuf};

/// Builds an example with the features of this test, so that nothing else is built anew.
fn built(name: &str) -> PathBuf {
    let test = std::env::current_exe().expect("a test knows its own path");
    let profile = test.parent().and_then(Path::parent).expect("it stands in target/PROFILE/deps");
    let target = profile.parent().expect("it stands in target");
    let mut command = cargo();
    command.env("CARGO_TARGET_DIR", target);
    // With the features that the workspace has in this run, or half of its dependencies would be built a second time.
    command.args(["build", "--quiet", "--offline", "--locked", "--workspace", "--example", name]);
    if cfg!(feature = "failpoints") {
        command.arg("--all-features");
    }
    if profile.ends_with("release") {
        command.arg("--release");
    }
    let output = command.output().expect("cargo is there, it started this test");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    profile.join("examples").join(name)
}

fn example(name: &str) -> String {
    told(name, "")
}

fn told(name: &str, input: &str) -> String {
    succeeded(&run(clean(built(name), folder().path()), input))
}

/// What the documents show of an example: without its first words and what is for tools.
fn shown(code: &str) -> Vec<&str> {
    let for_tools = |line: &&str| line.starts_with("//!") || line.starts_with("#[rustfmt::skip]");
    code.lines().filter(|line| !for_tools(line)).skip_while(|line| line.is_empty()).collect()
}

#[test]
fn the_first_bot_has_eight_lines_and_they_are_the_same_everywhere() {
    let file = include_str!("../examples/first_bot.rs");
    let lines = shown(file);
    assert!(lines.iter().filter(|line| !line.is_empty()).count() <= 8, "{file}");
    let code = lines.join("\n");
    assert!(include_str!("../README.md").contains(&format!("```rust\n{code}\n```\n")), "README.md shows another one");
    let library = include_str!("../runtime/app/lib.rs").lines().filter_map(|line| line.strip_prefix("//!"));
    let library: Vec<&str> = library.map(|line| line.strip_prefix(' ').unwrap_or(line)).collect();
    let library = library.join("\n");
    assert!(library.contains(&format!("```no_run\n{code}\n```\n")), "the page of the library shows another one");
}

#[test]
fn the_first_bot_answers() {
    assert_eq!(told("first_bot", "hello\n"), "HELLO\n");
}

#[test]
fn a_bot_in_a_program() {
    let text = example("embed_bot");
    assert!(text.contains("Ana wrote hello and was told: hello"), "{text}");
    assert!(text.contains("messages sent: 1"), "the stranger got silence: {text}");
    assert!(text.contains("The bot spoke first: good morning"), "{text}");
}

#[test]
fn an_assistant_of_ones_own() {
    let text = example("custom_assistant");
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(
        lines,
        [
            "milk -> milk: noted, that makes 1.",
            "bread -> bread: noted, that makes 2.",
            "wine -> There are 2 things on the list already.",
            "list -> milk, bread",
        ]
    );
}

#[test]
fn a_channel_of_ones_own() {
    assert_eq!(example("custom_channel"), "+15551234567 was told: hello\n");
}

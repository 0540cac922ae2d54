//! Assistants that are programs or web services, as the program's owner meets them.

use crate::support::process::{clean, folder, run, succeeded};
use std::process::Output;
use tempfile::TempDir;

fn greenroom(folder: &TempDir, arguments: &[&str], assistant: &str, input: &str) -> Output {
    let channel = "[channels.front]\nadapter = \"console\"\n";
    std::fs::write(folder.path().join("greenroom.toml"), format!("{channel}[assistants.other]\n{assistant}"))
        .expect("the folder can be written");
    let mut command = clean(env!("CARGO_BIN_EXE_greenroom"), folder.path());
    command.args(arguments).env("BOT_SECRET", "a secret of some length").env("SHORT_SECRET", "short");
    run(command, input)
}

fn complaints(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// From a line on the console to a program in shell and back.
#[cfg(unix)]
#[test]
fn a_program_answers_a_person() {
    let folder = folder();
    // It takes the name of the turn and says one thing.
    let answers = r#"sed -u 's/.*"turn":"\([^"]*\)".*/{"turn":"\1","replies":[{"text":"said by a program"}]}/'"#;
    std::fs::write(folder.path().join("bot.sh"), answers).unwrap();
    let output = greenroom(&folder, &["chat"], "kind = \"process\"\ncommand = [\"sh\", \"bot.sh\"]\n", "hello\n");
    let text = succeeded(&output);
    assert!(text.contains("said by a program"), "{text}\n{}", complaints(&output));
}

#[cfg(unix)]
#[test]
fn check_says_that_a_program_is_not_sandboxed() {
    let output = greenroom(&folder(), &["check"], "kind = \"process\"\ncommand = [\"python3\", \"bot.py\"]\n", "");
    let text = complaints(&output);
    assert!(output.status.success(), "{text}");
    assert!(text.contains("warning: assistants.other is a program that is not sandboxed"), "{text}");
}

#[test]
fn check_refuses_a_service_where_no_turn_may_go() {
    let secret = "secret = { env = \"BOT_SECRET\" }";
    let cases = [
        (format!("url = \"http://bot.example.com/\"\n{secret}"), "assistants.other.url"),
        (format!("url = \"https://127.0.0.1/\"\n{secret}"), "private address 127.0.0.1"),
        (format!("url = \"https://me:pass@bot.example.com/\"\n{secret}"), "a user name or a password"),
        (
            "url = \"https://bot.example.com/\"\nsecret = { env = \"SHORT_SECRET\" }".to_owned(),
            "assistants.other.secret",
        ),
        ("url = \"https://bot.example.com/\"".to_owned(), "assistants.other.secret"),
        (format!("url = \"https://bot.example.com/\"\n{secret}\nredirects = 3"), "assistants.other.redirects"),
    ];
    for (keys, expected) in cases {
        let output = greenroom(&folder(), &["check"], &format!("kind = \"http\"\n{keys}\n"), "");
        let text = complaints(&output);
        assert!(!output.status.success() && text.contains(expected), "{keys}:\n{text}");
        assert!(!text.contains("me:pass") && !text.contains("some length"), "{text}");
    }
    let fine = greenroom(
        &folder(),
        &["check"],
        &format!("kind = \"http\"\nurl = \"https://bot.example.com/\"\n{secret}\n"),
        "",
    );
    assert!(fine.status.success(), "{}", complaints(&fine));
}

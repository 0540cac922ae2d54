use super::*;
use clap::CommandFactory;

fn parsed(line: &str) -> Result<Arguments, clap::Error> {
    Arguments::try_parse_from(line.split(' '))
}

#[test]
fn the_definitions_hold_together() {
    Arguments::command().debug_assert();
}

#[test]
fn without_a_command_it_runs() {
    assert!(parsed("greenroom").unwrap().command.is_none());
    let arguments = parsed("greenroom --config a.toml").unwrap();
    assert!(arguments.command.is_none() && arguments.config.is_some());
}

#[test]
fn the_file_may_stand_behind_the_command() {
    let arguments = parsed("greenroom check --config a.toml").unwrap();
    assert_eq!(arguments.config, Some("a.toml".into()));
    assert!(matches!(arguments.command, Some(Command::Check)));
}

#[test]
fn why_takes_an_id_or_a_number_or_nothing() {
    let why = |line: &str| match parsed(line).unwrap().command {
        Some(Command::Why { message, last, .. }) => (message, last),
        other => panic!("{other:?}"),
    };
    assert_eq!(why("greenroom why"), (None, None));
    assert_eq!(why("greenroom why c-1"), (Some("c-1".to_owned()), None));
    assert_eq!(why("greenroom why --last"), (None, Some(1)));
    assert_eq!(why("greenroom why --last 5"), (None, Some(5)));
    for wrong in ["greenroom why c-1 --last 5", "greenroom why --last 0", "greenroom why --last x"] {
        assert_eq!(parsed(wrong).unwrap_err().exit_code(), 2, "{wrong}");
    }
}

#[test]
fn status_is_health_and_what_is_unknown_is_wrong_usage() {
    assert!(matches!(parsed("greenroom status").unwrap().command, Some(Command::Health { json: false })));
    for line in ["greenroom nonsense", "greenroom store", "greenroom run --fast", "greenroom quarantine release x"] {
        assert_eq!(parsed(line).unwrap_err().exit_code(), 2, "{line}");
    }
}

#[test]
fn a_group_alone_lists_or_helps_and_help_is_a_command() {
    let quarantine = parsed("greenroom quarantine").unwrap().command;
    assert!(matches!(quarantine, Some(Command::Quarantine { command: None, json: false })));
    assert!(matches!(parsed("greenroom wakes").unwrap().command, Some(Command::Wakes { command: None })));
    assert!(matches!(parsed("greenroom outbox").unwrap().command, Some(Command::Outbox { command: None })));
    for wrong in ["greenroom outbox release", "greenroom outbox release 3EB0 --all", "greenroom outbox drop"] {
        assert_eq!(parsed(wrong).unwrap_err().exit_code(), 2, "{wrong}");
    }
    let model = parsed("greenroom model").unwrap().command;
    assert!(matches!(model, Some(Command::Model { command: None, json: false })));
    for group in ["store", "access", "config", "conversation"] {
        let help = parsed(&format!("greenroom {group}")).unwrap_err().to_string();
        assert!(help.contains("Commands:"), "{group}: {help}");
    }
    assert_eq!(parsed("greenroom help").unwrap_err().exit_code(), 0);
    assert_eq!(parsed("greenroom help link").unwrap_err().exit_code(), 0);
}

#[test]
fn what_lists_does_so_as_json_too_and_what_does_not_list_refuses_it() {
    for list in [
        "accounts",
        "accounts list",
        "allowlist",
        "channels",
        "health",
        "model",
        "model list",
        "quarantine",
        "quarantine list",
        "store verify",
        "why",
        "why --last 3",
        "why c-1",
        "why --refused",
        "doctor",
    ] {
        assert!(parsed(&format!("greenroom {list} --json")).is_ok(), "{list}");
    }
    for other in ["accounts clean --json", "accounts --json clean", "quarantine release 1 --json", "run --json"] {
        assert_eq!(parsed(&format!("greenroom {other}")).unwrap_err().exit_code(), 2, "{other}");
    }
}

#[test]
fn the_version_names_the_licence() {
    let text = parsed("greenroom --version").unwrap_err().to_string();
    assert!(text.contains("MIT OR Apache-2.0"), "{text}");
    assert_eq!(text.contains("AGPL-3.0 as a whole"), cfg!(feature = "whatsapp-web"), "{text}");
}

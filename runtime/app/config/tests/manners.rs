//! Commands of the house, the acknowledging reaction and the time zone, as they are written.

use super::{parsed, problems};
use greenroom_contract::policy::{ChannelPolicy, HouseCommands};

fn text(keys: &str) -> String {
    format!("[channels.desk]\nadapter = \"loopback\"\nallow_from = [\"*\"]\n{keys}\n[assistants.e]\nkind = \"echo\"")
}

fn policy(keys: &str) -> ChannelPolicy {
    parsed(&text(keys), &[]).unwrap().channels.remove(0).policy
}

#[test]
fn what_is_not_written_is_as_usual() {
    let policy = policy("");
    assert_eq!(policy.commands, HouseCommands::default());
    assert_eq!((policy.ack, policy.time_zone, policy.debounce), (None, None, None));
}

#[test]
fn commands_are_renamed_and_switched_off() {
    let keys = "ack = \"👀\"\ntime_zone = \"Europe/Zurich\"\n[channels.desk.commands]\nhelp = \"/hilfe\"\nnew = \"\"";
    let policy = policy(keys);
    let expected = HouseCommands { help: Some("/hilfe".to_owned()), new: None, ..HouseCommands::default() };
    assert_eq!(policy.commands, expected);
    assert_eq!((policy.ack.as_deref(), policy.time_zone.as_deref()), (Some("👀"), Some("Europe/Zurich")));
    let off = "[channels.desk.commands]\nhelp = \"\"\nnew = \"\"\nstop = \"\"\nstart = \"\"";
    assert_eq!(self::policy(off).commands, HouseCommands { help: None, new: None, stop: None, start: None });
}

#[test]
fn what_is_wrong_is_said_with_what_to_write() {
    for (keys, expected) in [
        ("ack = \"ok\"", "channels.desk.ack: \"ok\" is not an emoji; write one, such as \"👀\""),
        ("ack = \"\"", "channels.desk.ack: "),
        (
            "time_zone = \"+02:00\"",
            "channels.desk.time_zone: \"+02:00\" is not the name of a time zone; write one such as",
        ),
        (
            "commands = { help = \"/NEW\" }",
            "channels.desk.commands.new: \"/new\" is what help is called already; choose",
        ),
        (
            "commands = { help = \"help me\" }",
            "channels.desk.commands.help: \"help me\" is more than one word; write one",
        ),
        ("commands = { help = \"@help\" }", "channels.desk.commands.help: \"@help\" looks like a mention"),
        (
            "commands = { start = \"\" }",
            "channels.desk.commands.start: without it no one in the chat could end a silence",
        ),
        ("commands = { halt = \"/x\" }", "channels.desk.commands.halt: unknown key"),
        ("commands = { help = 7 }", "channels.desk.commands.help: this is the number 7, but must be a text"),
    ] {
        let found = problems(&text(keys), &[]);
        assert!(found.len() == 1 && found[0].starts_with(expected), "{keys}: {found:?}");
    }
    let long = format!("commands = {{ help = \"/{}\" }}", "x".repeat(40));
    assert!(problems(&text(&long), &[])[0].contains("41 characters are too many for a command"));
}

//! What a line means. Pure.

use greenroom_contract::address::Address;

/// The names of all commands, as they are shown to somebody who mistyped one.
pub(crate) const ALL: &str =
    "/image /voice /file /group /direct /as /me /reply /mention /react /edit /delete /help /quit";

/// What `/help` shows.
pub(crate) const HELP: &str = "\
a line                    a message
/image PATH [CAPTION]     send a picture
/voice PATH               send a voice note
/file PATH [CAPTION]      send a document, which bots cannot read
/group NAME               go into a group; /direct leaves it
/mention TEXT             address the bot in a group
/reply TEXT               answer the bot's last message
/react EMOJI              react to the bot's last message
/edit TEXT, /delete       change or delete your last message
/as +15551234567          write as another person; /me is you again
/help, /quit              this list; the end
A line that begins with // is a message that begins with /.";

/// What somebody wants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Command {
    Say(String),
    Image {
        path: String,
        caption: Option<String>,
    },
    Voice {
        path: String,
    },
    File {
        path: String,
        caption: Option<String>,
    },
    Group(String),
    Direct,
    As(Address),
    Me,
    Reply(String),
    Mention(String),
    React(Option<String>),
    Edit(String),
    Delete,
    Help,
    Quit,
    /// An empty line.
    Nothing,
}

/// Reads a line. The error is for the person who typed it.
pub(crate) fn parse(line: &str) -> Result<Command, String> {
    let line = line.trim_end_matches(['\r', '\n']);
    if line.trim().is_empty() {
        return Ok(Command::Nothing);
    }
    if line.starts_with("//") {
        return Ok(Command::Say(line[1..].to_owned()));
    }
    if !line.starts_with('/') {
        return Ok(Command::Say(line.to_owned()));
    }
    let (name, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
    let rest = rest.trim();
    match name {
        "/image" => with_path(name, rest).map(|(path, caption)| Command::Image { path, caption }),
        "/voice" => with_path(name, rest).and_then(|(path, more)| match more {
            None => Ok(Command::Voice { path }),
            Some(_) => Err("/voice takes one path; put a path with spaces between quotation marks".to_owned()),
        }),
        "/file" => with_path(name, rest).map(|(path, caption)| Command::File { path, caption }),
        "/group" => needed(rest, "/group NAME").and_then(group),
        "/direct" => alone(name, rest, Command::Direct),
        "/as" => Address::typed(rest).map(Command::As).map_err(|error| error.to_string()),
        "/me" => alone(name, rest, Command::Me),
        "/reply" => needed(rest, "/reply TEXT").map(Command::Reply),
        "/mention" => needed(rest, "/mention TEXT").map(Command::Mention),
        "/react" => Ok(Command::React((!rest.is_empty()).then(|| rest.to_owned()))),
        "/edit" => needed(rest, "/edit TEXT").map(Command::Edit),
        "/delete" => alone(name, rest, Command::Delete),
        "/help" | "/?" => alone(name, rest, Command::Help),
        "/quit" | "/exit" => alone(name, rest, Command::Quit),
        _ => Err(format!("unknown command {name}; the commands are {ALL}")),
    }
}

fn needed(rest: &str, usage: &str) -> Result<String, String> {
    if rest.is_empty() { Err(format!("write {usage}")) } else { Ok(rest.to_owned()) }
}

fn alone(name: &str, rest: &str, command: Command) -> Result<Command, String> {
    if rest.is_empty() { Ok(command) } else { Err(format!("{name} takes no argument")) }
}

/// A direct chat is named by an address, so a group must not look like one.
fn group(name: String) -> Result<Command, String> {
    if name.parse::<Address>().is_ok() {
        return Err(format!("{name:?} is the address of a person, not the name of a group"));
    }
    Ok(Command::Group(name))
}

/// A path, perhaps between quotation marks, and what follows it.
fn with_path(name: &str, rest: &str) -> Result<(String, Option<String>), String> {
    let quoted = ['"', '\''].into_iter().find_map(|mark| rest.strip_prefix(mark).map(|inner| (mark, inner)));
    let (path, more) = match quoted {
        Some((mark, inner)) => inner.split_once(mark).ok_or_else(|| format!("the closing {mark} is missing"))?,
        None => rest.split_once(char::is_whitespace).unwrap_or((rest, "")),
    };
    if path.is_empty() {
        return Err(format!("write {name} PATH"));
    }
    let more = more.trim();
    Ok((path.to_owned(), (!more.is_empty()).then(|| more.to_owned())))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn check(line: &str, expected: &str) {
        let got = parse(line).map_or_else(|error| format!("refused: {error}"), |command| format!("{command:?}"));
        assert!(got.starts_with(expected), "{line:?} gave {got}, expected {expected}");
    }

    #[test]
    fn a_line_is_a_message_and_a_slash_is_a_command() {
        check("hello", "Say(\"hello\")");
        check("  indented\r\n", "Say(\"  indented\")");
        check("//not a command", "Say(\"/not a command\")");
        check("   ", "Nothing");
        check("/image a.png", "Image { path: \"a.png\", caption: None }");
        check("/image \"my cat.png\" look at her", "Image { path: \"my cat.png\", caption: Some(\"look at her\") }");
        check("/image 'a", "refused: the closing ' is missing");
        check("/image", "refused: write /image PATH");
        check("/voice note.ogg", "Voice { path: \"note.ogg\" }");
        check("/voice a b", "refused: /voice takes one path");
        check("/file a.pdf read this", "File { path: \"a.pdf\", caption: Some(\"read this\") }");
        check("/group friends", "Group(\"friends\")");
        check("/group", "refused: write /group NAME");
        check("/group +15551234567", "refused: \"+15551234567\" is the address of a person");
        check("/direct", "Direct");
        check("/direct now", "refused: /direct takes no argument");
        check("/as +1 555 123 4567", "As(Address(+15551234567))");
        check("/as @ana", "As(Address(@ana))");
        check("/as ana", "refused: \"ana\" is not an address");
        check("/as", "refused: \"\" is not an address");
        check("/reply yes", "Reply(\"yes\")");
        check("/reply", "refused: write /reply TEXT");
        check("/mention who is there", "Mention(\"who is there\")");
        check("/react", "React(None)");
        check("/edit other", "Edit(\"other\")");
        check("/quit", "Quit");
        check("/imgae a.png", "refused: unknown command /imgae; the commands are /image");
    }

    #[test]
    fn every_command_that_is_shown_exists() {
        for name in ALL.split(' ') {
            if let Err(error) = parse(name) {
                assert!(!error.contains("unknown command"), "{name}: {error}");
            }
            assert!(HELP.contains(name), "{name} is not explained");
        }
    }

    proptest! {
        #[test]
        fn no_line_panics_and_no_message_is_lost(line in "\\PC*") {
            let parsed = parse(&line);
            if !line.starts_with('/') && !line.trim().is_empty() {
                prop_assert_eq!(parsed, Ok(Command::Say(line.trim_end_matches(['\r', '\n']).to_owned())));
            }
        }
    }
}

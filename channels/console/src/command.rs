//! What a line means. Pure.

use greenroom_contract::address::Address;
use greenroom_contract::message::{Contact, Location};

/// The names of all commands.
pub(crate) const ALL: &str = "/image /voice /file /location /contact /pick /group /direct /as /me /reply /mention /react \
     /edit /delete /? /quit";

/// What `/?` shows.
pub(crate) const HELP: &str = "\
a line                    a message
/image PATH [CAPTION]     send a picture
/voice PATH               send a voice note
/file PATH [CAPTION]      send a document
/location LAT,LON [NAME]  send a place, such as /location 47.37,8.54 Office
/contact NAME PHONE       send a contact, such as /contact Ana +15551234567
/pick NUMBER              tap an option of the bot's last question
/group NAME               go into a group; /direct leaves it
/mention TEXT             address the bot in a group
/reply TEXT               answer the bot's last message
/react EMOJI              react to the bot's last message
/edit TEXT, /delete       change or delete your last message
/as +15551234567          write as another person; /me is you again
/?, /quit                 this list; the end
Any other line that begins with / is for the bot, such as /help, /new, /stop and /start; so is a line that begins with //,
which arrives with one of them.";

/// What is shown when `/help` goes to the bot.
pub(crate) const OWN_HELP: &str = "this goes to the bot; /? lists the commands of this console";

/// What somebody wants.
#[derive(Debug, Clone, PartialEq)]
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
    Location(Location),
    Contact(Contact),
    /// The option with this number, from 1.
    Pick(usize),
    Group(String),
    Direct,
    As(Address),
    Me,
    Reply(String),
    Mention(String),
    React(Option<String>),
    Edit(String),
    Delete,
    /// What this console can do.
    OwnHelp,
    /// What the bot can do: asked as a message, as on every network.
    BotHelp,
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
        "/location" => location(rest).map(Command::Location),
        "/contact" => contact(rest).map(Command::Contact),
        "/pick" => rest.parse().map(Command::Pick).map_err(|_| "write /pick NUMBER, such as /pick 2".to_owned()),
        "/group" => needed(rest, "/group NAME").and_then(group),
        "/direct" => alone(name, rest, Command::Direct),
        "/as" => Address::typed(rest).map(Command::As).map_err(|error| error.to_string()),
        "/me" => alone(name, rest, Command::Me),
        "/reply" => needed(rest, "/reply TEXT").map(Command::Reply),
        "/mention" => needed(rest, "/mention TEXT").map(Command::Mention),
        "/react" => Ok(Command::React((!rest.is_empty()).then(|| rest.to_owned()))),
        "/edit" => needed(rest, "/edit TEXT").map(Command::Edit),
        "/delete" => alone(name, rest, Command::Delete),
        "/?" => alone(name, rest, Command::OwnHelp),
        "/help" if rest.is_empty() => Ok(Command::BotHelp),
        "/quit" | "/exit" => alone(name, rest, Command::Quit),
        // Commands of the bot are its own matter; only what looks like a slip of the fingers is asked about.
        _ => match ALL.split_whitespace().find(|own| strsim::osa_distance(own, name) <= 1) {
            Some(own) if own.len() > SHORT => {
                Err(format!("unknown command {name}; did you mean {own}? /{name} sends it to the bot as it is"))
            }
            _ => Ok(Command::Say(line.to_owned())),
        },
    }
}

/// Commands of this length, with their slash, are one slip away from too many words.
const SHORT: usize = 3;

/// `47.37,8.54 Office`
fn location(rest: &str) -> Result<Location, String> {
    let usage = || "write /location LAT,LON [NAME], such as /location 47.37,8.54 Office".to_owned();
    let (latitude, rest) = rest.split_once(',').ok_or_else(usage)?;
    let rest = rest.trim_start();
    let (longitude, name) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
    let degrees = |text: &str| text.trim().parse::<f64>().map_err(|_| usage());
    let name = (!name.trim().is_empty()).then(|| name.trim().to_owned());
    let location = Location { latitude: degrees(latitude)?, longitude: degrees(longitude)?, name, address: None };
    if !location.is_on_earth() {
        return Err("there is no such place: LAT goes from -90 to 90, LON from -180 to 180".to_owned());
    }
    Ok(location)
}

/// `Ana Maria +1 555 123 4567`: the number begins where the first word does that looks like one.
fn contact(rest: &str) -> Result<Contact, String> {
    let usage = || "write /contact NAME PHONE, such as /contact Ana +15551234567".to_owned();
    let begins_number = |at: &usize| {
        let word = &rest[*at..];
        word.strip_prefix(['+', '(']).unwrap_or(word).starts_with(|c: char| c.is_ascii_digit())
    };
    let starts = rest.match_indices(char::is_whitespace).map(|(at, space)| at + space.len());
    let number = starts.into_iter().find(begins_number).ok_or_else(usage)?;
    let (name, phone) = (rest[..number].trim(), rest[number..].trim());
    if name.is_empty() {
        return Err(usage());
    }
    Ok(Contact { name: Some(name.to_owned()), phones: vec![phone.to_owned()] })
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
        check("/imgae a.png", "refused: unknown command /imgae; did you mean /image? //imgae sends it to the bot");
        check(
            "/location 47.37,8.54 The office",
            "Location(Location { latitude: 47.37, longitude: 8.54, name: Some(\"The office\")",
        );
        check("/location 47.37, -8.54", "Location(Location { latitude: 47.37, longitude: -8.54, name: None");
        check("/location", "refused: write /location LAT,LON [NAME]");
        check("/location here", "refused: write /location LAT,LON [NAME]");
        check("/location 91,0", "refused: there is no such place");
        check("/location nan,0", "refused: there is no such place");
        check(
            "/contact Ana Maria +1 555 123",
            "Contact(Contact { name: Some(\"Ana Maria\"), phones: [\"+1 555 123\"] })",
        );
        check("/contact Ana", "refused: write /contact NAME PHONE");
        check("/contact +15551234567", "refused: write /contact NAME PHONE");
        check("/pick 2", "Pick(2)");
        check("/pick", "refused: write /pick NUMBER");
        check("/pick two", "refused: write /pick NUMBER");
        check("/pick -1", "refused: write /pick NUMBER");
    }

    #[test]
    fn what_is_for_the_bot_goes_to_the_bot() {
        check("/help", "BotHelp");
        check("/help me", "Say(\"/help me\")");
        check("/?", "OwnHelp");
        for command in ["/new", "/stop", "/start", "/menu of today", "/", "/a", "/123"] {
            check(command, &format!("Say({command:?})"));
        }
        check("//image", "Say(\"/image\")");
    }

    #[test]
    fn every_command_that_is_shown_exists() {
        for name in ALL.split_whitespace() {
            let parsed = parse(name);
            assert!(!matches!(parsed, Ok(Command::Say(_))), "{name} is for the bot");
            assert!(!matches!(&parsed, Err(error) if error.contains("unknown command")), "{name}: {parsed:?}");
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

//! Commands of the house: the words by which people command the bot itself, whoever answers. Pure.

use crate::decide::gate::is_spoken_to;
use greenroom_contract::message::{Body, Inbound};
use greenroom_contract::policy::{ChannelPolicy, HouseCommands};

/// A command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Command {
    /// What can be said here.
    Help,
    /// What was said before is forgotten.
    New,
    /// Silence.
    Stop,
    /// The end of a silence, and of what stayed.
    Start,
}

impl Command {
    /// All of them, as they are listed.
    pub(crate) const ALL: [Self; 4] = [Self::Help, Self::New, Self::Stop, Self::Start];

    /// The word of the trace.
    pub(crate) fn code(self) -> &'static str {
        match self {
            Self::Help => "help",
            Self::New => "new",
            Self::Stop => "stop",
            Self::Start => "start",
        }
    }

    /// What is typed for it; `None` if it is off. A silence that could not be ended is not begun either.
    pub(crate) fn word(self, words: &HouseCommands) -> Option<&str> {
        match self {
            Self::Help => words.help.as_deref(),
            Self::New => words.new.as_deref(),
            Self::Stop => words.stop.as_deref().filter(|_| words.start.is_some()),
            Self::Start => words.start.as_deref(),
        }
    }
}

/// The command that a message is: the whole of it, whatever its case, and beside it only what calls the bot. In a group
/// such words may be for another bot, so there the message must be for this one.
pub(crate) fn command(policy: &ChannelPolicy, inbound: &Inbound) -> Option<Command> {
    let Body::Text(text) = &inbound.body else { return None };
    // Almost every message is longer than any command with what may be beside it.
    if text.len() > LONGEST_BYTES || !is_spoken_to(policy, inbound) {
        return None;
    }
    let said = text.trim();
    let bare = without_calls(policy, said);
    let is = |word: &str| {
        let word = word.to_lowercase();
        said.to_lowercase() == word || bare.to_lowercase() == word
    };
    Command::ALL.into_iter().find(|command| command.word(&policy.commands).is_some_and(is))
}

const LONGEST_BYTES: usize = 512;

/// The words without mentions, names of the bot and the prefix that addresses it.
pub(crate) fn without_calls(policy: &ChannelPolicy, said: &str) -> String {
    let calls = |word: &str| {
        let word = word.trim_matches([',', ':', ';', '!', '.']).to_lowercase();
        word.starts_with('@') || policy.names.iter().any(|name| name.trim().to_lowercase() == word)
    };
    let mut said = said.to_owned();
    // Names of several words are found as they are written.
    for name in policy.names.iter().map(|name| name.trim()).filter(|name| name.contains(char::is_whitespace)) {
        if let Some(at) = said.to_lowercase().find(&name.to_lowercase()).filter(|at| said.is_char_boundary(*at)) {
            let end = at + name.len();
            if said.is_char_boundary(end) {
                said.replace_range(at..end, " ");
            }
        }
    }
    let words: Vec<&str> = said.split_whitespace().filter(|word| !calls(word)).collect();
    let bare = words.join(" ");
    let prefix = policy.command_prefix.as_deref().filter(|prefix| !prefix.is_empty());
    let unprefixed = prefix.and_then(|prefix| bare.strip_prefix(prefix)).map(|rest| rest.trim_start().to_owned());
    let bare = unprefixed.unwrap_or(bare);
    // Some clients write the bot's name behind the command.
    bare.split_once('@').map_or(bare.clone(), |(command, _)| command.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use greenroom_conformance::messages::{Refine, id, text_from};
    use greenroom_contract::message::Addressing;

    fn policy() -> ChannelPolicy {
        ChannelPolicy { names: vec!["Robo".to_owned(), "Miss Robo".to_owned()], ..ChannelPolicy::new(id("helper")) }
    }

    fn said(words: &str) -> Inbound {
        text_from("+15550000001", words)
    }

    fn in_group(words: &str, addressing: Addressing) -> Inbound {
        said(words).in_group("friends", addressing)
    }

    #[test]
    fn a_command_is_the_whole_message_whatever_its_case() {
        for (words, expected) in [
            ("/help", Some(Command::Help)),
            (" /HELP \n", Some(Command::Help)),
            ("/new", Some(Command::New)),
            ("/stop", Some(Command::Stop)),
            ("/Start", Some(Command::Start)),
            ("Robo, /stop", Some(Command::Stop)),
            ("miss robo /stop", Some(Command::Stop)),
            ("@15551234 /stop", Some(Command::Stop)),
            ("/stop @15551234", Some(Command::Stop)),
            ("/stop@robo", Some(Command::Stop)),
            ("/stop now", None),
            ("please /stop", None),
            ("stop", None),
            ("/stopp", None),
            ("", None),
            ("@15551234", None),
        ] {
            assert_eq!(command(&policy(), &said(words)), expected, "{words:?}");
        }
        assert_eq!(command(&policy(), &said(&"/help ".repeat(1_000))), None);
        let picture = Inbound { body: Body::Event { kind: "/help".to_owned() }, ..said("") };
        assert_eq!(command(&policy(), &picture), None);
    }

    #[test]
    fn in_a_group_the_message_must_be_for_the_bot() {
        for (words, addressing, expected) in [
            ("/stop", Addressing::Overheard, None),
            ("/stop", Addressing::Mentioned, Some(Command::Stop)),
            ("/stop", Addressing::Replied, Some(Command::Stop)),
            ("robo /stop", Addressing::Overheard, Some(Command::Stop)),
            ("robot /stop", Addressing::Overheard, None),
        ] {
            assert_eq!(command(&policy(), &in_group(words, addressing)), expected, "{words:?} {addressing:?}");
        }
    }

    #[test]
    fn words_are_renamed_and_switched_off() {
        let mut policy = policy();
        policy.commands.help = Some("/Hilfe".to_owned());
        policy.commands.new = None;
        assert_eq!(command(&policy, &said("/hilfe")), Some(Command::Help));
        assert_eq!(command(&policy, &said("/help")), None);
        assert_eq!(command(&policy, &said("/new")), None);
        policy.commands.start = None;
        assert_eq!(command(&policy, &said("/stop")), None, "no one could end that silence");
    }

    #[test]
    fn a_prefix_that_addresses_the_bot_may_be_before_a_command_or_be_its_beginning() {
        let mut policy = policy();
        policy.command_prefix = Some("!".to_owned());
        assert_eq!(command(&policy, &in_group("!/stop", Addressing::Overheard)), Some(Command::Stop));
        policy.command_prefix = Some("/".to_owned());
        assert_eq!(command(&policy, &in_group("/stop", Addressing::Overheard)), Some(Command::Stop));
    }
}

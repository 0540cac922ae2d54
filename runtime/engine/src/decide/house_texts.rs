//! What the bot itself says in a chat, where it is not an assistant that speaks: one table, and one file for each
//! language. A further language is a file here and a line in [`LANGUAGES`].

mod english;
mod french;
mod german;
pub(crate) mod linking;
mod portuguese;
mod spanish;

pub(crate) use english::ENGLISH;

use crate::decide::commands::Command;
use greenroom_contract::policy::HouseCommands;
use linking::LinkingTexts;

/// Everything the bot itself says in a chat, in one language.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct HouseTexts {
    /// A voice note could not be heard.
    pub(crate) not_heard: &'static str,
    /// A voice note was heard, and there are no words in it.
    pub(crate) nothing_said: &'static str,
    /// There is no model to hear with.
    pub(crate) cannot_hear_yet: &'static str,
    /// A voice note is too long.
    pub(crate) voice_too_long: &'static str,
    /// The format of an audio is not understood.
    pub(crate) voice_format: &'static str,
    /// A picture could not be fetched.
    pub(crate) not_seen: &'static str,
    /// A message that can be viewed once.
    pub(crate) view_once: &'static str,
    /// A message whose content only the phone has.
    pub(crate) unreadable: &'static str,
    /// A kind of message that is not understood and has no plain name.
    pub(crate) unsupported: &'static str,
    /// A kind of message that is not understood; [`KIND`] stands for its plain name.
    pub(crate) unsupported_kind: &'static str,
    /// The plain names of kinds, by the words of networks. What is not listed is not named: people do not know the
    /// words of protocols.
    pub(crate) kinds: &'static [(&'static str, &'static str)],
    /// Too many turns in a short time.
    pub(crate) too_many: &'static str,
    /// Two programs seem to answer each other.
    pub(crate) two_programs: &'static str,
    /// The assistant has been away for long, and the message waits for it.
    pub(crate) later: &'static str,
    /// A message could not be answered.
    pub(crate) not_answered: &'static str,
    /// What each command of the house does, in the order of [`Command::ALL`].
    pub(crate) commands: [&'static str; 4],
    /// What was said before is forgotten.
    pub(crate) forgotten: &'static str,
    /// The bot is silent from now on; [`START`] stands for the command that ends it.
    pub(crate) silent: &'static str,
    /// A silence is over.
    pub(crate) back: &'static str,
    /// Someone says that they want to start, and there was no silence.
    pub(crate) welcome: &'static str,
    /// The same; [`HELP`] stands for the command that helps.
    pub(crate) welcome_and_help: &'static str,
    /// Instead of a voice note that could not be made.
    pub(crate) voice_not_made: &'static str,
    /// Instead of a voice note, where the network carries none.
    pub(crate) voice_not_carried: &'static str,
    /// Instead of a picture, where the network carries none.
    pub(crate) picture_not_carried: &'static str,
    /// Instead of a document, where the network carries none, or not this one; [`NAME`] stands for its name.
    document_not_carried: &'static str,
    /// Instead of a place that is not on earth.
    pub(crate) no_such_place: &'static str,
    /// A document could not be fetched.
    pub(crate) document_not_opened: &'static str,
    /// A document is too large.
    pub(crate) document_too_large: &'static str,
    /// A question without words of its own.
    pub(crate) choose: &'static str,
    /// How an option is chosen by typing; in a group only in visible answer to the question.
    pub(crate) choose_by_number: Hint,
    /// The same, where the options are numbers themselves.
    pub(crate) choose_by_name: Hint,
    /// What is said of linking an e-mail address.
    pub(crate) linking: LinkingTexts,
}

/// Every language, by its tag (ISO 639). The first one is spoken where no other is known.
pub(crate) const LANGUAGES: [(&str, &HouseTexts); 5] = [
    ("en", &ENGLISH),
    ("es", &spanish::SPANISH),
    ("de", &german::GERMAN),
    ("fr", &french::FRENCH),
    ("pt", &portuguese::PORTUGUESE),
];

/// The texts of a language, by a BCP 47 tag such as `de-AT`; of one that is not spoken here, those in English.
pub(crate) fn in_language(tag: Option<&str>) -> &'static HouseTexts {
    let primary = tag.unwrap_or_default().split(['-', '_']).next().unwrap_or_default();
    let spoken = LANGUAGES.iter().find(|(language, _)| language.eq_ignore_ascii_case(primary));
    spoken.unwrap_or(&LANGUAGES[0]).1
}

/// A hint for a chat with one person, and for a group.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Hint {
    direct: &'static str,
    group: &'static str,
}

impl Hint {
    pub(crate) fn here(&self, in_group: bool) -> &'static str {
        if in_group { self.group } else { self.direct }
    }
}

/// Stands for the kind of a message in [`HouseTexts::unsupported_kind`].
const KIND: &str = "%kind%";
/// Stands for the name of a document in [`HouseTexts::document_not_carried`].
const NAME: &str = "%name%";

/// Stands for the command that ends a silence.
const START: &str = "%start%";
/// Stands for the command that helps.
const HELP: &str = "%help%";

impl HouseTexts {
    /// What can be said here: what the assistant offers, then the commands that are on.
    pub(crate) fn help(&self, offers: Option<&str>, words: &HouseCommands) -> String {
        let about = |(command, about): (Command, &&str)| Some(format!("{} {about}", command.word(words)?));
        let commands: Vec<String> = Command::ALL.into_iter().zip(&self.commands).filter_map(about).collect();
        let offers = offers.map(str::trim).filter(|offers| !offers.is_empty());
        offers.map(str::to_owned).into_iter().chain([commands.join("\n")]).collect::<Vec<_>>().join("\n\n")
    }

    /// The answer to a command that ends a silence.
    pub(crate) fn started(&self, was_silent: bool, words: &HouseCommands) -> String {
        match Command::Help.word(words) {
            _ if was_silent => self.back.to_owned(),
            Some(help) => self.welcome_and_help.replace(HELP, help),
            None => self.welcome.to_owned(),
        }
    }

    /// The answer to a command that begins a silence.
    pub(crate) fn stopped(&self, words: &HouseCommands) -> String {
        self.silent.replace(START, Command::Start.word(words).unwrap_or_default())
    }

    /// That a document cannot be sent.
    pub(crate) fn document_not_carried(&self, name: &str) -> String {
        self.document_not_carried.replace(NAME, name)
    }

    /// That a kind of message is not understood.
    pub(crate) fn unsupported(&self, kind: &str) -> String {
        match self.kinds.iter().find(|(word, _)| *word == kind) {
            Some((_, name)) => self.unsupported_kind.replace(KIND, name),
            None => self.unsupported.to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn help_lists_what_the_assistant_offers_and_the_commands_that_are_on() {
        let words = HouseCommands { new: None, help: Some("/hilfe".to_owned()), ..HouseCommands::default() };
        let help = ENGLISH.help(Some(" Ask me about pizza. "), &words);
        let expected =
            "Ask me about pizza.\n\n/hilfe shows this\n/stop makes me silent here\n/start makes me answer here again";
        assert_eq!(help, expected);
        assert!(ENGLISH.help(None, &HouseCommands::default()).starts_with("/help shows this\n/new forgets"));
    }

    #[test]
    fn answers_to_commands_name_the_commands_as_they_are_called_here() {
        let words = HouseCommands { start: Some("/los".to_owned()), ..HouseCommands::default() };
        assert_eq!(
            ENGLISH.stopped(&words),
            "I am silent here from now on. Write /los when you want me to answer again."
        );
        assert_eq!(ENGLISH.started(true, &words), "I am here again.");
        assert!(ENGLISH.started(false, &words).ends_with(" /help shows what you can write."));
        let silent = HouseCommands { help: None, ..words };
        assert_eq!(ENGLISH.started(false, &silent), ENGLISH.welcome);
    }

    #[test]
    fn a_language_is_found_by_its_tag_and_an_unknown_one_is_english() {
        for (tag, not_answered) in [
            (None, "Sorry"),
            (Some("en-GB"), "Sorry"),
            (Some("DE"), "Das"),
            (Some("de_AT"), "Das"),
            (Some("es-MX"), "Lo siento"),
            (Some("fr"), "Désolé"),
            (Some("pt-BR"), "Desculpe"),
            (Some("ja"), "Sorry"),
            (Some(""), "Sorry"),
        ] {
            let texts = in_language(tag);
            assert!(texts.not_answered.starts_with(not_answered), "{tag:?}: {}", texts.not_answered);
        }
    }

    /// The words between percent signs of a text.
    fn placeholders(text: &str) -> Vec<&str> {
        let mut found: Vec<&str> = text.split('%').skip(1).step_by(2).collect();
        found.sort_unstable();
        found
    }

    #[test]
    fn every_language_names_the_same_things_at_the_same_places() {
        let all = |texts: &HouseTexts| -> Vec<&'static str> {
            let mut all = vec![
                texts.not_heard,
                texts.nothing_said,
                texts.cannot_hear_yet,
                texts.voice_too_long,
                texts.voice_format,
                texts.not_seen,
                texts.view_once,
                texts.unreadable,
                texts.unsupported,
                texts.unsupported_kind,
                texts.too_many,
                texts.two_programs,
                texts.later,
                texts.not_answered,
                texts.forgotten,
                texts.silent,
                texts.back,
                texts.welcome,
                texts.welcome_and_help,
                texts.voice_not_made,
                texts.voice_not_carried,
                texts.picture_not_carried,
                texts.document_not_carried,
                texts.no_such_place,
                texts.document_not_opened,
                texts.document_too_large,
                texts.choose,
                texts.choose_by_number.direct,
                texts.choose_by_number.group,
                texts.choose_by_name.direct,
                texts.choose_by_name.group,
            ];
            all.extend(texts.commands);
            all.extend(texts.linking.all());
            all
        };
        let english = all(&ENGLISH);
        for (tag, texts) in LANGUAGES {
            let said = all(texts);
            assert_eq!(said.len(), english.len());
            for (here, there) in said.iter().zip(&english) {
                assert!(!here.trim().is_empty(), "{tag}: {there}");
                assert_eq!(placeholders(here), placeholders(there), "{tag}: {here}");
            }
            let kinds = |texts: &HouseTexts| texts.kinds.iter().map(|(word, _)| *word).collect::<Vec<_>>();
            assert_eq!(kinds(texts), kinds(&ENGLISH), "{tag}");
        }
    }

    #[test]
    fn the_kind_of_a_message_is_named() {
        assert_eq!(
            ENGLISH.unsupported("sticker"),
            "I cannot read this kind of message yet (sticker). Please write instead."
        );
    }

    #[test]
    fn no_word_of_a_protocol_reaches_a_person() {
        for kind in ["interactive", "request_welcome", "template", "unsupported", "kind-of-tomorrow", ""] {
            assert_eq!(ENGLISH.unsupported(kind), "I cannot read this kind of message yet. Please write instead.");
        }
        for (word, name) in LANGUAGES.iter().flat_map(|(_, texts)| texts.kinds) {
            assert!(!name.contains(['_', '-']), "{word}");
        }
    }
}

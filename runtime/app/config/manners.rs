//! How the bot behaves towards people in a channel: its commands, the reaction that shows it has a message, their time zone.

use super::read::Section;
use greenroom_contract::limits;
use greenroom_contract::policy::{ChannelPolicy, HouseCommands};

/// What a channel says about it; `None` is as usual.
#[derive(Debug, Default)]
pub(super) struct Manners {
    ack: Option<String>,
    time_zone: Option<String>,
    language: Option<String>,
    commands: HouseCommands,
}

impl Manners {
    pub(super) fn read(section: &mut Section) -> Self {
        let ack: Option<String> = section.take("ack");
        if let Some(text) = ack.as_deref().filter(|text| !is_one_emoji(text)) {
            section
                .problem("ack", format!("{text:?} is not an emoji; write one, such as \"👀\", or leave the key out"));
        }
        let time_zone: Option<String> = section.take("time_zone");
        if let Some(name) = time_zone.as_deref().filter(|name| !is_time_zone(name)) {
            let what =
                format!("{name:?} is not the name of a time zone; write one such as \"Europe/Zurich\" or \"UTC\"");
            section.problem("time_zone", what);
        }
        let language: Option<String> = section.take("language");
        if let Some(tag) = language.as_deref().filter(|tag| !is_language_tag(tag)) {
            section.problem(
                "language",
                format!("{tag:?} is not the tag of a language; write one such as \"de\" or \"pt-BR\""),
            );
        }
        Self { ack, time_zone, language, commands: commands(section.take_table("commands")) }
    }

    pub(super) fn applied(self, usual: ChannelPolicy) -> ChannelPolicy {
        ChannelPolicy {
            ack: self.ack,
            time_zone: self.time_zone,
            language: self.language,
            commands: self.commands,
            ..usual
        }
    }
}

fn commands(mut section: Section) -> HouseCommands {
    let usual = HouseCommands::default();
    let mut taken: Vec<(&'static str, String)> = Vec::new();
    let mut word = |key: &'static str, usual: Option<String>| {
        let written: Option<String> = section.take(key);
        let word = written.map_or(usual, |word| Some(word.trim().to_owned()).filter(|word| !word.is_empty()))?;
        if let Some(what) = wrong(&word) {
            section.problem(key, what);
            return None;
        }
        let folded = word.to_lowercase();
        if let Some((other, _)) = taken.iter().find(|(_, known)| *known == folded) {
            section.problem(key, format!("{word:?} is what {other} is called already; choose another word"));
        }
        taken.push((key, folded));
        Some(word)
    };
    let commands = HouseCommands {
        help: word("help", usual.help),
        new: word("new", usual.new),
        stop: word("stop", usual.stop),
        start: word("start", usual.start),
    };
    if commands.stop.is_some() && commands.start.is_none() && !section.refused("start") {
        let what = "without it no one in the chat could end a silence; name a word, or switch stop off with \"\"";
        section.problem("start", what);
    }
    section.finish();
    commands
}

/// What is wrong with the word of a command.
fn wrong(word: &str) -> Option<String> {
    if word.contains(char::is_whitespace) {
        return Some(format!("{word:?} is more than one word; write one, such as \"/help\""));
    }
    if word.contains('@') {
        return Some(format!("{word:?} looks like a mention; write a word without @"));
    }
    let chars = word.chars().count();
    (chars > limits::COMMAND_CHARS_MAX)
        .then(|| format!("{chars} characters are too many for a command; write at most {}", limits::COMMAND_CHARS_MAX))
}

/// Whether a text is one emoji as people see it: one symbol with what changes it, or several that are joined.
fn is_one_emoji(text: &str) -> bool {
    const JOINER: char = '\u{200d}';
    const KEYCAP: char = '\u{20e3}';
    let changes = |c: char| matches!(c, '\u{fe0e}' | '\u{fe0f}' | '\u{1f3fb}'..='\u{1f3ff}' | '\u{e0020}'..='\u{e007f}' | JOINER | KEYCAP);
    let is_flag_letter = |c: &char| matches!(c, '\u{1f1e6}'..='\u{1f1ff}');
    if text.is_empty() || text.len() > limits::ACK_BYTES_MAX {
        return false;
    }
    // A digit is an emoji only on the cap of a key.
    if text.chars().any(|c| c.is_alphanumeric() || c.is_whitespace() || c.is_control() || c.is_ascii()) {
        let mut chars = text.chars();
        let key = chars.next().is_some_and(|c| c.is_ascii_digit() || c == '#' || c == '*');
        return key && matches!(chars.as_str(), "\u{20e3}" | "\u{fe0f}\u{20e3}");
    }
    let letters = text.chars().filter(is_flag_letter).count();
    if letters > 0 {
        return letters == 2 && text.chars().count() == 2;
    }
    let mut symbols = 0;
    let mut before = None;
    for c in text.chars() {
        symbols += usize::from(!changes(c) && before != Some(JOINER));
        before = Some(c);
    }
    symbols == 1 && text.chars().next().is_some_and(|c| !changes(c)) && before != Some(JOINER)
}

/// Whether it has the shape of a BCP 47 tag.
fn is_language_tag(tag: &str) -> bool {
    let mut parts = tag.split('-');
    let primary = parts.next().unwrap_or_default();
    let is_word = |part: &str| (1..=8).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_alphanumeric());
    tag.len() <= limits::LANGUAGE_BYTES_MAX
        && (2..=3).contains(&primary.len())
        && primary.bytes().all(|b| b.is_ascii_alphabetic())
        && parts.all(is_word)
}

/// Whether a text has the shape of an IANA name. Which of them a machine knows changes with its database.
fn is_time_zone(name: &str) -> bool {
    let part = |part: &str| {
        let begins = part.chars().next().is_some_and(|c| c.is_ascii_alphabetic());
        begins && part.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '+'))
    };
    name.len() <= limits::NAME_CHARS_MAX && name.split('/').count() <= 3 && name.split('/').all(part)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_emoji_is_one_however_it_is_made() {
        for emoji in ["👀", "⏳", "❤️", "👍🏽", "👩‍💻", "🇨🇭", "🏴󠁧󠁢󠁳󠁣󠁴󠁿", "1️⃣", "✔", "🏳️‍🌈"]
        {
            assert!(is_one_emoji(emoji), "{emoji}");
        }
        for other in ["", " ", "a", "ok", "👀👀", "👀 ", "1", "é", ":)", "👍🏽👍🏽", "🇨🇭🇨🇭", "🇨", "\u{200d}", "👩‍", "\n"]
        {
            assert!(!is_one_emoji(other), "{other:?}");
        }
        assert!(!is_one_emoji(&"👩‍".repeat(40)));
    }

    #[test]
    fn a_time_zone_has_the_shape_of_a_name() {
        for name in ["UTC", "Europe/Zurich", "America/Argentina/Buenos_Aires", "Etc/GMT+3", "America/Port-au-Prince"] {
            assert!(is_time_zone(name), "{name}");
        }
        for other in ["", "+02:00", "Europe/", "/Zurich", "Europe Zurich", "a/b/c/d", "Zürich", "Europe//Zurich"] {
            assert!(!is_time_zone(other), "{other:?}");
        }
    }
}

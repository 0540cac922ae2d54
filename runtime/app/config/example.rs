//! The example configuration: made from the registry, so that it cannot name what does not exist.

use super::EMBEDDED;
use super::schema::{ASSISTANT, CHANNEL, GROUP, MODEL, ROOT, TOOLS};
use crate::registry::Registry;
use greenroom_contract::schema::{Key, KeyKind, find};
use std::fmt::Write;

/// The example as `greenroom config example` prints it. It is itself a valid configuration: what is rarely set, and
/// kinds that need something of yours, are comments.
pub fn example(registry: &Registry) -> String {
    let mut text = format!("{HEAD}\n{}", prose(about("channels")));
    for entry in registry.channels() {
        let kind = entry.kind.kind();
        let mut section = format!(
            "[channels.{kind}]\nadapter = \"{kind}\"          # {}\nassistant = \"echo\"\n",
            entry.kind.about()
        );
        section.push_str(&lines(entry.kind.keys()));
        let live = EMBEDDED.contains(&format!("[channels.{kind}]"));
        if live {
            section.push_str(&lines(CHANNEL.iter().filter(|key| !["adapter", "assistant"].contains(&key.name))));
            let _ = write!(section, "\n{}", prose(group_about()));
            let _ = write!(section, "# [channels.{kind}.group.\"friends\"]\n{}", lines(GROUP));
        }
        push(&mut text, &section, live);
    }
    let _ = write!(text, "\n{}", prose(about("assistants")));
    for entry in registry.assistants() {
        let kind = entry.kind();
        let mut section = format!("[assistants.{kind}]\nkind = \"{kind}\"             # {}\n", entry.about());
        section.push_str(&lines(entry.keys()));
        let live = EMBEDDED.contains(&format!("[assistants.{kind}]"));
        if live {
            section.push_str(&lines(ASSISTANT.iter().filter(|key| key.name != "kind")));
        }
        push(&mut text, &section, live);
    }
    for (section, name, keys) in [("models", "main", MODEL), ("tools", "tasks", TOOLS)] {
        if !keys.is_empty() {
            let _ = write!(text, "\n{}", prose(about(section)));
            push(&mut text, &format!("[{section}.{name}]\n{}", lines(keys)), false);
        }
    }
    for section in ROOT {
        if let KeyKind::Table(keys) = section.kind {
            let _ = write!(text, "\n[{}]\n{}{}", section.name, prose(section.about), lines(keys));
        }
    }
    text
}

fn about(section: &str) -> &'static str {
    find(ROOT, section).map(|key| key.about).unwrap_or_default()
}

fn group_about() -> &'static str {
    find(CHANNEL, "group").map(|key| key.about).unwrap_or_default()
}

fn push(text: &mut String, section: &str, live: bool) {
    text.push('\n');
    for line in section.lines() {
        let mark = if live || line.starts_with('#') { "" } else { "# " };
        let _ = writeln!(text, "{mark}{line}");
    }
}

/// Each key with what it is for. What must be written is a line of its own; the rest are comments.
fn lines<'a>(keys: impl IntoIterator<Item = &'a Key>) -> String {
    let mut text = String::new();
    for key in keys {
        let variable = key.env.filter(|_| key.kind == KeyKind::Secret);
        let secret = variable.map(|variable| format!("{{ env = \"{variable}\" }}"));
        let Some(value) = key.shown().map(str::to_owned).or(secret) else { continue };
        let mark = if key.required { "" } else { "# " };
        let _ = writeln!(text, "{}{mark}{} = {value}", prose(&words(key)), key.name);
    }
    text
}

/// What a key is for, and the words that it takes.
fn words(key: &Key) -> String {
    match key.kind {
        KeyKind::Choice(words) => format!("{} One of: {}.", key.about, words.join(", ")),
        _ => key.about.to_owned(),
    }
}

/// A comment of whole words, as wide as the lines of a document.
fn prose(text: &str) -> String {
    textwrap::wrap(text, PROSE_COLUMNS).iter().fold(String::new(), |lines, line| lines + "# " + line + "\n")
}

/// With the mark in front of it, a line is as wide as those of the source.
const PROSE_COLUMNS: usize = 108;

const HEAD: &str = "\
# Greenroom's configuration. `greenroom check` says everything that is wrong with it.
#
# Any key can also be set by an environment variable: GREENROOM_, then the path in capitals with two
# underscores between its parts, such as GREENROOM_STORE__PATH=/var/lib/greenroom. Lists may be
# written with commas.
";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Config, Origin};

    fn problems(text: &str) -> String {
        Config::parse(Origin::Program, text, [], &Registry::standard(), &[])
            .map_or_else(|error| error.to_string(), |config| config.warnings.join("\n"))
    }

    // A build without WhatsApp Web has one channel less than the file.
    #[cfg(feature = "whatsapp-web")]
    #[test]
    fn the_committed_example_is_the_generated_one() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/greenroom.toml");
        let generated = example(&Registry::standard());
        if std::env::var_os("UPDATE_GOLDEN").is_some() {
            std::fs::write(path, &generated).unwrap();
        }
        let committed = std::fs::read_to_string(path).unwrap();
        assert_eq!(committed, generated, "run the tests once with UPDATE_GOLDEN=1");
    }

    #[test]
    fn the_example_is_sound_and_so_is_every_key_in_its_comments() {
        let text = example(&Registry::standard());
        assert_eq!(problems(&text), "");
        // A commented line is a key if it reads as TOML; prose does not.
        let uncommented = text
            .lines()
            .map(|line| match line.strip_prefix("# ") {
                Some(rest) if rest.starts_with('[') || rest.parse::<toml::Table>().is_ok() => rest,
                _ => line,
            })
            .collect::<Vec<_>>()
            .join("\n");
        assert!(uncommented.contains("\ngroups = \"mention\"\n"), "{uncommented}");
        assert!(uncommented.contains("\n[channels.loopback]\n"), "{uncommented}");
        // Secrets come from the environment; this variable is set wherever tests run.
        let uncommented = uncommented.replace("{ env = \"BOT_SECRET\" }", "{ env = \"PATH\" }");
        let uncommented = uncommented.replace("{ env = \"ALERTS_SECRET\" }", "{ env = \"PATH\" }");
        let uncommented = uncommented.replace("{ env = \"SMTP_PASSWORD\" }", "{ env = \"PATH\" }");
        let uncommented = uncommented.replace("{ env = \"IDENTITY_SECRET\" }", "{ env = \"PATH\" }");
        let uncommented = uncommented.replace("{ env = \"MODEL_KEY\" }", "{ env = \"PATH\" }");
        let uncommented = uncommented.replace("{ env = \"AUTH_SECRET", "{ env = \"PATH\" } # \"");
        // A certificate is either ordered or read from files.
        let is_of_files = |line: &&str| !line.starts_with("certificate = ") && !line.starts_with("key = \"key.pem");
        let uncommented = uncommented.lines().filter(is_of_files).collect::<Vec<_>>().join("\n");
        let complaint = problems(&uncommented.replace("{ env = \"WHATSAPP_", "{ env = \"PATH\" } # \""));
        // All kinds of assistants are in it, and one is used.
        let of_assistants = ["is not used by any channel", "not sandboxed", "sends what people write"];
        let is_expected = |line: &&str| {
            line.starts_with("assistants.") && of_assistants.iter().any(|expected| line.contains(expected))
        };
        let complaint = complaint.lines().filter(|line| !is_expected(line)).collect::<Vec<_>>().join("\n");
        let expected =
            ["loopback", "whatsapp-cloud", "whatsapp-web"].map(|name| format!("channels.{name}.allow_from is empty"));
        assert!(complaint.lines().all(|line| expected.iter().any(|e| line.starts_with(e.as_str()))), "{complaint}");
    }
}

//! The example configuration: made from the registry, so that it cannot name what does not exist.

use super::{EMBEDDED, LISTEN};
use crate::registry::Registry;
use std::fmt::Write;

/// The example as `greenroom config example` prints it. It is itself a valid configuration: what one
/// would rarely set, and kinds that need something of yours, are comments.
pub fn example(registry: &Registry) -> String {
    let mut text = HEAD.to_owned();
    for entry in registry.channels() {
        let (kind, about) = (entry.kind.kind(), entry.kind.about());
        let mut section = format!("[channels.{kind}]\nadapter = \"{kind}\"          # {about}\nassistant = \"echo\"\n");
        section.push_str(entry.kind.example());
        let live = EMBEDDED.contains(&format!("[channels.{kind}]"));
        push(&mut text, &section, live);
        if live {
            text.push_str(POLICY);
        }
    }
    text.push_str("\n# Assistants: what answers.\n");
    for kind in registry.assistants() {
        let (name, about) = (kind.kind(), kind.about());
        let section = format!("[assistants.{name}]\nkind = \"{name}\"             # {about}\n{}", kind.example());
        let live = EMBEDDED.contains(&format!("[assistants.{name}]"));
        push(&mut text, &section, live);
        if live {
            text.push_str(TURNS);
        }
    }
    let _ = write!(text, "{}", TAIL.replace("LISTEN", LISTEN));
    text
}

fn push(text: &mut String, section: &str, live: bool) {
    text.push('\n');
    for line in section.lines() {
        let mark = if live || line.starts_with('#') { "" } else { "# " };
        let _ = writeln!(text, "{mark}{line}");
    }
}

const HEAD: &str = "\
# Greenroom's configuration. `greenroom check` says everything that is wrong with it.
#
# Any key can also be set by an environment variable: GREENROOM_, then the path in capitals with two
# underscores between its parts, such as GREENROOM_STORE__PATH=/var/lib/greenroom. Lists may be
# written with commas.

# Channels: where people write. The name is yours; the adapter is what speaks the network.
";

const POLICY: &str = r#"# Who is answered: "+15551234567", "lid:...", "bsuid:...", "@name", "group:ID", or "*" for everybody.
# Everyone else gets no sign at all. On a console you are admitted without it.
# allow_from = ["+15551234567"]
# When the bot speaks in groups: mention, always, never.
# groups = "mention"
# Names that address the bot in a group, beside a mention; and a prefix that does.
# names = ["greta"]
# command_prefix = "!"
# Messages that come while an answer is prepared: queue, collect (answer them as one), interrupt.
# busy = "queue"
# How long to wait for more messages of the same person before answering.
# debounce_ms = 0
# Whether group talk that is not for the bot is kept in memory as context: forget, remember.
# overheard = "forget"
# off: the bot listens and never sends.
# outbound = "on"
# What to do with a message when it is unknown whether it was sent: resend, hold.
# uncertain = "resend"
# reconcile_seconds = 60
# Turns of one person and of one group.
# rates = { person_per_minute = 20, person_per_day = 1000, group_per_minute = 40, group_per_day = 2000 }

# What is different in one group.
# [channels.console.group."friends"]
# admit = true
# mode = "always"
# voice_wakes = false
# assistant = "echo"
"#;

const TURNS: &str = "\
# How long one answer may take, and how many are prepared at the same time.
# timeout_seconds = 120
# turns_max = 64
";

const TAIL: &str = r#"
[gateway]
# The HTTP interface: health, why, allow-lists. The CLI uses it while the server runs.
# enabled = true
# listen = "LISTEN"
# How the world reaches it, if it does.
# public_url = "https://bot.example.com"
# Accounts that may be linked at run time: of one owner, and of all together. Those that are just being
# linked count; those whose codes ran out do not.
# sessions_per_owner_max = 5
# sessions_max = 20

[store]
# The folder that holds everything, and the engine that keeps it: sled, fjall.
# path = "./data"
# engine = "sled"
# Opens a store that lost something as it is. Only after `greenroom store verify` said what is lost.
# accept_damage = false

[voice]
# The model that hears voice notes: a name that `greenroom model list` shows, or a path. Unless set, the
# one that `greenroom model fetch` fetched into the folder below.
# model = "base"
# models = "./data/models"
# Where models are fetched from.
# url = "https://huggingface.co/ggerganov/whisper.cpp/resolve/main"
# What people speak, as "en"; auto finds out, which takes twice as long.
# language = "auto"
# Notes that are heard at the same time; half the cores, 1 to 2, unless set. And threads for each: more
# threads than free cores are slower than one.
# workers = 1
# threads = 1
# The longest note that is heard.
# seconds_max = 300
# For models that need it: must something be said, positions of the encoder (0: all), freedom to guess again.
# suppress_blank = false
# audio_ctx = 0
# temperature_inc = 0.0

[log]
# Which lines are logged; GREENROOM_LOG takes precedence.
# filter = "info"
"#;

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
        let complaint = problems(&uncommented.replace("{ env = \"WHATSAPP_", "{ env = \"PATH\" } # \""));
        let expected =
            ["loopback", "whatsapp-cloud", "whatsapp-web"].map(|name| format!("channels.{name}.allow_from is empty"));
        assert!(complaint.lines().all(|line| expected.iter().any(|e| line.starts_with(e.as_str()))), "{complaint}");
    }
}

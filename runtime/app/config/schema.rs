//! The program's own keys, declared as a component declares its own.
//!
//! They are in the order in which the sections are read and shown.

use greenroom_contract::limits;
use greenroom_contract::schema::{Key, KeyKind, U32_LARGEST};

/// The sections of a configuration.
pub const ROOT: &[Key] = &[
    Key::new("assistants", KeyKind::Tables(ASSISTANT), "Assistants: what answers."),
    Key::new(
        "models",
        KeyKind::Tables(MODEL),
        "Language models that assistants may ask: kind = \"llm\" with model = \"NAME\". The name is yours.",
    ),
    Key::new(
        "tools",
        KeyKind::Tables(TOOLS),
        "Tool servers (Model Context Protocol) that assistants may use: tools = [\"NAME\"]. The name is yours.",
    ),
    Key::new(
        "gateway",
        KeyKind::Table(GATEWAY),
        "The HTTP interface: health, why, allow-lists. The CLI uses it while the server runs.",
    ),
    Key::new(
        "channels",
        KeyKind::Tables(CHANNEL),
        "Channels: where people write. The name is yours; the adapter is what speaks the network.",
    ),
    Key::new("store", KeyKind::Table(STORE), "What keeps messages, accounts and keys."),
    Key::new("voice", KeyKind::Table(VOICE), "What hears voice notes."),
    Key::new("usage", KeyKind::Table(USAGE), "How it is shown what answers cost."),
    Key::new(
        "alerts",
        KeyKind::Table(ALERTS),
        "What is told to you when something needs a person: an account that was logged out, banned or stopped, messages in \
         quarantine, a full disk, refused posts. Each trouble is told once for as long as it lasts. A change holds from \
         the next start on.",
    ),
    Key::new(
        "identity",
        KeyKind::Table(IDENTITY),
        "People are known by an e-mail address that they prove with a code in the chat: they write \"link my account\". A \
         change holds from the next start on.",
    ),
    Key::new("log", KeyKind::Table(LOG), "What is logged."),
];

/// `[models.NAME]`; empty in a program without models.
pub const MODEL: &[Key] = crate::sections::MODELS.keys;

/// `[tools.NAME]`; empty in a program without tools.
pub const TOOLS: &[Key] = crate::sections::TOOLS.keys;

/// `[alerts]`; empty in a program without alerts.
pub const ALERTS: &[Key] = crate::sections::ALERTS.keys;

/// `[identity]`; empty in a program that knows no e-mail addresses.
pub const IDENTITY: &[Key] = crate::sections::IDENTITY.keys;

/// What every `[channels.NAME]` may say, beside the adapter's own keys.
pub const CHANNEL: &[Key] = &[
    Key::new("adapter", KeyKind::Text, "What speaks the network.").required(),
    Key::new("assistant", KeyKind::Text, "Who answers; may be left out if there is one assistant."),
    Key::new(
        "allow_from",
        KeyKind::List,
        "Who is answered: \"+15551234567\", \"lid:...\", \"bsuid:...\", \"@name\", \"group:ID\", or \"*\" for everybody. \
         Other people get no sign at all. On a console you are admitted without it.",
    )
    .example("[\"+15551234567\"]"),
    Key::new("groups", KeyKind::Choice(&["mention", "always", "never"]), "When the bot speaks in groups.")
        .default("\"mention\""),
    Key::new("names", KeyKind::List, "Names that address the bot in a group, beside a mention.")
        .default("[]")
        .example("[\"greta\"]"),
    Key::new("command_prefix", KeyKind::Text, "A prefix that addresses the bot in a group.").example("\"!\""),
    Key::new(
        "busy",
        KeyKind::Choice(&["queue", "collect", "interrupt"]),
        "What happens to messages that come while an answer is prepared; collect answers them as one.",
    )
    .default("\"queue\""),
    Key::new(
        "debounce_ms",
        KeyKind::Integer { min: 0, max: limits::DEBOUNCE_MAX.as_millis() as i64 },
        "How long to wait for more messages of the same person before answering, in milliseconds. Unless set, as the \
         assistant wants it: 1500 for models and remote ones, 0 for others.",
    )
    .example("1500"),
    Key::new(
        "ack",
        KeyKind::Text,
        "An emoji that is put under a message whose answer takes a while, until the answer is there.",
    )
    .example("\"👀\""),
    Key::new("time_zone", KeyKind::Text, "The time zone of the people here, for assistants that speak of times.")
        .example("\"Europe/Zurich\""),
    Key::new(
        "language",
        KeyKind::Text,
        "The language in which the bot itself speaks here, as a tag: en, es, de, fr or pt; in others it speaks English. Assistants \
         are told it.",
    )
    .example("\"de\""),
    Key::new(
        "commands",
        KeyKind::Table(COMMANDS),
        "What people write to command the bot itself, whichever assistant answers; \"\" switches one off.",
    )
    .example("{ help = \"/help\", new = \"/new\", stop = \"/stop\", start = \"/start\" }"),
    Key::new(
        "owner_pause_seconds",
        KeyKind::Seconds { min: 0, max: limits::OWNER_PAUSE_SECONDS_CONFIGURED_MAX.cast_signed() },
        "How long the bot is silent in a chat in which you type from your own phone; 0: it is not. There you also write /bot off \
         and /bot on.",
    )
    .default("3600"),
    Key::new(
        "overheard",
        KeyKind::Choice(&["forget", "remember"]),
        "Whether group talk that is not for the bot is kept in memory as context.",
    )
    .default("\"forget\""),
    Key::new("outbound", KeyKind::Choice(&["on", "off"]), "With off the bot listens and never sends.")
        .default("\"on\""),
    Key::new(
        "uncertain",
        KeyKind::Choice(&["resend", "hold"]),
        "What to do with a message that may or may not have been sent.",
    )
    .default("\"resend\""),
    Key::new(
        "reconcile_seconds",
        KeyKind::Seconds { min: 0, max: limits::RECONCILE_SECONDS_CONFIGURED_MAX.cast_signed() },
        "How long to wait for evidence of such a message.",
    )
    .default("60"),
    Key::new(
        "answers_expire_after",
        KeyKind::Seconds { min: 0, max: limits::ANSWERS_EXPIRE_SECONDS_CONFIGURED_MAX.cast_signed() },
        "How long an answer is tried again that the network refuses for now, in seconds. Then it is held: `greenroom outbox` \
         shows it.",
    )
    .default("86400"),
    Key::new("rates", KeyKind::Table(RATES), "Turns of one person and of one group; unlimited on a console.")
        .example("{ person_per_minute = 20, person_per_day = 1000, group_per_minute = 40, group_per_day = 2000 }"),
    Key::new("group", KeyKind::Tables(GROUP), "What is different in one group."),
];

const COMMANDS: &[Key] = &[
    Key::new("help", KeyKind::Text, "Shows what can be written."),
    Key::new("new", KeyKind::Text, "Forgets what was said before."),
    Key::new("stop", KeyKind::Text, "Makes the bot silent in this chat."),
    Key::new("start", KeyKind::Text, "Makes it answer there again, and ends a hand-over that stays."),
];

const PER_TIME: KeyKind = KeyKind::Integer { min: 0, max: U32_LARGEST };

const RATES: &[Key] = &[
    Key::new("person_per_minute", PER_TIME, "Turns of one person in a minute."),
    Key::new("person_per_day", PER_TIME, "Turns of one person in a day."),
    Key::new("group_per_minute", PER_TIME, "Turns of one group in a minute."),
    Key::new("group_per_day", PER_TIME, "Turns of one group in a day."),
];

/// What `[channels.NAME.group."ID"]` may say.
pub(super) const GROUP: &[Key] = &[
    Key::new("admit", KeyKind::Boolean, "Admits the group beside the allow-list, or shuts it out.").example("true"),
    Key::new("mode", KeyKind::Choice(&["mention", "always", "never"]), "When the bot speaks here.")
        .example("\"always\""),
    Key::new("voice_wakes", KeyKind::Boolean, "Whether voice notes are transcribed to hear the bot's name.")
        .example("false"),
    Key::new("assistant", KeyKind::Text, "Who answers here.").example("\"echo\""),
    Key::new(
        "overheard",
        KeyKind::Choice(&["forget", "remember"]),
        "Whether talk here that is not for the bot is kept in memory as context: with mode = \"mention\" a quiet room.",
    )
    .example("\"remember\""),
];

/// What every `[assistants.NAME]` may say, beside the kind's own keys.
pub const ASSISTANT: &[Key] = &[
    Key::new("kind", KeyKind::Text, "What sort of assistant it is.").required(),
    Key::new(
        "timeout_seconds",
        KeyKind::Seconds { min: 1, max: limits::TURN_SECONDS_CONFIGURED_MAX.cast_signed() },
        "How long one answer may take.",
    )
    .default("120"),
    Key::new(
        "turns_max",
        KeyKind::Integer { min: 1, max: limits::ASSISTANT_TURNS_CONFIGURED_MAX.cast_signed() },
        "How many answers are prepared at the same time.",
    )
    .default("64"),
];

const PLACES: KeyKind = KeyKind::Integer { min: 1, max: limits::SESSIONS_CONFIGURED_MAX.cast_signed() };

/// `[gateway]`.
pub const GATEWAY: &[Key] = &[
    Key::new("enabled", KeyKind::Boolean, "Whether it runs.").default("true"),
    Key::new("listen", KeyKind::Text, "Where it listens.").default(LISTEN_QUOTED),
    Key::new(
        "public_url",
        KeyKind::Url,
        "How the world reaches it, if it does. The API answers to this name, IP addresses and localhost.",
    )
    .example("\"https://bot.example.com\""),
    Key::new(
        "acme",
        KeyKind::Text,
        "A public name that leads to this machine. A certificate for it is ordered from Let's Encrypt and renewed, and the \
         gateway speaks HTTPS without a proxy. The authority asks at port 443.",
    )
    .example("\"bot.example.com\""),
    Key::new("acme_contact", KeyKind::Text, "An e-mail address for the authority's warnings.")
        .example("\"owner@example.com\""),
    Key::new("acme_directory", KeyKind::Url, "Another authority's directory.")
        .example("\"https://acme.example.com/directory\""),
    Key::new(
        "certificate",
        KeyKind::Text,
        "A file with a certificate in PEM form, for HTTPS without a proxy. Read again when it changes.",
    )
    .example("\"certificate.pem\""),
    Key::new("key", KeyKind::Text, "The file with its private key.").example("\"key.pem\""),
    Key::new(
        "trusted_proxies",
        KeyKind::List,
        "Addresses of proxies in front of it, through which everybody comes. Each other address has a quarter of the \
         connections at most.",
    )
    .default("[\"127.0.0.1\", \"::1\"]"),
    Key::new(
        "auth_secret",
        KeyKind::Secret,
        "What signs and proves the tokens of programs that call the API: 32 characters or more. Unless set, one is made at \
         the first start and kept beside the data.",
    )
    .env("AUTH_SECRET"),
    Key::new(
        "auth_secret_previous",
        KeyKind::Secret,
        "What did before. Its tokens are good while the secret is changed everywhere.",
    )
    .env("AUTH_SECRET_PREVIOUS"),
    Key::new("audience", KeyKind::Text, "For whom those tokens have to be made: their aud.").default("\"greenroom\""),
    Key::new(
        "allowed_origins",
        KeyKind::List,
        "Origins of pages of other programs that may call the API from a browser, with tokens of their own.",
    )
    .example("[\"https://app.example.com\"]"),
    Key::new(
        "mcp",
        KeyKind::Boolean,
        "Whether agents may use the accounts by the Model Context Protocol, at /mcp, with tokens as for the API.",
    )
    .default("false"),
    Key::new(
        "sessions_per_owner_max",
        PLACES,
        "Accounts of one owner that may be linked at run time. Those that are just being linked count; those whose \
         codes ran out do not.",
    )
    .default("5"),
    Key::new("sessions_max", PLACES, "The same for the accounts of all owners together.").default("20"),
];

/// [`LISTEN`](super::LISTEN) as TOML.
const LISTEN_QUOTED: &str = "\"127.0.0.1:8787\"";

/// `[store]`.
pub const STORE: &[Key] = &[
    Key::new("path", KeyKind::Text, "The folder that holds everything.").default("\"./data\""),
    Key::new("engine", KeyKind::Choice(&["sled", "fjall"]), "The engine that keeps it.").default("\"sled\""),
    Key::new(
        "accept_damage",
        KeyKind::Boolean,
        "Opens a store that lost something as it is. Only after `greenroom store verify` said what is lost.",
    )
    .default("false"),
];

/// More cores or positions than any machine or model has; the exact bound is known where the value is read.
const VOICE_PARTS: KeyKind = KeyKind::Integer { min: 1, max: U32_LARGEST };

/// `[voice]`.
pub const VOICE: &[Key] = &[
    Key::new(
        "model",
        KeyKind::Text,
        "The model that hears voice notes: a name that `greenroom model list` shows, or a path. Unless set, the one \
         that `greenroom model fetch` fetched into the folder below.",
    )
    .example("\"base\""),
    Key::new("models", KeyKind::Text, "The folder of fetched models.").example("\"./data/models\""),
    Key::new("url", KeyKind::Url, "Where models are fetched from.")
        .default("\"https://huggingface.co/ggerganov/whisper.cpp/resolve/5359861c739e955e79d9a303bcbc70fb988958b1\""),
    Key::new("language", KeyKind::Text, "What people speak, as \"en\"; auto finds out, which takes twice as long.")
        .default("\"auto\""),
    Key::new("workers", VOICE_PARTS, "Notes that are heard at the same time; half the cores, 1 to 2, unless set.")
        .example("1"),
    Key::new("threads", VOICE_PARTS, "Threads for each note: more than there are free cores are slower than one.")
        .default("1"),
    Key::new(
        "seconds_max",
        KeyKind::Seconds { min: 1, max: limits::VOICE_SECONDS_CONFIGURED_MAX.cast_signed() },
        "The longest note that is heard.",
    )
    .default("300"),
    Key::new("suppress_blank", KeyKind::Boolean, "For models that need it: something must be said.").default("false"),
    Key::new(
        "audio_ctx",
        KeyKind::Integer { min: 0, max: 4_096 },
        "For models that need it: positions of the encoder to use, 0 for all.",
    )
    .default("0"),
    Key::new(
        "temperature_inc",
        KeyKind::Number { min: 0.0, max: 1.0 },
        "For models that need it: how much more freely to guess again when a result looks wrong.",
    )
    .default("0.0"),
];

/// `[usage]`.
pub const USAGE: &[Key] = &[Key::new(
    "currency",
    KeyKind::Text,
    "The unit in which the prices of models are written. It is shown beside what was spent; nothing is converted.",
)
.default("\"USD\"")];

/// `[log]`.
pub const LOG: &[Key] = &[
    Key::new("filter", KeyKind::Text, "Which lines are logged; GREENROOM_LOG goes before it.").example("\"info\""),
    Key::new(
        "otlp",
        KeyKind::Url,
        "A collector of traces that speaks OTLP over HTTP, to which the same is sent as spans with their durations. For \
         programs with the feature otlp.",
    )
    .example("\"http://127.0.0.1:4318/v1/traces\""),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Config, EngineKind, LISTEN, Origin};
    use crate::registry::Registry;
    use greenroom_conformance::schema_conformance::{fields_of, words_of};
    use greenroom_contract::policy::{Busy, GroupMode, GroupPolicy, OutboundMode, Overheard, Rates, UncertainPolicy};
    use greenroom_contract::schema::find;

    fn words(keys: &[Key], name: &str) -> Vec<&'static str> {
        match find(keys, name).map(|key| key.kind) {
            Some(KeyKind::Choice(words)) => words.to_vec(),
            other => panic!("{name} is {other:?}"),
        }
    }

    fn names(keys: &[Key]) -> Vec<&'static str> {
        keys.iter().map(|key| key.name).collect()
    }

    #[test]
    fn the_declared_words_and_fields_are_those_that_are_read() {
        assert_eq!(words(CHANNEL, "groups"), words_of::<GroupMode>());
        assert_eq!(words(CHANNEL, "busy"), words_of::<Busy>());
        assert_eq!(words(CHANNEL, "overheard"), words_of::<Overheard>());
        assert_eq!(words(CHANNEL, "outbound"), words_of::<OutboundMode>());
        assert_eq!(words(CHANNEL, "uncertain"), words_of::<UncertainPolicy>());
        assert_eq!(words(GROUP, "mode"), words_of::<GroupMode>());
        assert_eq!(words(STORE, "engine"), words_of::<EngineKind>());
        assert_eq!(names(GROUP), fields_of::<GroupPolicy>());
        assert_eq!(names(RATES), fields_of::<Rates>());
        assert_eq!(LISTEN_QUOTED, format!("{LISTEN:?}"));
    }

    /// Every declared default, written out.
    fn defaults() -> String {
        let lines = |head: &str, keys: &[Key]| {
            let lines = keys.iter().filter_map(|key| Some(format!("{} = {}\n", key.name, key.default?)));
            format!("{head}\n{}", lines.collect::<String>())
        };
        [
            lines("[channels.front]\nadapter = \"loopback\"\nallow_from = [\"*\"]", CHANNEL),
            lines("[assistants.echo]\nkind = \"echo\"", ASSISTANT),
            lines("[gateway]", GATEWAY),
            lines("[store]", STORE),
            lines("[voice]", VOICE),
            lines("[usage]", USAGE),
            lines("[log]", LOG),
        ]
        .concat()
    }

    #[test]
    fn the_declared_defaults_are_those_that_count() {
        let read = |text: &str| Config::parse(Origin::Program, text, [], &Registry::standard(), &[]).unwrap();
        let mut written = read(&defaults());
        let least =
            "[channels.front]\nadapter = \"loopback\"\nallow_from = [\"*\"]\n[assistants.echo]\nkind = \"echo\"";
        assert!(written.gateway.chosen, "the address was written");
        written.gateway.chosen = false;
        assert_eq!(format!("{written:?}"), format!("{:?}", read(least)));
    }
}

//! The console: somebody at the keyboard talks to the bot.
//!
//! A line is a message, an answer is a line. Commands such as `/image PATH` and `/group NAME` make
//! every other kind of message, and `/as +15551234567` makes somebody else its author, so that
//! everything a network can deliver can be tried without one. Other lines that begin with `/` are messages: commands of
//! the bot, such as `/help` and `/new`, are said here as on every network.
//!
//! On a terminal there is a prompt, and the id of each message is shown, for `greenroom why ID`.
//! Otherwise only answers go to the output; everything else goes to the notes (standard error).
//!
//! # Layout
//!
//! | module | holds |
//! |---|---|
//! | `command` | what a line means |
//! | `talk` | who writes where, and the events that follow from commands |
//! | `media` | pictures and voice notes from files |
//! | `screen` | what is shown, on a terminal and elsewhere |
//! | `input` | lines from a reader that cannot be waited for |
//! | `link` | the one account, tying them together |

mod command;
mod input;
mod link;
mod media;
mod screen;
mod talk;

use async_trait::async_trait;
use greenroom_contract::capabilities::{Capabilities, Marks, MediaRules, Resend, Support};
use greenroom_contract::channel::{Channel, ConnectError, Identity, Link};
use greenroom_contract::choices::ChoiceRules;
use greenroom_contract::factory::{BuildError, ChannelKind, ChannelParts, Resource};
use greenroom_contract::limits;
use greenroom_contract::schema::{Key, KeyKind};
use greenroom_contract::store::{AccountRow, AccountVault};
use greenroom_contract::time::Clock;
use input::Input;
use link::ConsoleLink;
use screen::{Screen, Style};
use serde::Deserialize;
use std::io::{self, IsTerminal, Read, Write};
use std::sync::{Arc, Mutex};

/// The person at the keyboard, until `/as` says otherwise. A number that is reserved for fiction.
pub const LOCAL_PERSON: &str = "+15555550100";

/// The console adapter: `adapter = "console"`.
pub struct Console {
    input: Arc<Input>,
    screen: Arc<Mutex<Screen>>,
    names: Vec<String>,
    name: Option<String>,
    clock: Clock,
    capabilities: Capabilities,
}

/// The adapter's own keys.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ConsoleConfig {
    /// The name that the person at the keyboard goes by.
    pub name: Option<String>,
    /// When the id of a message is shown.
    pub ids: ShowIds,
}

/// When the id of a message is shown.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ShowIds {
    /// On a terminal.
    #[default]
    Terminal,
    /// Also elsewhere, among the notes.
    Always,
    /// Nowhere.
    Never,
}

/// What a console reads from and writes to.
pub struct Streams {
    /// Lines that somebody types.
    pub input: Box<dyn Read + Send>,
    /// Answers.
    pub output: Box<dyn Write + Send>,
    /// Everything else: hints, errors, ids.
    pub notes: Box<dyn Write + Send>,
    /// Whether input and output are a terminal.
    pub terminal: bool,
}

impl Streams {
    /// Those of the process.
    pub fn standard() -> Self {
        let terminal = io::stdin().is_terminal() && io::stdout().is_terminal();
        let (output, notes) = (Box::new(io::stdout()), Box::new(io::stderr()));
        Self { input: Box::new(io::stdin()), output, notes, terminal }
    }
}

impl Console {
    /// The console of the process, for programs that embed it. Its person is [`LOCAL_PERSON`].
    pub fn new() -> Self {
        Self::made(Streams::standard(), ConsoleConfig::default(), Vec::new(), Clock::System)
    }

    /// A console on any streams, for tests and for programs that have others.
    pub fn on(streams: Streams, config: ConsoleConfig, parts: &ChannelParts) -> Self {
        Self::made(streams, config, parts.names.clone(), parts.clock)
    }

    fn made(streams: Streams, config: ConsoleConfig, names: Vec<String>, clock: Clock) -> Self {
        let style = if streams.terminal { Style::Terminal } else { Style::Plain };
        let ids = match config.ids {
            ShowIds::Terminal => streams.terminal,
            ShowIds::Always => true,
            ShowIds::Never => false,
        };
        Self {
            input: Arc::new(Input::new(streams.input)),
            screen: Arc::new(Mutex::new(Screen::new(streams.output, streams.notes, style, ids))),
            names,
            name: config.name,
            clock,
            capabilities: capabilities(),
        }
    }
}

impl Default for Console {
    fn default() -> Self {
        Self::new()
    }
}

/// Questions of every length: a screen has room.
fn choices() -> ChoiceRules {
    let chars_max = limits::TEXT_BYTES_MAX / 4;
    ChoiceRules {
        text_chars_max: chars_max,
        id_chars_max: chars_max,
        buttons_max: limits::OPTIONS_PER_CHOICE_MAX,
        button_chars_max: chars_max,
        rows_max: limits::OPTIONS_PER_CHOICE_MAX,
        row_chars_max: chars_max,
        detail_chars_max: chars_max,
        open_label_chars_max: chars_max,
    }
}

fn capabilities() -> Capabilities {
    Capabilities {
        text_chars_max: limits::TEXT_BYTES_MAX / 4,
        marks: Marks::None,
        caption_chars_max: limits::TEXT_BYTES_MAX / 4,
        images: Support::Yes,
        image_rules: MediaRules::new(&["image/*"], limits::IMAGE_BYTES_MAX),
        voice: Support::Yes,
        voice_rules: MediaRules::new(&["audio/*"], limits::VOICE_BYTES_MAX),
        choices: Some(choices()),
        choices_in_groups: Support::Yes,
        documents: Support::Yes,
        document_rules: MediaRules::new(&["*"], limits::DOCUMENT_BYTES_MAX),
        locations: Support::Yes,
        reactions: Support::Yes,
        replies: Support::Yes,
        groups: Support::Yes,
        mentions: Support::Yes,
        typing: Support::Yes,
        resend: Resend::Visible,
        rates: None,
        window: None,
        budget: None,
        delivered_within: None,
    }
}

#[async_trait]
impl Channel for Console {
    fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }

    fn identities(&self) -> Vec<Identity> {
        vec![Identity { key: "keyboard".to_owned(), label: "the keyboard".to_owned() }]
    }

    async fn connect(&self, account: &AccountRow, _vault: AccountVault) -> Result<Arc<dyn Link>, ConnectError> {
        let talk = talk::Talk::new(account.id.clone(), self.name.clone(), self.names.clone(), self.clock);
        Ok(Arc::new(ConsoleLink::new(Arc::clone(&self.input), Arc::clone(&self.screen), talk)))
    }
}

#[async_trait]
impl ChannelKind for Console {
    const KIND: &'static str = "console";
    const ABOUT: &'static str = "a person at the keyboard; /? lists the commands";
    const KEYS: &'static [Key] = &[
        Key::new("name", KeyKind::Text, "The name that you go by.").example("\"Ana\""),
        Key::new(
            "ids",
            KeyKind::Choice(&["terminal", "always", "never"]),
            "When the id of a message is shown, for `greenroom why ID`.",
        )
        .default("\"terminal\""),
    ];
    type Config = ConsoleConfig;

    fn capabilities() -> Option<Capabilities> {
        Some(capabilities())
    }

    async fn build(config: ConsoleConfig, parts: ChannelParts) -> Result<Arc<dyn Channel>, BuildError> {
        Ok(Arc::new(Self::on(Streams::standard(), config, &parts)))
    }

    fn resources(_config: &ConsoleConfig) -> Vec<Resource> {
        vec![Resource::Terminal]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_declared_keys_are_those_that_are_read() {
        greenroom_conformance::schema_conformance::assert_keys_agree::<ConsoleConfig>(Console::KEYS);
    }
}

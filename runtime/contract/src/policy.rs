//! Whom a channel admits, and what it expects in groups. Plain data, read from `[channels.NAME]`.

use crate::address::AllowEntry;
use crate::ids::{AssistantName, ChatId};
use crate::limits;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::time::Duration;

/// The policy of one configured channel.
#[derive(Debug, Clone, PartialEq)]
pub struct ChannelPolicy {
    /// Who answers, unless a group says otherwise.
    pub assistant: AssistantName,
    /// Entries from the configuration; the store may hold more.
    pub allow_from: Vec<AllowEntry>,
    /// When the bot speaks in groups.
    pub groups: GroupMode,
    /// Exceptions for single groups.
    pub group: BTreeMap<ChatId, GroupPolicy>,
    /// Names by which the bot is called in a group, matched as whole words whatever their case.
    pub names: Vec<String>,
    /// A prefix that addresses the bot in a group, such as `!`.
    pub command_prefix: Option<String>,
    /// What happens to messages that arrive while a turn runs.
    pub busy: Busy,
    /// How long the start of a turn waits for more messages of the same sender. Zero is off; `None` is as its assistant
    /// wants it ([`Needs::debounce`](crate::assistant::Needs::debounce)).
    pub debounce: Option<Duration>,
    /// The reaction by which the bot shows that it has a message, until the answer is there. `None`: it shows nothing.
    pub ack: Option<String>,
    /// The commands of the house, said before any assistant is asked.
    pub commands: HouseCommands,
    /// The time zone of the people here: an IANA name such as `Europe/Zurich`.
    pub time_zone: Option<String>,
    /// The language in which people are spoken to here, unless their conversation has another one: a BCP 47 tag such as `de`.
    pub language: Option<String>,
    /// How long the bot is silent in a chat in which its owner typed from a device of the account. Zero: it is not.
    pub owner_pause: Duration,
    /// Whether overheard talk of a group is kept in memory as context for the next turn there.
    pub overheard: Overheard,
    /// Whether anything may be sent at all.
    pub outbound: OutboundMode,
    /// Limits per person and per group.
    pub rates: Rates,
    /// What to do with a send whose outcome stays unknown.
    pub uncertain: UncertainPolicy,
    /// How long to wait for evidence of such a send.
    pub reconcile: Duration,
    /// How old an answer may become that the network refuses for now. Then it is held and shown.
    pub answers_expire_after: Duration,
}

impl ChannelPolicy {
    /// The defaults for a channel that is answered by `assistant`: nobody admitted, mention gating.
    pub fn new(assistant: AssistantName) -> Self {
        Self {
            assistant,
            allow_from: Vec::new(),
            groups: GroupMode::Mention,
            group: BTreeMap::new(),
            names: Vec::new(),
            command_prefix: None,
            busy: Busy::Queue,
            debounce: None,
            ack: None,
            commands: HouseCommands::default(),
            time_zone: None,
            language: None,
            owner_pause: limits::HUMAN_PAUSE,
            overheard: Overheard::Forget,
            outbound: OutboundMode::On,
            rates: Rates::default(),
            uncertain: UncertainPolicy::Resend,
            reconcile: limits::RECONCILE,
            answers_expire_after: limits::ANSWERS_EXPIRE_AFTER,
        }
    }
}

/// The words by which people command the bot itself, whoever answers. Compared whatever their case; `None` is off.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HouseCommands {
    /// Says what can be said here.
    pub help: Option<String>,
    /// Forgets what was said before and what assistants remember.
    pub new: Option<String>,
    /// The bot is silent here until `start`.
    pub stop: Option<String>,
    /// Ends a silence, and what an assistant that stayed began.
    pub start: Option<String>,
}

impl Default for HouseCommands {
    fn default() -> Self {
        let word = |word: &str| Some(word.to_owned());
        Self { help: word("/help"), new: word("/new"), stop: word("/stop"), start: word("/start") }
    }
}

/// When the bot speaks in groups.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum GroupMode {
    /// Only when it is addressed.
    Mention,
    /// Whenever an admitted person writes.
    Always,
    /// Not at all.
    Never,
}

/// Exceptions for one group. What is `None` is as in the channel.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GroupPolicy {
    /// `true` admits it beside the allow-list, `false` shuts it out.
    pub admit: Option<bool>,
    /// When the bot speaks here.
    pub mode: Option<GroupMode>,
    /// Whether voice notes are transcribed to hear the bot's name.
    pub voice_wakes: Option<bool>,
    /// Who answers here.
    pub assistant: Option<AssistantName>,
    /// Whether talk that is not for the bot is kept in memory here. With `mode = "mention"` this makes a quiet room: the bot
    /// listens, and speaks when it is called.
    pub overheard: Option<Overheard>,
}

impl ChannelPolicy {
    /// Whether overheard talk of this group is kept in memory.
    pub fn overhears(&self, group: &ChatId) -> bool {
        let here = self.group.get(group).and_then(|exception| exception.overheard);
        here.unwrap_or(self.overheard) == Overheard::Remember
    }
}

/// What happens to messages that arrive while a turn runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Busy {
    /// One turn each, in order.
    Queue,
    /// One turn for all that wait.
    Collect,
    /// The running turn is given up and runs again with what came.
    Interrupt,
}

/// Whether overheard talk is kept, in memory only.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Overheard {
    /// It is not.
    Forget,
    /// The last [`limits::OVERHEARD_LINES_MAX`] lines of [`limits::OVERHEARD_AGE_MAX`].
    Remember,
}

/// Whether a channel may speak.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OutboundMode {
    /// It may.
    On,
    /// It listens only; enforced where parcels are sent.
    Off,
}

/// Turns per person and per group.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Rates {
    /// Turns of one person in a minute.
    pub person_per_minute: u32,
    /// Turns of one person in a day.
    pub person_per_day: u32,
    /// Turns of one group in a minute.
    pub group_per_minute: u32,
    /// Turns of one group in a day.
    pub group_per_day: u32,
}

impl Default for Rates {
    fn default() -> Self {
        Self {
            person_per_minute: limits::TURNS_PER_PERSON_MINUTE_MAX,
            person_per_day: limits::TURNS_PER_PERSON_DAY_MAX,
            group_per_minute: limits::TURNS_PER_GROUP_MINUTE_MAX,
            group_per_day: limits::TURNS_PER_GROUP_DAY_MAX,
        }
    }
}

impl Rates {
    /// No limit, for benchmarks and simulations.
    pub const UNLIMITED: Self = Self {
        person_per_minute: u32::MAX,
        person_per_day: u32::MAX,
        group_per_minute: u32::MAX,
        group_per_day: u32::MAX,
    };
}

/// What to do with a send whose outcome stays unknown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum UncertainPolicy {
    /// Send it again. The default: an answer is worth more than a rare repetition.
    Resend,
    /// Hold it and show it to the owner.
    Hold,
}

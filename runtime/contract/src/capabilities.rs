//! What a network can do, as data.
//!
//! The engine reads this table before it sends: it splits what is too long and degrades what is
//! missing, so that an assistant need not know which network it talks on. The rules of the network about
//! how often and when one may send are data too; the engine keeps them, for every adapter alike.

mod carries;

pub use carries::{MediaRules, NotCarried};

use crate::choices::ChoiceRules;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// What a channel can do. Constant for the life of a [`crate::channel::Channel`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Capabilities {
    /// Longest text, in characters.
    pub text_chars_max: usize,
    /// The marks by which its texts are bold, quoted or code. A reply in Markdown is rendered with them.
    pub marks: Marks,
    /// Longest caption, in characters.
    pub caption_chars_max: usize,
    /// Whether pictures can be sent. If not: caption and a note.
    pub images: Support,
    /// Which pictures can be sent. Any other becomes caption and a note.
    pub image_rules: MediaRules,
    /// Whether voice notes can be sent. If not: a note.
    pub voice: Support,
    /// Which voice notes can be sent. Any other becomes a note.
    pub voice_rules: MediaRules,
    /// Which questions with options can be sent as such. Any other, and all of them where it is `None`, become a text with
    /// numbers.
    pub choices: Option<ChoiceRules>,
    /// Whether such questions can be sent in groups.
    pub choices_in_groups: Support,
    /// Whether files can be sent. If not: caption, name and a note.
    pub documents: Support,
    /// Which files can be sent. Any other becomes caption, name and a note.
    pub document_rules: MediaRules,
    /// Whether places can be sent. If not: a text with a link to a map.
    pub locations: Support,
    /// Whether reactions can be sent. If not: nothing.
    pub reactions: Support,
    /// Whether a message can visibly answer another one. If not: plain.
    pub replies: Support,
    /// Whether there are groups.
    pub groups: Support,
    /// Whether the network shows mentions. If not: name patterns only.
    pub mentions: Support,
    /// Whether "typing …" can be shown.
    pub typing: Support,
    /// What the network does with the same message sent twice.
    pub resend: Resend,
    /// How fast an account may send. `None`: nothing waits.
    pub rates: Option<RateRules>,
    /// How long an answer may follow what a person wrote. `None`: at any time.
    pub window: Option<WindowRule>,
    /// How much an account may send on one day. `None`: any number.
    pub budget: Option<DailyBudget>,
    /// How long after it was sent a message may still arrive. What is older is a copy of an old delivery: it is refused,
    /// with a trace. Shorter than a message is recognised ([`crate::limits::DEDUP_AGE_MAX`]). `None`: of any age.
    pub delivered_within: Option<Duration>,
}

/// Something that can be said on a network as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ability {
    /// Pictures.
    Images,
    /// Voice notes.
    Voice,
    /// Reactions.
    Reactions,
    /// Questions with buttons or lists.
    Choices,
    /// Files.
    Documents,
    /// Places.
    Locations,
}

impl Capabilities {
    /// What can be said in a chat as it is.
    #[must_use]
    pub fn abilities(&self, in_group: bool) -> Vec<Ability> {
        let choices = self.choices.is_some() && (!in_group || self.choices_in_groups.is_there());
        let all = [
            (Ability::Images, self.images.is_there()),
            (Ability::Voice, self.voice.is_there()),
            (Ability::Reactions, self.reactions.is_there()),
            (Ability::Choices, choices),
            (Ability::Documents, self.documents.is_there()),
            (Ability::Locations, self.locations.is_there()),
        ];
        all.into_iter().filter_map(|(ability, is_there)| is_there.then_some(ability)).collect()
    }
}

/// How fast an account may send, as the engine paces it before [`crate::channel::Link::send`] is called.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RateRules {
    /// Of the account, over all its chats.
    pub account: Rate,
    /// Whether messages that arrive take from the account's rate too. Nothing that arrives is held up: what the rate
    /// does not cover is a debt that is paid before anything leaves, of at most this many messages, so that a flood
    /// from outside does not silence the account for long after it. `None`: only what leaves counts.
    pub inbound_debt_max: Option<u32>,
    /// Of one chat. `None`: a chat has no rate of its own.
    pub chat: Option<ChatRate>,
    /// How irregular the gaps are, in percent from 0 to 100: each message takes up to this share more of a rate than
    /// its due. How much is drawn from the message's name, so it is the same in each attempt.
    pub jitter_percent: u8,
}

/// Messages over time: no stretch of time carries more than `burst`, and one more for each `period` in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rate {
    /// One message in this time, once the burst is used up. Not zero.
    pub period: Duration,
    /// Messages that may leave without a gap after a silence. Not zero.
    pub burst: u32,
}

impl Rate {
    /// So many messages in a second, each in its equal share of it.
    pub fn per_second(messages: std::num::NonZeroU32, burst: u32) -> Self {
        Self { period: Duration::from_secs(1) / messages.get(), burst }
    }
}

/// The rate of one chat.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChatRate {
    /// How fast.
    pub rate: Rate,
    /// Whether it holds in groups. If not: only in chats with one person.
    pub groups: Support,
}

/// How long after a person wrote the network takes messages for them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct WindowRule {
    /// How long it is open, from the moment at which the person wrote.
    pub open: Duration,
    /// What becomes of a message when it is closed.
    pub closed: WhenClosed,
}

/// What becomes of a message whose window is closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WhenClosed {
    /// The engine holds it until the person writes again.
    Hold,
    /// The adapter is handed it with [`crate::outbound::Window::Closed`], and writes it in a form that the network
    /// takes at any time, such as a template. Where none fits it answers
    /// [`WindowClosed`](crate::channel::SendError::WindowClosed), and the message is held.
    Template,
}

/// How much one account may send on one day (UTC).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct DailyBudget {
    /// Messages after which nothing is sent until the next day. A message whose outcome is unknown counts.
    pub messages_max: u32,
}

/// Whether a network's rates are kept by waiting, or every message leaves immediately. A word that configurations
/// share: where it is off, an adapter declares no [`RateRules`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Pacing {
    /// They are kept.
    On,
    /// They are not: for benchmarks against a simulator.
    Off,
}

/// The marks in a text that a network shows as bold, italic, struck, code, quotes and lists.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Marks {
    /// It shows each text as it is.
    None,
    /// `*bold*`, `_italic_`, `~struck~`, `` `code` ``, fenced code, `> ` quotes and lists
    /// (<https://faq.whatsapp.com/539178204879377>).
    WhatsApp,
}

/// Whether something is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Support {
    /// It is.
    Yes,
    /// It is not.
    No,
}

impl Support {
    /// Whether it is there.
    pub fn is_there(self) -> bool {
        self == Self::Yes
    }
}

/// What happens when a message is sent again with the same id, because it is unknown whether the
/// first attempt arrived.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Resend {
    /// The network keeps the first and drops the second, and says so at once: resend without waiting.
    Idempotent,
    /// The receiver shows it once, but evidence may still come: wait for it, then resend with the same id.
    SameId,
    /// The receiver would see it twice: wait for evidence, then do as configured.
    Visible,
}

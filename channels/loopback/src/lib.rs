//! A network in memory, for tests, simulations, benchmarks and embedders.
//!
//! [`loopback`] gives two ends: the channel, which the engine drives like any other, and a
//! [`LoopbackNetwork`], which plays everybody else: people who write, a server that delivers again
//! what was not acknowledged, and a wire that breaks when it is told to.
//!
//! ```
//! # use greenroom_channel_loopback::{loopback, said, Options};
//! # async fn example() -> Option<()> {
//! let (channel, network) = loopback(Options::default());
//! // … give `channel` to the engine, then:
//! let delivery = network.deliver("main", said::text("+15551234567", "hello")).await;
//! delivery.acknowledged().await.ok()?; // the engine has it on disk
//! network.sent_count_reached(1).await;
//! println!("{:?}", network.sent()[0].body);
//! # Some(())
//! # }
//! ```
//!
//! What it guarantees, as a well-behaved network would: messages of one chat arrive in order; a
//! message stays queued until its `emit` returned; a cut connection loses nothing; a message of ours
//! sent twice with the same id is seen once.

mod account;
mod fault;
mod link;
mod network;
mod pairing;
mod phone;
mod record;
pub mod said;

pub use account::{Delivery, NotAcknowledged};
pub use fault::{OnRun, OnSend, SendPlan};
pub use network::LoopbackNetwork;
pub use phone::LinkPlan;
pub use record::{SentMessage, TypingSign};
pub use said::Said;

use async_trait::async_trait;
use greenroom_contract::capabilities::{Capabilities, Marks, MediaRules, Resend, Support};
use greenroom_contract::channel::Channel;
use greenroom_contract::choices::ChoiceRules;
use greenroom_contract::factory::{BuildError, ChannelKind, ChannelParts};
use greenroom_contract::ids::ChannelName;
use greenroom_contract::limits;
use greenroom_contract::linking::Linking;
use greenroom_contract::schema::{Key, KeyKind};
use greenroom_contract::time::Clock;
use parking_lot::Mutex;
use serde::Deserialize;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

/// How a loopback network behaves.
#[derive(Debug, Clone)]
pub struct Options {
    /// Its accounts, by the key of their identity.
    pub accounts: Vec<String>,
    /// Lets people link further accounts at run time; on the network they are called as the engine calls
    /// them, by their account id.
    pub linking: Option<Linking>,
    /// What it says it can do. Nothing here is enforced on what is sent, so that a test sees a
    /// message that does not fit.
    pub capabilities: Capabilities,
    /// Messages of ours that are remembered per account; the oldest leave first, and are no longer
    /// recognised when they are sent again. Zero counts only.
    pub sent_recorded_max: usize,
    /// Messages that wait to be acknowledged per account; beyond it [`LoopbackNetwork::deliver`] waits.
    pub queued_max: usize,
    /// Messages that one `emit` may carry, at most [`limits::EVENTS_PER_EMIT_MAX`].
    pub batch_max: usize,
    /// `emit` calls under way at once per account. One chat always uses the same lane.
    pub lanes: usize,
    /// How long the network waits before it delivers a refused batch again. `None`: never, and the
    /// [`Delivery`] fails instead.
    pub redeliver_after: Option<Duration>,
    /// The time that messages carry.
    pub clock: Clock,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            accounts: vec!["main".to_owned()],
            linking: None,
            capabilities: capabilities(),
            sent_recorded_max: 100_000,
            queued_max: 10_000,
            batch_max: 256,
            lanes: 1,
            redeliver_after: Some(limits::INBOX_FULL_PAUSE),
            clock: Clock::System,
        }
    }
}

/// Questions as the Cloud API of WhatsApp takes them.
pub fn choices() -> ChoiceRules {
    ChoiceRules {
        text_chars_max: 1_024,
        id_chars_max: 200,
        buttons_max: 3,
        button_chars_max: 20,
        rows_max: 10,
        row_chars_max: 24,
        detail_chars_max: 72,
        open_label_chars_max: 20,
    }
}

/// Everything there is: the widest network.
pub fn capabilities() -> Capabilities {
    Capabilities {
        text_chars_max: 4_096,
        marks: Marks::WhatsApp,
        caption_chars_max: 1_024,
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
        resend: Resend::Idempotent,
        rates: None,
        window: None,
        budget: None,
        delivered_within: None,
    }
}

/// Makes both ends of a network.
pub fn loopback(options: Options) -> (Arc<dyn Channel>, LoopbackNetwork) {
    let network = LoopbackNetwork::new(&options);
    let channel = link::LoopbackChannel::new(options, network.clone());
    (Arc::new(channel), network)
}

/// The adapter kind `loopback`.
pub struct Loopback;

/// The keys of `[channels.NAME]` with `adapter = "loopback"`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LoopbackConfig {
    /// The accounts that exist on it.
    pub accounts: Vec<String>,
    /// Whether people may link further accounts.
    pub linkable: bool,
    /// A phone with this number scans the first code that is shown.
    pub phone: Option<String>,
    /// Linking asks for the number and for this secret, instead of showing codes.
    pub asks_for: Option<String>,
}

/// What is accepted before the first link of a configured loopback network.
const WARNING: &str = "This network is in memory: what is linked here is forgotten when the process ends.";

impl Default for LoopbackConfig {
    fn default() -> Self {
        Self { accounts: Options::default().accounts, linkable: false, phone: None, asks_for: None }
    }
}

/// Networks that were made from a configuration, by the name of their channel.
static CONFIGURED: Mutex<Option<HashMap<ChannelName, LoopbackNetwork>>> = Mutex::new(None);

impl Loopback {
    /// The network behind a channel that was made from the configuration; that of the runtime
    /// started last, where several in one process use the same name.
    pub fn network(channel: &ChannelName) -> Option<LoopbackNetwork> {
        CONFIGURED.lock().as_ref()?.get(channel).cloned()
    }
}

#[async_trait]
impl ChannelKind for Loopback {
    const KIND: &'static str = "loopback";
    const ABOUT: &'static str = "a network in memory, for tests and embedders";
    const KEYS: &'static [Key] = &[
        Key::new("accounts", KeyKind::List, "The accounts that exist on it.").default("[\"main\"]"),
        Key::new("linkable", KeyKind::Boolean, "Whether people may link further ones.")
            .default("false")
            .example("true"),
        Key::new("phone", KeyKind::Text, "The number of a phone that scans the first code.")
            .example("\"+15550000000\""),
        Key::new(
            "asks_for",
            KeyKind::Text,
            "Linking asks for the number and for this secret, instead of showing codes.",
        )
        .example("\"1234\""),
    ];
    type Config = LoopbackConfig;

    fn capabilities() -> Option<Capabilities> {
        Some(capabilities())
    }

    async fn build(config: LoopbackConfig, parts: ChannelParts) -> Result<Arc<dyn Channel>, BuildError> {
        if config.accounts.is_empty() && !config.linkable {
            let reason = "at least one account is needed, such as [\"main\"]".to_owned();
            return Err(BuildError::Config { path: "accounts".to_owned(), reason });
        }
        let linking = config.linkable.then(|| Linking { warning: WARNING.to_owned() });
        let options = Options { accounts: config.accounts, linking, clock: parts.clock, ..Options::default() };
        let (channel, network) = loopback(options);
        network.scan_first_code(config.phone);
        network.ask_for(config.asks_for);
        CONFIGURED.lock().get_or_insert_default().insert(parts.name, network);
        Ok(channel)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_declared_keys_are_those_that_are_read() {
        greenroom_conformance::schema_conformance::assert_keys_agree::<LoopbackConfig>(Loopback::KEYS);
    }
}

//! The adapter kind, and one configured channel with its webhook.

use crate::config::{Config, KEYS, Pacing, Standby, default_per_second};
use crate::document;
use crate::graph::Graph;
use crate::interactive;
use crate::limits::{
    CAPTION_CHARS_MAX, DELIVERED_WITHIN, IMAGE_BYTES_MAX, PAIR_BURST, PAIR_PERIOD, TEXT_CHARS_MAX, VOICE_BYTES_MAX,
    WINDOW,
};
use crate::link::CloudLink;
use crate::normalize::{self, Owner};
use crate::number::Number;
use crate::signature;
use async_trait::async_trait;
use greenroom_contract::address::Address;
use greenroom_contract::capabilities::{
    Capabilities, ChatRate, DailyBudget, Marks, MediaRules, Rate, RateRules, Resend, Support, WhenClosed, WindowRule,
};
use greenroom_contract::channel::{Channel, ConnectError, Identity, Link};
use greenroom_contract::event::StatusOf;
use greenroom_contract::factory::{BuildError, ChannelKind, ChannelParts, Resource};
use greenroom_contract::ids::{AccountId, ChatId};
use greenroom_contract::schema::Key;
use greenroom_contract::store::{AccountRow, AccountVault};
use greenroom_contract::webhook::{Decoded, Note, Webhook, WebhookError, WebhookRequest};
use sha2::{Digest, Sha256};
use std::num::NonZeroU32;
use std::sync::Arc;

/// The adapter kind `whatsapp-cloud`.
pub struct WhatsAppCloud;

#[async_trait]
impl ChannelKind for WhatsAppCloud {
    const KIND: &'static str = "whatsapp-cloud";
    const ABOUT: &'static str = "WhatsApp for businesses, through Meta's Cloud API";
    const KEYS: &'static [Key] = KEYS;
    type Config = Config;

    fn capabilities() -> Option<Capabilities> {
        Some(capabilities(Some(rates(default_per_second())), WhenClosed::Hold, None))
    }

    async fn build(config: Config, parts: ChannelParts) -> Result<Arc<dyn Channel>, BuildError> {
        Ok(Arc::new(CloudChannel::new(config, &parts)?))
    }

    fn resources(config: &Config) -> Vec<Resource> {
        config.numbers.iter().map(|number| Resource::Identity(format!("whatsapp-cloud:{number}"))).collect()
    }
}

/// A configured channel: its numbers, its client, its webhook.
pub struct CloudChannel {
    config: Config,
    graph: Graph,
    numbers: Vec<Arc<Number>>,
    capabilities: Capabilities,
}

/// What one number sent since the start. Every message costs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Usage {
    /// The phone number id.
    pub number: String,
    /// Messages that Meta took since the start.
    pub sent_total: u64,
    /// Chats that another handler has, such as Meta's own agent; one that is known by a number and by an id counts for
    /// each.
    pub observed_chats: usize,
    /// Standby webhooks since the start; one that is delivered again counts once.
    pub standby_total: u64,
}

impl CloudChannel {
    /// Makes a channel. No connection is made.
    pub fn new(config: Config, parts: &ChannelParts) -> Result<Self, BuildError> {
        if let Some(warning) = config.api_version.warning() {
            tracing::warn!(channel = %parts.name, "{warning}");
        }
        let graph = Graph::new(&config)?;
        let numbers = config.numbers.iter().map(|id| Arc::new(Number::new(id, parts.clock))).collect();
        let rates = (config.pacing == Pacing::On).then(|| rates(config.messages_per_second));
        let closed = if config.template.is_some() { WhenClosed::Template } else { WhenClosed::Hold };
        let capabilities = capabilities(rates, closed, config.daily_budget);
        Ok(Self { config, graph, numbers, capabilities })
    }

    /// What each number sent.
    pub fn usage(&self) -> Vec<Usage> {
        let usage = |number: &Arc<Number>| Usage {
            number: number.id.clone(),
            sent_total: number.sent_total(),
            observed_chats: number.observed_total(),
            standby_total: number.standby_total(),
        };
        self.numbers.iter().map(usage).collect()
    }

    /// Messages that Meta took in one conversation since the start, as far as it is remembered.
    pub fn sent_in(&self, account: &AccountId, chat: &ChatId) -> u64 {
        self.of_account(account).map_or(0, |number| number.sent_in(chat))
    }

    fn of_account(&self, account: &AccountId) -> Option<&Arc<Number>> {
        self.numbers.iter().find(|number| number.account().as_ref() == Some(account))
    }

    fn owner_of(&self, phone_number_id: &str) -> Owner {
        match self.numbers.iter().find(|number| number.id == phone_number_id) {
            None => Owner::Unknown,
            Some(number) => number.account().map_or(Owner::NotReady, Owner::Account),
        }
    }
}

/// Meta's throughput, which counts both directions, and its pair rate, which does not hold in groups.
fn rates(messages_per_second: NonZeroU32) -> RateRules {
    let in_a_second = messages_per_second.get();
    RateRules {
        account: Rate::per_second(messages_per_second, in_a_second),
        // At most what a second brings.
        inbound_debt_max: Some(in_a_second),
        chat: Some(ChatRate { rate: Rate { period: PAIR_PERIOD, burst: PAIR_BURST }, groups: Support::No }),
        jitter_percent: 0,
    }
}

fn capabilities(rates: Option<RateRules>, closed: WhenClosed, daily_budget: Option<u32>) -> Capabilities {
    Capabilities {
        text_chars_max: TEXT_CHARS_MAX,
        marks: Marks::WhatsApp,
        caption_chars_max: CAPTION_CHARS_MAX,
        images: Support::Yes,
        image_rules: MediaRules::new(&["image/jpeg", "image/png"], IMAGE_BYTES_MAX),
        voice: Support::Yes,
        voice_rules: MediaRules::new(&["audio/ogg"], VOICE_BYTES_MAX),
        // Reply buttons and lists; the API has neither in groups
        // (https://developers.facebook.com/documentation/business-messaging/whatsapp/groups/groups-messaging).
        choices: Some(interactive::rules()),
        choices_in_groups: Support::No,
        documents: Support::Yes,
        document_rules: document::rules(),
        locations: Support::Yes,
        reactions: Support::Yes,
        replies: Support::Yes,
        groups: Support::Yes,
        mentions: Support::No,
        typing: Support::Yes,
        resend: Resend::Visible,
        rates,
        window: Some(WindowRule { open: WINDOW, closed }),
        budget: daily_budget.map(|messages_max| DailyBudget { messages_max }),
        delivered_within: Some(DELIVERED_WITHIN),
    }
}

#[async_trait]
impl Channel for CloudChannel {
    fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }

    fn identities(&self) -> Vec<Identity> {
        self.numbers.iter().map(|number| Identity { key: number.id.clone(), label: number.id.clone() }).collect()
    }

    async fn connect(&self, account: &AccountRow, _: AccountVault) -> Result<Arc<dyn Link>, ConnectError> {
        let key = account.configured_key.as_deref();
        let number = self.numbers.iter().find(|number| Some(number.id.as_str()) == key);
        let number = number.ok_or_else(|| ConnectError::Setup {
            reason: format!(
                "the number {} is not configured any more: add it to numbers, or remove the account",
                key.unwrap_or("without an id")
            ),
        })?;
        let (template, capabilities) = (self.config.template.clone(), self.capabilities.clone());
        let link = CloudLink::new(self.graph.clone(), number.clone(), template, capabilities);
        number.belongs_to(&account.id);
        Ok(Arc::new(link))
    }

    fn chat_with(&self, address: &Address) -> Option<ChatId> {
        match address.namespace() {
            Address::PHONE | Address::BSUID => ChatId::new(address.value()).ok(),
            // Of another transport, or no destination for Graph.
            _ => None,
        }
    }

    fn webhook(&self) -> Option<&dyn Webhook> {
        Some(self)
    }
}

impl Webhook for CloudChannel {
    fn check_head(&self, head: &WebhookRequest) -> Result<(), WebhookError> {
        signature::claimed(head).map(|_| ()).ok_or(WebhookError::Forbidden)
    }

    fn verify(&self, request: &WebhookRequest) -> Result<String, WebhookError> {
        signature::handshake(&self.config.verify_token, &request.query)
    }

    fn decode(&self, request: &WebhookRequest) -> Result<Decoded, WebhookError> {
        signature::check(&self.config.app_secret, request)?;
        let post = normalize::normalize(&request.body, &|number| self.owner_of(number))?;
        Ok(post.into_decoded(|| hex::encode(Sha256::digest(&request.body))))
    }

    fn committed(&self, notes: &[Note]) {
        for note in notes {
            match (note, self.config.standby) {
                (Note::HandedOver { account, chat, to, since }, Standby::Observe) => {
                    if let Some(number) = self.of_account(account) {
                        number.handled(chat, *to, *since);
                    }
                }
                (Note::Standby { account, request }, _) => {
                    if let Some(number) = self.of_account(account) {
                        number.count_standby(request);
                    }
                }
                (Note::Stopped { account, of, reason }, _) => {
                    if let Some(number) = self.of_account(account) {
                        number.failed_later(name_of(of), reason);
                    }
                }
                (Note::HandedOver { .. }, Standby::Ignore) | (Note::Error { .. }, _) => {}
            }
        }
    }
}

fn name_of(of: &StatusOf) -> &str {
    match of {
        StatusOf::Outbound(ours) => ours.as_str(),
        StatusOf::Message(theirs) => theirs.as_str(),
    }
}

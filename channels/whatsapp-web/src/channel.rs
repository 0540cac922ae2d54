//! The adapter kind, and one configured channel.

use crate::config::{Certificate, Config, KEYS, Pacing};
use crate::connection::account::{Account, Shared};
use crate::connection::phone::Phone;
use crate::connection::web_link::WebLink;
use crate::limits;
use crate::warning::WARNING;
use crate::wire::http::{Http, HttpError};
use crate::wire::transport::SocketFactory;
use async_trait::async_trait;
use greenroom_contract::capabilities::{
    Capabilities, ChatRate, DailyBudget, Marks, MediaRules, Rate, RateRules, Resend, Support,
};
use greenroom_contract::channel::{Channel, ConnectError, Link};
use greenroom_contract::factory::{BuildError, ChannelKind, ChannelParts};
use greenroom_contract::linking::Linking;
use greenroom_contract::schema::Key;
use greenroom_contract::store::{AccountRow, AccountVault};
use std::sync::Arc;
use whatsapp_rust::wacore::net::WHATSAPP_WEB_WS_URL;

/// The adapter kind `whatsapp-web`.
pub struct WhatsAppWeb;

#[async_trait]
impl ChannelKind for WhatsAppWeb {
    const KIND: &'static str = "whatsapp-web";
    const ABOUT: &'static str = "WhatsApp as a linked device of a phone; `greenroom link` shows the code";
    const KEYS: &'static [Key] = KEYS;
    type Config = Config;

    fn capabilities() -> Option<Capabilities> {
        Some(capabilities(&Config::default()))
    }

    async fn build(config: Config, parts: ChannelParts) -> Result<Arc<dyn Channel>, BuildError> {
        Ok(Arc::new(WebChannel::new(config, &parts)?))
    }
}

/// A configured channel: what its accounts share.
pub struct WebChannel {
    shared: Arc<Shared>,
    capabilities: Capabilities,
    linking: Linking,
}

impl WebChannel {
    /// Makes a channel. No connection is made.
    pub fn new(config: Config, parts: &ChannelParts) -> Result<Self, BuildError> {
        let certificate = config.media_certificate.as_ref().map(read).transpose()?;
        let http = Http::new(certificate.as_deref()).map_err(|error| match error {
            HttpError::CertificateRefused | HttpError::Certificate { .. } => {
                BuildError::Config { path: "media_certificate".to_owned(), reason: error.to_string() }
            }
            other => BuildError::Setup { reason: other.to_string() },
        })?;
        let url = config.socket_url.clone().unwrap_or_else(|| WHATSAPP_WEB_WS_URL.to_owned());
        // Tried now, so that a wrong address is refused at the start.
        SocketFactory::new(&url, Arc::new(|_| {}))
            .map_err(|error| BuildError::Config { path: "socket_url".to_owned(), reason: error.to_string() })?;
        let capabilities = capabilities(&config);
        let shared = Arc::new(Shared { config, http, url, clock: parts.clock });
        Ok(Self { shared, capabilities, linking: Linking { warning: WARNING.to_owned() } })
    }
}

fn read(certificate: &Certificate) -> Result<Vec<u8>, BuildError> {
    match certificate {
        Certificate::Text(text) => Ok(text.clone().into_bytes()),
        Certificate::File(path) => std::fs::read(path).map_err(|error| BuildError::Config {
            path: "media_certificate".to_owned(),
            reason: format!("{} cannot be read: {error}", path.display()),
        }),
    }
}

fn capabilities(config: &Config) -> Capabilities {
    Capabilities {
        text_chars_max: limits::TEXT_CHARS_MAX,
        marks: Marks::WhatsApp,
        caption_chars_max: limits::CAPTION_CHARS_MAX,
        images: Support::Yes,
        image_rules: MediaRules::new(&["image/*"], limits::IMAGE_BYTES_MAX),
        voice: Support::Yes,
        voice_rules: MediaRules::new(&["audio/ogg"], limits::VOICE_BYTES_MAX),
        // Phones do not show the buttons and lists of linked devices: never tried.
        choices: None,
        choices_in_groups: Support::No,
        documents: Support::Yes,
        document_rules: MediaRules::new(&["*"], limits::DOCUMENT_BYTES_MAX),
        locations: Support::Yes,
        reactions: Support::Yes,
        replies: Support::Yes,
        groups: Support::Yes,
        mentions: Support::Yes,
        typing: Support::Yes,
        resend: Resend::SameId,
        rates: (config.pacing == Pacing::On).then(|| rates(config)),
        window: None,
        budget: config.daily_budget.map(|messages_max| DailyBudget { messages_max }),
        // A companion that was away gets what waited for it, however long that was.
        delivered_within: None,
    }
}

/// As a person would write. What arrives is not counted: answering is what is harmless.
fn rates(config: &Config) -> RateRules {
    let chat = Rate { period: limits::CHAT_PERIOD, burst: limits::CHAT_BURST };
    RateRules {
        account: Rate::per_second(config.messages_per_second, limits::ACCOUNT_BURST),
        inbound_debt_max: None,
        chat: Some(ChatRate { rate: chat, groups: Support::Yes }),
        jitter_percent: limits::JITTER_PERCENT,
    }
}

#[async_trait]
impl Channel for WebChannel {
    fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }

    async fn connect(&self, account: &AccountRow, vault: AccountVault) -> Result<Arc<dyn Link>, ConnectError> {
        let phone = Phone::load(vault.clone()).await;
        let phone = phone.map_err(|error| ConnectError::Vault { reason: error.into() })?;
        let account = Account::new(account.id.clone(), self.shared.clone(), vault, phone);
        Ok(Arc::new(WebLink::new(Arc::new(account))))
    }

    fn linking(&self) -> Option<&Linking> {
        Some(&self.linking)
    }
}

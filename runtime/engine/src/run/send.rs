//! Speaking first: messages that no turn made.

use super::handle::EngineHandle;
use crate::context::{AccountCard, Context};
use crate::decide::house_texts::in_language;
use crate::decide::linking_rules::connects;
use crate::decide::render::{Occasion, render};
use greenroom_contract::address::Address;
use greenroom_contract::assistant::{Quoting, Reply};
use greenroom_contract::ids::{
    AccountId, ChannelName, ChatId, ConversationId, IdError, MessageId, OutboundId, SenderId,
};
use greenroom_contract::limits;
use greenroom_contract::message::{Chat, Sender};
use greenroom_contract::outbound::{OutboundBody, Route};
use greenroom_contract::policy::OutboundMode;
use greenroom_contract::store::{Conversation, ParcelDraft, ParcelKind, Post, StoreError};
use greenroom_contract::time::Timestamp;
use greenroom_contract::trace::{Decision, Ignored, Step};
use std::sync::Arc;

/// To whom a message goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SendTo {
    /// A direct conversation that is there.
    Conversation(ConversationId),
    /// A person.
    Person {
        /// One of the person's addresses.
        address: Address,
        /// The channel; `None` where only one knows the person.
        channel: Option<ChannelName>,
        /// The account; `None` where only one knows the person.
        account: Option<AccountId>,
    },
}

impl SendTo {
    /// A person, in the only conversation with that person.
    pub fn person(address: Address) -> Self {
        Self::Person { address, channel: None, account: None }
    }

    /// The same, on this channel.
    #[must_use]
    pub fn on(mut self, name: ChannelName) -> Self {
        if let Self::Person { channel, .. } = &mut self {
            *channel = Some(name);
        }
        self
    }

    /// The same, by this account.
    #[must_use]
    pub fn by(mut self, id: AccountId) -> Self {
        if let Self::Person { account, .. } = &mut self {
            *account = Some(id);
        }
        self
    }
}

impl From<ConversationId> for SendTo {
    fn from(conversation: ConversationId) -> Self {
        Self::Conversation(conversation)
    }
}

impl From<Address> for SendTo {
    fn from(address: Address) -> Self {
        Self::person(address)
    }
}

impl From<&Address> for SendTo {
    fn from(address: &Address) -> Self {
        Self::person(address.clone())
    }
}

/// A message that is in the outbox and will be sent, also after a crash.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Queued {
    /// The name of the message, or of its first part; [`why`](greenroom_contract::store::Traces::why) finds its trace.
    pub id: OutboundId,
    /// Its conversation.
    pub conversation: ConversationId,
    /// Whether a message with this key had been queued before, so that nothing was queued now.
    pub repeated: bool,
}

/// Why a message was not queued, named by what the caller can do. Nothing was stored.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SendRefused {
    /// The allow-list does not admit the person: add an entry.
    #[error("not admitted: {reason}")]
    NotAdmitted {
        /// What the allow-list says.
        reason: Ignored,
    },
    /// The channel only listens (`outbound = "off"`).
    #[error("channel {channel} only listens")]
    ListenOnly {
        /// The channel.
        channel: ChannelName,
    },
    /// There is no such conversation, and the network cannot begin one: the person has to write first.
    #[error("there is no conversation with {to}, and none can be begun: the person has to write first")]
    UnknownConversation {
        /// The address, or the number of the conversation.
        to: String,
    },
    /// It is a group: there is no single person whose admission could be checked.
    #[error("conversation {conversation} is a group")]
    Group {
        /// The conversation.
        conversation: ConversationId,
    },
    /// Several accounts could send it: name a channel or an account.
    #[error("{} could send it: name a channel or an account", named(accounts))]
    Ambiguous {
        /// The accounts.
        accounts: Vec<AccountId>,
    },
    /// The message is empty, or nothing of it exists on this network.
    #[error("the message says nothing that this network can carry")]
    NothingToSay,
    /// The message would become too many network messages.
    #[error("the message would become {parts} messages, more than {max}", max = limits::PARCELS_PER_TURN_MAX)]
    TooLong {
        /// How many.
        parts: usize,
    },
    /// The key is empty or too long.
    #[error("the key of the message cannot be used: {reason}")]
    Key {
        /// Why.
        #[source]
        reason: IdError,
    },
    /// The runtime is stopping.
    #[error("the runtime is stopping")]
    Stopping,
    /// The store cannot take it. Whether it did is not known: try again with the same key.
    #[error(transparent)]
    Store(#[from] StoreError),
}

fn named(accounts: &[AccountId]) -> String {
    accounts.iter().map(AccountId::as_str).collect::<Vec<_>>().join(", ")
}

impl EngineHandle {
    /// Sends a message that answers nothing. It is in the outbox, on disk, when this returns; it is sent in its place
    /// in the conversation, as soon as the network takes it.
    ///
    /// It passes the same checks as an answer: who is not admitted now is refused, and who is not admitted when it is
    /// sent does not get it. Where a person has not written before, the conversation is begun on networks that can.
    pub async fn send(&self, to: impl Into<SendTo>, body: impl Into<OutboundBody>) -> Result<Queued, SendRefused> {
        self.queue(None, to.into(), body.into()).await
    }

    /// The same, once: another message of the same account with the same key, within
    /// [`limits::DEDUP_AGE_MAX`], is not queued, whatever it says. So a call whose outcome is not known can be made
    /// again, also after a crash.
    pub async fn send_once(
        &self,
        key: &str,
        to: impl Into<SendTo>,
        body: impl Into<OutboundBody>,
    ) -> Result<Queued, SendRefused> {
        let unusable = |reason| SendRefused::Key { reason };
        let key = if key.is_empty() { Err(IdError::Empty) } else { MessageId::new(format!("send:{key}")) };
        self.queue(Some(key.map_err(unusable)?), to.into(), body.into()).await
    }

    async fn queue(&self, name: Option<MessageId>, to: SendTo, body: OutboundBody) -> Result<Queued, SendRefused> {
        let context = &self.context;
        if context.stages.draining.is_cancelled() {
            return Err(SendRefused::Stopping);
        }
        let target = match to {
            SendTo::Conversation(conversation) => existing(context, conversation).await?,
            SendTo::Person { address, channel, account } => {
                let cards = candidates(context, channel.as_ref(), account.as_ref());
                with_person(context, cards, &address).await?
            }
        };
        // What was taken once is answered alike, whatever was changed since.
        if let Some(name) = &name
            && let Some(before) = queued_before(context, &target.card, name).await?
        {
            return Ok(before);
        }
        let channel = &target.card.channel;
        let outbound = context.wiring.load().policy(channel).map(|policy| policy.outbound);
        match outbound {
            Some(OutboundMode::On) => {}
            Some(OutboundMode::Off) => return Err(SendRefused::ListenOnly { channel: channel.name.clone() }),
            // Its channel was removed just now.
            None => return Err(SendRefused::UnknownConversation { to: format!("channel {}", channel.name) }),
        }
        let now = context.now();
        let by = target.admitted(context).map_err(|reason| SendRefused::NotAdmitted { reason })?;
        let mut steps = vec![Step::new(now, Decision::Admitted { by })];
        let parcels = target.parcels(context, body, now, &mut steps).await?;
        let (conversation, scope) = (target.conversation, target.card.scope.clone());
        let post = Post { conversation, scope, parcels, steps, name, at: now };
        match context.post(&target.card, post).await {
            Ok(posted) => {
                let repeated = posted.parcels.is_empty();
                Ok(Queued { id: posted.id, conversation: posted.conversation, repeated })
            }
            // The person was forgotten in the meantime.
            Err(StoreError::NotFound { what }) => Err(SendRefused::UnknownConversation { to: what }),
            Err(error) => Err(error.into()),
        }
    }
}

/// What was queued under this name, as far as it is still kept.
async fn queued_before(context: &Context, card: &AccountCard, name: &MessageId) -> Result<Option<Queued>, StoreError> {
    let traces = context.store.why(name, Some(card.id())).await?;
    let queued = traces.into_iter().find_map(|trace| {
        let id = trace.parcels.into_iter().next()?.id;
        Some(Queued { id, conversation: trace.conversation, repeated: true })
    });
    Ok(queued)
}

/// Where a message goes, and who gets it.
struct Target {
    card: Arc<AccountCard>,
    /// `None`: it is made with the message.
    conversation: Option<ConversationId>,
    route: Route,
    recipient: Sender,
}

impl Target {
    fn new(
        card: Arc<AccountCard>,
        conversation: Option<ConversationId>,
        chat: ChatId,
        addresses: Vec<Address>,
        name: Option<String>,
    ) -> Self {
        let id = SenderId::new(chat.as_str()).expect("a chat id is as long as a sender id may be");
        let route = Route { account: card.id().clone(), chat, kind: Chat::Direct };
        Self { card, conversation, route, recipient: Sender { id, addresses, name } }
    }

    /// The same question as just before the send.
    fn admitted(&self, context: &Context) -> Result<String, Ignored> {
        let (route, channel) = (&self.route, &self.card.channel.name);
        context.wiring.load().admission.admits(channel, &route.account, &route.chat, &route.kind, &self.recipient)
    }

    /// What the message becomes on this network, with what was changed on the way.
    async fn parcels(
        &self,
        context: &Context,
        body: OutboundBody,
        now: Timestamp,
        steps: &mut Vec<Step>,
    ) -> Result<Vec<ParcelDraft>, SendRefused> {
        if says_nothing(&body) {
            return Err(SendRefused::NothingToSay);
        }
        let network = &self.card.channel.capabilities;
        let says =
            in_language(context.wiring.load().policy(&self.card.channel).and_then(|policy| policy.language.as_deref()));
        let (mut replies, mut degraded) = (vec![Reply { quoting: Quoting::Never, ..Reply::new(body) }], Vec::new());
        if network.voice.is_there() {
            context.voice_note_encoder.voiced(&mut replies, says, &mut degraded).await;
        }
        let rendered = render(replies, network, Occasion { message: None, in_group: false, says });
        if rendered.left_out > 0 {
            return Err(SendRefused::TooLong { parts: rendered.parts.len() + rendered.left_out });
        }
        if rendered.parts.is_empty() {
            return Err(SendRefused::NothingToSay);
        }
        let changed = degraded.into_iter().chain(rendered.degraded);
        steps.extend(changed.map(|what| Step::new(now, Decision::Degraded { what })));
        let draft = |body| ParcelDraft {
            kind: ParcelKind::OwnSend,
            route: self.route.clone(),
            recipient: self.recipient.clone(),
            reply_to: None,
            opened_at: now,
            speaks_first: true,
            body,
        };
        Ok(rendered.parts.into_iter().map(|part| draft(part.body)).collect())
    }
}

fn says_nothing(body: &OutboundBody) -> bool {
    match body {
        OutboundBody::Text(text) => text.trim().is_empty(),
        OutboundBody::Choices(choices) => choices.options.is_empty() && choices.text.trim().is_empty(),
        other => other.media().is_some_and(|media| media.bytes.is_empty()),
    }
}

/// A conversation that is there.
async fn existing(context: &Context, conversation: ConversationId) -> Result<Target, SendRefused> {
    let unknown = || SendRefused::UnknownConversation { to: format!("conversation {conversation}") };
    let found = context.store.conversation(conversation).await?.ok_or_else(unknown)?;
    let card = context.account(&found.account).ok_or_else(unknown)?;
    let Some(person) = found.person else { return Err(SendRefused::Group { conversation }) };
    let person = context.store.person(person).await?.ok_or_else(unknown)?;
    Ok(Target::new(card, Some(found.id), found.chat, person.addresses, person.name))
}

/// The accounts that may send, in a fixed order.
fn candidates(context: &Context, channel: Option<&ChannelName>, account: Option<&AccountId>) -> Vec<Arc<AccountCard>> {
    let accounts = context.accounts.read();
    let wanted = |card: &&Arc<AccountCard>| {
        channel.is_none_or(|name| card.channel.name == *name) && account.is_none_or(|id| card.id() == id)
    };
    let mut cards: Vec<_> = accounts.values().filter(wanted).cloned().collect();
    cards.sort_by(|one, other| one.id().cmp(other.id()));
    cards
}

/// The conversation with a person: the one that is there, else one that can be begun.
async fn with_person(
    context: &Context,
    cards: Vec<Arc<AccountCard>>,
    address: &Address,
) -> Result<Target, SendRefused> {
    let unknown = || SendRefused::UnknownConversation { to: address.to_string() };
    if cards.is_empty() {
        return Err(unknown());
    }
    let mut there = Vec::new();
    for card in &cards {
        if let Some(found) = conversation_with(context, card, address).await? {
            there.push(existing(context, found.id).await?);
        }
    }
    if !there.is_empty() {
        return the_only_one(context, there);
    }
    let begun = |card: Arc<AccountCard>, chat| Target::new(card, None, chat, vec![address.clone()], None);
    // Admission comes first: what the network can do is not to be learned about those who are not admitted.
    let chat = ChatId::new(address.to_string()).expect("an address is short enough for an id");
    let all = cards.into_iter().filter(|card| connects(&card.row())).map(|card| begun(card, chat.clone())).collect();
    let admitted = admitted_ones(context, all)?;
    let able = admitted.into_iter().filter_map(|target| {
        let chat = target.card.channel.channel.chat_with(address)?;
        Some(begun(target.card, chat))
    });
    let able: Vec<Target> = able.collect();
    if able.is_empty() {
        return Err(unknown());
    }
    the_only_one(context, able)
}

async fn conversation_with(
    context: &Context,
    card: &AccountCard,
    address: &Address,
) -> Result<Option<Conversation>, StoreError> {
    match context.store.person_by_address(&card.scope, address).await? {
        Some(person) => context.store.direct_conversation(card.id(), person).await,
        None => Ok(None),
    }
}

/// Those whose person is admitted; if there is none, why the last one is not.
fn admitted_ones(context: &Context, targets: Vec<Target>) -> Result<Vec<Target>, SendRefused> {
    let mut refused = Ignored::NobodyAdmitted;
    let admitted = |target: &Target| match target.admitted(context) {
        Ok(_) => true,
        Err(reason) => {
            refused = reason;
            false
        }
    };
    let targets: Vec<Target> = targets.into_iter().filter(admitted).collect();
    if targets.is_empty() { Err(SendRefused::NotAdmitted { reason: refused }) } else { Ok(targets) }
}

fn the_only_one(context: &Context, targets: Vec<Target>) -> Result<Target, SendRefused> {
    let mut targets = admitted_ones(context, targets)?;
    if targets.len() > 1 {
        let accounts = targets.iter().map(|target| target.card.id().clone()).collect();
        return Err(SendRefused::Ambiguous { accounts });
    }
    Ok(targets.remove(0))
}

//! Messages on their way in.
//!
//! The library hands over what it decrypted before anything is acknowledged, and acknowledges only if this returns
//! without an error. It keeps a durable copy meanwhile: the ratchet has moved on, so the network's copy could not be
//! read a second time.
//!
//! | a message comes | here |
//! |---|---|
//! | decrypted, alone or in a batch of a backlog | by the hook |
//! | again, because it was not taken the first time | by the hook, from the library's copy |
//! | from the phone, because this device could not read it | within the phone's answer, by the hook ([`recovered`]) |
//! | without content, for now or for good | [`crate::connection::unread`] |
//! | by a newsletter or a status | not at all: it was written to no chat |

use crate::connection::account::Account;
use crate::connection::missing::Name;
use crate::connection::state::ConnectionState;
use crate::ids::address::Person;
use crate::limits;
use crate::messages::inbound::{self as normalize, Envelope};
use crate::messages::recovered;
use async_trait::async_trait;
use greenroom_contract::channel::Ended;
use greenroom_contract::event::{ChannelEvent, EventSink, SinkError};
use greenroom_contract::message::Unreadable;
use greenroom_contract::time::Timestamp;
use std::sync::Arc;
use tokio_util::sync::CancellationToken;
use whatsapp_rust::types::message::{EditAttribute, MessageCategory, MessageInfo};
use whatsapp_rust::wacore::types::events::InboundMessage;
use whatsapp_rust::waproto::whatsapp as wa;
use whatsapp_rust::{Client, InboundDurabilityHook, Jid, Server, anyhow};

/// Takes messages of one connection. Clones share it.
#[derive(Clone)]
pub(crate) struct Inbound {
    pub(crate) account: Arc<Account>,
    state: Arc<ConnectionState>,
    /// `None` while the account is being linked: what comes then is delivered again later.
    sink: Option<Arc<dyn EventSink>>,
    /// Cancelled when the connection is over.
    over: CancellationToken,
}

impl Inbound {
    pub(crate) fn new(
        account: Arc<Account>,
        state: Arc<ConnectionState>,
        sink: Option<Arc<dyn EventSink>>,
        over: CancellationToken,
    ) -> Self {
        Self { account, state, sink, over }
    }

    async fn translate(&self, client: &Client, item: &InboundMessage) -> Vec<ChannelEvent> {
        let own = self.own(client);
        let sender = &item.info.source.sender;
        if sender.device == 0 && own.is(sender) {
            let mut all = Vec::new();
            for handed_over in recovered::read(&item.message, &own) {
                // What came over the network knows more than the phone says: the name, and both addresses.
                let outside = self.account.missing.outside(&handed_over.info.id);
                let info = outside.as_deref().unwrap_or(&handed_over.info);
                all.extend(self.translate_one(client, &own, &handed_over.message, info).await);
            }
            if !all.is_empty() {
                return all;
            }
        }
        self.translate_one(client, &own, &item.message, &item.info).await
    }

    async fn translate_one(
        &self,
        client: &Client,
        own: &Person,
        message: &wa::Message,
        info: &MessageInfo,
    ) -> Vec<ChannelEvent> {
        let envelope = self.envelope(client, info, own.clone()).await;
        let events = normalize::normalize(message, &envelope);
        if events.is_empty() {
            return events;
        }
        if let Some(name) = name(&envelope) {
            self.account.missing.came(&name);
        }
        let cache = &self.account.message_cache;
        cache.hear(&envelope.chat, &envelope.id, &envelope.sender, message);
        cache.set_disappearing(&envelope.chat, info.ephemeral_expiration);
        let mut all = Vec::with_capacity(events.len() + 1);
        if let (Some(number), Some(lid)) = (&envelope.author.number, &envelope.author.lid)
            && cache.announces(number, lid)
        {
            all.extend(normalize::same_person(&envelope));
        }
        all.extend(events);
        all
    }

    fn own(&self, client: &Client) -> Person {
        let own = Person::of([client.pn(), client.lid()].iter().flatten());
        self.state.learn_own(&own);
        own
    }

    /// Reports a message of which only the outside came; returns what names it, if it was written to a chat.
    pub(crate) async fn report(
        &self,
        client: &Client,
        info: &MessageInfo,
        what: Unreadable,
    ) -> Result<Option<Name>, NotStored> {
        let envelope = self.envelope(client, info, self.own(client)).await;
        let Some(event) = normalize::unreadable(&envelope, what) else { return Ok(None) };
        let sink = self.sink.as_ref().ok_or(NotStored)?;
        let stored = tokio::select! {
            biased;
            () = self.over.cancelled() => return Err(NotStored),
            stored = sink.emit(vec![event]) => stored,
        };
        if let Err(error) = stored {
            tracing::warn!("that a message could not be read was not stored: {error}");
            return Err(NotStored);
        }
        Ok(name(&envelope))
    }

    async fn envelope(&self, client: &Client, info: &MessageInfo, own: Person) -> Envelope {
        let source = &info.source;
        let sent_at = Timestamp(u64::try_from(info.timestamp.timestamp_millis()).unwrap_or(0));
        let author = if own.is(&source.sender) {
            if source.sender.device == 0 {
                self.account.phone.seen(sent_at, self.account.clock.now());
            }
            own.clone()
        } else {
            person(client, &source.sender, source.sender_alt.as_ref()).await
        };
        let is_group = source.chat.server == Server::Group;
        let place = &source.chat;
        let is_direct =
            matches!(place.server, Server::Pn | Server::Lid | Server::Hosted | Server::HostedLid | Server::Legacy);
        let other = if is_direct && own.is(&source.sender) && !own.is(place) {
            Some(person(client, place, source.recipient_alt.as_ref()).await)
        } else {
            None
        };
        let title = if is_group { self.account.groups.title(client, &source.chat).await } else { None };
        Envelope {
            account: self.account.id.clone(),
            own,
            id: info.id.clone(),
            chat: source.chat.clone(),
            sender: source.sender.clone(),
            author,
            other,
            name: info.push_name.clone(),
            sent_at,
            title,
            revoked_by_admin: info.edit == EditAttribute::AdminRevoke,
            between_devices: info.category == MessageCategory::Peer,
        }
    }

    async fn emit(&self, events: Vec<ChannelEvent>) -> anyhow::Result<()> {
        let Some(sink) = &self.sink else { anyhow::bail!("the account is still being linked") };
        // A batch of the library fits into one call, except where every message of a long backlog brings two events.
        for part in events.chunks(limits::EVENTS_PER_EMIT_MAX) {
            tokio::select! {
                biased;
                () = self.over.cancelled() => anyhow::bail!("the connection is over"),
                stored = self.offer(&**sink, part) => stored?,
            }
        }
        Ok(())
    }

    /// Offers events until they are stored. A store that fails is offered them a few times; then the connection is
    /// given up, because the network delivers again only on a new one.
    async fn offer(&self, sink: &dyn EventSink, events: &[ChannelEvent]) -> anyhow::Result<()> {
        let mut attempt = 1;
        loop {
            let error = match sink.emit(events.to_vec()).await {
                Ok(()) => return Ok(()),
                Err(error) => error,
            };
            match error {
                SinkError::Unavailable { .. } if attempt < limits::EMIT_ATTEMPTS => {
                    tokio::time::sleep(limits::STORE_RETRY_PAUSE).await;
                    attempt += 1;
                }
                SinkError::Closed => {
                    self.state.end(Ended::Stopped);
                    anyhow::bail!(error);
                }
                _ => {
                    self.state.end(Ended::Dropped { reason: format!("messages cannot be stored: {error}") });
                    anyhow::bail!(error);
                }
            }
        }
    }
}

/// A report was not stored.
pub(crate) struct NotStored;

/// What names a message, in whatever way its content comes.
fn name(envelope: &Envelope) -> Option<Name> {
    Some((envelope.author_id()?.as_str().to_owned(), envelope.id.clone()))
}

/// All that is known of a person's addresses.
async fn person(client: &Client, of: &Jid, also: Option<&Jid>) -> Person {
    let told = Person::of([Some(of), also].into_iter().flatten());
    let known = match (&told.number, &told.lid) {
        (Some(jid), None) | (None, Some(jid)) => client.get_lid_pn_entry(jid).await,
        _ => return told,
    };
    match known {
        Ok(Some(entry)) => {
            let (number, lid) = (Jid::pn(&*entry.phone_number), Jid::lid(&*entry.lid));
            Person { number: told.number.or(Some(number)), lid: told.lid.or(Some(lid)) }
        }
        Ok(None) => told,
        Err(error) => {
            tracing::warn!("the other address of a person cannot be read: {error:#}");
            told
        }
    }
}

#[async_trait]
impl InboundDurabilityHook for Inbound {
    async fn on_messages(&self, client: Arc<Client>, batch: &[InboundMessage]) -> anyhow::Result<()> {
        let mut events = Vec::with_capacity(batch.len());
        for item in batch {
            events.extend(self.translate(&client, item).await);
        }
        if events.is_empty() { Ok(()) } else { self.emit(events).await }
    }
}

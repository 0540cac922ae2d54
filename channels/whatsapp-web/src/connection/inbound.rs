//! Messages on their way in.
//!
//! The library hands over what it decrypted before anything is acknowledged, and acknowledges only if this returns
//! without an error. It keeps a durable copy meanwhile: the ratchet has moved on, so the network's copy could not be
//! read a second time.

use crate::connection::account::Account;
use crate::connection::state::ConnectionState;
use crate::ids::address::Person;
use crate::limits;
use crate::messages::inbound::{self as normalize, Envelope};
use async_trait::async_trait;
use greenroom_contract::channel::Ended;
use greenroom_contract::event::{ChannelEvent, EventSink, SinkError};
use greenroom_contract::time::Timestamp;
use std::sync::Arc;
use tokio_util::sync::CancellationToken;
use whatsapp_rust::types::message::{EditAttribute, MessageCategory};
use whatsapp_rust::wacore::types::events::InboundMessage;
use whatsapp_rust::{Client, InboundDurabilityHook, Jid, Server, anyhow};

/// Takes messages of one connection.
pub(crate) struct Inbound {
    account: Arc<Account>,
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
        let own = Person::of([client.pn(), client.lid()].iter().flatten());
        self.state.learn_own(&own);
        let envelope = self.envelope(client, item, own).await;
        let events = normalize::normalize(&item.message, &envelope);
        if events.is_empty() {
            return events;
        }
        let cache = &self.account.message_cache;
        cache.hear(&envelope.chat, &envelope.id, &envelope.sender, &item.message);
        cache.set_disappearing(&envelope.chat, item.info.ephemeral_expiration);
        let mut all = Vec::with_capacity(events.len() + 1);
        if let (Some(number), Some(lid)) = (&envelope.author.number, &envelope.author.lid)
            && cache.announces(number, lid)
        {
            all.extend(normalize::same_person(&envelope));
        }
        all.extend(events);
        all
    }

    async fn envelope(&self, client: &Client, item: &InboundMessage, own: Person) -> Envelope {
        let (info, source) = (&item.info, &item.info.source);
        let sent_at = Timestamp(u64::try_from(info.timestamp.timestamp_millis()).unwrap_or(0));
        let author = if own.is(&source.sender) {
            if source.sender.device == 0 {
                self.account.phone.seen(sent_at, self.account.clock.now());
            }
            own.clone()
        } else {
            author(client, &source.sender, source.sender_alt.as_ref()).await
        };
        let is_group = source.chat.server == Server::Group;
        let title = if is_group { self.account.groups.title(client, &source.chat).await } else { None };
        Envelope {
            account: self.account.id.clone(),
            own,
            id: info.id.clone(),
            chat: source.chat.clone(),
            sender: source.sender.clone(),
            author,
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

/// All that is known of an author's addresses.
async fn author(client: &Client, sender: &Jid, also: Option<&Jid>) -> Person {
    let told = Person::of([Some(sender), also].into_iter().flatten());
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
            tracing::warn!("the other address of an author cannot be read: {error:#}");
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

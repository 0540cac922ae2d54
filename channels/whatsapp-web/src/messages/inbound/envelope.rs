//! The outside of a message, and what follows from it alone.

use crate::ids::address::{self, Person};
use crate::ids::own_message::own_id;
use crate::limits;
use crate::messages::media::MediaOrigin;
use greenroom_contract::event::{ChannelEvent, DeliveryStatus, StatusOf};
use greenroom_contract::ids::{AccountId, MessageId, SenderId};
use greenroom_contract::message::Sender;
use greenroom_contract::text::bounded;
use greenroom_contract::time::Timestamp;
use whatsapp_rust::{Jid, Server};

/// What the network wrote on the outside of a message, and what is known about its author.
#[derive(Debug, Clone)]
pub struct Envelope {
    /// The account that received it.
    pub account: AccountId,
    /// Who that account is.
    pub own: Person,
    /// The message's id.
    pub id: String,
    /// The chat, with any device.
    pub chat: Jid,
    /// The author, with the device that wrote.
    pub sender: Jid,
    /// All that is known of the author's addresses.
    pub author: Person,
    /// All that is known of the addresses of whom a direct chat is with, where the account itself wrote.
    pub other: Option<Person>,
    /// The name the author goes by; empty where there is none.
    pub name: String,
    /// When it was written, by the network's clock.
    pub sent_at: Timestamp,
    /// The group's title, where it is known.
    pub title: Option<String>,
    /// Whether the server says that an administrator takes somebody else's message back.
    pub revoked_by_admin: bool,
    /// Whether it is housekeeping between the devices of one account.
    pub between_devices: bool,
}

impl Envelope {
    /// Whether it was written to no chat: a status, a newsletter, another device of the same account.
    pub(super) fn is_no_chat(&self) -> bool {
        let chat = &self.chat;
        let status = chat.server == Server::Broadcast && chat.user == "status";
        self.between_devices || status || matches!(chat.server, Server::Newsletter | Server::Call)
    }

    /// The chat to answer to. What came by a broadcast list is answered to its author.
    pub(super) fn place(&self) -> Jid {
        address::bare(if self.chat.server == Server::Broadcast { &self.sender } else { &self.chat })
    }

    pub(super) fn is_group(&self) -> bool {
        self.chat.server == Server::Group
    }

    pub(super) fn is_ours(&self) -> bool {
        self.own.is(&self.sender)
    }

    /// Where a medium came from, so that it can be asked for again.
    pub(super) fn origin_of_media(&self) -> MediaOrigin {
        MediaOrigin {
            message: self.id.clone(),
            chat: self.place().to_string(),
            participant: self.is_group().then(|| address::bare(&self.sender).to_string()),
            from_me: self.is_ours(),
        }
    }

    pub(super) fn message(&self) -> Option<MessageId> {
        MessageId::of_network(&self.id)
    }

    pub(crate) fn author_id(&self) -> Option<SenderId> {
        let lasting = self.author.lasting().cloned().unwrap_or_else(|| address::bare(&self.sender));
        SenderId::new(lasting.to_string()).ok()
    }

    pub(super) fn author(&self) -> Option<Sender> {
        let name = self.name.trim();
        Some(Sender {
            id: self.author_id()?,
            addresses: self.author.addresses(),
            name: (!name.is_empty()).then(|| bounded(name, limits::NAME_BYTES_MAX)),
        })
    }

    /// Whom it was written to, where the account itself wrote it in a direct chat. The name on the outside is the author's.
    pub(super) fn written_to(&self) -> Option<Sender> {
        let other = self.other.as_ref().filter(|_| self.is_ours() && !self.is_group())?;
        let lasting = other.lasting().cloned().unwrap_or_else(|| self.place());
        Some(Sender { id: SenderId::new(lasting.to_string()).ok()?, addresses: other.addresses(), name: None })
    }

    /// An echo of a message of ours proves that the network has it.
    pub(super) fn evidence(&self) -> Option<ChannelEvent> {
        let ours = own_id(&self.id).filter(|_| self.is_ours())?;
        Some(ChannelEvent::Status {
            of: StatusOf::Outbound(ours),
            status: DeliveryStatus::Sent,
            at: self.sent_at,
            billed_as: None,
        })
    }
}

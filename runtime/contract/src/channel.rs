//! Adapters: one [`Channel`] per configured channel, one [`Link`] per account.
//!
//! Adapters translate; they do not decide. Deduplication, admission, mention gating, retry, pacing
//! and persistence live in the engine, once, whatever the network. What is peculiar to a network (how fast one may
//! send, when a chat is open, how much a day may cost) an adapter declares as data, in its
//! [`Capabilities`].

use crate::address::Address;
use crate::capabilities::Capabilities;
use crate::cause::Cause;
use crate::directory::Directory;
use crate::event::EventSink;
use crate::ids::{ChatId, MessageId};
use crate::linking::{Linking, Pairing, PhoneSeen};
use crate::message::{Media, MediaRef};
use crate::outbound::Outbound;
use crate::presence::Presence;
use crate::store::{AccountRow, AccountVault};
use crate::time::Timestamp;
use crate::webhook::Webhook;
use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// A configured channel: `[channels.NAME]`. Owns what its accounts share, such as an HTTP client
/// and the webhook. Does no slow work when it is made.
#[async_trait]
pub trait Channel: Send + Sync + 'static {
    /// What this network can do.
    fn capabilities(&self) -> &Capabilities;

    /// Accounts that the configuration itself fixes, to be upserted at start with the owner
    /// `local`. Empty for networks whose accounts are linked at run time.
    fn identities(&self) -> Vec<Identity> {
        Vec::new()
    }

    /// One account's link, not yet connected. Called once per start of its session actor. The row
    /// carries the key of the [`Identity`] for accounts that the configuration fixes.
    async fn connect(&self, account: &AccountRow, vault: AccountVault) -> Result<Arc<dyn Link>, ConnectError>;

    /// The ability to have accounts linked at run time, by [`Link::pairing`].
    fn linking(&self) -> Option<&Linking> {
        None
    }

    /// The chat in which a person with this address is written to who has not written before. Cheap; never waits.
    /// `None`, the default: the network does not know the address, or the person has to write first.
    fn chat_with(&self, _address: &Address) -> Option<ChatId> {
        None
    }

    /// The ability to be called by the network.
    fn webhook(&self) -> Option<&dyn Webhook> {
        None
    }
}

/// An account that the configuration fixes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// What makes it the same account at the next start, such as a phone number id.
    pub key: String,
    /// What people call it, such as the phone number.
    pub label: String,
}

/// One account on its network.
#[async_trait]
pub trait Link: Send + Sync + 'static {
    /// Runs one connection until it ends, and says why. Never reconnects by itself. Returns soon
    /// after `stop` is cancelled, with [`Ended::Stopped`]. Called again after it returned, never twice
    /// at once.
    async fn run(&self, sink: Arc<dyn EventSink>, stop: CancellationToken) -> Ended;

    /// Sends one message and returns when the network has it. Called for admitted chats only, never
    /// twice at once for one chat, and as fast as the declared rates allow: it does not wait to keep a rate.
    /// When the future is dropped the outcome is unknown.
    async fn send(&self, outbound: &Outbound) -> Result<Receipt, SendError>;

    /// Fetches a medium into memory, never to disk, and stops reading at `bytes_max`. Called after
    /// admission only.
    async fn fetch(&self, media: &MediaRef, bytes_max: u64) -> Result<Media, MediaError>;

    /// The ability to be linked by a person.
    fn pairing(&self) -> Option<&dyn Pairing> {
        None
    }

    /// The phone behind a companion's account, for networks that unlink a companion whose phone stays
    /// away. Known across restarts; cheap; never waits.
    fn phone(&self) -> Option<PhoneSeen> {
        None
    }

    /// The ability to show "typing …".
    fn presence(&self) -> Option<&dyn Presence> {
        None
    }

    /// The ability to ask the network how it writes a phone number.
    fn directory(&self) -> Option<&dyn Directory> {
        None
    }
}

/// What the network answered to a send.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    /// The message's id on the network; the same as ours where the network takes ours.
    pub message: MessageId,
}

/// Why a connection ended. Weather is a value: none of these is an error.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "ended", rename_all = "snake_case")]
pub enum Ended {
    /// It was told to.
    Stopped,
    /// The input came to its end, for channels that have one (a console). Nothing more will arrive.
    Finished,
    /// The connection was lost. It is made again after a pause.
    Dropped {
        /// Why, in a few words.
        reason: String,
    },
    /// The network asks for a fresh connection at once, as WhatsApp Web does after linking.
    RestartRequested,
    /// The network refuses us for a while.
    Suspended {
        /// When it may be tried again.
        until: Timestamp,
        /// Its words.
        reason: String,
    },
    /// Nobody has linked this account yet.
    NotLinked,
    /// The account was unlinked. Keys are deleted; a person must link it again.
    LoggedOut {
        /// Its words.
        reason: String,
    },
    /// Another client uses the same keys.
    Replaced,
    /// The network no longer speaks with this version of ours.
    Outdated,
    /// A token or permission is wrong; a person must act. The outbox is kept.
    Refused {
        /// What is wrong and what to do.
        reason: String,
    },
}

/// Why a link could not be made.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// The vault could not be read; try again.
    #[error("the vault cannot be read now: {reason}")]
    Vault {
        /// Its error.
        #[source]
        reason: Cause,
    },
    /// Something in the configuration or on this machine is wrong; a person must act.
    #[error("{reason}")]
    Setup {
        /// What, and what to do.
        reason: String,
    },
}

/// Why a message was not sent, named by what the caller can do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
pub enum SendError {
    /// It is certain that it was not sent. Try again later.
    #[error("not sent, try again: {reason}")]
    Retry {
        /// Why.
        #[source]
        reason: Cause,
        /// How long to wait at least, in this scope.
        after: Option<Duration>,
        /// Who has to wait.
        scope: BackOff,
    },
    /// It may have been sent. Look for evidence before sending again.
    #[error("the outcome is unknown: {reason}")]
    Uncertain {
        /// Why.
        #[source]
        reason: Cause,
    },
    /// The network will never take this message. Drop it and show it.
    #[error("refused for good: {reason}")]
    Refused {
        /// Its words.
        reason: String,
    },
    /// The network takes it only after the person writes again. Hold it.
    #[error("the person has to write first: {reason}")]
    WindowClosed {
        /// Its words.
        reason: String,
    },
    /// The account cannot send until a person acts. Keep the outbox.
    #[error("the account is stopped: {reason}")]
    AccountStopped {
        /// What is wrong and what to do.
        reason: String,
    },
    /// There is no connection. It is certain that it was not sent.
    #[error("not connected")]
    NotConnected,
}

/// Who waits after a refusal for now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BackOff {
    /// This conversation.
    Conversation,
    /// The account.
    Account,
}

/// Why a medium was not fetched.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MediaError {
    /// It is larger than allowed.
    #[error("larger than {bytes_max} bytes")]
    TooLarge {
        /// The limit.
        bytes_max: u64,
    },
    /// The network no longer has it, or it is damaged. Do not try again.
    #[error("gone: {reason}")]
    Gone {
        /// Why.
        #[source]
        reason: Cause,
    },
    /// It may work later.
    #[error("not now: {reason}")]
    Retry {
        /// Why.
        #[source]
        reason: Cause,
    },
}

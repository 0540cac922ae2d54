//! Events that come by HTTP instead of a connection.

use crate::event::{ChannelEvent, StatusOf};
use crate::ids::{AccountId, ChatId};
use crate::time::Timestamp;
use bytes::Bytes;

/// A request as the gateway received it.
#[derive(Debug, Clone)]
pub struct WebhookRequest {
    /// Lower-case names and values, in order.
    pub headers: Vec<(String, Bytes)>,
    /// The query string without the question mark.
    pub query: String,
    /// The raw body.
    pub body: Bytes,
}

/// An ability of a [`crate::channel::Channel`]: to be called by its network. Verifies and translates,
/// and does no I/O.
pub trait Webhook: Send + Sync {
    /// Refuses what its head alone shows to be no request of the network, such as one without a signature. Called before
    /// a byte of the body is read, with an empty body; what it lets through is checked by [`Webhook::decode`] all the
    /// same. The default lets everything through.
    fn check_head(&self, _head: &WebhookRequest) -> Result<(), WebhookError> {
        Ok(())
    }

    /// Answers the network's verification call (a `GET`): the text to send back.
    fn verify(&self, request: &WebhookRequest) -> Result<String, WebhookError>;

    /// Checks the signature over the raw bytes in constant time, then translates. The gateway
    /// commits all events in one batch before it answers 200.
    ///
    /// It changes nothing: it is called before the commit, which may fail, and again for each repetition of
    /// the request. What it returns depends on the request, the configuration and the links that were made only.
    fn decode(&self, request: &WebhookRequest) -> Result<Decoded, WebhookError>;

    /// Takes the notes of a request whose events are durable now. Called once for each delivery of the request
    /// that was committed, so a note that came before has to count nothing.
    fn committed(&self, _notes: &[Note]) {}
}

/// What a request held.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Decoded {
    /// What to commit, in the order of the request, each with the account it belongs to.
    pub events: Vec<(AccountId, ChannelEvent)>,
    /// Identities that the request addressed and the configuration does not know. They
    /// are counted and shown; the request is answered 200 all the same.
    pub unknown: Vec<UnknownIdentity>,
    /// Parts that could not be read, each named in a few words without any content. They are counted
    /// and shown; asking for them again would bring the same bytes.
    pub unreadable: Vec<String>,
    /// What the request says about accounts rather than about messages. Given to [`Webhook::committed`] after
    /// the events are durable.
    pub notes: Vec<Note>,
}

/// What a request says about an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Note {
    /// Who handles one chat of an account, where a network lets several programs share it.
    HandedOver {
        /// The account.
        account: AccountId,
        /// The chat.
        chat: ChatId,
        /// Who handles it.
        to: Handler,
        /// Since when, by the network's clock.
        since: Timestamp,
    },
    /// The request tells what another handler says and hears.
    Standby {
        /// The account.
        account: AccountId,
        /// Names the request: the same for each delivery of it.
        request: String,
    },
    /// A message that the network took has failed for a reason that concerns the whole account: a person must act.
    Stopped {
        /// The account.
        account: AccountId,
        /// Which message of ours.
        of: StatusOf,
        /// What is wrong and what to do.
        reason: String,
    },
    /// The network reports an error that concerns the account. It is logged.
    Error {
        /// The account.
        account: AccountId,
        /// The network's words, in one line.
        reason: String,
    },
}

/// Who handles a chat.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Handler {
    /// This program.
    Us,
    /// Another program, such as the network's own agent.
    Another,
}

/// An identity, such as a phone number id, that the configuration does not name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownIdentity {
    /// As the network writes it.
    pub key: String,
    /// How many messages and statuses were for it.
    pub events: usize,
}

/// Why a request is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WebhookError {
    /// The signature or token is missing or wrong: 401 or 403.
    #[error("the signature or token is missing or wrong")]
    Forbidden,
    /// The body is not what the network sends: 400.
    #[error("the body cannot be read: {reason}")]
    Malformed {
        /// What is wrong with it.
        reason: String,
    },
    /// It is for an account that is configured but whose link was not made yet: 503, so that the
    /// network delivers it again.
    #[error("the account is not ready yet")]
    NotReady,
}

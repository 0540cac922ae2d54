//! Events that come by HTTP instead of a connection.

use crate::event::ChannelEvent;
use crate::ids::AccountId;
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

/// An ability of a [`crate::channel::Channel`]: to be called by its network. Pure: verifies,
/// translates, touches nothing.
pub trait Webhook: Send + Sync {
    /// Answers the network's verification call (a `GET`): the text to send back.
    fn verify(&self, request: &WebhookRequest) -> Result<String, WebhookError>;

    /// Checks the signature over the raw bytes in constant time, then translates. The gateway
    /// commits all events in one batch before it answers 200.
    fn decode(&self, request: &WebhookRequest) -> Result<Vec<(AccountId, ChannelEvent)>, WebhookError>;
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
}

//! "Typing …" and read marks.

use crate::ids::MessageId;
use crate::outbound::Route;
use async_trait::async_trait;

/// An ability of a [`crate::channel::Link`]: to show that an answer is being prepared.
///
/// Called only for admitted messages: a stranger never sees a read mark or typing.
/// Failures are not reported: nothing depends on them.
#[async_trait]
pub trait Presence: Send + Sync {
    /// Shows "typing …", and the message as read where the network couples the two. Called again
    /// every [`crate::limits::TYPING_RENEWAL`] while a turn runs; must return quickly.
    async fn typing(&self, route: &Route, message: Option<&MessageId>);

    /// Takes "typing …" away, where the network does not do it by itself.
    async fn paused(&self, route: &Route);
}

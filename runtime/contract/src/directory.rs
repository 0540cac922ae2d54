//! Asking a network under which address it knows a person.

use crate::address::Address;
use crate::cause::Cause;
use async_trait::async_trait;

/// An ability of a [`crate::channel::Link`]: to ask its network how it writes a phone number.
///
/// Numbers of some countries are written in two ways, and a person types the one that they dial. Called while the account
/// is connected, rarely, for entries of the allow-list only, and one after the other.
#[async_trait]
pub trait Directory: Send + Sync {
    /// The address under which messages of this person arrive; `None` if the network says that no one has this number.
    /// An error says nothing about the number.
    async fn look_up(&self, number: &Address) -> Result<Option<Address>, Cause>;
}

//! Messages as the network writes them and as the engine knows them.

pub mod inbound;
pub(crate) mod media;
pub(crate) mod message_cache;
pub(crate) mod outbound;
pub(crate) mod receipt;
pub(crate) mod recovered;

//! The socket, the requests, and what waits for an answer on them. Knows nothing of accounts.

pub mod http;
pub mod logs;
pub mod loopback;
pub(crate) mod pending_acks;
mod proxy;
pub mod transport;

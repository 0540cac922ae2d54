//! The socket, the requests, and what waits for an answer on them. Knows nothing of accounts.

pub(crate) mod acks;
pub mod http;
pub mod logs;
pub mod loopback;
pub mod transport;

//! One account and the connection it has: made, watched, used, and ended in order.

pub(crate) mod account;
pub(crate) mod disconnect_reason;
pub(crate) mod groups;
pub(crate) mod inbound;
pub(crate) mod key_gate;
pub(crate) mod live;
pub(crate) mod missing;
pub(crate) mod numbers;
pub(crate) mod online;
pub(crate) mod pairing_news;
pub(crate) mod phone;
pub(crate) mod presence;
pub(crate) mod send;
pub(crate) mod session;
pub(crate) mod state;
pub(crate) mod undecrypted;
pub(crate) mod unread;
pub(crate) mod web_link;

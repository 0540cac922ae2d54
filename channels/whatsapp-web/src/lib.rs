//! WhatsApp through the multi-device protocol of WhatsApp Web: each account is a linked device of somebody's phone.
//!
//! [`WhatsAppWeb`] is the adapter kind; the application lists it in its registry. It makes one [`WebChannel`] for a
//! `[channels.NAME]` with `adapter = "whatsapp-web"`, and that one link for each account. The protocol itself is
//! spoken by the crate `whatsapp-rust`.
//!
//! | module | holds | touches the network |
//! |---|---|---|
//! | [`config`] | the adapter's keys | no |
//! | [`limits`] | every limit of the adapter, with its unit and its reason | no |
//! | `ids` | addresses of people and groups, and the names of our own messages | no |
//! | [`wire`] | the socket, the requests, what waits for an acknowledgement | yes |
//! | [`keys`] | what the protocol must remember, in the account's vault | no |
//! | [`messages`] | a decrypted message as events, a message of ours, its medium, what became of it | media are fetched |
//! | `connection` | one account, one run of the protocol library and what it tells, sending on it | yes |
//! | `pairing` | linking and unlinking | yes |
//! | `link_traits` | what the engine asks of an account, handed on | no |
//!
//! # What is absent
//!
//! Nothing here decides whether a message is answered, stores a message, connects again or sends a message again: the
//! engine does, for all networks alike. Media never touch the disk. Nothing is sent to anybody who was not named.
#![warn(missing_docs)]

mod channel;
pub mod config;
mod connection;
mod ids;
pub mod keys;
pub mod limits;
mod link_traits;
pub mod messages;
mod pairing;
mod warning;
pub mod wire;

pub use channel::{WebChannel, WhatsAppWeb};
pub use config::Config;
pub use ids::address::Person;
pub use wire::logs::LOG_DIRECTIVE;

//! WhatsApp through the multi-device protocol of WhatsApp Web: each account is a linked device of somebody's phone.
//!
//! [`WhatsAppWeb`] is the adapter kind; the application lists it in its registry. It makes one [`WebChannel`] for a
//! `[channels.NAME]` with `adapter = "whatsapp-web"`, and that one link for each account. The protocol itself is
//! spoken by the crate `whatsapp-rust`.
//!
//! | module | holds | touches the network |
//! |---|---|---|
//! | [`config`] | the adapter's keys | no |
//! | [`normalize`] | a decrypted message as events | no |
//! | `outgoing`, `receipt`, `ended` | a message of ours, what became of it, how a connection ends | no |
//! | `recent`, `groups`, `phone` | what an account remembers, bounded | titles are asked for |
//! | `session`, `settled`, `unreadable`, `watch`, `inbound` | one run of the protocol library and what it tells | yes |
//! | `link`, `send`, `media`, `presence` | what the engine asks for | yes |
//! | `pairing` | linking and unlinking | yes |
//! | [`backend`] | what the protocol must remember, in the account's vault | no |
//! | [`transport`], [`http`] | the socket and the requests | yes |
//!
//! # What is absent
//!
//! Nothing here decides whether a message is answered, stores a message, connects again or sends a message again: the
//! engine does, for all networks alike. Media never touch the disk. Nothing is sent to anybody who was not named.
#![warn(missing_docs)]

mod account;
mod acks;
mod address;
pub mod backend;
mod channel;
pub mod config;
mod ended;
mod groups;
pub mod http;
mod inbound;
mod link;
pub mod logs;
pub mod loopback;
mod media;
pub mod normalize;
mod outgoing;
mod pairing;
mod phone;
mod presence;
mod receipt;
mod recent;
mod send;
mod session;
mod settled;
pub mod transport;
mod unreadable;
mod warning;
mod watch;

pub use address::Person;
pub use channel::{WebChannel, WhatsAppWeb};
pub use config::Config;
pub use logs::LOG_DIRECTIVE;

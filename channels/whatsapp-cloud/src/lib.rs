//! WhatsApp through Meta's Cloud API: webhooks in, Graph out.
//!
//! [`WhatsAppCloud`] is the adapter kind; the application lists it in its registry. It makes one [`CloudChannel`] for
//! a `[channels.NAME]` with `adapter = "whatsapp-cloud"`, and that one link for each phone number id.
//!
//! | module | holds | touches the network |
//! |---|---|---|
//! | [`config`] | the adapter's keys | no |
//! | [`signature`] | `X-Hub-Signature-256` and the verification handshake | no |
//! | [`pasted`] | whether a pasted value is what its key wants | no |
//! | [`normalize`] | a webhook's body as events | no |
//! | [`request`], [`interactive`], `document` | a message of ours as Graph wants it | no |
//! | [`failure`] | every error code and what follows from it | no |
//! | [`limits`] | every limit of the adapter, with its unit and its reason | no |
//! | `number` | what a channel and the link of a number share | no |
//! | `graph`, `media`, `link` | the calls | yes |
//! | [`doctor`] | what may be wrong with a set-up, and what to do | yes |
//!
//! # What is absent
//!
//! Nothing here decides whether a message is answered, stores a message, paces or retries a send: the engine does, for
//! all networks alike. Meta's rates, its window and the daily budget are declared as data, and whether a window is
//! open comes with the message. No webhook `url` of a medium is followed; the id is looked up instead. Media never touch the disk.
#![warn(missing_docs)]

mod channel;
pub mod config;
pub mod doctor;
mod document;
pub mod failure;
mod graph;
pub mod interactive;
pub mod limits;
mod link;
mod media;
pub mod normalize;
mod number;
pub mod pasted;
pub mod request;
pub mod signature;

pub use channel::{CloudChannel, Usage, WhatsAppCloud};
pub use config::Config;

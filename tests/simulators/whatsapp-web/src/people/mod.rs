//! Simulated phones, and the people who hold them.
//!
//! A [`Phone`] is device 0 of its account: it owns the account's identity key, links companions and
//! signs for them, and writes and hears with real Signal sessions. It is a client in its own right,
//! written against the stanzas and not against the client library that the bot uses, and it talks to
//! the simulated server over the in-memory line of [`crate::seam`].
//!
//! ```text
//! Phone ── link.rs, code.rs         scanning a QR, entering a pairing code
//!       ├─ write.rs, draft.rs, things.rs  what a person does ─▶ a message ─▶ fanout.rs / group.rs
//!       ├─ hear.rs, heard.rs        stanzas ─▶ what the person sees
//!       ├─ receipt.rs, retry.rs     ticks, and asking for or repeating what was not understood
//!       ├─ companion.rs             what a companion could not read, and media that the host forgot
//!       └─ phone_state.rs            all that the phone knows: keys, sessions, contacts, what it sent
//! ```
//!
//! A phone costs one task and a few prekeys, so that hundreds of people can write at once.

mod address;
mod code;
mod companion;
mod devices;
mod draft;
mod fanout;
mod group;
mod hear;
mod heard;
mod keys;
mod line;
mod link;
mod media;
mod node;
mod phone;
mod phone_state;
mod ratchet;
mod receipt;
mod retry;
#[cfg(test)]
mod stand_in;
#[cfg(test)]
mod tests;
mod things;
mod wrapping;
mod write;

pub use address::Address;
pub use draft::Draft;
pub use heard::{Body, Heard, Quote, Receipt, ReceiptKind, Typing};
pub use link::LinkError;
pub(crate) use media::{MediaHost, Stored};
pub use phone::{Person, Phone};

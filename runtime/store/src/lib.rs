//! The store: durable queues and tables behind the contract's store traits.
//!
//! # How a change becomes durable
//!
//! A caller hands a command to the `writer`, a thread that owns all writes. It runs up to a
//! thousand commands one after another against a `txn`, applies what they wrote as one batch,
//! flushes, asks the disk to keep it, and then tells all callers. An engine that fails is let go,
//! everybody in the group is told, and it is opened again as soon as that works.
//!
//! # Layout
//!
//! | module | holds |
//! |---|---|
//! | `engine` | what an engine must do: get, scan, apply, flush, sync; sled, fjall and memory do it |
//! | `keys`, `records`, `envelope` | how rows are named, what they hold, how they are checked |
//! | `seal` | secrets at rest |
//! | `index` | what is kept in memory |
//! | `commands` | the changes, as pure functions |
//! | `reads` | the contract's traits |
//! | `open`, `options`, `proof`, `salvage` | opening, and refusing to |
//! | `transfer`, `verify` | export, import, looking at everything |
//!
//! # What is sealed
//!
//! Secrets of accounts, and media that wait to be sent. Texts of the inbox, the history and the
//! outbox are readable in the files: whoever can read the folder can read the conversations.
//!
//! # At most six key writes for a message and its answer
//!
//! Accepting writes a row and its deduplication key, which is also the first half of the trace.
//! Settling deletes the row, writes a turn of history and the parcel, which carries the second half.
//! Sending writes the parcel once more, in place; a sent parcel is the index of our own messages.
//! A first attempt is written only if the turn takes longer than a moment.

mod commands;
mod convert;
mod core;
mod engine;
mod envelope;
#[cfg(feature = "fjall")]
mod fjall_engine;
mod hex;
mod index;
mod key_file;
mod keys;
mod loading;
mod memory_engine;
mod open;
mod options;
mod parcels;
mod proof;
mod reads;
mod records;
mod salvage;
mod seal;
mod shared;
mod sled_engine;
mod steps;
mod store;
mod sweeper;
mod transfer;
mod txn;
mod verify;
mod writer;

#[cfg(test)]
mod sample;
#[cfg(test)]
mod tests;

pub use open::{memory, memory_with, open};
pub use options::{EngineKind, OpenError, OpenOptions, SealSource};
pub use seal::{SealKey, SealKeyError};
pub use shared::Counters;
pub use store::GreenroomStore;
pub use transfer::{ExportReport, ImportReport, TransferError, export, import};
pub use verify::{KindReport, VerifyReport, verify};

//! The store: durable queues and tables behind the contract's store traits.
//!
//! # How a change becomes durable
//!
//! A caller hands a command to the writer, a thread that owns all writes. It runs up to a
//! thousand commands one after another against a `Txn`, applies what they wrote as one batch,
//! flushes, asks the disk to keep it, and then tells all callers. An engine that fails is let go,
//! all callers of the group are told, and it is opened again as soon as that works.
//!
//! # Layout
//!
//! | module | holds |
//! |---|---|
//! | `engines` | what an engine must do: get, scan, apply, flush, sync; sled, fjall and memory do it |
//! | `format` | the bytes: how rows are named, what they hold, how they are checked, and secrets at rest |
//! | `memory` | the index that is kept in memory, how it is loaded, what the writer remembers and what it writes later, and what readers and the writer share |
//! | `write` | the writer, what a command sees, and the commands: the changes, as pure functions |
//! | `store` | the store as others see it: commands go to the writer, reads go to the engine |
//! | `reads` | the contract's traits, one file each, and the sweeper |
//! | `open` | opening, and refusing to |
//! | `tools` | export, import, a store of a snapshot, another key, looking at everything, putting back what was set aside |
//! | `simulated` | a store over a simulated disk, for tests (feature `simulated-disk`) |
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
//! A first attempt is written only if the turn takes longer than a moment, settings of a conversation only when they
//! change.

mod engines;
mod format;
mod memory;
mod open;
mod reads;
#[cfg(any(test, feature = "simulated-disk"))]
mod simulated;
mod store;
mod tools;
mod write;

#[cfg(test)]
mod tests;

pub use format::seal::{SealKey, SealKeyError};
pub use memory::shared::Counters;
pub use open::options::{EngineKind, OpenError, OpenOptions, SealSource};
pub use open::{memory, memory_with, open};
#[cfg(feature = "simulated-disk")]
pub use simulated::{DiskFault, DiskPlan, DiskPoint, SimDisk};
pub use store::GreenroomStore;
pub use tools::refill::{NextRow, refill, take_back};
pub use tools::restore::{RestoreReport, restore_damaged};
pub use tools::rotate::{RotateReport, rotate_key};
pub use tools::transfer::{ExportReport, ImportReport, TransferError, export, import};
pub use tools::verify::{KindReport, VerifyReport, verify};

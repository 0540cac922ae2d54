//! Capsules: a whole bot in one encrypted file, to move it or to put it back after its machine is lost.
//!
//! This crate is the format and nothing else. What goes in, and what becomes of it, is decided by the store and the program.
//!
//! # The file
//!
//! A file of the [age](https://age-encryption.org) format, for a passphrase or for public keys; `age -d` opens it too. Age
//! checks each 64 KiB of it and its end, so that a file that was cut or changed is noticed where that happened. Inside:
//!
//! ```text
//! "greenroom capsule\n" | version 2 bytes | frames
//! frame:  kind 1 byte | length 4 bytes | payload
//! header  H: JSON, the first frame
//! file    F: length of its name 2 bytes | name | bytes
//! row     R: length of its key 2 bytes | key | flags 1 byte | value
//! end     E: JSON, how many files and rows there were; nothing follows
//! ```
//!
//! Numbers are big-endian. What is read takes no more memory than its largest frame, and a frame takes what really comes of it,
//! whatever its length says.
//!
//! A row holds what a record says and not how it lay in the files of its store: whole, checked, and opened if it was sealed. So
//! it goes into a store of any engine and under any key, and the key of the old store is not part of the file.
//!
//! | module | holds |
//! |---|---|
//! | [`keys`] | what locks a capsule, and what opens it |
//! | [`frames`] | its parts, as bytes |
//! | [`writer`] | [`CapsuleWriter`] |
//! | [`reader`] | [`CapsuleReader`] |
//! | [`error`] | [`CapsuleError`] |
//! | [`limits`] | every limit, with its unit and its reason |
#![warn(missing_docs)]

pub mod error;
pub mod frames;
pub mod keys;
pub mod limits;
pub mod reader;
pub mod writer;

pub use error::CapsuleError;
pub use frames::{Entry, Header, Totals};
pub use keys::{Key, Lock};
pub use reader::CapsuleReader;
pub use writer::CapsuleWriter;

/// The version of what is inside. It changes only if an earlier reader would misunderstand it.
pub const VERSION: u16 = 1;

//! Every limit of this crate.

/// Bytes of one frame. The longest record is a message with a file that waits to be sent.
pub const FRAME_BYTES_MAX: usize = 160 * 1024 * 1024;

/// Bytes of a file's name. They are names of files of a data folder.
pub const FILE_NAME_BYTES_MAX: usize = 255;

/// Characters that a passphrase has at least. A capsule holds the keys of accounts and may lie anywhere, for years.
pub const PASSPHRASE_CHARS_MIN: usize = 12;

/// The work that a passphrase costs whoever tries one: 2^17 times what scrypt counts, which takes 128 MiB of memory for about
/// half a second.
pub const PASSPHRASE_WORK_LOG: u8 = 17;

/// The work that opening may cost: 1 GiB of memory. A capsule of strangers must not be able to ask for more.
pub const PASSPHRASE_WORK_LOG_MAX: u8 = 20;

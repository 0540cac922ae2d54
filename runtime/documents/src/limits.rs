//! The limits of the documents, each with its unit and its reason.

/// Bytes of pictures and files that one turn's document carries, before base64. What does not fit is named without its
/// bytes. Three photographs of a phone fit; a line of 16 MB is what readers in most languages take without a setting.
pub const TURN_MEDIA_BYTES_MAX: usize = 12 * 1024 * 1024;
/// Bytes of an answer's document. Its media are base64, a third more than their bytes; what is longer is not read.
pub const ANSWER_BYTES_MAX: usize = 24 * 1024 * 1024;
/// Bytes of the part of a document that a message about it repeats.
pub const SHOWN_BYTES_MAX: usize = 200;
/// Keys that one conversation remembers. Enough for every form; who needs more keeps a database.
pub const MEMORY_KEYS_MAX: usize = 1_000;
/// Media that one answer may carry. A turn has at most 16 replies.
pub const ANSWER_MEDIA_MAX: usize = greenroom_contract::limits::REPLIES_PER_TURN_MAX;

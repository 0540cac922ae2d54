//! The limits of who a person is beyond one network.

use std::time::Duration;

/// Longest e-mail address, in bytes: what SMTP allows (RFC 5321).
pub const EMAIL_BYTES_MAX: usize = 254;
/// Longest part of an e-mail address before the `@`, in bytes (RFC 5321).
pub const EMAIL_LOCAL_BYTES_MAX: usize = 64;
/// E-mail addresses that one person may have proved; more than anyone uses, and few enough to be shown at once.
pub const LINKS_PER_PERSON_MAX: usize = 16;
/// People who may have proved the same e-mail address; the one who did so first leaves. More than a person has channels.
pub const PEOPLE_PER_EMAIL_MAX: usize = 64;
/// Bytes that are remembered of a person who is asked for a proof. What is written today takes about 600.
pub const LINKING_NOTES_BYTES_MAX: usize = 4 * 1024;
/// How long it may take until a mail server has a message, with all attempts. A code that comes later is too old.
pub const MAIL_TIMEOUT: Duration = Duration::from_secs(8 * 60);
/// How long a lookup may take. A person waits for the answer meanwhile.
pub const LOOKUP_TIMEOUT: Duration = Duration::from_secs(3);
/// Bytes of what a lookup knows of one person. More does not belong into every turn.
pub const ATTRIBUTES_BYTES_MAX: usize = 16 * 1024;
/// How long a code to an e-mail address works. Mail that is held back by greylisting comes within five minutes.
pub const CODE_AGE_MAX: Duration = Duration::from_secs(10 * 60);
/// Wrong codes until an open one no longer works: of 100,000,000 codes five are guessed.
pub const CODE_TRIES_MAX: u32 = 5;
/// Codes that one person may ask for within [`CODES_WINDOW`]. A mistyped address is put right with the second.
pub const CODES_PER_PERSON_MAX: usize = 5;
/// Codes that one e-mail address is sent within [`CODES_WINDOW`], whoever asks: its owner may not have asked.
pub const CODES_PER_EMAIL_MAX: usize = 5;
/// Codes that are sent within [`CODES_WINDOW`] altogether, unless it is configured. Mail services allow small senders more.
pub const CODES_MAX: usize = 200;
/// Most codes within [`CODES_WINDOW`] that a configuration may allow.
pub const CODES_CONFIGURED_MAX: usize = 100_000;
/// Within which time codes are counted.
pub const CODES_WINDOW: Duration = Duration::from_secs(60 * 60);
/// People and addresses whose codes are counted; about 150 bytes each. Whoever is silent longest is forgotten first.
pub const CODES_REMEMBERED_MAX: usize = 20_000;
/// How long a question of linking stays open: for an e-mail address, or whether to forget. Then words are words.
pub const LINKING_QUESTION_AGE_MAX: Duration = Duration::from_secs(15 * 60);
/// How long what a lookup said of a person counts before it is asked once more.
pub const LOOKUP_AGE_MAX: Duration = Duration::from_secs(5 * 60);
/// People of whom it is remembered what a lookup said; at most [`ATTRIBUTES_BYTES_MAX`] each, and mostly far less.
pub const LOOKUP_REMEMBERED_MAX: usize = 1_000;

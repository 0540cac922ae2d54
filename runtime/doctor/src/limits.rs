//! From when on something is told. Each limit with its unit and its reason.

/// Free bytes below which the disk counts as full: the store needs room for what it writes anew before it frees the old.
pub const FREE_BYTES_MIN: u64 = 64 * 1024 * 1024;
/// Free bytes below which it is worth a warning: a busy day of a large bot.
pub const FREE_BYTES_LOW: u64 = 1024 * 1024 * 1024;
/// Open files that a server needs at least: a few hundred connections, the store, and the links.
pub const OPEN_FILES_MIN: u64 = 1_024;
/// How far the clock may be behind the newest thing that was written, in milliseconds. Stores of another machine may come
/// with a small difference.
pub const CLOCK_BEHIND_MAX_MS: u64 = 5 * 60 * 1_000;
/// Before this moment this version did not exist, so the clock is wrong: 1 November 2026, in milliseconds since 1970.
pub const RELEASED_MS: u64 = 1_793_491_200_000;
/// How long a connection may take to be made before that is worth a word, in milliseconds. Networks take some seconds.
pub const CONNECTING_MAX_MS: u64 = 2 * 60 * 1_000;
/// How long a linking run may show nothing before that is worth a word, in milliseconds. Networks send the first code within
/// seconds.
pub const FIRST_CODE_MAX_MS: u64 = 30 * 1_000;
/// How long a connected network may be silent, in milliseconds. Every network here sends signs of life within minutes.
pub const SILENCE_MAX_MS: u64 = 15 * 60 * 1_000;
/// How long ago losses of the connection still count, in milliseconds.
pub const LOSSES_WITHIN_MS: u64 = 60 * 60 * 1_000;
/// Losses within that time that are worth a warning. One or two are weather.
pub const LOSSES_MIN: usize = 4;
/// A connection that lasted less than this was never a good one, in milliseconds.
pub const SHORT_CONNECTION_MS: u64 = 60 * 1_000;
/// So many short ones behind each other are a problem of the way, and no weather.
pub const SHORT_CONNECTIONS_MIN: usize = 3;
/// How long a phone may stay away before that is worth a warning, in milliseconds. WhatsApp unlinks after 14 days.
pub const PHONE_ABSENCE_MS: u64 = 10 * 24 * 3_600 * 1_000;
/// Answers that take longer than this are slow, in milliseconds. People begin to ask whether anyone is there.
pub const ANSWER_SLOW_MS: u64 = 20 * 1_000;
/// Answered messages that are looked at for it; fewer than three of them say nothing.
pub const ANSWERS_LOOKED_AT: usize = 50;
/// Of so many answers half must be slow.
pub const ANSWERS_MIN: usize = 3;
/// Rows in the inbox that are worth a warning: a tenth of what it takes.
pub const INBOX_WAITING_WARNED: u64 = 20_000;
/// Files of the data folder whose permissions are looked at. A store has a few dozen.
pub const FILES_LOOKED_AT_MAX: usize = 1_000;

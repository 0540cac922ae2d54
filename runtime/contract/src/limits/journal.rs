//! Limits of what is remembered about the life of an account, and of what is told about who is admitted.

use std::time::Duration;

/// Times without a connection that are remembered for one account; the oldest leave first. A week with one a day leaves
/// room for a bad evening.
pub const GAPS_KEPT_MAX: usize = 20;
/// Longest reason of such a time in bytes: a sentence. Networks write some of them.
pub const GAP_REASON_BYTES_MAX: usize = 200;
/// Days for which it is remembered how many messages were refused, and why: as long as anyone asks about last month.
pub const REFUSED_DAYS_MAX: usize = 31;
/// How often counts that changed are written down. What a crash of the process loses is this much at most.
pub const JOURNAL_PAUSE: Duration = Duration::from_secs(60);
/// How often it is written down that an account was connected, which tells after a crash since when it was not.
pub const ALIVE_WRITTEN_PAUSE: Duration = Duration::from_secs(10 * 60);
/// Entries of other groups that are told where a group is not on the list. Enough to recognize the list.
pub const RULES_SHOWN_MAX: usize = 5;

//! The limits of sending traces, each with its unit and its reason.

use std::time::Duration;

/// How long one request to the collector may take, and how long the end of the program waits for the last one.
pub const EXPORT_TIMEOUT: Duration = Duration::from_secs(5);
/// Spans that wait to be sent. About a kilobyte each; more are dropped, so a collector that is away costs nothing else.
pub const SPANS_WAITING_MAX: usize = 2_048;
/// Lines of log that are kept with one span. A turn that is tried for long writes more than a person reads.
pub const EVENTS_PER_SPAN_MAX: u32 = 64;
/// Bytes of an answer of the collector that are read: it says no more than how many spans it refused.
pub const ANSWER_BYTES_MAX: usize = 64 * 1024;

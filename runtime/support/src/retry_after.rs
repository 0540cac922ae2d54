//! How long a server asks to be left alone.

use std::time::{Duration, UNIX_EPOCH};

/// The pause that a header `Retry-After` asks for: whole seconds, or an HTTP date (RFC 9110, 10.2.3). `now_ms` is the present
/// moment in milliseconds since 1970. Not bounded: whoever waits has a limit.
pub fn retry_after(value: &str, now_ms: u64) -> Option<Duration> {
    let value = value.trim();
    if let Ok(seconds) = value.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let since = httpdate::parse_http_date(value).ok()?.duration_since(UNIX_EPOCH).ok()?;
    Some(since.saturating_sub(Duration::from_millis(now_ms)))
}

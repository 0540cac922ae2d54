//! How long a server asks to be left alone.

use std::time::{Duration, UNIX_EPOCH};

/// The pause that a header `Retry-After` asks for: seconds, with a fraction where a server writes one, or an HTTP date
/// (RFC 9110, 10.2.3). `now_ms` is the present moment in milliseconds since 1970. Not bounded: whoever waits has a limit.
pub fn retry_after(value: &str, now_ms: u64) -> Option<Duration> {
    let value = value.trim();
    if let Ok(seconds) = value.parse::<f64>() {
        return Duration::try_from_secs_f64(seconds).ok();
    }
    let since = httpdate::parse_http_date(value).ok()?.duration_since(UNIX_EPOCH).ok()?;
    Some(since.saturating_sub(Duration::from_millis(now_ms)))
}

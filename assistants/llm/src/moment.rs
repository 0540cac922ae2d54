//! Moments as people here read them.

use greenroom_contract::time::Timestamp;
use jiff::Zoned;
use jiff::tz::TimeZone;

/// The time zone of this name; UTC where it is not known.
pub(crate) fn zone(name: Option<&str>) -> TimeZone {
    name.and_then(|name| TimeZone::get(name).ok()).unwrap_or(TimeZone::UTC)
}

/// A moment in a time zone. One that no calendar has is 1970.
pub(crate) fn local(at: Timestamp, zone: &TimeZone) -> Zoned {
    let at = i64::try_from(at.0).ok().and_then(|ms| jiff::Timestamp::from_millisecond(ms).ok());
    at.unwrap_or(jiff::Timestamp::UNIX_EPOCH).to_zoned(zone.clone())
}

/// `2026-11-28 06:20`
pub(crate) fn written(at: Timestamp, zone: &TimeZone) -> String {
    local(at, zone).strftime("%Y-%m-%d %H:%M").to_string()
}

/// The moment of a zoned time; `None` before 1970.
pub(crate) fn timestamp(zoned: &Zoned) -> Option<Timestamp> {
    u64::try_from(zoned.timestamp().as_millisecond()).ok().map(Timestamp)
}

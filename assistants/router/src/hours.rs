//! Times of day.

use greenroom_contract::time::Timestamp;
use jiff::civil::Time;
use jiff::tz::TimeZone;
use serde::de::{Deserialize, Deserializer, Error};
use std::str::FromStr;

/// From one time of day up to another one, written `22:00-06:00`; the end is not in it. It may pass midnight.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hours {
    from: Time,
    to: Time,
}

impl Hours {
    /// Whether it is so late where these people are; in UTC where their zone is not known.
    pub(crate) fn hold(self, now: Timestamp, zone: Option<&str>) -> bool {
        let zone = zone.and_then(|name| TimeZone::get(name).ok()).unwrap_or(TimeZone::UTC);
        let now = i64::try_from(now.0).ok().and_then(|now| jiff::Timestamp::from_millisecond(now).ok());
        let time = now.unwrap_or(jiff::Timestamp::UNIX_EPOCH).to_zoned(zone).time();
        if self.from <= self.to { self.from <= time && time < self.to } else { self.from <= time || time < self.to }
    }
}

impl FromStr for Hours {
    type Err = String;

    fn from_str(written: &str) -> Result<Self, String> {
        let time = |written: &str| Time::strptime("%H:%M", written.trim()).ok();
        let parsed = written.split_once('-').and_then(|(from, to)| {
            // Midnight at the end of a day.
            let to = if to.trim() == "24:00" { Time::midnight() } else { time(to)? };
            Some(Self { from: time(from)?, to })
        });
        match parsed {
            Some(hours) if hours.from != hours.to => Ok(hours),
            _ => Err(format!("{written:?} is not a time of day; write \"22:00-06:00\"")),
        }
    }
}

impl<'de> Deserialize<'de> for Hours {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

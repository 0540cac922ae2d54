//! Reminders: what is asked for, when it is due, and when next. Pure.
//!
//! A reminder is a durable wake-up, and its token is all there is of it: no list has to agree with the wake-ups that wait.

use crate::limits::{REMINDER_AHEAD_MAX, REMINDER_BYTES_MAX, REMINDER_NAME_BYTES_MAX, REMINDER_STEPS_MAX};
use crate::moment;
use greenroom_contract::assistant::Wake;
use greenroom_contract::limits::{WAKE_AFTER_MIN, WAKE_TOKEN_BYTES_MAX};
use greenroom_contract::text::{bounded, one_line};
use greenroom_contract::time::Timestamp;
use jiff::civil::{DateTime, Time, Weekday};
use jiff::tz::TimeZone;
use jiff::{Span, ToSpan as _};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// How often.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Every {
    /// Once.
    #[default]
    Once,
    /// Every day at the same time of day.
    Daily,
    /// The same from Monday to Friday.
    Weekdays,
    /// Every week.
    Weekly,
    /// Every month on the same day, or on the last one where the month is too short.
    Monthly,
}

/// A reminder, as it is written into a token.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Reminder {
    /// Its number within the conversation; marks the token as one of a reminder, too.
    #[serde(rename = "reminder")]
    pub(crate) number: u32,
    /// What to be reminded of.
    pub(crate) text: String,
    /// Who asked for it, as they were called then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) who: Option<String>,
    /// How often.
    #[serde(default)]
    pub(crate) every: Every,
    /// The first time, on the clock of the zone.
    #[serde(with = "civil")]
    pub(crate) first: DateTime,
    /// The zone in which it was meant.
    pub(crate) zone: String,
}

/// What a model asks for.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Wanted {
    text: String,
    #[serde(default)]
    at: Option<String>,
    #[serde(default)]
    in_minutes: Option<f64>,
    #[serde(default)]
    every: Option<Every>,
}

/// For whom a reminder is, and where.
pub(crate) struct Asker<'a> {
    /// The present moment.
    pub(crate) now: Timestamp,
    /// The name of the time zone, where it is known.
    pub(crate) zone: Option<&'a str>,
    /// The name of who asks.
    pub(crate) who: Option<&'a str>,
}

impl Reminder {
    /// The reminder that is wanted, and when it is due first.
    ///
    /// # Errors
    /// What is wrong with the wish, for the model.
    #[allow(clippy::needless_pass_by_value, reason = "a wish is fulfilled one time")]
    pub(crate) fn planned(wanted: Wanted, number: u32, asker: &Asker<'_>) -> Result<(Self, Timestamp), String> {
        let text = one_line(wanted.text.trim()).into_owned();
        if text.is_empty() {
            return Err("text is empty; it says what to be reminded of".to_owned());
        }
        let zone = moment::zone(asker.zone);
        let every = wanted.every.unwrap_or_default();
        let first = match (wanted.at.as_deref(), wanted.in_minutes) {
            (Some(at), None) => read(at, asker.now, &zone)?,
            (None, Some(minutes)) if minutes.is_finite() && minutes > 0.0 => {
                let ahead = Duration::from_secs_f64((minutes * 60.0).min(1e10));
                moment::local(asker.now.plus(ahead.min(REMINDER_AHEAD_MAX)), &zone).datetime()
            }
            _ => return Err("give either at, such as 2026-11-30T09:00, or in_minutes, a number above 0".to_owned()),
        };
        let reminder = Self {
            number,
            text: bounded(&text, REMINDER_BYTES_MAX),
            who: asker.who.map(|who| bounded(one_line(who).as_ref(), REMINDER_NAME_BYTES_MAX)),
            every,
            first,
            zone: asker.zone.filter(|_| zone != TimeZone::UTC).unwrap_or("UTC").to_owned(),
        };
        let soonest = asker.now.plus(WAKE_AFTER_MIN);
        let due = match every {
            Every::Once => reminder.at(0).filter(|due| *due >= soonest.minus(WAKE_AFTER_MIN)),
            _ => reminder.after(asker.now),
        };
        let due = due.ok_or("that moment has passed; look at the time of the message")?;
        if due.since(asker.now) > REMINDER_AHEAD_MAX {
            return Err("that is more than five years ahead".to_owned());
        }
        Ok((reminder, due.max(soonest)))
    }

    /// The token of its wake-up; `None` if there is too much of it.
    pub(crate) fn token(&self) -> Option<String> {
        let token = serde_json::to_string(self).ok()?;
        if token.len() <= WAKE_TOKEN_BYTES_MAX {
            return Some(token);
        }
        // Escaping made it longer.
        let short = Self { text: bounded(&self.text, REMINDER_BYTES_MAX / 4), who: None, ..self.clone() };
        serde_json::to_string(&short).ok().filter(|token| token.len() <= WAKE_TOKEN_BYTES_MAX)
    }

    /// The reminder of a token; `None` if it is one of another kind.
    pub(crate) fn from_token(token: &str) -> Option<Self> {
        serde_json::from_str(token).ok()
    }

    /// When it is due next, after this moment; `None` for one that is not repeated.
    pub(crate) fn after(&self, now: Timestamp) -> Option<Timestamp> {
        if self.every == Every::Once {
            return None;
        }
        let passed = i64::try_from(now.0 / 1000).ok()?
            - moment::timestamp(&self.zoned(0)?).map_or(0, |at| (at.0 / 1000).cast_signed());
        // One step less, because days differ in length.
        let steps = (passed / self.seconds()).saturating_sub(2).max(0);
        (steps..steps + REMINDER_STEPS_MAX).find_map(|step| self.at(step).filter(|due| *due > now))
    }

    /// Seconds between two times, at most.
    fn seconds(&self) -> i64 {
        let days = match self.every {
            Every::Once | Every::Daily | Every::Weekdays => 1,
            Every::Weekly => 7,
            Every::Monthly => 31,
        };
        days * 24 * 3600
    }

    /// The time after so many steps from the first one; `None` where there is none on that day.
    fn at(&self, step: i64) -> Option<Timestamp> {
        let zoned = self.zoned(step)?;
        let is_weekend = matches!(zoned.weekday(), Weekday::Saturday | Weekday::Sunday);
        if self.every == Every::Weekdays && is_weekend { None } else { moment::timestamp(&zoned) }
    }

    /// On the same time of the clock, whatever the clock did in between. From the first time each time, so that the 31st
    /// does not become the 28th for good.
    fn zoned(&self, step: i64) -> Option<jiff::Zoned> {
        let span: Span = match self.every {
            Every::Once | Every::Daily | Every::Weekdays => Span::new().try_days(step).ok()?,
            Every::Weekly => Span::new().try_weeks(step).ok()?,
            Every::Monthly => Span::new().try_months(step).ok()?,
        };
        self.first.checked_add(span).ok()?.to_zoned(moment::zone(Some(&self.zone))).ok()
    }

    /// Its line in a list, for the model.
    pub(crate) fn line(&self, due: Timestamp, zone: &TimeZone) -> String {
        let every = match self.every {
            Every::Once => "once",
            Every::Daily => "every day",
            Every::Weekdays => "from Monday to Friday",
            Every::Weekly => "every week",
            Every::Monthly => "every month",
        };
        format!("{}: {} ({every}): {}", self.number, moment::written(due, zone), self.text)
    }
}

/// A moment as a model writes it: on the clock of the people here, unless it names an offset.
fn read(written: &str, now: Timestamp, zone: &TimeZone) -> Result<DateTime, String> {
    let written = written.trim();
    if let Ok(moment) = written.parse::<jiff::Timestamp>() {
        return Ok(moment.to_zoned(zone.clone()).datetime());
    }
    if let Ok(time) = Time::strptime("%H:%M", written) {
        let now = moment::local(now, zone).datetime();
        let today = now.date().to_datetime(time);
        return Ok(if today > now { today } else { today.saturating_add(1.day()) });
    }
    let has_time = written.len() > "2026-11-30".len();
    let wrong = || format!("at must be a date with a time of day, such as 2026-11-30T09:00, and not {written:?}");
    written.parse::<DateTime>().ok().filter(|_| has_time).ok_or_else(wrong)
}

/// The reminders among the wake-ups that wait, by their numbers, with when they are due.
pub(crate) fn listed<'a>(wakes: impl IntoIterator<Item = &'a Wake>) -> Vec<(Reminder, Timestamp)> {
    let mut listed: Vec<_> =
        wakes.into_iter().filter_map(|wake| Some((Reminder::from_token(&wake.token)?, wake.at))).collect();
    listed.sort_by_key(|(reminder, _)| reminder.number);
    listed
}

/// A time of the clock as a text.
mod civil {
    use jiff::civil::DateTime;
    use serde::{Deserialize as _, Deserializer, Serializer, de::Error as _};

    pub(super) fn serialize<S: Serializer>(at: &DateTime, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(at)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<DateTime, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests;

//! What answers cost, and which messages networks bill, added up. Public, because a command that reads the store itself shows the same.

use greenroom_client::{BilledView, TokensView, UsageBy, UsageSumView, UsageView};
use greenroom_contract::address::Address;
use greenroom_contract::assistant::UsageRow;
use greenroom_contract::ids::{AccountId, ConversationId, PersonId};
use greenroom_contract::limits;
use greenroom_contract::store::{StoreError, StoreReader};
use greenroom_contract::time::Timestamp;
use jiff::civil::Date;
use std::collections::BTreeMap;
use std::ops::RangeInclusive;

const DAY_MS: u64 = 24 * 3_600_000;

/// Days for which something may be kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UsageDays(RangeInclusive<u32>);

/// Why days cannot be looked up.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WrongDays {
    /// A text is no day.
    #[error("{text:?} is not a day: write it as 2026-11-28")]
    NotADay {
        /// The text.
        text: String,
    },
    /// The last day comes before the first one.
    #[error("{from} is after {to}")]
    Backwards {
        /// The first day.
        from: Date,
        /// The last day.
        to: Date,
    },
}

impl UsageDays {
    /// These days. Without a last one: up to today; without a first one: the month that ends there.
    pub fn read(from: Option<&str>, to: Option<&str>, now: Timestamp) -> Result<Self, WrongDays> {
        let to = to.map_or_else(|| Ok(date(day_of(now))), day)?;
        let month = number(to).saturating_sub(limits::USAGE_DAYS_SHOWN - 1);
        let from = from.map_or_else(|| Ok(date(month)), day)?;
        if from > to {
            return Err(WrongDays::Backwards { from, to });
        }
        // Of days that come, and of those that are too old, nothing is kept.
        let first = number(from).max(day_of(now.minus(limits::USAGE_AGE_MAX)));
        Ok(Self(first..=number(to).min(day_of(now).saturating_add(1))))
    }

    /// So many days, the last of them today.
    #[must_use]
    pub fn last(days: u32, now: Timestamp) -> Self {
        let today = day_of(now);
        Self(today.saturating_sub(days.saturating_sub(1))..=today)
    }

    /// As they are asked for: the first and the last day.
    #[must_use]
    pub fn ends(&self) -> (String, String) {
        (date(*self.0.start()).to_string(), date(*self.0.end()).to_string())
    }
}

fn day(text: &str) -> Result<Date, WrongDays> {
    text.trim().parse().map_err(|_| WrongDays::NotADay { text: text.to_owned() })
}

/// A day as it is written, such as `2026-11-28`, by its number since 1970.
pub fn date_of(day: u32) -> String {
    date(day).to_string()
}

fn day_of(at: Timestamp) -> u32 {
    u32::try_from(at.0 / DAY_MS).unwrap_or(u32::MAX)
}

/// Days since 1970; 0 for those before.
fn number(date: Date) -> u32 {
    let since = date.duration_since(Date::constant(1970, 1, 1));
    u32::try_from(since.as_hours() / 24).unwrap_or(0)
}

/// The date of a day; the last one that there is for those that have none.
fn date(number: u32) -> Date {
    let days = jiff::SignedDuration::from_hours(i64::from(number) * 24);
    Date::constant(1970, 1, 1).saturating_add(days)
}

/// Adds up what these days cost, in this unit.
pub async fn usage(store: &StoreReader, days: UsageDays, by: UsageBy, currency: &str) -> Result<UsageView, StoreError> {
    usage_of(store, days, by, currency, None).await
}

/// Whether what an account cost counts.
type Counts<'a> = &'a (dyn Fn(&AccountId) -> bool + Sync);

/// The same, for some accounts only. What cannot be told to belong to one of them is left out.
pub(crate) async fn usage_of(
    store: &StoreReader,
    UsageDays(days): UsageDays,
    by: UsageBy,
    currency: &str,
    of: Option<Counts<'_>>,
) -> Result<UsageView, StoreError> {
    let mut own = Own { store, of, known: BTreeMap::new() };
    let (from, to) = UsageDays(days.clone()).ends();
    let mut sums: BTreeMap<Of, TokensView> = BTreeMap::new();
    let mut total = TokensView::default();
    for day in days.clone() {
        for row in store.usage(day..=day, limits::USAGE_SUMS_PER_DAY_READ_MAX).await? {
            if !own.counts(row.conversation).await? {
                continue;
            }
            add(sums.entry(of_what(&row, by)).or_default(), &row);
            add(&mut total, &row);
        }
    }
    let mut sums: Vec<(Of, TokensView)> = sums.into_iter().collect();
    if by != UsageBy::Day {
        let tokens = |tokens: &TokensView| tokens.tokens_in.saturating_add(tokens.tokens_out);
        sums.sort_by_key(|(_, sum)| std::cmp::Reverse((sum.cost_millionths, tokens(sum))));
    }
    let left_out = sums.len().saturating_sub(limits::PAGE_ROWS_MAX) as u64;
    sums.truncate(limits::PAGE_ROWS_MAX);
    let mut shown = Vec::with_capacity(sums.len());
    for (of, tokens) in sums {
        shown.push(named(store, of, tokens).await?);
    }
    let (billed, billed_total) = billed(store, days, by, of).await?;
    Ok(UsageView { from, to, by, currency: currency.to_owned(), sums: shown, left_out, total, billed, billed_total })
}

/// Whose the conversations are.
struct Own<'a> {
    store: &'a StoreReader,
    of: Option<Counts<'a>>,
    known: BTreeMap<ConversationId, bool>,
}

impl Own<'_> {
    async fn counts(&mut self, conversation: ConversationId) -> Result<bool, StoreError> {
        let Some(of) = self.of else { return Ok(true) };
        if let Some(known) = self.known.get(&conversation) {
            return Ok(*known);
        }
        let found = self.store.conversation(conversation).await?;
        let counts = found.is_some_and(|found| of(&found.account));
        self.known.insert(conversation, counts);
        Ok(counts)
    }
}

/// Adds up the messages that were billed: by account and category, and by day where that is asked for.
async fn billed(
    store: &StoreReader,
    days: RangeInclusive<u32>,
    by: UsageBy,
    of: Option<Counts<'_>>,
) -> Result<(Vec<BilledView>, u64), StoreError> {
    let mut sums: BTreeMap<(Option<u32>, String, String), u64> = BTreeMap::new();
    let mut total: u64 = 0;
    for row in store.billed(days, limits::BILLED_SUMS_READ_MAX).await? {
        if of.is_some_and(|of| !of(&row.account)) {
            continue;
        }
        let day = (by == UsageBy::Day).then_some(row.day);
        let sum = sums.entry((day, row.account.to_string(), row.category)).or_default();
        *sum = sum.saturating_add(row.messages);
        total = total.saturating_add(row.messages);
    }
    let shown = sums.into_iter().take(limits::PAGE_ROWS_MAX).map(|((day, account, category), messages)| {
        let day = day.map(|day| date(day).to_string());
        BilledView { day, account, category, messages }
    });
    Ok((shown.collect(), total))
}

/// What one sum is of.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Of {
    Day(u32),
    Name(Option<String>),
    Conversation(ConversationId),
    Person(Option<PersonId>),
}

fn of_what(row: &UsageRow, by: UsageBy) -> Of {
    match by {
        UsageBy::Day => Of::Day(row.day),
        UsageBy::Assistant => Of::Name(Some(row.assistant.to_string())),
        UsageBy::Model => Of::Name(row.usage.model.clone()),
        UsageBy::Conversation => Of::Conversation(row.conversation),
        UsageBy::Person => Of::Person(row.person),
    }
}

pub(crate) fn add(sum: &mut TokensView, row: &UsageRow) {
    sum.turns = sum.turns.saturating_add(row.turns);
    sum.tokens_in = sum.tokens_in.saturating_add(row.usage.tokens_in);
    sum.tokens_cached = sum.tokens_cached.saturating_add(row.usage.tokens_cached);
    sum.tokens_out = sum.tokens_out.saturating_add(row.usage.tokens_out);
    sum.cost_millionths = sum.cost_millionths.saturating_add(row.usage.cost_millionths);
}

async fn named(store: &StoreReader, of: Of, tokens: TokensView) -> Result<UsageSumView, StoreError> {
    let plain = |of: Option<String>| UsageSumView { of, account: None, chat: None, name: None, address: None, tokens };
    Ok(match of {
        Of::Day(day) => plain(Some(date(day).to_string())),
        Of::Name(name) => plain(name),
        Of::Conversation(ConversationId(0)) | Of::Person(None) => plain(None),
        Of::Conversation(conversation) => {
            let found = store.conversation(conversation).await?;
            UsageSumView {
                account: found.as_ref().map(|found| found.account.to_string()),
                chat: found.map(|found| found.chat.to_string()),
                ..plain(Some(conversation.to_string()))
            }
        }
        Of::Person(Some(person)) => {
            let found = store.person(person).await?;
            UsageSumView {
                address: found.as_ref().and_then(|found| best_of(&found.addresses)).map(ToString::to_string),
                name: found.and_then(|found| found.name),
                ..plain(Some(person.to_string()))
            }
        }
    })
}

/// The address by which an owner knows a person: a number, where there is one.
fn best_of(addresses: &[Address]) -> Option<&Address> {
    addresses.iter().find(|address| address.namespace() == Address::PHONE).or(addresses.first())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    /// 2027-01-15, at eight in the morning.
    const NOW: Timestamp = Timestamp(1_800_000_000_000);

    fn days(from: Option<&str>, to: Option<&str>) -> Result<(String, String), WrongDays> {
        UsageDays::read(from, to, NOW).map(|days| days.ends())
    }

    #[allow(clippy::unnecessary_wraps, reason = "as it is compared")]
    fn between(from: &str, to: &str) -> Result<(String, String), WrongDays> {
        Ok((from.to_owned(), to.to_owned()))
    }

    #[test]
    fn days_are_read_as_they_are_written() {
        assert_eq!(days(None, None), between("2026-12-17", "2027-01-15"), "thirty days");
        assert_eq!(days(Some("2027-01-01"), None), between("2027-01-01", "2027-01-15"));
        assert_eq!(days(None, Some("2026-11-28")), between("2026-10-30", "2026-11-28"));
        assert_eq!(days(Some("2026-02-28"), Some("2026-03-01")), between("2026-02-28", "2026-03-01"));
        assert_eq!(days(Some("1066-10-14"), Some("9999-12-31")), between("2025-12-11", "2027-01-16"), "what is kept");
        assert_eq!(UsageDays::last(1, NOW).ends(), ("2027-01-15".to_owned(), "2027-01-15".to_owned()));
        assert_eq!(UsageDays::last(7, NOW).ends().0, "2027-01-09");
        assert_eq!(UsageDays::last(7, Timestamp(0).plus(Duration::from_secs(1))).ends().0, "1970-01-01");
    }

    #[test]
    fn what_is_no_day_is_told() {
        for text in ["", "today", "2026-02-30", "28.11.2026", "2026-13-01", "-1", "\u{1b}[2J"] {
            let told = days(Some(text), None);
            assert_eq!(told, Err(WrongDays::NotADay { text: text.to_owned() }), "{text:?}");
            assert!(days(None, Some(text)).is_err_and(|error| !error.to_string().contains('\u{1b}')), "{text:?}");
        }
        let backwards = days(Some("2027-01-02"), Some("2027-01-01")).map_err(|error| error.to_string());
        assert_eq!(backwards, Err("2027-01-02 is after 2027-01-01".to_owned()));
        assert!(days(Some("2027-01-16"), None).is_err(), "tomorrow");
    }
}

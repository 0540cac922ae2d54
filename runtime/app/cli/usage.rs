//! What answers cost.

use super::admin;
use super::failure::Failure;
use super::report;
use super::shown::cleaned;
use clap::{Args, ValueEnum};
use greenroom::config::Config;
use greenroom::contract::time::Clock;
use greenroom_client::{TokensView, UsageBy, UsageSumView, UsageView};
use greenroom_gateway::usage::UsageDays;
use std::fmt::Write;

/// What is asked for.
#[derive(Debug, Args)]
pub(crate) struct UsageArguments {
    /// The last N days
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=400), conflicts_with_all = ["from", "to"])]
    days: Option<u32>,
    /// The first day, such as 2026-11-28
    #[arg(long, value_name = "DAY")]
    from: Option<String>,
    /// The last day; today unless given
    #[arg(long, value_name = "DAY")]
    to: Option<String>,
    /// What the sums are of
    #[arg(long, value_name = "WHAT", value_enum, default_value_t)]
    by: SumsOf,
    /// As JSON
    #[arg(long)]
    json: bool,
}

/// What sums are of.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
enum SumsOf {
    #[default]
    Day,
    Assistant,
    Model,
    Conversation,
}

impl From<SumsOf> for UsageBy {
    fn from(of: SumsOf) -> Self {
        match of {
            SumsOf::Day => Self::Day,
            SumsOf::Assistant => Self::Assistant,
            SumsOf::Model => Self::Model,
            SumsOf::Conversation => Self::Conversation,
        }
    }
}

/// Prints the sums.
pub(crate) async fn carry_out(config: &Config, asked: &UsageArguments) -> Result<(), Failure> {
    let now = Clock::System.now();
    let days = match asked.days {
        Some(days) => UsageDays::last(days, now),
        None => UsageDays::read(asked.from.as_deref(), asked.to.as_deref(), now)
            .map_err(|error| Failure::usage(error.to_string()))?,
    };
    let admin = admin::open(config).await?;
    let found = admin.usage(days, asked.by.into()).await;
    admin.close().await?;
    let found = found?;
    if asked.json {
        return report::json(&found);
    }
    report::print(&cleaned(&found).map(|found| table(&found)).unwrap_or_default())
}

const HEADINGS: [&str; 4] = ["turns", "tokens in", "of them cached", "tokens out"];

/// The sums, in columns.
fn table(usage: &UsageView) -> String {
    let mut text = format!("what answers cost from {} to {} (UTC), by {}\n", usage.from, usage.to, usage.by.word());
    if usage.sums.is_empty() {
        text.push_str("nothing was spent, as far as assistants told\n");
        return text;
    }
    let rows: Vec<(String, [String; 4])> =
        usage.sums.iter().map(|sum| (name(usage.by, sum), cells(&sum.tokens))).collect();
    let total = ("together".to_owned(), cells(&usage.total));
    let headings = (String::new(), HEADINGS.map(str::to_owned));
    let all = || std::iter::once(&headings).chain(&rows).chain(std::iter::once(&total));
    let name_width = all().map(|(name, _)| name.chars().count()).max().unwrap_or(0);
    let widths: [usize; 4] =
        std::array::from_fn(|column| all().map(|(_, cells)| cells[column].len()).max().unwrap_or(0));
    for (name, cells) in all() {
        let mut line = format!("{name:name_width$}");
        for (cell, width) in cells.iter().zip(widths) {
            let _ = write!(line, "  {cell:>width$}");
        }
        let _ = writeln!(text, "{}", line.trim_end());
    }
    if usage.left_out > 0 {
        let _ = writeln!(text, "{} more are not shown; they count in the last line", usage.left_out);
    }
    text
}

fn cells(tokens: &TokensView) -> [String; 4] {
    [tokens.turns, tokens.tokens_in, tokens.tokens_cached, tokens.tokens_out].map(grouped)
}

fn name(by: UsageBy, sum: &UsageSumView) -> String {
    match (&sum.of, &sum.chat, &sum.account) {
        (None, ..) if by == UsageBy::Conversation => "(forgotten people)".to_owned(),
        (None, ..) => "(no model named)".to_owned(),
        (Some(of), Some(chat), Some(account)) => format!("{of}, chat {chat} of {account}"),
        (Some(of), ..) => of.clone(),
    }
}

/// A number with its thousands apart.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut shown = String::with_capacity(digits.len() + digits.len() / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            shown.push(',');
        }
        shown.push(digit);
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sum(of: Option<&str>, turns: u64, tokens_in: u64) -> UsageSumView {
        let tokens = TokensView { turns, tokens_in, tokens_cached: 0, tokens_out: 12 };
        UsageSumView { of: of.map(str::to_owned), account: None, chat: None, tokens }
    }

    fn view(by: UsageBy, sums: Vec<UsageSumView>) -> UsageView {
        let total = TokensView { turns: 4, tokens_in: 1_234_567, tokens_cached: 0, tokens_out: 24 };
        let (from, to) = ("2026-10-30".to_owned(), "2026-11-28".to_owned());
        UsageView { from, to, by, sums, left_out: 0, total }
    }

    #[test]
    fn it_is_of_the_last_days_or_of_named_ones() {
        #[derive(clap::Parser)]
        struct Line {
            #[command(flatten)]
            usage: UsageArguments,
        }
        let parsed = |line: &str| <Line as clap::Parser>::try_parse_from(line.split(' ')).map(|line| line.usage);
        let month = parsed("usage").unwrap();
        assert_eq!((month.days, month.from, month.to, month.by, month.json), (None, None, None, SumsOf::Day, false));
        let week = parsed("usage --days 7 --by model --json").unwrap();
        assert_eq!((week.days, week.by, week.json), (Some(7), SumsOf::Model, true));
        let named = parsed("usage --from 2026-11-01 --to 2026-11-28").unwrap();
        assert_eq!((named.from.as_deref(), named.to.as_deref()), (Some("2026-11-01"), Some("2026-11-28")));
        for wrong in ["--days 0", "--days 401", "--days x", "--by week", "--days 7 --from 2026-11-01", "7"] {
            assert_eq!(parsed(&format!("usage {wrong}")).err().map(|error| error.exit_code()), Some(2), "{wrong}");
        }
    }

    #[test]
    fn sums_stand_in_columns_with_the_total_below() {
        let text = table(&view(UsageBy::Model, vec![sum(Some("large"), 3, 1_234_000), sum(None, 1, 567)]));
        assert_eq!(
            text,
            "what answers cost from 2026-10-30 to 2026-11-28 (UTC), by model\n\
             \x20                 turns  tokens in  of them cached  tokens out\n\
             large                 3  1,234,000               0          12\n\
             (no model named)      1        567               0          12\n\
             together              4  1,234,567               0          24\n"
        );
    }

    #[test]
    fn what_is_not_there_and_what_is_too_much_is_said() {
        let text = table(&view(UsageBy::Day, Vec::new()));
        assert!(text.ends_with("nothing was spent, as far as assistants told\n"), "{text}");
        let mut of_chats = view(UsageBy::Conversation, vec![sum(None, 1, 2)]);
        let (account, chat) = (Some("acc-1".to_owned()), Some("a\u{1b}[2Jb".to_owned()));
        of_chats.sums.push(UsageSumView { account, chat, ..sum(Some("12"), 3, 4) });
        of_chats.left_out = 7;
        let text = table(&cleaned(&of_chats).expect("a view reads back"));
        assert!(text.contains("\n(forgotten people) ") && text.contains("\n12, chat a"), "{text}");
        assert!(text.ends_with("7 more are not shown; they count in the last line\n"), "{text}");
        assert!(!text.contains('\u{1b}'), "{text}");
    }

    #[test]
    fn thousands_are_apart() {
        for (number, shown) in [(0, "0"), (999, "999"), (1_000, "1,000"), (u64::MAX, "18,446,744,073,709,551,615")] {
            assert_eq!(grouped(number), shown);
        }
    }
}

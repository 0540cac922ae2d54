//! What answers cost, and which messages networks bill.

use super::admin;
use super::failure::Failure;
use super::report;
use super::shown::cleaned;
use clap::{Args, ValueEnum};
use greenroom::config::Config;
use greenroom::contract::money::Millionths;
use greenroom::contract::time::Clock;
use greenroom_client::{BilledView, TokensView, UsageBy, UsageSumView, UsageView};
use greenroom_gateway::usage::UsageDays;
use std::collections::BTreeMap;
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
    Person,
}

impl From<SumsOf> for UsageBy {
    fn from(of: SumsOf) -> Self {
        match of {
            SumsOf::Day => Self::Day,
            SumsOf::Assistant => Self::Assistant,
            SumsOf::Model => Self::Model,
            SumsOf::Conversation => Self::Conversation,
            SumsOf::Person => Self::Person,
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

/// The sums, in columns, and the messages that were billed below them.
fn table(usage: &UsageView) -> String {
    let mut text = format!("what answers cost from {} to {} (UTC), by {}\n", usage.from, usage.to, usage.by.word());
    if usage.sums.is_empty() {
        text.push_str("nothing was spent, as far as assistants told\n");
    } else {
        columns(&mut text, usage);
    }
    if usage.left_out > 0 {
        let _ = writeln!(text, "{} more are not shown; they count in the last line", usage.left_out);
    }
    billed(&mut text, usage);
    text
}

fn columns(text: &mut String, usage: &UsageView) {
    let money = Money::of(usage);
    let rows: Vec<(String, Vec<String>)> =
        usage.sums.iter().map(|sum| (name(usage.by, sum), cells(&sum.tokens, money.as_ref()))).collect();
    let total = ("together".to_owned(), cells(&usage.total, money.as_ref()));
    let mut headings: Vec<String> = HEADINGS.map(str::to_owned).to_vec();
    headings.extend(money.as_ref().map(|money| money.currency.to_owned()));
    let headings = (String::new(), headings);
    let all = || std::iter::once(&headings).chain(&rows).chain(std::iter::once(&total));
    let name_width = all().map(|(name, _)| name.chars().count()).max().unwrap_or(0);
    let width = |column: usize| all().map(|(_, cells)| cells[column].chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..headings.1.len()).map(width).collect();
    for (name, cells) in all() {
        let mut line = format!("{name:name_width$}");
        for (cell, width) in cells.iter().zip(&widths) {
            let _ = write!(line, "  {cell:>width$}");
        }
        let _ = writeln!(text, "{}", line.trim_end());
    }
}

/// How costs are shown: in one unit, with the same digits in each line.
struct Money<'a> {
    currency: &'a str,
    digits: usize,
}

impl<'a> Money<'a> {
    /// Enough digits for the smallest cost; `None` where nothing has a price.
    fn of(usage: &'a UsageView) -> Option<Self> {
        let costs = usage.sums.iter().map(|sum| sum.tokens.cost_millionths).filter(|cost| *cost > 0);
        let digits = costs.map(|cost| Millionths(cost).digits()).max().unwrap_or(2);
        (usage.total.cost_millionths > 0).then_some(Self { currency: &usage.currency, digits })
    }

    fn shown(&self, millionths: u64) -> String {
        let shown = format!("{:.*}", self.digits, Millionths(millionths));
        let (whole, rest) = shown.split_once('.').unwrap_or((&shown, ""));
        format!("{}.{rest}", apart(whole))
    }
}

fn cells(tokens: &TokensView, money: Option<&Money<'_>>) -> Vec<String> {
    let counts = [tokens.turns, tokens.tokens_in, tokens.tokens_cached, tokens.tokens_out].map(grouped);
    counts.into_iter().chain(money.map(|money| money.shown(tokens.cost_millionths))).collect()
}

fn name(by: UsageBy, sum: &UsageSumView) -> String {
    match (&sum.of, &sum.chat, &sum.account) {
        (None, ..) if by == UsageBy::Conversation => "(forgotten people)".to_owned(),
        (None, ..) if by == UsageBy::Person => "(no person named)".to_owned(),
        (None, ..) => "(no model named)".to_owned(),
        (Some(of), Some(chat), Some(account)) => format!("{of}, chat {chat} of {account}"),
        (Some(of), ..) => [Some(of), sum.name.as_ref(), sum.address.as_ref()]
            .into_iter()
            .flatten()
            .map(String::as_str)
            .collect::<Vec<_>>()
            .join(", "),
    }
}

/// What networks billed: one line, and one for each day and account where there are several.
fn billed(text: &mut String, usage: &UsageView) {
    if usage.billed_total == 0 {
        return;
    }
    let of_all = categories(usage.billed.iter());
    let _ = writeln!(text, "\nmessages billed by Meta: {} ({of_all})", grouped(usage.billed_total));
    let mut each: BTreeMap<(Option<&str>, &str), Vec<&BilledView>> = BTreeMap::new();
    for sum in &usage.billed {
        each.entry((sum.day.as_deref(), &sum.account)).or_default().push(sum);
    }
    if each.len() > 1 || usage.by == UsageBy::Day {
        for ((day, account), sums) in each {
            let day = day.map(|day| format!("{day}  ")).unwrap_or_default();
            let _ = writeln!(text, "  {day}{account}  {}", categories(sums.into_iter()));
        }
    }
}

/// `service 12, utility 3`: the most first.
fn categories<'a>(sums: impl Iterator<Item = &'a BilledView>) -> String {
    let mut by_category: BTreeMap<&str, u64> = BTreeMap::new();
    for sum in sums {
        let messages = by_category.entry(&sum.category).or_default();
        *messages = messages.saturating_add(sum.messages);
    }
    let mut by_category: Vec<_> = by_category.into_iter().collect();
    by_category.sort_by_key(|(_, messages)| std::cmp::Reverse(*messages));
    by_category
        .iter()
        .map(|(category, messages)| format!("{category} {}", grouped(*messages)))
        .collect::<Vec<_>>()
        .join(", ")
}

/// A number with its thousands apart.
fn grouped(number: u64) -> String {
    apart(&number.to_string())
}

fn apart(digits: &str) -> String {
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
        let tokens = TokensView { turns, tokens_in, tokens_cached: 0, tokens_out: 12, cost_millionths: 0 };
        UsageSumView { of: of.map(str::to_owned), account: None, chat: None, name: None, address: None, tokens }
    }

    fn view(by: UsageBy, sums: Vec<UsageSumView>) -> UsageView {
        let total = TokensView { turns: 4, tokens_in: 1_234_567, tokens_cached: 0, tokens_out: 24, cost_millionths: 0 };
        let (from, to) = ("2026-10-30".to_owned(), "2026-11-28".to_owned());
        let currency = "USD".to_owned();
        UsageView { from, to, by, currency, sums, left_out: 0, total, billed: Vec::new(), billed_total: 0 }
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
    fn costs_are_a_column_where_there_are_prices_with_enough_digits_for_each() {
        let mut priced = view(UsageBy::Person, vec![sum(Some("7"), 3, 1_234_000), sum(None, 1, 567)]);
        (priced.sums[0].name, priced.sums[0].address) = (Some("Ana".to_owned()), Some("+15550000001".to_owned()));
        let costs = |view: &mut UsageView, costs: [u64; 2]| {
            view.sums.iter_mut().zip(costs).for_each(|(sum, cost)| sum.tokens.cost_millionths = cost);
            view.total.cost_millionths = costs.iter().sum();
        };
        costs(&mut priced, [1_234_500_000, 12_345]);
        assert_eq!(
            table(&priced),
            "what answers cost from 2026-10-30 to 2026-11-28 (UTC), by person\n\
             \x20                     turns  tokens in  of them cached  tokens out         USD\n\
             7, Ana, +15550000001      3  1,234,000               0          12  1,234.5000\n\
             (no person named)         1        567               0          12      0.0123\n\
             together                  4  1,234,567               0          24  1,234.5123\n"
        );
        costs(&mut priced, [2_000_000, 0]);
        assert!(table(&priced).ends_with("24  2.00\n"), "{}", table(&priced));
        costs(&mut priced, [2, 0]);
        assert!(table(&priced).ends_with("24  0.000002\n"), "{}", table(&priced));
    }

    #[test]
    fn billed_messages_stand_below_the_sums() {
        let billed = |day: Option<&str>, account: &str, category: &str, messages| BilledView {
            day: day.map(str::to_owned),
            account: account.to_owned(),
            category: category.to_owned(),
            messages,
        };
        let mut one = view(UsageBy::Model, Vec::new());
        one.billed = vec![billed(None, "a-1", "authentication", 3), billed(None, "a-1", "service", 1_200)];
        one.billed_total = 1_203;
        let text = table(&one);
        assert!(text.ends_with("\n\nmessages billed by Meta: 1,203 (service 1,200, authentication 3)\n"), "{text}");
        one.billed.push(billed(None, "a-2", "service", 7));
        one.billed_total = 1_210;
        let text = table(&one);
        assert!(text.ends_with("  a-1  service 1,200, authentication 3\n  a-2  service 7\n"), "{text}");
        let mut days = view(UsageBy::Day, Vec::new());
        days.billed =
            vec![billed(Some("2026-11-27"), "a-1", "service", 2), billed(Some("2026-11-28"), "a-1", "service", 1)];
        days.billed_total = 3;
        let expected =
            "messages billed by Meta: 3 (service 3)\n  2026-11-27  a-1  service 2\n  2026-11-28  a-1  service 1\n";
        assert!(table(&days).ends_with(expected), "{}", table(&days));
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

//! What answers cost.

use super::admin;
use super::failure::Failure;
use super::report;
use super::shown::cleaned;
use greenroom::config::Config;
use greenroom::contract::time::Clock;
use greenroom_client::{TokensView, UsageBy, UsageSumView, UsageView};
use greenroom_gateway::usage::UsageDays;
use std::fmt::Write;

/// What is asked for.
pub(crate) struct Asked {
    pub(crate) days: Option<u32>,
    pub(crate) from: Option<String>,
    pub(crate) to: Option<String>,
    pub(crate) by: UsageBy,
    pub(crate) json: bool,
}

/// Prints the sums.
pub(crate) async fn carry_out(config: &Config, asked: &Asked) -> Result<(), Failure> {
    let now = Clock::System.now();
    let days = match asked.days {
        Some(days) => UsageDays::last(days, now),
        None => UsageDays::read(asked.from.as_deref(), asked.to.as_deref(), now)
            .map_err(|error| Failure::usage(error.to_string()))?,
    };
    let admin = admin::open(config).await?;
    let found = admin.usage(days, asked.by).await;
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
        if place > 0 && (digits.len() - place) % 3 == 0 {
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

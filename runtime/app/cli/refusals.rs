//! `why --refused`: how many messages were refused, by day and cause, and what was not taken at all.

use super::admin;
use super::failure::Failure;
use super::report;
use super::shown::cleaned;
use greenroom::config::Config;
use greenroom::contract::time::Clock;
use greenroom_client::{RefusedCountView, RejectionView};
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// Shows them, the newest day first.
pub(crate) async fn refusals(config: &Config, days: u32, json: bool) -> Result<(), Failure> {
    let admin = admin::open(config).await?;
    let counts = admin.refusals(days).await;
    let rejections = admin.rejections().await.unwrap_or_default();
    admin.close().await?;
    let counts = counts?;
    if json {
        return report::json(&counts);
    }
    report::print(&told(&counts, &rejections, Clock::System.now().0))
}

/// A line for each day and channel, such as "12 refused: 11 not on the allow-list; 1 too old".
fn told(counts: &[RefusedCountView], rejections: &[RejectionView], now_ms: u64) -> String {
    let mut by_day: BTreeMap<(std::cmp::Reverse<&str>, &str), BTreeMap<&str, u64>> = BTreeMap::new();
    for one in counts {
        let causes = by_day.entry((std::cmp::Reverse(one.day.as_str()), one.channel.as_str())).or_default();
        *causes.entry(&one.what).or_default() += one.count;
    }
    let mut text = String::new();
    for ((std::cmp::Reverse(day), channel), causes) in by_day {
        let sum: u64 = causes.values().sum();
        let mut causes: Vec<(&str, u64)> = causes.into_iter().collect();
        causes.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        let causes = causes.iter().map(|(what, count)| format!("{count} {what}")).collect::<Vec<_>>().join("; ");
        let line = format!("{day} (UTC), channel {channel}: {sum} refused: {causes}");
        let _ = writeln!(text, "{}", cleaned(&line).unwrap_or(line));
    }
    if text.is_empty() {
        text.push_str("no message was refused on these days\n");
    }
    for rejection in rejections {
        let _ = writeln!(text, "not taken at all: {}", report::rejected(rejection, now_ms));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_is_one_line_with_the_most_frequent_cause_first() {
        let count = |day: &str, session: &str, what: &str, count| RefusedCountView {
            day: day.to_owned(),
            channel: "front".to_owned(),
            session: session.to_owned(),
            cause: "c".to_owned(),
            what: what.to_owned(),
            count,
        };
        let counts = [
            count("2026-11-27", "a", "too old", 1),
            count("2026-11-28", "a", "group talk that does not address the bot", 2),
            count("2026-11-28", "a", "not on the allow-list", 7),
            count("2026-11-28", "b", "not on the allow-list", 5),
        ];
        let expected = "\
2026-11-28 (UTC), channel front: 14 refused: 12 not on the allow-list; 2 group talk that does not address the bot
2026-11-27 (UTC), channel front: 1 refused: 1 too old
";
        assert_eq!(told(&counts, &[], 0), expected);
        assert_eq!(told(&[], &[], 0), "no message was refused on these days\n");
    }
}

//! What commands print: plain words, with times as the person at the keyboard reads them.

use super::failure::Failure;
use greenroom_client::{AllowView, HealthDetails, QuarantinedView, StepView, TraceView};
use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};
use std::fmt::Write as _;
use std::io::Write as _;

/// Prints to standard output. Whoever closed it does not want more: that is no failure.
pub(crate) fn print(text: &str) -> Result<(), Failure> {
    let mut output = std::io::stdout().lock();
    match output.write_all(text.as_bytes()).and_then(|()| output.flush()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => Err(Failure::new(error.to_string())),
        _ => Ok(()),
    }
}

/// Why messages were, or were not, answered.
pub(crate) fn traces(traces: &[TraceView], zone: &TimeZone) -> String {
    let mut text = String::new();
    for trace in traces {
        let chat = trace.chat.as_deref().map(|chat| format!(" in chat {chat}")).unwrap_or_default();
        let day = trace.steps.first().and_then(|step| local(step.at_ms, zone));
        let day = day.map(|at| format!(", {}", at.strftime("%A, %-d %B %Y"))).unwrap_or_default();
        let _ = writeln!(text, "message {}{chat}{day}", trace.message);
        steps(&mut text, &trace.steps, "  ", zone);
        for parcel in &trace.parcels {
            let _ = writeln!(text, "  answer {}: {}", parcel.id, parcel.state);
            steps(&mut text, &parcel.steps, "    ", zone);
        }
    }
    text
}

fn steps(text: &mut String, steps: &[StepView], indent: &str, zone: &TimeZone) {
    for step in steps {
        let at = local(step.at_ms, zone).map(|at| at.strftime("%H:%M:%S%.3f").to_string()).unwrap_or_default();
        let _ = writeln!(text, "{indent}{at}  {}", step.what);
    }
}

/// How a server is.
pub(crate) fn health(ok: bool, details: Option<&HealthDetails>, zone: &TimeZone) -> String {
    let mut text = String::new();
    let word = if ok { "ok" } else { "not ok" };
    let Some(details) = details else { return format!("{word}\n") };
    let since = local(details.started_at_ms, zone).map(|at| at.strftime("%Y-%m-%d %H:%M:%S").to_string());
    let _ = writeln!(text, "{word}: greenroom {}, started {}", details.version, since.unwrap_or_default());
    for problem in &details.problems {
        let _ = writeln!(text, "  problem: {problem}");
    }
    for warning in &details.warnings {
        let _ = writeln!(text, "  warning: {warning}");
    }
    let _ = writeln!(
        text,
        "  {} waiting, {} in quarantine, {} conversation(s) active, {} restart(s)",
        details.inbox_waiting, details.quarantined, details.conversations_active, details.restarts
    );
    for account in &details.accounts {
        let label = account.label.as_deref().unwrap_or(&account.account);
        let detail = account.reason.as_deref().map(|detail| format!(": {detail}")).unwrap_or_default();
        let _ = writeln!(
            text,
            "  {} ({}, {label}): {}{detail}, {} to send",
            account.channel, account.adapter, account.status, account.outbox_waiting
        );
    }
    text
}

/// What is in quarantine.
pub(crate) fn quarantine(rows: &[QuarantinedView], zone: &TimeZone) -> String {
    if rows.is_empty() {
        return "nothing is in quarantine\n".to_owned();
    }
    let mut text = String::new();
    for row in rows {
        let at = local(row.at_ms, zone).map(|at| at.strftime("%Y-%m-%d %H:%M:%S").to_string()).unwrap_or_default();
        let message = row.message.as_deref().unwrap_or("a wake-up");
        let _ = writeln!(text, "{}  {at}  {message} in chat {}: {}", row.sequence, row.chat, row.reason);
    }
    text.push_str("greenroom quarantine release NUMBER tries one again\n");
    text
}

/// Who is admitted.
pub(crate) fn allow_list(entries: &[AllowView]) -> String {
    if entries.is_empty() {
        return "nobody is admitted; greenroom allow +15551234567 admits somebody\n".to_owned();
    }
    let mut text = String::new();
    for entry in entries {
        let place = match (&entry.channel, &entry.account) {
            (Some(channel), _) => format!("channel {channel}"),
            (None, Some(account)) => format!("account {account}"),
            (None, None) => String::new(),
        };
        let _ = writeln!(text, "{}  in {place}, {}", entry.entry, entry.origin);
    }
    text
}

/// A table with a head, columns as wide as they must be.
pub(crate) fn table(rows: &[Vec<String>]) -> String {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width = |column: usize| rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max();
    let widths: Vec<usize> = (0..columns).map(|column| width(column).unwrap_or(0)).collect();
    let mut text = String::new();
    for row in rows {
        let line =
            row.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}")).collect::<Vec<_>>().join("  ");
        let _ = writeln!(text, "{}", line.trim_end());
    }
    text
}

fn local(at_ms: u64, zone: &TimeZone) -> Option<Zoned> {
    Some(Timestamp::from_millisecond(i64::try_from(at_ms).ok()?).ok()?.to_zoned(zone.clone()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use greenroom_client::ParcelView;

    #[test]
    fn a_trace_reads_as_a_story() {
        let step = |at_ms, what: &str| StepView { at_ms, what: what.to_owned() };
        let trace = TraceView {
            message: "c-1".to_owned(),
            account: "a".to_owned(),
            chat: Some("+15555550100".to_owned()),
            steps: vec![step(1_795_000_000_123, "admitted by +15555550100"), step(u64::MAX, "asked echo, attempt 1")],
            parcels: vec![ParcelView {
                id: "3EB0".to_owned(),
                state: "sent".to_owned(),
                steps: vec![step(1_795_000_000_200, "queued")],
            }],
        };
        let expected = "\
message c-1 in chat +15555550100, Wednesday, 18 November 2026
  11:06:40.123  admitted by +15555550100
    asked echo, attempt 1
  answer 3EB0: sent
    11:06:40.200  queued
";
        assert_eq!(traces(&[trace], &TimeZone::UTC), expected);
    }

    #[test]
    fn a_table_is_aligned() {
        let rows =
            [vec!["a", "bbb", "c"], vec!["aaaa", "b", "c"]].map(|row| row.into_iter().map(String::from).collect());
        assert_eq!(table(&rows), "a     bbb  c\naaaa  b    c\n");
    }
}

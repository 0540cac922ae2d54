//! What commands print: plain words, with times as the person at the keyboard reads them.

use super::disk;
use super::failure::Failure;
use super::near::Near;
use super::next::as_command;
use super::shown::cleaned;
use greenroom::contract::text::{one_line, printable};
use greenroom::contract::time::Clock;
use greenroom_client::{
    AllowView, HealthDetails, HealthProblemView, QuarantinedView, RejectionView, SessionView, StepView, TraceView,
    WakeView,
};
use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};
use serde::Serialize;
use std::borrow::Cow;
use std::fmt::Write as _;
use std::io::Write as _;

/// Prints to standard output, and never what commands a terminal. A reader that closed it does not want more: that is not a failure.
pub(crate) fn print(text: &str) -> Result<(), Failure> {
    let mut output = std::io::stdout().lock();
    match output.write_all(printable(text).as_bytes()).and_then(|()| output.flush()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => Err(Failure::new(error.to_string())),
        _ => Ok(()),
    }
}

/// A value as JSON, in lines. Whatever a terminal could take for a command stands there as JSON writes it.
pub(crate) fn as_json(value: &impl Serialize) -> Result<String, Failure> {
    let text = serde_json::to_string_pretty(value).map_err(|error| Failure::new(error.to_string()))?;
    let mut shown = String::with_capacity(text.len() + 1);
    for c in text.chars() {
        // Outside of strings JSON has no such character, and inside each may be escaped.
        if matches!(printable(c.encode_utf8(&mut [0; 4])), Cow::Owned(_)) {
            c.encode_utf16(&mut [0; 2]).iter().for_each(|unit| _ = write!(shown, "\\u{unit:04x}"));
        } else {
            shown.push(c);
        }
    }
    Ok(shown + "\n")
}

/// Prints a value as JSON.
pub(crate) fn json(value: &impl Serialize) -> Result<(), Failure> {
    print(&as_json(value)?)
}

/// Why messages were, or were not, answered.
pub(crate) fn traces(traces: &[TraceView], near: &Near, zone: &TimeZone) -> String {
    let mut text = String::new();
    for trace in traces.iter().filter_map(cleaned) {
        let chat = trace.chat.as_deref().map(|chat| format!(" in chat {chat}")).unwrap_or_default();
        let day = trace.steps.first().and_then(|step| local(step.at_ms, zone));
        let day = day.map(|at| format!(", {}", at.strftime("%A, %-d %B %Y"))).unwrap_or_default();
        let _ = writeln!(text, "message {}{chat}{day}", trace.message);
        steps(&mut text, &trace.steps, "  ", zone);
        if trace.conversation != 0 && trace.steps.iter().any(|step| is_handed_over(&step.what)) {
            let _ = writeln!(text, "  (to end that: greenroom conversation release {})", trace.conversation);
        }
        if let Some(advice) = near.advice(&trace).as_ref().and_then(cleaned) {
            let _ = writeln!(text, "  {advice}");
        }
        for parcel in &trace.parcels {
            let until = until(parcel.until_ms, Clock::System.now().0, zone);
            let _ = writeln!(text, "  answer {}: {}{until}", parcel.id, parcel.state);
            steps(&mut text, &parcel.steps, "    ", zone);
        }
    }
    text
}

fn steps(text: &mut String, steps: &[StepView], indent: &str, zone: &TimeZone) {
    for step in steps {
        let at = local(step.at_ms, zone).map(|at| at.strftime("%H:%M:%S%.3f").to_string()).unwrap_or_default();
        let _ = writeln!(text, "{indent}{at}  {}", step.what);
        if let Some(address) = known_as(&step.what) {
            let _ = writeln!(text, "{indent}  (to admit this address by itself: greenroom allow {address})");
        }
    }
}

/// Whether the owner can take back what was decided about the whole conversation.
fn is_handed_over(what: &str) -> bool {
    what.starts_with("stays with ") || what.ends_with("the conversation is paused")
}

/// The address that a person came with whom another address of theirs admitted.
fn known_as(step: &str) -> Option<&str> {
    let (_, came_with) = step.strip_prefix("admitted by ")?.split_once(", known as ")?;
    came_with.split(", ").next()
}

/// How a server is.
pub(crate) fn health(ok: bool, details: Option<&HealthDetails>, now_ms: u64, zone: &TimeZone) -> String {
    let mut text = String::new();
    let word = if ok { "ok" } else { "not ok" };
    let Some(details) = details.and_then(cleaned) else { return format!("{word}\n") };
    let since = local(details.started_at_ms, zone).map(|at| at.strftime("%Y-%m-%d %H:%M:%S").to_string());
    let _ = writeln!(text, "{word}: greenroom {}, started {}", details.version, since.unwrap_or_default());
    for problem in &details.problems {
        let _ = writeln!(text, "  problem: {}", with_command(problem));
    }
    if details.problems.iter().any(|problem| disk::is_full(&problem.what)) {
        let _ = writeln!(text, "    {}", disk::MAKE_ROOM);
    }
    for warning in &details.warnings {
        let _ = writeln!(text, "  warning: {}", with_command(warning));
    }
    for rejection in &details.rejections {
        let _ = writeln!(text, "  warning: {}", rejected(rejection, now_ms));
    }
    let _ = writeln!(
        text,
        "  {} waiting, {} in quarantine, {} conversation(s) active, {} restart(s)",
        details.inbox_waiting, details.quarantined, details.conversations_active, details.restarts
    );
    for account in &details.accounts {
        let label = account.label.as_deref().unwrap_or(&account.session);
        let reason = account.reason.as_deref().map(|reason| format!(": {reason}")).unwrap_or_default();
        let _ = writeln!(
            text,
            "  {} ({}, {label}): {}{reason}, since {}, {} to send",
            account.channel,
            account.adapter,
            account.status,
            ago(account.since_ms, now_ms),
            account.outbox_waiting
        );
        let _ = writeln!(text, "    {}", signs(account, now_ms));
        if let Some(next) = &account.next {
            let _ = writeln!(text, "    next: {}", as_command(next));
        }
    }
    text
}

/// What is wrong and what to do.
fn with_command(problem: &HealthProblemView) -> String {
    let next = problem.next.as_ref().map(|next| format!("; {}", as_command(next))).unwrap_or_default();
    format!("{}{next}", problem.what)
}

/// What was not taken, how often, and when last.
pub(crate) fn rejected(rejection: &RejectionView, now_ms: u64) -> String {
    let what = one_line(&rejection.what);
    format!("{what} (first {}, last {})", ago(rejection.first_ms, now_ms), ago(rejection.last_ms, now_ms))
}

/// Proof of life.
pub(super) fn signs(account: &SessionView, now_ms: u64) -> String {
    let age = |at_ms: Option<u64>| at_ms.map_or_else(|| "never".to_owned(), |at_ms| ago(at_ms, now_ms));
    let mut text = format!(
        "last sign of the network {}, last message {}, last acknowledgement {}",
        age(account.last_frame_ms),
        age(account.last_inbound_ms),
        age(account.last_acknowledged_ms)
    );
    if let Some(seen_ms) = account.phone_seen_ms {
        let _ = write!(text, ", phone seen {}", ago(seen_ms, now_ms));
        if let Some(most) = account.phone_absent_max_ms {
            let _ = write!(text, " (at most {} days)", most / 86_400_000);
        }
    }
    text
}

/// How long ago that was.
pub(super) fn ago(at_ms: u64, now_ms: u64) -> String {
    let seconds = now_ms.saturating_sub(at_ms) / 1_000;
    match seconds {
        0..120 => format!("{seconds} s ago"),
        120..7_200 => format!("{} min ago", seconds / 60),
        7_200..172_800 => format!("{} h ago", seconds / 3_600),
        _ => format!("{} days ago", seconds / 86_400),
    }
}

/// All accounts, each with what to do, and what came for their channels and was not taken.
pub(crate) fn accounts(
    accounts: &[SessionView],
    rejections: &[RejectionView],
    running: bool,
    now_ms: u64,
    zone: &TimeZone,
) -> String {
    if accounts.is_empty() {
        return "no accounts yet; greenroom link links one\n".to_owned();
    }
    let accounts: Vec<SessionView> = accounts.iter().filter_map(cleaned).collect();
    let head = ["account", "channel", "owner", "number", "status", "since", "made", "linked"].map(str::to_owned);
    let mut rows = vec![head.to_vec()];
    for account in &accounts {
        let day = |at_ms| local(at_ms, zone).map(|at| at.strftime("%Y-%m-%d %H:%M").to_string()).unwrap_or_default();
        rows.push(vec![
            account.session.clone(),
            account.channel.clone(),
            account.owner.clone(),
            account.label.clone().unwrap_or_else(|| "-".to_owned()),
            account.status.clone(),
            ago(account.since_ms, now_ms),
            day(account.created_at_ms),
            account.linked_at_ms.map_or_else(|| "-".to_owned(), day),
        ]);
    }
    let drawn = table(&rows);
    let mut lines = drawn.lines();
    let mut text = format!("{}\n", lines.next().unwrap_or_default());
    for (account, line) in accounts.iter().zip(lines) {
        let _ = writeln!(text, "{line}");
        if running && account.connections > 0 {
            let _ = writeln!(text, "    {}", signs(account, now_ms));
        }
        if account.unreadable > 0 {
            let _ =
                writeln!(text, "    {} message(s) could not be read here; open them on the phone", account.unreadable);
        }
        if let Some(reason) = &account.reason {
            let _ = writeln!(text, "    {reason}");
        }
        if let Some(next) = &account.next {
            let _ = writeln!(text, "    next: {}", as_command(next));
        }
    }
    for rejection in rejections {
        let _ = writeln!(text, "warning: {}", rejected(rejection, now_ms));
    }
    if !running {
        text.push_str("greenroom is not running, so nothing is connected; greenroom run starts it\n");
    }
    text
}

/// What is in quarantine.
pub(crate) fn quarantine(rows: &[QuarantinedView], zone: &TimeZone) -> String {
    if rows.is_empty() {
        return "nothing is in quarantine\n".to_owned();
    }
    let mut text = String::new();
    for row in rows.iter().filter_map(cleaned) {
        let at = local(row.at_ms, zone).map(|at| at.strftime("%Y-%m-%d %H:%M:%S").to_string()).unwrap_or_default();
        let message = row.message.as_deref().unwrap_or("a wake-up");
        let _ = writeln!(text, "{}  {at}  {message} in chat {}: {}", row.sequence, row.chat, row.reason);
    }
    text.push_str("greenroom quarantine release NUMBER tries one again\n");
    text
}

/// Wake-ups that are not due yet.
pub(crate) fn wakes(wakes: &[WakeView], zone: &TimeZone) -> String {
    if wakes.is_empty() {
        return "no wake-up waits\n".to_owned();
    }
    let mut text = String::new();
    for wake in wakes.iter().filter_map(cleaned) {
        let at = local(wake.at_ms, zone).map(|at| at.strftime("%Y-%m-%d %H:%M:%S").to_string()).unwrap_or_default();
        let _ = writeln!(text, "{}  {at}  {} in chat {}: {}", wake.number, wake.assistant, wake.chat, wake.token);
    }
    text.push_str("greenroom wakes cancel NUMBER takes one back\n");
    text
}

/// Until when something waits, if that lies ahead.
pub(super) fn until(until_ms: Option<u64>, now_ms: u64, zone: &TimeZone) -> String {
    let ahead = until_ms.filter(|until| *until > now_ms).and_then(|until| local(until, zone));
    ahead.map(|at| format!(" until {}", at.strftime("%Y-%m-%d %H:%M:%S"))).unwrap_or_default()
}

/// Who is admitted.
pub(crate) fn allow_list(entries: &[AllowView]) -> String {
    if entries.is_empty() {
        return "the allow-list is empty; add someone with: greenroom allow +15551234567\n".to_owned();
    }
    let mut text = String::new();
    for entry in entries.iter().filter_map(cleaned) {
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

pub(super) fn local(at_ms: u64, zone: &TimeZone) -> Option<Zoned> {
    Some(Timestamp::from_millisecond(i64::try_from(at_ms).ok()?).ok()?.to_zoned(zone.clone()))
}

#[cfg(test)]
mod tests;

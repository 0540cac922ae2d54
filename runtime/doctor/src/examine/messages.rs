//! What was refused, waits, is held, or takes long.

use super::lasting;
use crate::facts::Facts;
use crate::finding::Finding;
use crate::limits;
use greenroom_client::{HealthProblemView, NextActionView, RejectionView, TraceView};
use std::collections::BTreeMap;

const AREA: &str = "messages";

pub(super) fn examine(facts: &Facts) -> Vec<Finding> {
    let mut findings: Vec<Finding> = refused(facts).into_iter().collect();
    findings.extend(slow(&facts.traces));
    let Some(health) = &facts.health else { return findings };
    findings.extend(health.rejections.iter().map(not_taken));
    if health.quarantined > 0 {
        let what = format!("{} message(s) failed too often and are not answered", health.quarantined);
        findings.push(Finding::error(
            "quarantine",
            AREA,
            what,
            "greenroom quarantine, then greenroom quarantine release NUMBER",
        ));
    }
    if health.outbox_held > 0 {
        let what = format!("{} message(s) of the bot are held and not sent", health.outbox_held);
        let command = "greenroom outbox, then greenroom outbox release ID or greenroom outbox drop ID";
        findings.push(Finding::error("held", AREA, what, command));
    }
    if health.inbox_waiting >= limits::INBOX_WAITING_WARNED {
        let what = format!("{} message(s) wait for their turn", health.inbox_waiting);
        findings.push(Finding::warning("inbox-long", AREA, what, "greenroom health, which says what they wait for"));
    }
    findings.extend(health.problems.iter().filter(|problem| is_new(problem)).map(|problem| told(problem, true)));
    findings.extend(health.warnings.iter().filter(|problem| is_new(problem)).map(|problem| told(problem, false)));
    findings
}

/// What was refused today. If nothing was answered, that is the reason why the bot seems to be silent.
fn refused(facts: &Facts) -> Option<Finding> {
    let mut by_cause: BTreeMap<&str, u64> = BTreeMap::new();
    for one in facts.refused.iter().filter(|one| one.cause != "not_addressed") {
        *by_cause.entry(&one.what).or_default() += one.count;
    }
    let sum: u64 = by_cause.values().sum();
    if sum == 0 {
        return None;
    }
    let mut causes: Vec<(&str, u64)> = by_cause.into_iter().collect();
    causes.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    let causes = causes.iter().map(|(what, count)| format!("{count} {what}")).collect::<Vec<_>>().join("; ");
    let answered: u64 = facts.sessions.iter().map(|session| session.answered_today).sum();
    let what = format!("{sum} message(s) refused today: {causes}");
    if answered > 0 {
        return Some(Finding::note("refused-today", AREA, what));
    }
    let command = "greenroom why --refused, then greenroom why --last 10, and greenroom access explain WHO";
    Some(Finding::warning("no-one-answered", AREA, format!("nothing was answered today, and {what}"), command))
}

/// Half of the newest answers took long.
fn slow(traces: &[TraceView]) -> Option<Finding> {
    let mut took: Vec<(u64, &str, u64)> = traces.iter().filter_map(answer).collect();
    if took.len() < limits::ANSWERS_MIN {
        return None;
    }
    took.sort_unstable_by_key(|(whole, ..)| *whole);
    let (median, stage, of_stage) = took[took.len() / 2];
    if median < limits::ANSWER_SLOW_MS {
        return None;
    }
    let what = format!(
        "half of the last {} answers took {} or longer; of one of them {} went to the stage {stage}",
        took.len(),
        lasting(median),
        lasting(of_stage)
    );
    let command = match stage {
        "assistant" | "tools" => "greenroom why --last 10, then greenroom doctor models and greenroom doctor tools",
        "media" => "greenroom why --last 10, then greenroom doctor voice",
        "outbox" => "greenroom why --last 10, then greenroom outbox",
        _ => "greenroom why --last 10, then greenroom health",
    };
    Some(Finding::warning("slow", AREA, what, command))
}

/// How long an answered message took from its admission to the network, and where most of that went.
fn answer(trace: &TraceView) -> Option<(u64, &str, u64)> {
    let at = |name: &str| trace.way.iter().find(|stage| stage.stage == name)?.at_ms;
    let sent = trace.way.iter().find(|stage| stage.stage == "outbox" && stage.took_ms.is_some())?.at_ms?;
    let whole = sent.saturating_sub(at("admission")?);
    let longest = trace.way.iter().filter(|stage| stage.took_ms.is_some()).max_by_key(|stage| stage.took_ms)?;
    Some((whole, &longest.stage, longest.took_ms?))
}

/// What came from outside and was not taken.
fn not_taken(rejection: &RejectionView) -> Finding {
    let area = rejection.channel.as_ref().map_or_else(|| AREA.to_owned(), |channel| format!("channel {channel}"));
    let command = match rejection.cause.as_str() {
        "signature" => {
            "greenroom doctor cloud; copy the app secret of your app into WHATSAPP_APP_SECRET and start it again"
        }
        "handshake" => {
            "greenroom doctor cloud; enter the same verify token here (WHATSAPP_VERIFY_TOKEN) and in your app"
        }
        "unknown_recipient" => "greenroom doctor cloud; add that phone number id to the numbers of the channel",
        "too_old" => "set the clock: timedatectl set-ntp true, on Linux",
        _ => "greenroom doctor cloud, and greenroom health",
    };
    Finding::warning("posts-refused", area, &rejection.what, command)
}

/// Whether nothing else here tells the same.
fn is_new(problem: &HealthProblemView) -> bool {
    let action = problem.next.as_ref().map(|next| &next.action);
    let is_told = matches!(
        action,
        Some(
            NextActionView::ReviewQuarantine
                | NextActionView::ReviewOutbox
                | NextActionView::OpenPhone { .. }
                | NextActionView::Link { .. }
                | NextActionView::LinkAgain { .. }
                | NextActionView::Reconnect { .. }
                | NextActionView::StopOtherClient { .. }
                | NextActionView::RemoveDevice { .. }
                | NextActionView::SendLess { .. }
                | NextActionView::Update
        )
    );
    !is_told
}

fn told(problem: &HealthProblemView, is_error: bool) -> Finding {
    let command = match problem.next.as_ref() {
        Some(next) => match &next.action {
            NextActionView::AllowEntry { channel, entry } => format!("greenroom allow {entry} --channel {channel}"),
            NextActionView::ReleaseConversation { conversation } => {
                format!("answer there by hand, then greenroom conversation release {conversation}")
            }
            _ => next.sentence.clone(),
        },
        None => "greenroom health, and the log".to_owned(),
    };
    if is_error {
        Finding::error("server-problem", "server", &problem.what, command)
    } else {
        Finding::warning("server-warning", "server", &problem.what, command)
    }
}

//! Channels, and each session with its connection.

use super::lasting;
use crate::facts::Facts;
use crate::finding::Finding;
use crate::limits;
use greenroom_client::{ChannelKindView, ChannelView, GapView, SessionView};

pub(super) fn examine(facts: &Facts) -> Vec<Finding> {
    let mut findings = Vec::new();
    for channel in &facts.channels {
        findings.extend(of_channel(channel, facts));
    }
    for session in &facts.sessions {
        findings.extend(of_session(session, facts));
        findings.extend(connection(session, facts.now_ms));
        findings.extend(phone(session, facts.now_ms));
    }
    findings
}

fn of_channel(channel: &ChannelView, facts: &Facts) -> Vec<Finding> {
    let name = &channel.channel;
    let area = format!("channel {name}");
    let here: Vec<&SessionView> = facts.sessions.iter().filter(|session| session.channel == *name).collect();
    let is_used = |session: &&&SessionView| session.linked_at_ms.is_some() || is_linking(&session.code);
    let is_linked = !channel.can_link || here.iter().any(|session| is_used(&session));
    let allow = format!("greenroom allow +15551234567 --channel {name}");
    let mut findings = Vec::new();
    if channel.allowed == 0 && !is_linked {
        let what = "no code is shown before someone is admitted, and the allow-list is empty";
        findings.push(Finding::error("link-refused", &area, what, &allow));
    } else if channel.allowed == 0 && here.iter().all(|session| session.answered_today == 0) {
        let what = "its allow-list is empty, so no one is answered unless a session has a list of its own";
        findings.push(Finding::error("list-empty", &area, what, &allow));
    }
    if !is_linked && channel.allowed > 0 {
        let what = "it is configured, but no account is linked";
        findings.push(Finding::error("not-linked", &area, what, format!("greenroom link {name}")));
    }
    if channel.can_link && channel.sessions_max > 0 && channel.sessions >= channel.sessions_max {
        let what = format!("maximum sessions reached: {} of {}", channel.sessions, channel.sessions_max);
        let command = "greenroom accounts clean, which forgets those that were never linked; else greenroom accounts \
                       disconnect ACCOUNT, or raise gateway.sessions_max and gateway.sessions_per_owner_max";
        findings.push(Finding::warning("maximum-sessions", &area, what, command));
    }
    findings
}

fn is_linking(code: &str) -> bool {
    matches!(
        code,
        "linking_begun" | "awaiting_scan" | "code_shown" | "answer_needed" | "action_needed" | "finishing" | "pending"
    )
}

fn of_session(session: &SessionView, facts: &Facts) -> Option<Finding> {
    let (id, channel) = (&session.session, &session.channel);
    let area = format!("session {id} of channel {channel}");
    let since = facts.now_ms.saturating_sub(session.since_ms);
    let reason = session.reason.as_deref().unwrap_or(&session.status);
    let link = format!("greenroom link {channel} --account {id}");
    let reconnect = format!("greenroom accounts reconnect {id}");
    let error = |code: &str, what: String, command: &str| Finding::error(code, &area, what, command);
    Some(match session.code.as_str() {
        "connected" => return Some(connected(session, facts, &area)),
        "connecting" | "reconnecting" if since >= limits::CONNECTING_MAX_MS => error(
            "not-connected",
            format!("it has not been connected for {}: {reason}", lasting(since)),
            &format!("let this machine reach the network, then {reconnect}"),
        ),
        "connecting" | "reconnecting" => Finding::note("connecting", &area, format!("it is being connected: {reason}")),
        "linking_begun" if since >= limits::FIRST_CODE_MAX_MS => error(
            "no-code",
            format!("the network has sent no code for {}", lasting(since)),
            &format!("let this machine reach the network (a proxy or a firewall may be between), then {link}"),
        ),
        "qr_expired" | "not_linked" if session.linked_at_ms.is_none() => {
            let what = format!("linking was not completed: {reason}");
            let others = facts.sessions.iter().any(|one| one.channel == *channel && one.linked_at_ms.is_some());
            if others {
                Finding::warning("code-expired", &area, what, format!("{link}, or greenroom accounts clean {id}"))
            } else {
                error("code-expired", what, &link)
            }
        }
        "not_linked" => error("not-linked", format!("it is not linked: {reason}"), &link),
        "logged_out" => error("logged-out", format!("it was unlinked: {reason}"), &link),
        "replaced" => error(
            "replaced",
            "another program uses the same keys, so each of them throws the other one out".to_owned(),
            &format!("stop the other one, then {reconnect}"),
        ),
        "banned" => error(
            "restricted",
            format!("the network refuses this account for a while: {reason}"),
            "wait until greenroom accounts shows that it is over; send less, and only to people who wrote first",
        ),
        "outdated" => error(
            "outdated",
            "the network no longer accepts this version".to_owned(),
            "update greenroom and start it again",
        ),
        "slots_full" => error("no-room", reason.to_owned(), &format!("remove a device on the phone, then {link}")),
        "stopped" => error("stopped", reason.to_owned(), &format!("correct that, then {reconnect}")),
        "failed" => error("crashed", reason.to_owned(), &format!("report this bug, then {reconnect}")),
        "elsewhere" | "unconfigured" => {
            Finding::note("resting", &area, format!("it is kept and not connected: {reason}"))
        }
        _ => Finding::note("session", &area, session.status.clone()),
    })
}

/// One that the network accepts, and that works or does not.
fn connected(session: &SessionView, facts: &Facts, area: &str) -> Finding {
    let now = facts.now_ms;
    let is_linked_kind = facts
        .channels
        .iter()
        .any(|channel| channel.channel == session.channel && channel.kind == ChannelKindView::Linked);
    let heard = session.last_frame_ms.unwrap_or(session.since_ms).max(session.since_ms);
    let silent = now.saturating_sub(heard);
    if is_linked_kind && silent >= limits::SILENCE_MAX_MS {
        let what = format!("it is connected, but nothing has come from the network for {}", lasting(silent));
        let command = format!("greenroom accounts reconnect {}", session.session);
        return Finding::error("connected-but-silent", area, what, command);
    }
    if session.unreadable > 0 {
        let what = format!("it is connected, but {} message(s) could not be read here", session.unreadable);
        let command = format!(
            "open them on the phone, which lets it send them once more; if it continues: greenroom accounts reconnect {}",
            session.session
        );
        return Finding::warning("messages-unreadable", area, what, command);
    }
    let last =
        session.last_inbound_ms.map_or("never".to_owned(), |at| format!("{} ago", lasting(now.saturating_sub(at))));
    Finding::ok("connected", area, format!("it is connected; the last message came {last}"))
}

/// How often the connection was lost, and how short it lasted.
fn connection(session: &SessionView, now_ms: u64) -> Option<Finding> {
    let area = format!("session {} of channel {}", session.session, session.channel);
    let since = now_ms.saturating_sub(limits::LOSSES_WITHIN_MS);
    let lately: Vec<&GapView> = session.gaps.iter().filter(|gap| gap.from_ms >= since).collect();
    let last = lately.last()?;
    let id = &session.session;
    if short_ones(&lately) >= limits::SHORT_CONNECTIONS_MIN {
        let what = format!(
            "the connection keeps dropping: {} times no connection lasted a minute, the last time: {}",
            short_ones(&lately),
            last.reason
        );
        let command = format!(
            "let proxies and firewalls pass connections that last, see that no other program uses this account, then \
             greenroom accounts reconnect {id}"
        );
        return Some(Finding::error("keeps-dropping", area, what, command));
    }
    (lately.len() >= limits::LOSSES_MIN).then(|| {
        let what = format!("it disconnected {} times within an hour, the last time: {}", lately.len(), last.reason);
        let command =
            "greenroom accounts, which shows the reason and the proof of life; then the network of this machine";
        Finding::warning("disconnects-often", area, what, command)
    })
}

/// Connections between two gaps that lasted less than a minute.
fn short_ones(gaps: &[&GapView]) -> usize {
    let lasted = |pair: &[&GapView]| match pair {
        [before, after] => before.until_ms.map(|until| after.from_ms.saturating_sub(until)),
        _ => None,
    };
    gaps.windows(2).filter(|pair| lasted(pair).is_some_and(|ms| ms < limits::SHORT_CONNECTION_MS)).count()
}

fn phone(session: &SessionView, now_ms: u64) -> Option<Finding> {
    let absent = now_ms.saturating_sub(session.phone_seen_ms?);
    let most = session.phone_absent_max_ms?;
    (absent >= limits::PHONE_ABSENCE_MS.min(most)).then(|| {
        let area = format!("session {} of channel {}", session.session, session.channel);
        let what = format!(
            "its phone was last seen {} ago; after {} the network unlinks this account",
            lasting(absent),
            lasting(most)
        );
        Finding::warning("phone-absent", area, what, "open WhatsApp on that phone, with a connection to the internet")
    })
}

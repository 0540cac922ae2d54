//! What is said of a message: its way stage by stage; and, of one that never arrived, when nothing could arrive.

use super::report::{ago, local, signs};
use super::shown::cleaned;
use greenroom_client::{SessionView, TraceView};
use jiff::tz::TimeZone;
use std::fmt::Write as _;

/// The stages of one message, a line each.
pub(crate) fn way(trace: &TraceView, zone: &TimeZone) -> String {
    let Some(trace) = cleaned(trace) else { return String::new() };
    let mut text = String::new();
    let width = trace.way.iter().map(|stage| stage.stage.len()).max().unwrap_or(0);
    for stage in &trace.way {
        let at = stage.at_ms.and_then(|at| local(at, zone)).map(|at| at.strftime("%H:%M:%S%.3f").to_string());
        let _ = writeln!(text, "  {:<width$}  {:<12}  {}", stage.stage, at.unwrap_or_default(), stage.what);
    }
    if text.is_empty() { text } else { format!("its way:\n{text}") }
}

/// The last proof of life of each account, and when it was not connected.
pub(crate) fn gaps(sessions: &[SessionView], now_ms: u64, zone: &TimeZone) -> String {
    let mut text = String::new();
    for session in sessions.iter().filter_map(cleaned) {
        let name = session.label.as_deref().unwrap_or(&session.session);
        let _ = writeln!(
            text,
            "channel {}, {name}: {} since {}",
            session.channel,
            session.status,
            ago(session.since_ms, now_ms)
        );
        if session.connections > 0 {
            let _ = writeln!(text, "  {}", signs(&session, now_ms));
        }
        let day = |at_ms: u64| local(at_ms, zone).map(|at| at.strftime("%Y-%m-%d %H:%M:%S").to_string());
        for gap in &session.gaps {
            let until = gap.until_ms.and_then(day).unwrap_or_else(|| "now".to_owned());
            let from = day(gap.from_ms).unwrap_or_default();
            let _ = writeln!(text, "  nothing could arrive from {from} until {until}: {}", gap.reason);
        }
        if session.gaps.is_empty() {
            text.push_str("  no time without a connection is known\n");
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use greenroom_client::{GapView, StageView};

    #[test]
    fn a_way_is_a_table_and_a_stage_without_a_time_has_none() {
        let stage = |stage: &str, at_ms, what: &str| StageView {
            stage: stage.to_owned(),
            at_ms,
            took_ms: None,
            what: what.to_owned(),
        };
        let trace = TraceView {
            message: "m".to_owned(),
            account: "a".to_owned(),
            chat: None,
            conversation: 0,
            state: greenroom_client::TraceStateView::default(),
            steps: Vec::new(),
            parcels: Vec::new(),
            way: vec![stage("identity", Some(1_795_000_000_123), "known"), stage("cost", None, "not reached")],
        };
        let expected = "its way:\n  identity  11:06:40.123  known\n  cost                    not reached\n";
        assert_eq!(way(&trace, &TimeZone::UTC), expected);
        assert_eq!(way(&TraceView { way: Vec::new(), ..trace }, &TimeZone::UTC), "");
    }

    #[test]
    fn a_message_that_never_arrived_is_answered_with_the_gaps() {
        let json = serde_json::json!({
            "session": "acc-1", "channel": "front", "adapter": "loopback", "owner": "local", "label": null,
            "status": "connected", "code": "connected", "reason": null, "next": null, "since_ms": 0, "until_ms": null,
            "created_at_ms": 0, "linked_at_ms": null, "last_frame_ms": 1_000, "last_inbound_ms": null,
            "last_acknowledged_ms": null, "phone_seen_ms": null, "phone_absent_max_ms": null, "outbox_waiting": 0,
            "connections": 1
        });
        let session: SessionView = serde_json::from_value(json).unwrap();
        let told = gaps(std::slice::from_ref(&session), 61_000, &TimeZone::UTC);
        assert!(told.contains("last sign of the network 60 s ago, last message never"), "{told}");
        assert!(told.ends_with("no time without a connection is known\n"), "{told}");
        let gap = |from_ms, until_ms| GapView { from_ms, until_ms, reason: "the bot did not run".to_owned() };
        let with = SessionView { gaps: vec![gap(0, Some(5_000)), gap(9_000, None)], ..session };
        let told = gaps(&[with], 61_000, &TimeZone::UTC);
        let expected = [
            "  nothing could arrive from 1970-01-01 00:00:00 until 1970-01-01 00:00:05: the bot did not run\n",
            "  nothing could arrive from 1970-01-01 00:00:09 until now: the bot did not run\n",
        ];
        assert!(expected.iter().all(|line| told.contains(line)), "{told}");
    }
}

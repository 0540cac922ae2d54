//! How it ended with a message, as far as it has. Pure.

use greenroom_client::TraceStateView;
use greenroom_contract::trace::{Decision, ParcelTrace, Trace};

/// Of what is sent because of it, the worst counts; before that, what was decided last.
pub(crate) fn state(trace: &Trace) -> TraceStateView {
    let parcels: Vec<TraceStateView> = trace.parcels.iter().filter_map(sent).collect();
    let worst = [TraceStateView::Held, TraceStateView::Uncertain, TraceStateView::Failed, TraceStateView::Waiting];
    if let Some(worst) = worst.into_iter().find(|state| parcels.contains(state)) {
        return worst;
    }
    let last = trace.steps.iter().rev().find_map(|step| decided(&step.what)).unwrap_or(TraceStateView::Waiting);
    let is_noticed = trace.steps.iter().any(|step| matches!(step.what, Decision::Noticed { .. }));
    // A sentence of the house is an answer where nothing else came of it, and hides no failure.
    if last == TraceStateView::Waiting && is_noticed { TraceStateView::Answered } else { last }
}

/// What one decision about a message means for its end; `None` if nothing.
fn decided(what: &Decision) -> Option<TraceStateView> {
    Some(match what {
        Decision::Ignored { .. } | Decision::Revoked => TraceStateView::Refused,
        Decision::Failed { .. } | Decision::Quarantined { .. } => TraceStateView::Failed,
        // Of what the owner sends nothing else is decided than that it waits and was sent.
        Decision::Answered { .. }
        | Decision::Joined { .. }
        | Decision::Commanded { .. }
        | Decision::Sent { .. }
        | Decision::Queued
        | Decision::Status { .. } => TraceStateView::Answered,
        Decision::Admitted { .. } | Decision::Asked { .. } | Decision::Away { .. } | Decision::Interrupted => {
            TraceStateView::Waiting
        }
        _ => return None,
    })
}

/// How it ended with one message of the bot; `None` while nothing was decided about it.
fn sent(parcel: &ParcelTrace) -> Option<TraceStateView> {
    parcel.steps.iter().rev().find_map(|step| {
        Some(match &step.what {
            Decision::Held { .. } => TraceStateView::Held,
            Decision::Uncertain { .. } => TraceStateView::Uncertain,
            Decision::Dropped { .. } => TraceStateView::Failed,
            Decision::Status { status } if status.starts_with("failed") => TraceStateView::Failed,
            Decision::Queued | Decision::SendFailed { .. } => TraceStateView::Waiting,
            Decision::Sent { .. } | Decision::Status { .. } => TraceStateView::Answered,
            _ => return None,
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use greenroom_contract::ids::{ConversationId, Sequence};
    use greenroom_contract::time::Timestamp;
    use greenroom_contract::trace::{Ignored, Step};

    fn steps(decisions: Vec<Decision>) -> Vec<Step> {
        decisions.into_iter().map(|what| Step::new(Timestamp(1), what)).collect()
    }

    fn of(decisions: Vec<Decision>, parcels: Vec<Vec<Decision>>) -> TraceStateView {
        let parcel = |steps_of| ParcelTrace {
            id: "3EB0".parse().unwrap(),
            state: String::new(),
            waits_until: None,
            steps: steps(steps_of),
        };
        state(&Trace {
            message: "m".parse().unwrap(),
            account: "main".parse().unwrap(),
            chat: None,
            conversation: ConversationId(1),
            sequence: Some(Sequence(1)),
            steps: steps(decisions),
            parcels: parcels.into_iter().map(parcel).collect(),
        })
    }

    #[test]
    fn the_last_decision_counts_and_the_worst_message_before_it() {
        let admitted = || Decision::Admitted { by: "the configuration".to_owned() };
        let answered = || Decision::Answered { took_ms: 1, parcels: 1 };
        let failed = || Decision::Failed { reason: "it crashed".to_owned() };
        let reason = || "because".to_owned();
        let noticed = || Decision::Noticed { cause: "busy".to_owned() };
        assert_eq!(of(vec![admitted(), noticed()], vec![]), TraceStateView::Answered);
        assert_eq!(of(vec![admitted(), failed(), noticed()], vec![]), TraceStateView::Failed);
        let sent = || Decision::Sent { message: "n".parse().unwrap() };
        assert_eq!(of(vec![], vec![]), TraceStateView::Waiting);
        assert_eq!(of(vec![admitted()], vec![]), TraceStateView::Waiting);
        assert_eq!(
            of(vec![admitted(), Decision::Ignored { reason: Ignored::TooMany }], vec![]),
            TraceStateView::Refused
        );
        assert_eq!(of(vec![admitted(), failed()], vec![]), TraceStateView::Failed);
        assert_eq!(of(vec![admitted(), failed(), answered()], vec![]), TraceStateView::Answered, "the second try");
        let parcels = |last| of(vec![admitted(), answered()], vec![vec![Decision::Queued, sent()], vec![last]]);
        assert_eq!(parcels(sent()), TraceStateView::Answered);
        assert_eq!(parcels(Decision::Queued), TraceStateView::Waiting);
        assert_eq!(parcels(Decision::Held { reason: reason() }), TraceStateView::Held);
        assert_eq!(parcels(Decision::Uncertain { reason: reason() }), TraceStateView::Uncertain);
        assert_eq!(parcels(Decision::Dropped { reason: reason() }), TraceStateView::Failed);
        assert_eq!(parcels(Decision::Status { status: "failed: 131047".to_owned() }), TraceStateView::Failed);
        assert_eq!(parcels(Decision::Status { status: "read".to_owned() }), TraceStateView::Answered);
    }
}

//! What to do with a parcel before it is handed to the network. Pure.
//!
//! A send can end without anybody knowing whether the network has the message: the connection died,
//! or the process did. Then evidence is looked for (a status, an echo, a receipt) before anything is
//! sent again. The whole table stands in `reconcile.golden`.

use greenroom_contract::capabilities::Resend;
use greenroom_contract::event::DeliveryStatus;
use greenroom_contract::limits;
use greenroom_contract::policy::UncertainPolicy;
use greenroom_contract::store::ParcelState;
use greenroom_contract::time::Timestamp;
use std::time::Duration;

/// Where a parcel comes from, as this run sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ParcelOrigin {
    /// It was made in this run, and this run has not handed it to the network.
    New,
    /// It was found unsent: an earlier run made it, and may have handed it to the network.
    Recovered,
}

/// What handing a parcel over is for its receiver.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum HandOver {
    /// The first that they may see, or one that the network shows once whatever happens.
    Once,
    /// They may see it a further time. That is written down before.
    Repetition,
    /// They may have seen it too often already.
    TooMany,
}

/// What handing a parcel over is, of which so many sends ended without anybody knowing.
pub(crate) fn hand_over(resend: Resend, unclear: u32) -> HandOver {
    match (resend, unclear) {
        (Resend::Idempotent | Resend::SameId, _) | (Resend::Visible, 0) => HandOver::Once,
        (Resend::Visible, unclear) if unclear <= limits::VISIBLE_REPETITIONS_MAX => HandOver::Repetition,
        (Resend::Visible, _) => HandOver::TooMany,
    }
}

/// What to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Action {
    /// Hand it to the network.
    Send,
    /// Look again then.
    Wait(Timestamp),
    /// Write down that it is uncertain, and look again then.
    MarkUncertain(Timestamp),
    /// There is evidence that the network has it.
    MarkSent,
    /// The network said that it gave up on it.
    Drop(String),
    /// Nobody knows; show it to the owner.
    Hold,
    /// It is done with.
    Nothing,
}

/// What is known of the network and of the owner's wish.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rules {
    /// What the network does with a repeated send.
    pub(crate) resend: Resend,
    /// What the owner wants.
    pub(crate) policy: UncertainPolicy,
    /// How long silence means "never sent".
    pub(crate) reconcile: Duration,
}

/// Decides.
pub(crate) fn decide(
    state: &ParcelState,
    statuses: &[DeliveryStatus],
    origin: ParcelOrigin,
    rules: Rules,
    now: Timestamp,
) -> Action {
    let wait_until = match state {
        ParcelState::Sent { .. } | ParcelState::Dropped { .. } | ParcelState::Held { .. } => return Action::Nothing,
        ParcelState::Waiting { .. } | ParcelState::Uncertain { .. } if !statuses.is_empty() => {
            return from_evidence(statuses);
        }
        // Only a certain refusal sets a moment, so nobody has tried since.
        ParcelState::Waiting { not_before } if *not_before > now => return Action::Wait(*not_before),
        ParcelState::Waiting { .. } if origin == ParcelOrigin::New => return Action::Send,
        _ if rules.resend == Resend::Idempotent => return Action::Send,
        ParcelState::Waiting { .. } => return Action::MarkUncertain(now.plus(rules.reconcile)),
        ParcelState::Uncertain { since } => since.plus(rules.reconcile),
    };
    if now < wait_until {
        return Action::Wait(wait_until);
    }
    match rules.policy {
        UncertainPolicy::Resend => Action::Send,
        UncertainPolicy::Hold => Action::Hold,
    }
}

fn from_evidence(statuses: &[DeliveryStatus]) -> Action {
    let reached = statuses.iter().any(|status| !matches!(status, DeliveryStatus::Failed { .. }));
    let failed = statuses.iter().find_map(|status| match status {
        DeliveryStatus::Failed { reason, .. } => Some(reason.clone()),
        _ => None,
    });
    match failed {
        Some(reason) if !reached => Action::Drop(reason),
        _ => Action::MarkSent,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use greenroom_contract::event::Consequence;
    use std::fmt::Write;

    /// Every row of the table: state × evidence × origin × network × policy × before or after the wait.
    fn table() -> String {
        let failed =
            || DeliveryStatus::Failed { reason: "131026".into(), code: Some(131_026), then: Consequence::GivenUp };
        let states = [
            ("waiting", ParcelState::Waiting { not_before: Timestamp(0) }),
            ("later", ParcelState::Waiting { not_before: Timestamp(500_000) }),
            ("uncertain", ParcelState::Uncertain { since: Timestamp(100_000) }),
            ("held", ParcelState::Held { reason: String::new() }),
            ("dropped", ParcelState::Dropped { reason: String::new() }),
        ];
        let evidence = [
            ("silence", vec![]),
            ("delivered", vec![DeliveryStatus::Delivered]),
            ("failed", vec![failed()]),
            ("failed-then-sent", vec![failed(), DeliveryStatus::Sent]),
        ];
        let mut out = String::from("state evidence origin network policy at_s -> action\n");
        for (state_name, state) in &states {
            for (evidence_name, statuses) in &evidence {
                for origin in [ParcelOrigin::New, ParcelOrigin::Recovered] {
                    for resend in [Resend::Idempotent, Resend::SameId, Resend::Visible] {
                        for policy in [UncertainPolicy::Resend, UncertainPolicy::Hold] {
                            for now_s in [101u64, 160] {
                                let rules = Rules { resend, policy, reconcile: Duration::from_secs(60) };
                                let action = decide(state, statuses, origin, rules, Timestamp(now_s * 1000));
                                writeln!(
                                    out,
                                    "{state_name} {evidence_name} {origin:?} {resend:?} {policy:?} {now_s} -> {action:?}"
                                )
                                .unwrap();
                            }
                        }
                    }
                }
            }
        }
        out
    }

    #[test]
    fn the_table_is_as_it_was_agreed() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/src/decide/reconcile.golden");
        let table = table();
        if std::env::var_os("UPDATE_GOLDEN").is_some() {
            std::fs::write(path, &table).unwrap();
        }
        assert_eq!(std::fs::read_to_string(path).unwrap_or_default(), table);
    }

    #[test]
    fn one_repetition_may_be_seen_and_no_more() {
        let table = |resend| [0, 1, 2, 9].map(|unclear| hand_over(resend, unclear));
        let visible = [HandOver::Once, HandOver::Repetition, HandOver::TooMany, HandOver::TooMany];
        assert_eq!(table(Resend::Visible), visible);
        assert_eq!(table(Resend::SameId), [HandOver::Once; 4]);
        assert_eq!(table(Resend::Idempotent), [HandOver::Once; 4]);
    }

    #[test]
    fn nothing_is_sent_again_before_the_wait_is_over_where_the_receiver_would_see_it_twice() {
        for line in table().lines().filter(|line| line.ends_with("-> Send")) {
            let visible_twice =
                line.contains("Visible") && (line.starts_with("uncertain") || line.contains("Recovered"));
            assert!(!visible_twice || line.contains(" 160 "), "{line}");
        }
    }
}

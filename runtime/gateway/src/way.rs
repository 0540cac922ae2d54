//! The way of a message, stage by stage, from its trace. Pure.

use greenroom_client::StageView;
use greenroom_contract::money::Millionths;
use greenroom_contract::trace::{Decision, Ignored, ParcelTrace, Step, Trace};
use std::fmt::Write as _;

/// Every stage in its order; what was not reached says so.
pub fn of(trace: &Trace) -> Vec<StageView> {
    let way = Way::new(trace);
    let stages = [
        ("identity", way.identity()),
        ("dedup", way.seen("taken once; a copy that the network delivers later is known by its id")),
        ("account", way.seen(&format!("arrived for account {}", trace.account))),
        ("admission", way.admission()),
        ("addressing", way.addressing()),
        ("queue", way.queue()),
        ("media", way.media()),
        ("assistant", way.assistant()),
        ("tools", way.tools()),
        ("window", way.window()),
        ("cost", way.cost()),
        ("outbox", way.outbox()),
        ("receipts", way.receipts()),
    ];
    let view = |(stage, told): (&str, Told)| StageView {
        stage: stage.to_owned(),
        at_ms: told.at_ms,
        took_ms: told.took_ms,
        what: told.what,
    };
    stages.into_iter().map(view).collect()
}

/// What is told of a stage.
struct Told {
    at_ms: Option<u64>,
    took_ms: Option<u64>,
    what: String,
}

impl Told {
    fn at(at_ms: u64, what: impl Into<String>) -> Self {
        Self { at_ms: Some(at_ms), took_ms: None, what: what.into() }
    }

    fn nothing(what: &str) -> Self {
        Self { at_ms: None, took_ms: None, what: what.to_owned() }
    }
}

/// Where a refusal belongs.
fn stage_of(reason: &Ignored) -> &'static str {
    match reason {
        Ignored::NobodyAdmitted
        | Ignored::Stranger { .. }
        | Ignored::PhoneUnknown { .. }
        | Ignored::GroupsOff
        | Ignored::GroupNotAdmitted
        | Ignored::NoLongerAdmitted
        | Ignored::ListenOnly
        | Ignored::NoAssistant => "admission",
        Ignored::NotAddressed | Ignored::OwnMessage | Ignored::OwnerElsewhere => "addressing",
        Ignored::ConversationFull
        | Ignored::TooMany
        | Ignored::Loop { .. }
        | Ignored::TooOld { .. }
        | Ignored::Paused { .. } => "queue",
        Ignored::Reaction
        | Ignored::Unsupported { .. }
        | Ignored::Unreadable { .. }
        | Ignored::NothingSaid
        | Ignored::Event { .. } => "media",
    }
}

struct Way<'a> {
    trace: &'a Trace,
    /// The refusal that ended it, if one did.
    refused: Option<(u64, &'a Ignored)>,
}

impl<'a> Way<'a> {
    fn new(trace: &'a Trace) -> Self {
        let refused = trace.steps.iter().rev().find_map(|step| match &step.what {
            Decision::Ignored { reason } => Some((step.at.0, reason)),
            _ => None,
        });
        Self { trace, refused }
    }

    /// The first decision of a kind.
    fn first<T>(&self, of: impl Fn(&'a Decision) -> Option<T>) -> Option<(u64, T)> {
        self.trace.steps.iter().find_map(|step| Some((step.at.0, of(&step.what)?)))
    }

    fn last<T>(&self, of: impl Fn(&'a Decision) -> Option<T>) -> Option<(u64, T)> {
        self.trace.steps.iter().rev().find_map(|step| Some((step.at.0, of(&step.what)?)))
    }

    fn admitted(&self) -> Option<(u64, &'a str)> {
        self.first(|what| match what {
            Decision::Admitted { by } => Some(by.as_str()),
            _ => None,
        })
    }

    fn asked(&self) -> Option<(u64, String)> {
        self.last(|what| match what {
            Decision::Asked { assistant, attempt } => Some(format!("asked {assistant}, attempt {attempt}")),
            _ => None,
        })
    }

    /// The refusal, if it belongs to this stage.
    fn refused_in(&self, stage: &str) -> Option<Told> {
        let (at_ms, reason) = self.refused.filter(|(_, reason)| stage_of(reason) == stage)?;
        Some(Told::at(at_ms, format!("ended here: {reason}")))
    }

    /// What is said of a stage behind the end.
    fn not_reached(&self) -> Told {
        Told::nothing(if self.refused.is_some() { "not reached" } else { "not yet" })
    }

    fn seen(&self, what: &str) -> Told {
        match self.trace.steps.first() {
            Some(step) => Told::at(step.at.0, what),
            None => Told::nothing("nothing is known of it any longer"),
        }
    }

    fn identity(&self) -> Told {
        let Some(step) = self.trace.steps.first() else { return Told::nothing("nothing is known of it any longer") };
        let known_as = |addresses: &[String]| format!("written by {}", addresses.join(", "));
        let what = match (self.admitted(), self.refused.map(|(_, reason)| reason)) {
            (Some((_, by)), _) => match by.split_once(", known as ") {
                Some((entry, came_with)) => format!("came as {came_with}, and is known to be {entry}"),
                None => format!("known as {}", by.split_once(" (").map_or(by, |(entry, _)| entry)),
            },
            (None, Some(Ignored::Stranger { known_as: addresses } | Ignored::PhoneUnknown { known_as: addresses })) => {
                known_as(addresses)
            }
            (None, Some(Ignored::OwnMessage)) => "written by the bot".to_owned(),
            (None, Some(Ignored::OwnerElsewhere)) => "written by the owner of the account".to_owned(),
            (None, _) => "written by a person".to_owned(),
        };
        Told::at(step.at.0, what)
    }

    fn admission(&self) -> Told {
        let ended = self.refused_in("admission");
        ended
            .or_else(|| self.admitted().map(|(at_ms, by)| Told::at(at_ms, format!("admitted by {by}"))))
            .unwrap_or_else(|| match self.refused {
                // The list is asked before all of these.
                Some((at_ms, reason)) if stage_of(reason) != "addressing" => Told::at(at_ms, "passed"),
                _ => Told::nothing("not asked"),
            })
    }

    fn addressing(&self) -> Told {
        let ended = self.refused_in("addressing");
        ended.unwrap_or_else(|| match self.admitted() {
            Some((at_ms, _)) => Told::at(at_ms, "meant for the bot"),
            None => self.not_reached(),
        })
    }

    fn queue(&self) -> Told {
        if let Some(ended) = self.refused_in("queue") {
            return ended;
        }
        let (Some((from, _)), asked) = (self.admitted(), self.asked()) else { return self.not_reached() };
        let joined = self.first(|what| match what {
            Decision::Joined { turn } => Some(format!("handled together with row {turn}")),
            _ => None,
        });
        let first = self.first(|what| matches!(what, Decision::Asked { .. }).then_some(()));
        match (first, joined, asked) {
            (Some((at_ms, ())), _, _) => {
                let took = at_ms.saturating_sub(from);
                Told { took_ms: Some(took), ..Told::at(at_ms, format!("waited {took} ms for its turn")) }
            }
            (None, Some((at_ms, what)), _) => Told::at(at_ms, what),
            (None, None, _) => Told::at(from, "waits for its turn"),
        }
    }

    fn media(&self) -> Told {
        if let Some(ended) = self.refused_in("media") {
            return ended;
        }
        let heard = self.last(|what| match what {
            Decision::Heard { took_ms, .. } => Some((Some(*took_ms), what.to_string())),
            Decision::NotTaken { .. } => Some((None, what.to_string())),
            _ => None,
        });
        match (heard, self.asked()) {
            (Some((at_ms, (took_ms, what))), _) => Told { took_ms, ..Told::at(at_ms, what) },
            (None, Some((at_ms, _))) => Told::at(at_ms, "nothing had to be heard"),
            (None, None) => self.not_reached(),
        }
    }

    fn assistant(&self) -> Told {
        let ended = self.last(|what| match what {
            Decision::Answered { took_ms, .. } => Some((Some(*took_ms), what.to_string())),
            Decision::Failed { .. }
            | Decision::Quarantined { .. }
            | Decision::Away { .. }
            | Decision::Interrupted
            | Decision::Noticed { .. }
            | Decision::Commanded { .. } => Some((None, what.to_string())),
            _ => None,
        });
        match (ended, self.asked()) {
            (Some((at_ms, (took_ms, what))), _) => Told { took_ms, ..Told::at(at_ms, what) },
            (None, Some((at_ms, what))) => Told::at(at_ms, what),
            (None, None) => self.not_reached(),
        }
    }

    fn tools(&self) -> Told {
        let (mut calls, mut failed, mut took, mut last) = (0_u64, 0_u64, 0_u64, None);
        for step in &self.trace.steps {
            if let Decision::Called { took_ms, failed: wrong, .. } = &step.what {
                calls += 1;
                failed += u64::from(wrong.is_some());
                took += took_ms;
                last = Some(step.at.0);
            }
        }
        match last {
            Some(at_ms) => {
                let wrong = if failed > 0 { format!(", {failed} of them failed") } else { String::new() };
                Told { took_ms: Some(took), ..Told::at(at_ms, format!("{calls} call(s){wrong}")) }
            }
            None if self.asked().is_some() => Told::nothing("none was called"),
            None => self.not_reached(),
        }
    }

    fn cost(&self) -> Told {
        let (mut read, mut written, mut cost, mut last) = (0_u64, 0_u64, 0_u64, None);
        for step in &self.trace.steps {
            if let Decision::Spent { tokens_in, tokens_out, cost_millionths, .. } = &step.what {
                read += tokens_in;
                written += tokens_out;
                cost += cost_millionths;
                last = Some(step.at.0);
            }
        }
        let Some(at_ms) = last else {
            return if self.asked().is_some() { Told::nothing("no model was paid") } else { self.not_reached() };
        };
        let mut what = format!("{read} tokens read and {written} written");
        if cost > 0 {
            let _ = write!(what, ", which is {}", Millionths(cost));
        }
        Told::at(at_ms, what)
    }

    /// Whether the network took free words when the answer was to leave.
    fn window(&self) -> Told {
        let closed = self.parcels().find_map(|(parcel, step)| match &step.what {
            Decision::Held { reason } if parcel.state == "waiting" => {
                Some(Told::at(step.at.0, format!("closed: {reason}")))
            }
            _ => None,
        });
        let sent = self.parcels().find(|(_, step)| matches!(step.what, Decision::Sent { .. }));
        match (closed, sent) {
            (Some(closed), None) => closed,
            (_, Some((_, step))) => Told::at(step.at.0, "the network took it"),
            (None, None) => self.not_reached(),
        }
    }

    fn outbox(&self) -> Told {
        let Some(queued) = self.parcels().find(|(_, step)| step.what == Decision::Queued) else {
            return self.not_reached();
        };
        let from = queued.1.at.0;
        let sent: Vec<u64> = self
            .parcels()
            .filter(|(_, step)| matches!(step.what, Decision::Sent { .. }))
            .map(|(_, step)| step.at.0)
            .collect();
        let all = self.trace.parcels.len();
        if let Some(last) = sent.iter().max() {
            let took = last.saturating_sub(from);
            let what = format!("{} of {all} message(s) sent", sent.len());
            Told { took_ms: Some(took), ..Told::at(*last, what) }
        } else {
            let states: Vec<&str> = self.trace.parcels.iter().map(|parcel| parcel.state.as_str()).collect();
            Told::at(from, format!("{all} message(s) not sent: {}", states.join(", ")))
        }
    }

    fn receipts(&self) -> Told {
        let last = self.parcels().filter(|(_, step)| matches!(step.what, Decision::Status { .. })).last();
        match (last, self.parcels().next()) {
            (Some((_, step)), _) => Told::at(step.at.0, step.what.to_string()),
            (None, Some(_)) => Told::nothing("the network has told nothing of it yet"),
            (None, None) => self.not_reached(),
        }
    }

    fn parcels(&self) -> impl Iterator<Item = (&'a ParcelTrace, &'a Step)> {
        self.trace.parcels.iter().flat_map(|parcel| parcel.steps.iter().map(move |step| (parcel, step)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use greenroom_contract::ids::ConversationId;
    use greenroom_contract::time::Timestamp;

    fn step(at: u64, what: Decision) -> Step {
        Step::new(Timestamp(at), what)
    }

    fn trace(steps: Vec<Step>, parcels: Vec<ParcelTrace>) -> Trace {
        Trace {
            message: "m".parse().unwrap(),
            account: "acc-1".parse().unwrap(),
            chat: None,
            conversation: ConversationId(1),
            sequence: None,
            steps,
            parcels,
        }
    }

    fn said(trace: &Trace) -> Vec<String> {
        let line = |stage: StageView| {
            let at = stage.at_ms.map(|at| format!(" at {at}")).unwrap_or_default();
            let took = stage.took_ms.map(|took| format!(" took {took}")).unwrap_or_default();
            format!("{}{at}{took}: {}", stage.stage, stage.what)
        };
        of(trace).into_iter().map(line).collect()
    }

    #[test]
    fn an_answered_message_is_told_from_who_wrote_it_to_what_became_of_the_answer() {
        let assistant = || "helper".parse().unwrap();
        let by = "+15551234567 (configuration), known as lid:7".to_owned();
        let called = |failed: Option<&str>| Decision::Called {
            tool: "tasks.add".to_owned(),
            took_ms: 20,
            bytes_in: 1,
            bytes_out: 1,
            failed: failed.map(str::to_owned),
        };
        let spent = Decision::Spent { model: None, tokens_in: 100, tokens_out: 10, cost_millionths: 1_500 };
        let steps = vec![
            step(1, Decision::Admitted { by }),
            step(5, Decision::Heard { took_ms: 3, chars: 9 }),
            step(11, Decision::Asked { assistant: assistant(), attempt: 1 }),
            step(60, called(None)),
            step(61, called(Some("away"))),
            step(62, spent),
            step(70, Decision::Answered { took_ms: 59, parcels: 1 }),
        ];
        let parcel = ParcelTrace {
            id: "3EB0".parse().unwrap(),
            state: "sent".to_owned(),
            waits_until: None,
            steps: vec![
                step(70, Decision::Queued),
                step(75, Decision::Sent { message: "w".parse().unwrap() }),
                step(90, Decision::Status { status: "read".to_owned() }),
            ],
        };
        let expected = [
            "identity at 1: came as lid:7, and is known to be +15551234567 (configuration)",
            "dedup at 1: taken once; a copy that the network delivers later is known by its id",
            "account at 1: arrived for account acc-1",
            "admission at 1: admitted by +15551234567 (configuration), known as lid:7",
            "addressing at 1: meant for the bot",
            "queue at 11 took 10: waited 10 ms for its turn",
            "media at 5 took 3: voice note heard in 3 ms, 9 characters",
            "assistant at 70 took 59: answered in 59 ms with 1 message(s)",
            "tools at 61 took 40: 2 call(s), 1 of them failed",
            "window at 75: the network took it",
            "cost at 62: 100 tokens read and 10 written, which is 0.0015",
            "outbox at 75 took 5: 1 of 1 message(s) sent",
            "receipts at 90: network says read",
        ];
        assert_eq!(said(&trace(steps, vec![parcel])), expected);
    }

    #[test]
    fn a_refused_message_ends_at_the_stage_that_refused_it() {
        let known_as = vec!["+15550000009".to_owned()];
        let stranger = trace(vec![step(3, Decision::Ignored { reason: Ignored::Stranger { known_as } })], vec![]);
        let told = said(&stranger);
        assert_eq!(told[0], "identity at 3: written by +15550000009");
        assert!(told[3].starts_with("admission at 3: ended here: the sender is not on the allow-list"), "{told:?}");
        assert!(told[4..].iter().all(|line| line.ends_with(": not reached")), "{told:?}");
        let overheard = trace(vec![step(3, Decision::Ignored { reason: Ignored::NotAddressed })], vec![]);
        let told = said(&overheard);
        assert!(told[4].starts_with("addressing at 3: ended here: group talk"), "{told:?}");
        let paused = Ignored::Paused { until: Timestamp(9) };
        let steps =
            vec![step(1, Decision::Admitted { by: "*".to_owned() }), step(3, Decision::Ignored { reason: paused })];
        let told = said(&trace(steps, vec![]));
        assert!(
            told[3].contains("admitted by *") && told[5].contains("ended here: the conversation is paused"),
            "{told:?}"
        );
    }

    #[test]
    fn what_waits_says_so_and_a_closed_window_is_told() {
        let steps = vec![step(1, Decision::Admitted { by: "*".to_owned() })];
        let told = said(&trace(steps.clone(), vec![]));
        assert_eq!((told[5].as_str(), told[7].as_str()), ("queue at 1: waits for its turn", "assistant: not yet"));
        let parcel = ParcelTrace {
            id: "3EB0".parse().unwrap(),
            state: "waiting".to_owned(),
            waits_until: None,
            steps: vec![step(2, Decision::Queued), step(4, Decision::Held { reason: "24 hours are over".to_owned() })],
        };
        let told = said(&trace(steps, vec![parcel]));
        assert_eq!(told[9], "window at 4: closed: 24 hours are over");
        assert_eq!(told[11], "outbox at 2: 1 message(s) not sent: waiting");
    }
}

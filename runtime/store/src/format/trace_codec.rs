//! Steps of a trace as records. The decisions that every message goes through are numbered, so that
//! they cost a few bytes; the others are JSON.

use crate::format::envelope::Damage;
use crate::format::records::StepRecord;
use crate::format::records::tags::StepTag;
use greenroom_contract::ids::{AssistantName, MessageId};
use greenroom_contract::limits;
use greenroom_contract::time::Timestamp;
use greenroom_contract::trace::{Decision, Step};

/// Steps that one record keeps; the first and the last ones, when there are more. A parcel that
/// waits for a connection for days must not grow without end.
pub(crate) const STEPS_MAX: usize = limits::STORE_STEPS_MAX;

pub(crate) fn record(step: &Step) -> StepRecord {
    let plain = |tag: StepTag, text: &str, first, second| StepRecord {
        at: step.at.0,
        kind: tag.number(),
        text: text.to_owned(),
        first,
        second,
    };
    match &step.what {
        Decision::Admitted { by } => plain(StepTag::Admitted, by, 0, 0),
        Decision::Asked { assistant, attempt } => plain(StepTag::Asked, assistant.as_str(), u64::from(*attempt), 0),
        Decision::Answered { took_ms, parcels } => plain(StepTag::Answered, "", *took_ms, *parcels as u64),
        Decision::Queued => plain(StepTag::Queued, "", 0, 0),
        Decision::Sent { message } => plain(StepTag::Sent, message.as_str(), 0, 0),
        other => plain(StepTag::Json, &serde_json::to_string(other).unwrap_or_default(), 0, 0),
    }
}

pub(crate) fn records(steps: &[Step]) -> Vec<StepRecord> {
    steps.iter().map(record).collect()
}

/// Appends a step, and drops from the middle what is too much.
pub(crate) fn append(steps: &mut Vec<StepRecord>, step: &Step) {
    steps.push(record(step));
    if steps.len() > STEPS_MAX {
        steps.remove(STEPS_MAX / 2);
    }
}

pub(crate) fn step(record: StepRecord) -> Result<Step, Damage> {
    let what = match StepTag::read(record.kind)? {
        StepTag::Json => serde_json::from_str(&record.text).map_err(|error| Damage::Content(error.to_string()))?,
        StepTag::Admitted => Decision::Admitted { by: record.text },
        StepTag::Asked => Decision::Asked {
            assistant: AssistantName::read_back(record.text)?,
            attempt: u32::try_from(record.first).unwrap_or(u32::MAX),
        },
        StepTag::Answered => Decision::Answered { took_ms: record.first, parcels: record.second as usize },
        StepTag::Queued => Decision::Queued,
        StepTag::Sent => Decision::Sent { message: MessageId::read_back(record.text)? },
    };
    Ok(Step { at: Timestamp(record.at), what })
}

/// The steps that this program knows. A newer one may have written others, and a trace must not hold up what it is of;
/// its record keeps them.
pub(crate) fn steps(records: Vec<StepRecord>) -> Vec<Step> {
    records.into_iter().filter_map(|record| step(record).ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use greenroom_contract::trace::Ignored;

    #[test]
    fn every_decision_comes_back() {
        let assistant = AssistantName::new("helper").unwrap();
        let message = MessageId::new("m").unwrap();
        let decisions = [
            Decision::Admitted { by: "*".into() },
            Decision::Asked { assistant, attempt: 2 },
            Decision::Answered { took_ms: 9, parcels: 3 },
            Decision::Queued,
            Decision::Sent { message },
            Decision::Ignored { reason: Ignored::Stranger { known_as: vec!["lid:1".into()] } },
            Decision::Revoked,
            Decision::Dropped { reason: "x".into() },
        ];
        for what in decisions {
            let before = Step::new(Timestamp(7), what);
            assert_eq!(step(record(&before)).unwrap(), before);
        }
    }

    #[test]
    fn a_step_of_a_later_kind_is_left_out() {
        let known = record(&Step::new(Timestamp(1), Decision::Queued));
        let later = StepRecord { kind: 77, ..known.clone() };
        let named = StepRecord { text: r#"{"decision":"of_a_later_kind"}"#.into(), kind: 0, ..known.clone() };
        assert_eq!(steps(vec![later, known, named]), [Step::new(Timestamp(1), Decision::Queued)]);
    }

    #[test]
    fn steps_are_bounded_and_keep_their_ends() {
        let mut kept = Vec::new();
        for at in 0..500 {
            append(&mut kept, &Step::new(Timestamp(at), Decision::Queued));
        }
        assert_eq!(kept.len(), STEPS_MAX);
        assert_eq!((kept[0].at, kept[STEPS_MAX - 1].at), (0, 499));
    }
}

//! What follows after a request came to nothing: another try, another model, or the end.

use crate::decide::failure::Failure;
use greenroom_contract::model::ModelError;
use std::time::Duration;

/// The pause before the next try at the same model, if there is to be one: `pause` is what the growing pauses say, and `left`
/// the time that the ask still has.
pub(crate) fn pause_before_next(failure: &Failure, pause: Duration, left: Duration) -> Option<Duration> {
    let pause = match failure {
        // What the provider says counts; on top of it, so that those who wait do not return in one moment.
        Failure::Busy { after: Some(after) } => after.checked_add(pause / 4)?,
        Failure::Busy { after: None } | Failure::Unavailable { .. } => pause,
        Failure::Refused { .. }
        | Failure::Declined
        | Failure::Wrong(_)
        | Failure::TooLong
        | Failure::OutOfTime
        | Failure::OverBudget { .. } => return None,
    };
    // A try that begins as the time ends would be paid for and thrown away.
    (pause.saturating_mul(2) < left || pause + LEAST_FOR_A_TRY < left).then_some(pause)
}

/// The least time that a try can be worth beginning with.
const LEAST_FOR_A_TRY: Duration = Duration::from_secs(1);

/// Whether another model may answer where this one did not.
pub(crate) fn asks_another(error: &ModelError) -> bool {
    matches!(
        error,
        ModelError::Busy { .. }
            | ModelError::Unavailable { .. }
            | ModelError::Wrong { .. }
            | ModelError::OverBudget { .. }
    )
}

/// Of the errors of models that were asked one after the other the one that is told: what passes by itself before what
/// needs a person, and the first before the later ones.
pub(crate) fn told(first: ModelError, later: ModelError) -> ModelError {
    let passes = |error: &ModelError| matches!(error, ModelError::Busy { .. } | ModelError::Unavailable { .. });
    if !passes(&first) && passes(&later) { later } else { first }
}

#[cfg(test)]
mod tests {
    use super::*;
    use greenroom_contract::model::WrongModel;
    use proptest::prelude::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn only_what_passes_is_tried_once_more() {
        let pause = |failure: &Failure| pause_before_next(failure, SECOND, SECOND * 60);
        assert_eq!(pause(&Failure::CUT), Some(SECOND));
        assert_eq!(pause(&Failure::Busy { after: None }), Some(SECOND));
        assert_eq!(pause(&Failure::Busy { after: Some(SECOND * 7) }), Some(SECOND * 7 + SECOND / 4));
        for ends in [
            Failure::Refused { what: "" },
            Failure::Declined,
            Failure::Wrong(WrongModel::Key),
            Failure::TooLong,
            Failure::OutOfTime,
            Failure::Busy { after: Some(SECOND * 60) },
            Failure::Busy { after: Some(Duration::MAX) },
        ] {
            assert_eq!(pause(&ends), None, "{ends:?}");
        }
    }

    #[test]
    fn what_passes_by_itself_is_told_first() {
        let busy = ModelError::Busy { model: "a".to_owned(), after: None };
        let wrong = ModelError::Wrong { model: "b".to_owned(), what: WrongModel::Key };
        assert_eq!(told(busy.clone(), wrong.clone()), busy);
        assert_eq!(told(wrong.clone(), busy.clone()), busy);
        let long = ModelError::TooLong { model: "c".to_owned() };
        assert_eq!(told(wrong.clone(), long), wrong);
    }

    proptest! {
        #[test]
        fn no_pause_outlasts_the_time(after in proptest::option::of(any::<u32>()), pause in 0u64..20_000, left in 0u64..100_000) {
            let failure = Failure::Busy { after: after.map(|after| Duration::from_millis(after.into())) };
            let (pause, left) = (Duration::from_millis(pause), Duration::from_millis(left));
            prop_assert!(pause_before_next(&failure, pause, left).is_none_or(|pause| pause < left));
        }
    }
}

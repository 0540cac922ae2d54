//! Asking the assistant, and what follows when it fails.

use super::away;
use super::chain::{self, Unanswered};
use super::steps::{Draft, Ending};
use crate::decide::restart::doubled;
use greenroom_contract::assistant::{AssistantError, TurnFailure};
use greenroom_contract::limits;
use greenroom_contract::store::Counted;
use greenroom_contract::trace::Decision;
use std::time::Duration;

/// Asks the assistant of the draft.
pub(super) async fn ask(draft: &mut Draft<'_>) -> Ending {
    match chain::ask(draft).await {
        Ok(answers) => answers.into(),
        Err(Unanswered::Unreadable(error)) => {
            tracing::warn!(%error, "the history cannot be read now");
            Ending::Again { after: limits::TURN_RETRY_PAUSE, attempt: Counted::Yes }
        }
        Err(Unanswered::Failed { by, failure }) => match failure {
            TurnFailure::Assistant(AssistantError::Unavailable { reason, after }) => {
                away::went(draft, by, reason.to_string(), after.unwrap_or_default()).await
            }
            failure => failed(draft, &failure).await,
        },
    }
}

/// What follows a failure: another attempt after a pause, or quarantine.
async fn failed(draft: &mut Draft<'_>, failure: &TurnFailure) -> Ending {
    // A failure counts, wherever it happened.
    if let Err(error) = draft.counter.count().await {
        tracing::warn!(%error, "an attempt cannot be counted now");
        return Ending::Again { after: limits::TURN_RETRY_PAUSE, attempt: Counted::Yes };
    }
    let first = draft.first();
    let attempts = first.attempts + 1;
    draft.note(Decision::Failed { reason: failure.to_string() });
    let permanent = matches!(failure, TurnFailure::Assistant(AssistantError::Permanent { .. }));
    if permanent || attempts >= limits::ATTEMPTS_MAX {
        return Ending::Quarantine { reason: failure.to_string() };
    }
    tracing::warn!(conversation = %first.conversation, attempt = attempts, error = %failure, "a turn failed and is tried again");
    let least = match failure {
        TurnFailure::Assistant(AssistantError::Retry { after: Some(after), .. }) => {
            (*after).min(limits::RECONNECT_PAUSE_MAX)
        }
        _ => Duration::ZERO,
    };
    let pause = doubled(limits::TURN_RETRY_PAUSE, attempts - 1, limits::RESTART_PAUSE_MAX);
    Ending::Again { after: pause.max(least), attempt: Counted::Yes }
}

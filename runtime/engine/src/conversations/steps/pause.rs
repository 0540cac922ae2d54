//! A paused conversation stays silent. What comes in the pause, wake-ups too, is settled, not kept for later.

use super::{Draft, Ending, Step, StepOutcome};
use async_trait::async_trait;
use greenroom_contract::trace::Ignored;

pub(super) struct Pause;

#[async_trait]
impl Step for Pause {
    async fn apply(&self, draft: &mut Draft<'_>) -> StepOutcome {
        match draft.settings.paused_until.filter(|_| draft.settings.is_paused(draft.context.now())) {
            Some(until) => Ending::Stay(Ignored::Paused { until }).into(),
            None => StepOutcome::Continue,
        }
    }
}

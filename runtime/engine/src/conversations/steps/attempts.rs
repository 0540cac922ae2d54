//! A row whose attempts all ended without an answer goes into quarantine.

use super::{Draft, Ending, Step, StepOutcome};
use async_trait::async_trait;
use greenroom_contract::limits;

pub(super) struct Attempts;

#[async_trait]
impl Step for Attempts {
    async fn apply(&self, draft: &mut Draft<'_>) -> StepOutcome {
        let attempts = draft.first().attempts;
        if attempts < limits::ATTEMPTS_MAX {
            return StepOutcome::Continue;
        }
        Ending::Quarantine { reason: format!("{attempts} attempts ended without an answer") }.into()
    }
}

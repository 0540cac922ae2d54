//! What is known elsewhere of a linked person, for assistants.

use super::{Draft, Step, StepOutcome};
use async_trait::async_trait;

pub(super) struct Lookup;

#[async_trait]
impl Step for Lookup {
    async fn apply(&self, draft: &mut Draft<'_>) -> StepOutcome {
        let (steady, identities) = (draft.context.steady(), draft.context.identities.clone());
        if let Some((identities, linked)) = identities.zip(draft.linked.as_mut()) {
            identities.complete(linked, steady).await;
        }
        StepOutcome::Continue
    }
}

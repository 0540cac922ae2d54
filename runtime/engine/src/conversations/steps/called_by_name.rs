//! A voice note that is only listened to (`voice_wakes`) is answered if it calls the bot by its name.

use super::{Draft, Ending, Step, StepOutcome};
use crate::decide::addressing::calls_us;
use async_trait::async_trait;
use greenroom_contract::trace::Ignored;

pub(super) struct CalledByName;

#[async_trait]
impl Step for CalledByName {
    async fn apply(&self, draft: &mut Draft<'_>) -> StepOutcome {
        let policy = draft.policy;
        let is_called = || {
            let mut words = draft.messages.iter().filter_map(|message| message.content.words());
            words.any(|words| calls_us(policy, words))
        };
        if !draft.listens || is_called() { StepOutcome::Continue } else { Ending::Stay(Ignored::NotAddressed).into() }
    }
}

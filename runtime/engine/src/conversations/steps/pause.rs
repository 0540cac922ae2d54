//! A paused conversation stays silent. What comes in the pause, wake-ups too, is settled, not kept for later. Only the
//! command that ends a silence passes, but for a chat in which two programs seem to answer each other.

use super::commands::commanded;
use super::{Draft, Ending, Step, StepOutcome};
use crate::decide::commands::Command;
use crate::decide::humans::WantsHuman;
use async_trait::async_trait;
use greenroom_contract::store::UNTIL_RELEASED;
use greenroom_contract::time::Timestamp;
use greenroom_contract::trace::Ignored;

pub(super) struct Pause;

#[async_trait]
impl Step for Pause {
    async fn apply(&self, draft: &mut Draft<'_>) -> StepOutcome {
        let now = draft.context.now();
        let Some(until) = draft.settings.paused_until.filter(|_| draft.settings.is_paused(now)) else {
            return StepOutcome::Continue;
        };
        if commanded(draft, draft.first()) == Some(Command::Start) && !is_loop(draft, now) {
            return StepOutcome::Continue;
        }
        if until == UNTIL_RELEASED {
            draft.context.books.humans.lock().wanted(wants_human(draft, until));
        }
        Ending::Stay(Ignored::Paused { until }).into()
    }
}

/// A program could say that word too.
fn is_loop(draft: &Draft<'_>, now: Timestamp) -> bool {
    let route = draft.first().route();
    draft.context.books.loops.lock().is_paused(&route.account, &route.chat, now)
}

/// That the conversation waits for a human. The owner is shown it after a restart too, as soon as someone writes.
pub(crate) fn wants_human(draft: &Draft<'_>, until: Timestamp) -> WantsHuman {
    let (first, route) = (draft.first(), draft.first().route());
    WantsHuman { conversation: first.conversation, account: route.account, chat: route.chat, until }
}

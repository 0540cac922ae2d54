//! How many rows at the head make one turn: those of one sender, for one assistant, in one chat.

use super::admission::admit;
use super::binding::choose;
use super::commands::commanded;
use super::{Draft, Step, StepOutcome};
use async_trait::async_trait;
use greenroom_contract::store::Entry;

pub(super) struct Gather;

#[async_trait]
impl Step for Gather {
    async fn apply(&self, draft: &mut Draft<'_>) -> StepOutcome {
        if !draft.listens {
            let together = draft.behind().iter().take_while(|entry| belongs(draft, entry)).count();
            if together > 0 {
                draft.cover_behind(together);
            }
        }
        StepOutcome::Continue
    }
}

fn belongs(draft: &Draft<'_>, entry: &Entry) -> bool {
    let first = draft.first();
    entry.person == first.person
        && entry.route().chat == first.route().chat
        && commanded(draft, entry).is_none()
        && admit(draft, entry).is_ok_and(|admitted| {
            !admitted.listens
                && choose(draft, entry, admitted.assistant).is_ok_and(|chosen| chosen.assistant == draft.assistant)
        })
}

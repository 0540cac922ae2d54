//! How often a person and a group are answered.

use super::{Draft, Ending, Step, StepOutcome};
use crate::conversations::order::group;
use crate::decide::notices::Notice;
use async_trait::async_trait;
use greenroom_contract::store::{EntryKind, Outcome};
use greenroom_contract::trace::Ignored;

pub(super) struct Rates;

#[async_trait]
impl Step for Rates {
    async fn apply(&self, draft: &mut Draft<'_>) -> StepOutcome {
        let (context, first) = (draft.context, draft.first());
        let rates = &draft.policy.rates;
        let is_message = matches!(first.kind, EntryKind::Message(_));
        // What was begun is brought to its end, and a wake-up was asked for by the bot itself.
        if first.attempts > 0
            || !is_message
            || context.books.rates.lock().allows(rates, first.person, group(first), context.steady())
        {
            return StepOutcome::Continue;
        }
        // Perhaps it is not for the bot: then nothing may show that it was listened to.
        if draft.listens {
            return Ending::Stay(Ignored::TooMany).into();
        }
        Ending::Refuse { notice: Notice::TooMany, outcome: Outcome::Ignored(Ignored::TooMany) }.into()
    }
}

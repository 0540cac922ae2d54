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
        let now = context.steady();
        // What was begun is brought to its end.
        let Some(wait) = context.books.rates.lock().wait(rates, first.person, group(first), now) else {
            return StepOutcome::Continue;
        };
        if first.attempts > 0 {
            return StepOutcome::Continue;
        }
        // A wake-up was asked for by the bot itself, so nothing is said of it; but whoever can talk it into asking can do
        // so without end, so it counts.
        if matches!(first.kind, EntryKind::Wake { .. }) {
            return Ending::Postpone { for_so_long: wait }.into();
        }
        // Perhaps it is not for the bot: then nothing may show that it was listened to.
        if draft.listens {
            return Ending::Stay(Ignored::TooMany).into();
        }
        Ending::Refuse { notice: Notice::TooMany, outcome: Outcome::Ignored(Ignored::TooMany) }.into()
    }
}

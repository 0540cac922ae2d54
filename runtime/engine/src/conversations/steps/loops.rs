//! Two programs that answer each other are stopped: the chat is paused, and the owner is told.

use super::{Draft, Ending, Step, StepOutcome};
use crate::decide::loops::{self, PausedChat};
use crate::decide::notices::Notice;
use async_trait::async_trait;
use greenroom_contract::limits;
use greenroom_contract::message::Body;
use greenroom_contract::store::{EntryKind, Outcome};
use greenroom_contract::trace::Ignored;

pub(super) struct Loops;

#[async_trait]
impl Step for Loops {
    async fn apply(&self, draft: &mut Draft<'_>) -> StepOutcome {
        let (context, first) = (draft.context, draft.first());
        let EntryKind::Message(inbound) = &first.kind else { return StepOutcome::Continue };
        // What was begun is brought to its end.
        if first.attempts > 0 || draft.listens || !loops::are_looked_for(&draft.policy.rates) {
            return StepOutcome::Continue;
        }
        let words = match &inbound.body {
            Body::Text(text) => text.as_str(),
            _ => "",
        };
        let row = (first.sequence, first.accepted_at);
        if !context.books.loops.lock().is_loop(first.conversation, first.person, words, row) {
            return StepOutcome::Continue;
        }
        let until = context.now().plus(limits::LOOP_PAUSE);
        draft.settings.paused_until = Some(until);
        let (account, chat) = (draft.card.id().clone(), inbound.key.chat.clone());
        context.books.loops.lock().pause(PausedChat { account, chat, until });
        tracing::warn!(
            account = %draft.card.id(), chat = %inbound.key.chat,
            "two programs seem to answer each other in this chat, so it is paused for {} minutes",
            limits::LOOP_PAUSE.as_secs() / 60
        );
        Ending::Refuse { notice: Notice::Loop, outcome: Outcome::Ignored(Ignored::Loop { until }) }.into()
    }
}

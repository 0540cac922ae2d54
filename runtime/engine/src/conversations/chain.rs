//! The assistants of one turn, one after the other: the one that is asked, and those to whom it hands over.

use super::steps::{Asked, Draft, complete};
use crate::context::Context;
use crate::decide::answers::{Answers, Next};
use crate::decide::given::given;
use crate::decide::in_words;
use crate::mailbox::attempt_counter::AttemptCounter;
use greenroom_contract::assistant::{Acting, AssistantError, Turn, TurnFailure, Wake};
use greenroom_contract::ids::{AssistantName, ConversationId};
use greenroom_contract::limits;
use greenroom_contract::store::StoreError;
use greenroom_contract::trace::Decision;
use greenroom_support::metrics::took;
use greenroom_support::metrics::words::Stage;
use std::sync::Arc;
use std::time::Instant;

/// Why there is no answer.
pub(super) enum Unanswered {
    /// The turn could not be made: the store cannot be read.
    Unreadable(StoreError),
    /// An assistant did not answer.
    Failed {
        /// Which.
        by: AssistantName,
        /// Why.
        failure: TurnFailure,
    },
}

/// Asks the assistant of the draft, and whoever the turn is handed over to.
pub(super) async fn ask(draft: &mut Draft<'_>) -> Result<Answers, Unanswered> {
    let turn = turn(draft).await.map_err(Unanswered::Unreadable)?;
    took(Stage::Inbox, turn.now.since(draft.first().accepted_at));
    draft.asked = Some(Asked {
        at: turn.now,
        steady: draft.context.steady(),
        words: in_words::asked(&turn.messages),
        overheard: false,
    });
    let mut answers = Answers::default();
    let mut chain = Chain { history_read: draft.needs().history_turns, turn };
    for _ in 0..=limits::HAND_OVERS_MAX {
        let by = chain.turn.assistant.clone();
        match chain.ask(draft, &by, &mut answers).await {
            Ok(Next::Done) => return Ok(answers),
            Ok(Next::Ask(next)) => {
                draft.note(Decision::HandedOver { to: next.clone() });
                let unreadable = |error: StoreError| AssistantError::Retry { reason: error.into(), after: None };
                let handed = chain.hand_over(draft, &next, &answers).await.map_err(unreadable);
                handed.map_err(|failure| Unanswered::Failed { by: next, failure: failure.into() })?;
            }
            Err(failure) => return Err(Unanswered::Failed { by, failure }),
        }
    }
    let reason = format!("handed over more than {} times", limits::HAND_OVERS_MAX).into();
    Err(Unanswered::Failed { by: chain.turn.assistant, failure: AssistantError::Permanent { reason }.into() })
}

/// A turn on its way from one assistant to the next.
struct Chain {
    /// The whole of it; each is given what it needs.
    turn: Turn,
    /// How many turns of the history were asked for.
    history_read: usize,
}

impl Chain {
    async fn ask(
        &mut self,
        draft: &mut Draft<'_>,
        by: &AssistantName,
        answers: &mut Answers,
    ) -> Result<Next, TurnFailure> {
        let context = draft.context;
        draft.note(Decision::Asked { assistant: by.clone(), attempt: self.turn.attempt });
        // The one that was planned when the turn began, whatever is called like it now.
        let unknown = || TurnFailure::Unknown { name: by.clone() };
        let part = draft.wiring.blueprint.assistant(by).ok_or_else(unknown)?;
        self.turn.answer_within = part.timeout;
        let needs = draft.needs_of(by);
        if let Some(asked) = &mut draft.asked {
            asked.overheard |= needs.overheard;
        }
        self.turn.bill = context.books.bills.lock().of(self.turn.id, by);
        let begun = Instant::now();
        let answer = context.ask(part, given(&self.turn, &needs), &draft.counter, draft.place.take()).await;
        took(Stage::Assistant, begun.elapsed());
        let mut answer = answer?;
        // It is spent, also where the next one to whom the turn is handed over is away.
        for usage in std::mem::take(&mut answer.usage) {
            self.turn.bill.add(usage);
        }
        context.books.away.lock().back(by);
        Ok(answers.add(by, answer, &draft.configured))
    }

    /// Makes it the turn of the next one, with what that one needs and remembers.
    async fn hand_over(
        &mut self,
        draft: &mut Draft<'_>,
        next: &AssistantName,
        answers: &Answers,
    ) -> Result<(), StoreError> {
        let (context, turn) = (draft.context, &mut self.turn);
        let wanted = draft.needs_of(next).history_turns;
        let history = draft.history_of(next);
        let is_another = history != draft.history_of(&turn.assistant);
        if answers.forget {
            turn.history = Vec::new();
        } else if is_another || wanted > self.history_read {
            turn.history = context.store.recent(history, wanted.min(limits::HISTORY_TURNS_MAX)).await?;
            self.history_read = wanted;
        }
        turn.state = match answers.state_of(next) {
            Some(state) => Some(state.clone()).filter(|state| !state.is_empty()),
            None if answers.forget => None,
            None => context.store.state(draft.memory_of(next), next).await?,
        };
        turn.wakes = wakes(context, turn.conversation, next).await?;
        turn.assistant = next.clone();
        draft.assistant = next.clone();
        complete(draft, &mut turn.messages).await;
        Ok(())
    }
}

async fn turn(draft: &mut Draft<'_>) -> Result<Turn, StoreError> {
    let (context, first, channel) = (draft.context, draft.first(), &draft.card.channel);
    let store = &context.store;
    let turns_max = draft.needs().history_turns.min(limits::HISTORY_TURNS_MAX);
    let history =
        if turns_max == 0 { Vec::new() } else { store.recent(draft.history_of(&draft.assistant), turns_max).await? };
    let state = store.state(draft.memory_of(&draft.assistant), &draft.assistant).await?;
    let wakes = wakes(context, first.conversation, &draft.assistant).await?;
    let route = first.route();
    let now = context.now();
    let in_group = route.kind.is_group();
    let overheard =
        if in_group { context.books.overheard.lock().lines(&route.account, &route.chat, now) } else { Vec::new() };
    let (id, assistant, sender) = (first.turn, draft.assistant.clone(), first.sender().clone());
    let messages = std::mem::take(&mut draft.messages);
    let mut turn = Turn::new(id, assistant, first.conversation, first.person, route, sender, messages);
    turn.attempt = first.attempts + 1;
    turn.acting = Acting::new(Arc::<AttemptCounter>::clone(&draft.counter));
    turn.channel = channel.name.clone();
    turn.network.clone_from(&channel.adapter);
    turn.can = channel.capabilities.abilities(in_group);
    turn.history = history;
    turn.overheard = overheard;
    turn.state = state;
    turn.wakes = wakes;
    turn.undelivered = context.books.undelivered.lock().of(first.conversation);
    turn.linked.clone_from(&draft.linked);
    turn.now = now;
    turn.time_zone.clone_from(&draft.policy.time_zone);
    turn.language = draft.settings.language.clone().or_else(|| draft.policy.language.clone());
    Ok(turn)
}

/// The wake-ups that an assistant asked for in a conversation.
async fn wakes(
    context: &Context,
    conversation: ConversationId,
    assistant: &AssistantName,
) -> Result<Vec<Wake>, StoreError> {
    let all = context.store.wakes(Some(conversation), limits::WAKES_PER_CONVERSATION_MAX).await?;
    let own = all.into_iter().filter(|wake| wake.assistant == *assistant);
    Ok(own.map(|wake| Wake { at: wake.at, token: wake.token }).collect())
}

//! What the quoted messages say: by what is remembered here, before what the network or the sender tells.

use super::{Draft, Step, StepOutcome};
use crate::decide::quotes;
use async_trait::async_trait;
use greenroom_contract::assistant::{Quoted, TurnMessage};
use greenroom_contract::message::Addressing;
use greenroom_contract::store::{EntryKind, Said};

pub(super) struct Quotes;

#[async_trait]
impl Step for Quotes {
    async fn apply(&self, draft: &mut Draft<'_>) -> StepOutcome {
        for place in 0..draft.messages.len() {
            let Some(told) = draft.messages[place].quote.take() else { continue };
            let remembered = match in_turn(&draft.messages, &told) {
                Some(said) => Some(said),
                None => remembered(draft, &told).await,
            };
            let answers_us = answers_us(draft, &draft.messages[place]);
            draft.messages[place].quote = Some(quotes::completed(told, remembered, answers_us));
        }
        StepOutcome::Continue
    }
}

/// What an earlier message of the same turn says, which is in no history yet.
fn in_turn(messages: &[TurnMessage], told: &Quoted) -> Option<Said> {
    let quoted = messages.iter().find(|message| message.message == told.message)?;
    Some(Said { ours: false, text: quoted.content.words().map(str::to_owned) })
}

/// What is kept of it. A quote is no reason to keep a turn waiting, so a store that fails knows nothing.
async fn remembered(draft: &Draft<'_>, told: &Quoted) -> Option<Said> {
    let first = draft.first();
    let said = draft.context.store.said(first.conversation, draft.history_of(&draft.assistant), &told.message).await;
    said.unwrap_or_else(|error| {
        tracing::warn!(%error, conversation = %first.conversation, "what a message quotes cannot be looked up now");
        None
    })
}

/// Whether a message in a group is known to answer the bot; decided when it arrived.
fn answers_us(draft: &Draft<'_>, message: &TurnMessage) -> bool {
    draft.rows().iter().any(|row| match &row.kind {
        EntryKind::Message(inbound) => {
            inbound.key.message == message.message && inbound.addressing == Addressing::Replied
        }
        EntryKind::Wake { .. } => false,
    })
}

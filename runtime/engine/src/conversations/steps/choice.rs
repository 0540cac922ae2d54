//! Words that choose an option of the open question become that choice, so that assistants see the same on every network.

use super::{Draft, Ending, Step, StepOutcome};
use crate::conversations::open_choice::moment;
use crate::decide::open_choice::{Answers, OpenQuestion};
use async_trait::async_trait;
use greenroom_contract::assistant::{Content, TurnMessage};
use greenroom_contract::ids::{MessageId, Sequence};
use greenroom_contract::limits;
use greenroom_contract::store::{Counted, EntryKind, StoreError};
use greenroom_contract::trace::Decision;

pub(super) struct Choice;

#[async_trait]
impl Step for Choice {
    async fn apply(&self, draft: &mut Draft<'_>) -> StepOutcome {
        let stored = draft.settings.open_choice.as_ref();
        let Some(question) = stored.and_then(OpenQuestion::of) else { return StepOutcome::Continue };
        for at in 0..draft.messages.len() {
            match read(draft, &draft.messages[at], &question).await {
                Ok(Read::Tapped) => draft.chosen = true,
                Ok(Read::Chosen { content, number }) => {
                    draft.messages[at].content = content;
                    draft.note(Decision::Chosen { number });
                    draft.chosen = true;
                }
                Ok(Read::Words) => {}
                Err(error) => {
                    tracing::warn!(%error, "what a message answers cannot be looked up now");
                    return Ending::Again { after: limits::TURN_RETRY_PAUSE, attempt: Counted::No }.into();
                }
            }
            // A question is answered once.
            if draft.chosen {
                break;
            }
        }
        StepOutcome::Continue
    }
}

/// What a message is for the open question.
enum Read {
    /// A button of it was tapped.
    Tapped,
    /// Words that choose an option.
    Chosen { content: Content, number: usize },
    /// Anything else.
    Words,
}

async fn read(draft: &Draft<'_>, message: &TurnMessage, question: &OpenQuestion) -> Result<Read, StoreError> {
    let words = match &message.content {
        Content::Choice { id, .. } if question.offers(id) => return Ok(Read::Tapped),
        Content::Text(words) if question.may_be(words) => words,
        _ => return Ok(Read::Words),
    };
    let Some(row) = row_of(draft, &message.message) else { return Ok(Read::Words) };
    let answers = match &message.quote {
        None => Answers::Nothing,
        Some(quote) => match draft.context.store.find_own(draft.card.id(), &quote.message).await? {
            Some(parcel) => Answers::Ours { row: parcel.sequence, part: parcel.part },
            None => Answers::Other,
        },
    };
    let in_group = draft.first().route().kind.is_group();
    let chosen = question.chosen(words, row, answers, in_group, &moment(draft.context));
    Ok(chosen.map_or(Read::Words, |chosen| Read::Chosen {
        number: chosen.number,
        content: Content::Choice { id: chosen.id, title: chosen.title },
    }))
}

/// The row of a message of the turn.
fn row_of(draft: &Draft<'_>, message: &MessageId) -> Option<Sequence> {
    let is_it = |kind: &EntryKind| matches!(kind, EntryKind::Message(inbound) if inbound.key.message == *message);
    draft.rows().iter().find(|row| is_it(&row.kind)).map(|row| row.sequence)
}

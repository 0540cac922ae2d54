//! Keeping the open question of a conversation, in the commit with which a turn ends.

use super::steps::Draft;
use crate::context::Context;
use crate::decide::open_choice::{Asked, OpenQuestion, Question};
use greenroom_contract::store::OpenChoice;
use greenroom_contract::trace::Decision;

/// The question that is open once the turn is answered: the one that it asks, or the one before, unless it was answered.
/// Nothing is written where none was open.
pub(super) fn settled(draft: &mut Draft<'_>, question: Option<Question>, said_something: bool) {
    let open = draft.settings.open_choice.as_ref();
    draft.settings.open_choice = match question {
        Some(question) => kept(draft, question),
        None if draft.chosen => None,
        None if said_something => passed_over(open).or_else(|| open.cloned()),
        None => return,
    };
}

fn kept(draft: &mut Draft<'_>, question: Question) -> Option<OpenChoice> {
    let (row, context) = (draft.first().sequence, draft.context);
    let stored = OpenQuestion::new(question, row, context.sequences.latest(), moment(context)).stored();
    if stored.is_none() {
        let what = "a question is too large to be kept, so it is answered by its buttons only".to_owned();
        draft.note(Decision::Degraded { what });
    }
    stored
}

fn passed_over(open: Option<&OpenChoice>) -> Option<OpenChoice> {
    OpenQuestion::of(open?)?.passed_over()?.stored()
}

/// Now, by both clocks.
pub(super) fn moment(context: &Context) -> Asked {
    Asked { wall: context.now(), steady: context.steady(), run: context.started_at }
}

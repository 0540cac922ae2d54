//! Commands of the house: what people say to the bot itself, whoever answers.

use super::binding::choose;
use super::{Draft, Ending, Step, StepOutcome};
use crate::decide::answers::Answers;
use crate::decide::commands::{Command, command};
use crate::supervision::isolate;
use async_trait::async_trait;
use greenroom_contract::assistant::Answer;
use greenroom_contract::limits;
use greenroom_contract::store::{Entry, EntryKind, UNTIL_STARTED};
use greenroom_contract::text::truncate;
use greenroom_contract::trace::Decision;

pub(super) struct Commands;

#[async_trait]
impl Step for Commands {
    async fn apply(&self, draft: &mut Draft<'_>) -> StepOutcome {
        let Some(command) = commanded(draft, draft.first()) else { return StepOutcome::Continue };
        draft.note(Decision::Commanded { command: command.code().to_owned() });
        let (words, says) = (&draft.policy.commands, draft.says());
        let said = match command {
            Command::Help => says.help(offers(draft).await.as_deref(), words),
            Command::New => {
                bind_to_none(draft);
                draft.settings.open_choice = None;
                says.forgotten.to_owned()
            }
            Command::Stop => {
                draft.settings.paused_until = Some(UNTIL_STARTED);
                says.stopped(words)
            }
            Command::Start => {
                let was_silent = draft.settings.is_paused(draft.context.now());
                draft.settings.paused_until = None;
                bind_to_none(draft);
                draft.context.books.humans.lock().released(draft.first().conversation);
                says.started(was_silent, words)
            }
        };
        let answers = Answers::from(Answer { forget: command == Command::New, ..Answer::text(said) });
        Ending::from(answers).into()
    }
}

/// The command that a row is.
pub(super) fn commanded(draft: &Draft<'_>, entry: &Entry) -> Option<Command> {
    match &entry.kind {
        EntryKind::Message(inbound) => command(draft.policy, inbound),
        EntryKind::Wake { .. } => None,
    }
}

/// Ends what an assistant that stayed began.
fn bind_to_none(draft: &mut Draft<'_>) {
    if draft.settings.assistant.take().is_some() {
        draft.note(Decision::Bound { to: "configured".to_owned() });
    }
}

/// What the assistant that would answer here says of itself.
async fn offers(draft: &Draft<'_>) -> Option<String> {
    let configured = draft.assistant.clone();
    let name =
        choose(draft, draft.first(), configured).map_or_else(|_| draft.assistant.clone(), |chosen| chosen.assistant);
    let part = draft.wiring.blueprint.assistant(&name)?;
    let mut offers = isolate("assistant", async { part.assistant.offers() }).await.ok().flatten()?;
    truncate(&mut offers, limits::OFFERS_BYTES_MAX);
    Some(offers)
}

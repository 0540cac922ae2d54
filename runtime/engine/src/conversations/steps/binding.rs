//! The assistant that the conversation is bound to answers instead of the configured one.
//!
//! A wake-up goes to the assistant that asked for it, whatever the conversation is bound to now: only that
//! one knows what it asked to be reminded of.

use super::{Draft, Ending, Step, StepOutcome};
use crate::decide::gate::can_be_answered;
use async_trait::async_trait;
use greenroom_contract::ids::AssistantName;
use greenroom_contract::store::{Entry, EntryKind};
use greenroom_contract::trace::{Decision, Ignored};

pub(super) struct Binding;

#[async_trait]
impl Step for Binding {
    async fn apply(&self, draft: &mut Draft<'_>) -> StepOutcome {
        match choose(draft, draft.first(), draft.assistant.clone()) {
            Ok(Chosen { assistant, instead_of }) => {
                draft.assistant = assistant;
                if let Some(bound) = instead_of {
                    let instead = draft.assistant.clone();
                    draft.note(Decision::BindingUnknown { bound, instead });
                }
                StepOutcome::Continue
            }
            Err(reason) => Ending::Stay(reason).into(),
        }
    }
}

/// Who answers a row.
pub(super) struct Chosen {
    pub(super) assistant: AssistantName,
    /// The assistant that the conversation is bound to, where it is not configured.
    instead_of: Option<AssistantName>,
}

/// Chooses between the configured assistant and the one that the conversation is bound to. An error if the
/// bound one cannot answer what the configured one could.
pub(super) fn choose(draft: &Draft<'_>, entry: &Entry, configured: AssistantName) -> Result<Chosen, Ignored> {
    let (EntryKind::Message(inbound), Some(bound)) = (&entry.kind, &draft.settings.assistant) else {
        return Ok(Chosen { assistant: configured, instead_of: None });
    };
    match draft.wiring.blueprint.needs().get(bound) {
        Some(needs) => {
            can_be_answered(inbound, *needs)?;
            Ok(Chosen { assistant: bound.clone(), instead_of: None })
        }
        None => Ok(Chosen { assistant: configured, instead_of: Some(bound.clone()) }),
    }
}

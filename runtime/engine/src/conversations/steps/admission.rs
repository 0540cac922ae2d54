//! The gate, asked again: the allow-list may have changed since the message was accepted.

use super::{Draft, Ending, Step, StepOutcome};
use crate::decide::gate::{Authorship, Verdict};
use async_trait::async_trait;
use greenroom_contract::ids::AssistantName;
use greenroom_contract::store::{Entry, EntryKind};
use greenroom_contract::trace::Ignored;

pub(super) struct Admission;

#[async_trait]
impl Step for Admission {
    async fn apply(&self, draft: &mut Draft<'_>) -> StepOutcome {
        match admit(draft, draft.first()) {
            Ok(Admitted { assistant, listens }) => {
                draft.assistant = assistant;
                draft.listens = listens;
                StepOutcome::Continue
            }
            // It was admitted, so it is not lost: it waits until the assistant is back, and the owner sees why.
            Err(Ignored::NoAssistant) => Ending::Quarantine { reason: absent(draft) }.into(),
            Err(reason) => Ending::Stay(reason).into(),
        }
    }
}

/// Why a row waits whose assistant was removed.
fn absent(draft: &Draft<'_>) -> String {
    let name = match &draft.first().kind {
        EntryKind::Wake { assistant, .. } => assistant,
        EntryKind::Message(_) => &draft.assistant,
    };
    format!("the assistant {name} is not configured; configure it again, then release this message")
}

/// What the gate says of a row that may be answered.
pub(super) struct Admitted {
    /// Who answers, as it is configured.
    pub(super) assistant: AssistantName,
    /// Whether it is answered only if it calls the bot by its name.
    pub(super) listens: bool,
}

/// Asks the gate about a row.
pub(super) fn admit(draft: &Draft<'_>, entry: &Entry) -> Result<Admitted, Ignored> {
    let (wiring, channel) = (draft.wiring, &draft.card.channel);
    match &entry.kind {
        EntryKind::Message(inbound) => {
            let gate = wiring.gate(channel).ok_or(Ignored::NobodyAdmitted)?;
            match gate.decide(inbound, Authorship::Other) {
                Verdict::Answer { assistant, .. } => Ok(Admitted { assistant, listens: false }),
                Verdict::Listen { assistant, .. } => Ok(Admitted { assistant, listens: true }),
                Verdict::Ignore(Ignored::Stranger { .. } | Ignored::PhoneUnknown { .. } | Ignored::NobodyAdmitted) => {
                    Err(Ignored::NoLongerAdmitted)
                }
                Verdict::Ignore(reason) => Err(reason),
            }
        }
        EntryKind::Wake { route, sender, assistant, .. } => {
            let admitted = wiring.admission.admits(&channel.name, &route.account, &route.chat, &route.kind, sender);
            admitted.map_err(|_| Ignored::NoLongerAdmitted)?;
            if wiring.blueprint.needs().contains_key(assistant) {
                Ok(Admitted { assistant: assistant.clone(), listens: false })
            } else {
                Err(Ignored::NoAssistant)
            }
        }
    }
}

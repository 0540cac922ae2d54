//! Questions to granted models.

use super::bindings::greenroom::plugin::models;
use super::refusal::Refusal;
use super::state::{Away, TurnState};
use crate::limits::{MODEL_CALLS_MAX, PROMPT_BYTES_MAX};
use greenroom_contract::model::{Asking, LanguageModel, ModelError};
use greenroom_documents::prompt::{CompletionDocument, PromptDocument};
use std::collections::BTreeMap;
use std::sync::Arc;
use wasmtime::Result;

/// The models of one assistant, by role.
#[derive(Default)]
pub(crate) struct ModelCalls {
    pub(crate) roles: BTreeMap<String, Arc<dyn LanguageModel>>,
}

impl models::Host for TurnState {
    async fn ask(&mut self, role: String, prompt: String) -> Result<Result<String, String>> {
        self.questions += 1;
        if self.questions > MODEL_CALLS_MAX {
            return Err(Refusal::Models { max: MODEL_CALLS_MAX }.into());
        }
        Ok(asked(self, &role, &prompt).await)
    }
}

async fn asked(turn: &mut TurnState, role: &str, prompt: &str) -> Result<String, String> {
    let Some(model) = turn.services.models.roles.get(role).map(Arc::clone) else {
        let roles: Vec<&str> = turn.services.models.roles.keys().map(String::as_str).collect();
        return Err(format!("no model is granted for this role; the manifest asks for {roles:?}"));
    };
    if prompt.len() > PROMPT_BYTES_MAX {
        return Err(format!("the prompt is longer than {PROMPT_BYTES_MAX} bytes"));
    }
    let prompt = PromptDocument::parse(prompt.as_bytes()).and_then(|prompt| prompt.prompt(&turn.media));
    let prompt = prompt.map_err(|error| error.to_string())?;
    let asking = Asking { within: turn.left(), conversation: turn.conversation, person: turn.person };
    let bill = turn.bill.clone();
    match model.ask_on(&prompt, asking, &bill).await {
        Ok(completion) => {
            turn.away = None;
            Ok(CompletionDocument::of(&completion).to_line())
        }
        Err(error) => {
            turn.away = away(&error);
            Err(error.to_string())
        }
    }
}

/// An outage is no fault of the turn.
fn away(error: &ModelError) -> Option<Away> {
    let after = match error {
        ModelError::Busy { after, .. } => *after,
        ModelError::OverBudget { after, .. } => Some(*after),
        ModelError::Unavailable { .. } | ModelError::Wrong { .. } => None,
        _ => return None,
    };
    Some(Away { reason: error.to_string(), after })
}

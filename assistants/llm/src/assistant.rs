//! The assistant itself.

use crate::config::LlmConfig;
use crate::owner::Owner;
use crate::tokens::Calibration;
use crate::turn::{answered, attempts::Attempts, summary::Summaries};
use async_trait::async_trait;
use greenroom_contract::assistant::{Answer, Assistant, AssistantError, Content, Needs, Turn};
use greenroom_contract::limits::DEBOUNCE_OF_REMOTE;
use greenroom_contract::model::Models;
use greenroom_contract::time::Clock;
use greenroom_contract::tools::ToolServers;
use std::sync::Arc;
use tokio::sync::Semaphore;

/// The assistant that asks a language model: `kind = "llm"`.
pub struct Llm {
    pub(crate) config: LlmConfig,
    pub(crate) owner: Owner,
    pub(crate) models: Arc<dyn Models>,
    pub(crate) tools: Arc<dyn ToolServers>,
    pub(crate) clock: Clock,
    pub(crate) needs: Needs,
    /// By how much the model counts other tokens than is estimated.
    pub(crate) calibration: Calibration,
    /// What is kept beside the turns.
    pub(crate) kept: Arc<Beside>,
    /// Places for pictures that are being decoded.
    pub(crate) decodings: Arc<Semaphore>,
}

/// What is kept beside the turns, also where the configuration is read meanwhile.
#[derive(Default)]
pub(crate) struct Beside {
    /// What turns did that failed.
    pub(crate) attempts: Attempts,
    /// What falls out of the history, in some sentences.
    pub(crate) summaries: Arc<Summaries>,
}

impl LlmConfig {
    /// What the engine prepares, for a model that takes pictures and documents or not.
    pub(crate) fn needs(&self, images: bool, documents: bool) -> Needs {
        Needs {
            history_turns: self.history_turns,
            images: self.images && images,
            reactions: self.reactions,
            documents: self.documents && documents,
            overheard: true,
            addresses: false,
            debounce: DEBOUNCE_OF_REMOTE,
        }
    }
}

#[async_trait]
impl Assistant for Llm {
    fn needs(&self) -> Needs {
        self.needs
    }

    fn offers(&self) -> Option<String> {
        let mut offers = vec!["You can talk to me in your own words".to_owned()];
        if self.needs.images {
            offers.push("show me pictures".to_owned());
        }
        if self.needs.documents {
            offers.push("send me documents".to_owned());
        }
        if self.config.reminders {
            offers.push("ask me to remind you of something".to_owned());
        }
        if !self.config.tools.is_empty() {
            let names: Vec<&str> =
                self.config.tools.iter().map(greenroom_contract::ids::ToolServerName::as_str).collect();
            offers.push(format!("have me use: {}", names.join(", ")));
        }
        Some(format!("{}.", offers.join(", ")))
    }

    async fn respond(&self, turn: Turn) -> Result<Answer, AssistantError> {
        let is_reaction = |content: &Content| matches!(content, Content::Reaction { .. });
        if !self.needs.reactions && turn.messages.iter().all(|message| is_reaction(&message.content)) {
            return Ok(Answer::silence());
        }
        answered(self, &turn).await
    }
}

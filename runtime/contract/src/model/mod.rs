//! Language models: what is asked of them, and what they say.
//!
//! The port between assistants that think and the crate that speaks to providers. Nothing here knows a provider or a
//! protocol.
//!
//! | module | holds |
//! |---|---|
//! | `prompt` | what a model is asked: [`Prompt`] |
//! | `completion` | what it says: [`Completion`] |
//! | `error` | why it said nothing: [`ModelError`] |

mod completion;
mod error;
mod prompt;

pub use completion::{Completion, Ended};
pub use error::{ModelError, WrongModel};
pub use prompt::{Part, Prompt, PromptMessage, Said, ToolCall, ToolOutput, ToolSpec};

use crate::assistant::Bill;
use crate::ids::{ConversationId, ModelName, PersonId};
use async_trait::async_trait;
use std::sync::Arc;
use std::time::Duration;

/// A configured language model: `[models.NAME]`.
///
/// Shared by everything that asks it: what it knows of its provider (that it is busy, what was spent today) holds for all.
#[async_trait]
pub trait LanguageModel: Send + Sync + 'static {
    /// Its name in the configuration.
    fn name(&self) -> &ModelName;

    /// What it takes.
    fn traits(&self) -> ModelTraits;

    /// Asks it, and waits for all that it says; it is tried once more within [`Asking::within`] where that may help. Dropped,
    /// the request is given up.
    ///
    /// # Errors
    /// Why there is nothing, named by what the caller can do. A half answer is never returned as a whole one.
    async fn ask(&self, prompt: &Prompt, asking: Asking) -> Result<Completion, ModelError>;

    /// The same, with what it costs written into a bill as it is spent: also what comes to nothing, and what is dropped in the
    /// middle. [`Completion::usage`] tells the same once more.
    ///
    /// # Errors
    /// As [`LanguageModel::ask`].
    async fn ask_on(&self, prompt: &Prompt, asking: Asking, bill: &Bill) -> Result<Completion, ModelError> {
        let completion = self.ask(prompt, asking).await?;
        completion.usage.iter().cloned().for_each(|usage| bill.add(usage));
        Ok(completion)
    }

    /// One small request, for a person who wants to know whether it works. Nothing is tried twice.
    ///
    /// # Errors
    /// As [`LanguageModel::ask`].
    async fn try_out(&self, within: Duration) -> Result<Completion, ModelError> {
        let prompt = Prompt::new("Answer with one word.").person("Are you there?");
        self.ask(&prompt, Asking { within, conversation: None, person: None }).await
    }
}

/// The models that are configured.
pub trait Models: Send + Sync + 'static {
    /// The model of this name.
    fn model(&self, name: &ModelName) -> Option<Arc<dyn LanguageModel>>;

    /// Their names, in order.
    fn names(&self) -> Vec<ModelName>;
}

/// What a model takes, as it is configured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ModelTraits {
    /// Whether it looks at pictures.
    pub images: bool,
    /// Whether it reads documents (PDF).
    pub documents: bool,
    /// Whether it calls tools.
    pub tools: bool,
    /// Tokens that a prompt and its completion may have together.
    pub context_tokens: u32,
    /// Tokens of one completion at most.
    pub answer_tokens: u32,
}

/// For whom a model is asked, and how long it may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Asking {
    /// How long all of it may take, pauses and further tries included.
    pub within: Duration,
    /// For which conversation, where there is one.
    pub conversation: Option<ConversationId>,
    /// For whom, where there is someone: whose daily budget it is.
    pub person: Option<PersonId>,
}

/// No models at all.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoModels;

impl Models for NoModels {
    fn model(&self, _name: &ModelName) -> Option<Arc<dyn LanguageModel>> {
        None
    }

    fn names(&self) -> Vec<ModelName> {
        Vec::new()
    }
}

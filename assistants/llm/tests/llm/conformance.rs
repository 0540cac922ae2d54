//! Every rule of an assistant.

use crate::support::{Around, ScriptedModel, built};
use async_trait::async_trait;
use greenroom_contract::assistant::Assistant;
use greenroom_contract::factory::{AssistantKind as _, AssistantParts};
use greenroom_contract::ids::ModelName;
use greenroom_contract::model::{Asking, Completion, LanguageModel, ModelError, ModelTraits, Models, Prompt};
use std::sync::Arc;

async fn made() -> Arc<dyn Assistant> {
    built(&Around::default(), "tools = [\"tasks\"]\nhand_over_to = [\"human\", \"orders\"]").await.unwrap()
}

/// A model that cannot be reached.
struct Away(ScriptedModel);

#[async_trait]
impl LanguageModel for Away {
    fn name(&self) -> &ModelName {
        self.0.name()
    }
    fn traits(&self) -> ModelTraits {
        self.0.traits()
    }
    async fn ask(&self, _: &Prompt, _: Asking) -> Result<Completion, ModelError> {
        Err(ModelError::Unavailable { model: "main".to_owned(), what: "no connection".to_owned() })
    }
}

struct OneAway;

impl Models for OneAway {
    fn model(&self, _: &ModelName) -> Option<Arc<dyn LanguageModel>> {
        Some(Arc::new(Away(ScriptedModel::default())))
    }
    fn names(&self) -> Vec<ModelName> {
        vec!["main".parse().unwrap()]
    }
}

async fn away() -> Arc<dyn Assistant> {
    let parts = AssistantParts { models: Arc::new(OneAway), ..AssistantParts::new("helper".parse().unwrap()) };
    let config = toml::from_str("model = \"main\"").unwrap();
    greenroom_assistant_llm::Llm::build(config, parts).await.unwrap()
}

greenroom_conformance::assistant_conformance!(made, away = away);

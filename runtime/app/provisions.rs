//! What assistants are provided with: language models and tool servers.
//!
//! | module | holds |
//! |---|---|
//! | `models` | `[models.NAME]`: keys, check, and the models that are made of them |
//! | `tools` | `[tools.NAME]`: the same for tool servers, and their life beside the conversations |

pub mod models;
pub mod tools;

use crate::config::{Config, Problem};
use crate::runtime::Runtime;
use greenroom_contract::limits;
use greenroom_contract::model::Models;
use greenroom_contract::store::{StoreReader, Vault};
use greenroom_contract::time::Clock;
use greenroom_contract::tools::ToolServers;
#[cfg(feature = "tools")]
pub use greenroom_tools::Tried;
use models::ConfiguredModels;
use std::path::PathBuf;
use std::sync::Arc;
use tools::ConfiguredTools;

/// What was made of `[models]` and `[tools]`.
#[derive(Clone)]
pub(crate) struct Provisions {
    pub(crate) configured_models: Option<Arc<ConfiguredModels>>,
    pub(crate) configured_tools: Option<Arc<ConfiguredTools>>,
    /// What the program itself brought, in place of all that is configured.
    own_models: Option<Arc<dyn Models>>,
    own_tools: Option<Arc<dyn ToolServers>>,
}

/// What was made before, of which configuration.
pub(crate) struct ProvisionsBefore<'a> {
    pub(crate) config: &'a Config,
    pub(crate) made: &'a Provisions,
}

impl Provisions {
    /// Makes what is configured; what is configured as it was is used on.
    #[allow(clippy::needless_pass_by_value, reason = "two borrows")]
    pub(crate) fn make(runtime: &Runtime, before: Option<ProvisionsBefore<'_>>) -> Result<Self, Vec<Problem>> {
        let (config, clock) = (&runtime.config, runtime.clock);
        let same_models = before.as_ref().filter(|before| before.config.models == config.models);
        let models = match same_models {
            Some(before) => Ok(before.made.configured_models.clone()),
            None => models::make(&config.models, clock).inspect(|made| {
                let before = before.as_ref().and_then(|before| before.made.configured_models.as_ref());
                if let (Some(made), Some(before)) = (made, before) {
                    models::inherit(made, before);
                }
            }),
        };
        let same_tools = before.as_ref().filter(|before| before.config.tools == config.tools);
        let tools = match same_tools {
            Some(before) => Ok(before.made.configured_tools.clone()),
            None => tools::make(&config.tools, config.folder(), clock),
        };
        match (models, tools) {
            (Ok(configured_models), Ok(configured_tools)) => Ok(Self {
                configured_models,
                configured_tools,
                own_models: runtime.models.clone(),
                own_tools: runtime.tools.clone(),
            }),
            (models, tools) => Err([models.err(), tools.err()].into_iter().flatten().collect()),
        }
    }

    /// Tells the models what was spent today before they were made, so that their budgets hold through a restart.
    pub(crate) async fn know_spent(&self, store: &StoreReader, clock: Clock) {
        let Some(configured) = &self.configured_models else { return };
        let today = clock.now().day();
        match store.usage(today..=today, limits::USAGE_SUMS_PER_DAY_READ_MAX).await {
            Ok(rows) => models::know_spent(configured, today, rows),
            Err(error) => tracing::warn!("what was spent today is not known, so budgets begin again: {error}"),
        }
    }

    /// Tells the tool servers that want to know it for whom they are called.
    pub(crate) async fn know_whom(&self, vault: &dyn Vault) {
        if let Some(configured) = &self.configured_tools {
            tools::know_whom(configured, vault).await;
        }
    }

    /// The models that an assistant is given.
    pub(crate) fn models(&self) -> Option<Arc<dyn Models>> {
        let configured = || self.configured_models.clone().map(models::as_port);
        self.own_models.clone().or_else(configured)
    }

    /// The tool servers that an assistant is given.
    pub(crate) fn tools(&self) -> Option<Arc<dyn ToolServers>> {
        let configured = || self.configured_tools.clone().map(tools::as_port);
        self.own_tools.clone().or_else(configured)
    }

    /// Whether both hold the same models, which know what they spent.
    pub(crate) fn has_models_of(&self, other: &Self) -> bool {
        same(self.configured_models.as_ref(), other.configured_models.as_ref())
    }

    /// Whether both hold the same models and tools, so that an assistant made with one may work on with the other.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        let same_models = same(self.configured_models.as_ref(), other.configured_models.as_ref());
        same_models && same(self.configured_tools.as_ref(), other.configured_tools.as_ref())
    }
}

fn same<T>(one: Option<&Arc<T>>, other: Option<&Arc<T>>) -> bool {
    match (one, other) {
        (Some(one), Some(other)) => Arc::ptr_eq(one, other),
        (None, None) => true,
        _ => false,
    }
}

/// What libraries write that must not be in any log, as directives of a filter: requests with their keys, and what people
/// and tools say.
pub const LOG_DIRECTIVES: &[&str] = &[
    #[cfg(feature = "models")]
    "genai=off",
    #[cfg(feature = "tools")]
    greenroom_tools::LOG_DIRECTIVE,
];

/// What a command makes to try things out, beside or without a server that runs.
pub fn for_trial(config: &Config, clock: Clock) -> Result<Trial, Problem> {
    let folder: PathBuf = config.folder();
    Ok(Trial { models: models::make(&config.models, clock)?, tools: tools::make(&config.tools, folder, clock)? })
}

/// Models and tools of a configuration, for a command that tries them out.
pub struct Trial {
    /// The models, where some are configured and this program has them.
    pub models: Option<Arc<ConfiguredModels>>,
    /// The tool servers, where some are configured and this program has them.
    pub tools: Option<Arc<ConfiguredTools>>,
}

//! The models that are configured.

use crate::ask::Asked;
use crate::check::{checked, fallbacks};
use crate::client::Connection;
use crate::config::ModelConfig;
use crate::decide::spending::Spent;
use crate::model::Model;
use crate::reader::Reader;
use greenroom_contract::factory::BuildError;
use greenroom_contract::ids::{ModelName, PersonId};
use greenroom_contract::model::{LanguageModel, Models};
use greenroom_contract::time::Clock;
use std::collections::BTreeMap;
use std::sync::Arc;

/// The models that are configured, and what is known of them: that a provider is busy, and what was spent today.
pub struct ConfiguredModels {
    models: BTreeMap<ModelName, Arc<Asked>>,
}

/// What was spent at a model before this run, by one person or by all who are not told apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SpentBefore {
    /// The model, as its provider calls it.
    pub model: String,
    /// By whom.
    pub person: Option<PersonId>,
    /// Tokens, read and written.
    pub tokens: u64,
    /// What they cost, in millionths of the unit of the prices.
    pub cost_millionths: u64,
}

/// Makes the models. No connection is made. A program installs rustls' provider first.
///
/// # Errors
/// The model whose table is wrong, and what is wrong with it.
pub fn build(
    models: Vec<(ModelName, ModelConfig)>,
    clock: Clock,
) -> Result<Arc<ConfiguredModels>, (ModelName, BuildError)> {
    fallbacks(&models)?;
    let mut made: BTreeMap<ModelName, Arc<Model>> = BTreeMap::new();
    let Some((first, _)) = models.first() else { return Ok(Arc::new(ConfiguredModels { models: BTreeMap::new() })) };
    let connection = Connection::new().map_err(|error| (first.clone(), error))?;
    let thread = |error| BuildError::Setup { reason: format!("no thread can be started: {error}") };
    for (name, config) in models {
        let url = checked(&config).map_err(|error| (name.clone(), error))?;
        let reader = Reader::start().map_err(|error| (name.clone(), thread(error)))?;
        let model = Model::new(name.clone(), config, &url, (&connection, reader), clock);
        made.insert(name, Arc::new(model));
    }
    let asked = made.iter().map(|(name, model)| {
        let next = |model: &Arc<Model>| made.get(&model.config.fallback()?).cloned();
        let instead = std::iter::successors(next(model), next).collect();
        (name.clone(), Arc::new(Asked { model: model.clone(), instead }))
    });
    Ok(Arc::new(ConfiguredModels { models: asked.collect() }))
}

/// Refuses what cannot work, as [`build`] does, without making anything.
///
/// # Errors
/// The model whose table is wrong, and what is wrong with it.
pub fn check(models: &[(ModelName, ModelConfig)]) -> Result<(), (ModelName, BuildError)> {
    fallbacks(models)?;
    models.iter().try_for_each(|(name, config)| match checked(config) {
        Ok(_) => Ok(()),
        Err(error) => Err((name.clone(), error)),
    })
}

impl ConfiguredModels {
    /// Shares what is spent with the models before that have the same names and are the same at their providers, so that a
    /// configuration that is read while the program runs gives no budget back: they also know what is in no store yet. What is
    /// told of those later by [`ConfiguredModels::spent_before`] is known already.
    pub fn inherit(&self, before: &Self) {
        for (name, asked) in &self.models {
            let same = before.models.get(name).filter(|before| before.model.config.model == asked.model.config.model);
            if let Some(before) = same {
                asked.model.inherit(&before.model);
            }
        }
    }

    /// Counts what was spent on this day (days since 1970-01-01, UTC) before this run, so that a restart gives no budget back;
    /// a day that is over counts for nothing.
    /// What is not known by person counts for the model alone. Where several configured models are one of a provider, it counts
    /// for each.
    pub fn spent_before(&self, day: u32, rows: impl IntoIterator<Item = SpentBefore>) {
        for row in rows {
            for asked in self.models.values().filter(|asked| asked.model.config.model == row.model) {
                asked.model.spent_before(day, row.person, Spent::new(row.tokens, row.cost_millionths));
            }
        }
    }
}

impl Models for ConfiguredModels {
    fn model(&self, name: &ModelName) -> Option<Arc<dyn LanguageModel>> {
        self.models.get(name).map(|asked| asked.clone() as Arc<dyn LanguageModel>)
    }

    fn names(&self) -> Vec<ModelName> {
        self.models.keys().cloned().collect()
    }
}

/// Names only: what belongs to a model holds its key.
impl std::fmt::Debug for ConfiguredModels {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.models.keys()).finish()
    }
}

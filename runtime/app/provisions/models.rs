//! `[models.NAME]`.

use crate::config::{ModelSection, Problem};
#[cfg(feature = "models")]
use crate::sections::keys_of;
#[cfg(feature = "models")]
use greenroom_contract::assistant::Usage;
use greenroom_contract::assistant::UsageRow;
use greenroom_contract::model::Models;
use greenroom_contract::time::Clock;
use std::sync::Arc;

#[cfg(feature = "models")]
pub use greenroom_models::ConfiguredModels;

/// What stands in for models where this program has none.
#[cfg(not(feature = "models"))]
pub enum ConfiguredModels {}

/// Makes all models together, because one may stand in for another. `None` if none is configured.
#[cfg(feature = "models")]
pub(crate) fn make(sections: &[ModelSection], clock: Clock) -> Result<Option<Arc<ConfiguredModels>>, Problem> {
    if sections.is_empty() {
        return Ok(None);
    }
    let mut configs = Vec::with_capacity(sections.len());
    for section in sections {
        let config = keys_of::<greenroom_models::ModelConfig>(section.own.handed_over())
            .map_err(|error| crate::making::component(&format!("models.{}", section.name), error))?;
        configs.push((section.name.clone(), config));
    }
    let made = greenroom_models::build(configs, clock);
    made.map(Some).map_err(|(name, error)| crate::making::component(&format!("models.{name}"), error))
}

#[cfg(not(feature = "models"))]
#[allow(clippy::unnecessary_wraps, reason = "with models there is something to make")]
pub(crate) fn make(_sections: &[ModelSection], _clock: Clock) -> Result<Option<Arc<ConfiguredModels>>, Problem> {
    Ok(None)
}

#[cfg(feature = "models")]
pub(crate) fn know_spent(models: &ConfiguredModels, day: u32, rows: Vec<UsageRow>) {
    let spent = rows.into_iter().filter_map(|row| {
        let UsageRow { person, usage: Usage { model, tokens_in, tokens_out, cost_millionths, .. }, .. } = row;
        let tokens = tokens_in.saturating_add(tokens_out);
        Some(greenroom_models::SpentBefore { model: model?, person, tokens, cost_millionths })
    });
    models.spent_before(day, spent);
}

/// Lets models go on with what those before them spent.
#[cfg(feature = "models")]
pub(crate) fn inherit(models: &ConfiguredModels, before: &ConfiguredModels) {
    models.inherit(before);
}

#[cfg(not(feature = "models"))]
pub(crate) fn inherit(models: &ConfiguredModels, _before: &ConfiguredModels) {
    match *models {}
}

#[cfg(not(feature = "models"))]
pub(crate) fn know_spent(models: &ConfiguredModels, _day: u32, _rows: Vec<UsageRow>) {
    match *models {}
}

#[cfg(feature = "models")]
pub(crate) fn as_port(models: Arc<ConfiguredModels>) -> Arc<dyn Models> {
    models
}

#[cfg(not(feature = "models"))]
#[allow(clippy::needless_pass_by_value, reason = "there is none")]
pub(crate) fn as_port(models: Arc<ConfiguredModels>) -> Arc<dyn Models> {
    match *models {}
}

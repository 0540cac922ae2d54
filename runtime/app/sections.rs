//! The tables of models, tool servers, alerts and identity: their keys, and whether this program has what reads them.

use greenroom_contract::factory::BuildError;
use greenroom_contract::schema::Key;
use toml::Table;

/// What stands below `[models]` or `[tools]`, or in `[alerts]` or `[identity]`.
#[derive(Clone, Copy)]
pub(crate) struct Tables {
    /// The feature of a program that reads them.
    pub(crate) feature: &'static str,
    /// Whether this program has it.
    pub(crate) is_built: bool,
    /// The keys of one table; empty in a program without the feature.
    pub(crate) keys: &'static [Key],
    /// Checks the keys of one table without making anything.
    pub(crate) check: fn(Table) -> Result<(), BuildError>,
}

/// `[models.NAME]`.
#[cfg(feature = "models")]
pub(crate) const MODELS: Tables = Tables {
    feature: "models",
    is_built: true,
    keys: greenroom_models::KEYS,
    check: read::<greenroom_models::ModelConfig>,
};
#[cfg(not(feature = "models"))]
pub(crate) const MODELS: Tables = Tables { feature: "models", is_built: false, keys: &[], check: nothing };

/// `[tools.NAME]`.
#[cfg(feature = "tools")]
pub(crate) const TOOLS: Tables = Tables {
    feature: "tools",
    is_built: true,
    keys: greenroom_tools::KEYS,
    check: read::<greenroom_tools::ToolsConfig>,
};
#[cfg(not(feature = "tools"))]
pub(crate) const TOOLS: Tables = Tables { feature: "tools", is_built: false, keys: &[], check: nothing };

/// `[alerts]`.
#[cfg(feature = "alerts")]
pub(crate) const ALERTS: Tables =
    Tables { feature: "alerts", is_built: true, keys: greenroom_alerts::KEYS, check: alerts };
#[cfg(not(feature = "alerts"))]
pub(crate) const ALERTS: Tables = Tables { feature: "alerts", is_built: false, keys: &[], check: nothing };

/// `[identity]`.
#[cfg(feature = "identity")]
pub(crate) const IDENTITY: Tables =
    Tables { feature: "identity", is_built: true, keys: greenroom_identity::KEYS, check: identity };
#[cfg(not(feature = "identity"))]
pub(crate) const IDENTITY: Tables = Tables { feature: "identity", is_built: false, keys: &[], check: nothing };

/// What is missing is said by its name elsewhere.
#[cfg(feature = "identity")]
fn identity(table: Table) -> Result<(), BuildError> {
    if ["smtp", "from", "secret"].iter().any(|key| !table.contains_key(*key)) {
        return Ok(());
    }
    keys_of::<greenroom_identity::IdentityConfig>(table)?.check()
}

/// What is missing is said by its name elsewhere.
#[cfg(feature = "alerts")]
fn alerts(table: Table) -> Result<(), BuildError> {
    if ["webhook", "secret"].iter().any(|key| !table.contains_key(*key)) {
        return Ok(());
    }
    keys_of::<greenroom_alerts::WebhookConfig>(table)?.check()
}

#[cfg(any(feature = "models", feature = "tools"))]
fn read<C: serde::de::DeserializeOwned>(table: Table) -> Result<(), BuildError> {
    keys_of::<C>(table).map(drop)
}

/// The keys of one table, as their component reads them.
#[cfg(any(feature = "models", feature = "tools", feature = "alerts", feature = "identity"))]
pub(crate) fn keys_of<C: serde::de::DeserializeOwned>(table: Table) -> Result<C, BuildError> {
    C::deserialize(toml::Value::Table(table))
        .map_err(|error| BuildError::Config { path: String::new(), reason: error.message().to_owned() })
}

#[cfg(not(all(feature = "models", feature = "tools", feature = "alerts", feature = "identity")))]
#[allow(clippy::unnecessary_wraps, reason = "with the feature there is something to find")]
fn nothing(_table: Table) -> Result<(), BuildError> {
    Ok(())
}

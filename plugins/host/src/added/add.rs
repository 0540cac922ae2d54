//! How a plugin is added, and what is refused.

use super::candidate::Candidate;
use super::folder::{PluginError, PluginFolder};
use super::grant::Grant;
use super::trial::{CheckReport, tried};
use crate::manifest::{Asks, Manifest};
use crate::sandbox::Sandbox;
use crate::sandbox::compile::load;
use greenroom_contract::ids::AssistantName;

/// A plugin that was added.
#[derive(Debug)]
pub struct Added {
    /// Its name.
    pub name: AssistantName,
    /// The version in use from now on.
    pub digest: String,
    /// The version in use before, in its author's words.
    pub before: Option<String>,
    /// What came of the dry turn.
    pub report: CheckReport,
}

/// Why a plugin was not added. Nothing is changed then: what was in use stays in use.
#[derive(Debug, thiserror::Error)]
pub enum AddError {
    /// Its owner has to agree first.
    #[error("the plugin {name} asks for more than was agreed to: it {}", more.join("; it "))]
    NotGranted {
        /// Its name.
        name: AssistantName,
        /// What it asks for beyond that, a sentence each.
        more: Vec<String>,
    },
    /// Its files, or the folder.
    #[error(transparent)]
    PluginFolder(#[from] PluginError),
    /// It broke in its dry turn.
    #[error("the plugin {name} failed its dry turn: {reason}")]
    Dry {
        /// Its name.
        name: AssistantName,
        /// How.
        reason: String,
    },
}

impl PluginFolder {
    /// What this plugin asks for and was not agreed to, a sentence each: all of it for one that is new.
    ///
    /// # Errors
    /// The grant is there and cannot be read.
    pub fn beyond(&self, manifest: &Manifest) -> Result<Vec<String>, PluginError> {
        let grant = self.grant(&manifest.name)?;
        Ok(grant.map_or_else(|| manifest.asks.lines(), |grant| manifest.asks.beyond(&grant.granted)))
    }

    /// Adds a plugin, or another version of one: compiles it, makes one dry turn, and puts it into use. A bot that runs
    /// takes it within a second; its running turns end with the version they began with.
    ///
    /// `agreed` is what its owner agreed to just now, such as the candidate's own [`Asks`]; `None` if nothing was asked.
    ///
    /// # Errors
    /// It asks for more than was agreed to, cannot be compiled, or fails its dry turn.
    pub async fn add(&self, candidate: &Candidate, agreed: Option<&Asks>) -> Result<Added, AddError> {
        let (manifest, name) = (&candidate.manifest, &candidate.manifest.name);
        let before = self.grant(name)?;
        let granted = agreed.or(before.as_ref().map(|grant| &grant.granted));
        let more = granted.map_or_else(|| manifest.asks.lines(), |granted| manifest.asks.beyond(granted));
        let Some(granted) = granted.filter(|_| more.is_empty()) else {
            return Err(AddError::NotGranted { name: name.clone(), more });
        };
        let version = self.put_version(name, &candidate.manifest_text, &candidate.component)?;
        let checked = self.checked(candidate, &Self::component(&version)).await;
        let kept = |grant: &Option<Grant>| grant.as_ref().map(|grant| grant.digest.clone()).unwrap_or_default();
        match checked {
            Ok(report) => {
                let grant = Grant {
                    digest: candidate.digest.clone(),
                    version: manifest.version.clone(),
                    granted: granted.clone(),
                };
                self.put_grant(name, &grant)?;
                self.tidy(name, &[&candidate.digest, &kept(&before)]);
                let before = before.map(|grant| grant.version);
                Ok(Added { name: name.clone(), digest: candidate.digest.clone(), before, report })
            }
            Err(error) => {
                self.tidy(name, &[&kept(&before)]);
                Err(error)
            }
        }
    }

    async fn checked(&self, candidate: &Candidate, component: &std::path::Path) -> Result<CheckReport, AddError> {
        let cache = self.compiled();
        let sandbox = Sandbox::of(&cache).map_err(PluginError::from)?;
        let loaded = load(&sandbox, &cache, &candidate.digest, (component, &candidate.sum()))
            .await
            .map_err(PluginError::from)?;
        let report = tried(&candidate.manifest, &loaded, None, &toml::Table::new()).await;
        match report.map_err(|reason| AddError::Dry { name: candidate.manifest.name.clone(), reason })? {
            CheckReport { broke: Some(reason), .. } => {
                Err(AddError::Dry { name: candidate.manifest.name.clone(), reason })
            }
            report => Ok(report),
        }
    }
}

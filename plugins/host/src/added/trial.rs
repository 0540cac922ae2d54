//! A dry turn, or a turn from a file: what a plugin does without a phone, a channel, a model or a network.

use super::candidate::Candidate;
use super::folder::{PluginError, PluginFolder};
use crate::bounds::LogLine;
use crate::calls::{HttpCalls, ModelCalls, Services};
use crate::limits::DRY_TURN_TIMEOUT;
use crate::manifest::{Manifest, ModelUse, SettingKind, check_settings};
use crate::sandbox::compile::load;
use crate::sandbox::{Failure, Job, Loaded, Sandbox};
use crate::turns::{answer_of, dry_turn, told};
use async_trait::async_trait;
use greenroom_contract::assistant::Bill;
use greenroom_contract::ids::ModelName;
use greenroom_contract::model::{Asking, Completion, Ended, LanguageModel, ModelError, ModelTraits, Prompt, Said};
use greenroom_contract::time::Clock;
use greenroom_documents::{MediaTable, TurnDocument};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// What came of a turn that was tried.
#[derive(Debug, Clone)]
pub struct CheckReport {
    /// The document of the answer.
    pub answer: Option<String>,
    /// The plugin's own words where it says that it cannot answer. In a dry turn that may be right.
    pub said: Option<String>,
    /// How it broke, if it did.
    pub broke: Option<String>,
    /// What it remembers after it, as JSON.
    pub memory: Option<String>,
    /// What it logged.
    pub log: Vec<LogLine>,
    /// How long it computed.
    pub own: Duration,
    /// Bytes of linear memory that it used.
    pub memory_bytes: usize,
}

/// Gives a candidate the turn of a file, whose form is that of `plugins/schema/turn.json`. Models answer with a fixed
/// sentence, and HTTP requests are refused.
///
/// # Errors
/// The plugin cannot be loaded, or the file is no turn.
pub async fn check_with_turn(
    plugins: &PluginFolder,
    candidate: &Candidate,
    turn: Option<&[u8]>,
    settings: &toml::Table,
) -> Result<CheckReport, PluginError> {
    let sandbox = Sandbox::of(&plugins.compiled())?;
    let component = candidate.folder.join(&candidate.manifest.component);
    let loaded = load(&sandbox, &plugins.compiled(), &candidate.digest, (&component, &candidate.sum())).await?;
    let tried = tried(&candidate.manifest, &loaded, turn, settings).await;
    tried.map_err(|reason| PluginError::file(&candidate.folder, std::io::Error::other(reason)))
}

/// Tries a turn; `None` is a dry one.
pub(super) async fn tried(
    manifest: &Manifest,
    loaded: &Loaded,
    turn: Option<&[u8]>,
    settings: &toml::Table,
) -> Result<CheckReport, String> {
    let mut set = examples(manifest);
    set.extend(settings.clone());
    let settings =
        check_settings(&manifest.settings, &set).map_err(|error| format!("settings.{}: {error}", error.name))?;
    let models = manifest.asks.models.iter().map(|(role, of)| (role.clone(), Fixed::of(*of)));
    let services = Services {
        settings: serde_json::Value::Object(settings).to_string(),
        http: HttpCalls::new(Vec::new(), BTreeMap::new(), false).map_err(|error| error.to_string())?,
        models: ModelCalls { roles: models.collect() },
    };
    let (mut document, mut media) = told(&dry_turn(Clock::System.now()), &manifest.asks);
    if let Some(turn) = turn {
        document = serde_json::from_slice(turn).map_err(|error| format!("the turn is not understood: {error}"))?;
        media = carried(&mut document);
    }
    let memory = std::mem::take(&mut document.memory);
    let job = Job {
        plugin: manifest.name.to_string(),
        document: document.to_line(),
        media,
        memory,
        services: Arc::new(services),
        until: Instant::now() + DRY_TURN_TIMEOUT,
        conversation: None,
        person: None,
        bill: Bill::default(),
    };
    Ok(report(manifest, loaded, job).await)
}

async fn report(manifest: &Manifest, loaded: &Loaded, job: Job) -> CheckReport {
    let mut report = CheckReport {
        answer: None,
        said: None,
        broke: None,
        memory: None,
        log: Vec::new(),
        own: Duration::ZERO,
        memory_bytes: 0,
    };
    match loaded.run(job, &manifest.asks).await {
        Ok(ran) => {
            (report.own, report.memory_bytes) = (ran.own, ran.memory_bytes);
            report.log.clone_from(&ran.log);
            let document = ran.document.clone();
            match answer_of(ran, &manifest.asks) {
                Ok(answer) => {
                    report.memory = answer.state.map(|state| String::from_utf8_lossy(&state).into_owned());
                    report.answer = Some(document);
                }
                Err(error) => report.broke = Some(error.to_string()),
            }
        }
        Err(failed) => {
            report.log = failed.log;
            match failed.failure {
                Failure::Said { words } => report.said = Some(words),
                other => report.broke = Some(other.to_string()),
            }
        }
    }
    report
}

/// The media that a document brings, taken out of it, as a plugin is told them.
fn carried(document: &mut TurnDocument) -> MediaTable {
    let mut media = MediaTable::default();
    for carried in std::mem::take(&mut document.media) {
        if let Some(medium) = carried.media() {
            media.put(medium);
        }
    }
    media
}

/// A value for each setting that is required, so that a dry turn needs none.
fn examples(manifest: &Manifest) -> toml::Table {
    let text = || toml::Value::String("example".to_owned());
    let required = manifest.settings.iter().filter(|(_, setting)| setting.required);
    let values = required.map(|(name, setting)| {
        let value = match setting.kind {
            SettingKind::Text | SettingKind::Secret => text(),
            SettingKind::Number => toml::Value::Integer(1),
            SettingKind::Bool => toml::Value::Boolean(true),
            SettingKind::List => toml::Value::Array(vec![text()]),
        };
        (name.clone(), value)
    });
    values.collect()
}

/// A model that always says the same.
struct Fixed {
    name: ModelName,
    images: bool,
}

impl Fixed {
    fn of(of: ModelUse) -> Arc<dyn LanguageModel> {
        let name = "dry".parse().expect("a short word is a name");
        Arc::new(Self { name, images: of == ModelUse::Vision })
    }
}

#[async_trait]
impl LanguageModel for Fixed {
    fn name(&self) -> &ModelName {
        &self.name
    }

    fn traits(&self) -> ModelTraits {
        let images = self.images;
        ModelTraits { images, documents: false, tools: false, context_tokens: 8_000, answer_tokens: 1_000 }
    }

    async fn ask(&self, _: &Prompt, _: Asking) -> Result<Completion, ModelError> {
        let said = Said { text: "This is what a model would say.".to_owned(), ..Said::default() };
        Ok(Completion { said, ended: Ended::Whole, usage: Vec::new() })
    }
}

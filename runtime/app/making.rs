//! From a configuration to channels and assistants. None of them connects yet.

use crate::config::{AssistantConfig, ChannelConfig, Config, Problem};
use crate::provisions::{Provisions, ProvisionsBefore};
use crate::running::RunError;
use crate::runtime::Runtime;
use greenroom_contract::factory::{AssistantParts, BuildError, ChannelParts};
use greenroom_engine::{AssistantPart, ChannelPart};
use std::sync::Arc;

/// What was made of a runtime: what its configuration names, and what the program added.
#[derive(Clone)]
pub(crate) struct Made {
    pub(crate) channels: Vec<ChannelPart>,
    pub(crate) assistants: Vec<AssistantPart>,
    pub(crate) provisions: Provisions,
}

/// What was made before, of which configuration. What is configured as it was is used again, so that its connections
/// and its work go on.
pub(crate) struct Before<'a> {
    pub(crate) config: &'a Config,
    pub(crate) made: &'a Made,
}

/// Makes everything, or says everything that keeps it from being made.
pub(crate) async fn all(runtime: &Runtime, before: Option<Before<'_>>) -> Result<Made, Vec<Problem>> {
    let provided =
        before.as_ref().map(|before| ProvisionsBefore { config: before.config, made: &before.made.provisions });
    let provisions = Provisions::make(runtime, provided)?;
    let mut problems = Vec::new();
    let mut made = Made { channels: Vec::new(), assistants: Vec::new(), provisions };
    for config in &runtime.config.assistants {
        match assistant(runtime, config, &made.provisions, before.as_ref()).await {
            Ok(part) => made.assistants.push(part),
            Err(problem) => problems.push(problem),
        }
    }
    made.assistants.extend(runtime.assistants.iter().cloned());
    for config in &runtime.config.channels {
        match channel(runtime, config, before.as_ref()).await {
            Ok(part) => made.channels.push(part),
            Err(problem) => problems.push(problem),
        }
    }
    made.channels.extend(runtime.channels.iter().cloned());
    if problems.is_empty() { Ok(made) } else { Err(problems) }
}

/// The first of some problems, as the error of a start.
pub(crate) fn first(problems: Vec<Problem>) -> RunError {
    let first = problems.into_iter().next();
    let (path, reason) = first.map(|problem| (problem.path, problem.what)).unwrap_or_default();
    RunError::Component { path, reason }
}

impl Before<'_> {
    fn assistant(&self, config: &AssistantConfig) -> Option<&AssistantPart> {
        let same = |one: &&AssistantConfig| one.name == config.name && one.kind == config.kind && one.own == config.own;
        self.config.assistants.iter().find(same)?;
        self.made.assistants.iter().find(|part| part.name == config.name)
    }

    /// An adapter is made with the names that its channel is called by.
    fn channel(&self, config: &ChannelConfig) -> Option<&ChannelPart> {
        let same = |one: &&ChannelConfig| {
            one.name == config.name
                && one.adapter == config.adapter
                && one.own == config.own
                && one.policy.names == config.policy.names
        };
        self.config.channels.iter().find(same)?;
        self.made.channels.iter().find(|part| part.name == config.name)
    }
}

async fn assistant(
    runtime: &Runtime,
    config: &AssistantConfig,
    provisions: &Provisions,
    before: Option<&Before<'_>>,
) -> Result<AssistantPart, Problem> {
    let path = format!("assistants.{}", config.name);
    let kind = runtime.registry.assistant(&config.kind).ok_or_else(|| unregistered(&path, &config.kind))?;
    let as_provided = |before: &&Before<'_>| !kind.uses_provisions() || before.made.provisions.is_same(provisions);
    let before = before.filter(|_| !kind.is_remade()).filter(as_provided);
    let assistant = if let Some(part) = before.and_then(|before| before.assistant(config)) {
        Arc::clone(&part.assistant)
    } else {
        kind.build(config.own.handed_over(), parts_of(runtime, config, provisions))
            .await
            .map_err(|error| component(&path, error))?
    };
    let (turns_max, timeout) = (config.turns_max, config.timeout);
    Ok(AssistantPart { name: config.name.clone(), assistant, turns_max, timeout })
}

fn parts_of(runtime: &Runtime, config: &AssistantConfig, provisions: &Provisions) -> AssistantParts {
    let configured = runtime.config.assistants.iter().map(|other| &other.name);
    let added = runtime.assistants.iter().map(|part| &part.name);
    let alone = AssistantParts::new(config.name.clone());
    AssistantParts {
        assistants: configured.chain(added).cloned().collect(),
        folder: runtime.config.folder(),
        store: runtime.store.folder(&runtime.config.store),
        models: provisions.models().unwrap_or(alone.models),
        tools: provisions.tools().unwrap_or(alone.tools),
        kept: runtime.kept.clone(),
        clock: runtime.clock,
        name: alone.name,
    }
}

async fn channel(
    runtime: &Runtime,
    config: &ChannelConfig,
    before: Option<&Before<'_>>,
) -> Result<ChannelPart, Problem> {
    let path = format!("channels.{}", config.name);
    let channel = if let Some(part) = before.and_then(|before| before.channel(config)) {
        Arc::clone(&part.channel)
    } else {
        let entry = runtime.registry.channel(&config.adapter).ok_or_else(|| unregistered(&path, &config.adapter))?;
        let (names, clock) = (config.policy.names.clone(), runtime.clock);
        let parts = ChannelParts { name: config.name.clone(), names, clock };
        entry.kind.build(config.own.handed_over(), parts).await.map_err(|error| component(&path, error))?
    };
    let (adapter, policy) = (config.adapter.clone(), config.policy.clone());
    Ok(ChannelPart { name: config.name.clone(), adapter, channel, policy })
}

/// A configuration that was read with another registry.
fn unregistered(path: &str, kind: &str) -> Problem {
    Problem::new(path, format!("the kind {kind:?} is not in this program"))
}

pub(crate) fn component(path: &str, error: BuildError) -> Problem {
    match error {
        BuildError::Config { path: below, reason } if !below.is_empty() => {
            Problem::new(format!("{path}.{below}"), reason)
        }
        BuildError::Config { reason, .. } | BuildError::Setup { reason } => Problem::new(path, reason),
    }
}

//! What the engine runs: channels with their policies, assistants, limits. Pure.
//!
//! A [`Blueprint`] never changes. Another one takes its place as a whole, and [`diff`] says what that means for
//! the actors. A turn keeps the one that it began with.

mod diff;

pub use diff::{Change, diff};

use crate::decide::linking_rules::SessionLimits;
use greenroom_contract::assistant::{Assistant, Needs};
use greenroom_contract::capabilities::Capabilities;
use greenroom_contract::channel::Channel;
use greenroom_contract::ids::{AssistantName, ChannelName};
use greenroom_contract::limits;
use greenroom_contract::policy::ChannelPolicy;
use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// What an engine runs. Cheap to clone.
///
/// Change what [`EngineHandle::blueprint`](crate::EngineHandle::blueprint) returns, or make a new one, and hand it to
/// [`EngineHandle::reconfigure`](crate::EngineHandle::reconfigure). A part is the same as before if it holds the same
/// `Arc`: its connections and its work under way go on. Everything else is replaced.
#[derive(Clone, Default)]
pub struct Blueprint {
    channels: BTreeMap<ChannelName, ChannelPlan>,
    assistants: BTreeMap<AssistantName, Arc<AssistantPart>>,
    /// What each assistant wants to be given, asked once.
    needs: HashMap<AssistantName, Needs>,
    limits: RunLimits,
}

/// A configured channel.
#[derive(Clone)]
pub struct ChannelPart {
    /// Its name.
    pub name: ChannelName,
    /// Its adapter's kind, to be shown.
    pub adapter: String,
    /// The adapter.
    pub channel: Arc<dyn Channel>,
    /// Whom it admits, and so on.
    pub policy: ChannelPolicy,
}

/// A configured assistant.
#[derive(Clone)]
pub struct AssistantPart {
    /// Its name.
    pub name: AssistantName,
    /// The assistant.
    pub assistant: Arc<dyn Assistant>,
    /// Turns that it works on at once.
    pub turns_max: usize,
    /// How long one turn may take.
    pub timeout: Duration,
}

/// What an engine allows itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct RunLimits {
    /// How many accounts may be linked at run time.
    pub sessions: SessionLimits,
    /// How long an idle conversation stays in memory.
    pub conversation_idle: Duration,
}

impl Default for RunLimits {
    fn default() -> Self {
        Self { sessions: SessionLimits::default(), conversation_idle: limits::CONVERSATION_IDLE }
    }
}

/// A channel of a blueprint: its adapter, and its policy, which changes without the adapter.
#[derive(Clone)]
pub struct ChannelPlan {
    pub(crate) card: Arc<ChannelCard>,
    pub(crate) policy: Arc<ChannelPolicy>,
}

/// The adapter of a channel.
pub(crate) struct ChannelCard {
    pub(crate) name: ChannelName,
    pub(crate) adapter: String,
    pub(crate) channel: Arc<dyn Channel>,
    pub(crate) capabilities: Capabilities,
}

/// Why a blueprint cannot be run.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct BlueprintProblem {
    /// Where, as in a configuration: `channels.NAME.assistant`.
    pub path: String,
    /// What is wrong, and what to do.
    pub what: String,
}

impl fmt::Display for BlueprintProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.path, self.what)
    }
}

impl Blueprint {
    /// One with nothing in it.
    pub fn new(limits: RunLimits) -> Self {
        Self { limits, ..Self::default() }
    }

    /// With this channel; one of the same name is replaced.
    #[must_use]
    pub fn with_channel(mut self, part: ChannelPart) -> Self {
        let ChannelPart { name, adapter, channel, policy } = part;
        let capabilities = channel.capabilities().clone();
        let card = Arc::new(ChannelCard { name: name.clone(), adapter, channel, capabilities });
        self.channels.insert(name, ChannelPlan { card, policy: Arc::new(policy) });
        self
    }

    /// Without the channel of this name. Its accounts keep their keys, and what waits for it waits for its return.
    #[must_use]
    pub fn without_channel(mut self, name: &ChannelName) -> Self {
        self.channels.remove(name);
        self
    }

    /// With this assistant; one of the same name is replaced.
    #[must_use]
    pub fn with_assistant(mut self, part: AssistantPart) -> Self {
        self.put(Arc::new(part));
        self
    }

    /// Without the assistant of this name.
    #[must_use]
    pub fn without_assistant(mut self, name: &AssistantName) -> Self {
        self.assistants.remove(name);
        self.needs.remove(name);
        self
    }

    /// With these limits.
    #[must_use]
    pub fn with_limits(mut self, limits: RunLimits) -> Self {
        self.limits = limits;
        self
    }

    /// The channel of this name, to be changed and put back.
    pub fn channel(&self, name: &ChannelName) -> Option<ChannelPart> {
        self.channels.get(name).map(ChannelPlan::part)
    }

    /// All channels, by name.
    pub fn channels(&self) -> impl Iterator<Item = ChannelPart> {
        self.channels.values().map(ChannelPlan::part)
    }

    /// All assistants, by name.
    pub fn assistants(&self) -> impl Iterator<Item = &AssistantPart> {
        self.assistants.values().map(Arc::as_ref)
    }

    /// Its limits.
    pub fn limits(&self) -> RunLimits {
        self.limits
    }

    /// Everything because of which it cannot be run.
    pub fn problems(&self) -> Vec<BlueprintProblem> {
        let mut problems = Vec::new();
        let mut problem = |path: String, what: String| problems.push(BlueprintProblem { path, what });
        if self.channels.is_empty() {
            let what = "none is configured, so no message could reach the bot; add one";
            problem("channels".to_owned(), what.to_owned());
        }
        let known = self.assistants.keys().map(AssistantName::as_str).collect::<Vec<_>>().join(", ");
        let known = if known.is_empty() { "there are none".to_owned() } else { format!("known: {known}") };
        for (name, plan) in &self.channels {
            let policy = &plan.policy;
            let of_groups =
                policy.group.iter().filter_map(|(chat, group)| Some((Some(chat), group.assistant.as_ref()?)));
            for (chat, assistant) in std::iter::once((None, &policy.assistant)).chain(of_groups) {
                if !self.assistants.contains_key(assistant) {
                    let of_group = chat.map(|chat| format!(".group.{:?}", chat.as_str())).unwrap_or_default();
                    let path = format!("channels.{name}{of_group}.assistant");
                    problem(path, format!("unknown assistant {:?}; {known}", assistant.as_str()));
                }
            }
        }
        for (name, part) in &self.assistants {
            if part.timeout.is_zero() {
                let what = "without any time it could never answer; raise the timeout";
                problem(format!("assistants.{name}.timeout"), what.to_owned());
            }
            if part.turns_max == 0 {
                let what = "it must work on at least one turn";
                problem(format!("assistants.{name}.turns_max"), what.to_owned());
            }
        }
        problems
    }

    pub(crate) fn plans(&self) -> &BTreeMap<ChannelName, ChannelPlan> {
        &self.channels
    }

    pub(crate) fn plan(&self, channel: &ChannelName) -> Option<&ChannelPlan> {
        self.channels.get(channel)
    }

    /// The assistant of this name, as turns hold on to it.
    pub(crate) fn assistant(&self, name: &AssistantName) -> Option<&Arc<AssistantPart>> {
        self.assistants.get(name)
    }

    pub(crate) fn assistant_parts(&self) -> impl Iterator<Item = &Arc<AssistantPart>> {
        self.assistants.values()
    }

    pub(crate) fn needs(&self) -> &HashMap<AssistantName, Needs> {
        &self.needs
    }

    fn put(&mut self, part: Arc<AssistantPart>) {
        self.needs.insert(part.name.clone(), part.assistant.needs());
        self.assistants.insert(part.name.clone(), part);
    }
}

/// Names only: the parts themselves show nothing.
impl fmt::Debug for Blueprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Blueprint")
            .field("channels", &self.channels.keys().collect::<Vec<_>>())
            .field("assistants", &self.assistants.keys().collect::<Vec<_>>())
            .field("limits", &self.limits)
            .finish_non_exhaustive()
    }
}

impl ChannelPlan {
    /// The channel's name.
    pub fn name(&self) -> &ChannelName {
        &self.card.name
    }

    fn part(&self) -> ChannelPart {
        let card = &self.card;
        ChannelPart {
            name: card.name.clone(),
            adapter: card.adapter.clone(),
            channel: Arc::clone(&card.channel),
            policy: ChannelPolicy::clone(&self.policy),
        }
    }
}

impl ChannelCard {
    /// Whether it is the same adapter, so that its connections go on.
    pub(crate) fn is(&self, other: &Self) -> bool {
        self.name == other.name && self.adapter == other.adapter && Arc::ptr_eq(&self.channel, &other.channel)
    }
}

#[cfg(test)]
mod tests;

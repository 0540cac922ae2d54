//! What another blueprint changes, part by part.

use super::{AssistantPart, Blueprint, ChannelPlan, RunLimits};
use greenroom_contract::ids::{AssistantName, ChannelName};
use greenroom_contract::policy::ChannelPolicy;
use std::fmt;
use std::sync::Arc;

/// One difference between two blueprints. Its text says what it means.
#[derive(Clone)]
#[non_exhaustive]
pub enum Change {
    /// There was none of this name.
    AssistantAdded(Arc<AssistantPart>),
    /// Turns that begin from now on are its own; those under way end with the one before.
    AssistantReplaced(Arc<AssistantPart>),
    /// There was none of this name.
    ChannelAdded(ChannelPlan),
    /// Another adapter: its connections are made again.
    ChannelReplaced(ChannelPlan),
    /// The same adapter with another policy, which holds from the next message on.
    PolicyChanged {
        /// Of which channel.
        channel: ChannelName,
        /// What holds now.
        policy: Arc<ChannelPolicy>,
    },
    /// Sends under way end; what waits for it waits for its return.
    ChannelRemoved(ChannelName),
    /// Turns under way end with it.
    AssistantRemoved(AssistantName),
    /// Other limits.
    LimitsChanged(RunLimits),
}

/// What takes one blueprint to the other, in the order of their names: what answers first, then what brings messages,
/// then what is not needed any more. Empty if nothing changes.
pub fn diff(old: &Blueprint, new: &Blueprint) -> Vec<Change> {
    let mut changes = Vec::new();
    for (name, part) in &new.assistants {
        match old.assistants.get(name) {
            None => changes.push(Change::AssistantAdded(Arc::clone(part))),
            Some(before) if !same(before, part) => changes.push(Change::AssistantReplaced(Arc::clone(part))),
            Some(_) => {}
        }
    }
    for (name, plan) in &new.channels {
        match old.channels.get(name) {
            None => changes.push(Change::ChannelAdded(plan.clone())),
            Some(before) if !before.card.is(&plan.card) => changes.push(Change::ChannelReplaced(plan.clone())),
            Some(before) if before.policy != plan.policy => {
                changes.push(Change::PolicyChanged { channel: name.clone(), policy: Arc::clone(&plan.policy) });
            }
            Some(_) => {}
        }
    }
    let channels = old.channels.keys().filter(|name| !new.channels.contains_key(*name));
    changes.extend(channels.cloned().map(Change::ChannelRemoved));
    let assistants = old.assistants.keys().filter(|name| !new.assistants.contains_key(*name));
    changes.extend(assistants.cloned().map(Change::AssistantRemoved));
    if old.limits != new.limits {
        changes.push(Change::LimitsChanged(new.limits));
    }
    changes
}

fn same(one: &AssistantPart, other: &AssistantPart) -> bool {
    Arc::ptr_eq(&one.assistant, &other.assistant) && one.turns_max == other.turns_max && one.timeout == other.timeout
}

impl Blueprint {
    /// This one with these changes. What they do not name stays the very same part.
    #[must_use]
    pub(crate) fn apply(&self, changes: &[Change]) -> Self {
        changes.iter().cloned().fold(self.clone(), |mut blueprint, change| {
            match change {
                Change::AssistantAdded(part) | Change::AssistantReplaced(part) => blueprint.put(part),
                Change::ChannelAdded(plan) | Change::ChannelReplaced(plan) => {
                    blueprint.channels.insert(plan.card.name.clone(), plan);
                }
                Change::PolicyChanged { channel, policy } => {
                    if let Some(plan) = blueprint.channels.get_mut(&channel) {
                        plan.policy = policy;
                    }
                }
                Change::ChannelRemoved(name) => return blueprint.without_channel(&name),
                Change::AssistantRemoved(name) => return blueprint.without_assistant(&name),
                Change::LimitsChanged(limits) => blueprint.limits = limits,
            }
            blueprint
        })
    }
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AssistantAdded(part) => write!(f, "assistant {}: added", part.name),
            Self::AssistantReplaced(part) => write!(f, "assistant {}: replaced", part.name),
            Self::AssistantRemoved(name) => write!(f, "assistant {name}: removed"),
            Self::ChannelAdded(plan) => write!(f, "channel {}: added, with {}", plan.card.name, plan.card.adapter),
            Self::ChannelReplaced(plan) => {
                write!(f, "channel {}: replaced, with {}", plan.card.name, plan.card.adapter)
            }
            Self::PolicyChanged { channel, .. } => write!(f, "channel {channel}: another policy"),
            Self::ChannelRemoved(name) => write!(f, "channel {name}: removed"),
            Self::LimitsChanged(_) => f.write_str("limits: changed"),
        }
    }
}

impl fmt::Debug for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

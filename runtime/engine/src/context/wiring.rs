//! What holds now: the blueprint, and the allow-lists that belong to it. Replaced as one, so that no message is
//! judged by the policy of one and the list of another.

use crate::decide::admission::Admission;
use crate::decide::blueprint::{Blueprint, ChannelCard, ChannelPlan};
use crate::decide::gate::Gate;
use greenroom_contract::message::Sender;
use greenroom_contract::outbound::Route;
use greenroom_contract::policy::{ChannelPolicy, OutboundMode};
use greenroom_contract::store::StoredEntry;
use greenroom_contract::trace::Ignored;
use std::sync::Arc;

/// A blueprint with its allow-lists. Never changes; a turn keeps the one that it began with.
#[derive(Debug, Default)]
pub(crate) struct Wiring {
    pub(crate) blueprint: Arc<Blueprint>,
    pub(crate) admission: Admission,
}

impl Wiring {
    /// A blueprint with the stored entries of its channels and their accounts.
    pub(crate) fn new(blueprint: Arc<Blueprint>, stored: &[StoredEntry]) -> Self {
        let policies = blueprint.plans().iter().map(|(name, plan)| (name, &plan.policy));
        let admission = Admission::new(policies, stored);
        Self { blueprint, admission }
    }

    /// The channel of an account as it is planned now; `None` if it was removed.
    pub(crate) fn plan(&self, channel: &ChannelCard) -> Option<&ChannelPlan> {
        self.blueprint.plan(&channel.name)
    }

    /// Its policy.
    pub(crate) fn policy(&self, channel: &ChannelCard) -> Option<&Arc<ChannelPolicy>> {
        self.plan(channel).map(|plan| &plan.policy)
    }

    /// Why nothing may be shown to or sent to this person there at this moment; `None` if it may. A channel that was removed
    /// just now lets its sends under way end.
    pub(crate) fn forbids(&self, channel: &ChannelCard, route: &Route, person: &Sender) -> Option<Ignored> {
        if self.policy(channel)?.outbound == OutboundMode::Off {
            return Some(Ignored::ListenOnly);
        }
        let admitted = self.admission.admits(&channel.name, &route.account, &route.chat, &route.kind, person);
        admitted.err().map(|_| Ignored::NoLongerAdmitted)
    }

    /// The gate of a channel; `None` if it was removed.
    pub(crate) fn gate<'a>(&'a self, channel: &'a ChannelCard) -> Option<Gate<'a>> {
        let policy = self.policy(channel)?;
        Some(Gate { admission: &self.admission, channel: &channel.name, policy, assistants: self.blueprint.needs() })
    }
}

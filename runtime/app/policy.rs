//! Whom a channel of one's own admits, written in a line.

use crate::config::Problem;
use greenroom_contract::address::AllowEntry;
use greenroom_contract::ids::{AssistantName, ChannelName};
use greenroom_contract::policy::{Busy, ChannelPolicy, GroupMode, OutboundMode, Rates};

/// The policy of a channel that a program adds: `Policy::allow(["+15551234567"]).assistant("shout")`.
///
/// Nothing is checked here. [`Builder::build`](crate::Builder::build) names every entry that is not an address,
/// together with all other problems. Whatever has no method here is a field of [`ChannelPolicy`]: [`Policy::with`].
#[must_use]
#[derive(Default)]
pub struct Policy {
    /// `None`: the only assistant there is.
    assistant: Option<String>,
    allow_from: Vec<String>,
    changes: Vec<Change>,
}

type Change = Box<dyn FnOnce(&mut ChannelPolicy) + Send>;

impl Policy {
    /// Admits these people: addresses such as `+15551234567`, groups such as `group:ID`, or `*` for all. An empty list
    /// admits no one. Answered by the only assistant there is, unless [`Policy::assistant`] names one.
    pub fn allow<E: Into<String>>(entries: impl IntoIterator<Item = E>) -> Self {
        Self { allow_from: entries.into_iter().map(Into::into).collect(), ..Self::default() }
    }

    /// Who answers.
    pub fn assistant(mut self, name: impl Into<String>) -> Self {
        self.assistant = Some(name.into());
        self
    }

    /// When the bot speaks in groups; only when it is addressed, unless it is said here.
    pub fn groups(self, mode: GroupMode) -> Self {
        self.with(move |policy| policy.groups = mode)
    }

    /// Names by which the bot is called in a group.
    pub fn names<N: Into<String>>(self, names: impl IntoIterator<Item = N>) -> Self {
        let names: Vec<String> = names.into_iter().map(Into::into).collect();
        self.with(move |policy| policy.names = names)
    }

    /// What happens to messages that arrive while a turn runs.
    pub fn busy(self, busy: Busy) -> Self {
        self.with(move |policy| policy.busy = busy)
    }

    /// How many turns a person and a group may have.
    pub fn rates(self, rates: Rates) -> Self {
        self.with(move |policy| policy.rates = rates)
    }

    /// Only listens: nothing is ever sent.
    pub fn listen_only(self) -> Self {
        self.with(|policy| policy.outbound = OutboundMode::Off)
    }

    /// Changes any other field, after everything that was said before.
    pub fn with(mut self, change: impl FnOnce(&mut ChannelPolicy) + Send + 'static) -> Self {
        self.changes.push(Box::new(change));
        self
    }

    /// The policy of this channel; `None` after a problem was noted. `known` are the assistants there are.
    pub(crate) fn resolved(
        self,
        channel: &ChannelName,
        known: &[&AssistantName],
        problems: &mut Vec<Problem>,
    ) -> Option<ChannelPolicy> {
        let noted = problems.len();
        let mut problem = |key: &str, what| problems.push(Problem::new(format!("channels.{channel}.{key}"), what));
        let named = match (self.assistant, known) {
            (Some(name), _) => AssistantName::new(name).map_err(|error| error.to_string()),
            (None, [only]) => Ok((*only).clone()),
            (None, []) => Err("no assistant was added that could answer".to_owned()),
            (None, several) => {
                let names: Vec<&str> = several.iter().map(|name| name.as_str()).collect();
                Err(format!("several assistants could answer ({}); name one", names.join(", ")))
            }
        };
        let mut allow_from = Vec::new();
        for entry in self.allow_from {
            match entry.parse::<AllowEntry>() {
                Ok(entry) => allow_from.push(entry),
                Err(error) => problem("allow_from", error.to_string()),
            }
        }
        let named = named.map_err(|what| problem("assistant", what)).ok()?;
        if problems.len() > noted {
            return None;
        }
        let mut policy = ChannelPolicy::new(named);
        policy.allow_from = allow_from;
        self.changes.into_iter().for_each(|change| change(&mut policy));
        Some(policy)
    }
}

impl From<ChannelPolicy> for Policy {
    fn from(policy: ChannelPolicy) -> Self {
        Self::default().assistant(policy.assistant.as_str()).with(move |whole| *whole = policy)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resolved(policy: Policy, known: &[&str]) -> Result<ChannelPolicy, Vec<String>> {
        let known: Vec<AssistantName> = known.iter().map(|name| name.parse().unwrap()).collect();
        let known: Vec<&AssistantName> = known.iter().collect();
        let mut problems = Vec::new();
        let policy = policy.resolved(&"front".parse().unwrap(), &known, &mut problems);
        policy.ok_or_else(|| problems.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn the_only_assistant_answers_unless_another_one_is_named() {
        let policy = Policy::allow(["+1 (555) 123-4567"]).names(["bot"]).with(|policy| policy.rates = Rates::UNLIMITED);
        let policy = resolved(policy, &["shout"]).unwrap();
        assert_eq!((policy.assistant.as_str(), policy.rates), ("shout", Rates::UNLIMITED));
        assert_eq!((policy.allow_from, policy.names), (vec!["+15551234567".parse().unwrap()], vec!["bot".to_owned()]));
        let other = resolved(Policy::allow(["*"]).assistant("other"), &["shout"]).unwrap();
        assert_eq!(other.assistant.as_str(), "other");
    }

    #[test]
    fn every_problem_is_named() {
        let found = resolved(Policy::allow(["15551234567", "*", "ana"]), &["one", "two"]).unwrap_err();
        assert_eq!(found.len(), 3, "{found:?}");
        assert!(found[0].contains("channels.front.allow_from") && found[0].contains("E.164"), "{found:?}");
        assert!(found[2].contains("(one, two); name one"), "{found:?}");
        assert!(resolved(Policy::allow(["*"]), &[]).unwrap_err()[0].contains("no assistant was added"));
        assert!(resolved(Policy::allow(["*"]).assistant(""), &["one"]).is_err());
    }

    #[test]
    fn a_whole_policy_stays_as_it_is() {
        let mut whole = ChannelPolicy::new("helper".parse().unwrap());
        whole.allow_from = vec!["*".parse().unwrap()];
        assert_eq!(resolved(whole.clone().into(), &["shout"]).unwrap(), whole);
        whole.busy = Busy::Collect;
        let changed = Policy::from(ChannelPolicy { busy: Busy::Queue, ..whole.clone() }).busy(Busy::Collect);
        assert_eq!(resolved(changed, &["shout"]).unwrap(), whole);
    }
}

//! Which rule admits or refuses a person or a group, and where it comes from. Asked of the same [`Admission`] that guards
//! what comes in and what is sent. Pure.

use crate::decide::admission::{Admission, EntryOrigin, Grant, GroupRule};
use greenroom_contract::address::{self, Address, Likeness};
use greenroom_contract::ids::{AccountId, ChannelName, ChatId, SenderId};
use greenroom_contract::limits;
use greenroom_contract::message::Sender;
use greenroom_contract::policy::OutboundMode;
use greenroom_contract::store::ListScope;
use greenroom_contract::time::Timestamp;
use greenroom_contract::trace::Ignored;

/// Who is asked about: a person, a group, or a person in a group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Asked<'a> {
    /// The addresses of the person, that which was asked about first; none where a group is asked about.
    pub(crate) addresses: &'a [Address],
    /// The group.
    pub(crate) group: Option<&'a ChatId>,
}

/// What is so in one account, or in a channel without one.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Access {
    /// The channel.
    pub channel: ChannelName,
    /// The account; `None` for a channel that has none.
    pub account: Option<AccountId>,
    /// Why they are refused; `None` if they are admitted.
    pub refused: Option<Ignored>,
    /// The addresses by which the person is known here; empty for a group.
    pub known_as: Vec<Address>,
    /// The rules that say so, the one that decides first; empty where no entry names them.
    pub rules: Vec<AccessRule>,
    /// The entry that may have been meant, where none names them.
    pub nearest: Option<(Address, Likeness)>,
}

/// One rule.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct AccessRule {
    /// An entry such as `+15551234567`, or a key with its value such as `outbound = "off"`.
    pub rule: String,
    /// Where it was written.
    pub origin: RuleOrigin,
}

/// Where a rule was written.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum RuleOrigin {
    /// In the configuration.
    Configuration {
        /// The key, with dots.
        key: String,
    },
    /// Stored, by a command, the portal or the API.
    Added {
        /// Where it holds.
        scope: ListScope,
        /// By whom.
        by: String,
        /// When.
        at: Timestamp,
    },
}

/// What is so in an account of a channel; `None` if there is no such channel.
pub(crate) fn explain(
    admission: &Admission,
    channel: &ChannelName,
    account: Option<&AccountId>,
    asked: &Asked<'_>,
) -> Option<Access> {
    let policy = admission.policy(channel)?;
    let outcome = judged(admission, channel, account, asked);
    let outcome = match outcome {
        Ok(_) if policy.outbound == OutboundMode::Off => Err(Ignored::ListenOnly),
        other => other,
    };
    let place = Place { channel, account };
    let rules = match &outcome {
        Ok(rules) => rules.iter().map(|grant| place.rule_of(grant)).collect(),
        Err(Ignored::ListenOnly) => vec![place.key("outbound", "outbound = \"off\"".to_owned())],
        Err(Ignored::NobodyAdmitted) => vec![place.key("allow_from", "allow_from = []".to_owned())],
        Err(_) => asked.group.map(|group| place.of_group(admission, group)).unwrap_or_default(),
    };
    let people = admission.people(channel, account);
    let near = asked.addresses.iter().filter_map(|one| address::nearest(one, &people));
    Some(Access {
        channel: channel.clone(),
        account: account.cloned(),
        nearest: near.min_by_key(|(_, likeness)| *likeness).filter(|_| outcome.is_err()),
        refused: outcome.err(),
        known_as: asked.addresses.to_vec(),
        rules,
    })
}

/// The entries that admit, or why none does.
fn judged(
    admission: &Admission,
    channel: &ChannelName,
    account: Option<&AccountId>,
    asked: &Asked<'_>,
) -> Result<Vec<Grant>, Ignored> {
    let addresses = asked.addresses.to_vec();
    let id = addresses.first().map_or_else(|| "group".to_owned(), ToString::to_string);
    // An address is short enough for an id, and has no character that an id has not.
    let sender = Sender { id: SenderId::new(id).map_err(|_| Ignored::NobodyAdmitted)?, addresses, name: None };
    let is_group_only = asked.addresses.is_empty();
    match (admission.grant(channel, account, asked.group, &sender), asked.group) {
        // A group is let in as a place; each person there needs an entry all the same.
        (Ok(_) | Err(Ignored::PhoneUnknown { .. } | Ignored::Stranger { .. }), Some(group)) if is_group_only => {
            match admission.group(channel, account, group) {
                Some(GroupRule::Listed(grant)) => Ok(vec![grant]),
                _ => Ok(Vec::new()),
            }
        }
        (Ok(_), _) => Ok(admission.grants(channel, account, asked.addresses)),
        (Err(reason), _) => Err(reason),
    }
}

/// Where something is looked at.
struct Place<'a> {
    channel: &'a ChannelName,
    account: Option<&'a AccountId>,
}

impl Place<'_> {
    fn key(&self, key: &str, rule: String) -> AccessRule {
        AccessRule { rule, origin: RuleOrigin::Configuration { key: format!("channels.{}.{key}", self.channel) } }
    }

    fn rule_of(&self, grant: &Grant) -> AccessRule {
        let rule = grant.entry.to_string();
        let (scope, added) = match (&grant.origin, self.account) {
            (EntryOrigin::Channel(added), _) => (ListScope::Channel(self.channel.clone()), added),
            (EntryOrigin::Account(added), Some(account)) => (ListScope::Account(account.clone()), added),
            (EntryOrigin::Account(_) | EntryOrigin::Configuration, _) => return self.key("allow_from", rule),
        };
        AccessRule { rule, origin: RuleOrigin::Added { scope, by: added.by.to_string(), at: added.at } }
    }

    /// What keeps a group out.
    fn of_group(&self, admission: &Admission, group: &ChatId) -> Vec<AccessRule> {
        let own = |key: &str| format!("group.\"{group}\".{key}");
        match admission.group(self.channel, self.account, group) {
            Some(GroupRule::Off { of_group: true }) => vec![self.key(&own("mode"), "mode = \"never\"".to_owned())],
            Some(GroupRule::Off { of_group: false }) => vec![self.key("groups", "groups = \"never\"".to_owned())],
            Some(GroupRule::Unlisted(others)) if others.is_empty() => {
                vec![self.key(&own("admit"), "admit = false".to_owned())]
            }
            Some(GroupRule::Unlisted(mut others)) => {
                others.sort_by_key(|grant| grant.entry.to_string());
                others.iter().take(limits::RULES_SHOWN_MAX).map(|grant| self.rule_of(grant)).collect()
            }
            _ => Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests;

//! Who is admitted: one snapshot, used when a message arrives and again just before a send. Pure.
//!
//! The effective list is the union of the entries of the configuration, those stored for the
//! channel and those stored for the account, each with its origin.

use crate::decide::spelling::spellings;
use greenroom_contract::address::{Address, AllowEntry};
use greenroom_contract::ids::{AccountId, ChannelName, ChatId};
use greenroom_contract::message::{Chat, Sender};
use greenroom_contract::policy::{ChannelPolicy, GroupMode};
use greenroom_contract::store::{ListScope, StoredEntry};
use greenroom_contract::time::Timestamp;
use greenroom_contract::trace::Ignored;
use std::collections::HashMap;
use std::sync::Arc;

/// Where an entry comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum EntryOrigin {
    /// The configuration; read-only while running.
    Configuration,
    /// Stored for the channel.
    Channel(Added),
    /// Stored for the account.
    Account(Added),
}

/// Who added a stored entry, and when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Added {
    pub(crate) by: Arc<str>,
    pub(crate) at: Timestamp,
}

impl EntryOrigin {
    fn words(&self) -> &'static str {
        match self {
            Self::Configuration => "configuration",
            Self::Channel(_) => "stored for the channel",
            Self::Account(_) => "stored for the account",
        }
    }
}

/// An entry, and where it comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Grant {
    pub(crate) entry: AllowEntry,
    pub(crate) origin: EntryOrigin,
}

/// What lets a group take part, or keeps it out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum GroupRule {
    /// An entry of the list names it.
    Listed(Grant),
    /// The configuration says so of this group (`admit`).
    Exception,
    /// No entry names any group, so all of them take part.
    Open,
    /// The bot does not speak there (`groups` or `mode` is `never`); whether that is said of this group only.
    Off {
        /// Whether it is said of this group only.
        of_group: bool,
    },
    /// Entries name other groups only: these.
    Unlisted(Vec<Grant>),
}

impl GroupRule {
    fn check(&self) -> Result<(), Ignored> {
        match self {
            Self::Listed(_) | Self::Exception | Self::Open => Ok(()),
            Self::Off { .. } => Err(Ignored::GroupsOff),
            Self::Unlisted(_) => Err(Ignored::GroupNotAdmitted),
        }
    }
}

/// The entries of one channel or account.
#[derive(Debug, Clone, Default)]
struct List {
    everybody: Option<EntryOrigin>,
    people: HashMap<Address, EntryOrigin>,
    groups: HashMap<ChatId, EntryOrigin>,
}

impl List {
    fn add(&mut self, entry: &AllowEntry, origin: EntryOrigin) {
        match entry {
            AllowEntry::Everybody => {
                self.everybody.get_or_insert(origin);
            }
            AllowEntry::Person(address) => {
                self.people.entry(address.clone()).or_insert(origin);
            }
            AllowEntry::Group(chat) => {
                self.groups.entry(chat.clone()).or_insert(origin);
            }
        }
    }

    /// The entry for an address, in whichever spelling it was written.
    fn person(&self, address: &Address) -> Option<Grant> {
        let found = |address: Address| {
            let origin = self.people.get(&address)?.clone();
            Some(Grant { entry: AllowEntry::Person(address), origin })
        };
        found(address.clone()).or_else(|| spellings(address).into_iter().find_map(found))
    }

    fn all(&self) -> Option<Grant> {
        self.everybody.clone().map(|origin| Grant { entry: AllowEntry::Everybody, origin })
    }

    fn group(&self, chat: &ChatId) -> Option<Grant> {
        self.groups.get(chat).map(|origin| Grant { entry: AllowEntry::Group(chat.clone()), origin: origin.clone() })
    }

    fn admits_nobody(&self) -> bool {
        self.everybody.is_none() && self.people.is_empty()
    }
}

/// Everything that admission depends on, at one moment.
#[derive(Debug, Default)]
pub(crate) struct Admission {
    channels: HashMap<ChannelName, (Arc<ChannelPolicy>, List)>,
    accounts: HashMap<AccountId, List>,
}

impl Admission {
    /// Puts the configured policies and the stored entries together.
    pub(crate) fn new<'a>(
        policies: impl Iterator<Item = (&'a ChannelName, &'a Arc<ChannelPolicy>)>,
        stored: &[StoredEntry],
    ) -> Self {
        let mut snapshot = Self::default();
        for (name, policy) in policies {
            let mut list = List::default();
            policy.allow_from.iter().for_each(|entry| list.add(entry, EntryOrigin::Configuration));
            snapshot.channels.insert(name.clone(), (Arc::clone(policy), list));
        }
        for row in stored {
            let added = Added { by: row.by.as_str().into(), at: row.at };
            match &row.scope {
                ListScope::Channel(name) => {
                    if let Some((_, list)) = snapshot.channels.get_mut(name) {
                        list.add(&row.entry, EntryOrigin::Channel(added));
                    }
                }
                ListScope::Account(account) => {
                    let list = snapshot.accounts.entry(account.clone()).or_default();
                    list.add(&row.entry, EntryOrigin::Account(added));
                }
            }
        }
        snapshot
    }

    /// Whether anybody at all may talk to this account, or to a new one.
    pub(crate) fn admits_somebody(&self, channel: &ChannelName, account: Option<&AccountId>) -> bool {
        self.lists(channel, account).any(|list| !list.admits_nobody())
    }

    /// Whether an entry admits everybody, whatever is known of them.
    pub(crate) fn admits_everybody(&self, channel: &ChannelName, account: &AccountId) -> bool {
        self.lists(channel, Some(account)).any(|list| list.everybody.is_some())
    }

    /// The first of these addresses that an entry for a person names.
    pub(crate) fn listed<'a>(
        &self,
        channel: &ChannelName,
        account: &AccountId,
        addresses: &'a [Address],
    ) -> Option<&'a Address> {
        let lists = || self.lists(channel, Some(account));
        addresses.iter().find(|address| lists().any(|list| list.person(address).is_some()))
    }

    /// The phone numbers that entries for people name, in order.
    pub(crate) fn numbers(&self, channel: &ChannelName, account: &AccountId) -> Vec<Address> {
        let people = self.lists(channel, Some(account)).flat_map(|list| list.people.keys());
        let mut numbers: Vec<Address> =
            people.filter(|address| address.namespace() == Address::PHONE).cloned().collect();
        numbers.sort();
        numbers.dedup();
        numbers
    }

    /// Whether this person may talk to us in this chat. `Ok` names the entry and its origin.
    pub(crate) fn admits(
        &self,
        channel: &ChannelName,
        account: &AccountId,
        chat: &ChatId,
        kind: &Chat,
        sender: &Sender,
    ) -> Result<String, Ignored> {
        let grant = self.grant(channel, Some(account), kind.is_group().then_some(chat), sender)?;
        Ok(format!("{} ({})", grant.entry, grant.origin.words()))
    }

    /// The same: the entry that admits them, in a group or in a direct chat; without an account, as for a new one.
    pub(crate) fn grant(
        &self,
        channel: &ChannelName,
        account: Option<&AccountId>,
        group: Option<&ChatId>,
        sender: &Sender,
    ) -> Result<Grant, Ignored> {
        if !self.admits_somebody(channel, account) || self.policy(channel).is_none() {
            return Err(Ignored::NobodyAdmitted);
        }
        if let Some(chat) = group {
            self.group(channel, account, chat).map_or(Err(Ignored::NobodyAdmitted), |rule| rule.check())?;
        }
        self.grants(channel, account, &sender.addresses).into_iter().next().ok_or_else(|| stranger(sender))
    }

    /// Every entry that admits a person with these addresses, the one that decides first.
    pub(crate) fn grants(
        &self,
        channel: &ChannelName,
        account: Option<&AccountId>,
        addresses: &[Address],
    ) -> Vec<Grant> {
        let lists: Vec<&List> = self.lists(channel, account).collect();
        let named = lists.iter().flat_map(|list| addresses.iter().filter_map(|address| list.person(address)));
        named.chain(lists.iter().filter_map(|list| list.all())).collect()
    }

    /// What is said of a group; `None` if there is no such channel.
    pub(crate) fn group(&self, channel: &ChannelName, account: Option<&AccountId>, chat: &ChatId) -> Option<GroupRule> {
        let exception = self.policy(channel)?.group.get(chat);
        let mode = exception.and_then(|group| group.mode);
        if mode.unwrap_or(self.policy(channel)?.groups) == GroupMode::Never {
            return Some(GroupRule::Off { of_group: mode.is_some() });
        }
        let lists = || self.lists(channel, account);
        Some(match exception.and_then(|group| group.admit) {
            Some(false) => GroupRule::Unlisted(Vec::new()),
            Some(true) => GroupRule::Exception,
            None => match lists().find_map(|list| list.group(chat)) {
                Some(grant) => GroupRule::Listed(grant),
                None if lists().any(|list| !list.groups.is_empty()) => GroupRule::Unlisted(
                    lists().flat_map(|list| list.groups.keys().filter_map(|one| list.group(one))).collect(),
                ),
                None => GroupRule::Open,
            },
        })
    }

    /// The policy of a channel.
    pub(crate) fn policy(&self, channel: &ChannelName) -> Option<&Arc<ChannelPolicy>> {
        self.channels.get(channel).map(|(policy, _)| policy)
    }

    /// Every entry for a person.
    pub(crate) fn people(&self, channel: &ChannelName, account: Option<&AccountId>) -> Vec<AllowEntry> {
        let people = self.lists(channel, account).flat_map(|list| list.people.keys());
        people.cloned().map(AllowEntry::Person).collect()
    }

    /// The list of the channel, then that of the account.
    fn lists<'a>(
        &'a self,
        channel: &ChannelName,
        account: Option<&AccountId>,
    ) -> impl Iterator<Item = &'a List> + use<'a> {
        let of_channel = self.channels.get(channel).map(|(_, list)| list);
        let of_account = account.and_then(|account| self.accounts.get(account));
        of_channel.into_iter().chain(of_account)
    }
}

fn stranger(sender: &Sender) -> Ignored {
    let mut known_as: Vec<String> = sender.addresses.iter().map(ToString::to_string).collect();
    let phone_known = sender.addresses.iter().any(|address| address.namespace() == Address::PHONE);
    if known_as.is_empty() {
        known_as.push(format!("id {}", sender.id));
    }
    if phone_known { Ignored::Stranger { known_as } } else { Ignored::PhoneUnknown { known_as } }
}

#[cfg(test)]
mod tests {
    use super::*;
    use greenroom_contract::ids::{AssistantName, SenderId};
    use greenroom_contract::time::Timestamp;

    fn sender(addresses: &[&str]) -> Sender {
        let addresses = addresses.iter().map(|text| text.parse().unwrap()).collect();
        Sender { id: SenderId::new("s").unwrap(), addresses, name: None }
    }

    fn snapshot(allow: &[&str], change: impl FnOnce(&mut ChannelPolicy), stored: &[StoredEntry]) -> Admission {
        let mut policy = ChannelPolicy::new(AssistantName::new("helper").unwrap());
        policy.allow_from = allow.iter().map(|text| text.parse().unwrap()).collect();
        change(&mut policy);
        let name = ChannelName::new("front").unwrap();
        Admission::new(std::iter::once((&name, &Arc::new(policy))), stored)
    }

    fn ask(snapshot: &Admission, group: Option<&str>, addresses: &[&str]) -> Result<String, Ignored> {
        let chat = ChatId::new(group.unwrap_or("direct")).unwrap();
        let kind = group.map_or(Chat::Direct, |_| Chat::Group { title: None });
        let (channel, account) = (ChannelName::new("front").unwrap(), AccountId::new("a1").unwrap());
        snapshot.admits(&channel, &account, &chat, &kind, &sender(addresses))
    }

    #[test]
    fn any_known_address_admits_and_names_its_origin() {
        let list = snapshot(&["+15551234567"], |_| {}, &[]);
        assert_eq!(ask(&list, None, &["lid:9", "+15551234567"]).unwrap(), "+15551234567 (configuration)");
        assert!(matches!(ask(&list, None, &["+15550000000"]), Err(Ignored::Stranger { .. })));
        assert!(matches!(ask(&list, None, &["lid:9"]), Err(Ignored::PhoneUnknown { .. })));
        assert!(matches!(ask(&list, None, &[]), Err(Ignored::PhoneUnknown { .. })));
    }

    #[test]
    fn a_number_is_admitted_in_both_of_its_spellings() {
        let list = snapshot(&["+5511987654321"], |_| {}, &[]);
        assert_eq!(ask(&list, None, &["+551187654321"]).unwrap(), "+5511987654321 (configuration)");
        assert!(ask(&list, None, &["+551187654322"]).is_err());
    }

    #[test]
    fn an_empty_list_admits_nobody_and_only_a_star_means_everybody() {
        assert_eq!(ask(&snapshot(&[], |_| {}, &[]), None, &["+15551234567"]), Err(Ignored::NobodyAdmitted));
        assert_eq!(ask(&snapshot(&["*"], |_| {}, &[]), None, &[]).unwrap(), "* (configuration)");
    }

    #[test]
    fn one_group_entry_shuts_out_all_other_groups() {
        let list = snapshot(&["*", "group:g1"], |_| {}, &[]);
        assert!(ask(&list, Some("g1"), &[]).is_ok());
        assert_eq!(ask(&list, Some("g2"), &[]), Err(Ignored::GroupNotAdmitted));
        assert!(ask(&snapshot(&["*"], |_| {}, &[]), Some("g2"), &[]).is_ok());
    }

    #[test]
    fn a_group_exception_overrides_the_channel() {
        let g2 = || ChatId::new("g2").unwrap();
        let shut = |policy: &mut ChannelPolicy| {
            policy.group.entry(g2()).or_default().admit = Some(false);
        };
        assert_eq!(ask(&snapshot(&["*"], shut, &[]), Some("g2"), &[]), Err(Ignored::GroupNotAdmitted));
        let open = |policy: &mut ChannelPolicy| {
            policy.groups = GroupMode::Never;
            policy.group.entry(g2()).or_default().mode = Some(GroupMode::Mention);
        };
        assert!(ask(&snapshot(&["*"], open, &[]), Some("g2"), &[]).is_ok());
        assert_eq!(ask(&snapshot(&["*"], open, &[]), Some("g3"), &[]), Err(Ignored::GroupsOff));
    }

    #[test]
    fn a_group_never_admits_a_person() {
        let list = snapshot(&["group:g1"], |_| {}, &[]);
        assert_eq!(ask(&list, Some("g1"), &["+15551234567"]), Err(Ignored::NobodyAdmitted));
    }

    #[test]
    fn stored_entries_hold_in_their_own_scope() {
        let row =
            |scope| StoredEntry { scope, entry: "+15551234567".parse().unwrap(), by: "owner".into(), at: Timestamp(0) };
        let here = row(ListScope::Account(AccountId::new("a1").unwrap()));
        let elsewhere = row(ListScope::Account(AccountId::new("a2").unwrap()));
        assert!(ask(&snapshot(&[], |_| {}, &[here]), None, &["+15551234567"]).unwrap().contains("account"));
        assert!(ask(&snapshot(&[], |_| {}, &[elsewhere]), None, &["+15551234567"]).is_err());
    }
}

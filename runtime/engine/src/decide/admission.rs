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
use greenroom_contract::trace::Ignored;
use std::collections::HashMap;
use std::sync::Arc;

/// Where an entry comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum EntryOrigin {
    /// The configuration; read-only while running.
    Configuration,
    /// Stored for the channel.
    Channel,
    /// Stored for the account.
    Account,
}

impl EntryOrigin {
    fn words(self) -> &'static str {
        match self {
            Self::Configuration => "configuration",
            Self::Channel => "stored for the channel",
            Self::Account => "stored for the account",
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
    fn person(&self, address: &Address) -> Option<(Address, EntryOrigin)> {
        let found = |address: Address| self.people.get(&address).map(|origin| (address, *origin));
        found(address.clone()).or_else(|| spellings(address).into_iter().find_map(found))
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
            match &row.scope {
                ListScope::Channel(name) => {
                    if let Some((_, list)) = snapshot.channels.get_mut(name) {
                        list.add(&row.entry, EntryOrigin::Channel);
                    }
                }
                ListScope::Account(account) => {
                    snapshot.accounts.entry(account.clone()).or_default().add(&row.entry, EntryOrigin::Account);
                }
            }
        }
        snapshot
    }

    /// Whether anybody at all may talk to this account, or to a new one.
    pub(crate) fn admits_somebody(&self, channel: &ChannelName, account: Option<&AccountId>) -> bool {
        let of_channel = self.channels.get(channel).map(|(_, list)| list);
        let of_account = account.and_then(|account| self.accounts.get(account));
        of_channel.into_iter().chain(of_account).any(|list| !list.admits_nobody())
    }

    /// Whether an entry admits everybody, whatever is known of them.
    pub(crate) fn admits_everybody(&self, channel: &ChannelName, account: &AccountId) -> bool {
        let of_channel = self.channels.get(channel).map(|(_, list)| list);
        of_channel.into_iter().chain(self.accounts.get(account)).any(|list| list.everybody.is_some())
    }

    /// The first of these addresses that an entry for a person names.
    pub(crate) fn listed<'a>(
        &self,
        channel: &ChannelName,
        account: &AccountId,
        addresses: &'a [Address],
    ) -> Option<&'a Address> {
        let of_channel = self.channels.get(channel).map(|(_, list)| list);
        let lists = || of_channel.into_iter().chain(self.accounts.get(account));
        addresses.iter().find(|address| lists().any(|list| list.person(address).is_some()))
    }

    /// The phone numbers that entries for people name, in order.
    pub(crate) fn numbers(&self, channel: &ChannelName, account: &AccountId) -> Vec<Address> {
        let of_channel = self.channels.get(channel).map(|(_, list)| list);
        let lists = of_channel.into_iter().chain(self.accounts.get(account));
        let people = lists.flat_map(|list| list.people.keys());
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
        let Some((policy, of_channel)) = self.channels.get(channel) else { return Err(Ignored::NobodyAdmitted) };
        let of_account = self.accounts.get(account);
        let lists = || std::iter::once(of_channel).chain(of_account);
        if lists().all(List::admits_nobody) {
            return Err(Ignored::NobodyAdmitted);
        }
        if kind.is_group() {
            let exception = policy.group.get(chat);
            if exception.and_then(|group| group.mode).unwrap_or(policy.groups) == GroupMode::Never {
                return Err(Ignored::GroupsOff);
            }
            let listed = lists().any(|list| list.groups.contains_key(chat));
            let any_listed = lists().any(|list| !list.groups.is_empty());
            match exception.and_then(|group| group.admit) {
                Some(false) => return Err(Ignored::GroupNotAdmitted),
                None if any_listed && !listed => return Err(Ignored::GroupNotAdmitted),
                _ => {}
            }
        }
        for list in lists() {
            for address in &sender.addresses {
                if let Some((entry, origin)) = list.person(address) {
                    return Ok(format!("{entry} ({})", origin.words()));
                }
            }
        }
        if let Some(origin) = lists().find_map(|list| list.everybody) {
            return Ok(format!("* ({})", origin.words()));
        }
        Err(stranger(sender))
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

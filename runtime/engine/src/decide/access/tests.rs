use super::*;
use greenroom_contract::message::Chat;
use greenroom_contract::policy::{ChannelPolicy, GroupMode, GroupPolicy};
use greenroom_contract::store::StoredEntry;
use proptest::prelude::*;
use std::sync::Arc;

const ANA: &str = "+12025550123";

fn front() -> ChannelName {
    "front".parse().unwrap()
}

fn one() -> AccountId {
    "acc-1".parse().unwrap()
}

fn stored(scope: ListScope, entry: &str) -> StoredEntry {
    StoredEntry { scope, entry: entry.parse().unwrap(), by: "olga".to_owned(), at: Timestamp(7) }
}

fn admission(allow: &[&str], change: impl FnOnce(&mut ChannelPolicy), stored: &[StoredEntry]) -> Admission {
    let mut policy = ChannelPolicy::new("helper".parse().unwrap());
    policy.allow_from = allow.iter().map(|text| text.parse().unwrap()).collect();
    change(&mut policy);
    Admission::new(std::iter::once((&front(), &Arc::new(policy))), stored)
}

fn asked(admission: &Admission, addresses: &[&str], group: Option<&str>) -> Access {
    let addresses: Vec<Address> = addresses.iter().map(|text| text.parse().unwrap()).collect();
    let group = group.map(|chat| chat.parse().unwrap());
    let question = Asked { addresses: &addresses, group: group.as_ref() };
    explain(admission, &front(), Some(&one()), &question).unwrap()
}

fn rules(access: &Access) -> Vec<(&str, String)> {
    let origin = |origin: &RuleOrigin| match origin {
        RuleOrigin::Configuration { key } => key.clone(),
        RuleOrigin::Added { scope: ListScope::Channel(name), by, at } => format!("{name} by {by} at {}", at.0),
        RuleOrigin::Added { scope: ListScope::Account(account), by, .. } => format!("{account} by {by}"),
    };
    access.rules.iter().map(|rule| (rule.rule.as_str(), origin(&rule.origin))).collect()
}

#[test]
fn every_entry_that_admits_is_named_with_where_it_was_written() {
    let of_account = stored(ListScope::Account(one()), ANA);
    let of_channel = stored(ListScope::Channel(front()), "*");
    let list = admission(&[ANA], |_| {}, &[of_account.clone(), of_channel]);
    let found = asked(&list, &[ANA], None);
    assert_eq!(found.refused, None);
    let expected = [
        (ANA, "channels.front.allow_from".to_owned()),
        (ANA, "acc-1 by olga".to_owned()),
        ("*", "front by olga at 7".to_owned()),
    ];
    assert_eq!(rules(&found), expected);
    assert_eq!(found.nearest, None, "nothing else was meant");
    let only = admission(&[], |_| {}, &[of_account]);
    assert_eq!(rules(&asked(&only, &[ANA], None)), [(ANA, "acc-1 by olga".to_owned())]);
}

#[test]
fn a_stranger_comes_with_the_nearest_entry_and_an_empty_list_with_its_key() {
    let list = admission(&["+12025550124"], |_| {}, &[]);
    let found = asked(&list, &[ANA], None);
    assert!(matches!(found.refused, Some(Ignored::Stranger { .. })), "{found:?}");
    assert_eq!(found.nearest, Some(("+12025550124".parse().unwrap(), Likeness::OneOff)));
    assert!(found.rules.is_empty());
    let empty = asked(&admission(&[], |_| {}, &[]), &[ANA], None);
    assert_eq!(empty.refused, Some(Ignored::NobodyAdmitted));
    assert_eq!(rules(&empty), [("allow_from = []", "channels.front.allow_from".to_owned())]);
}

#[test]
fn a_channel_that_only_listens_refuses_those_whom_its_list_admits() {
    let listens = |policy: &mut ChannelPolicy| policy.outbound = OutboundMode::Off;
    let found = asked(&admission(&[ANA], listens, &[]), &[ANA], None);
    assert_eq!(found.refused, Some(Ignored::ListenOnly));
    assert_eq!(rules(&found), [("outbound = \"off\"", "channels.front.outbound".to_owned())]);
}

#[test]
fn a_group_is_told_by_the_rule_that_keeps_it_out() {
    let said = |change: fn(&mut ChannelPolicy), allow: &[&str]| {
        let found = asked(&admission(allow, change, &[]), &[], Some("g1"));
        (
            found.refused.clone(),
            rules(&found).into_iter().map(|(rule, key)| format!("{rule} in {key}")).collect::<Vec<_>>(),
        )
    };
    assert_eq!(said(|_| {}, &["*"]), (None, vec![]));
    assert_eq!(said(|_| {}, &["*", "group:g1"]), (None, vec!["group:g1 in channels.front.allow_from".to_owned()]));
    assert_eq!(
        said(|_| {}, &["*", "group:g2"]),
        (Some(Ignored::GroupNotAdmitted), vec!["group:g2 in channels.front.allow_from".to_owned()])
    );
    assert_eq!(
        said(|policy| policy.groups = GroupMode::Never, &["*"]),
        (Some(Ignored::GroupsOff), vec!["groups = \"never\" in channels.front.groups".to_owned()])
    );
    let own = |policy: &mut ChannelPolicy| {
        let shut = GroupPolicy { admit: Some(false), ..GroupPolicy::default() };
        policy.group.insert("g1".parse().unwrap(), shut);
    };
    let key = "admit = false in channels.front.group.\"g1\".admit".to_owned();
    assert_eq!(said(own, &["*"]), (Some(Ignored::GroupNotAdmitted), vec![key]));
    // A person there is asked about by both.
    let list = admission(&[ANA, "group:g2"], |_| {}, &[]);
    assert_eq!(asked(&list, &[ANA], Some("g1")).refused, Some(Ignored::GroupNotAdmitted));
    assert_eq!(asked(&list, &[ANA], Some("g2")).refused, None);
    assert!(matches!(asked(&list, &["+12025550188"], Some("g2")).refused, Some(Ignored::Stranger { .. })));
}

proptest! {
    /// What is explained is what guards: for every list and every sender both say the same.
    #[test]
    fn what_is_explained_is_what_holds(
        allow in prop::collection::vec(prop::sample::select(vec!["*", ANA, "+12025550124", "@ana", "lid:7", "group:g1", "group:g2"]), 0..4),
        added in prop::collection::vec((any::<bool>(), prop::sample::select(vec!["*", ANA, "lid:7", "group:g1"])), 0..3),
        addresses in prop::collection::vec(prop::sample::select(vec![ANA, "+12025550124", "@ana", "lid:7", "lid:8"]), 1..3),
        group in prop::option::of(prop::sample::select(vec!["g1", "g2", "g3"])),
        groups in prop::sample::select(vec![GroupMode::Mention, GroupMode::Always, GroupMode::Never]),
        admit in prop::option::of(any::<bool>()),
    ) {
        let stored: Vec<StoredEntry> = added
            .iter()
            .map(|(of_channel, entry)| {
                stored(if *of_channel { ListScope::Channel(front()) } else { ListScope::Account(one()) }, entry)
            })
            .collect();
        let change = |policy: &mut ChannelPolicy| {
            policy.groups = groups;
            policy.group.insert("g1".parse().unwrap(), GroupPolicy { admit, ..GroupPolicy::default() });
        };
        let list = admission(&allow, change, &stored);
        let found = asked(&list, &addresses, group);
        let sender = Sender {
            id: "s".parse().unwrap(),
            addresses: addresses.iter().map(|text| text.parse().unwrap()).collect(),
            name: None,
        };
        let (chat, kind) = match group {
            Some(group) => (group.parse().unwrap(), Chat::Group { title: None }),
            None => ("direct".parse().unwrap(), Chat::Direct),
        };
        let guarded = list.admits(&front(), &one(), &chat, &kind, &sender);
        prop_assert_eq!(guarded.as_ref().err(), found.refused.as_ref());
        if let Ok(by) = guarded {
            prop_assert!(by.starts_with(&format!("{} (", found.rules[0].rule)), "{} and {:?}", by, found.rules);
        }
    }
}

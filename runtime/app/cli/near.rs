//! Which entry of an allow-list may have been meant, and the command that admits a person.

use super::admin::Admin;
use super::shown::cleaned;
use greenroom::contract::address::{self, Address, AllowEntry};
use greenroom::contract::trace::known_as;
use greenroom_client::{AllowView, TraceView};

/// Who is admitted, to compare strangers with.
#[derive(Default)]
pub(crate) struct Near {
    entries: Vec<AllowView>,
    /// The channel of each account.
    channels: Vec<(String, String)>,
}

impl Near {
    /// As it is now; empty where that cannot be told.
    pub(crate) async fn of(admin: &dyn Admin) -> Self {
        let accounts = admin.accounts().await.unwrap_or_default();
        let channels = accounts.into_iter().map(|account| (account.session, account.channel)).collect();
        Self { entries: admin.allow_list().await.unwrap_or_default(), channels }
    }

    /// What to do about a message of a person who is not on the list, if it is one: a line or two.
    pub(crate) fn advice(&self, trace: &TraceView) -> Option<String> {
        let known = trace.steps.iter().rev().map(|step| known_as(&step.what)).find(|known| !known.is_empty())?;
        let channel = self.channels.iter().find(|(account, _)| *account == trace.account).map(|(_, channel)| channel);
        let here: Vec<AllowEntry> = self.of_channel(channel.map(String::as_str)).collect();
        let admits = |entry: &AllowEntry| match entry {
            AllowEntry::Person(address) => known.contains(address),
            AllowEntry::Everybody => true,
            AllowEntry::Group(_) => false,
        };
        if here.iter().any(admits) {
            return Some("admitted in the meantime: the next message is answered".to_owned());
        }
        // The first is the one that a person would write.
        let best = known.iter().find(|address| address.namespace() == Address::PHONE).or(known.first())?;
        let channel = channel.map(|channel| format!(" --channel {channel}")).unwrap_or_default();
        let command = format!("to admit this person: greenroom allow {best}{channel}");
        let meant = known.iter().find_map(|one| did_you_mean(one, &here));
        Some(meant.map_or_else(|| command.clone(), |meant| format!("{meant} {command}")))
    }

    fn of_channel(&self, channel: Option<&str>) -> impl Iterator<Item = AllowEntry> {
        let here = move |entry: &&AllowView| channel.is_none() || entry.channel.as_deref() == channel;
        self.entries.iter().filter(here).filter_map(|entry| AllowEntry::read_back(&entry.entry).ok())
    }
}

/// The entry that may have been meant, in a sentence without its full stop.
pub(crate) fn did_you_mean(address: &Address, entries: &[AllowEntry]) -> Option<String> {
    let (entry, likeness) = address::nearest(address, entries)?;
    let why = likeness.words();
    cleaned(&format!("did you mean the entry {entry} ({why})?"))
}

/// Entries that are named after an account was linked; the rest is counted.
const ENTRIES_NAMED: usize = 3;

/// What is said after an account was linked whose own number is not on its list: who it is, who is admitted, and the entry
/// that may have been meant for it. Two lines at most.
pub(crate) fn own_number(label: &str, channel: &str, account: &str, list: &[AllowView]) -> Option<String> {
    let own: Address = label.parse().ok().filter(|own: &Address| own.namespace() == Address::PHONE)?;
    let here = |entry: &&AllowView| match (&entry.channel, &entry.account) {
        (Some(of), _) => of == channel,
        (None, of) => of.as_deref() == Some(account),
    };
    let entries = list.iter().filter(here).filter_map(|entry| AllowEntry::read_back(&entry.entry).ok());
    let entries: Vec<AllowEntry> = entries.collect();
    let other = address::other_spelling(&own);
    let admits = |entry: &AllowEntry| match entry {
        AllowEntry::Everybody => true,
        AllowEntry::Person(address) => *address == own || Some(address) == other.as_ref(),
        AllowEntry::Group(_) => false,
    };
    if entries.iter().any(admits) {
        return None;
    }
    // The one that may have been meant is among those that are named.
    let near = address::nearest(&own, &entries).map(|(entry, _)| entry.to_string());
    let mut named: Vec<String> = entries.iter().map(ToString::to_string).collect();
    named.sort_by_key(|entry| Some(entry) != near.as_ref());
    let more = named.len().saturating_sub(ENTRIES_NAMED);
    named.truncate(ENTRIES_NAMED);
    let has = match (named.is_empty(), more) {
        (true, _) => "is empty".to_owned(),
        (false, 0) => format!("has {}", named.join(", ")),
        (false, more) => format!("has {} and {more} more", named.join(", ")),
    };
    let meant = did_you_mean(&own, &entries)
        .map(|meant| format!("{meant} to admit this number too: greenroom allow {own} --channel {channel}\n"));
    cleaned(&format!("you are {own}; the list of this account {has}"))
        .map(|line| format!("{line}\n{}", meant.unwrap_or_default()))
}

/// What should be said about entries whose numbers the network may write in another way: each with the command that admits
/// that one too.
pub(crate) fn two_ways(channel: &str, entries: &[AllowEntry]) -> Vec<String> {
    let other = |entry: &AllowEntry| match entry {
        AllowEntry::Person(address) => Some((address.clone(), address::other_spelling(address)?)),
        AllowEntry::Group(_) | AllowEntry::Everybody => None,
    };
    let missing =
        entries.iter().filter_map(other).filter(|(_, other)| !entries.contains(&AllowEntry::Person(other.clone())));
    let sentence = |(entry, other): (Address, Address)| {
        format!(
            "channels.{channel}.allow_from: WhatsApp may know {entry} as {other}. If messages from there are not answered, \
             `greenroom why` says so, and this admits them: greenroom allow {other} --channel {channel}"
        )
    };
    missing.map(sentence).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use greenroom_client::StepView;

    fn near() -> Near {
        let entry = |entry: &str, channel: &str| AllowView {
            entry: entry.to_owned(),
            channel: Some(channel.to_owned()),
            account: None,
            origin: "the configuration".to_owned(),
        };
        let entries = vec![entry("+5511987654321", "front"), entry("+12025550123", "back")];
        Near { entries, channels: vec![("acc-1".to_owned(), "front".to_owned())] }
    }

    fn trace(what: &str) -> TraceView {
        TraceView {
            message: "m".to_owned(),
            account: "acc-1".to_owned(),
            chat: None,
            conversation: 0,
            steps: vec![StepView { what: what.to_owned(), ..StepView::default() }],
            ..TraceView::default()
        }
    }

    fn stranger(known: &str) -> TraceView {
        trace(&format!("not answered: the sender is not on the allow-list (known as {known})"))
    }

    #[test]
    fn a_stranger_comes_with_the_command_and_the_nearest_entry() {
        assert_eq!(
            near().advice(&stranger("lid:7, +551187654321")).as_deref(),
            Some(
                "did you mean the entry +5511987654321 (the same number in the other way of writing it)? to admit this \
                 person: greenroom allow +551187654321 --channel front"
            )
        );
        assert_eq!(
            near().advice(&stranger("+12025550124")).as_deref(),
            Some("to admit this person: greenroom allow +12025550124 --channel front"),
            "an entry of another channel is not meant"
        );
        assert_eq!(near().advice(&trace("answered in 3 ms with 1 message(s)")), None);
        let since = near().advice(&stranger("+5511987654321"));
        assert!(since.is_some_and(|said| said.contains("in the meantime")));
    }

    #[test]
    fn a_linked_number_that_is_not_on_the_list_is_told_with_the_nearest_entry() {
        let list = |entries: &[&str]| -> Vec<AllowView> {
            let view = |entry: &&str| AllowView {
                entry: (*entry).to_owned(),
                channel: Some("wa".to_owned()),
                account: None,
                origin: "the configuration".to_owned(),
            };
            entries.iter().map(view).collect()
        };
        let said = |label: &str, entries: &[&str]| own_number(label, "wa", "acc-1", &list(entries));
        assert_eq!(
            said("+12025550123", &["+12025550001", "+12025550002", "+12025550003", "+12025550124"]).as_deref(),
            Some(
                "you are +12025550123; the list of this account has +12025550124, +12025550001, +12025550002 and 1 more\n\
                 did you mean the entry +12025550124 (it differs in one place)? to admit this number too: greenroom \
                 allow +12025550123 --channel wa\n"
            )
        );
        assert_eq!(
            said("+4915112345678", &["+12025550001"]).as_deref(),
            Some("you are +4915112345678; the list of this account has +12025550001\n")
        );
        assert_eq!(
            said("+12025550123", &[]).as_deref(),
            Some("you are +12025550123; the list of this account is empty\n")
        );
        for admitted in [&["*"][..], &["+12025550123"], &["+12025550001", "*"]] {
            assert_eq!(said("+12025550123", admitted), None);
        }
        assert_eq!(said("+551187654321", &["+5511987654321"]), None, "admitted in both spellings");
        assert_eq!(said("a desk", &[]), None, "not a number");
        let elsewhere = own_number("+12025550123", "net", "acc-1", &list(&["+12025550123"]));
        assert!(elsewhere.is_some_and(|said| said.contains("is empty")), "the list of another channel");
    }

    #[test]
    fn an_entry_with_two_ways_of_writing_is_told_unless_both_are_there() {
        let entries = |texts: &[&str]| texts.iter().map(|text| text.parse().unwrap()).collect::<Vec<AllowEntry>>();
        let told = two_ways("wa", &entries(&["+5511987654321", "+12025550123", "*"]));
        assert_eq!(told.len(), 1);
        assert!(told[0].contains("greenroom allow +551187654321 --channel wa"), "{told:?}");
        assert!(two_ways("wa", &entries(&["+5511987654321", "+551187654321"])).is_empty());
    }
}

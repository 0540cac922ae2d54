//! Which entry of an allow-list may have been meant, and the command that admits a person.

use super::admin::Admin;
use super::shown::cleaned;
use greenroom::contract::address::{self, Address, AllowEntry, Likeness};
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
        let channels = accounts.into_iter().map(|account| (account.account, account.channel)).collect();
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
    let why = match likeness {
        Likeness::SameLine => "the same number in the other way of writing it",
        Likeness::OneOff => "it differs in one place",
    };
    cleaned(&format!("did you mean the entry {entry} ({why})?"))
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
            steps: vec![StepView { at_ms: 0, what: what.to_owned() }],
            parcels: Vec::new(),
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
    fn an_entry_with_two_ways_of_writing_is_told_unless_both_are_there() {
        let entries = |texts: &[&str]| texts.iter().map(|text| text.parse().unwrap()).collect::<Vec<AllowEntry>>();
        let told = two_ways("wa", &entries(&["+5511987654321", "+12025550123", "*"]));
        assert_eq!(told.len(), 1);
        assert!(told[0].contains("greenroom allow +551187654321 --channel wa"), "{told:?}");
        assert!(two_ways("wa", &entries(&["+5511987654321", "+551187654321"])).is_empty());
    }
}

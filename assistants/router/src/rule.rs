//! What a rule names, and whether it holds.

use crate::hours::Hours;
use greenroom_contract::address::Address;
use greenroom_contract::assistant::Turn;
use greenroom_contract::ids::AssistantName;
use greenroom_contract::message::Chat;
use serde::de::{Deserialize, Deserializer, Error};

/// A rule. What it does not name holds everywhere.
#[derive(Debug, Clone, PartialEq, Eq, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// Who answers.
    pub to: AssistantName,
    /// Whether the conversation stays there.
    #[serde(default)]
    pub stays: bool,
    /// Names of channels.
    #[serde(default, deserialize_with = "some")]
    pub channels: Option<Vec<String>>,
    /// Accounts that are written to.
    #[serde(default, deserialize_with = "some")]
    pub accounts: Option<Vec<String>>,
    /// Groups, by their ids or their titles.
    #[serde(default, deserialize_with = "some")]
    pub groups: Option<Vec<String>>,
    /// People, by any of their addresses.
    #[serde(default, deserialize_with = "people")]
    pub people: Option<Vec<Address>>,
    /// Languages, as BCP 47 tags; `de` holds for `de-AT` too.
    #[serde(default, deserialize_with = "some")]
    pub languages: Option<Vec<String>>,
    /// First words of what is said, whatever their case.
    #[serde(default, deserialize_with = "some")]
    pub commands: Option<Vec<String>>,
    /// The kind of chat.
    pub chat: Option<ChatKind>,
    /// The time of day.
    pub hours: Option<Hours>,
}

/// A kind of chat.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ChatKind {
    /// With one person.
    Direct,
    /// With several.
    Group,
}

impl Rule {
    /// A rule that holds everywhere; what it names is set in its fields.
    pub fn to(to: AssistantName) -> Self {
        Self {
            to,
            stays: false,
            channels: None,
            accounts: None,
            groups: None,
            people: None,
            languages: None,
            commands: None,
            chat: None,
            hours: None,
        }
    }

    /// Whether all that it names holds for a turn.
    pub(crate) fn holds(&self, turn: &Turn) -> bool {
        let channel = turn.channel.as_str();
        let account = turn.route.account.as_str();
        let language = turn.language.as_deref();
        named(self.channels.as_ref(), |one| one == channel)
            && named(self.accounts.as_ref(), |one| one == account)
            && named(self.groups.as_ref(), |one| is_group(turn, one))
            && named(self.people.as_ref(), |one| turn.sender.addresses.contains(one))
            && named(self.languages.as_ref(), |one| language.is_some_and(|language| speaks(language, one)))
            && named(self.commands.as_ref(), |one| begins_with(turn, one))
            && self.chat.is_none_or(|chat| (chat == ChatKind::Group) == turn.chat.is_group())
            && self.hours.is_none_or(|hours| hours.hold(turn.now, turn.time_zone.as_deref()))
    }
}

fn named<T>(names: Option<&Vec<T>>, is_it: impl Fn(&T) -> bool) -> bool {
    names.is_none_or(|names| names.iter().any(is_it))
}

fn is_group(turn: &Turn, name: &str) -> bool {
    match &turn.chat {
        Chat::Direct => false,
        Chat::Group { title } => turn.route.chat.as_str() == name || title.as_deref() == Some(name),
    }
}

/// Whether a language is another one, or a variety of it.
fn speaks(language: &str, wanted: &str) -> bool {
    let subtags = |tag: &str| tag.to_lowercase().split(['-', '_']).map(str::to_owned).collect::<Vec<_>>();
    subtags(language).starts_with(&subtags(wanted))
}

/// Whether a message of the turn begins with this word.
fn begins_with(turn: &Turn, word: &str) -> bool {
    let word = word.to_lowercase();
    let mut words = turn.messages.iter().filter_map(|message| message.content.words());
    words.any(|words| words.split_whitespace().next().is_some_and(|first| first.to_lowercase() == word))
}

/// An empty list would hold nowhere, which is never meant.
fn some<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Vec<String>>, D::Error> {
    let names = Vec::<String>::deserialize(deserializer)?;
    if names.is_empty() {
        return Err(D::Error::custom("an empty list holds nowhere; leave the key out, or name something"));
    }
    Ok(Some(names))
}

fn people<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Vec<Address>>, D::Error> {
    let written = some(deserializer)?.unwrap_or_default();
    let addresses: Result<Vec<Address>, _> = written.iter().map(|one| Address::typed(one)).collect();
    addresses.map(Some).map_err(D::Error::custom)
}

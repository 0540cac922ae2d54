//! Where the sums of what answers cost lie: by day first, so that what is old is a prefix of them.

use crate::format::keys::{Key, kind};
use greenroom_contract::ids::{AssistantName, ConversationId, PersonId};
use greenroom_contract::limits;
use greenroom_contract::time::Timestamp;

/// Ends the name of an assistant; no name contains it.
const END_OF_NAME: u8 = 0;
/// Begins the name of a model, where there is one; it is last.
const MODEL: u8 = 1;
/// Begins the number of a person, where there is one. Versions that did not tell people apart wrote none.
const PERSON: u8 = 2;
const DAY: u64 = 24 * 3_600_000;

/// What one sum is about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct UsageKey {
    /// Days since 1970-01-01 (UTC).
    pub(crate) day: u32,
    /// As it was when it was spent; it may have been merged since. 0 where its person was forgotten.
    pub(crate) conversation: ConversationId,
    pub(crate) assistant: AssistantName,
    pub(crate) model: Option<String>,
    /// As it was when it was spent; it may have been merged since.
    pub(crate) person: Option<PersonId>,
}

/// Stands for the conversations of people who were forgotten.
pub(crate) const OF_THE_FORGOTTEN: ConversationId = ConversationId(0);

impl UsageKey {
    /// How it is written.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        let key = Key::new(kind::USAGE).rest(&self.day.to_be_bytes()).number(self.conversation.0);
        let mut key = key.rest(self.assistant.as_str().as_bytes()).byte(END_OF_NAME);
        if let Some(person) = self.person {
            key = key.byte(PERSON).number(person.0);
        }
        match &self.model {
            None => key.done(),
            Some(model) => key.byte(MODEL).rest(model.as_bytes()).done(),
        }
    }

    /// What a key stands for.
    pub(crate) fn read(key: &[u8]) -> Option<Self> {
        let (day, rest) = key.get(1..)?.split_first_chunk::<4>()?;
        let (conversation, rest) = rest.split_first_chunk::<8>()?;
        let end = rest.iter().position(|byte| *byte == END_OF_NAME)?;
        let assistant = std::str::from_utf8(&rest[..end]).ok()?;
        let (person, rest) = match rest[end + 1..].split_first() {
            Some((&PERSON, rest)) => {
                let (person, rest) = rest.split_first_chunk::<8>()?;
                (Some(PersonId(u64::from_be_bytes(*person))), rest)
            }
            _ => (None, &rest[end + 1..]),
        };
        let model = match rest.split_first() {
            None => None,
            Some((&MODEL, model)) => Some(std::str::from_utf8(model).ok()?.to_owned()),
            Some(_) => return None,
        };
        Some(Self {
            day: u32::from_be_bytes(*day),
            conversation: ConversationId(u64::from_be_bytes(*conversation)),
            assistant: assistant.parse().ok()?,
            model,
            person,
        })
    }
}

/// The day of a key, which is read for each of many.
pub(crate) fn day_of_key(key: &[u8]) -> Option<u32> {
    key.get(1..)?.first_chunk::<4>().map(|day| u32::from_be_bytes(*day))
}

/// All sums of a day; with a conversation: of that one.
pub(crate) fn of_day(day: u32, conversation: Option<ConversationId>) -> Vec<u8> {
    let key = Key::new(kind::USAGE).rest(&day.to_be_bytes());
    match conversation {
        None => key.done(),
        Some(conversation) => key.number(conversation.0).done(),
    }
}

/// The day of a moment.
pub(crate) fn day_of(at: Timestamp) -> u32 {
    u32::try_from(at.0 / DAY).unwrap_or(u32::MAX)
}

/// The first day whose sums are kept.
pub(crate) fn first_kept(now: Timestamp) -> u32 {
    day_of(now.minus(limits::USAGE_AGE_MAX))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_key_reads_back_and_days_sort(
            day in any::<u32>(), conversation in any::<u64>(), assistant in "[a-z][a-z0-9-]{0,20}",
            model in proptest::option::of("\\PC{0,30}"), person in proptest::option::of(any::<u64>()), other in any::<u32>(),
        ) {
            let key = UsageKey {
                day, conversation: ConversationId(conversation), assistant: assistant.parse().unwrap(), model,
                person: person.map(PersonId),
            };
            let bytes = key.bytes();
            prop_assert_eq!(UsageKey::read(&bytes), Some(key.clone()));
            prop_assert_eq!(day_of_key(&bytes), Some(day));
            prop_assert!(bytes.starts_with(&of_day(day, Some(key.conversation))));
            prop_assert_eq!(of_day(day, None).cmp(&of_day(other, None)), day.cmp(&other));
        }
    }

    #[test]
    fn a_day_begins_at_midnight_utc() {
        assert_eq!(day_of(Timestamp(DAY - 1)), 0);
        assert_eq!(day_of(Timestamp(DAY)), 1);
        assert_eq!(day_of(Timestamp(1_800_000_000_000)), 20_833);
        assert_eq!(first_kept(Timestamp(1_800_000_000_000)), 20_433);
        assert_eq!(day_of(Timestamp(u64::MAX)), u32::MAX);
    }
}

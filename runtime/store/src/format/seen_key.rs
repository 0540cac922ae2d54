//! How messages that were seen are named: by the period in which they came, then by their id.
//!
//! Rows of one period are dropped together, so nothing looks for those that are old. A message is looked for in every
//! period that may hold it; which those are a filter tells (see [`crate::memory::filter`]). Rows of earlier versions have no
//! period; they are found, and looked through, until they are gone.

use super::keys::{Key, Reader, kind};
use crate::format::ids::{known, stored};
use greenroom_contract::ids::{AccountId, ConversationId, MessageId, PersonId};
use greenroom_contract::limits;
use greenroom_contract::time::Timestamp;
use std::time::Duration;

/// A span of time in which messages came: the minute since 1970 in which it began. It lasts
/// [`limits::STORE_SEEN_PERIOD`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Period(pub(crate) u32);

const MINUTE_MS: u64 = 60_000;

impl Period {
    /// One that begins at this moment.
    pub(crate) fn beginning(at: Timestamp) -> Self {
        Self(u32::try_from(at.0 / MINUTE_MS).unwrap_or(u32::MAX))
    }

    /// Its first moment.
    pub(crate) fn start(self) -> Timestamp {
        Timestamp(u64::from(self.0) * MINUTE_MS)
    }

    /// The first moment that is no longer part of it.
    pub(crate) fn end(self) -> Timestamp {
        self.start().plus(limits::STORE_SEEN_PERIOD)
    }

    /// Whether what comes at this moment still belongs to it. So does what comes before it began: the clock was set back.
    pub(crate) fn takes(self, at: Timestamp) -> bool {
        at < self.end()
    }
}

/// How exactly it is known when the newest row of a period came. Knowing it better would change memory with each message.
pub(crate) const NEWEST_STEP: Duration = Duration::from_secs(60);

/// Where a message may lie: in a period, or among the rows of earlier versions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    In(Period),
    Early,
}

impl Place {
    fn key(self) -> Key {
        match self {
            Self::In(period) => Key::new(kind::SEEN).rest(&period.0.to_be_bytes()),
            Self::Early => Key::new(kind::SEEN_EARLY),
        }
    }

    /// All rows of this place.
    pub(crate) fn all(self) -> Vec<u8> {
        self.key().done()
    }

    /// All that was seen under a message id, in all accounts.
    pub(crate) fn message(self, message: &MessageId) -> Vec<u8> {
        self.key().text(message.as_str()).done()
    }

    /// All that was seen under a message id in one account.
    pub(crate) fn in_account(self, message: &MessageId, account: &AccountId) -> Vec<u8> {
        self.key().text(message.as_str()).text(account.as_str()).done()
    }

    /// A deduplication key. Conversation and person are known unless the message was refused.
    pub(crate) fn seen(
        self,
        message: &MessageId,
        account: &AccountId,
        conversation: Option<ConversationId>,
        person: Option<PersonId>,
    ) -> Vec<u8> {
        let of_account = self.key().text(message.as_str()).text(account.as_str());
        of_account.number(stored(conversation)).number(stored(person)).done()
    }
}

/// What a deduplication key says.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct SeenKey<'a> {
    pub(crate) message: &'a str,
    pub(crate) account: &'a str,
    /// As it was at acceptance, if it was known.
    pub(crate) conversation: Option<ConversationId>,
    /// The same.
    pub(crate) person: Option<PersonId>,
}

impl<'a> SeenKey<'a> {
    pub(crate) fn read(key: &'a [u8]) -> Option<Self> {
        let mut reader = Reader::new(key);
        if key.first() == Some(&kind::SEEN) {
            reader.short()?;
            reader.short()?;
        }
        Some(Self {
            message: reader.text()?,
            account: reader.text()?,
            conversation: known(reader.number()?),
            person: known(reader.number()?),
        })
    }
}

/// The period in a key.
pub(crate) fn period_of(key: &[u8]) -> Option<Period> {
    let bytes = key.get(1..5).filter(|_| key.first() == Some(&kind::SEEN))?;
    Some(Period(u32::from_be_bytes(bytes.try_into().ok()?)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn no_message_id_reaches_into_the_account(
            one in "[^\\pC\\s]{1,12}", two in "[^\\pC\\s]{1,12}", account in "[^\\pC\\s]{1,12}", other in "[^\\pC\\s]{1,12}",
            period in any::<u32>(), early in any::<bool>(),
        ) {
            let id = |text: &str| MessageId::new(text).unwrap();
            let acc = |text: &str| AccountId::new(text).unwrap();
            let place = if early { Place::Early } else { Place::In(Period(period)) };
            let seen = |message: &str, account: &str| {
                place.seen(&id(message), &acc(account), Some(ConversationId(1)), Some(PersonId(2)))
            };
            let same = one == two && account == other;
            prop_assert_eq!(seen(&one, &account) == seen(&two, &other), same);
            prop_assert_eq!(seen(&one, &account).starts_with(&place.message(&id(&two))), one == two);
            let key = seen(&one, &account);
            let expected = SeenKey {
                message: &one, account: &account, conversation: Some(ConversationId(1)), person: Some(PersonId(2)),
            };
            prop_assert_eq!(SeenKey::read(&key), Some(expected));
            prop_assert_eq!(period_of(&key), (!early).then_some(Period(period)));
        }
    }

    #[test]
    fn a_period_takes_what_comes_in_its_time_and_before() {
        let begun = Timestamp(1_800_000_000_000);
        let period = Period::beginning(begun);
        assert!(period.takes(begun) && period.takes(Timestamp(5)));
        assert!(period.takes(begun.plus(limits::STORE_SEEN_PERIOD.checked_sub(Duration::from_secs(60)).unwrap())));
        assert!(!period.takes(begun.plus(limits::STORE_SEEN_PERIOD)));
    }
}

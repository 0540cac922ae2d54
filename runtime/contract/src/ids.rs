//! Opaque identifiers.
//!
//! Text ids are made and read only by the component that owns them: nobody else parses a
//! [`ChatId`]. They are never empty and never longer than [`limits::ID_BYTES_MAX`], and a new one holds no
//! control characters and no white space at its ends. JSON is how ids that were accepted come back, so reading it
//! is as tolerant as `read_back`. Numeric ids are minted by the store.

use crate::limits;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::fmt::{self, Write as _};
use std::sync::Arc;

/// Why a text cannot be an id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IdError {
    /// The text is empty.
    #[error("an id must not be empty")]
    Empty,
    /// The text is longer than [`limits::ID_BYTES_MAX`].
    #[error("an id must not be longer than {max} bytes, this one has {bytes}", max = limits::ID_BYTES_MAX)]
    TooLong {
        /// Its length.
        bytes: usize,
    },
    /// The text holds a line break, a tab or another character that steers a terminal.
    #[error("an id must not hold control characters")]
    Control,
    /// White space at an end, which cannot be seen and is lost where lists are written by hand.
    #[error("an id must not begin or end with white space")]
    WhiteSpace,
}

/// What holds for every id, also for one that is read back.
fn bounded(text: &str) -> Result<&str, IdError> {
    match text.len() {
        0 => Err(IdError::Empty),
        bytes if bytes > limits::ID_BYTES_MAX => Err(IdError::TooLong { bytes }),
        _ => Ok(text),
    }
}

/// What holds for a new id.
fn checked(text: &str) -> Result<&str, IdError> {
    if bounded(text)?.chars().any(char::is_control) {
        Err(IdError::Control)
    } else if text.trim().len() < text.len() {
        Err(IdError::WhiteSpace)
    } else {
        Ok(text)
    }
}

macro_rules! text_id {
    ($(#[$meta:meta])* $name:ident) => {
        $(#[$meta])*
        #[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(Arc<str>);

        impl $name {
            /// Checks and wraps a text.
            pub fn new(text: impl AsRef<str>) -> Result<Self, IdError> {
                checked(text.as_ref()).map(|text| Self(Arc::from(text)))
            }

            /// Reads an id that was accepted once and written down. Only its length is checked, because earlier
            /// versions accepted more, and an id that is in use must stay readable.
            pub fn read_back(text: impl AsRef<str>) -> Result<Self, IdError> {
                bounded(text.as_ref()).map(|text| Self(Arc::from(text)))
            }

            /// The text as its owner wrote it.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl TryFrom<String> for $name {
            type Error = IdError;
            fn try_from(text: String) -> Result<Self, IdError> {
                Self::read_back(text)
            }
        }
        impl std::str::FromStr for $name {
            type Err = IdError;
            fn from_str(text: &str) -> Result<Self, IdError> {
                Self::new(text)
            }
        }
        impl From<$name> for String {
            fn from(id: $name) -> String {
                id.0.as_ref().to_owned()
            }
        }
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({})", stringify!($name), self.0)
            }
        }
    };
}

text_id! {
    /// The name of a configured channel: `whatsapp` in `[channels.whatsapp]`.
    ChannelName
}
text_id! {
    /// The name of a configured assistant: `helper` in `[assistants.helper]`.
    AssistantName
}
text_id! {
    /// The name of a configured language model: `main` in `[models.main]`.
    ModelName
}
text_id! {
    /// The name of a configured tool server: `tasks` in `[tools.tasks]`.
    ToolServerName
}
text_id! {
    /// One linked identity in a channel. Minted by us, never a phone number; survives re-linking.
    AccountId
}
text_id! {
    /// A gateway user. Accounts that come from the configuration belong to [`OwnerId::local`].
    OwnerId
}
text_id! {
    /// A chat, as its adapter writes it. Opaque to everybody else.
    ChatId
}
text_id! {
    /// The author of a message, as its adapter writes it. Opaque to everybody else.
    SenderId
}
text_id! {
    /// A message, as the network names it.
    MessageId
}
text_id! {
    /// A message of ours, named before it is sent, so that a repeated send can be recognised.
    ///
    /// Minted by the store: `3EB0` and eighteen upper-case hexadecimal digits, the form that
    /// WhatsApp Web clients use for their own messages, unique across stores.
    OutboundId
}

/// Between what can be read of an id that cannot be kept and its digest.
const STAND_IN_MARK: char = '~';
/// Characters of such an id that stay readable.
const STAND_IN_READABLE: usize = 48;
/// Hexadecimal digits of its digest: too many for two ids to get the same stand-in.
const STAND_IN_DIGITS: usize = 32;

impl MessageId {
    /// The id of a message that arrived, however its network or its author wrote it: a text that cannot be an id gets a
    /// stand-in, always the same one, so that its message is answered or refused by name and recognised when it comes
    /// again. `None` for an empty text.
    pub fn of_network(text: &str) -> Option<Self> {
        match Self::new(text) {
            Ok(id) => Some(id),
            Err(IdError::Empty) => None,
            Err(_) => Some(Self(stand_in(text).into())),
        }
    }

    /// Whether the network knows the message by another id than this one, so that no answer can quote it.
    pub fn is_stand_in(&self) -> bool {
        let digest = self.0.rsplit_once(STAND_IN_MARK).map(|(_, digest)| digest);
        digest.is_some_and(|digest| digest.len() == STAND_IN_DIGITS && digest.bytes().all(|b| b.is_ascii_hexdigit()))
    }
}

fn stand_in(text: &str) -> String {
    let readable = text.chars().filter(|c| c.is_ascii_graphic() && *c != STAND_IN_MARK).take(STAND_IN_READABLE);
    let mut stand_in: String = readable.chain([STAND_IN_MARK]).collect();
    for byte in Sha256::digest(text.as_bytes()).iter().take(STAND_IN_DIGITS / 2) {
        // Writing into a text cannot fail.
        let _ = write!(stand_in, "{byte:02x}");
    }
    stand_in
}

impl OwnerId {
    /// The owner of everything that comes from the configuration file.
    pub fn local() -> Self {
        Self(Arc::from("local"))
    }
}

macro_rules! numeric_id {
    ($(#[$meta:meta])* $name:ident) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        pub struct $name(pub u64);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}", self.0)
            }
        }
    };
}

numeric_id! {
    /// A conversation: the stored state of one chat of one account. Minted by the store.
    ConversationId
}
numeric_id! {
    /// Somebody with one or more addresses, within one channel and owner. Minted by the store.
    PersonId
}
numeric_id! {
    /// Everyone of one owner who proved to have the same e-mail address. Minted by the store, and unlike every
    /// [`PersonId`] and [`ConversationId`] of it.
    IdentityId
}
numeric_id! {
    /// The place of an accepted row in the order of acceptance. Unique and growing within a store.
    Sequence
}
numeric_id! {
    /// A turn. The same in every attempt, so that a tool can recognise a repetition; never that of another turn, also after
    /// the store was restored from a copy. It may need all 64 bits: hand it on as text where numbers have fewer.
    TurnId
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::fmt::Debug;
    use std::str::FromStr;

    #[test]
    fn an_id_is_never_empty_and_never_huge() {
        assert_eq!(ChatId::new(""), Err(IdError::Empty));
        assert!(matches!(ChatId::new("x".repeat(5000)), Err(IdError::TooLong { bytes: 5000 })));
        assert!(serde_json::from_str::<ChatId>("\"\"").is_err());
    }

    #[test]
    fn a_new_id_has_nothing_that_cannot_be_seen_and_an_old_one_stays_readable() {
        for (text, error) in [
            ("a\nb", IdError::Control),
            ("\u{1b}[2J", IdError::Control),
            ("a\u{85}b", IdError::Control),
            (" a", IdError::WhiteSpace),
            ("a\u{3000}", IdError::WhiteSpace),
        ] {
            assert_eq!(ChatId::new(text), Err(error.clone()), "{text:?}");
            assert_eq!(text.parse::<ChatId>(), Err(error), "{text:?}");
            assert_eq!(ChatId::read_back(text).unwrap().as_str(), text);
            let json = serde_json::to_string(text).unwrap();
            assert_eq!(serde_json::from_str::<ChatId>(&json).unwrap().as_str(), text);
        }
        assert_eq!(ChatId::new("a b").unwrap().as_str(), "a b");
    }

    /// What is written reads the same again, as text and as JSON.
    fn stable<T>(text: &str) -> Result<(), TestCaseError>
    where
        T: FromStr<Err = IdError> + ToString + Debug + PartialEq + Serialize + for<'a> Deserialize<'a>,
    {
        let Ok(id) = text.parse::<T>() else { return Ok(()) };
        prop_assert_eq!(&id.to_string(), text);
        prop_assert_eq!(&id.to_string().parse::<T>().unwrap(), &id);
        prop_assert_eq!(&serde_json::from_str::<T>(&serde_json::to_string(&id).unwrap()).unwrap(), &id);
        Ok(())
    }

    proptest! {
        #[test]
        fn whatever_is_an_id_reads_the_same_again(text in prop_oneof![any::<String>(), "\\PC{1,20}", "[\\s\\PC]{0,8}"]) {
            stable::<ChannelName>(&text)?;
            stable::<AssistantName>(&text)?;
            stable::<ModelName>(&text)?;
            stable::<ToolServerName>(&text)?;
            stable::<AccountId>(&text)?;
            stable::<OwnerId>(&text)?;
            stable::<ChatId>(&text)?;
            stable::<SenderId>(&text)?;
            stable::<MessageId>(&text)?;
            stable::<OutboundId>(&text)?;
        }

        #[test]
        fn whatever_a_network_calls_a_message_it_has_an_id(text in prop_oneof![any::<String>(), "\\PC{500,900}", "[\\s\\PC]{0,8}"]) {
            let Some(id) = MessageId::of_network(&text) else {
                prop_assert!(text.is_empty());
                return Ok(());
            };
            stable::<MessageId>(id.as_str())?;
            prop_assert_eq!(MessageId::new(id.as_str()), Ok(id.clone()));
            prop_assert_eq!(id.is_stand_in(), MessageId::new(&text).is_err());
            prop_assert_eq!(MessageId::of_network(&text), Some(id.clone()), "the same each time");
            let other = MessageId::of_network(&format!("{text}x"));
            prop_assert_ne!(other, Some(id), "another message has another id");
        }

        #[test]
        fn numbers_read_the_same_again(number in any::<u64>()) {
            let json = serde_json::to_string(&ConversationId(number)).unwrap();
            prop_assert_eq!(serde_json::from_str::<ConversationId>(&json).unwrap(), ConversationId(number));
            prop_assert_eq!(Sequence(number).to_string().parse::<u64>(), Ok(number));
        }
    }
}

//! How keys are written. One byte says what a row is; the rest sorts rows as they are read.
//!
//! Texts of other people's making are written with their length before them, so that no text can
//! reach into the next field. Numbers are big-endian, so that their order is that of the bytes.

use greenroom_contract::address::Address;
use greenroom_contract::ids::{
    AccountId, ChannelName, ChatId, ConversationId, MessageId, OwnerId, PersonId, SenderId, Sequence,
};
use greenroom_contract::store::{HistoryKey, ListScope, ParcelKey, Scope};
use greenroom_contract::time::Timestamp;

/// What a row is: the first byte of its key.
pub(crate) mod kind {
    /// Who proved an e-mail address. The small letters are used up.
    pub(crate) const EMAIL: u8 = b'E';
    /// The address of a person.
    pub(crate) const ALIAS: u8 = b'a';
    /// How a conversation is treated.
    pub(crate) const SETTINGS: u8 = b'b';
    /// A conversation.
    pub(crate) const CONVERSATION: u8 = b'c';
    /// A message that was seen, as earlier versions kept it.
    pub(crate) const SEEN_EARLY: u8 = b'd';
    /// A stored entry of an allow-list.
    pub(crate) const ALLOW: u8 = b'e';
    /// A message that was seen: its deduplication key and the first half of its trace.
    pub(crate) const SEEN: u8 = b'f';
    /// A warning that was accepted.
    pub(crate) const ACCEPTED: u8 = b'g';
    /// A turn of history.
    pub(crate) const HISTORY: u8 = b'h';
    /// A waiting row of the inbox.
    pub(crate) const INBOX: u8 = b'i';
    /// What answers cost in a conversation on a day.
    pub(crate) const USAGE: u8 = b'j';
    /// An account that the configuration fixes.
    pub(crate) const CONFIGURED: u8 = b'k';
    /// A held parcel.
    pub(crate) const HELD: u8 = b'l';
    /// What is known of the store itself.
    pub(crate) const META: u8 = b'm';
    /// A person.
    pub(crate) const PERSON: u8 = b'n';
    /// A network id of a message of ours, where the network chose it.
    pub(crate) const OWN: u8 = b'o';
    /// A parcel.
    pub(crate) const PARCEL: u8 = b'p';
    /// A quarantined row.
    pub(crate) const QUARANTINE: u8 = b'q';
    /// A person or conversation that was merged into another.
    pub(crate) const REDIRECT: u8 = b'r';
    /// What an assistant remembers.
    pub(crate) const STATE: u8 = b's';
    /// From a chat to its conversation.
    pub(crate) const CHAT: u8 = b't';
    /// An account.
    pub(crate) const ACCOUNT: u8 = b'u';
    /// A secret of an account.
    pub(crate) const VAULT: u8 = b'v';
    /// A wake-up.
    pub(crate) const WAKE: u8 = b'w';
    /// A further part of a long value.
    pub(crate) const PART: u8 = b'x';
    /// How many messages of an account a network billed on a day.
    pub(crate) const BILLED: u8 = b'y';
    /// A damaged row, with its key and bytes as they were found.
    pub(crate) const DAMAGED: u8 = b'z';

    /// All of them, with a name for people.
    pub(crate) const ALL: &[(u8, &str)] = &[
        (EMAIL, "proved e-mail addresses"),
        (ALIAS, "addresses"),
        (SETTINGS, "conversation settings"),
        (CONVERSATION, "conversations"),
        (SEEN_EARLY, "messages seen, of earlier versions"),
        (ALLOW, "allow-list entries"),
        (SEEN, "messages seen"),
        (ACCEPTED, "accepted warnings"),
        (HISTORY, "turns of history"),
        (INBOX, "rows waiting"),
        (USAGE, "sums of usage"),
        (CONFIGURED, "configured identities"),
        (HELD, "held parcels"),
        (META, "store records"),
        (PERSON, "people"),
        (OWN, "network ids of own messages"),
        (PARCEL, "parcels"),
        (QUARANTINE, "rows in quarantine"),
        (REDIRECT, "redirects"),
        (STATE, "assistant states"),
        (CHAT, "chats"),
        (ACCOUNT, "accounts"),
        (VAULT, "vault records"),
        (WAKE, "wake-ups"),
        (PART, "parts of long values"),
        (BILLED, "sums of billed messages"),
        (DAMAGED, "damaged records set aside"),
    ];
}

/// The sentinel: who this store is, and how far it got.
pub(crate) const SENTINEL: &[u8] = b"m/sentinel";
/// The time as the store lived through it.
pub(crate) const LIFE: &[u8] = b"m/life";
/// That the store was moved to another place.
pub(crate) const MOVED: &[u8] = b"m/moved";

/// Builds a key.
pub(crate) struct Key(Vec<u8>);

impl Key {
    pub(crate) fn new(kind: u8) -> Self {
        let mut bytes = Vec::with_capacity(64);
        bytes.push(kind);
        Self(bytes)
    }

    pub(crate) fn text(mut self, text: &str) -> Self {
        let length = u16::try_from(text.len()).unwrap_or(u16::MAX);
        self.0.extend_from_slice(&length.to_be_bytes());
        self.0.extend_from_slice(&text.as_bytes()[..usize::from(length)]);
        self
    }

    pub(crate) fn rest(mut self, bytes: &[u8]) -> Self {
        self.0.extend_from_slice(bytes);
        self
    }

    pub(crate) fn byte(mut self, byte: u8) -> Self {
        self.0.push(byte);
        self
    }

    pub(crate) fn number(mut self, number: u64) -> Self {
        self.0.extend_from_slice(&number.to_be_bytes());
        self
    }

    pub(crate) fn short(mut self, number: u16) -> Self {
        self.0.extend_from_slice(&number.to_be_bytes());
        self
    }

    pub(crate) fn done(self) -> Vec<u8> {
        self.0
    }
}

/// Reads a key from its front.
pub(crate) struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    /// The fields after the first byte.
    pub(crate) fn new(key: &'a [u8]) -> Self {
        Self(key.get(1..).unwrap_or_default())
    }

    pub(crate) fn number(&mut self) -> Option<u64> {
        let (front, rest) = self.0.split_first_chunk::<8>()?;
        self.0 = rest;
        Some(u64::from_be_bytes(*front))
    }

    pub(crate) fn short(&mut self) -> Option<u16> {
        let (front, rest) = self.0.split_first_chunk::<2>()?;
        self.0 = rest;
        Some(u16::from_be_bytes(*front))
    }

    pub(crate) fn byte(&mut self) -> Option<u8> {
        let (front, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*front)
    }

    pub(crate) fn text(&mut self) -> Option<&'a str> {
        let length = usize::from(self.short()?);
        let (front, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        std::str::from_utf8(front).ok()
    }

    pub(crate) fn rest(self) -> &'a [u8] {
        self.0
    }
}

/// A waiting row.
pub(crate) fn inbox(conversation: ConversationId, sequence: Sequence) -> Vec<u8> {
    Key::new(kind::INBOX).number(conversation.0).number(sequence.0).done()
}

/// A parcel.
pub(crate) fn parcel(key: &ParcelKey) -> Vec<u8> {
    Key::new(kind::PARCEL).text(key.account.as_str()).number(key.sequence.0).short(key.part).done()
}

/// A held parcel.
pub(crate) fn held(key: &ParcelKey) -> Vec<u8> {
    Key::new(kind::HELD).text(key.account.as_str()).number(key.sequence.0).short(key.part).done()
}

/// The parcels of an account from a row on.
pub(crate) fn parcels_from(kind: u8, account: &AccountId, sequence: Sequence) -> Vec<u8> {
    Key::new(kind).text(account.as_str()).number(sequence.0).done()
}

/// All parcels of an account.
pub(crate) fn parcels(account: &AccountId) -> Vec<u8> {
    Key::new(kind::PARCEL).text(account.as_str()).done()
}

/// The name that a parcel's key stands for.
pub(crate) fn read_parcel(key: &[u8]) -> Option<ParcelKey> {
    let mut reader = Reader::new(key);
    let account = AccountId::read_back(reader.text()?).ok()?;
    let sequence = Sequence(reader.number()?);
    Some(ParcelKey { account, sequence, part: reader.short()? })
}

/// A message of ours by the id that the network chose.
pub(crate) fn own(account: &AccountId, message: &MessageId) -> Vec<u8> {
    Key::new(kind::OWN).text(account.as_str()).text(message.as_str()).done()
}

/// All turns of a history.
pub(crate) fn history(history: HistoryKey) -> Vec<u8> {
    match history {
        HistoryKey::Person(person) => Key::new(kind::HISTORY).byte(b'p').number(person.0).done(),
        HistoryKey::Conversation(conversation) => Key::new(kind::HISTORY).byte(b'c').number(conversation.0).done(),
    }
}

/// One turn of a history.
pub(crate) fn history_turn(key: HistoryKey, turn: Sequence) -> Vec<u8> {
    let mut bytes = history(key);
    bytes.extend_from_slice(&turn.0.to_be_bytes());
    bytes
}

/// What assistants remember for a conversation; with a name: what that one does.
pub(crate) fn state(conversation: ConversationId, assistant: &str) -> Vec<u8> {
    Key::new(kind::STATE).number(conversation.0).rest(assistant.as_bytes()).done()
}

/// A wake-up. The number keeps two apart that are due at the same moment.
pub(crate) fn wake(at: Timestamp, number: u64) -> Vec<u8> {
    Key::new(kind::WAKE).number(at.0).number(number).done()
}

/// When the wake-up at a key is due, and its number.
pub(crate) fn read_wake(key: &[u8]) -> Option<(Timestamp, u64)> {
    let mut reader = Reader::new(key);
    Some((Timestamp(reader.number()?), reader.number()?))
}

/// A row in quarantine.
pub(crate) fn quarantine(sequence: Sequence) -> Vec<u8> {
    Key::new(kind::QUARANTINE).number(sequence.0).done()
}

/// A person.
pub(crate) fn person(person: PersonId) -> Vec<u8> {
    Key::new(kind::PERSON).number(person.0).done()
}

/// A conversation.
pub(crate) fn conversation(conversation: ConversationId) -> Vec<u8> {
    Key::new(kind::CONVERSATION).number(conversation.0).done()
}

/// How a conversation is treated.
pub(crate) fn settings(conversation: ConversationId) -> Vec<u8> {
    Key::new(kind::SETTINGS).number(conversation.0).done()
}

/// Where a merged person went.
pub(crate) fn redirect_of_person(person: PersonId) -> Vec<u8> {
    Key::new(kind::REDIRECT).byte(b'p').number(person.0).done()
}

/// Where a merged conversation went.
pub(crate) fn redirect_of_conversation(conversation: ConversationId) -> Vec<u8> {
    Key::new(kind::REDIRECT).byte(b'c').number(conversation.0).done()
}

/// An address, as far as it names one person within a scope.
pub(crate) fn alias(scope: &Scope, address: &Address) -> Vec<u8> {
    alias_key(scope).byte(b'a').rest(address.to_string().as_bytes()).done()
}

/// Who proved an e-mail address, among the people of an owner.
pub(crate) fn email(owner: &str, email: &str) -> Vec<u8> {
    Key::new(kind::EMAIL).text(owner).rest(email.as_bytes()).done()
}

/// The adapter's own name for a sender without addresses.
pub(crate) fn alias_of_sender(scope: &Scope, sender: &SenderId) -> Vec<u8> {
    alias_key(scope).byte(b's').rest(sender.as_str().as_bytes()).done()
}

fn alias_key(scope: &Scope) -> Key {
    Key::new(kind::ALIAS).text(scope.channel.as_str()).text(scope.owner.as_str())
}

/// The direct chat of an account with a person.
pub(crate) fn direct_chat(account: &AccountId, person: PersonId) -> Vec<u8> {
    Key::new(kind::CHAT).byte(b'd').text(account.as_str()).number(person.0).done()
}

/// A group as an account sees it.
pub(crate) fn group_chat(account: &AccountId, chat: &ChatId) -> Vec<u8> {
    Key::new(kind::CHAT).byte(b'g').text(account.as_str()).rest(chat.as_str().as_bytes()).done()
}

/// An account.
pub(crate) fn account(account: &AccountId) -> Vec<u8> {
    Key::new(kind::ACCOUNT).rest(account.as_str().as_bytes()).done()
}

/// The account that the configuration fixes under a key.
pub(crate) fn configured(channel: &ChannelName, key: &str) -> Vec<u8> {
    Key::new(kind::CONFIGURED).text(channel.as_str()).rest(key.as_bytes()).done()
}

/// All entries of one allow-list; with an entry: that one.
pub(crate) fn allow(scope: &ListScope, entry: &str) -> Vec<u8> {
    let (tag, name) = match scope {
        ListScope::Channel(channel) => (b'c', channel.as_str()),
        ListScope::Account(account) => (b'a', account.as_str()),
    };
    Key::new(kind::ALLOW).byte(tag).text(name).rest(entry.as_bytes()).done()
}

/// What an owner accepted in a channel.
pub(crate) fn accepted(channel: &ChannelName, owner: &OwnerId) -> Vec<u8> {
    Key::new(kind::ACCEPTED).text(channel.as_str()).rest(owner.as_str().as_bytes()).done()
}

/// All secrets of an account whose name starts with `prefix`; or the one of that name.
pub(crate) fn vault(account: &AccountId, prefix: &[u8]) -> Vec<u8> {
    Key::new(kind::VAULT).text(account.as_str()).rest(prefix).done()
}

/// A further part of the long value at `key`.
pub(crate) fn part(key: &[u8], number: u16) -> Vec<u8> {
    Key::new(kind::PART).rest(key).short(number).done()
}

/// Where a damaged row is set aside.
pub(crate) fn damaged(key: &[u8]) -> Vec<u8> {
    Key::new(kind::DAMAGED).rest(key).done()
}

/// A key for people: its kind and its bytes.
pub(crate) fn describe(key: &[u8]) -> String {
    let name = kind::ALL.iter().find(|(kind, _)| key.first() == Some(kind)).map_or("unknown rows", |(_, name)| name);
    format!("{name} {}", hex::encode(key))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_parcel_key_reads_back(account in "[^\\pC\\s]{1,20}", sequence in any::<u64>(), part in any::<u16>()) {
            let key = ParcelKey {
                account: AccountId::new(account).unwrap(),
                sequence: Sequence(sequence),
                part,
            };
            prop_assert_eq!(read_parcel(&parcel(&key)), Some(key));
        }
    }

    #[test]
    fn every_kind_has_its_own_byte() {
        let mut kinds: Vec<u8> = kind::ALL.iter().map(|(kind, _)| *kind).collect();
        kinds.dedup();
        assert_eq!(kinds.len(), kind::ALL.len());
        assert!(kinds.is_sorted());
    }
}

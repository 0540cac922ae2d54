//! Records of history, people, accounts, and of the store itself.

use prost::Message;

/// A turn of history. Whose it is, and its place, stand in its key.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct HistoryRecord {
    #[prost(uint64, tag = "1")]
    pub(crate) at: u64,
    #[prost(string, optional, tag = "2")]
    pub(crate) name: Option<String>,
    #[prost(string, tag = "3")]
    pub(crate) asked: String,
    #[prost(string, tag = "4")]
    pub(crate) answered: String,
    /// The messages it holds, so that a deleted one takes it away.
    #[prost(message, repeated, tag = "5")]
    pub(crate) said: Vec<SaidRecord>,
    /// What the turn is named by, beside its place. Missing in turns of versions that did not keep it.
    #[prost(uint32, optional, tag = "20")]
    pub(crate) turn_tag: Option<u32>,
    /// What each message of the bot said, where the answer was several.
    #[prost(string, repeated, tag = "21")]
    pub(crate) parts: Vec<String>,
    /// The assistant whose model worded the answer. Missing where words of people may stand in it.
    #[prost(string, optional, tag = "22")]
    pub(crate) worded_by: Option<String>,
    /// The owner typed it.
    #[prost(bool, tag = "23")]
    pub(crate) by_owner: bool,
}

/// A message that a turn of history holds.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct SaidRecord {
    #[prost(string, tag = "1")]
    pub(crate) message: String,
    #[prost(string, tag = "2")]
    pub(crate) sender: String,
    /// Its words, where the turn holds several messages.
    #[prost(string, optional, tag = "20")]
    pub(crate) words: Option<String>,
}

/// What answers cost; which ones stands in its key.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct UsageRecord {
    #[prost(uint64, tag = "1")]
    pub(crate) turns: u64,
    #[prost(uint64, tag = "2")]
    pub(crate) tokens_in: u64,
    #[prost(uint64, tag = "3")]
    pub(crate) tokens_out: u64,
    #[prost(uint64, tag = "4")]
    pub(crate) tokens_cached: u64,
    /// In millionths of the unit of the prices; missing in sums of versions that knew no prices.
    #[prost(uint64, tag = "20")]
    pub(crate) cost_millionths: u64,
}

/// How many messages a network billed; of which account, when and as what is in its key.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct BilledRecord {
    #[prost(uint64, tag = "1")]
    pub(crate) messages: u64,
}

/// Bytes: an assistant's memory, or a secret of an account.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct BytesRecord {
    #[prost(bytes = "bytes", tag = "1")]
    pub(crate) bytes: bytes::Bytes,
}

/// A person.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct PersonRecord {
    #[prost(string, tag = "1")]
    pub(crate) channel: String,
    #[prost(string, tag = "2")]
    pub(crate) owner: String,
    #[prost(string, repeated, tag = "3")]
    pub(crate) addresses: Vec<String>,
    /// The adapter's own names, where it knew no address.
    #[prost(string, repeated, tag = "4")]
    pub(crate) senders: Vec<String>,
    #[prost(string, optional, tag = "5")]
    pub(crate) name: Option<String>,
    #[prost(string, optional, tag = "6")]
    pub(crate) email: Option<String>,
    #[prost(message, repeated, tag = "7")]
    pub(crate) chats: Vec<DirectRecord>,
    /// E-mail addresses that were proved, in that order.
    #[prost(message, repeated, tag = "20")]
    pub(crate) links: Vec<LinkRecord>,
    /// How many links were ever made, so that no number is used twice.
    #[prost(uint32, tag = "21")]
    pub(crate) links_made: u32,
    /// What the component that asks for proofs wrote down.
    #[prost(bytes = "bytes", optional, tag = "22")]
    pub(crate) linking_notes: Option<bytes::Bytes>,
}

/// An e-mail address that a person proved.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct LinkRecord {
    #[prost(uint32, tag = "1")]
    pub(crate) number: u32,
    #[prost(string, tag = "2")]
    pub(crate) email: String,
    #[prost(uint64, tag = "3")]
    pub(crate) identity: u64,
    /// An [`EvidenceTag`](super::tags::EvidenceTag).
    #[prost(uint32, tag = "4")]
    pub(crate) evidence: u32,
    #[prost(uint64, tag = "5")]
    pub(crate) at: u64,
    /// By which addresses the person was known then.
    #[prost(string, repeated, tag = "6")]
    pub(crate) proved_by: Vec<String>,
}

/// Who proved an e-mail address. Owner and address stand in its key.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct EmailRecord {
    #[prost(uint64, tag = "1")]
    pub(crate) identity: u64,
    /// Those who did, in that order.
    #[prost(uint64, repeated, tag = "2")]
    pub(crate) people: Vec<u64>,
}

/// A direct chat of a person.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct DirectRecord {
    #[prost(string, tag = "1")]
    pub(crate) account: String,
    #[prost(uint64, tag = "2")]
    pub(crate) conversation: u64,
}

/// A conversation.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct ConversationRecord {
    #[prost(string, tag = "1")]
    pub(crate) account: String,
    #[prost(string, tag = "2")]
    pub(crate) channel: String,
    #[prost(string, tag = "3")]
    pub(crate) owner: String,
    /// The person of a direct chat; 0 for a group.
    #[prost(uint64, tag = "4")]
    pub(crate) person: u64,
    /// The chat as its first message named it.
    #[prost(string, tag = "5")]
    pub(crate) chat: String,
}

/// How a conversation is treated. Which one stands in its key; what is missing is not set.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct SettingsRecord {
    #[prost(string, optional, tag = "1")]
    pub(crate) assistant: Option<String>,
    #[prost(uint64, optional, tag = "2")]
    pub(crate) paused_until: Option<u64>,
    #[prost(string, optional, tag = "3")]
    pub(crate) language: Option<String>,
    #[prost(bytes = "bytes", optional, tag = "4")]
    pub(crate) open_choice: Option<bytes::Bytes>,
}

/// A number that a row points to: an alias, a chat, a redirect.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct PointerRecord {
    #[prost(uint64, tag = "1")]
    pub(crate) to: u64,
}

/// Which parcel a network id belongs to.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct OwnRecord {
    #[prost(uint64, tag = "1")]
    pub(crate) sequence: u64,
    #[prost(uint32, tag = "2")]
    pub(crate) part: u32,
}

/// An account.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct AccountRecord {
    #[prost(uint64, tag = "1")]
    pub(crate) number: u64,
    #[prost(string, tag = "2")]
    pub(crate) id: String,
    #[prost(string, tag = "3")]
    pub(crate) channel: String,
    #[prost(string, tag = "4")]
    pub(crate) owner: String,
    #[prost(string, optional, tag = "5")]
    pub(crate) configured_key: Option<String>,
    #[prost(string, optional, tag = "6")]
    pub(crate) label: Option<String>,
    /// An [`AccountTag`](super::tags::AccountTag).
    #[prost(uint32, tag = "7")]
    pub(crate) state: u32,
    #[prost(string, tag = "8")]
    pub(crate) reason: String,
    #[prost(uint64, tag = "9")]
    pub(crate) created_at: u64,
    #[prost(uint64, tag = "10")]
    pub(crate) changed_at: u64,
    #[prost(string, optional, tag = "11")]
    pub(crate) adapter: Option<String>,
    #[prost(uint64, optional, tag = "12")]
    pub(crate) linked_at: Option<u64>,
}

/// A warning that an owner accepted. Channel and owner stand in its key.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct AcceptedRecord {
    #[prost(string, tag = "1")]
    pub(crate) text: String,
    #[prost(uint64, tag = "2")]
    pub(crate) at: u64,
}

/// An entry of an allow-list. The entry and its scope also stand in its key.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct AllowRecord {
    #[prost(string, tag = "1")]
    pub(crate) entry: String,
    #[prost(string, tag = "2")]
    pub(crate) by: String,
    #[prost(uint64, tag = "3")]
    pub(crate) at: u64,
}

/// Who this store is, and how far it got.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct SentinelRecord {
    #[prost(uint32, tag = "1")]
    pub(crate) schema: u32,
    #[prost(bytes = "vec", tag = "2")]
    pub(crate) instance: Vec<u8>,
    /// Makes our message ids and fingerprints unlike those of any other store.
    #[prost(bytes = "vec", tag = "3")]
    pub(crate) salt: Vec<u8>,
    #[prost(uint64, tag = "4")]
    pub(crate) commit: u64,
    /// Numbers up to, and without, this one may be in use.
    #[prost(uint64, tag = "5")]
    pub(crate) numbers_reserved: u64,
    /// The name of the key that seals.
    #[prost(bytes = "vec", tag = "6")]
    pub(crate) seal_key: Vec<u8>,
    /// No parcel of a row before this one is unsent, except in the accounts below.
    #[prost(uint64, tag = "7")]
    pub(crate) low_water: u64,
    #[prost(message, repeated, tag = "8")]
    pub(crate) low_water_of: Vec<LowWaterRecord>,
    /// Random, and renewed at every opening: makes what is named now unlike what a copy of this store names.
    #[prost(bytes = "vec", tag = "20")]
    pub(crate) epoch: Vec<u8>,
    /// How often, and when, it was restored: see [`greenroom_contract::store::Fence`]. 0 if never.
    #[prost(uint64, tag = "21")]
    pub(crate) fence: u64,
    /// About how many messages that were refused are kept.
    #[prost(uint64, tag = "40")]
    pub(crate) refused: u64,
}

/// The time as the store lived through it. Its fields have numbers that the sentinel has not, because both are records of
/// the store itself.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct LifeRecord {
    /// The time at the last sweep.
    #[prost(uint64, tag = "30")]
    pub(crate) at: u64,
    /// For how much of its life the clock has been off, in milliseconds.
    #[prost(uint64, tag = "31")]
    pub(crate) doubt_ms: u64,
}

/// That the store was moved to another place. Its field has a number of its own, as those of [`LifeRecord`] have.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct MovedRecord {
    /// When.
    #[prost(uint64, tag = "50")]
    pub(crate) at: u64,
}

/// No parcel of this account of a row before this one is unsent.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct LowWaterRecord {
    #[prost(string, tag = "1")]
    pub(crate) account: String,
    #[prost(uint64, tag = "2")]
    pub(crate) sequence: u64,
}

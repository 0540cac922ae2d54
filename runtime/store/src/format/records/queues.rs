//! Records of the inbox and the outbox.

use prost::Message;

/// An inbound message.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct InboundRecord {
    #[prost(string, tag = "1")]
    pub(crate) account: String,
    #[prost(string, tag = "2")]
    pub(crate) chat: String,
    #[prost(string, tag = "3")]
    pub(crate) message: String,
    #[prost(bool, tag = "4")]
    pub(crate) group: bool,
    #[prost(string, optional, tag = "5")]
    pub(crate) title: Option<String>,
    #[prost(message, optional, tag = "6")]
    pub(crate) sender: Option<SenderRecord>,
    /// An [`OriginTag`](super::tags::OriginTag).
    #[prost(uint32, tag = "7")]
    pub(crate) origin: u32,
    #[prost(uint64, tag = "8")]
    pub(crate) sent_at: u64,
    /// An [`AddressingTag`](super::tags::AddressingTag).
    #[prost(uint32, tag = "9")]
    pub(crate) addressing: u32,
    #[prost(message, optional, tag = "10")]
    pub(crate) quote: Option<QuoteRecord>,
    #[prost(message, optional, tag = "11")]
    pub(crate) body: Option<BodyRecord>,
}

/// The author of a message.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct SenderRecord {
    #[prost(string, tag = "1")]
    pub(crate) id: String,
    #[prost(string, repeated, tag = "2")]
    pub(crate) addresses: Vec<String>,
    #[prost(string, optional, tag = "3")]
    pub(crate) name: Option<String>,
}

/// The message that another one answers.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct QuoteRecord {
    #[prost(string, tag = "1")]
    pub(crate) message: String,
    #[prost(string, optional, tag = "2")]
    pub(crate) sender: Option<String>,
    #[prost(string, optional, tag = "3")]
    pub(crate) text: Option<String>,
}

/// What was written.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct BodyRecord {
    /// A [`BodyTag`](super::tags::BodyTag).
    #[prost(uint32, tag = "1")]
    pub(crate) kind: u32,
    /// The text or the caption.
    #[prost(string, optional, tag = "2")]
    pub(crate) text: Option<String>,
    #[prost(message, optional, tag = "3")]
    pub(crate) media: Option<MediaRefRecord>,
    #[prost(uint64, optional, tag = "4")]
    pub(crate) duration_ms: Option<u64>,
    /// The message under which a reaction stands.
    #[prost(string, optional, tag = "5")]
    pub(crate) target: Option<String>,
    #[prost(string, optional, tag = "6")]
    pub(crate) emoji: Option<String>,
    /// The network's word for an unsupported kind; the name of a document or a place; the id of an option.
    #[prost(string, optional, tag = "7")]
    pub(crate) word: Option<String>,
    #[prost(message, optional, tag = "8")]
    pub(crate) place: Option<PlaceRecord>,
    #[prost(message, repeated, tag = "9")]
    pub(crate) contacts: Vec<ContactRecord>,
}

/// A place on earth.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct PlaceRecord {
    #[prost(double, tag = "1")]
    pub(crate) latitude: f64,
    #[prost(double, tag = "2")]
    pub(crate) longitude: f64,
    #[prost(string, optional, tag = "3")]
    pub(crate) name: Option<String>,
    #[prost(string, optional, tag = "4")]
    pub(crate) address: Option<String>,
}

/// A person from an address book.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct ContactRecord {
    #[prost(string, optional, tag = "1")]
    pub(crate) name: Option<String>,
    #[prost(string, repeated, tag = "2")]
    pub(crate) phones: Vec<String>,
}

/// One option of a question.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct OptionRecord {
    #[prost(string, tag = "1")]
    pub(crate) id: String,
    #[prost(string, tag = "2")]
    pub(crate) title: String,
    #[prost(string, optional, tag = "3")]
    pub(crate) detail: Option<String>,
}

/// Where media bytes are.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct MediaRefRecord {
    #[prost(string, tag = "1")]
    pub(crate) mime: String,
    #[prost(uint64, optional, tag = "2")]
    pub(crate) size_bytes: Option<u64>,
    /// The adapter's token as JSON.
    #[prost(string, tag = "3")]
    pub(crate) token: String,
}

/// The way back.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct RouteRecord {
    #[prost(string, tag = "1")]
    pub(crate) account: String,
    #[prost(string, tag = "2")]
    pub(crate) chat: String,
    #[prost(bool, tag = "3")]
    pub(crate) group: bool,
    #[prost(string, optional, tag = "4")]
    pub(crate) title: Option<String>,
}

/// A decision. The frequent ones are numbered; the others are JSON.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct StepRecord {
    #[prost(uint64, tag = "1")]
    pub(crate) at: u64,
    /// A [`StepTag`](super::tags::StepTag); JSON stands in `text`.
    #[prost(uint32, tag = "2")]
    pub(crate) kind: u32,
    #[prost(string, tag = "3")]
    pub(crate) text: String,
    #[prost(uint64, tag = "4")]
    pub(crate) first: u64,
    #[prost(uint64, tag = "5")]
    pub(crate) second: u64,
}

/// A waiting row. Its conversation and its place stand in its key.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct InboxRecord {
    #[prost(uint64, tag = "1")]
    pub(crate) person: u64,
    #[prost(string, tag = "2")]
    pub(crate) channel: String,
    #[prost(string, tag = "3")]
    pub(crate) owner: String,
    #[prost(uint32, tag = "4")]
    pub(crate) attempts: u32,
    #[prost(uint64, tag = "5")]
    pub(crate) accepted_at: u64,
    #[prost(message, optional, tag = "6")]
    pub(crate) message: Option<InboundRecord>,
    #[prost(message, optional, tag = "7")]
    pub(crate) wake: Option<WakeRecord>,
    /// The conversation and the person in the deduplication key, as they were at acceptance.
    #[prost(uint64, tag = "8")]
    pub(crate) seen_conversation: u64,
    #[prost(uint64, tag = "9")]
    pub(crate) seen_person: u64,
    /// What a turn that begins with this row is named by, beside its place; 0 in rows of versions that had no epoch.
    #[prost(uint32, tag = "20")]
    pub(crate) turn_tag: u32,
}

/// A wake-up.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct WakeRecord {
    #[prost(uint64, tag = "1")]
    pub(crate) conversation: u64,
    #[prost(message, optional, tag = "2")]
    pub(crate) route: Option<RouteRecord>,
    #[prost(message, optional, tag = "3")]
    pub(crate) sender: Option<SenderRecord>,
    #[prost(string, tag = "4")]
    pub(crate) assistant: String,
    #[prost(string, tag = "5")]
    pub(crate) token: String,
    #[prost(uint64, tag = "6")]
    pub(crate) person: u64,
    #[prost(string, tag = "7")]
    pub(crate) channel: String,
    #[prost(string, tag = "8")]
    pub(crate) owner: String,
    /// When the message was written that it goes back to; 0 in records that are older than this.
    #[prost(uint64, tag = "20")]
    pub(crate) opened_at: u64,
}

/// A row in quarantine.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct QuarantineRecord {
    #[prost(message, optional, tag = "1")]
    pub(crate) row: Option<InboxRecord>,
    #[prost(uint64, tag = "2")]
    pub(crate) conversation: u64,
    #[prost(string, tag = "3")]
    pub(crate) reason: String,
    #[prost(uint64, tag = "4")]
    pub(crate) at: u64,
}

/// A message that was seen. Its key is the deduplication key.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct SeenRecord {
    #[prost(uint64, tag = "1")]
    pub(crate) at: u64,
    #[prost(string, optional, tag = "2")]
    pub(crate) chat: Option<String>,
    /// Its row; 0 if it was refused.
    #[prost(uint64, tag = "3")]
    pub(crate) sequence: u64,
    /// The first row of the turn that took it, if that is another row.
    #[prost(uint64, tag = "4")]
    pub(crate) turn: u64,
    /// Recognises chat and sender when the person behind them was forgotten.
    #[prost(fixed64, tag = "5")]
    pub(crate) fingerprint: u64,
    #[prost(message, repeated, tag = "6")]
    pub(crate) steps: Vec<StepRecord>,
    /// Rows it had before it was released from quarantine.
    #[prost(uint64, repeated, tag = "7")]
    pub(crate) earlier: Vec<u64>,
    /// A [`ContentTag`](super::tags::ContentTag).
    #[prost(uint32, tag = "8")]
    pub(crate) content: u32,
    /// Of a post: the tag in the name of its first parcel. Missing in those of versions that had no epoch.
    #[prost(uint32, optional, tag = "20")]
    pub(crate) name_tag: Option<u32>,
}

/// A parcel.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct ParcelRecord {
    /// The three bytes that make our id unlike that of any other store.
    #[prost(uint32, tag = "1")]
    pub(crate) tag: u32,
    #[prost(uint64, tag = "2")]
    pub(crate) conversation: u64,
    /// A [`ParcelTag`](super::tags::ParcelTag).
    #[prost(uint32, tag = "3")]
    pub(crate) kind: u32,
    #[prost(message, optional, tag = "4")]
    pub(crate) route: Option<RouteRecord>,
    #[prost(string, optional, tag = "5")]
    pub(crate) reply_to: Option<String>,
    #[prost(uint64, tag = "6")]
    pub(crate) opened_at: u64,
    #[prost(message, optional, tag = "7")]
    pub(crate) body: Option<OutboundRecord>,
    #[prost(message, optional, tag = "8")]
    pub(crate) state: Option<ParcelStateRecord>,
    #[prost(uint32, tag = "9")]
    pub(crate) attempts: u32,
    #[prost(uint64, tag = "10")]
    pub(crate) created_at: u64,
    #[prost(message, repeated, tag = "11")]
    pub(crate) statuses: Vec<StatusRecord>,
    #[prost(message, repeated, tag = "12")]
    pub(crate) steps: Vec<StepRecord>,
    /// The steps of the turn; in the first parcel of a turn only.
    #[prost(message, repeated, tag = "13")]
    pub(crate) turn_steps: Vec<StepRecord>,
    /// The message that caused it; in the first parcel of a turn only.
    #[prost(message, optional, tag = "14")]
    pub(crate) cause: Option<CauseRecord>,
    /// For whom it is.
    #[prost(message, optional, tag = "15")]
    pub(crate) recipient: Option<SenderRecord>,
    /// How its name on the network is made: a [`NameForm`](crate::format::names::NameForm).
    #[prost(uint32, tag = "20")]
    pub(crate) name_form: u32,
    /// Sends whose outcome is not known.
    #[prost(uint32, tag = "21")]
    pub(crate) unclear: u32,
    /// Whether it is no answer to a message. An own send is none, whatever stands here.
    #[prost(bool, tag = "22")]
    pub(crate) speaks_first: bool,
    /// When the owner released it last; 0 if that was never done.
    #[prost(uint64, tag = "23")]
    pub(crate) released_at: u64,
    /// Under which category the network bills it; empty if it did not say so.
    #[prost(string, tag = "24")]
    pub(crate) billed_as: String,
    /// Whether it is counted among the billed messages.
    #[prost(bool, tag = "25")]
    pub(crate) billed: bool,
}

/// How far a parcel is.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct ParcelStateRecord {
    /// A [`StateTag`](super::tags::StateTag).
    #[prost(uint32, tag = "1")]
    pub(crate) kind: u32,
    #[prost(uint64, tag = "2")]
    pub(crate) at: u64,
    /// The reason, or the id on the network.
    #[prost(string, tag = "3")]
    pub(crate) text: String,
}

/// What the network said.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct StatusRecord {
    /// A [`StatusTag`](super::tags::StatusTag).
    #[prost(uint32, tag = "1")]
    pub(crate) kind: u32,
    #[prost(string, tag = "2")]
    pub(crate) reason: String,
    /// The network's code of a failure.
    #[prost(sint64, optional, tag = "3")]
    pub(crate) code: Option<i64>,
    /// A [`ConsequenceTag`](super::tags::ConsequenceTag).
    #[prost(uint32, tag = "4")]
    pub(crate) then: u32,
}

/// The message that caused a parcel, as its deduplication key names it.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct CauseRecord {
    #[prost(string, tag = "1")]
    pub(crate) account: String,
    #[prost(string, tag = "2")]
    pub(crate) message: String,
    #[prost(uint64, tag = "3")]
    pub(crate) conversation: u64,
    #[prost(uint64, tag = "4")]
    pub(crate) person: u64,
}

/// What a message of ours says.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct OutboundRecord {
    /// An [`OutboundTag`](super::tags::OutboundTag).
    #[prost(uint32, tag = "1")]
    pub(crate) kind: u32,
    /// The text or the caption.
    #[prost(string, optional, tag = "2")]
    pub(crate) text: Option<String>,
    #[prost(string, tag = "3")]
    pub(crate) mime: String,
    #[prost(bytes = "bytes", tag = "4")]
    pub(crate) bytes: bytes::Bytes,
    #[prost(string, optional, tag = "5")]
    pub(crate) target: Option<String>,
    #[prost(string, optional, tag = "6")]
    pub(crate) emoji: Option<String>,
    /// How long a voice note is; present once it was measured.
    #[prost(uint64, optional, tag = "7")]
    pub(crate) duration_ms: Option<u64>,
    #[prost(bytes = "vec", tag = "8")]
    pub(crate) waveform: Vec<u8>,
    /// The name of a document, or what stands on the button of a list.
    #[prost(string, optional, tag = "9")]
    pub(crate) label: Option<String>,
    #[prost(message, repeated, tag = "10")]
    pub(crate) options: Vec<OptionRecord>,
    #[prost(message, optional, tag = "11")]
    pub(crate) place: Option<PlaceRecord>,
}

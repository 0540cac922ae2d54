//! Why a message was, or was not, answered: what `greenroom why` prints.
//!
//! A trace never holds what a message says.

mod codes;

use crate::address::Address;
use crate::ids::{AccountId, AssistantName, ChatId, ConversationId, MessageId, OutboundId, Sequence};
use crate::message::Unreadable;
use crate::money::Millionths;
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};
use std::fmt;

const DAY_SECONDS: u64 = 24 * 3600;

/// All that is known about one message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trace {
    /// The message, as the network names it.
    pub message: MessageId,
    /// The account that received it.
    pub account: AccountId,
    /// The chat, where it is still known.
    pub chat: Option<ChatId>,
    /// The conversation.
    pub conversation: ConversationId,
    /// Its place in the order of acceptance, if it was accepted.
    pub sequence: Option<Sequence>,
    /// What was decided, in order.
    pub steps: Vec<Step>,
    /// What was sent because of it.
    pub parcels: Vec<ParcelTrace>,
}

/// One of our messages within a trace.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ParcelTrace {
    /// Our name for it.
    pub id: OutboundId,
    /// Its state in one word.
    pub state: String,
    /// Until when it waits; `None` if it does not, or if that is not a moment.
    #[serde(default)]
    pub waits_until: Option<Timestamp>,
    /// What happened to it, in order.
    pub steps: Vec<Step>,
}

/// One decision.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// When it was taken.
    pub at: Timestamp,
    /// What was decided.
    pub what: Decision,
}

impl Step {
    /// A decision taken now.
    pub fn new(at: Timestamp, what: Decision) -> Self {
        Self { at, what }
    }
}

/// What can be decided about a message or a parcel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "decision", rename_all = "snake_case")]
pub enum Decision {
    /// It is from somebody, and for us; it waits for its turn.
    Admitted {
        /// The allow-list entry that admitted it, and where that entry comes from.
        by: String,
    },
    /// It is not answered. Nobody could notice that it was read.
    Ignored {
        /// Why.
        reason: Ignored,
    },
    /// It was deleted by its author before its turn.
    Revoked,
    /// Its text was replaced by its author before its turn.
    Edited,
    /// It is handled in the turn that began with another message.
    Joined {
        /// That message's row.
        turn: Sequence,
    },
    /// The conversation is bound to an assistant that is not configured; another one is asked instead.
    BindingUnknown {
        /// To which it is bound.
        bound: AssistantName,
        /// Which one is asked.
        instead: AssistantName,
    },
    /// An assistant was asked.
    Asked {
        /// Which.
        assistant: AssistantName,
        /// Which attempt this is, from 1.
        attempt: u32,
    },
    /// A voice note was heard.
    Heard {
        /// How long that took.
        took_ms: u64,
        /// How many characters the transcript has.
        chars: usize,
    },
    /// A voice note or picture could not be taken in.
    NotTaken {
        /// Why.
        reason: String,
    },
    /// The assistant passed the turn on.
    HandedOver {
        /// To whom.
        to: AssistantName,
    },
    /// The conversation stays with whom it was handed to.
    Bound {
        /// With whom, in a word: an assistant, `human`, or `configured`, which ends it.
        to: String,
    },
    /// The assistant is away. It is asked once more later; no attempt was counted.
    Away {
        /// Which.
        assistant: AssistantName,
        /// Why.
        reason: String,
    },
    /// A command of the house was carried out.
    Commanded {
        /// Which: `help`, `new`, `stop` or `start`.
        command: String,
    },
    /// The words were taken for one of the options that were offered.
    Chosen {
        /// Its place, from 1.
        number: usize,
    },
    /// What the answer cost at one model.
    Spent {
        /// The model, where there is one to name.
        model: Option<String>,
        /// Tokens read.
        tokens_in: u64,
        /// Tokens written.
        tokens_out: u64,
        /// What that cost, in millionths of the unit in which prices are written.
        #[serde(default)]
        cost_millionths: u64,
    },
    /// The assistant called a tool.
    Called {
        /// Which, with its server.
        tool: String,
        /// How long it took.
        took_ms: u64,
        /// Bytes of the arguments.
        bytes_in: u64,
        /// Bytes of what it returned.
        bytes_out: u64,
        /// What went wrong.
        #[serde(default)]
        failed: Option<String>,
    },
    /// What the assistant told about how its answer came about.
    Remarked {
        /// In a sentence.
        what: String,
    },
    /// The assistant answered.
    Answered {
        /// How long it took.
        took_ms: u64,
        /// How many messages it became.
        parcels: usize,
    },
    /// The assistant failed; the turn is tried again, or quarantined.
    Failed {
        /// Why.
        reason: String,
    },
    /// The turn was given up because more arrived.
    Interrupted,
    /// A kind sentence was queued instead of an answer.
    Noticed {
        /// Its cause.
        cause: String,
    },
    /// The turn failed too often. It waits for the owner.
    Quarantined {
        /// The last failure.
        reason: String,
    },
    /// Something the assistant returned was left out or changed, because the network lacks it.
    Degraded {
        /// What.
        what: String,
    },
    /// The parcel waits for its send.
    Queued,
    /// The network has it.
    Sent {
        /// Its id there.
        message: MessageId,
    },
    /// The send is tried again later.
    SendFailed {
        /// Why it failed.
        reason: String,
        /// When it is tried again.
        again_at: Timestamp,
    },
    /// It is unknown whether it was sent.
    Uncertain {
        /// Why.
        reason: String,
    },
    /// It waits until something changes.
    Held {
        /// For what.
        reason: String,
    },
    /// It will not be sent.
    Dropped {
        /// Why.
        reason: String,
    },
    /// The network said what became of it.
    Status {
        /// One word, and its reason if it failed.
        status: String,
    },
}

/// Why a message is not answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "why", rename_all = "snake_case")]
pub enum Ignored {
    /// The allow-list is empty.
    NobodyAdmitted,
    /// The sender is not on the allow-list.
    Stranger {
        /// The addresses that were compared.
        known_as: Vec<String>,
    },
    /// The sender's phone number is unknown, and no entry names the address that is known.
    PhoneUnknown {
        /// The addresses that were compared.
        known_as: Vec<String>,
    },
    /// The channel does not speak in groups, or not in this one.
    GroupsOff,
    /// The group is not on the allow-list.
    GroupNotAdmitted,
    /// Group talk that is not for us.
    NotAddressed,
    /// It is a message of our own.
    OwnMessage,
    /// The owner wrote it, from a device of the account, to somebody else.
    OwnerElsewhere,
    /// The conversation already holds as many waiting messages as it may.
    ConversationFull,
    /// Too many turns of this person or group.
    TooMany,
    /// A reaction; it is noted and needs no answer.
    Reaction,
    /// A kind that cannot be answered, without words.
    Unsupported {
        /// Which.
        kind: String,
    },
    /// What it says is not known here.
    Unreadable {
        /// Why.
        what: Unreadable,
    },
    /// It is empty, or a voice note in which nothing is said.
    NothingSaid,
    /// Something happened in the chat, such as a pin, and no one said anything.
    Event {
        /// What, as the network calls it.
        kind: String,
    },
    /// The allow-list changed between acceptance and turn.
    NoLongerAdmitted,
    /// The assistant that should answer is not configured any more.
    NoAssistant,
    /// The channel only listens.
    ListenOnly,
    /// It came so fast after the last answers that it looks as if two programs answer each other.
    Loop {
        /// Until when the conversation is paused for it.
        until: Timestamp,
    },
    /// It was sent longer ago than its network delivers: a copy of an old delivery, or a clock that is wrong.
    TooOld {
        /// How long ago, in seconds.
        age_seconds: u64,
        /// How long after it was sent the network may deliver a message, in seconds.
        within_seconds: u64,
    },
    /// The conversation is paused.
    Paused {
        /// Until when.
        until: Timestamp,
    },
}

impl fmt::Display for Ignored {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NobodyAdmitted => f.write_str(
                "the allow-list of this channel is empty, so every message is ignored; add an entry to allow_from",
            ),
            Self::Stranger { known_as } => {
                write!(f, "{KNOWN_AS}{})", known_as.join(", "))
            }
            Self::PhoneUnknown { known_as } => {
                write!(f, "{NO_ENTRY_NAMES}{}", known_as.join(", "))
            }
            Self::GroupsOff => f.write_str("the bot does not speak in this group (groups = \"never\")"),
            Self::GroupNotAdmitted => f.write_str("the group is not on the allow-list"),
            Self::NotAddressed => f.write_str("group talk that does not address the bot"),
            Self::OwnMessage => f.write_str("the bot's own message"),
            Self::OwnerElsewhere => f.write_str("written by the account's owner to another person"),
            Self::ConversationFull => f.write_str("too many messages of this conversation are already waiting"),
            Self::TooMany => f.write_str("too many turns of this person or group in a short time"),
            Self::Reaction => f.write_str("a reaction needs no answer"),
            Self::Unsupported { kind } => write!(f, "a {kind} without words cannot be answered"),
            Self::Unreadable { what } => what.fmt(f),
            Self::NothingSaid => f.write_str("nothing was said"),
            Self::Event { kind } => write!(f, "nothing was said: it only tells of a {kind}"),
            Self::NoLongerAdmitted => {
                f.write_str("the sender or the group was taken off the allow-list while the message waited")
            }
            Self::NoAssistant => f.write_str("the assistant of this channel is not configured"),
            Self::ListenOnly => f.write_str("this channel only listens (outbound = \"off\")"),
            Self::Loop { .. } => f.write_str(
                "it looks as if two programs answer each other in this chat, so it is paused; a person can write again later",
            ),
            Self::TooOld { age_seconds, within_seconds } => write!(
                f,
                "too old: it was sent {} days ago, and its network delivers within {} days; it is a copy of an old \
                 delivery, or the clock of this machine is wrong",
                age_seconds / DAY_SECONDS,
                within_seconds / DAY_SECONDS
            ),
            Self::Paused { .. } => f.write_str("the conversation is paused"),
        }
    }
}

/// The addresses that stand in the words of [`Ignored::Stranger`] and [`Ignored::PhoneUnknown`]; none for other words.
/// For whoever was handed the words only, as a client of the API is.
pub fn known_as(words: &str) -> Vec<Address> {
    let listed = words.split_once(KNOWN_AS).map(|(_, rest)| rest.strip_suffix(')').unwrap_or(rest));
    let listed = listed.or_else(|| words.split_once(NO_ENTRY_NAMES).map(|(_, rest)| rest));
    listed.into_iter().flat_map(|listed| listed.split(", ")).filter_map(|text| text.parse().ok()).collect()
}

const KNOWN_AS: &str = "the sender is not on the allow-list (known as ";
const NO_ENTRY_NAMES: &str = "the sender's phone number is unknown here and no entry names ";

impl fmt::Display for Decision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Admitted { by } => write!(f, "admitted by {by}"),
            Self::Ignored { reason } => write!(f, "not answered: {reason}"),
            Self::Revoked => f.write_str("deleted by its author before its turn"),
            Self::Edited => f.write_str("edited by its author before its turn"),
            Self::Joined { turn } => write!(f, "handled together with row {turn}"),
            Self::BindingUnknown { bound, instead } => {
                write!(f, "bound to {bound}, which is not configured, so {instead} is asked")
            }
            Self::Asked { assistant, attempt } => write!(f, "asked {assistant}, attempt {attempt}"),
            Self::Heard { took_ms, chars } => write!(f, "voice note heard in {took_ms} ms, {chars} characters"),
            Self::NotTaken { reason } => write!(f, "could not be prepared: {reason}"),
            Self::HandedOver { to } => write!(f, "handed over to {to}"),
            Self::Bound { to } if to == "configured" => f.write_str("answered as configured from now on"),
            Self::Bound { to } => write!(f, "stays with {to} from now on"),
            Self::Away { assistant, reason } => write!(f, "{assistant} is away and is asked once more later: {reason}"),
            Self::Commanded { command } => write!(f, "a command of the house: {command}"),
            Self::Chosen { number } => write!(f, "understood as option {number} of the last question"),
            Self::Spent { model, tokens_in, tokens_out, cost_millionths } => {
                write!(f, "cost {tokens_in} tokens read and {tokens_out} written")?;
                model.as_ref().map_or(Ok(()), |model| write!(f, " at {model}"))?;
                if *cost_millionths == 0 {
                    return Ok(());
                }
                write!(f, ", which is {} by the prices configured then", Millionths(*cost_millionths))
            }
            Self::Called { tool, took_ms, bytes_in, bytes_out, failed } => {
                write!(f, "called {tool} with {bytes_in} bytes, which took {took_ms} ms")?;
                match failed {
                    Some(what) => write!(f, " and failed: {what}"),
                    None => write!(f, " and returned {bytes_out} bytes"),
                }
            }
            Self::Remarked { what } => f.write_str(what),
            Self::Answered { took_ms, parcels } => write!(f, "answered in {took_ms} ms with {parcels} message(s)"),
            Self::Failed { reason } => write!(f, "the assistant failed: {reason}"),
            Self::Interrupted => f.write_str("given up because more arrived"),
            Self::Noticed { cause } => write!(f, "a notice was queued: {cause}"),
            Self::Quarantined { reason } => write!(f, "quarantined: {reason}"),
            Self::Degraded { what } => write!(f, "adapted to the network: {what}"),
            Self::Queued => f.write_str("queued"),
            Self::Sent { message } => write!(f, "sent as {message}"),
            Self::SendFailed { reason, .. } => write!(f, "not sent yet: {reason}"),
            Self::Uncertain { reason } => write!(f, "unknown whether it was sent: {reason}"),
            Self::Held { reason } => write!(f, "held: {reason}"),
            Self::Dropped { reason } => write!(f, "dropped: {reason}"),
            Self::Status { status } => write!(f, "network says {status}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_addresses_of_a_stranger_are_read_back_from_the_words() {
        let known: Vec<String> = ["+15551234567", "lid:7", "@ana"].map(str::to_owned).to_vec();
        let addresses: Vec<Address> = known.iter().map(|text| text.parse().unwrap()).collect();
        for reason in [Ignored::Stranger { known_as: known.clone() }, Ignored::PhoneUnknown { known_as: known }] {
            assert_eq!(known_as(&Decision::Ignored { reason }.to_string()), addresses);
        }
        for other in [Ignored::NobodyAdmitted, Ignored::NothingSaid, Ignored::GroupNotAdmitted] {
            assert_eq!(known_as(&other.to_string()), []);
        }
    }

    #[test]
    fn what_an_answer_cost_is_told_with_the_digits_that_it_has() {
        for (cost_millionths, said) in [(0, ""), (1_230, ", which is 0.00123 by the prices configured then")] {
            let model = Some("large".to_owned());
            let spent = Decision::Spent { model, tokens_in: 1_200, tokens_out: 30, cost_millionths };
            assert_eq!(spent.to_string(), format!("cost 1200 tokens read and 30 written at large{said}"));
        }
    }
}

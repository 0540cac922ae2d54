//! What an assistant is asked.

use super::acting::Acting;
use super::answer::Wake;
use super::content::TurnMessage;
use super::error::NotRemembered;
use super::past::{NotDelivered, OverheardLine, PastTurn};
use super::usage::Bill;
use crate::capabilities::Ability;
use crate::identity::LinkedPerson;
use crate::ids::{AssistantName, ChannelName, ConversationId, PersonId, TurnId};
use crate::limits;
use crate::message::{Chat, Sender};
use crate::outbound::Route;
use crate::time::Timestamp;
use bytes::Bytes;
use serde::de::DeserializeOwned;
use std::time::Duration;

/// What an assistant is asked: settled messages with what came before.
///
/// Made by [`Turn::new`]; the rest is set in its fields. An assistant's own tests make one with `testing::turn`.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Turn {
    /// The same in every attempt.
    pub id: TurnId,
    /// Which attempt this is, from 1. Attempts that only met an outage are not counted.
    pub attempt: u32,
    /// Where it is noted that something begins that must not be done twice.
    pub acting: Acting,
    /// Where it is written what the turn costs, at the latest when it is spent. What is in it belongs to the turn whether it is
    /// answered or not; what is in [`Answer::usage`](super::Answer::usage) must not be in here as well.
    pub bill: Bill,
    /// The name under which the assistant was configured.
    pub assistant: AssistantName,
    /// The conversation.
    pub conversation: ConversationId,
    /// The configured channel.
    pub channel: ChannelName,
    /// The network, by the kind of its adapter, such as `whatsapp-cloud`.
    pub network: String,
    /// What can be said here as it is. What is missing becomes words.
    pub can: Vec<Ability>,
    /// Where the answer will go.
    pub route: Route,
    /// The kind of chat.
    pub chat: Chat,
    /// Who wrote.
    pub sender: Sender,
    /// Who that is, across addresses.
    pub person: PersonId,
    /// Who that is beyond this network, where they proved an e-mail address that counts for the addresses they write from.
    pub linked: Option<LinkedPerson>,
    /// What was written, oldest first; never empty. More than one only where messages are collected.
    pub messages: Vec<TurnMessage>,
    /// What was said before, oldest first.
    pub history: Vec<PastTurn>,
    /// Group talk since the last turn, oldest first, where the channel remembers it.
    pub overheard: Vec<OverheardLine>,
    /// What this assistant remembered for this conversation.
    pub state: Option<Bytes>,
    /// The wake-ups that this assistant asked for in this conversation and that are not due yet, the earliest first.
    pub wakes: Vec<Wake>,
    /// What the bot said here lately and its network took and did not deliver. Told once, as far as it is remembered.
    pub undelivered: Vec<NotDelivered>,
    /// The present moment.
    pub now: Timestamp,
    /// How long the answer may take from then on. After it the turn is given up, and counts as a failed attempt.
    pub answer_within: Duration,
    /// The time zone of the people here, where it is configured: an IANA name such as `Europe/Zurich`.
    pub time_zone: Option<String>,
    /// The language in which they are spoken to, where it is known: a BCP 47 tag such as `de-AT`.
    pub language: Option<String>,
}

impl Turn {
    /// The first attempt at a turn in the chat of `route`, with nothing said before and nothing remembered, asked when
    /// the last message was written.
    pub fn new(
        id: TurnId,
        assistant: AssistantName,
        conversation: ConversationId,
        person: PersonId,
        route: Route,
        sender: Sender,
        messages: Vec<TurnMessage>,
    ) -> Self {
        Self {
            id,
            attempt: 1,
            acting: Acting::default(),
            bill: Bill::default(),
            assistant,
            conversation,
            channel: "local".parse().expect("a short word is a name"),
            network: String::new(),
            can: Vec::new(),
            chat: route.kind.clone(),
            route,
            sender,
            person,
            linked: None,
            now: messages.last().map_or(Timestamp(0), |message| message.sent_at),
            messages,
            history: Vec::new(),
            overheard: Vec::new(),
            state: None,
            wakes: Vec::new(),
            undelivered: Vec::new(),
            answer_within: limits::TURN_TIMEOUT,
            time_zone: None,
            language: None,
        }
    }

    /// All words of the turn, one message per line: texts, captions, transcripts.
    pub fn text(&self) -> String {
        let words = self.messages.iter().filter_map(|message| message.content.words());
        words.collect::<Vec<_>>().join("\n")
    }

    /// What this assistant remembered here with [`Answer::remember`]; `None` if it is nothing yet.
    ///
    /// # Errors
    /// What it remembered is of another shape: of an earlier version of the assistant, say. An assistant that can do
    /// without it uses `unwrap_or_default`.
    pub fn recall<T: DeserializeOwned>(&self) -> Result<Option<T>, NotRemembered> {
        let state = self.state.as_ref().filter(|state| !state.is_empty());
        state.map(|state| serde_json::from_slice(state)).transpose().map_err(NotRemembered::from)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::assistant::{Answer, Content};
    use serde::{Deserialize, Serialize};

    #[test]
    fn words_are_an_answer() {
        assert_eq!(Answer::from("tea"), Answer::text("tea"));
        assert_eq!(Answer::from("tea".to_owned()), Answer::text("tea"));
    }

    #[test]
    fn a_turn_begins_with_its_messages_and_nothing_else() {
        let message = |words: &str, at| TurnMessage {
            message: words.parse().unwrap(),
            sent_at: Timestamp(at),
            quote: None,
            content: Content::Text(words.to_owned()),
        };
        let kind = Chat::Group { title: Some("friends".to_owned()) };
        let route = Route { account: "main".parse().unwrap(), chat: "friends".parse().unwrap(), kind: kind.clone() };
        let sender = Sender { id: "ana".parse().unwrap(), addresses: Vec::new(), name: None };
        let messages = vec![message("one", 1), message("two", 2)];
        let turn =
            Turn::new(TurnId(7), "echo".parse().unwrap(), ConversationId(1), PersonId(2), route, sender, messages);
        assert_eq!((turn.text().as_str(), turn.now, turn.attempt), ("one\ntwo", Timestamp(2), 1));
        assert_eq!((turn.chat, turn.history, turn.state), (kind, Vec::new(), None));
    }

    #[test]
    fn what_is_remembered_is_recalled() {
        #[derive(Debug, PartialEq, Serialize, Deserialize)]
        struct Order {
            pizzas: u8,
        }
        let answer = Answer::text("two").remember(&Order { pizzas: 2 }).unwrap();
        let mut turn = turn("hello");
        assert_eq!(turn.recall::<Order>().unwrap(), None);
        turn.state = answer.state;
        assert_eq!(turn.recall::<Order>().unwrap(), Some(Order { pizzas: 2 }));
        assert!(turn.recall::<Vec<u8>>().is_err());
        turn.state = Some(Bytes::new());
        assert_eq!(turn.recall::<Order>().unwrap(), None);
    }

    fn turn(words: &str) -> Turn {
        let message = TurnMessage {
            message: "m1".parse().unwrap(),
            sent_at: Timestamp(1),
            quote: None,
            content: Content::Text(words.to_owned()),
        };
        let route = Route { account: "main".parse().unwrap(), chat: "ana".parse().unwrap(), kind: Chat::Direct };
        let sender = Sender { id: "ana".parse().unwrap(), addresses: Vec::new(), name: None };
        Turn::new(TurnId(7), "echo".parse().unwrap(), ConversationId(1), PersonId(2), route, sender, vec![message])
    }
}

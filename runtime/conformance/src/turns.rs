//! A turn in one line, for unit tests of an assistant.

use crate::messages::{START, id, sender};
use bytes::Bytes;
use greenroom_contract::assistant::{Content, OverheardLine, PastTurn, Turn, TurnMessage};
use greenroom_contract::ids::{ConversationId, MessageId, PersonId, TurnId};
use greenroom_contract::message::Chat;
use greenroom_contract::outbound::Route;
use std::time::Duration;

/// Who writes, unless [`TurnDraft::from`] says otherwise.
pub const ANA: &str = "+15550000001";

/// A turn in which [`ANA`] writes this in a direct chat, and nothing was said before:
/// `turn("hello").from("+15551234567").in_group().history([("hi", "hello!")]).build()`.
///
/// A turn will have more fields one day; a test that makes its turns here needs no change then.
pub fn turn(words: &str) -> TurnDraft {
    TurnDraft {
        contents: vec![Content::Text(words.to_owned())],
        who: ANA.to_owned(),
        name: None,
        group: None,
        history: Vec::new(),
        overheard: Vec::new(),
        state: None,
        attempt: 1,
    }
}

/// A turn that is being described.
#[derive(Debug, Clone)]
#[must_use]
pub struct TurnDraft {
    contents: Vec<Content>,
    who: String,
    name: Option<String>,
    group: Option<String>,
    history: Vec<(String, String)>,
    overheard: Vec<String>,
    state: Option<Bytes>,
    attempt: u32,
}

impl TurnDraft {
    /// Written by the person with this address, or with none where the text is not an address.
    pub fn from(mut self, who: &str) -> Self {
        who.clone_into(&mut self.who);
        self
    }

    /// Written by a person of this name.
    pub fn named(mut self, name: &str) -> Self {
        self.name = Some(name.to_owned());
        self
    }

    /// In a group, called `group`.
    pub fn in_group(mut self) -> Self {
        self.group = Some("group".to_owned());
        self
    }

    /// With a further message: a picture, what was heard, a wake-up, …
    pub fn and(mut self, content: Content) -> Self {
        self.contents.push(content);
        self
    }

    /// With this message instead of the words.
    pub fn instead(mut self, content: Content) -> Self {
        self.contents = vec![content];
        self
    }

    /// After these turns, the oldest first: what was asked, and what was answered.
    pub fn history<A: Into<String>, B: Into<String>>(mut self, turns: impl IntoIterator<Item = (A, B)>) -> Self {
        self.history = turns.into_iter().map(|(asked, answered)| (asked.into(), answered.into())).collect();
        self
    }

    /// After this group talk that was not for the bot, the oldest first.
    pub fn overheard<L: Into<String>>(mut self, lines: impl IntoIterator<Item = L>) -> Self {
        self.overheard = lines.into_iter().map(Into::into).collect();
        self
    }

    /// With what the assistant remembered.
    pub fn state(mut self, state: impl Into<Bytes>) -> Self {
        self.state = Some(state.into());
        self
    }

    /// At this attempt, from 1.
    pub fn attempt(mut self, attempt: u32) -> Self {
        self.attempt = attempt;
        self
    }

    /// The turn. Everything lies a minute apart, and the last message was written at [`START`].
    pub fn build(self) -> Turn {
        let before = |steps: usize| START.minus(Duration::from_secs(60) * steps as u32);
        let count = self.contents.len();
        let message = |(place, content): (usize, Content)| TurnMessage {
            message: id::<MessageId>(format_args!("message-{}", place + 1)),
            sent_at: before(count - 1 - place),
            quote: None,
            content,
        };
        let messages: Vec<TurnMessage> = self.contents.into_iter().enumerate().map(message).collect();
        let mut author = sender(&self.who);
        author.name.clone_from(&self.name);
        let (chat, kind) = match &self.group {
            Some(group) => (group.as_str(), Chat::Group { title: Some(group.clone()) }),
            None => (self.who.as_str(), Chat::Direct),
        };
        let route = Route { account: id("account-1"), chat: id(chat), kind };
        let mut turn = Turn::new(TurnId(1), id("assistant"), ConversationId(1), PersonId(1), route, author, messages);
        let turns = self.history.len();
        let past = |(place, (asked, answered)): (usize, (String, String))| PastTurn {
            at: before(count + turns - 1 - place),
            name: self.name.clone(),
            asked,
            answered,
            worded_by: Some(id("assistant")),
            ..PastTurn::default()
        };
        turn.history = self.history.into_iter().enumerate().map(past).collect();
        let lines = self.overheard.into_iter();
        turn.overheard = lines.map(|text| OverheardLine { at: before(count), name: None, text }).collect();
        turn.state = self.state;
        turn.attempt = self.attempt;
        turn
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_turn_is_what_was_said_of_it() {
        let draft = turn("hello").from("+15551234567").named("Ana").in_group().attempt(2).state("milk");
        let turn = draft.and(Content::Text("there".to_owned())).history([("hi", "hello!"), ("tea?", "")]).build();
        assert_eq!(turn.text(), "hello\nthere");
        assert_eq!(turn.sender.addresses, ["+15551234567".parse().unwrap()]);
        assert_eq!((turn.sender.name.as_deref(), turn.chat.is_group(), turn.attempt), (Some("Ana"), true, 2));
        assert_eq!((turn.history[0].asked.as_str(), turn.history[0].answered.as_str()), ("hi", "hello!"));
        assert!(turn.history[0].at < turn.history[1].at && turn.history[1].at < turn.messages[0].sent_at);
        assert_eq!((turn.now, turn.state.as_deref()), (START, Some(&b"milk"[..])));
    }

    #[test]
    fn a_bare_turn_is_one_message_in_a_direct_chat() {
        let turn = turn("hello").build();
        assert_eq!((turn.text().as_str(), turn.messages.len(), turn.attempt), ("hello", 1, 1));
        assert_eq!((turn.route.chat.as_str(), turn.chat.is_group()), (ANA, false));
        let wake = super::turn("").instead(Content::Wake { token: "tea".to_owned() }).overheard(["psst"]).build();
        assert_eq!((wake.messages.len(), wake.overheard[0].text.as_str()), (1, "psst"));
    }
}

//! Who writes where, and the events that follow from commands. Reads no file and waits for nothing.

use crate::LOCAL_PERSON;
use greenroom_contract::address::Address;
use greenroom_contract::choices::{Choice, Choices};
use greenroom_contract::event::ChannelEvent;
use greenroom_contract::ids::{AccountId, ChatId, MessageId, SenderId};
use greenroom_contract::limits;
use greenroom_contract::message::{Addressing, Body, Chat, Inbound, MessageKey, Origin, Quote, Sender};
use greenroom_contract::outbound::OutboundBody;
use greenroom_contract::time::Clock;
use std::collections::VecDeque;

/// The bot's own sender id, as quotes carry it.
const BOT: &str = "bot";
/// Milliseconds after which the middle part of message ids begins again: six digits of base 36, 25
/// days. That is longer than a message is remembered for deduplication.
const ID_ERA_MS: u64 = 36_u64.pow(6);

/// The state of the talk.
pub(crate) struct Talk {
    account: AccountId,
    clock: Clock,
    /// Makes ids unique across restarts.
    era: String,
    count: u64,
    local_name: Option<String>,
    /// Words after an `@` that mean the bot.
    names: Vec<String>,
    person: Address,
    group: Option<ChatId>,
    /// What was last said in each chat, the chat used last at the end.
    chats: VecDeque<(ChatId, Last)>,
}

/// What was last said in one chat.
#[derive(Debug, Clone, Default)]
struct Last {
    ours: Option<(MessageId, Option<String>)>,
    /// The last question with options, which may be older.
    question: Option<(MessageId, Choices)>,
    theirs: Option<(MessageId, SenderId)>,
}

/// How a message concerns the bot, beyond where it is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Manner {
    Plain,
    Mention,
    Reply,
}

impl Talk {
    pub(crate) fn new(account: AccountId, local_name: Option<String>, names: Vec<String>, clock: Clock) -> Self {
        let era = base36(clock.now().0 % ID_ERA_MS);
        let person = local_person();
        let names = names.into_iter().chain([BOT.to_owned()]).map(|name| name.to_lowercase()).collect();
        Self { account, clock, era, count: 0, local_name, names, person, group: None, chats: VecDeque::new() }
    }

    /// A message, and its id to be shown. Refused with a sentence if there is nothing to reply to.
    pub(crate) fn message(&mut self, body: Body, manner: Manner) -> Result<(MessageId, ChannelEvent), String> {
        let quote = match manner {
            Manner::Reply => Some(self.quote()?),
            Manner::Plain | Manner::Mention => None,
        };
        Ok(self.written(body, manner, quote))
    }

    /// A tap on an option of the last question, from 1: it is an answer to that message, as on other networks.
    pub(crate) fn pick(&mut self, number: usize) -> Result<(MessageId, ChannelEvent), String> {
        let chat = self.chat_id();
        let nothing = "the bot has offered nothing to choose from here yet";
        let (message, choices) = self.last(&chat).question.clone().ok_or(nothing)?;
        let options = choices.options.len();
        let chosen = number.checked_sub(1).and_then(|at| choices.options.into_iter().nth(at));
        let Choice { id, title, .. } = chosen.ok_or_else(|| match options {
            1 => "there is one option; write /pick 1".to_owned(),
            _ => format!("there are {options} options; write a number from 1 to {options}"),
        })?;
        let quote = Quote { message, sender: Some(new_id(SenderId::new(BOT))), text: Some(choices.text) };
        Ok(self.written(Body::Choice { id, title }, Manner::Reply, Some(quote)))
    }

    fn written(&mut self, body: Body, manner: Manner, quote: Option<Quote>) -> (MessageId, ChannelEvent) {
        self.count += 1;
        let id = new_id(MessageId::new(format!("c-{}-{}", self.era, self.count)));
        let chat = self.chat_id();
        let sender = self.sender();
        let addressing = self.addressing(&body, manner);
        if !matches!(body, Body::Reaction { .. }) {
            self.last(&chat).theirs = Some((id.clone(), sender.id.clone()));
        }
        let inbound = Inbound {
            key: MessageKey { account: self.account.clone(), chat, message: id.clone() },
            chat: match &self.group {
                Some(name) => Chat::Group { title: Some(name.as_str().to_owned()) },
                None => Chat::Direct,
            },
            sender,
            origin: Origin::Person,
            written_to: None,
            sent_at: self.clock.now(),
            addressing,
            quote,
            body,
        };
        (id, ChannelEvent::Message(Box::new(inbound)))
    }

    /// A reaction to the bot's last message.
    pub(crate) fn reaction(&mut self, emoji: Option<String>) -> Result<(MessageId, ChannelEvent), String> {
        let to = self.quote()?.message;
        self.message(Body::Reaction { to, emoji }, Manner::Plain)
    }

    /// The last own message says something else now; without a text it is deleted.
    pub(crate) fn change(&mut self, text: Option<String>) -> Result<ChannelEvent, String> {
        let chat = self.chat_id();
        let sender = sender_id(&self.person);
        let last = self.last(&chat).theirs.clone().filter(|(_, by)| *by == sender);
        let (message, sender) = last.ok_or("you have written nothing here yet")?;
        Ok(match text {
            Some(text) => ChannelEvent::Edited { chat, sender, message, text },
            None => ChannelEvent::Revoked { chat, sender, message },
        })
    }

    /// The bot said something.
    pub(crate) fn heard(&mut self, chat: &ChatId, message: MessageId, body: &OutboundBody) {
        let text = match body {
            OutboundBody::Text(text) => Some(text.clone()),
            OutboundBody::Image { caption, .. } | OutboundBody::Document { caption, .. } => caption.clone(),
            OutboundBody::Choices(choices) => Some(choices.text.clone()),
            OutboundBody::Location(location) => location.name.clone(),
            OutboundBody::Voice { .. } => None,
            OutboundBody::Reaction { .. } => return,
        };
        let last = self.last(chat);
        if let OutboundBody::Choices(choices) = body {
            last.question = Some((message.clone(), choices.clone()));
        }
        last.ours = Some((message, text));
    }

    /// Somebody else writes from now on; `None` is the person at the keyboard.
    pub(crate) fn speak_as(&mut self, person: Option<Address>) {
        self.person = person.unwrap_or_else(local_person);
    }

    /// What is written from now on goes into this group; `None` is the direct chat.
    pub(crate) fn enter(&mut self, group: Option<&str>) -> Result<(), String> {
        self.group = group.map(ChatId::new).transpose().map_err(|error| error.to_string())?;
        Ok(())
    }

    /// What stands before the cursor: where and as whom one writes, if that is not the usual.
    pub(crate) fn prompt(&self) -> String {
        let person = (self.person != local_person()).then(|| self.person.to_string());
        let parts: Vec<String> = self.group.iter().map(ToString::to_string).chain(person).collect();
        if parts.is_empty() { "> ".to_owned() } else { format!("{} > ", parts.join(" ")) }
    }

    /// Whether what is written now goes into this chat.
    pub(crate) fn is_here(&self, chat: &ChatId) -> bool {
        self.chat_id() == *chat
    }

    fn chat_id(&self) -> ChatId {
        self.group.clone().unwrap_or_else(|| new_id(ChatId::new(self.person.to_string())))
    }

    fn sender(&self) -> Sender {
        let name = (self.person == local_person()).then(|| self.local_name.clone()).flatten();
        Sender { id: sender_id(&self.person), addresses: vec![self.person.clone()], name }
    }

    fn addressing(&self, body: &Body, manner: Manner) -> Addressing {
        match (self.group.is_some(), manner) {
            (false, _) => Addressing::Direct,
            (true, Manner::Reply) => Addressing::Replied,
            (true, Manner::Mention) => Addressing::Mentioned,
            (true, Manner::Plain) => match body {
                Body::Text(text)
                | Body::Image { caption: Some(text), .. }
                | Body::Document { caption: Some(text), .. }
                    if self.mentions_us(text) =>
                {
                    Addressing::Mentioned
                }
                _ => Addressing::Overheard,
            },
        }
    }

    fn mentions_us(&self, text: &str) -> bool {
        text.split(|c: char| c.is_whitespace() || ",.;:!?".contains(c))
            .filter_map(|word| word.strip_prefix('@'))
            .any(|word| self.names.iter().any(|name| *name == word.to_lowercase()))
    }

    fn quote(&mut self) -> Result<Quote, String> {
        let chat = self.chat_id();
        let (message, text) = self.last(&chat).ours.clone().ok_or("the bot has said nothing here yet")?;
        Ok(Quote { message, sender: Some(new_id(SenderId::new(BOT))), text })
    }

    fn last(&mut self, chat: &ChatId) -> &mut Last {
        let place = self.chats.iter().position(|(known, _)| known == chat);
        let entry = place.and_then(|place| self.chats.remove(place)).unwrap_or((chat.clone(), Last::default()));
        if self.chats.len() >= limits::CONSOLE_CHATS_MAX {
            self.chats.pop_front();
        }
        self.chats.push_back(entry);
        let newest = self.chats.len() - 1;
        &mut self.chats[newest].1
    }
}

fn local_person() -> Address {
    LOCAL_PERSON.parse().expect("the local person has a phone number")
}

fn sender_id(person: &Address) -> SenderId {
    new_id(SenderId::new(person.to_string()))
}

/// Ids are made of addresses and counters here.
fn new_id<T>(id: Result<T, greenroom_contract::ids::IdError>) -> T {
    id.expect("an address or a counter is neither empty nor long")
}

fn base36(mut number: u64) -> String {
    let mut digits = [b'0'; 6];
    for digit in digits.iter_mut().rev() {
        *digit = b"0123456789abcdefghijklmnopqrstuvwxyz"[(number % 36) as usize];
        number /= 36;
    }
    String::from_utf8_lossy(&digits).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use greenroom_contract::time::Timestamp;

    fn talk() -> Talk {
        let clock = Clock::System;
        Talk::new(AccountId::new("a").unwrap(), Some("Ana".to_owned()), vec!["Greta".to_owned()], clock)
    }

    fn say(talk: &mut Talk, text: &str, manner: Manner) -> Inbound {
        match talk.message(Body::Text(text.to_owned()), manner).unwrap().1 {
            ChannelEvent::Message(inbound) => *inbound,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn the_local_person_writes_in_a_direct_chat() {
        let mut talk = talk();
        let inbound = say(&mut talk, "hello", Manner::Plain);
        assert_eq!(inbound.key.chat.as_str(), LOCAL_PERSON);
        assert_eq!(inbound.sender.addresses, [local_person()]);
        assert_eq!(inbound.sender.name.as_deref(), Some("Ana"));
        assert_eq!((inbound.chat, inbound.addressing), (Chat::Direct, Addressing::Direct));
        assert_eq!(talk.prompt(), "> ");
    }

    #[test]
    fn somebody_else_has_a_chat_and_no_name_of_ours() {
        let mut talk = talk();
        talk.speak_as(Some("+15551234567".parse().unwrap()));
        let inbound = say(&mut talk, "hello", Manner::Plain);
        assert_eq!((inbound.key.chat.as_str(), inbound.sender.name), ("+15551234567", None));
        assert_eq!(talk.prompt(), "+15551234567 > ");
        talk.speak_as(None);
        assert_eq!(talk.prompt(), "> ");
    }

    #[test]
    fn a_group_hears_us_only_when_it_addresses_us() {
        let mut talk = talk();
        talk.enter(Some("friends")).unwrap();
        assert_eq!(talk.prompt(), "friends > ");
        for (text, manner, expected) in [
            ("hello", Manner::Plain, Addressing::Overheard),
            ("hello", Manner::Mention, Addressing::Mentioned),
            ("hi @Greta, you there?", Manner::Plain, Addressing::Mentioned),
            ("hi @bot", Manner::Plain, Addressing::Mentioned),
            ("mail greta@example.com", Manner::Plain, Addressing::Overheard),
        ] {
            assert_eq!(say(&mut talk, text, manner).addressing, expected, "{text}");
        }
        let group = ChatId::new("friends").unwrap();
        talk.heard(&group, MessageId::new("3EB0").unwrap(), &"yes?".into());
        let reply = say(&mut talk, "well", Manner::Reply);
        assert_eq!(reply.addressing, Addressing::Replied);
        assert_eq!(reply.quote.map(|quote| quote.message.as_str().to_owned()).as_deref(), Some("3EB0"));
    }

    #[test]
    fn there_must_be_something_to_reply_to_or_to_change() {
        let mut talk = talk();
        assert!(talk.message(Body::Text("x".into()), Manner::Reply).is_err());
        assert!(talk.reaction(Some("+".into())).is_err());
        assert!(talk.change(None).is_err());
        let said = say(&mut talk, "helo", Manner::Plain);
        let Ok(ChannelEvent::Edited { message, text, .. }) = talk.change(Some("hello".into())) else { panic!() };
        assert_eq!((message, text.as_str()), (said.key.message, "hello"));
        assert!(matches!(talk.change(None), Ok(ChannelEvent::Revoked { .. })));
        talk.speak_as(Some("+15551234567".parse().unwrap()));
        assert!(talk.change(None).is_err(), "somebody else's message was changed");
    }

    #[test]
    fn an_option_is_picked_of_the_last_question_and_answers_it() {
        let mut talk = talk();
        assert_eq!(talk.pick(1).unwrap_err(), "the bot has offered nothing to choose from here yet");
        let chat = talk.chat_id();
        let options = [Choice::new("s", "Small"), Choice::new("l", "Large")];
        talk.heard(&chat, new_id(MessageId::new("q")), &OutboundBody::Choices(Choices::new("Which?", options)));
        talk.heard(&chat, new_id(MessageId::new("n")), &"take your time".into());
        for number in [0, 3, 9] {
            assert_eq!(talk.pick(number).unwrap_err(), "there are 2 options; write a number from 1 to 2", "{number}");
        }
        let Ok((_, ChannelEvent::Message(tap))) = talk.pick(2) else { panic!() };
        assert_eq!(tap.body, Body::Choice { id: "l".into(), title: "Large".into() });
        assert_eq!(tap.quote.map(|quote| quote.message.as_str().to_owned()).as_deref(), Some("q"));
    }

    #[test]
    fn ids_are_short_and_unique_across_restarts() {
        let at = |ms| base36(Timestamp(ms).0 % ID_ERA_MS);
        assert_eq!(at(0), "000000");
        assert_ne!(at(1_795_000_000_000), at(1_795_000_000_001));
        let mut talk = talk();
        let (first, second) = (say(&mut talk, "a", Manner::Plain), say(&mut talk, "a", Manner::Plain));
        assert_ne!(first.key.message, second.key.message);
        assert!(first.key.message.as_str().len() <= 12, "{}", first.key.message);
    }

    #[test]
    fn a_thousand_chats_are_not_remembered() {
        let mut talk = talk();
        for number in 0..1_000 {
            talk.heard(&ChatId::new(number.to_string()).unwrap(), MessageId::new("m").unwrap(), &"hi".into());
        }
        assert_eq!(talk.chats.len(), limits::CONSOLE_CHATS_MAX);
    }
}

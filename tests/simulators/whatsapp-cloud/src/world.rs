//! The state of a simulated Meta. No network here.

use crate::decide::Taken;
use crate::error::GraphError;
use crate::faults::Faults;
use crate::interactive::{self, Question};
use crate::media::{Shelf, Source};
use crate::rate::{Buckets, Force};
use crate::settings::{Number, Settings};
use crate::token::{Token, Tokens};
use crate::validate::Content;
use serde_json::Value;
use std::collections::{HashMap, HashSet, VecDeque};

const TYPING_MS: u64 = 25_000;
/// Messages a number may send and receive in a second.
const THROUGHPUT: u32 = 80;
/// Messages to one person that may be sent in a burst.
const PAIR_BURST: u32 = 45;
const MESSAGE_IDS_MAX: usize = 100_000;

/// A message of the bot's, as its receiver sees it.
#[derive(Debug, Clone, PartialEq)]
pub struct Delivered {
    /// Its id.
    pub id: String,
    /// The business number that sent it, by its phone number id.
    pub from: String,
    /// The group it was sent to.
    pub group: Option<String>,
    /// The message it answers.
    pub context: Option<String>,
    /// What it says.
    pub content: Content,
    /// The `biz_opaque_callback_data` it came with.
    pub callback_data: Option<String>,
    /// When it was taken, in milliseconds since 1970.
    pub at_ms: u64,
}

impl Delivered {
    /// Its words, if it is a text.
    pub fn text(&self) -> &str {
        match &self.content {
            Content::Text(text) => text,
            _ => "",
        }
    }

    /// The question with its options, if it is one.
    pub fn question(&self) -> Option<Question> {
        match &self.content {
            Content::Interactive(part) => interactive::question(part),
            _ => None,
        }
    }
}

/// Somebody with a phone.
#[derive(Debug)]
pub(crate) struct PersonState {
    pub(crate) phone: Option<String>,
    pub(crate) bsuid: String,
    pub(crate) username: Option<String>,
    pub(crate) name: String,
    pub(crate) inbox: VecDeque<Delivered>,
    pub(crate) fresh: VecDeque<Delivered>,
    pub(crate) total: u64,
    /// When they last wrote to a number.
    pub(crate) wrote_ms: HashMap<String, u64>,
    /// Until when they see the bot typing.
    pub(crate) typing_until_ms: u64,
    pub(crate) typing_calls: u64,
}

/// A group.
#[derive(Debug, Default)]
pub(crate) struct GroupState {
    pub(crate) members: Vec<usize>,
}

/// Counters, to be asserted and printed.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
pub struct Counters {
    /// Messages taken from the bot.
    pub taken: u64,
    /// Calls refused, by error code.
    pub refused: std::collections::BTreeMap<u32, u64>,
    /// Messages taken that nobody gets (a BSUID given as a number).
    pub silently_dropped: u64,
    /// Read marks.
    pub read_marks: u64,
    /// Webhooks made.
    pub webhooks: u64,
    /// Posts of them, repetitions included.
    pub posts: u64,
    /// Posts answered 200.
    pub acknowledged: u64,
    /// Posts answered otherwise or not at all.
    pub rejected: u64,
    /// Webhooks given up after seven days.
    pub given_up: u64,
    /// Look-ups of media that are not there.
    pub failed_lookups: u64,
}

/// Everything.
#[derive(Debug)]
pub(crate) struct World {
    pub(crate) tokens: Tokens,
    pub(crate) numbers: Vec<Number>,
    pub(crate) people: Vec<PersonState>,
    pub(crate) by_phone: HashMap<String, usize>,
    pub(crate) by_bsuid: HashMap<String, usize>,
    pub(crate) groups: HashMap<String, GroupState>,
    pub(crate) media: Shelf,
    pub(crate) faults: Faults,
    pub(crate) counters: Counters,
    pub(crate) sent: VecDeque<Delivered>,
    pub(crate) subscribed: bool,
    pub(crate) fields: Vec<String>,
    pub(crate) throughput: Buckets,
    pub(crate) pairs: Buckets,
    /// Ids of messages that exist, in both directions, with the person who wrote each.
    pub(crate) messages: HashMap<String, Option<usize>>,
    message_order: VecDeque<String>,
    minted: u64,
    /// Numbers that Meta has suspended, to refuse everything.
    pub(crate) unregistered: HashSet<String>,
}

impl World {
    pub(crate) fn new(settings: &Settings) -> Self {
        let mut tokens = Tokens::default();
        tokens.by_text.insert(settings.access_token.clone(), Token::permanent());
        Self {
            tokens,
            numbers: settings.numbers.clone(),
            people: Vec::new(),
            by_phone: HashMap::new(),
            by_bsuid: HashMap::new(),
            groups: HashMap::new(),
            media: Shelf::default(),
            faults: Faults::default(),
            counters: Counters::default(),
            sent: VecDeque::new(),
            subscribed: true,
            fields: vec!["messages".into()],
            throughput: Buckets::new(THROUGHPUT, f64::from(THROUGHPUT)),
            pairs: Buckets::new(PAIR_BURST, 1.0 / 6.0),
            messages: HashMap::new(),
            message_order: VecDeque::new(),
            minted: 0,
            unregistered: HashSet::new(),
        }
    }

    pub(crate) fn number(&self, id: &str) -> Result<&Number, GraphError> {
        self.numbers.iter().find(|number| number.id == id).ok_or_else(|| GraphError {
            code: 100,
            subcode: Some(33),
            details: format!("the object with id {id} does not exist, or this token may not see it"),
        })
    }

    /// A new message id.
    pub(crate) fn mint(&mut self, author: Option<usize>) -> String {
        self.minted += 1;
        let id = format!("wamid.SIM{:020}", self.minted);
        self.messages.insert(id.clone(), author);
        self.message_order.push_back(id.clone());
        if self.message_order.len() > MESSAGE_IDS_MAX {
            self.message_order.pop_front().map(|oldest| self.messages.remove(&oldest));
        }
        id
    }

    /// The person with this phone number, made if new.
    pub(crate) fn person(&mut self, digits: &str) -> usize {
        if let Some(index) = self.by_phone.get(digits) {
            return *index;
        }
        let index = self.add(Some(digits.to_owned()), None, format!("Person {digits}"));
        self.by_phone.insert(digits.to_owned(), index);
        index
    }

    /// The person with this username, whose number nobody is shown.
    pub(crate) fn username_person(&mut self, username: &str) -> usize {
        let found = self.people.iter().position(|person| person.username.as_deref() == Some(username));
        found.unwrap_or_else(|| self.add(None, Some(username.to_owned()), username.to_owned()))
    }

    fn add(&mut self, phone: Option<String>, username: Option<String>, name: String) -> usize {
        let index = self.people.len();
        let bsuid = format!("US.{}", 13_490_000_000_000_u64 + index as u64);
        self.by_bsuid.insert(bsuid.clone(), index);
        self.people.push(PersonState {
            phone,
            bsuid,
            username,
            name,
            inbox: VecDeque::new(),
            fresh: VecDeque::new(),
            total: 0,
            wrote_ms: HashMap::new(),
            typing_until_ms: 0,
            typing_calls: 0,
        });
        index
    }

    /// Gives a person another number (and so another BSUID). Returns the old pair.
    pub(crate) fn change_number(&mut self, index: usize, digits: &str) -> (Option<String>, String) {
        let old_phone = self.people[index].phone.replace(digits.to_owned());
        if let Some(old) = &old_phone {
            self.by_phone.remove(old);
        }
        self.by_phone.insert(digits.to_owned(), index);
        self.minted += 1;
        let bsuid = format!("US.{}", 23_490_000_000_000_u64 + self.minted);
        let old_bsuid = std::mem::replace(&mut self.people[index].bsuid, bsuid.clone());
        self.by_bsuid.remove(&old_bsuid);
        self.by_bsuid.insert(bsuid, index);
        (old_phone, old_bsuid)
    }

    /// A person writes to a number: the window opens, and it counts towards the number's throughput.
    pub(crate) fn note_inbound(&mut self, index: usize, number: &str, now_ms: u64) {
        self.people[index].wrote_ms.insert(number.to_owned(), now_ms);
        self.throughput.take(number, now_ms, Force::Yes);
    }

    /// A read mark.
    pub(crate) fn read_mark(&mut self, message: &str, typing: bool, now_ms: u64) -> Result<(), GraphError> {
        let author = self.messages.get(message).copied().flatten();
        let Some(author) = author else {
            return Err(GraphError::invalid(format!("{message:?} is not a message that was received")));
        };
        self.counters.read_marks += 1;
        if typing {
            self.people[author].typing_until_ms = now_ms + TYPING_MS;
            self.people[author].typing_calls += 1;
        }
        Ok(())
    }

    /// Puts a taken message into the hands of its receivers.
    pub(crate) fn hand_out(&mut self, taken: &Taken, remembered_max: usize) {
        for receiver in &taken.receivers {
            let person = &mut self.people[*receiver];
            person.typing_until_ms = 0;
            person.total += 1;
            push(&mut person.inbox, taken.message.clone(), remembered_max);
            push(&mut person.fresh, taken.message.clone(), remembered_max);
        }
        if taken.receivers.is_empty() {
            self.counters.silently_dropped += 1;
        }
        push(&mut self.sent, taken.message.clone(), remembered_max);
    }

    pub(crate) fn refused(&mut self, code: u32) {
        *self.counters.refused.entry(code).or_default() += 1;
    }

    /// The digits of who wrote a message: a person, or the business number that is written to.
    pub(crate) fn author_number(&self, message: &str, number: &str) -> Option<String> {
        match self.messages.get(message)? {
            Some(person) => self.people[*person].phone.clone(),
            None => self.number(number).ok().map(|number| number.display.clone()),
        }
    }

    /// A medium that a person sends.
    pub(crate) fn put_media(&mut self, mime: &str, bytes: bytes::Bytes, now_ms: u64) -> String {
        self.media.put(mime, bytes, Source::Person, now_ms)
    }

    /// The entry of `contacts` for a person.
    pub(crate) fn contact(&self, index: usize) -> Value {
        let person = &self.people[index];
        let mut contact = serde_json::json!({"profile": {"name": person.name}, "user_id": person.bsuid});
        if let Some(username) = &person.username {
            contact["profile"]["username"] = username.as_str().into();
        }
        if let Some(phone) = &person.phone {
            contact["wa_id"] = phone.as_str().into();
        }
        contact
    }
}

fn push(queue: &mut VecDeque<Delivered>, message: Delivered, remembered_max: usize) {
    queue.push_back(message);
    if queue.len() > remembered_max {
        queue.pop_front();
    }
}

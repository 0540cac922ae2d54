//! What the people on the network saw of us.

use greenroom_contract::choices::Choice;
use greenroom_contract::ids::{ChatId, MessageId, OutboundId};
use greenroom_contract::outbound::{Outbound, OutboundBody};
use std::collections::{HashMap, VecDeque};

/// A message of ours, as it was seen.
#[derive(Debug, Clone, PartialEq)]
pub struct SentMessage {
    /// The account that sent it, by its key.
    pub account: String,
    /// Its name, chosen by us.
    pub id: OutboundId,
    /// Where it was seen.
    pub chat: ChatId,
    /// The message it visibly answers.
    pub reply_to: Option<MessageId>,
    /// What it says.
    pub body: OutboundBody,
    /// How often it came again under the same id, unseen.
    pub repetitions: u32,
}

impl SentMessage {
    /// Its id on this network, which takes ours.
    pub fn message(&self) -> MessageId {
        MessageId::new(self.id.as_str()).expect("an outbound id is within the bounds of a message id")
    }

    /// Its words: a text, a question, or the caption of a picture or a document; empty where there are none.
    pub fn words(&self) -> &str {
        match &self.body {
            OutboundBody::Text(text) => text,
            OutboundBody::Image { caption, .. } | OutboundBody::Document { caption, .. } => {
                caption.as_deref().unwrap_or_default()
            }
            OutboundBody::Choices(choices) => &choices.text,
            OutboundBody::Location(location) => location.name.as_deref().unwrap_or_default(),
            OutboundBody::Voice { .. } | OutboundBody::Reaction { .. } => "",
        }
    }

    /// What it offers to choose from; empty where it is no question.
    pub fn options(&self) -> &[Choice] {
        match &self.body {
            OutboundBody::Choices(choices) => &choices.options,
            _ => &[],
        }
    }
}

/// A change of "typing …".
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TypingSign {
    /// The account that showed it, by its key.
    pub account: String,
    /// Where.
    pub chat: ChatId,
    /// The message shown as read with it.
    pub message: Option<MessageId>,
    /// Whether it was shown, or taken away.
    pub shown: bool,
}

/// The messages of ours that are remembered.
pub(crate) struct Record {
    rows_max: usize,
    /// Number of the oldest remembered message.
    first: u64,
    rows: VecDeque<SentMessage>,
    by_id: HashMap<OutboundId, u64>,
}

impl Record {
    pub(crate) fn new(rows_max: usize) -> Self {
        Self { rows_max, first: 0, rows: VecDeque::new(), by_id: HashMap::new() }
    }

    /// Whether people saw a new message. `again` says whether they see a repetition too.
    pub(crate) fn add(&mut self, account: &str, outbound: &Outbound, again_visible: bool) -> bool {
        if self.rows_max == 0 {
            return true;
        }
        if let Some(number) = self.by_id.get(&outbound.id).copied() {
            let row = self.rows.get_mut((number - self.first) as usize);
            if let Some(row) = row.filter(|_| !again_visible) {
                row.repetitions += 1;
                return false;
            }
        }
        if self.rows.len() == self.rows_max
            && let Some(oldest) = self.rows.pop_front()
        {
            if self.by_id.get(&oldest.id) == Some(&self.first) {
                self.by_id.remove(&oldest.id);
            }
            self.first += 1;
        }
        self.by_id.insert(outbound.id.clone(), self.first + self.rows.len() as u64);
        self.rows.push_back(SentMessage {
            account: account.to_owned(),
            id: outbound.id.clone(),
            chat: outbound.route.chat.clone(),
            reply_to: outbound.reply_to.clone(),
            body: outbound.body.clone(),
            repetitions: 0,
        });
        true
    }

    pub(crate) fn rows(&self) -> impl Iterator<Item = &SentMessage> {
        self.rows.iter()
    }

    pub(crate) fn clear(&mut self) {
        self.first += self.rows.len() as u64;
        self.rows.clear();
        self.by_id.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use greenroom_contract::ids::AccountId;
    use greenroom_contract::message::Chat;
    use greenroom_contract::outbound::{Route, Window};

    fn message(id: &str) -> Outbound {
        let route =
            Route { account: AccountId::new("a").unwrap(), chat: ChatId::new("c").unwrap(), kind: Chat::Direct };
        Outbound {
            id: OutboundId::new(id).unwrap(),
            route,
            reply_to: None,
            recipient: None,
            window: Window::Open,
            body: OutboundBody::Text(id.to_owned()),
        }
    }

    #[test]
    fn a_repetition_is_counted_and_not_seen() {
        let mut record = Record::new(2);
        assert!(record.add("main", &message("one"), false));
        assert!(!record.add("main", &message("one"), false));
        assert!(record.add("main", &message("two"), false));
        let seen: Vec<_> = record.rows().map(|row| (row.words().to_owned(), row.repetitions)).collect();
        assert_eq!(seen, [("one".to_owned(), 1), ("two".to_owned(), 0)]);
    }

    #[test]
    fn the_oldest_leave_and_the_rest_is_still_found() {
        let mut record = Record::new(2);
        for id in ["one", "two", "three"] {
            assert!(record.add("main", &message(id), false));
        }
        assert!(!record.add("main", &message("three"), false));
        assert!(!record.add("main", &message("two"), false));
        assert!(record.add("main", &message("one"), false), "it was forgotten, so it is seen again");
        assert_eq!(record.rows().count(), 2);
    }

    #[test]
    fn where_repetitions_are_visible_they_are_seen() {
        let mut record = Record::new(10);
        assert!(record.add("main", &message("one"), true));
        assert!(record.add("main", &message("one"), true));
        assert_eq!(record.rows().count(), 2);
    }
}

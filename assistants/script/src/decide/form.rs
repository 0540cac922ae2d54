//! The questions of a form, one after the other.

use super::heard::Heard;
use super::talk::Talk;
use crate::memory::Place;
use crate::pattern::words;
use crate::script::Node;
use crate::slot::{Kind, Reading, Said, Slot, answered, chosen};
use greenroom_contract::assistant::{Reply, Turn};
use greenroom_contract::choices::{Choice, Choices};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

/// How often a question is asked, unless the form says otherwise.
const TRIES: u32 = 3;
/// The slot that the ids of the last question name; no slot can be called so.
const CONFIRM: &str = "?";

const CANCELLED: &str = "All right, I have cancelled that.";
const GAVE_UP: &str = "I could not understand that, so I have stopped asking. You can start again at any time.";
const OPTIONAL: &str = "(Optional: write \"{}\" to leave it out.)";

impl Talk<'_> {
    /// Begins a form: what it asked this person before is forgotten, but for what is kept.
    pub(super) fn begin(&mut self, name: &str, node: &Node) {
        for slot in node.slots.iter().filter(|slot| !slot.keep) {
            self.person.slots.remove(slot.name.get_ref());
        }
        self.next(name, node, 0);
    }

    /// Asks the next question from a place on, or ends the form.
    fn next(&mut self, name: &str, node: &Node, from: usize) {
        let is_open = |slot: &&Slot| !slot.keep || !self.person.slots.contains_key(slot.name.get_ref());
        if let Some(slot) = node.slots.iter().skip(from).find(is_open) {
            self.person.place =
                Some(Place::Slot { node: name.to_owned(), slot: slot.name.get_ref().clone(), misses: 0 });
            return self.ask(name, slot);
        }
        if node.confirm.is_some() {
            self.person.place = Some(Place::Confirm { node: name.to_owned(), misses: 0 });
            return self.ask_to_confirm(name, node);
        }
        self.done(node);
    }

    fn done(&mut self, node: &Node) {
        self.person.place = None;
        if let Some(done) = &node.done {
            self.leave(done);
        }
    }

    fn cancel(&mut self, node: &Node) {
        self.person.place = None;
        match &node.cancelled {
            Some(step) => self.leave(step),
            None => self.say_or(self.script.says.cancelled.as_ref(), CANCELLED),
        }
    }

    fn give_up(&mut self, node: &Node) {
        self.person.place = None;
        match &node.gave_up {
            Some(step) => self.leave(step),
            None => self.say_or(self.script.says.gave_up.as_ref(), GAVE_UP),
        }
    }

    /// Hears what is said while a form waits for an answer.
    pub(super) fn at_form(&mut self, place: Place, heard: &Heard<'_>) {
        let (Place::Slot { node: name, .. } | Place::Confirm { node: name, .. } | Place::Menu { node: name }) = &place;
        let Some(node) = self.script.node(name) else { return };
        let said = words(heard.words);
        if !said.is_empty() && self.script.words.cancel.iter().any(|pattern| pattern.matches(&said)) {
            return self.cancel(node);
        }
        if let Some(rule) = self.rule(heard, true) {
            self.stay(&rule.step);
            // A rule that only says something leaves the question open.
            if self.hand_over.is_none() && self.person.place.as_ref() == Some(&place) && rule.step.go.is_none() {
                self.ask_once_more(&place, node);
            }
            return;
        }
        match place {
            Place::Slot { node: name, slot, misses } => self.answer(&name, node, &slot, misses, heard),
            Place::Confirm { node: name, misses } => self.confirm(&name, node, misses, heard),
            Place::Menu { .. } => {}
        }
    }

    fn answer(&mut self, name: &str, node: &Node, slot_name: &str, misses: u32, heard: &Heard<'_>) {
        let Some(place) = node.slots.iter().position(|slot| slot.name.get_ref() == slot_name) else { return };
        let slot = &node.slots[place];
        let titles = self.titles(slot);
        let tapped = heard.option.and_then(|id| tapped(id, name, slot_name));
        let said = Said { words: heard.words, tapped, phone: heard.phone };
        let reading = Reading { understood: &self.script.words, titles: &titles, today: today(self.turn()) };
        match slot.read(said, &reading) {
            Ok(answer) => {
                match answer {
                    Some(answer) => drop(self.person.slots.insert(slot_name.to_owned(), answer)),
                    None => drop(self.person.slots.remove(slot_name)),
                }
                self.next(name, node, place + 1);
            }
            Err(wrong) => {
                let place = |misses| Place::Slot { node: name.to_owned(), slot: slot_name.to_owned(), misses };
                if self.missed(node, misses, place) {
                    self.say_or(slot.invalid.as_ref(), &wrong);
                    self.ask(name, slot);
                }
            }
        }
    }

    /// Counts an answer that does not count. `false` if the form has ended by it.
    fn missed(&mut self, node: &Node, misses: u32, place: impl Fn(u32) -> Place) -> bool {
        let misses = misses.saturating_add(1);
        if misses >= node.tries.as_ref().map_or(TRIES, |tries| *tries.get_ref()) {
            self.give_up(node);
            return false;
        }
        self.person.place = Some(place(misses));
        true
    }

    fn confirm(&mut self, name: &str, node: &Node, misses: u32, heard: &Heard<'_>) {
        let tapped = heard.option.and_then(|id| tapped(id, name, CONFIRM));
        let titles = self.yes_and_no();
        let said = Said { words: heard.words, tapped: tapped.or_else(|| chosen(heard.words, &titles)), phone: None };
        match answered(said, &self.script.words) {
            Some(true) => self.done(node),
            Some(false) => self.cancel(node),
            None => {
                if self.missed(node, misses, |misses| Place::Confirm { node: name.to_owned(), misses }) {
                    self.ask_to_confirm(name, node);
                }
            }
        }
    }

    fn ask_once_more(&mut self, place: &Place, node: &Node) {
        match place {
            Place::Slot { node: name, slot, .. } => {
                if let Some(slot) = node.slot(slot) {
                    self.ask(name, slot);
                }
            }
            Place::Confirm { node: name, .. } => self.ask_to_confirm(name, node),
            Place::Menu { .. } => {}
        }
    }

    fn ask(&mut self, name: &str, slot: &Slot) {
        let question = self.words(&slot.ask);
        let mut titles = match slot.kind {
            Kind::Choice => self.titles(slot),
            Kind::YesNo => self.yes_and_no(),
            _ => {
                let text = if slot.optional { format!("{question}\n{}", self.optional()) } else { question };
                return self.replies.push(Reply::text(text));
            }
        };
        let details = slot.options.iter().map(|option| option.detail.as_ref().map(|detail| self.words(detail)));
        let details: Vec<Option<String>> = details.collect();
        if slot.optional {
            titles.push(self.script.words.skip.first().cloned().unwrap_or_default());
        }
        self.push_choices(name, slot.name.get_ref(), question, titles, &details);
    }

    fn ask_to_confirm(&mut self, name: &str, node: &Node) {
        let Some(question) = &node.confirm else { return };
        let (question, titles) = (self.words(question), self.yes_and_no());
        self.push_choices(name, CONFIRM, question, titles, &[]);
    }

    fn push_choices(&mut self, name: &str, slot: &str, text: String, titles: Vec<String>, details: &[Option<String>]) {
        let option = |(place, title)| Choice {
            id: format!("{name}/{slot}/{place}"),
            title,
            detail: details.get(place).cloned().flatten(),
        };
        let options = titles.into_iter().enumerate().map(option).collect();
        self.replies.push(Reply::choices(Choices { text, options, open_label: None }));
    }

    fn titles(&self, slot: &Slot) -> Vec<String> {
        match slot.kind {
            Kind::YesNo => self.yes_and_no(),
            _ => slot.options.iter().map(|option| self.words(&option.title)).collect(),
        }
    }

    fn yes_and_no(&self) -> Vec<String> {
        let words = &self.script.words;
        [&words.yes, &words.no].map(|words| words.first().cloned().unwrap_or_default()).to_vec()
    }

    fn optional(&self) -> String {
        let word = self.script.words.skip.first().cloned().unwrap_or_default();
        match &self.script.says.optional {
            Some(words) => self.words(words),
            None => OPTIONAL.replace("{}", &word),
        }
    }
}

/// The place of an option in the question of a form, if the id is one of that question.
fn tapped(id: &str, node: &str, slot: &str) -> Option<usize> {
    let place = id.strip_prefix(node)?.strip_prefix('/')?.strip_prefix(slot)?.strip_prefix('/')?;
    place.parse().ok()
}

/// Which day it is where the people of a turn are; that of London where it is not known.
fn today(turn: &Turn) -> Date {
    let zone = turn.time_zone.as_deref().and_then(|name| TimeZone::get(name).ok()).unwrap_or(TimeZone::UTC);
    let now = i64::try_from(turn.now.0).ok().and_then(|now| Timestamp::from_millisecond(now).ok());
    now.unwrap_or(Timestamp::UNIX_EPOCH).to_zoned(zone).date()
}

//! What a script remembers of a conversation.

use crate::limits;
use crate::script::{Script, Sort};
use greenroom_contract::limits::ASSISTANT_STATE_BYTES_MAX;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::time::Duration;

/// The version of what is written here.
const VERSION: u8 = 1;

/// What is remembered, for each person who has an answer open or has given one.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Memory {
    /// The version that wrote it; one that is not known is started over.
    #[serde(rename = "v")]
    version: u8,
    /// The people, the one who spoke last at the end.
    people: Vec<Person>,
}

/// One person of a conversation. In a direct chat there is one, whatever their number.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Person {
    /// The number of the person in a group, 0 in a direct chat.
    pub(crate) who: u64,
    /// When they spoke last, in milliseconds since 1970.
    pub(crate) at: u64,
    /// Where the conversation is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) place: Option<Place>,
    /// What was answered.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) slots: BTreeMap<String, String>,
    /// How often each choice among several sayings was made, by its number.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) turns: BTreeMap<u32, u32>,
}

/// Where a conversation waits for an answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Place {
    /// At a menu.
    Menu { node: String },
    /// At a question of a form.
    Slot { node: String, slot: String, misses: u32 },
    /// At the last question of a form: whether all is right.
    Confirm { node: String, misses: u32 },
}

impl Place {
    /// Whether the script has this place.
    fn is_in(&self, script: &Script) -> bool {
        let sorted = |node: &str, sort| script.node(node).filter(|node| node.sort() == sort);
        match self {
            Self::Menu { node } => sorted(node, Sort::Menu).is_some(),
            Self::Slot { node, slot, .. } => sorted(node, Sort::Form).is_some_and(|node| node.slot(slot).is_some()),
            Self::Confirm { node, .. } => sorted(node, Sort::Form).is_some_and(|node| node.confirm.is_some()),
        }
    }
}

impl Memory {
    /// What bytes say; `None` where they are of another version.
    pub(crate) fn read(bytes: &[u8]) -> Option<Self> {
        if bytes.is_empty() {
            return Some(Self::default());
        }
        serde_json::from_slice(bytes).ok().filter(|memory: &Self| memory.version == VERSION)
    }

    /// The bytes of it, empty if there is nothing to remember. Who spoke longest ago is forgotten first where they would be
    /// too many.
    pub(crate) fn write(mut self) -> Vec<u8> {
        self.version = VERSION;
        self.people.retain(|one| one.place.is_some() || !one.slots.is_empty() || !one.turns.is_empty());
        let many = self.people.len().saturating_sub(limits::PEOPLE_PER_GROUP_MAX);
        self.people.drain(..many);
        while !self.people.is_empty() {
            match serde_json::to_vec(&self) {
                Ok(bytes) if bytes.len() <= ASSISTANT_STATE_BYTES_MAX => return bytes,
                _ => drop(self.people.remove(0)),
            }
        }
        Vec::new()
    }

    /// Takes out what is remembered of a person.
    pub(crate) fn take(&mut self, who: u64) -> Person {
        let place = self.people.iter().position(|one| one.who == who);
        place.map_or(Person { who, ..Person::default() }, |place| self.people.remove(place))
    }

    /// Puts it back, as who spoke last.
    pub(crate) fn put(&mut self, person: Person) {
        self.people.push(person);
    }
}

impl Person {
    /// Lets go of what an earlier script asked. `true` if the conversation was at a place that is gone.
    pub(crate) fn fit(&mut self, script: &Script, now: u64) -> bool {
        let open = Duration::from_secs(script.forget_after_minutes.saturating_mul(60));
        if Duration::from_millis(now.saturating_sub(self.at)) > open {
            self.place = None;
        }
        let asked = |name: &str| script.nodes.values().any(|node| node.get_ref().slot(name).is_some());
        self.slots.retain(|name, answer| asked(name) && answer.chars().count() <= limits::ANSWER_CHARS_MAX);
        // Numbers that no choice has any more are few; what is left of them is bounded by the script.
        self.turns.retain(|number, _| *number < script.choices);
        let is_gone = self.place.as_ref().is_some_and(|place| !place.is_in(script));
        if is_gone {
            self.place = None;
        }
        is_gone
    }
}

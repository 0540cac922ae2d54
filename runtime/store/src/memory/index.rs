//! What the store keeps in memory: which rows wait, which parcels are unsent, who was merged.
//!
//! It is rebuilt from the disk at every opening. There are two copies: the writer's, which knows
//! the group that is not committed yet, and the readers', which knows committed things only. Both
//! are moved by the same [`Delta`]s, and a delta can be taken back when its command fails.

use crate::format::outbox_codec::Unsent;
use crate::format::seen_key::{Period, Place};
use crate::memory::filter::Filter;
use greenroom_contract::ids::{AccountId, ConversationId, PersonId, Sequence};
use greenroom_contract::limits;
use greenroom_contract::store::{HistoryKey, ParcelKey};
use greenroom_contract::time::Timestamp;
use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::hash::Hash;
use std::sync::Arc;
use tokio::time::Instant;

/// The state of the store in memory.
#[derive(Debug, Default, Clone)]
pub(crate) struct Index {
    /// Waiting rows by conversation.
    pub(crate) rows: BTreeMap<ConversationId, BTreeSet<Sequence>>,
    /// All waiting rows.
    pub(crate) all_rows: BTreeSet<Sequence>,
    /// Unsent parcels by account.
    pub(crate) pending: BTreeMap<AccountId, BTreeMap<(Sequence, u16), Unsent>>,
    /// The same by conversation.
    pub(crate) pending_in: BTreeMap<ConversationId, BTreeSet<ParcelKey>>,
    /// Held parcels by conversation.
    pub(crate) held: BTreeMap<ConversationId, BTreeSet<ParcelKey>>,
    /// Conversations that have settings of their own. Most have none, and then nothing is read for them.
    pub(crate) settings: BTreeSet<ConversationId>,
    /// Wake-ups that are not due, by conversation.
    pub(crate) wakes: BTreeMap<ConversationId, BTreeMap<WakePlace, WakeName>>,
    /// Conversations that were merged in this run, and the last row that waited in them then.
    pub(crate) loose: HashMap<ConversationId, Sequence>,
    /// First attempts that are not written yet, by conversation and row.
    pub(crate) marks: HashMap<RowName, Mark>,
    /// Where merged people went.
    pub(crate) people: Redirects<PersonId>,
    /// Where merged conversations went.
    pub(crate) conversations: Redirects<ConversationId>,
    /// Keys of the messages seen last, the newest at the end.
    pub(crate) latest: VecDeque<Vec<u8>>,
    /// Histories that grew since the last sweep, and by how many turns.
    pub(crate) grown: HashMap<HistoryKey, usize>,
    /// The periods in which messages were seen; none of their rows is younger than this.
    pub(crate) periods: BTreeMap<Period, Timestamp>,
    /// What the rows of periods that are over are called, where that is known.
    pub(crate) filters: HashMap<Period, Arc<Filter>>,
    /// Whether there were rows of earlier versions when the store was opened.
    pub(crate) has_early_rows: bool,
    /// Messages that were refused, of which only key and trace are kept.
    pub(crate) refused: u64,
    /// Those of the last period, as far as this run knows.
    pub(crate) refused_in_last: u64,
    /// Up to which key the writer looked for refused messages that make room for new ones.
    pub(crate) room_made_up_to: Vec<u8>,
    /// Damaged records that were set aside.
    pub(crate) damaged: u64,
}

/// When a wake-up is due, and its number.
pub(crate) type WakePlace = (Timestamp, u64);

/// Who asked for a wake-up, and for what: in one conversation one of them waits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct WakeName {
    pub(crate) assistant: String,
    pub(crate) token: String,
}

/// A waiting row: its conversation and its place.
pub(crate) type RowName = (ConversationId, Sequence);

/// An attempt that was counted, but not written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Mark {
    pub(crate) count: u32,
    /// When it is to be written.
    pub(crate) due: Instant,
    /// Whether writing it failed the last time.
    pub(crate) failed: bool,
}

/// Where merged ids went, and what was merged into an id.
#[derive(Debug, Clone)]
pub(crate) struct Redirects<I> {
    to: HashMap<I, I>,
    from: HashMap<I, Vec<I>>,
}

impl<I> Default for Redirects<I> {
    fn default() -> Self {
        Self { to: HashMap::new(), from: HashMap::new() }
    }
}

impl<I: Copy + Eq + Hash> Redirects<I> {
    /// The id that is used now.
    pub(crate) fn follow(&self, id: I) -> I {
        self.to.get(&id).copied().unwrap_or(id)
    }

    /// What was merged into this id.
    pub(crate) fn merged_into(&self, id: I) -> &[I] {
        self.from.get(&id).map_or(&[], Vec::as_slice)
    }

    fn add(&mut self, from: I, to: I) {
        self.to.insert(from, to);
        self.from.entry(to).or_default().push(from);
    }

    fn remove(&mut self, from: I) {
        let Some(to) = self.to.remove(&from) else { return };
        if let Some(merged) = self.from.get_mut(&to) {
            merged.retain(|other| *other != from);
            if merged.is_empty() {
                self.from.remove(&to);
            }
        }
    }
}

/// Whether something came or went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Change {
    Came,
    Went,
}

impl Change {
    fn inverse(self) -> Self {
        match self {
            Self::Came => Self::Went,
            Self::Went => Self::Came,
        }
    }
}

/// Who or what was merged into an older one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Merged {
    Person { from: PersonId, to: PersonId },
    Conversation { from: ConversationId, to: ConversationId },
}

/// One change of the index.
#[derive(Debug, Clone)]
pub(crate) enum Delta {
    /// A row waits, or no longer.
    Row { conversation: ConversationId, sequence: Sequence, change: Change },
    /// A parcel is unsent, or no longer.
    Pending { key: ParcelKey, parcel: Unsent, change: Change },
    /// A parcel is held, or no longer.
    Held { key: ParcelKey, conversation: ConversationId, change: Change },
    /// A conversation has settings of its own, or no longer.
    Settings { conversation: ConversationId, change: Change },
    /// The mark of a row changed.
    Mark { row: RowName, before: Option<Mark>, after: Option<Mark> },
    /// A wake-up waits, or no longer.
    Wake { conversation: ConversationId, place: WakePlace, name: WakeName, change: Change },
    /// Rows up to this one may be settled out of order, or no longer.
    Loose { conversation: ConversationId, before: Option<Sequence>, after: Option<Sequence> },
    /// Something was merged.
    Redirect { merged: Merged, change: Change },
    /// A message was seen.
    Seen { key: Vec<u8> },
    /// A period began, or holds a younger message, or is gone.
    Period { period: Period, before: Option<Timestamp>, after: Option<Timestamp> },
    /// The names of the rows of a period are known.
    Filtered { period: Period, filter: Arc<Filter> },
    /// A message that was refused is kept, or no longer.
    Refused { change: Change },
    /// A history grew.
    Grown { history: HistoryKey },
    /// A damaged record was set aside.
    Damaged,
    /// What was set aside was replaced.
    Replaced,
}

impl Index {
    /// Moves the index.
    pub(crate) fn apply(&mut self, delta: &Delta) {
        match delta {
            Delta::Row { conversation, sequence, change } => self.change_row(*conversation, *sequence, *change),
            Delta::Pending { key, parcel, change } => self.change_pending(key, *parcel, *change),
            Delta::Held { key, conversation, change } => self.change_held(key, *conversation, *change),
            Delta::Settings { conversation, change } => self.change_settings(*conversation, *change),
            Delta::Mark { row, after, .. } => self.set_mark(*row, *after),
            Delta::Wake { conversation, place, name, change } => self.change_wake(*conversation, *place, name, *change),
            Delta::Loose { conversation, after, .. } => self.set_loose(*conversation, *after),
            Delta::Redirect { merged, change } => self.change_redirect(*merged, *change),
            Delta::Seen { key } => {
                if self.latest.len() >= limits::PAGE_ROWS_MAX {
                    self.latest.pop_front();
                }
                self.latest.push_back(key.clone());
            }
            Delta::Grown { history } => {
                if self.grown.len() < limits::STORE_HISTORIES_GROWN_MAX || self.grown.contains_key(history) {
                    *self.grown.entry(*history).or_default() += 1;
                }
            }
            Delta::Period { period, before, after } => {
                if before.is_none() {
                    self.refused_in_last = 0;
                }
                self.set_period(*period, *after);
            }
            Delta::Filtered { period, filter } => {
                self.filters.insert(*period, filter.clone());
            }
            Delta::Refused { change } => self.change_refused(*change),
            Delta::Damaged => self.damaged += 1,
            Delta::Replaced => self.damaged -= 1,
        }
    }

    /// Takes a change back. Changes are taken back in reverse order.
    pub(crate) fn undo(&mut self, delta: &Delta) {
        match delta {
            Delta::Row { conversation, sequence, change } => {
                self.change_row(*conversation, *sequence, change.inverse());
            }
            Delta::Pending { key, parcel, change } => self.change_pending(key, *parcel, change.inverse()),
            Delta::Held { key, conversation, change } => self.change_held(key, *conversation, change.inverse()),
            Delta::Settings { conversation, change } => self.change_settings(*conversation, change.inverse()),
            Delta::Mark { row, before, .. } => self.set_mark(*row, *before),
            Delta::Wake { conversation, place, name, change } => {
                self.change_wake(*conversation, *place, name, change.inverse());
            }
            Delta::Loose { conversation, before, .. } => self.set_loose(*conversation, *before),
            Delta::Redirect { merged, change } => self.change_redirect(*merged, change.inverse()),
            Delta::Seen { .. } => {
                self.latest.pop_back();
            }
            Delta::Grown { .. } => {}
            Delta::Period { period, before, .. } => self.set_period(*period, *before),
            Delta::Filtered { period, .. } => {
                self.filters.remove(period);
            }
            Delta::Refused { change } => self.change_refused(change.inverse()),
            Delta::Damaged => self.damaged -= 1,
            Delta::Replaced => self.damaged += 1,
        }
    }

    /// Where messages that were seen may lie, the newest first.
    pub(crate) fn seen_places(&self) -> Vec<Place> {
        let periods = self.periods.keys().rev().map(|period| Place::In(*period));
        periods.chain(self.has_early_rows.then_some(Place::Early)).collect()
    }

    /// The same, without periods that hold no message of this [`filter::name`](crate::memory::filter::name).
    pub(crate) fn seen_places_of(&self, name: u64) -> Vec<Place> {
        let may_hold = |period: &&Period| self.filters.get(*period).is_none_or(|filter| filter.may_hold(name));
        let periods = self.periods.keys().rev().filter(may_hold).map(|period| Place::In(*period));
        periods.chain(self.has_early_rows.then_some(Place::Early)).collect()
    }

    /// Whether a row waits.
    pub(crate) fn waits(&self, conversation: ConversationId, sequence: Sequence) -> bool {
        self.rows.get(&conversation).is_some_and(|rows| rows.contains(&sequence))
    }

    /// How many rows wait in a conversation.
    pub(crate) fn rows_of(&self, conversation: ConversationId) -> usize {
        self.rows.get(&conversation).map_or(0, BTreeSet::len)
    }

    /// Attempts of a row that are counted, but not written.
    pub(crate) fn marks_of(&self, row: RowName) -> u32 {
        if self.marks.is_empty() {
            return 0;
        }
        self.marks.get(&row).map_or(0, |mark| mark.count)
    }

    /// What is known of an unsent parcel.
    pub(crate) fn unsent(&self, key: &ParcelKey) -> Option<Unsent> {
        self.pending.get(&key.account).and_then(|parcels| parcels.get(&(key.sequence, key.part))).copied()
    }

    fn change_row(&mut self, conversation: ConversationId, sequence: Sequence, change: Change) {
        match change {
            Change::Came => {
                self.rows.entry(conversation).or_default().insert(sequence);
                self.all_rows.insert(sequence);
            }
            Change::Went => {
                if let Some(rows) = self.rows.get_mut(&conversation) {
                    rows.remove(&sequence);
                    if rows.is_empty() {
                        self.rows.remove(&conversation);
                    }
                }
                self.all_rows.remove(&sequence);
            }
        }
    }

    fn change_pending(&mut self, key: &ParcelKey, parcel: Unsent, change: Change) {
        let place = (key.sequence, key.part);
        let together = self.pending_in.entry(parcel.conversation).or_default();
        match change {
            Change::Came => together.insert(key.clone()),
            Change::Went => together.remove(key),
        };
        if together.is_empty() {
            self.pending_in.remove(&parcel.conversation);
        }
        match change {
            Change::Came => {
                if let Some(parcels) = self.pending.get_mut(&key.account) {
                    parcels.insert(place, parcel);
                } else {
                    self.pending.insert(key.account.clone(), BTreeMap::from([(place, parcel)]));
                }
            }
            Change::Went => {
                if let Some(parcels) = self.pending.get_mut(&key.account) {
                    parcels.remove(&place);
                    if parcels.is_empty() {
                        self.pending.remove(&key.account);
                    }
                }
            }
        }
    }

    fn change_held(&mut self, key: &ParcelKey, conversation: ConversationId, change: Change) {
        let parcels = self.held.entry(conversation).or_default();
        match change {
            Change::Came => parcels.insert(key.clone()),
            Change::Went => parcels.remove(key),
        };
        if parcels.is_empty() {
            self.held.remove(&conversation);
        }
    }

    fn change_settings(&mut self, conversation: ConversationId, change: Change) {
        match change {
            Change::Came => self.settings.insert(conversation),
            Change::Went => self.settings.remove(&conversation),
        };
    }

    fn set_period(&mut self, period: Period, newest: Option<Timestamp>) {
        if let Some(newest) = newest {
            self.periods.insert(period, newest);
        } else {
            self.filters.remove(&period);
            self.periods.remove(&period);
        }
    }

    fn change_refused(&mut self, change: Change) {
        let changed = |number: u64| match change {
            Change::Came => number.saturating_add(1),
            Change::Went => number.saturating_sub(1),
        };
        self.refused = changed(self.refused);
        self.refused_in_last = changed(self.refused_in_last);
    }

    fn set_mark(&mut self, row: RowName, mark: Option<Mark>) {
        match mark {
            Some(mark) => self.marks.insert(row, mark),
            None => self.marks.remove(&row),
        };
    }

    fn change_wake(&mut self, conversation: ConversationId, place: WakePlace, name: &WakeName, change: Change) {
        let wakes = self.wakes.entry(conversation).or_default();
        match change {
            Change::Came => wakes.insert(place, name.clone()),
            Change::Went => wakes.remove(&place),
        };
        if wakes.is_empty() {
            self.wakes.remove(&conversation);
        }
    }

    fn set_loose(&mut self, conversation: ConversationId, last: Option<Sequence>) {
        match last {
            Some(last) => self.loose.insert(conversation, last),
            None => self.loose.remove(&conversation),
        };
    }

    fn change_redirect(&mut self, merged: Merged, change: Change) {
        match (merged, change) {
            (Merged::Person { from, to }, Change::Came) => self.people.add(from, to),
            (Merged::Person { from, .. }, Change::Went) => self.people.remove(from),
            (Merged::Conversation { from, to }, Change::Came) => self.conversations.add(from, to),
            (Merged::Conversation { from, .. }, Change::Went) => self.conversations.remove(from),
        }
    }
}

#[cfg(test)]
mod tests;

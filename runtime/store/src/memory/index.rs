//! What the store keeps in memory: which rows wait, which parcels are unsent, who was merged.
//!
//! It is rebuilt from the disk at every opening. There are two copies: the writer's, which knows
//! the group that is not committed yet, and the readers', which knows committed things only. Both
//! are moved by the same [`Delta`]s, and a delta can be taken back when its command fails.

use crate::format::outbox_codec::Unsent;
use greenroom_contract::ids::{AccountId, ConversationId, PersonId, Sequence};
use greenroom_contract::limits;
use greenroom_contract::store::{HistoryKey, ParcelKey};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet, VecDeque};
use std::hash::Hash;
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
    /// First attempts that are not written yet, by conversation and row.
    pub(crate) marks: HashMap<RowName, Mark>,
    /// Where merged people went.
    pub(crate) people: Redirects<PersonId>,
    /// Where merged conversations went.
    pub(crate) conversations: Redirects<ConversationId>,
    /// Keys of the messages seen last, the newest at the end.
    pub(crate) latest: VecDeque<Vec<u8>>,
    /// Histories that grew since the last sweep.
    pub(crate) grown: HashSet<HistoryKey>,
    /// Damaged records that were set aside.
    pub(crate) damaged: u64,
}

/// A waiting row: its conversation and its place.
pub(crate) type RowName = (ConversationId, Sequence);

/// An attempt that was counted, but not written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Mark {
    pub(crate) count: u32,
    pub(crate) since: Instant,
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
    /// Something was merged.
    Redirect { merged: Merged, change: Change },
    /// A message was seen.
    Seen { key: Vec<u8> },
    /// A history grew.
    Grown { history: HistoryKey },
    /// A damaged record was set aside.
    Damaged,
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
            Delta::Redirect { merged, change } => self.change_redirect(*merged, *change),
            Delta::Seen { key } => {
                if self.latest.len() >= limits::PAGE_ROWS_MAX {
                    self.latest.pop_front();
                }
                self.latest.push_back(key.clone());
            }
            Delta::Grown { history } => {
                if self.grown.len() < limits::STORE_HISTORIES_GROWN_MAX {
                    self.grown.insert(*history);
                }
            }
            Delta::Damaged => self.damaged += 1,
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
            Delta::Redirect { merged, change } => self.change_redirect(*merged, change.inverse()),
            Delta::Seen { .. } => {
                self.latest.pop_back();
            }
            Delta::Grown { .. } => {}
            Delta::Damaged => self.damaged -= 1,
        }
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

    fn set_mark(&mut self, row: RowName, mark: Option<Mark>) {
        match mark {
            Some(mark) => self.marks.insert(row, mark),
            None => self.marks.remove(&row),
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
mod tests {
    use super::*;

    use greenroom_contract::time::Timestamp;

    #[test]
    fn what_is_undone_leaves_nothing_behind() {
        let key = ParcelKey { account: AccountId::new("a").unwrap(), sequence: Sequence(4), part: 0 };
        let (conversation, sequence) = (ConversationId(1), Sequence(2));
        let (from, to) = (PersonId(8), PersonId(3));
        let parcel = Unsent { conversation, made_at: Timestamp(1), not_before: Timestamp(2), speaks_first: true };
        let mark = Mark { count: 1, since: Instant::now() };
        let deltas = [
            Delta::Row { conversation, sequence, change: Change::Came },
            Delta::Pending { key: key.clone(), parcel, change: Change::Came },
            Delta::Held { key, conversation, change: Change::Came },
            Delta::Settings { conversation, change: Change::Came },
            Delta::Mark { row: (conversation, sequence), before: None, after: Some(mark) },
            Delta::Redirect { merged: Merged::Person { from, to }, change: Change::Came },
            Delta::Seen { key: vec![1] },
            Delta::Damaged,
        ];
        let mut index = Index::default();
        for delta in &deltas {
            index.apply(delta);
        }
        assert_eq!(index.rows_of(conversation), 1);
        assert_eq!(index.people.follow(from), to);
        assert_eq!(index.people.merged_into(to), [from]);
        for delta in deltas.iter().rev() {
            index.undo(delta);
        }
        assert_eq!(format!("{index:?}"), format!("{:?}", Index::default()));
    }
}

//! The order in which one account's parcels are sent: never two at once in one chat, in order within
//! a chat, chats among each other as they come. Pure; bounded by whoever fills it.
//!
//! A chat whose head waits until its person writes is shut: only that it is so is known here, and its parcels lie in the
//! store. So however many chats are shut, they take no room from the others.

mod merging;

use crate::decide::reconcile::ParcelOrigin;
use greenroom_contract::ids::{ConversationId, Sequence};
use greenroom_contract::store::{ParcelKey, PendingParcel};
use greenroom_contract::time::Timestamp;
use std::collections::{BTreeSet, HashMap, VecDeque};
use std::time::Duration;

/// Parcels that wait, by name only; their contents are in the store.
#[derive(Debug, Default)]
pub(crate) struct SendQueue {
    chats: HashMap<ConversationId, Chat>,
    ready: VecDeque<ConversationId>,
    waiting: BTreeSet<(Timestamp, ConversationId)>,
    /// Chats that wait to keep a rate, by the time since the engine began.
    paced: BTreeSet<(Duration, ConversationId)>,
    known: HashMap<ParcelKey, ConversationId>,
    in_flight: usize,
    /// Chats that became one.
    merging: merging::Merging,
    /// Chats that wait for their person.
    shut: HashMap<ConversationId, Shut>,
    /// Chats that were shut, and whose parcels are to be loaded.
    opening: HashMap<ConversationId, Opening>,
    /// Chats of these that nobody was told to load yet.
    to_load: Vec<ConversationId>,
}

#[derive(Debug, Default)]
#[allow(clippy::struct_excessive_bools, reason = "each is news of its own")]
struct Chat {
    parcels: VecDeque<Known>,
    head: Head,
    /// The person wrote, so a wait of the head for that is over.
    opened: bool,
    /// The person wrote while the head was on its way: a refusal that is to come does not know of it.
    wrote_meanwhile: bool,
    /// A parcel that waits for the person stands behind others.
    holds_shut: bool,
    /// The network refused its head for now, or did not answer.
    is_troubled: bool,
}

#[derive(Debug, Clone)]
struct Known {
    key: ParcelKey,
    origin: ParcelOrigin,
    /// Since when it is here, in steady time.
    since: Timestamp,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Head {
    #[default]
    Ready,
    InFlight,
    Waiting(Timestamp),
    Paced(Duration),
}

/// What is known of a chat that waits for its person.
#[derive(Debug, Clone, Copy)]
struct Shut {
    /// The row of the parcel at its head, and where that parcel comes from.
    head: Sequence,
    origin: ParcelOrigin,
}

/// A chat that was shut; several, where chats became one.
#[derive(Debug)]
struct Opening {
    shut: Vec<Shut>,
    /// Something was posted since the store was asked.
    missed: bool,
}

/// A parcel to hand to the network.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Due {
    pub(crate) conversation: ConversationId,
    pub(crate) key: ParcelKey,
    pub(crate) origin: ParcelOrigin,
    /// The person wrote since, so a wait for that is over.
    pub(crate) opened: bool,
    /// Since when it is in the queue, in steady time.
    pub(crate) since: Timestamp,
}

impl SendQueue {
    /// Puts a parcel behind the others of its chat; one that is known already is left where it is. One that waits for its
    /// person shuts its chat.
    pub(crate) fn push(&mut self, parcel: &PendingParcel, origin: ParcelOrigin, now: Timestamp) {
        let conversation = self.merging.to(parcel.conversation);
        if let Some(known) = self.known.get(&parcel.key).copied() {
            // If the store has it in another conversation by now, the news of it was lost.
            return self.merge(conversation, known);
        }
        if let Some(opening) = self.opening.get_mut(&conversation) {
            opening.missed = true;
        } else if let Some(shut) = self.shut.get(&conversation) {
            // The other parts of the same message, and what waits itself, are no news.
            if shut.head != parcel.key.sequence && !parcel.waits_for_person() {
                self.open(conversation);
            }
        } else if parcel.waits_for_person() && !self.chats.contains_key(&conversation) {
            self.shut.insert(conversation, Shut { head: parcel.key.sequence, origin });
        } else {
            self.append(parcel, origin, now);
        }
    }

    /// The same, also where the parcel waits for its person: it is looked at now.
    pub(crate) fn push_opened(&mut self, parcel: &PendingParcel, origin: ParcelOrigin, now: Timestamp) {
        let conversation = self.merging.to(parcel.conversation);
        self.shut.remove(&conversation);
        if self.opening.contains_key(&conversation) {
            return self.push(parcel, origin, now);
        }
        self.append(parcel, origin, now);
        if let Some(chat) = self.chats.get_mut(&conversation) {
            chat.opened = true;
        }
    }

    fn append(&mut self, parcel: &PendingParcel, origin: ParcelOrigin, now: Timestamp) {
        let conversation = self.merging.to(parcel.conversation);
        if let Some(known) = self.known.get(&parcel.key).copied() {
            return self.merge(conversation, known);
        }
        self.known.insert(parcel.key.clone(), conversation);
        let mut is_new = false;
        self.chats.entry(conversation).or_insert_with(|| {
            is_new = true;
            Chat::default()
        });
        if is_new {
            self.line_up(conversation);
        }
        let Some(chat) = self.chats.get_mut(&conversation) else { return };
        let first = chat.parcels.front().map(|first| first.key.sequence);
        // A further answer means that the person wrote since. What the bot says of itself does not.
        let is_further = first.is_some_and(|first| first != parcel.key.sequence) && !parcel.speaks_first;
        if parcel.waits_for_person() {
            chat.holds_shut = true;
        } else if is_further && (chat.head == Head::InFlight || chat.holds_shut) {
            chat.wrote_meanwhile = true;
        }
        // A chat has one parcel in flight at a time, in order: only its first can have been handed over.
        let origin = if chat.parcels.is_empty() { origin } else { ParcelOrigin::New };
        chat.parcels.push_back(Known { key: parcel.key.clone(), origin, since: now });
    }

    /// A chat whose parcels must be loaded from the store. Each is named once.
    pub(crate) fn next_to_load(&mut self) -> Option<ConversationId> {
        while let Some(conversation) = self.to_load.pop() {
            // One that became a part of another chat is loaded with that one.
            if let Some(opening) = self.opening.get_mut(&conversation) {
                opening.missed = false;
                return Some(conversation);
            }
        }
        None
    }

    /// All unsent parcels of a chat that was shut, in order, as they were when the store was asked.
    pub(crate) fn loaded(&mut self, conversation: ConversationId, parcels: &[PendingParcel], now: Timestamp) {
        let Some(opening) = self.opening.get(&conversation) else { return };
        if opening.missed {
            return self.to_load.push(conversation);
        }
        let Some(Opening { mut shut, .. }) = self.opening.remove(&conversation) else { return };
        let mut unknown = VecDeque::new();
        for (place, parcel) in parcels.iter().enumerate() {
            let head = shut.iter().position(|shut| shut.head == parcel.key.sequence);
            // Only the first of each chat can have been handed over.
            let origin = match (head, shut.first()) {
                (Some(head), _) => shut.swap_remove(head).origin,
                (None, Some(first)) if place == 0 => first.origin,
                _ => ParcelOrigin::New,
            };
            if !self.known.contains_key(&parcel.key) {
                unknown.push_back(Known { key: parcel.key.clone(), origin, since: now });
            }
        }
        self.take_in(conversation, unknown, true);
        // The conversation may be part of an older one by now, and the news of it on its way.
        if let Some(first) = parcels.first() {
            self.merge(first.conversation, conversation);
        }
    }

    /// The parcel of this chat that is on its way was refused for now, or not answered.
    pub(crate) fn note_trouble(&mut self, conversation: ConversationId) {
        if let Some(chat) = self.chats.get_mut(&conversation) {
            chat.is_troubled = true;
        }
    }

    /// A chat without trouble of its own is next, if there is one: it says most about the network.
    pub(crate) fn prefer_untroubled(&mut self) {
        let chats = &self.chats;
        let untroubled = |conversation| chats.get(conversation).is_some_and(|chat| !chat.is_troubled);
        if let Some(place) = self.ready.iter().position(untroubled).filter(|place| *place > 0)
            && let Some(conversation) = self.ready.remove(place)
        {
            self.ready.push_front(conversation);
        }
    }

    /// The parcel that [`SendQueue::take`] gives next.
    pub(crate) fn front(&self) -> Option<&ParcelKey> {
        let chat = self.chats.get(self.ready.front()?)?;
        chat.parcels.front().map(|known| &known.key)
    }

    /// The next parcel to send; its chat is busy until [`SendQueue::done`] or [`SendQueue::wait`].
    pub(crate) fn take(&mut self) -> Option<Due> {
        let conversation = self.ready.pop_front()?;
        let chat = self.chats.get_mut(&conversation)?;
        let Known { key, origin, since } = chat.parcels.front().cloned()?;
        chat.head = Head::InFlight;
        let opened = chat.opened;
        self.in_flight += 1;
        Some(Due { conversation, key, origin, opened, since })
    }

    /// The parcel at the head of this chat is done with.
    pub(crate) fn done(&mut self, conversation: ConversationId) {
        let Some(chat) = self.landed(conversation) else { return };
        // What stands behind it may wait for the person too, who wrote while it stood there.
        chat.opened |= std::mem::take(&mut chat.wrote_meanwhile);
        chat.is_troubled = false;
        let key = chat.parcels.pop_front().map(|known| known.key);
        if chat.parcels.is_empty() {
            self.chats.remove(&conversation);
        } else {
            self.make_ready(conversation);
        }
        if let Some(key) = key {
            self.known.remove(&key);
        }
        self.join(conversation);
    }

    /// The parcel at the head of this chat is looked at again then.
    pub(crate) fn wait(&mut self, conversation: ConversationId, until: Timestamp, origin: ParcelOrigin) {
        let Some(chat) = self.landed(conversation) else { return };
        if let Some(head) = chat.parcels.front_mut() {
            head.origin = origin;
        }
        chat.head = Head::Waiting(until);
        self.waiting.insert((until, conversation));
        self.join(conversation);
    }

    /// The parcel at the head of this chat keeps its place, and is looked at again then, to keep a rate.
    pub(crate) fn pace(&mut self, conversation: ConversationId, until: Duration, origin: ParcelOrigin) {
        let Some(chat) = self.landed(conversation) else { return };
        if let Some(head) = chat.parcels.front_mut() {
            head.origin = origin;
        }
        chat.head = Head::Paced(until);
        self.paced.insert((until, conversation));
        self.join(conversation);
    }

    /// The network takes the parcel at the head of this chat only after its person writes again. If that happened while
    /// it was on its way, it is tried once more.
    pub(crate) fn wait_for_person(&mut self, conversation: ConversationId, origin: ParcelOrigin) {
        let (is_landing, is_opening) =
            (self.merging.is_landing(conversation), self.opening.contains_key(&conversation));
        let Some(chat) = self.landed(conversation) else { return };
        let Some(head) = chat.parcels.front_mut() else { return };
        head.origin = origin;
        let shut = Shut { head: head.key.sequence, origin };
        chat.opened = std::mem::take(&mut chat.wrote_meanwhile) || is_opening;
        if is_landing {
            return self.join(conversation);
        }
        if chat.opened {
            return self.make_ready(conversation);
        }
        for known in self.chats.remove(&conversation).into_iter().flat_map(|chat| chat.parcels) {
            self.known.remove(&known.key);
        }
        self.shut.insert(conversation, shut);
    }

    fn landed(&mut self, conversation: ConversationId) -> Option<&mut Chat> {
        let chat = self.chats.get_mut(&conversation).filter(|chat| chat.head == Head::InFlight)?;
        self.in_flight -= 1;
        Some(chat)
    }

    /// Chats whose wait is over become ready.
    pub(crate) fn wake(&mut self, now: Timestamp) {
        while let Some((until, conversation)) = self.waiting.first().copied()
            && until <= now
        {
            self.waiting.pop_first();
            self.make_ready(conversation);
        }
    }

    /// Chats whose rate allows a message again become ready.
    pub(crate) fn wake_paced(&mut self, at: Duration) {
        while let Some((until, conversation)) = self.paced.first().copied()
            && until <= at
        {
            self.paced.pop_first();
            self.make_ready(conversation);
        }
    }

    /// The person wrote: a chat that waits is looked at now.
    pub(crate) fn open(&mut self, conversation: ConversationId) {
        let conversation = self.merging.to(conversation);
        if let Some(shut) = self.shut.remove(&conversation) {
            self.opening.insert(conversation, Opening { shut: vec![shut], missed: false });
            return self.to_load.push(conversation);
        }
        let Some(chat) = self.chats.get_mut(&conversation) else { return };
        match chat.head {
            Head::Waiting(until) => {
                chat.opened = true;
                self.waiting.remove(&(until, conversation));
                self.make_ready(conversation);
            }
            Head::InFlight => chat.wrote_meanwhile = true,
            Head::Ready | Head::Paced(_) => chat.opened = true,
        }
    }

    /// Forgets which chats wait for their person. The next scan finds their parcels.
    pub(crate) fn forget_shut(&mut self) {
        self.shut.clear();
    }

    /// There is news about this parcel: if its chat waits for it, it is looked at now.
    pub(crate) fn nudge(&mut self, key: &ParcelKey) {
        let Some(conversation) = self.known.get(key).copied() else { return };
        let Some(chat) = self.chats.get(&conversation) else { return };
        if chat.parcels.front().is_none_or(|head| head.key != *key) {
            return;
        }
        let waited = match chat.head {
            Head::Waiting(until) => self.waiting.remove(&(until, conversation)),
            Head::Paced(until) => self.paced.remove(&(until, conversation)),
            Head::Ready | Head::InFlight => false,
        };
        if waited {
            self.make_ready(conversation);
        }
    }

    fn make_ready(&mut self, conversation: ConversationId) {
        if let Some(chat) = self.chats.get_mut(&conversation) {
            chat.head = Head::Ready;
            self.line_up(conversation);
        }
    }

    /// When the next wait is over.
    pub(crate) fn next_due(&self) -> Option<Timestamp> {
        self.waiting.first().map(|(until, _)| *until)
    }

    /// When the rate of the next chat allows a message again.
    pub(crate) fn next_paced(&self) -> Option<Duration> {
        self.paced.first().map(|(until, _)| *until)
    }

    /// Parcels that take up room.
    pub(crate) fn len(&self) -> usize {
        self.known.len()
    }

    /// Chats that wait for their person.
    pub(crate) fn shut(&self) -> usize {
        self.shut.len()
    }

    /// Whether the store is asked for a chat that was shut, or is to be asked.
    pub(crate) fn is_opening(&self) -> bool {
        !self.opening.is_empty()
    }

    /// Parcels handed to the network.
    pub(crate) fn in_flight(&self) -> usize {
        self.in_flight
    }

    /// Whether a parcel could be sent now.
    pub(crate) fn has_ready(&self) -> bool {
        !self.ready.is_empty()
    }
}

#[cfg(test)]
mod tests;

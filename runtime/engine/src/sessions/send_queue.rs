//! The order in which one account's parcels are sent: never two at once in one chat, in order within
//! a chat, chats among each other as they come. Pure; bounded by whoever fills it.

mod merging;

use crate::decide::reconcile::ParcelOrigin;
use greenroom_contract::ids::ConversationId;
use greenroom_contract::store::{ParcelKey, PendingParcel};
use greenroom_contract::time::Timestamp;
use std::collections::{BTreeSet, HashMap, VecDeque};
use std::time::Duration;

/// Not a moment of the clock: the chat waits until its person writes.
pub(crate) const PERSON_WRITES: Timestamp = Timestamp(u64::MAX);

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
}

#[derive(Debug)]
struct Chat {
    parcels: VecDeque<(ParcelKey, ParcelOrigin)>,
    head: Head,
    /// The person wrote while the head waited for that.
    opened: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Head {
    Ready,
    InFlight,
    Waiting(Timestamp),
    Paced(Duration),
}

/// A parcel to hand to the network.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Due {
    pub(crate) conversation: ConversationId,
    pub(crate) key: ParcelKey,
    pub(crate) origin: ParcelOrigin,
    /// The person wrote since, so a wait for that is over.
    pub(crate) opened: bool,
}

impl SendQueue {
    /// Puts a parcel behind the others of its chat; one that is known already is left where it is.
    pub(crate) fn push(&mut self, parcel: PendingParcel, origin: ParcelOrigin) {
        let conversation = self.merging.to(parcel.conversation);
        if let Some(known) = self.known.get(&parcel.key).copied() {
            // The store has it in another conversation by now, and the news of it was lost.
            return self.merge(conversation, known);
        }
        self.known.insert(parcel.key.clone(), conversation);
        if !self.chats.contains_key(&conversation) {
            self.chats.insert(conversation, Chat { parcels: VecDeque::new(), head: Head::Ready, opened: false });
            self.line_up(conversation);
        }
        let Some(chat) = self.chats.get_mut(&conversation) else { return };
        // A chat has one parcel in flight at a time, in order: only its first can have been handed over.
        let origin = if chat.parcels.is_empty() { origin } else { ParcelOrigin::New };
        chat.parcels.push_back((parcel.key, origin));
        // A further answer means that the person wrote since.
        if chat.head == Head::Waiting(PERSON_WRITES) {
            self.open(conversation);
        }
    }

    /// The parcel that [`SendQueue::take`] gives next.
    pub(crate) fn front(&self) -> Option<&ParcelKey> {
        let chat = self.chats.get(self.ready.front()?)?;
        chat.parcels.front().map(|(key, _)| key)
    }

    /// The next parcel to send; its chat is busy until [`SendQueue::done`] or [`SendQueue::wait`].
    pub(crate) fn take(&mut self) -> Option<Due> {
        let conversation = self.ready.pop_front()?;
        let chat = self.chats.get_mut(&conversation)?;
        let (key, origin) = chat.parcels.front().cloned()?;
        chat.head = Head::InFlight;
        let opened = chat.opened || chat.parcels.len() > 1;
        self.in_flight += 1;
        Some(Due { conversation, key, origin, opened })
    }

    /// The parcel at the head of this chat is done with.
    pub(crate) fn done(&mut self, conversation: ConversationId) {
        let Some(chat) = self.landed(conversation) else { return };
        chat.opened = false;
        let key = chat.parcels.pop_front().map(|(key, _)| key);
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
        if let Some((_, head_origin)) = chat.parcels.front_mut() {
            *head_origin = origin;
        }
        chat.head = Head::Waiting(until);
        self.waiting.insert((until, conversation));
        self.join(conversation);
    }

    /// The parcel at the head of this chat keeps its place, and is looked at again then, to keep a rate.
    pub(crate) fn pace(&mut self, conversation: ConversationId, until: Duration, origin: ParcelOrigin) {
        let Some(chat) = self.landed(conversation) else { return };
        if let Some((_, head_origin)) = chat.parcels.front_mut() {
            *head_origin = origin;
        }
        chat.head = Head::Paced(until);
        self.paced.insert((until, conversation));
        self.join(conversation);
    }

    /// The network takes the parcel at the head of this chat only after its person writes again.
    pub(crate) fn wait_for_person(&mut self, conversation: ConversationId, origin: ParcelOrigin) {
        let Some(chat) = self.landed(conversation) else { return };
        if let Some((_, head_origin)) = chat.parcels.front_mut() {
            *head_origin = origin;
        }
        chat.opened = false;
        chat.head = Head::Waiting(PERSON_WRITES);
        self.waiting.insert((PERSON_WRITES, conversation));
        self.join(conversation);
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
        let Some(chat) = self.chats.get_mut(&conversation) else { return };
        if let Head::Waiting(until) = chat.head {
            chat.opened = true;
            self.waiting.remove(&(until, conversation));
            self.make_ready(conversation);
        }
    }

    /// All chats that wait for their person are looked at now.
    pub(crate) fn open_all(&mut self) {
        let waiting = self.waiting.range((PERSON_WRITES, ConversationId(0))..).map(|(_, conversation)| *conversation);
        for conversation in waiting.collect::<Vec<_>>() {
            self.open(conversation);
        }
    }

    /// There is news about this parcel: if its chat waits for it, it is looked at now.
    pub(crate) fn nudge(&mut self, key: &ParcelKey) {
        let Some(conversation) = self.known.get(key).copied() else { return };
        let Some(chat) = self.chats.get(&conversation) else { return };
        if chat.parcels.front().is_none_or(|(head, _)| head != key) {
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

    /// Parcels that are not done with.
    pub(crate) fn len(&self) -> usize {
        self.known.len()
    }

    /// Parcels that take up room: chats that wait for their person do not hold up the others.
    pub(crate) fn room_taken(&self) -> usize {
        self.known.len().saturating_sub(self.waiting.range((PERSON_WRITES, ConversationId(0))..).count())
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
mod tests {
    use super::*;
    use greenroom_contract::ids::{AccountId, Sequence};

    fn parcel(conversation: u64, sequence: u64) -> PendingParcel {
        let key = ParcelKey { account: AccountId::new("a").unwrap(), sequence: Sequence(sequence), part: 0 };
        PendingParcel { key, conversation: ConversationId(conversation) }
    }

    fn taken(queue: &mut SendQueue) -> Vec<(u64, u64)> {
        std::iter::from_fn(|| queue.take()).map(|due| (due.conversation.0, due.key.sequence.0)).collect()
    }

    #[test]
    fn one_parcel_at_a_time_in_each_chat_in_order() {
        let mut queue = SendQueue::default();
        for (conversation, sequence) in [(1, 1), (1, 2), (2, 3), (1, 4), (1, 1)] {
            queue.push(parcel(conversation, sequence), ParcelOrigin::New);
        }
        assert_eq!(queue.len(), 4);
        assert_eq!(taken(&mut queue), [(1, 1), (2, 3)]);
        queue.done(ConversationId(1));
        assert_eq!(taken(&mut queue), [(1, 2)]);
        queue.done(ConversationId(2));
        queue.done(ConversationId(1));
        assert_eq!(taken(&mut queue), [(1, 4)]);
        queue.done(ConversationId(1));
        assert_eq!((queue.len(), queue.in_flight()), (0, 0));
    }

    #[test]
    fn of_parcels_found_in_a_chat_only_the_first_can_have_been_handed_over() {
        let mut queue = SendQueue::default();
        queue.push(parcel(1, 1), ParcelOrigin::Recovered);
        queue.push(parcel(1, 2), ParcelOrigin::Recovered);
        assert_eq!(queue.take().map(|due| due.origin), Some(ParcelOrigin::Recovered));
        queue.done(ConversationId(1));
        assert_eq!(queue.take().map(|due| due.origin), Some(ParcelOrigin::New));
    }

    #[test]
    fn a_chat_that_waits_holds_back_only_itself() {
        let mut queue = SendQueue::default();
        for (conversation, sequence) in [(1, 1), (1, 2), (2, 3)] {
            queue.push(parcel(conversation, sequence), ParcelOrigin::New);
        }
        taken(&mut queue);
        queue.wait(ConversationId(1), Timestamp(100), ParcelOrigin::New);
        queue.done(ConversationId(2));
        queue.wake(Timestamp(99));
        assert_eq!(taken(&mut queue), []);
        assert_eq!(queue.next_due(), Some(Timestamp(100)));
        queue.wake(Timestamp(100));
        assert_eq!(taken(&mut queue), [(1, 1)]);
    }

    #[test]
    fn a_chat_that_keeps_its_rate_holds_back_only_itself_and_keeps_its_order() {
        let mut queue = SendQueue::default();
        for (conversation, sequence) in [(1, 1), (1, 2), (2, 3)] {
            queue.push(parcel(conversation, sequence), ParcelOrigin::New);
        }
        assert_eq!(queue.front(), Some(&parcel(1, 1).key));
        taken(&mut queue);
        queue.pace(ConversationId(1), Duration::from_secs(9), ParcelOrigin::New);
        assert_eq!((queue.in_flight(), queue.next_due(), queue.front()), (1, None, None));
        queue.wake(Timestamp(u64::MAX - 1));
        queue.open(ConversationId(1));
        queue.done(ConversationId(2));
        assert_eq!(taken(&mut queue), [], "neither a clock that jumps nor a person shortens the wait");
        assert_eq!(queue.next_paced(), Some(Duration::from_secs(9)));
        queue.wake_paced(Duration::from_secs(9));
        assert_eq!(taken(&mut queue), [(1, 1)]);
        queue.pace(ConversationId(1), Duration::from_secs(20), ParcelOrigin::Recovered);
        queue.nudge(&parcel(1, 1).key);
        assert_eq!(queue.take().map(|due| due.origin), Some(ParcelOrigin::Recovered));
        assert_eq!(queue.next_paced(), None);
    }

    #[test]
    fn a_chat_that_waits_for_its_person_is_opened_once() {
        let mut queue = SendQueue::default();
        queue.push(parcel(1, 1), ParcelOrigin::New);
        assert!(queue.take().is_some_and(|due| !due.opened));
        queue.wait_for_person(ConversationId(1), ParcelOrigin::New);
        assert_eq!((queue.len(), queue.room_taken()), (1, 0));
        queue.open(ConversationId(1));
        assert!(queue.take().is_some_and(|due| due.opened));
        queue.wait(ConversationId(1), Timestamp(5), ParcelOrigin::New);
        queue.wake(Timestamp(5));
        assert!(queue.take().is_some_and(|due| due.opened), "weather does not close it again");
        queue.wait_for_person(ConversationId(1), ParcelOrigin::New);
        assert_eq!(queue.take(), None);
    }

    #[test]
    fn what_an_earlier_run_may_have_tried_stays_uncertain_while_it_waits_for_its_person() {
        let mut queue = SendQueue::default();
        queue.push(parcel(1, 1), ParcelOrigin::Recovered);
        taken(&mut queue);
        queue.wait_for_person(ConversationId(1), ParcelOrigin::Recovered);
        queue.open(ConversationId(1));
        assert_eq!(queue.take().map(|due| (due.origin, due.opened)), Some((ParcelOrigin::Recovered, true)));
    }

    #[test]
    fn a_further_answer_opens_a_chat_that_waits_for_its_person() {
        let mut queue = SendQueue::default();
        queue.push(parcel(1, 1), ParcelOrigin::New);
        taken(&mut queue);
        queue.wait_for_person(ConversationId(1), ParcelOrigin::New);
        queue.push(parcel(1, 2), ParcelOrigin::New);
        assert_eq!(taken(&mut queue), [(1, 1)]);
    }

    #[test]
    fn news_about_the_head_ends_its_wait_and_news_about_others_does_not() {
        let mut queue = SendQueue::default();
        queue.push(parcel(1, 1), ParcelOrigin::Recovered);
        queue.push(parcel(1, 2), ParcelOrigin::Recovered);
        taken(&mut queue);
        queue.wait(ConversationId(1), Timestamp(100), ParcelOrigin::Recovered);
        queue.nudge(&parcel(1, 2).key);
        assert_eq!(taken(&mut queue), []);
        queue.nudge(&parcel(1, 1).key);
        assert_eq!(taken(&mut queue), [(1, 1)]);
        assert_eq!(queue.next_due(), None);
    }
}

//! Two chats that turn out to be one person's: one line from now on, and never two parcels of it under way.

use super::{Chat, Head, Known, Opening, SendQueue};
use greenroom_contract::ids::ConversationId;
use greenroom_contract::limits;
use std::collections::{HashMap, VecDeque};

/// Chats that became one.
#[derive(Debug, Default)]
pub(super) struct Merging {
    /// Where those that are gone went. What is posted under the old name was on its way.
    to: HashMap<ConversationId, ConversationId>,
    order: VecDeque<ConversationId>,
    /// Chats that are gone but for the parcel that is under way, and where it returns to if it must be sent later.
    landing: HashMap<ConversationId, ConversationId>,
}

impl Merging {
    /// Where a parcel of this conversation stands in line.
    pub(super) fn to(&self, conversation: ConversationId) -> ConversationId {
        let mut at = conversation;
        // The older one is kept, so each step leads to a smaller id.
        while let Some(next) = self.to.get(&at).filter(|next| **next < at) {
            at = *next;
        }
        at
    }

    /// Whether a parcel under way keeps this chat from sending another one.
    fn holds_back(&self, conversation: ConversationId) -> bool {
        !self.landing.is_empty() && self.landing.values().any(|kept| *kept == conversation)
    }

    /// Whether this chat is gone but for the parcel that is under way.
    pub(super) fn is_landing(&self, conversation: ConversationId) -> bool {
        self.landing.contains_key(&conversation)
    }

    fn lead(&mut self, gone: ConversationId, kept: ConversationId) {
        if self.to.insert(gone, kept).is_none() {
            self.order.push_back(gone);
        }
        if self.order.len() > limits::MERGES_LED_MAX
            && let Some(oldest) = self.order.pop_front()
        {
            self.to.remove(&oldest);
        }
        for target in self.landing.values_mut().filter(|target| **target == gone) {
            *target = kept;
        }
    }
}

impl SendQueue {
    /// What waits of `gone` stands in the line of `kept` from now on.
    pub(crate) fn merge(&mut self, kept: ConversationId, gone: ConversationId) {
        let kept = self.merging.to(kept);
        if kept == gone || self.merging.to(gone) == kept {
            return;
        }
        self.merging.lead(gone, kept);
        self.open_both(kept, gone);
        let Some(mut chat) = self.withdraw(gone) else { return self.take_in(kept, VecDeque::new(), false) };
        if chat.head == Head::InFlight {
            let rest = chat.parcels.split_off(1);
            let opened = chat.opened;
            self.chats.insert(gone, chat);
            self.merging.landing.insert(gone, kept);
            self.take_in(kept, rest, opened);
        } else {
            self.take_in(kept, chat.parcels, chat.opened);
        }
    }

    /// If either of two chats waits for its person, what lies in the store of both is loaded before anything is sent: it is
    /// older than what is known here.
    fn open_both(&mut self, kept: ConversationId, gone: ConversationId) {
        let mut shut: Vec<_> = [kept, gone].iter().filter_map(|chat| self.shut.remove(chat)).collect();
        shut.extend(self.opening.remove(&gone).into_iter().flat_map(|opening| opening.shut));
        if shut.is_empty() {
            return;
        }
        if let Some(opening) = self.opening.get_mut(&kept) {
            opening.shut.extend(shut);
            opening.missed = true;
            return;
        }
        self.opening.insert(kept, Opening { shut, missed: false });
        self.to_load.push(kept);
        self.ready.retain(|ready| *ready != kept);
    }

    /// Takes a chat out of the queue, whatever it waits for.
    fn withdraw(&mut self, conversation: ConversationId) -> Option<Chat> {
        let chat = self.chats.remove(&conversation)?;
        match chat.head {
            Head::Ready => self.ready.retain(|ready| *ready != conversation),
            Head::Waiting(until) => {
                self.waiting.remove(&(until, conversation));
            }
            Head::Paced(until) => {
                self.paced.remove(&(until, conversation));
            }
            Head::InFlight => {}
        }
        Some(chat)
    }

    /// Puts parcels into the line of a chat, each at its place; one that is under way stays before all others. Whatever
    /// the chat waited for is looked at anew: the store knows what each parcel waits for.
    pub(super) fn take_in(&mut self, kept: ConversationId, parcels: VecDeque<Known>, opened: bool) {
        let mut chat = self.withdraw(kept).unwrap_or_default();
        for known in &parcels {
            self.known.insert(known.key.clone(), kept);
        }
        let under_way = usize::from(chat.head == Head::InFlight);
        let mut line: Vec<_> = chat.parcels.drain(under_way..).chain(parcels).collect();
        line.sort_by_key(|known: &Known| (known.key.sequence, known.key.part));
        chat.parcels.extend(line);
        chat.opened |= opened;
        let (is_empty, is_under_way) = (chat.parcels.is_empty(), under_way > 0);
        if !is_empty {
            self.chats.insert(kept, chat);
        }
        if !is_empty && !is_under_way {
            self.make_ready(kept);
        }
    }

    /// A parcel that was under way when its chat was merged came back: what is left of that chat joins the other one.
    pub(super) fn join(&mut self, landed: ConversationId) {
        let Some(kept) = self.merging.landing.remove(&landed) else { return };
        let rest = self.withdraw(landed);
        let (parcels, opened) = rest.map_or_else(Default::default, |chat| (chat.parcels, chat.opened));
        self.take_in(kept, parcels, opened);
    }

    /// A chat may send, unless a parcel of a chat that became a part of it is under way still, or older ones of it are being
    /// loaded.
    pub(super) fn line_up(&mut self, conversation: ConversationId) {
        if !self.merging.holds_back(conversation) && !self.opening.contains_key(&conversation) {
            self.ready.push_back(conversation);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::Due;
    use super::*;
    use crate::decide::reconcile::ParcelOrigin;
    use greenroom_contract::ids::{AccountId, Sequence};
    use greenroom_contract::store::{ParcelKey, PendingParcel};
    use greenroom_contract::time::Timestamp;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    fn parcel(conversation: u64, sequence: u64) -> PendingParcel {
        let key = ParcelKey { account: AccountId::new("a").unwrap(), sequence: Sequence(sequence), part: 0 };
        PendingParcel::new(key, ConversationId(conversation), Timestamp(0), false)
    }

    fn queue(parcels: &[(u64, u64)]) -> SendQueue {
        let mut queue = SendQueue::default();
        for (chat, number) in parcels {
            queue.push(&parcel(*chat, *number), ParcelOrigin::New, Timestamp(0));
        }
        queue
    }

    fn taken(queue: &mut SendQueue) -> Vec<(u64, u64)> {
        std::iter::from_fn(|| queue.take()).map(|due| (due.conversation.0, due.key.sequence.0)).collect()
    }

    /// Sends what is left, one parcel after the other.
    fn drained(queue: &mut SendQueue) -> Vec<u64> {
        let mut sent = Vec::new();
        while let Some(due) = queue.take() {
            assert_eq!(queue.take(), None, "one chat has one parcel under way");
            sent.push(due.key.sequence.0);
            queue.done(due.conversation);
        }
        sent
    }

    #[test]
    fn two_lines_become_one_in_order() {
        let mut queue = queue(&[(1, 1), (2, 2), (1, 3), (2, 4)]);
        queue.merge(ConversationId(1), ConversationId(2));
        queue.push(&parcel(2, 5), ParcelOrigin::New, Timestamp(0));
        assert_eq!(drained(&mut queue), [1, 2, 3, 4, 5]);
        assert_eq!((queue.len(), queue.in_flight()), (0, 0));
    }

    #[test]
    fn a_parcel_of_the_other_chat_that_is_under_way_holds_the_line_until_it_lands() {
        for uncertain in [false, true] {
            let mut queue = queue(&[(2, 1), (2, 2)]);
            assert_eq!(taken(&mut queue), [(2, 1)]);
            queue.merge(ConversationId(1), ConversationId(2));
            queue.push(&parcel(1, 3), ParcelOrigin::New, Timestamp(0));
            assert_eq!(taken(&mut queue), [], "never two in one chat");
            if uncertain {
                queue.wait(ConversationId(2), Timestamp(9), ParcelOrigin::Recovered);
                assert_eq!(
                    queue.take().map(|due| due.origin),
                    Some(ParcelOrigin::Recovered),
                    "it comes first, looked at anew"
                );
                queue.wait(ConversationId(1), Timestamp(9), ParcelOrigin::Recovered);
                queue.wake(Timestamp(9));
                assert_eq!(drained(&mut queue), [1, 2, 3]);
            } else {
                queue.done(ConversationId(2));
                assert_eq!(drained(&mut queue), [2, 3]);
            }
            assert_eq!((queue.len(), queue.in_flight()), (0, 0));
        }
    }

    /// What the store has of a chat that was shut.
    fn load(queue: &mut SendQueue, chat: u64, sequences: &[u64]) {
        assert_eq!(queue.next_to_load(), Some(ConversationId(chat)));
        let parcels: Vec<PendingParcel> = sequences.iter().map(|sequence| parcel(chat, *sequence)).collect();
        queue.loaded(ConversationId(chat), &parcels, Timestamp(0));
    }

    #[test]
    fn what_both_chats_wait_for_is_looked_at_anew() {
        let mut queue = queue(&[(1, 1), (2, 2), (2, 3)]);
        taken(&mut queue);
        queue.wait_for_person(ConversationId(1), ParcelOrigin::New);
        queue.wait(ConversationId(2), Timestamp(50), ParcelOrigin::New);
        queue.merge(ConversationId(1), ConversationId(2));
        assert_eq!(queue.next_due(), None);
        assert_eq!(taken(&mut queue), [], "the older one comes first, and is loaded");
        load(&mut queue, 1, &[1, 2, 3]);
        assert_eq!(taken(&mut queue), [(1, 1)]);
        queue.wait_for_person(ConversationId(1), ParcelOrigin::New);
        assert_eq!((queue.len(), queue.shut()), (0, 1));
        queue.open(ConversationId(2));
        load(&mut queue, 1, &[1, 2, 3]);
        assert_eq!(drained(&mut queue), [1, 2, 3], "the person is the same under either name");
    }

    #[test]
    fn a_chat_that_is_shut_joins_one_that_sends() {
        for shut in [1, 2] {
            let mut queue = queue(&[(shut, 1), (shut, 2), (3 - shut, 3), (3 - shut, 4)]);
            assert_eq!(taken(&mut queue), [(shut, 1), (3 - shut, 3)]);
            queue.wait_for_person(ConversationId(shut), ParcelOrigin::New);
            queue.merge(ConversationId(1), ConversationId(2));
            load(&mut queue, 1, &[1, 2, 3, 4]);
            assert_eq!(taken(&mut queue), [], "the other one's parcel is under way");
            queue.done(ConversationId(3 - shut));
            assert_eq!(drained(&mut queue), [1, 2, 4]);
            assert_eq!((queue.len(), queue.in_flight(), queue.shut()), (0, 0, 0));
        }
    }

    #[test]
    fn a_chat_that_is_merged_while_it_is_loaded_is_loaded_with_the_other_one() {
        for kept_too in [false, true] {
            let mut queue = queue(&[(1, 1), (2, 2)]);
            taken(&mut queue);
            for chat in [1, 2] {
                queue.wait_for_person(ConversationId(chat), ParcelOrigin::New);
            }
            queue.open(ConversationId(2));
            assert_eq!(queue.next_to_load(), Some(ConversationId(2)));
            if kept_too {
                queue.open(ConversationId(1));
                assert_eq!(queue.next_to_load(), Some(ConversationId(1)));
            }
            queue.merge(ConversationId(1), ConversationId(2));
            queue.loaded(ConversationId(2), &[parcel(2, 2)], Timestamp(0));
            if kept_too {
                queue.loaded(ConversationId(1), &[parcel(1, 1)], Timestamp(0));
            }
            assert_eq!(taken(&mut queue), []);
            load(&mut queue, 1, &[1, 2]);
            assert_eq!(drained(&mut queue), [1, 2]);
            assert!(!queue.is_opening());
        }
    }

    #[test]
    fn a_merge_that_was_not_told_shows_when_the_store_is_looked_through() {
        let mut queue = queue(&[(1, 1), (2, 2)]);
        queue.push(&parcel(1, 2), ParcelOrigin::Recovered, Timestamp(0));
        assert_eq!(drained(&mut queue), [1, 2]);
    }

    /// A queue beside the store that it is filled from.
    #[derive(Default)]
    struct World {
        queue: SendQueue,
        /// Parcels that are not sent, and the chat under whose name each was made.
        stored: BTreeMap<u64, u64>,
        merged: HashMap<u64, u64>,
        under_way: Vec<Due>,
        made: u64,
    }

    impl World {
        fn now(&self, chat: u64) -> u64 {
            self.merged.get(&chat).map_or(chat, |kept| self.now(*kept))
        }

        fn push(&mut self, chat: u64) {
            self.made += 1;
            self.stored.insert(self.made, chat);
            self.queue.push(&parcel(chat, self.made), ParcelOrigin::New, Timestamp(0));
        }

        /// Those that were under way when they were merged may continue; a new one must find its chat free.
        fn take(&mut self) {
            let Some(due) = self.queue.take() else { return };
            let chat = self.now(due.conversation.0);
            let busy = self.under_way.iter().any(|other| self.now(other.conversation.0) == chat);
            assert!(!busy, "two of chat {chat}");
            self.under_way.push(due);
        }

        fn done(&mut self) {
            let Some(due) = self.under_way.pop() else { return };
            self.stored.remove(&due.key.sequence.0);
            self.queue.done(due.conversation);
        }

        fn load(&mut self) {
            let Some(chat) = self.queue.next_to_load() else { return };
            let of_chat = self.stored.iter().filter(|(_, of)| self.now(**of) == self.now(chat.0));
            let parcels: Vec<PendingParcel> =
                of_chat.map(|(sequence, _)| parcel(self.now(chat.0), *sequence)).collect();
            self.queue.loaded(chat, &parcels, Timestamp(0));
        }

        fn merge(&mut self, one: u64, other: u64) {
            let (one, other) = (self.now(one), self.now(other));
            if one != other {
                self.merged.insert(one.max(other), one.min(other));
                self.queue.merge(ConversationId(one.min(other)), ConversationId(one.max(other)));
            }
        }

        /// Everybody writes, and the network takes everything.
        fn settle(&mut self) {
            for _ in 0..self.made + 4 {
                (1..4).for_each(|chat| self.queue.open(ConversationId(chat)));
                (0..4).for_each(|_| self.load());
                self.queue.wake(Timestamp(2));
                self.take();
                self.done();
            }
        }
    }

    proptest! {
        /// Whatever happens to three chats of one person, each parcel is taken until it is done, and never two of one chat.
        #[test]
        fn nothing_is_lost_and_no_chat_has_two_under_way(
            doings in proptest::collection::vec((0_u8..9, 1_u64..4, 1_u64..4), 1..80),
        ) {
            let mut world = World::default();
            for (doing, one, other) in doings {
                match doing {
                    0 | 1 => world.push(one),
                    2 => world.take(),
                    3 => world.done(),
                    4 => if let Some(due) = world.under_way.pop() {
                        world.queue.wait(due.conversation, Timestamp(1), ParcelOrigin::New);
                    },
                    5 => if let Some(due) = world.under_way.pop() {
                        world.queue.wait_for_person(due.conversation, ParcelOrigin::New);
                    },
                    6 => world.queue.open(ConversationId(one)),
                    7 => world.load(),
                    _ => world.merge(one, other),
                }
            }
            while !world.under_way.is_empty() {
                world.done();
            }
            world.settle();
            prop_assert_eq!(&world.stored, &BTreeMap::new());
            prop_assert_eq!((world.queue.len(), world.queue.in_flight(), world.queue.shut()), (0, 0, 0));
        }
    }
}

//! Two chats that turn out to be one person's: one line from now on, and never two parcels of it under way.

use super::{Chat, Head, SendQueue};
use crate::decide::reconcile::ParcelOrigin;
use greenroom_contract::ids::ConversationId;
use greenroom_contract::limits;
use greenroom_contract::store::ParcelKey;
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
    fn take_in(&mut self, kept: ConversationId, parcels: VecDeque<(ParcelKey, ParcelOrigin)>, opened: bool) {
        let mut chat =
            self.withdraw(kept).unwrap_or_else(|| Chat { parcels: VecDeque::new(), head: Head::Ready, opened: false });
        for (key, _) in &parcels {
            self.known.insert(key.clone(), kept);
        }
        let under_way = usize::from(chat.head == Head::InFlight);
        let mut line: Vec<_> = chat.parcels.drain(under_way..).chain(parcels).collect();
        line.sort_by_key(|(key, _)| (key.sequence, key.part));
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

    /// A chat may send, unless a parcel of a chat that became a part of it is under way still.
    pub(super) fn line_up(&mut self, conversation: ConversationId) {
        if !self.merging.holds_back(conversation) {
            self.ready.push_back(conversation);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::PERSON_WRITES;
    use super::*;
    use greenroom_contract::ids::{AccountId, Sequence};
    use greenroom_contract::store::PendingParcel;
    use greenroom_contract::time::Timestamp;
    use proptest::prelude::*;

    fn parcel(conversation: u64, sequence: u64) -> PendingParcel {
        let key = ParcelKey { account: AccountId::new("a").unwrap(), sequence: Sequence(sequence), part: 0 };
        PendingParcel { key, conversation: ConversationId(conversation) }
    }

    fn queue(parcels: &[(u64, u64)]) -> SendQueue {
        let mut queue = SendQueue::default();
        parcels.iter().for_each(|(chat, number)| queue.push(parcel(*chat, *number), ParcelOrigin::New));
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
        queue.push(parcel(2, 5), ParcelOrigin::New);
        assert_eq!(drained(&mut queue), [1, 2, 3, 4, 5]);
        assert_eq!((queue.len(), queue.in_flight()), (0, 0));
    }

    #[test]
    fn a_parcel_of_the_other_chat_that_is_under_way_holds_the_line_until_it_lands() {
        for uncertain in [false, true] {
            let mut queue = queue(&[(2, 1), (2, 2)]);
            assert_eq!(taken(&mut queue), [(2, 1)]);
            queue.merge(ConversationId(1), ConversationId(2));
            queue.push(parcel(1, 3), ParcelOrigin::New);
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

    #[test]
    fn what_both_chats_wait_for_is_looked_at_anew() {
        let mut queue = queue(&[(1, 1), (2, 2)]);
        taken(&mut queue);
        queue.wait_for_person(ConversationId(1), ParcelOrigin::New);
        queue.wait(ConversationId(2), Timestamp(50), ParcelOrigin::New);
        queue.merge(ConversationId(1), ConversationId(2));
        assert_eq!(queue.next_due(), None);
        assert_eq!(taken(&mut queue), [(1, 1)]);
        queue.wait_for_person(ConversationId(1), ParcelOrigin::New);
        queue.open(ConversationId(2));
        assert_eq!(taken(&mut queue), [(1, 1)], "the person is the same under either name");
        queue.wait(ConversationId(1), PERSON_WRITES, ParcelOrigin::New);
        queue.open(ConversationId(1));
        assert_eq!(drained(&mut queue), [1, 2]);
    }

    #[test]
    fn a_merge_that_was_not_told_shows_when_the_store_is_looked_through() {
        let mut queue = queue(&[(1, 1), (2, 2)]);
        queue.push(parcel(1, 2), ParcelOrigin::Recovered);
        assert_eq!(drained(&mut queue), [1, 2]);
    }

    proptest! {
        /// Whatever happens to three chats of one person, each parcel is taken until it is done, and never two of one chat.
        #[test]
        fn nothing_is_lost_and_no_chat_has_two_under_way(
            doings in proptest::collection::vec((0_u8..6, 1_u64..4, 1_u64..4), 1..80),
        ) {
            let (mut queue, mut next, mut under_way) = (SendQueue::default(), 1, Vec::new());
            let mut merged: HashMap<u64, u64> = HashMap::new();
            let now = |chat: u64, merged: &HashMap<u64, u64>| {
                let mut at = chat;
                while let Some(next) = merged.get(&at) { at = *next; }
                at
            };
            let (mut pushed, mut done) = (0, 0);
            for (doing, one, other) in doings {
                match doing {
                    0 | 1 => { queue.push(parcel(one, next), ParcelOrigin::New); next += 1; pushed += 1; }
                    2 => {
                        // Those that were under way when they were merged may go on; a new one must find its chat free.
                        if let Some(due) = queue.take() {
                            let chat = now(due.conversation.0, &merged);
                            let busy = under_way.iter().any(|other: &ConversationId| now(other.0, &merged) == chat);
                            prop_assert!(!busy, "two of chat {chat}");
                            under_way.push(due.conversation);
                        }
                    }
                    3 => if let Some(landed) = under_way.pop() { queue.done(landed); done += 1; },
                    4 => if let Some(landed) = under_way.pop() { queue.wait(landed, Timestamp(1), ParcelOrigin::New); },
                    _ => {
                        let (kept, gone) = (now(one, &merged).min(now(other, &merged)), now(one, &merged).max(now(other, &merged)));
                        if kept != gone {
                            merged.insert(gone, kept);
                            queue.merge(ConversationId(kept), ConversationId(gone));
                        }
                    }
                }
            }
            for landed in under_way { queue.done(landed); done += 1; }
            queue.wake(Timestamp(2));
            while let Some(due) = queue.take() { queue.done(due.conversation); done += 1; }
            prop_assert_eq!((queue.len(), queue.in_flight(), done), (0, 0, pushed));
        }
    }
}

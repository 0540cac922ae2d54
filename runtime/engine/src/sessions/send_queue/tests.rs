use super::*;
use greenroom_contract::ids::{AccountId, Sequence};

const NOW: Timestamp = Timestamp(7);

fn parcel(conversation: u64, sequence: u64) -> PendingParcel {
    let key = ParcelKey { account: AccountId::new("a").unwrap(), sequence: Sequence(sequence), part: 0 };
    PendingParcel::new(key, ConversationId(conversation), Timestamp(1), false)
}

fn taken(queue: &mut SendQueue) -> Vec<(u64, u64)> {
    std::iter::from_fn(|| queue.take()).map(|due| (due.conversation.0, due.key.sequence.0)).collect()
}

#[test]
fn one_parcel_at_a_time_in_each_chat_in_order() {
    let mut queue = SendQueue::default();
    for (conversation, sequence) in [(1, 1), (1, 2), (2, 3), (1, 4), (1, 1)] {
        queue.push(&parcel(conversation, sequence), ParcelOrigin::New, NOW);
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
    queue.push(&parcel(1, 1), ParcelOrigin::Recovered, NOW);
    queue.push(&parcel(1, 2), ParcelOrigin::Recovered, NOW);
    assert_eq!(queue.take().map(|due| due.origin), Some(ParcelOrigin::Recovered));
    queue.done(ConversationId(1));
    assert_eq!(queue.take().map(|due| due.origin), Some(ParcelOrigin::New));
}

#[test]
fn a_chat_that_waits_holds_back_only_itself() {
    let mut queue = SendQueue::default();
    for (conversation, sequence) in [(1, 1), (1, 2), (2, 3)] {
        queue.push(&parcel(conversation, sequence), ParcelOrigin::New, NOW);
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
        queue.push(&parcel(conversation, sequence), ParcelOrigin::New, NOW);
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

/// A part of a message that no one asked for.
fn reminder(conversation: u64, sequence: u64, part: u16) -> PendingParcel {
    let mut parcel = parcel(conversation, sequence);
    (parcel.key.part, parcel.speaks_first) = (part, true);
    parcel
}

fn waits(parcel: PendingParcel) -> PendingParcel {
    PendingParcel { not_before: greenroom_contract::store::PERSON_WRITES, ..parcel }
}

/// Loads what the queue asks for, of all these parcels.
fn load(queue: &mut SendQueue, store: &[PendingParcel]) -> Vec<u64> {
    let mut asked = Vec::new();
    while let Some(conversation) = queue.next_to_load() {
        let parcels: Vec<_> = store.iter().filter(|parcel| parcel.conversation == conversation).cloned().collect();
        queue.loaded(conversation, &parcels, NOW);
        asked.push(conversation.0);
    }
    asked
}

#[test]
fn a_chat_that_waits_for_its_person_takes_no_room_and_is_opened_once() {
    let mut queue = SendQueue::default();
    let store = [parcel(1, 1), parcel(1, 2)];
    for parcel in &store {
        queue.push(parcel, ParcelOrigin::New, NOW);
    }
    assert!(queue.take().is_some_and(|due| !due.opened));
    queue.wait_for_person(ConversationId(1), ParcelOrigin::New);
    assert_eq!((queue.len(), queue.shut(), queue.in_flight(), queue.next_due()), (0, 1, 0, None));
    queue.open(ConversationId(1));
    queue.open(ConversationId(1));
    assert!(queue.is_opening());
    assert_eq!(load(&mut queue, &store), [1]);
    assert_eq!((queue.len(), queue.shut(), queue.is_opening()), (2, 0, false));
    assert!(queue.take().is_some_and(|due| due.opened && due.key == store[0].key));
    queue.wait(ConversationId(1), Timestamp(5), ParcelOrigin::New);
    queue.wake(Timestamp(5));
    assert!(queue.take().is_some_and(|due| due.opened), "weather does not close it again");
    queue.wait_for_person(ConversationId(1), ParcelOrigin::New);
    assert_eq!((queue.take(), load(&mut queue, &store)), (None, vec![]));
}

#[test]
fn what_an_earlier_run_may_have_tried_stays_uncertain_while_it_waits_for_its_person() {
    for found_waiting in [true, false] {
        let mut queue = SendQueue::default();
        let stored = waits(parcel(1, 1));
        if found_waiting {
            queue.push(&stored, ParcelOrigin::Recovered, NOW);
        } else {
            queue.push(&parcel(1, 1), ParcelOrigin::Recovered, NOW);
            taken(&mut queue);
            queue.wait_for_person(ConversationId(1), ParcelOrigin::Recovered);
        }
        assert_eq!((queue.len(), queue.shut()), (0, 1));
        queue.open(ConversationId(1));
        load(&mut queue, &[stored]);
        assert_eq!(queue.take().map(|due| (due.origin, due.opened)), Some((ParcelOrigin::Recovered, true)));
    }
}

#[test]
fn however_many_parcels_chats_hold_that_wait_for_their_person_none_of_them_takes_room() {
    let mut queue = SendQueue::default();
    for conversation in 1..10_000 {
        queue.push(&waits(reminder(conversation, conversation, 0)), ParcelOrigin::Recovered, NOW);
        for part in 1..4 {
            queue.push(&reminder(conversation, conversation, part), ParcelOrigin::Recovered, NOW);
        }
    }
    assert_eq!((queue.len(), queue.shut(), queue.next_to_load()), (0, 9_999, None));
    queue.push(&parcel(20_000, 20_000), ParcelOrigin::New, NOW);
    assert_eq!(taken(&mut queue), [(20_000, 20_000)]);
}

#[test]
fn a_further_message_opens_a_chat_that_waits_for_its_person() {
    for further in [parcel(1, 2), reminder(1, 2, 0)] {
        let mut queue = SendQueue::default();
        queue.push(&waits(reminder(1, 1, 0)), ParcelOrigin::New, NOW);
        queue.push(&further, ParcelOrigin::New, NOW);
        assert_eq!(load(&mut queue, &[waits(reminder(1, 1, 0)), further]), [1]);
        assert_eq!(taken(&mut queue), [(1, 1)]);
        queue.done(ConversationId(1));
        assert_eq!(taken(&mut queue), [(1, 2)]);
    }
}

#[test]
fn what_is_posted_while_a_chat_is_loaded_is_not_lost() {
    let mut queue = SendQueue::default();
    let first = waits(parcel(1, 1));
    queue.push(&first, ParcelOrigin::New, NOW);
    queue.open(ConversationId(1));
    assert_eq!(queue.next_to_load(), Some(ConversationId(1)));
    queue.push(&parcel(1, 2), ParcelOrigin::New, NOW);
    queue.loaded(ConversationId(1), std::slice::from_ref(&first), NOW);
    assert_eq!((taken(&mut queue), queue.is_opening()), (vec![], true), "it is asked once more");
    assert_eq!(load(&mut queue, &[first, parcel(1, 2)]), [1]);
    assert_eq!(taken(&mut queue), [(1, 1)]);
    queue.done(ConversationId(1));
    assert_eq!(taken(&mut queue), [(1, 2)]);
}

#[test]
fn a_shut_chat_that_became_part_of_an_older_one_opens_too() {
    let mut queue = SendQueue::default();
    queue.push(&waits(parcel(9, 1)), ParcelOrigin::New, NOW);
    queue.open(ConversationId(9));
    assert_eq!(queue.next_to_load(), Some(ConversationId(9)));
    queue.loaded(ConversationId(9), &[waits(parcel(1, 1))], NOW);
    assert_eq!(queue.take().map(|due| (due.conversation, due.opened)), Some((ConversationId(1), true)));
}

#[test]
fn a_person_who_writes_while_the_refusal_is_on_its_way_opens_the_chat_once() {
    let opens: [fn(&mut SendQueue); 2] =
        [|queue| queue.open(ConversationId(1)), |queue| queue.push(&parcel(1, 2), ParcelOrigin::New, NOW)];
    for opens in opens {
        let mut queue = SendQueue::default();
        queue.push(&parcel(1, 1), ParcelOrigin::New, NOW);
        taken(&mut queue);
        opens(&mut queue);
        queue.wait_for_person(ConversationId(1), ParcelOrigin::New);
        assert_eq!(queue.take().map(|due| (due.key.sequence.0, due.opened)), Some((1, true)));
        queue.wait_for_person(ConversationId(1), ParcelOrigin::New);
        assert_eq!((queue.take(), queue.shut()), (None, 1), "the second refusal knows of it");
    }
}

#[test]
fn what_the_bot_says_of_itself_opens_nothing() {
    let mut queue = SendQueue::default();
    queue.push(&reminder(1, 1, 0), ParcelOrigin::New, NOW);
    taken(&mut queue);
    queue.push(&reminder(1, 1, 1), ParcelOrigin::New, NOW);
    queue.push(&reminder(1, 2, 0), ParcelOrigin::New, NOW);
    queue.wait_for_person(ConversationId(1), ParcelOrigin::New);
    assert_eq!((queue.take(), queue.shut(), queue.len()), (None, 1, 0));
}

#[test]
fn news_about_the_head_ends_its_wait_and_news_about_others_does_not() {
    let mut queue = SendQueue::default();
    queue.push(&parcel(1, 1), ParcelOrigin::Recovered, NOW);
    queue.push(&parcel(1, 2), ParcelOrigin::Recovered, NOW);
    taken(&mut queue);
    queue.wait(ConversationId(1), Timestamp(100), ParcelOrigin::Recovered);
    queue.nudge(&parcel(1, 2).key);
    assert_eq!(taken(&mut queue), []);
    queue.nudge(&parcel(1, 1).key);
    assert_eq!(taken(&mut queue), [(1, 1)]);
    assert_eq!(queue.next_due(), None);
}

#[test]
fn a_chat_without_trouble_is_tried_first_where_that_is_wanted_and_no_order_within_a_chat_changes() {
    let mut queue = SendQueue::default();
    for (conversation, sequence) in [(1, 1), (2, 2)] {
        queue.push(&parcel(conversation, sequence), ParcelOrigin::New, NOW);
    }
    taken(&mut queue);
    for conversation in [1, 2].map(ConversationId) {
        queue.note_trouble(conversation);
        queue.wait(conversation, Timestamp(9), ParcelOrigin::New);
    }
    queue.wake(Timestamp(9));
    queue.prefer_untroubled();
    queue.push(&parcel(3, 3), ParcelOrigin::New, NOW);
    queue.push(&parcel(3, 4), ParcelOrigin::New, NOW);
    assert_eq!(queue.front(), Some(&parcel(1, 1).key));
    queue.prefer_untroubled();
    assert_eq!(taken(&mut queue), [(3, 3), (1, 1), (2, 2)]);
}

/// A parcel that waits for its person behind one that does not: whenever the person writes, it is tried.
#[test]
fn what_waits_behind_another_one_is_tried_after_the_person_wrote() {
    let shut = |sequence| PendingParcel { not_before: greenroom_contract::store::PERSON_WRITES, ..parcel(1, sequence) };
    let (chat, person_writes) = (ConversationId(1), |queue: &mut SendQueue| queue.open(ConversationId(1)));
    let answered = |queue: &mut SendQueue| queue.push(&parcel(1, 9), ParcelOrigin::New, NOW);
    let events: [&dyn Fn(&mut SendQueue); 2] = [&person_writes, &answered];
    for event in events {
        for in_flight in [false, true] {
            let mut queue = SendQueue::default();
            queue.push(&parcel(1, 1), ParcelOrigin::Recovered, NOW);
            queue.push(&shut(2), ParcelOrigin::Recovered, NOW);
            if !in_flight {
                event(&mut queue);
            }
            assert_eq!(taken(&mut queue), [(1, 1)]);
            if in_flight {
                event(&mut queue);
            }
            queue.done(chat);
            let due = queue.take().expect("the second one");
            assert!(due.key.sequence == Sequence(2) && due.opened, "in flight: {in_flight}");
            queue.wait_for_person(chat, ParcelOrigin::New);
            assert_eq!(taken(&mut queue), [], "once");
        }
    }
}

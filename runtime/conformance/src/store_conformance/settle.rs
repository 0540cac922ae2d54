//! Rules of settling: one commit for the end of a turn, wake-ups, and the quarantine.

use super::{
    Subject, accept_new, begin, draft, later, past, settlement, told, waiting, waiting_sequences, waiting_texts,
};
use crate::messages::{ACCOUNT, Refine, START, id, scope, sender, text_from};
use bytes::Bytes;
use greenroom_contract::ids::{AssistantName, ConversationId, Sequence};
use greenroom_contract::message::{Addressing, Inbound};
use greenroom_contract::outbound::Route;
use greenroom_contract::store::{ConversationSettings, EntryKind, Outcome, Settlement, StoreError, WakeDraft};

const ANA: &str = "+15550000001";
const BEN: &str = "+15550000002";

fn helper() -> AssistantName {
    id("helper")
}

pub(super) fn wake(message: &Inbound, seconds: u64, token: &str) -> WakeDraft {
    let route =
        Route { account: message.key.account.clone(), chat: message.key.chat.clone(), kind: message.chat.clone() };
    let assistant = helper();
    WakeDraft {
        at: later(seconds),
        token: token.to_owned(),
        assistant,
        route,
        sender: sender(ANA),
        opened_at: later(7),
    }
}

/// Everything that a turn can leave behind.
async fn full_settlement(store: &Subject, message: &Inbound, at: (ConversationId, Sequence)) -> Settlement {
    let history = waiting(store, at.0).await[0].history;
    Settlement {
        parcels: vec![draft(message, "answer")],
        history: Some((history, past("question", "answer"))),
        states: vec![(helper(), Bytes::from_static(b"memory"))],
        wakes: vec![wake(message, 60, "tea")],
        ..settlement(at.0, &[at.1])
    }
}

pub async fn settling_takes_the_rows_out_and_keeps_the_rest(store: Subject) {
    let (conversation, one) = accept_new(&store, text_from(ANA, "one")).await;
    accept_new(&store, text_from(ANA, "two")).await;
    let settled = store.settle(settlement(conversation, &[one])).await.expect("a waiting row");
    assert!(settled.more, "another row waits");
    assert_eq!(waiting_texts(&store, conversation).await, ["two"]);
    let rows = waiting_sequences(&store, conversation).await;
    let settled = store.settle(settlement(conversation, &rows)).await.expect("a waiting row");
    assert!(!settled.more, "nothing waits");
    assert_eq!(store.rows_waiting().await, Ok(0));
    assert_eq!(store.conversations_waiting(None, 10).await, Ok(vec![]));
}

pub async fn settling_writes_history_state_wakes_and_parcels_together(store: Subject) {
    let message = text_from(ANA, "question");
    let (conversation, sequence) = accept_new(&store, message.clone()).await;
    let end = full_settlement(&store, &message, (conversation, sequence)).await;
    let history = end.history.clone().expect("just written").0;
    let settled = store.settle(end).await.expect("a waiting row");
    assert_eq!(settled.parcels.len(), 1);
    assert_eq!(settled.wake_at, Some(later(60)));
    assert_eq!(told(&store, history).await, [past("question", "answer")]);
    assert_eq!(store.state(conversation, &helper()).await, Ok(Some(Bytes::from_static(b"memory"))));
    assert_eq!(store.next_wake().await, Ok(Some(later(60))));
    let pending = store.pending(&id(ACCOUNT), None, 10).await.expect("healthy");
    assert_eq!(pending.len(), 1);
    assert_eq!(pending[0].key, settled.parcels[0]);
    assert_eq!(pending[0].conversation, conversation);
}

pub async fn settling_twice_is_refused_and_changes_nothing(store: Subject) {
    let message = text_from(ANA, "question");
    let at = accept_new(&store, message.clone()).await;
    let end = full_settlement(&store, &message, at).await;
    store.settle(end.clone()).await.expect("a waiting row");
    let again = Settlement { states: vec![(helper(), Bytes::from_static(b"other"))], ..end.clone() };
    let refused = store.settle(again).await;
    assert!(matches!(refused, Err(StoreError::NotFound { .. })), "{refused:?}");
    let history = end.history.expect("just written").0;
    assert_eq!(store.recent(history, 10).await.map(|turns| turns.len()), Ok(1));
    assert_eq!(store.state(at.0, &helper()).await, Ok(Some(Bytes::from_static(b"memory"))));
    assert_eq!(store.pending(&id(ACCOUNT), None, 10).await.map(|parcels| parcels.len()), Ok(1));
}

pub async fn settling_an_unknown_row_is_refused_and_changes_nothing(store: Subject) {
    let message = text_from(ANA, "question");
    let at = accept_new(&store, message.clone()).await;
    let mut end = full_settlement(&store, &message, at).await;
    end.rows.push(Sequence(at.1.0 + 1_000_000));
    let history = end.history.clone().expect("just written").0;
    let refused = store.settle(end).await;
    assert!(matches!(refused, Err(StoreError::NotFound { .. })), "{refused:?}");
    assert_eq!(waiting_texts(&store, at.0).await, ["question"]);
    assert_eq!(store.recent(history, 10).await, Ok(vec![]));
    assert_eq!(store.state(at.0, &helper()).await, Ok(None));
    assert_eq!(store.next_wake().await, Ok(None));
    assert_eq!(store.pending(&id(ACCOUNT), None, 10).await, Ok(vec![]));
}

pub async fn settling_what_is_not_a_prefix_is_refused(store: Subject) {
    let (conversation, one) = accept_new(&store, text_from(ANA, "one")).await;
    let (_, two) = accept_new(&store, text_from(ANA, "two")).await;
    let (_, three) = accept_new(&store, text_from(ANA, "three")).await;
    for rows in [&[two][..], &[two, three], &[one, three]] {
        let refused = store.settle(settlement(conversation, rows)).await;
        assert!(matches!(refused, Err(StoreError::Invalid { .. })), "{rows:?} gave {refused:?}");
    }
    assert_eq!(waiting_texts(&store, conversation).await, ["one", "two", "three"]);
}

pub async fn a_turn_over_several_rows_settles_them_all(store: Subject) {
    let (conversation, one) = accept_new(&store, text_from(ANA, "one")).await;
    let (_, two) = accept_new(&store, text_from(ANA, "two")).await;
    accept_new(&store, text_from(ANA, "three")).await;
    let settled = store.settle(settlement(conversation, &[one, two])).await.expect("waiting rows");
    assert!(settled.more);
    assert_eq!(waiting_texts(&store, conversation).await, ["three"]);
}

pub async fn parcels_are_numbered_in_the_order_of_their_drafts(store: Subject) {
    let message = text_from(ANA, "question");
    let (conversation, sequence) = accept_new(&store, message.clone()).await;
    let words: Vec<String> = (0..12).map(|number| format!("part {number}")).collect();
    let parcels = words.iter().map(|words| draft(&message, words)).collect();
    let settled = store.settle(Settlement { parcels, ..settlement(conversation, &[sequence]) }).await;
    let settled = settled.expect("a waiting row");
    assert!(settled.parcels.iter().all(|key| key.sequence == sequence), "{:?}", settled.parcels);
    let numbers: Vec<u16> = settled.parcels.iter().map(|key| key.part).collect();
    assert_eq!(numbers, (0..12).collect::<Vec<_>>());
    let pending = store.pending(&id(ACCOUNT), None, 100).await.expect("healthy");
    let keys: Vec<_> = pending.into_iter().map(|parcel| parcel.key).collect();
    assert_eq!(keys, settled.parcels);
    for (key, words) in keys.iter().zip(words) {
        assert_eq!(super::parcel(&store, key).await.draft, draft(&message, &words));
    }
}

pub async fn history_is_read_oldest_first_and_bounded(store: Subject) {
    for number in 0..5 {
        let (conversation, sequence) = accept_new(&store, text_from(ANA, "q")).await;
        let history = waiting(&store, conversation).await[0].history;
        let turn = past(&format!("q{number}"), "a");
        let end = Settlement { history: Some((history, turn)), ..settlement(conversation, &[sequence]) };
        store.settle(end).await.expect("a waiting row");
        let asked = |turns: Vec<greenroom_contract::assistant::PastTurn>| {
            turns.into_iter().map(|turn| turn.asked).collect::<Vec<_>>()
        };
        let all = asked(store.recent(history, 100).await.expect("healthy"));
        assert_eq!(all, (0..=number).map(|number| format!("q{number}")).collect::<Vec<_>>());
        let two = asked(store.recent(history, 2).await.expect("healthy"));
        assert_eq!(two, all[all.len().saturating_sub(2)..], "the newest two, oldest first");
        assert_eq!(store.recent(history, 0).await, Ok(vec![]));
    }
}

async fn remember(store: &Subject, who: &str, assistant: &str, state: Option<&'static [u8]>) -> ConversationId {
    let (conversation, sequence) = accept_new(store, text_from(who, "q")).await;
    let states = state.map(|bytes| (id(assistant), Bytes::from_static(bytes))).into_iter().collect();
    store.settle(Settlement { states, ..settlement(conversation, &[sequence]) }).await.expect("a waiting row");
    conversation
}

pub async fn what_an_assistant_remembers_is_its_own(store: Subject) {
    let ana = remember(&store, ANA, "helper", Some(b"of ana")).await;
    let ben = remember(&store, BEN, "helper", Some(b"of ben")).await;
    remember(&store, ANA, "other", Some(b"of other")).await;
    assert_eq!(store.state(ana, &helper()).await, Ok(Some(Bytes::from_static(b"of ana"))));
    assert_eq!(store.state(ben, &helper()).await, Ok(Some(Bytes::from_static(b"of ben"))));
    assert_eq!(store.state(ana, &id("other")).await, Ok(Some(Bytes::from_static(b"of other"))));
    assert_eq!(store.state(ben, &id("other")).await, Ok(None));
}

pub async fn what_an_assistant_remembers_is_replaced_kept_and_deleted(store: Subject) {
    let conversation = remember(&store, ANA, "helper", Some(b"one")).await;
    remember(&store, ANA, "helper", Some(b"two")).await;
    assert_eq!(store.state(conversation, &helper()).await, Ok(Some(Bytes::from_static(b"two"))));
    remember(&store, ANA, "helper", None).await;
    assert_eq!(store.state(conversation, &helper()).await, Ok(Some(Bytes::from_static(b"two"))));
    remember(&store, ANA, "helper", Some(b"")).await;
    assert_eq!(store.state(conversation, &helper()).await, Ok(None));
}

pub async fn several_assistants_remember_in_one_turn(store: Subject) {
    let (conversation, sequence) = accept_new(&store, text_from(ANA, "q")).await;
    let state = |assistant: &str, bytes: &'static [u8]| (id::<AssistantName>(assistant), Bytes::from_static(bytes));
    let twice = vec![state("helper", b"one"), state("form", b"filled in"), state("helper", b"two")];
    let refused = store.settle(Settlement { states: twice, ..settlement(conversation, &[sequence]) }).await;
    assert!(matches!(refused, Err(StoreError::Invalid { .. })), "{refused:?}");
    let states = vec![state("form", b"filled in"), state("helper", b"one")];
    store.settle(Settlement { states, ..settlement(conversation, &[sequence]) }).await.expect("a waiting row");
    assert_eq!(store.state(conversation, &id("form")).await, Ok(Some(Bytes::from_static(b"filled in"))));
    assert_eq!(store.state(conversation, &helper()).await, Ok(Some(Bytes::from_static(b"one"))));
    let (_, sequence) = accept_new(&store, text_from(ANA, "q")).await;
    let states = vec![state("form", b""), state("helper", b"two")];
    store.settle(Settlement { states, ..settlement(conversation, &[sequence]) }).await.expect("a waiting row");
    assert_eq!(store.state(conversation, &id("form")).await, Ok(None));
    assert_eq!(store.state(conversation, &helper()).await, Ok(Some(Bytes::from_static(b"two"))));
}

pub async fn a_turn_that_forgets_keeps_what_it_brings(store: Subject) {
    let message = text_from(ANA, "old");
    let at = accept_new(&store, message.clone()).await;
    let mut before = full_settlement(&store, &message, at).await;
    before.states.push((id("form"), Bytes::from_static(b"half filled in")));
    let history = before.history.clone().expect("just written").0;
    store.settle(before).await.expect("a waiting row");
    let ben = remember(&store, BEN, "helper", Some(b"of ben")).await;
    let language = Some("de".to_owned());
    let settings = ConversationSettings { language, ..ConversationSettings::default() };
    store.set_settings(&scope(), at.0, settings.clone()).await.expect("she wrote");

    let (_, sequence) = accept_new(&store, text_from(ANA, "/new")).await;
    let end = Settlement {
        forget: true,
        history: Some((history, past("new", "begun"))),
        states: vec![(helper(), Bytes::from_static(b"new"))],
        ..settlement(at.0, &[sequence])
    };
    let gone = Settlement { rows: vec![Sequence(sequence.0 + 9)], ..end.clone() };
    store.settle(gone).await.expect_err("no such row waits");
    assert_eq!(store.recent(history, 10).await.map(|turns| turns.len()), Ok(1), "all of it or nothing");
    store.settle(end).await.expect("a waiting row");
    assert_eq!(told(&store, history).await, [past("new", "begun")]);
    assert_eq!(store.state(at.0, &helper()).await, Ok(Some(Bytes::from_static(b"new"))));
    assert_eq!(store.state(at.0, &id("form")).await, Ok(None));
    assert_eq!(store.state(ben, &helper()).await, Ok(Some(Bytes::from_static(b"of ben"))), "others keep theirs");
    assert_eq!(store.next_wake().await, Ok(Some(later(60))), "what was asked for stays");
    assert_eq!(store.settings(&scope(), at.0).await, Ok(settings), "and so does how they are spoken to");

    // Silence is an answer too.
    let (_, sequence) = accept_new(&store, text_from(ANA, "/new")).await;
    store.settle(Settlement { forget: true, ..settlement(at.0, &[sequence]) }).await.expect("a waiting row");
    assert_eq!(told(&store, history).await, []);
    assert_eq!(store.state(at.0, &helper()).await, Ok(None));
}

/// A history is that of the person, whatever account it came through.
pub async fn a_person_forgets_in_all_their_chats_at_once(store: Subject) {
    let first = remember(&store, ANA, "helper", Some(b"in one account")).await;
    let message = text_from(ANA, "q").in_account("account-2");
    let (second, sequence) = accept_new(&store, message).await;
    let states = vec![(helper(), Bytes::from_static(b"in the other"))];
    store.settle(Settlement { states, ..settlement(second, &[sequence]) }).await.expect("a waiting row");
    let in_group = text_from(ANA, "bot").in_group("friends", Addressing::Mentioned);
    let (group, sequence) = accept_new(&store, in_group).await;
    let states = vec![(helper(), Bytes::from_static(b"of the group"))];
    store.settle(Settlement { states, ..settlement(group, &[sequence]) }).await.expect("a waiting row");
    let (_, sequence) = accept_new(&store, text_from(ANA, "/new")).await;
    store.settle(Settlement { forget: true, ..settlement(first, &[sequence]) }).await.expect("a waiting row");
    for forgotten in [first, second] {
        assert_eq!(store.state(forgotten, &helper()).await, Ok(None));
    }
    assert_eq!(store.state(group, &helper()).await, Ok(Some(Bytes::from_static(b"of the group"))));
}

async fn ask_for_wakes(store: &Subject, wakes: &[(u64, &str)]) -> (Inbound, ConversationId) {
    let message = text_from(ANA, "remind me");
    let (conversation, sequence) = accept_new(store, message.clone()).await;
    let wakes = wakes.iter().map(|(seconds, token)| wake(&message, *seconds, token)).collect();
    let settled = store.settle(Settlement { wakes, ..settlement(conversation, &[sequence]) }).await;
    assert!(settled.expect("a waiting row").wake_at.is_some());
    (message, conversation)
}

pub async fn a_wake_up_waits_until_it_is_due_and_fires_once(store: Subject) {
    let (message, conversation) = ask_for_wakes(&store, &[(120, "later"), (60, "tea")]).await;
    assert_eq!(store.next_wake().await, Ok(Some(later(60))), "the earliest");
    assert_eq!(store.wake_due(later(59), 10).await, Ok(vec![]));
    assert_eq!(waiting(&store, conversation).await, []);
    let rung = store.wake_due(later(60), 10).await.expect("healthy");
    assert_eq!(rung.len(), 1);
    assert_eq!(rung[0].conversation, conversation);
    assert_eq!(rung[0].account, message.key.account);
    assert_eq!(store.wake_due(later(60), 10).await, Ok(vec![]), "it fires once");
    assert_eq!(store.next_wake().await, Ok(Some(later(120))));
    let rows = waiting(&store, conversation).await;
    assert_eq!(rows.len(), 1);
    let expected = wake(&message, 60, "tea");
    let kind = EntryKind::Wake {
        route: expected.route,
        sender: expected.sender,
        assistant: helper(),
        token: expected.token,
        opened_at: later(7),
    };
    assert_eq!(rows[0].kind, kind);
}

pub async fn due_wake_ups_are_moved_in_bounded_steps(store: Subject) {
    let (_, conversation) = ask_for_wakes(&store, &[(1, "a"), (2, "b"), (3, "c")]).await;
    store.wake_due(later(10), 2).await.expect("healthy");
    assert_eq!(waiting_texts(&store, conversation).await, ["wake a", "wake b"]);
    store.wake_due(later(10), 2).await.expect("healthy");
    assert_eq!(waiting_texts(&store, conversation).await, ["wake a", "wake b", "wake c"]);
    assert_eq!(store.next_wake().await, Ok(None));
}

pub async fn a_wake_up_is_a_row_like_any_other(store: Subject) {
    let (_, conversation) = ask_for_wakes(&store, &[(1, "tea")]).await;
    store.wake_due(later(1), 10).await.expect("healthy");
    accept_new(&store, text_from(ANA, "next")).await;
    assert_eq!(waiting_texts(&store, conversation).await, ["wake tea", "next"]);
    assert_eq!(store.rows_waiting().await, Ok(2));
    let rows = waiting(&store, conversation).await;
    assert_eq!(rows[0].person, rows[1].person, "it belongs to the person of the conversation");
    assert_eq!(rows[0].history, rows[1].history);
    store.begin(begin(conversation, &[rows[0].sequence])).await.expect("a waiting row");
    assert_eq!(waiting(&store, conversation).await[0].attempts, 1);
    let settled = store.settle(settlement(conversation, &[rows[0].sequence])).await.expect("a waiting row");
    assert!(settled.more);
    assert_eq!(waiting_texts(&store, conversation).await, ["next"]);
}

async fn quarantine(store: &Subject, words: &str) -> (ConversationId, Sequence) {
    let (conversation, sequence) = accept_new(store, text_from(ANA, words)).await;
    store.begin(begin(conversation, &[sequence])).await.expect("a waiting row");
    let outcome = Outcome::Quarantined { reason: format!("{words} is poison") };
    store.settle(Settlement { outcome, ..settlement(conversation, &[sequence]) }).await.expect("a waiting row");
    (conversation, sequence)
}

pub async fn a_quarantined_turn_leaves_the_chat_free(store: Subject) {
    let (conversation, one) = quarantine(&store, "one").await;
    let (_, two) = quarantine(&store, "two").await;
    accept_new(&store, text_from(ANA, "next")).await;
    assert_eq!(waiting_texts(&store, conversation).await, ["next"]);
    let rows = store.quarantined(10).await.expect("healthy");
    let seen: Vec<_> = rows.iter().map(|row| (row.entry.sequence, row.reason.as_str(), row.at)).collect();
    assert_eq!(seen, [(one, "one is poison", START), (two, "two is poison", START)], "newest last");
    assert_eq!(super::text_of(&rows[0].entry), "one", "it is kept whole");
    assert_eq!(store.quarantined(1).await.map(|rows| rows.len()), Ok(1));
    assert_eq!(store.quarantined_count().await, Ok(2));
    assert_eq!(store.rows_waiting().await, Ok(1));
}

pub async fn a_released_row_waits_again_with_no_attempts(store: Subject) {
    let (conversation, one) = quarantine(&store, "one").await;
    let rung = store.release(one).await.expect("it is in quarantine");
    assert_eq!(rung.conversation, conversation);
    assert_eq!(rung.account, id(ACCOUNT));
    let rows = waiting(&store, conversation).await;
    assert_eq!(rows.len(), 1);
    assert_eq!(rows[0].attempts, 0);
    assert_eq!(super::text_of(&rows[0]), "one");
    assert_eq!(store.quarantined(10).await, Ok(vec![]));
    assert_eq!(store.quarantined_count().await, Ok(0));
    assert_eq!(store.rows_waiting().await, Ok(1));
    let settled = store.settle(settlement(conversation, &[rows[0].sequence])).await;
    assert!(settled.is_ok(), "it can be answered now: {settled:?}");
}

pub async fn releasing_what_is_not_there_is_refused(store: Subject) {
    let (_, waiting) = accept_new(&store, text_from(ANA, "one")).await;
    for sequence in [waiting, Sequence(4_000_000)] {
        let refused = store.release(sequence).await;
        assert!(matches!(refused, Err(StoreError::NotFound { .. })), "{refused:?}");
    }
    let (_, poison) = quarantine_other(&store).await;
    store.release(poison).await.expect("it is in quarantine");
    let again = store.release(poison).await;
    assert!(matches!(again, Err(StoreError::NotFound { .. })), "{again:?}");
}

async fn quarantine_other(store: &Subject) -> (ConversationId, Sequence) {
    let (conversation, sequence) = accept_new(store, text_from(BEN, "poison")).await;
    let outcome = Outcome::Quarantined { reason: "poison".to_owned() };
    store.settle(Settlement { outcome, ..settlement(conversation, &[sequence]) }).await.expect("a waiting row");
    (conversation, sequence)
}

//! Rules of [`greenroom_contract::store::People`], and of resolving conversations and persons in `accept`.

use super::inbox::revoked;
use super::settle::wake;
use super::{Subject, accept, accept_new, answer, draft, later, past, settlement, waiting, waiting_texts};
use crate::messages::{ACCOUNT, Refine, id, scope, text_from};
use bytes::Bytes;
use greenroom_contract::address::Address;
use greenroom_contract::assistant::PastTurn;
use greenroom_contract::ids::{ConversationId, PersonId};
use greenroom_contract::limits;
use greenroom_contract::message::{Addressing, Body, Inbound, Unreadable};
use greenroom_contract::store::{
    Accepted, Arrival, ConversationSettings, ConversationsAsked, HistoryKey, ListedConversation, MergedConversation,
    MessageArrival, Outcome, ParcelVerdict, Scope, Settlement,
};
use greenroom_contract::trace::{Decision, Ignored, Step};

const ANA: &str = "+15550000001";
const BEN: &str = "+15550000002";
const LID: &str = "lid:777";

fn address(text: &str) -> Address {
    id(text)
}

async fn person_of(store: &Subject, who: &str) -> Option<PersonId> {
    store.person_by_address(&scope(), &address(who)).await.expect("healthy")
}

fn same_person(addresses: &[&str]) -> Arrival {
    let addresses = addresses.iter().map(|text| address(text)).collect();
    Arrival::SamePerson { scope: scope(), addresses, admitted: false }
}

/// Accepts and settles one turn with history; returns its conversation and the key of its history.
async fn turn(store: &Subject, message: Inbound, asked: &str) -> (ConversationId, HistoryKey) {
    let (conversation, sequence) = accept_new(store, message).await;
    let history = waiting(store, conversation).await[0].history;
    let end = Settlement { history: Some((history, past(asked, "a"))), ..settlement(conversation, &[sequence]) };
    store.settle(end).await.expect("a waiting row");
    (conversation, history)
}

async fn asked(store: &Subject, history: HistoryKey) -> Vec<String> {
    store.recent(history, 100).await.expect("healthy").into_iter().map(|turn| turn.asked).collect()
}

pub async fn a_direct_chat_is_the_history_of_its_person(store: Subject) {
    let (conversation, _) = accept_new(&store, text_from(ANA, "hi").named("Ana")).await;
    let entry = waiting(&store, conversation).await.remove(0);
    assert_eq!(entry.history, HistoryKey::Person(entry.person));
    assert_eq!(person_of(&store, ANA).await, Some(entry.person));
    let person = store.person(entry.person).await.expect("healthy").expect("she is known");
    assert_eq!(person.id, entry.person);
    assert_eq!(person.addresses, [address(ANA)]);
    assert_eq!(person.name.as_deref(), Some("Ana"));
    assert_eq!(person.email, None);
    assert_eq!(person_of(&store, BEN).await, None);
}

pub async fn members_of_a_group_are_separate_persons_in_one_conversation(store: Subject) {
    let group = |who: &str| text_from(who, "hi").in_group("g1", Addressing::Mentioned);
    let (conversation, _) = accept_new(&store, group(ANA)).await;
    let (of_ben, _) = accept_new(&store, group(BEN)).await;
    assert_eq!(conversation, of_ben, "one group is one conversation");
    let rows = waiting(&store, conversation).await;
    assert_ne!(rows[0].person, rows[1].person);
    assert_eq!(rows[0].history, HistoryKey::Conversation(conversation));
    assert_eq!(rows[1].history, HistoryKey::Conversation(conversation));
    let (direct, _) = accept_new(&store, text_from(ANA, "hi")).await;
    assert_ne!(direct, conversation, "a direct chat is another conversation");
    assert_eq!(waiting(&store, direct).await[0].person, rows[0].person, "with the same person");
}

pub async fn lid_first_and_phone_later_is_one_conversation(store: Subject) {
    let (by_lid, _) = accept_new(&store, text_from(LID, "one")).await;
    // The next message carries both addresses, and comes with the phone number as its chat.
    let (both, _) = accept_new(&store, text_from(ANA, "two").also_known_as(LID)).await;
    assert_eq!(by_lid, both);
    let (by_phone, _) = accept_new(&store, text_from(ANA, "three")).await;
    assert_eq!(by_lid, by_phone, "from now on the number alone is enough");
    assert_eq!(waiting_texts(&store, by_lid).await, ["one", "two", "three"]);
    let rows = waiting(&store, by_lid).await;
    let routes: Vec<_> = rows.iter().map(|row| row.route().chat.to_string()).collect();
    assert_eq!(routes, [LID, ANA, ANA], "a reply uses the address its message came with");
}

pub async fn two_conversations_of_one_person_are_merged_and_the_older_wins(store: Subject) {
    let (older, _) = turn(&store, text_from(ANA, "q1"), "q1").await;
    let (newer, newer_history) = turn(&store, text_from(LID, "q2"), "q2").await;
    assert_ne!(older, newer, "nothing says yet that they are one");
    accept_new(&store, text_from(ANA, "w1")).await;
    accept_new(&store, text_from(LID, "w2")).await;
    accept_new(&store, text_from(ANA, "w3")).await;
    let (old_person, new_person) = (person_of(&store, ANA).await, person_of(&store, LID).await);
    let told = accept(&store, same_person(&[ANA, LID])).await;
    let merged = MergedConversation { account: id(ACCOUNT), kept: older, gone: newer };
    let then = Box::new(Accepted::Updated { parcel: None });
    assert_eq!(told, Accepted::Merged { conversations: vec![merged], then }, "whoever works on them must be told");

    assert_eq!(person_of(&store, LID).await, old_person, "the older person wins");
    let merged = store.person(new_person.expect("was known")).await.expect("healthy").expect("is followed");
    assert_eq!(Some(merged.id), old_person);
    assert!(merged.addresses.contains(&address(ANA)) && merged.addresses.contains(&address(LID)));

    assert_eq!(waiting_texts(&store, older).await, ["w1", "w2", "w3"], "the waiting rows, in order of acceptance");
    assert_eq!(waiting_texts(&store, newer).await, ["w1", "w2", "w3"], "the newer id is a redirect");
    let listed = store.conversations_waiting(None, 10).await.expect("healthy");
    assert_eq!(listed.iter().map(|row| row.conversation).collect::<Vec<_>>(), [older]);
    assert_eq!(store.rows_waiting().await, Ok(3));

    let rows = waiting(&store, older).await;
    assert!(rows.iter().all(|row| row.conversation == older && Some(row.person) == old_person));
    let turns = asked(&store, rows[0].history).await;
    assert_eq!(turns, ["q1", "q2"], "the history moved");
    assert_eq!(asked(&store, newer_history).await, ["q1", "q2"], "also for who still holds the old key");

    let first = rows[0].sequence;
    store.settle(settlement(older, &[first])).await.expect("rows can be settled after the merge");
    let (again, _) = accept_new(&store, text_from(LID, "w4")).await;
    assert_eq!(again, older);
}

/// One of everything on both sides: a turn that can be found to be deleted, a long turn, states, a wake-up, a row in
/// quarantine and a held answer.
pub async fn what_the_newer_conversation_held_is_held_by_the_older(store: Subject) {
    let older_message = text_from(ANA, "q1");
    let (older, history) = turn(&store, older_message, "q1").await;
    let secret = text_from(LID, "my secret");
    let (newer, newer_history) = turn(&store, secret.clone(), "my secret").await;
    let long = "long words ".repeat(2 * limits::STORE_VALUE_BYTES_MAX / 10);
    turn(&store, text_from(LID, "q3"), &long).await;
    let remember = async |conversation, from: &str, assistant: &str, memory: &'static [u8]| {
        let (_, sequence) = accept_new(&store, text_from(from, "remember")).await;
        let states = vec![(id(assistant), Bytes::from_static(memory))];
        store.settle(Settlement { states, ..settlement(conversation, &[sequence]) }).await.expect("a waiting row");
    };
    remember(older, ANA, "both", b"of the older").await;
    remember(newer, LID, "both", b"of the newer").await;
    remember(newer, LID, "second", b"only there").await;
    let asks = text_from(LID, "wake me");
    let (_, sequence) = accept_new(&store, asks.clone()).await;
    let wakes = vec![wake(&asks, 60, "tea")];
    store.settle(Settlement { wakes, ..settlement(newer, &[sequence]) }).await.expect("a waiting row");
    let (_, poison) = accept_new(&store, text_from(LID, "poison")).await;
    let outcome = Outcome::Quarantined { reason: "it crashed".to_owned() };
    store.settle(Settlement { outcome, ..settlement(newer, &[poison]) }).await.expect("a waiting row");
    let (_, parcels) = answer(&store, text_from(LID, "q4"), &["held words"]).await;
    let held = ParcelVerdict::Held { reason: "uncertain".to_owned() };
    let step = Step::new(later(1), Decision::Held { reason: "uncertain".to_owned() });
    store.verdict(&parcels[0], held, step).await.expect("it is pending");

    let mut before = store.recent(history, 100).await.expect("healthy");
    before.extend(store.recent(newer_history, 100).await.expect("healthy"));

    accept(&store, same_person(&[ANA, LID])).await;

    let kept = store.recent(history, 100).await.expect("healthy");
    let asked: Vec<_> = kept.iter().map(|turn| turn.asked.as_str()).collect();
    assert_eq!(asked, ["q1", "my secret", &long]);
    assert_eq!(kept, before, "with all that they hold, and the names that they had");
    let state = async |assistant: &str| store.state(older, &id(assistant)).await.expect("healthy");
    assert_eq!(state("both").await.as_deref(), Some(&b"of the older"[..]));
    assert_eq!(state("second").await.as_deref(), Some(&b"only there"[..]));
    accept(&store, revoked(&secret, LID)).await;
    let left = format!("{:?}", store.recent(newer_history, 100).await.expect("healthy"));
    assert!(!left.contains("my secret"), "a message of the newer one can still be deleted: {left}");
    let rung = store.wake_due(later(60), 10).await.expect("healthy");
    assert_eq!(rung.iter().map(|row| row.conversation).collect::<Vec<_>>(), [older]);
    assert_eq!(waiting_texts(&store, older).await, ["wake tea"]);
    assert_eq!(store.release(poison).await.map(|row| row.conversation), Ok(older));
    assert_eq!(store.release_held(older).await, Ok(parcels));
}

pub async fn a_message_is_recognised_under_either_address(store: Subject) {
    accept_new(&store, text_from(LID, "one").with_id("m-1")).await;
    let again = text_from(ANA, "one").with_id("m-1").also_known_as(LID);
    assert_eq!(accept(&store, again.admitted()).await, Accepted::Duplicate, "canonical sender, one conversation");
    assert_eq!(store.rows_waiting().await, Ok(1));
}

pub async fn one_person_in_two_accounts_has_one_history(store: Subject) {
    let (first, history) = turn(&store, text_from(ANA, "q1"), "q1").await;
    let (second, other) = turn(&store, text_from(ANA, "q2").in_account("account-2"), "q2").await;
    assert_ne!(first, second, "two accounts are two conversations");
    assert_eq!(history, other);
    assert_eq!(asked(&store, history).await, ["q1", "q2"]);
}

pub async fn scopes_do_not_share_people(store: Subject) {
    let (_, history) = turn(&store, text_from(ANA, "q1"), "q1").await;
    let elsewhere = Scope { channel: id("elsewhere"), owner: scope().owner };
    let Arrival::Message(mut arrival) = text_from(ANA, "q2").in_account("account-2").admitted() else {
        unreachable!("a message is a message")
    };
    std::sync::Arc::make_mut(&mut arrival).scope = elsewhere.clone();
    let Accepted::New { conversation, .. } = accept(&store, Arrival::Message(arrival)).await else {
        panic!("it is new")
    };
    let entry = waiting(&store, conversation).await.remove(0);
    assert_ne!(entry.history, history);
    assert_eq!(entry.scope, elsewhere);
    assert_eq!(store.person_by_address(&elsewhere, &address(ANA)).await, Ok(Some(entry.person)));
    assert_ne!(person_of(&store, ANA).await, Some(entry.person));
}

pub async fn people_without_addresses_are_told_apart_by_their_id(store: Subject) {
    let (ana, _) = accept_new(&store, text_from("somebody", "hi")).await;
    let (ben, _) = accept_new(&store, text_from("somebody else", "hi")).await;
    let (again, _) = accept_new(&store, text_from("somebody", "hi again")).await;
    assert_eq!(ana, again);
    assert_ne!(ana, ben);
    let (first, other) = (waiting(&store, ana).await, waiting(&store, ben).await);
    assert_eq!(first[0].person, first[1].person);
    assert_ne!(first[0].person, other[0].person);
}

pub async fn an_address_is_added_to_what_is_known(store: Subject) {
    accept_new(&store, text_from(ANA, "hi").named("Ana")).await;
    accept_new(&store, text_from(ANA, "hi").also_known_as(LID).also_known_as("@ana").named("Ana B")).await;
    let person = person_of(&store, ANA).await.expect("she is known");
    assert_eq!(person_of(&store, LID).await, Some(person));
    assert_eq!(person_of(&store, "@ana").await, Some(person));
    let person = store.person(person).await.expect("healthy").expect("she is known");
    assert_eq!(person.name.as_deref(), Some("Ana B"), "the name last seen");
    assert_eq!(person.addresses.len(), 3, "{:?}", person.addresses);
}

pub async fn a_verified_email_is_set_and_removed(store: Subject) {
    accept_new(&store, text_from(ANA, "hi")).await;
    let ana = person_of(&store, ANA).await.expect("she is known");
    store.set_person_email(ana, Some("ana@example.org")).await.expect("she is known");
    let email = |person: Option<greenroom_contract::store::Person>| person.and_then(|person| person.email);
    assert_eq!(email(store.person(ana).await.expect("healthy")).as_deref(), Some("ana@example.org"));
    accept_new(&store, text_from(ANA, "hi again")).await;
    assert!(email(store.person(ana).await.expect("healthy")).is_some(), "a message does not undo it");
    store.set_person_email(ana, None).await.expect("she is known");
    assert_eq!(email(store.person(ana).await.expect("healthy")), None);
}

pub async fn a_forgotten_person_leaves_nothing_but_deduplication_keys(store: Subject) {
    let message = text_from(ANA, "q1");
    let (conversation, sequence) = accept_new(&store, message.clone()).await;
    let history = waiting(&store, conversation).await[0].history;
    let end = Settlement {
        parcels: vec![draft(&message, "not sent yet")],
        history: Some((history, past("q1", "a"))),
        states: vec![(id("helper"), Bytes::from_static(b"memory"))],
        ..settlement(conversation, &[sequence])
    };
    store.settle(end).await.expect("a waiting row");
    accept_new(&store, text_from(ANA, "waits")).await;
    let (_, of_ben) = answer(&store, text_from(BEN, "q"), &["for ben"]).await;
    accept_new(&store, text_from(BEN, "of ben")).await;

    let ana = person_of(&store, ANA).await.expect("she is known");
    store.forget_person(ana).await.expect("she is known");

    assert_eq!(person_of(&store, ANA).await, None);
    assert_eq!(asked(&store, history).await, Vec::<String>::new());
    assert_eq!(store.state(conversation, &id("helper")).await, Ok(None));
    assert_eq!(waiting(&store, conversation).await, []);
    let left = store.pending(&id(ACCOUNT), None, 10).await.expect("healthy");
    assert_eq!(left.into_iter().map(|parcel| parcel.key).collect::<Vec<_>>(), of_ben, "others keep theirs");
    assert_eq!(store.rows_waiting().await, Ok(1));
    assert_eq!(accept(&store, message.admitted()).await, Accepted::Duplicate, "nothing old comes back as new");
    accept_new(&store, text_from(ANA, "new")).await;
    let anew = person_of(&store, ANA).await.expect("she is known again");
    assert_eq!(asked(&store, HistoryKey::Person(anew)).await, Vec::<String>::new());
}

pub async fn a_forgotten_person_is_not_woken(store: Subject) {
    for (who, token) in [(ANA, "tea"), (BEN, "bus")] {
        let message = text_from(who, "wake me");
        let (conversation, sequence) = accept_new(&store, message.clone()).await;
        let wakes = vec![wake(&message, 60, token)];
        store.settle(Settlement { wakes, ..settlement(conversation, &[sequence]) }).await.expect("a waiting row");
    }
    let ana = person_of(&store, ANA).await.expect("she is known");
    store.forget_person(ana).await.expect("she is known");
    let rung = store.wake_due(later(60), 10).await.expect("healthy");
    assert_eq!(rung.len(), 1, "the other one is");
    assert_eq!(waiting_texts(&store, rung[0].conversation).await, ["wake bus"]);
    assert_eq!(store.next_wake().await, Ok(None));
    assert_eq!(store.rows_waiting().await, Ok(1));
}

/// Whatever a network reports of people who are not admitted.
pub async fn strangers_leave_no_one_behind(store: Subject) {
    for number in 0..60 {
        let (phone, lid) = (format!("+1555777{number:04}"), format!("lid:777{number:04}"));
        let written = text_from(&phone, "let me in").also_known_as(&lid);
        assert!(matches!(accept(&store, same_person(&[&phone, &lid])).await, Accepted::Updated { .. }));
        let refused = written.clone().refused(Ignored::Stranger { known_as: Vec::new() });
        assert_eq!(accept(&store, refused).await, Accepted::Noted);
        let missing = Inbound { body: Body::Unreadable(Unreadable::ViewOnce), ..text_from(&phone, "") };
        assert_eq!(accept(&store, missing.refused(Ignored::NobodyAdmitted)).await, Accepted::Noted);
        let (account, sender, at) = (written.key.account.clone(), written.sender.id.clone(), written.sent_at);
        let (chat, message) = (written.key.chat.clone(), written.key.message.clone());
        let revoked = Arrival::Revoked { account, scope: scope(), chat, sender, message, at };
        assert!(matches!(accept(&store, revoked).await, Accepted::Updated { .. }));
        assert_eq!((person_of(&store, &phone).await, person_of(&store, &lid).await), (None, None));
    }
    // Had anything been made of them, the numbers would have moved on.
    let (conversation, sequence) = accept_new(&store, text_from(ANA, "hi")).await;
    let person = person_of(&store, ANA).await.expect("she is admitted");
    assert!(person.0 <= 8 && conversation.0 <= 8 && sequence.0 <= 8, "{person:?} {conversation:?} {sequence:?}");
}

pub async fn one_who_is_known_is_completed_by_another_address(store: Subject) {
    // Whom the allow-list names is kept before the first message: the next one may come by the other address only.
    let told = Arrival::SamePerson { scope: scope(), addresses: vec![address(BEN), address("lid:42")], admitted: true };
    accept(&store, told).await;
    let ben = person_of(&store, BEN).await;
    assert!(ben.is_some() && person_of(&store, "lid:42").await == ben);
    accept_new(&store, text_from(ANA, "hi")).await;
    let ana = person_of(&store, ANA).await;
    accept(&store, same_person(&[LID, ANA])).await;
    assert!(ana.is_some() && person_of(&store, LID).await == ana);
}

/// Accepts a message that arrives then.
async fn arrives(store: &Subject, message: Inbound, seconds: u64) -> ConversationId {
    let Arrival::Message(arrival) = message.admitted() else { panic!("a message") };
    let arrival = MessageArrival { received_at: later(seconds), ..MessageArrival::clone(&arrival) };
    match accept(store, Arrival::Message(arrival.into())).await {
        Accepted::New { conversation, .. } => conversation,
        other => panic!("a new message was {other:?}"),
    }
}

async fn listed(store: &Subject, asked: ConversationsAsked, most: usize) -> Vec<ListedConversation> {
    store.conversations(&asked, most).await.expect("healthy")
}

fn ids(listed: &[ListedConversation]) -> Vec<ConversationId> {
    listed.iter().map(|one| one.conversation.id).collect()
}

pub async fn conversations_are_listed_by_what_was_said_last(store: Subject) {
    assert_eq!(listed(&store, ConversationsAsked::default(), 10).await, []);
    let ana = arrives(&store, text_from(ANA, "one"), 1).await;
    let ben = arrives(&store, text_from(BEN, "two"), 2).await;
    let group = arrives(&store, text_from(BEN, "three").in_group("g1", Addressing::Mentioned), 3).await;
    let lid = arrives(&store, text_from(LID, "four"), 4).await;
    assert_eq!(ids(&listed(&store, ConversationsAsked::default(), 10).await), [lid, group, ben, ana]);
    // Ana and the one with the other address turn out to be one, whose older conversation stays.
    accept(&store, same_person(&[ANA, LID])).await;
    let settings = ConversationSettings { paused_until: Some(later(60)), ..ConversationSettings::default() };
    store.set_settings(&scope(), ben, settings.clone()).await.expect("a known conversation");
    // Ben is answered, which was said last of all.
    let entry = waiting(&store, ben).await.remove(0);
    let said = PastTurn { at: later(9), ..past("two", "b") };
    let end = Settlement { history: Some((entry.history, said)), ..settlement(ben, &[entry.sequence]) };
    store.settle(end).await.expect("a waiting row");
    let all = listed(&store, ConversationsAsked::default(), 10).await;
    assert_eq!(ids(&all), [ben, ana, group]);
    let places: Vec<_> = all.iter().map(|one| (one.last_at, one.waiting)).collect();
    assert_eq!(places, [(later(9), 0), (later(4), 2), (later(3), 1)]);
    assert_eq!((&all[0].settings, all[0].conversation.person), (&settings, Some(entry.person)));
    assert_eq!((all[2].conversation.person, all[2].conversation.chat.as_str()), (None, "g1"));
    assert_eq!(all[2].settings, ConversationSettings::default());
    for number in [ana, lid] {
        let only = ConversationsAsked { only: Some(number), ..ConversationsAsked::default() };
        assert_eq!(ids(&listed(&store, only, 10).await), [ana]);
    }
    store.forget_person(entry.person).await.expect("he is known");
    assert_eq!(ids(&listed(&store, ConversationsAsked::default(), 10).await), [ana, group], "nothing is left to list");
}

pub async fn conversations_are_listed_in_pages_and_by_owner_and_account(store: Subject) {
    // All of the same moment: the younger one comes first.
    let mut made = Vec::new();
    for number in 0..5 {
        made.push(arrives(&store, text_from(&format!("+1555000010{number}"), "hi"), 1).await);
    }
    let elsewhere = arrives(&store, text_from(ANA, "hi").in_account("account-2"), 2).await;
    let Arrival::Message(of_olga) = text_from(BEN, "hi").in_account("account-3").admitted() else { panic!() };
    let olga = Scope { channel: scope().channel, owner: id("olga") };
    let of_olga = MessageArrival { scope: olga, ..MessageArrival::clone(&of_olga) };
    let Accepted::New { conversation: of_olga, .. } = accept(&store, Arrival::Message(of_olga.into())).await else {
        panic!("a new message")
    };
    made.reverse();
    let (mut asked, mut seen) = (ConversationsAsked { owner: Some(scope().owner), ..Default::default() }, Vec::new());
    loop {
        let page = listed(&store, asked.clone(), 2).await;
        assert!(page.len() <= 2, "{page:?}");
        let Some(last) = page.last() else { break };
        asked.after = Some(last.place());
        seen.extend(ids(&page));
    }
    assert_eq!(seen, [vec![elsewhere], made.clone()].concat());
    let here = ConversationsAsked { account: Some(id(ACCOUNT)), ..ConversationsAsked::default() };
    assert_eq!(ids(&listed(&store, here.clone(), 10).await), made);
    let of = |owner| ConversationsAsked { owner: Some(id(owner)), ..ConversationsAsked::default() };
    assert_eq!(ids(&listed(&store, of("olga"), 10).await), [of_olga]);
    assert_eq!(listed(&store, ConversationsAsked { owner: Some(id("olga")), ..here }, 10).await, []);
    assert_eq!(listed(&store, of("otto"), 10).await, []);
}

//! Rules of [`greenroom_contract::store::Outbox`].

use super::{Subject, accept, accept_new, answer, draft, later, parcel, settlement};
use crate::messages::{ACCOUNT, Refine, START, id, scope, text_from};
use bytes::Bytes;
use greenroom_contract::channel::Receipt;
use greenroom_contract::choices::{Choice, Choices};
use greenroom_contract::event::{Consequence, DeliveryStatus, StatusOf};
use greenroom_contract::ids::{ConversationId, OutboundId};
use greenroom_contract::message::{Location, Media};
use greenroom_contract::outbound::{OutboundBody, Sound};
use greenroom_contract::store::{
    Accepted, Arrival, Counted, PERSON_WRITES, ParcelDraft, ParcelKey, ParcelKind, ParcelState, ParcelVerdict,
    PendingParcel, Post, Settlement, StatusArrival, StoreError, UnsentCount,
};
use greenroom_contract::trace::{Decision, Step};
use std::collections::HashSet;
use std::time::Duration;

const ANA: &str = "+15550000001";
const BEN: &str = "+15550000002";

async fn pending(store: &Subject) -> Vec<ParcelKey> {
    let parcels = store.pending(&id(ACCOUNT), None, 1_000).await.expect("healthy");
    parcels.into_iter().map(|parcel| parcel.key).collect()
}

fn failed() -> Step {
    Step::new(later(1), Decision::SendFailed { reason: "busy".to_owned(), again_at: later(2) })
}

async fn judge(store: &Subject, key: &ParcelKey, verdict: ParcelVerdict) {
    store.verdict(key, verdict, failed()).await.expect("an unsent parcel");
}

fn receipt(message: &str) -> Receipt {
    Receipt { message: id(message) }
}

pub async fn pending_parcels_are_listed_in_order_and_in_pages(store: Subject) {
    let mut all = Vec::new();
    for (who, words) in [(ANA, "a"), (BEN, "b"), (ANA, "c")] {
        all.extend(answer(&store, text_from(who, words), &["one", "two"]).await.1);
    }
    let elsewhere = text_from(ANA, "x").in_account("account-2");
    answer(&store, elsewhere, &["not ours"]).await;
    assert_eq!(pending(&store).await, all);
    let mut listed: Vec<ParcelKey> = Vec::new();
    loop {
        let page = store.pending(&id(ACCOUNT), listed.last(), 4).await.expect("healthy");
        assert!(page.len() <= 4);
        if page.is_empty() {
            break;
        }
        listed.extend(page.into_iter().map(|parcel| parcel.key));
    }
    assert_eq!(listed, all);
}

pub async fn a_stored_parcel_is_what_was_drafted(store: Subject) {
    let message = text_from(ANA, "question");
    let (conversation, sequence) = accept_new(&store, message.clone()).await;
    let bodies = [
        OutboundBody::Text("words".to_owned()),
        OutboundBody::Image { media: media(10), caption: Some("us".to_owned()) },
        OutboundBody::Voice { media: media(20), sound: None },
        OutboundBody::Voice {
            media: media(20),
            sound: Some(Sound { duration: Duration::from_millis(1530), waveform: vec![0, 50, 100] }),
        },
        OutboundBody::Choices(Choices {
            text: "Which size?".to_owned(),
            options: vec![
                Choice::new("large", "Large"),
                Choice { detail: Some("26 cm".to_owned()), ..Choice::new("s", "S") },
            ],
            open_label: Some("Sizes".to_owned()),
        }),
        OutboundBody::Choices(Choices::new("", [])),
        OutboundBody::Document { media: media(30), name: "bill.pdf".to_owned(), caption: Some("pay".to_owned()) },
        OutboundBody::Document { media: media(0), name: String::new(), caption: None },
        OutboundBody::Location(Location { latitude: 46.2, longitude: -6.1, name: None, address: Some("x".to_owned()) }),
        OutboundBody::Reaction { to: message.key.message.clone(), emoji: Some("👍".to_owned()) },
        OutboundBody::Reaction { to: message.key.message.clone(), emoji: None },
    ];
    let drafts: Vec<ParcelDraft> =
        bodies.into_iter().map(|body| ParcelDraft { body, kind: ParcelKind::Notice, ..draft(&message, "") }).collect();
    let end = Settlement { parcels: drafts.clone(), at: later(5), ..settlement(conversation, &[sequence]) };
    let keys = store.settle(end).await.expect("a waiting row").parcels;
    for (key, draft) in keys.iter().zip(drafts) {
        let stored = parcel(&store, key).await;
        assert_eq!(stored.draft, draft);
        assert_eq!(stored.key, *key);
        assert_eq!(stored.conversation, conversation);
        assert_eq!(stored.attempts, 0);
        assert_eq!(stored.created_at, later(5));
        assert!(matches!(stored.state, ParcelState::Waiting { .. }), "{:?}", stored.state);
        assert_eq!(stored.statuses, []);
    }
    let unknown = ParcelKey { part: 99, ..keys[0].clone() };
    assert_eq!(store.parcel(&unknown).await, Ok(None));
}

fn media(bytes: usize) -> Media {
    let pattern: Vec<u8> = (0..bytes).map(|at| (at % 251) as u8).collect();
    Media { mime: "image/png".to_owned(), bytes: Bytes::from(pattern) }
}

pub async fn every_parcel_has_a_name_of_its_own_in_the_agreed_form(store: Subject) {
    let mut names: HashSet<OutboundId> = HashSet::new();
    for _ in 0..20 {
        for key in answer(&store, text_from(ANA, "q"), &["one", "two", "three"]).await.1 {
            let name = parcel(&store, &key).await.id;
            let digits = name.as_str().strip_prefix("3EB0").expect("it starts as Web clients' ids do");
            assert_eq!(digits.len(), 18, "{name}");
            assert!(digits.bytes().all(|b| b.is_ascii_digit() || (b'A'..=b'F').contains(&b)), "{name}");
            assert!(names.insert(name), "a name was given twice");
        }
    }
}

pub async fn a_sent_parcel_is_not_pending_and_says_nothing(store: Subject) {
    let (_, keys) = answer(&store, text_from(ANA, "q"), &["one", "two"]).await;
    store.sent(&keys[0], &receipt("net-1"), later(3)).await.expect("an unsent parcel");
    assert_eq!(pending(&store).await, keys[1..]);
    let sent = parcel(&store, &keys[0]).await;
    assert_eq!(sent.state, ParcelState::Sent { message: id("net-1"), at: later(3) });
    assert_eq!(sent.draft.body, OutboundBody::Text(String::new()), "its words are in the history");
}

pub async fn a_parcel_that_is_sent_without_waiting_is_as_good_as_sent(store: Subject) {
    let (_, keys) = answer(&store, text_from(ANA, "q"), &["one", "two"]).await;
    store.sent_submitted(&keys[0], &receipt("net-1"), later(3));
    assert_eq!(pending(&store).await, keys[1..]);
    let sent = parcel(&store, &keys[0]).await;
    assert_eq!(sent.state, ParcelState::Sent { message: id("net-1"), at: later(3) });
    assert_eq!(sent.draft.body, OutboundBody::Text(String::new()), "its words are in the history");
    store.sent_submitted(&keys[1], &receipt("net-2"), later(4));
    store.sent(&keys[1], &receipt("net-2"), later(4)).await.expect("what was submitted comes first");
    let own = store.find_own(&id(ACCOUNT), &id("net-2")).await;
    assert_eq!(own, Ok(Some(keys[1].clone())));
}

pub async fn own_messages_are_found_by_the_chosen_and_by_the_network_id(store: Subject) {
    let (_, keys) = answer(&store, text_from(ANA, "q"), &["one"]).await;
    let account = id(ACCOUNT);
    let chosen = id(parcel(&store, &keys[0]).await.id.as_str());
    assert_eq!(store.find_own(&account, &chosen).await, Ok(Some(keys[0].clone())), "before it is marked as sent");
    assert_eq!(store.find_own(&account, &id("net-1")).await, Ok(None));
    store.sent(&keys[0], &receipt("net-1"), later(3)).await.expect("an unsent parcel");
    assert_eq!(store.find_own(&account, &id("net-1")).await, Ok(Some(keys[0].clone())));
    assert_eq!(store.find_own(&account, &chosen).await, Ok(Some(keys[0].clone())), "and after it");
    assert_eq!(store.find_own(&id("account-2"), &id("net-1")).await, Ok(None), "only in its own account");
}

pub async fn a_retry_counts_an_attempt_only_when_there_was_one(store: Subject) {
    let (_, keys) = answer(&store, text_from(ANA, "q"), &["one"]).await;
    judge(&store, &keys[0], ParcelVerdict::Retry { not_before: later(9), counted: Counted::Yes }).await;
    let tried = parcel(&store, &keys[0]).await;
    assert_eq!((tried.attempts, &tried.state), (1, &ParcelState::Waiting { not_before: later(9) }));
    assert!(tried.steps.contains(&failed()), "{:?}", tried.steps);
    judge(&store, &keys[0], ParcelVerdict::Retry { not_before: later(10), counted: Counted::No }).await;
    let tried = parcel(&store, &keys[0]).await;
    assert_eq!((tried.attempts, &tried.state), (1, &ParcelState::Waiting { not_before: later(10) }));
    assert_eq!(pending(&store).await, keys);
    assert_eq!(tried.draft.body, OutboundBody::Text("one".to_owned()), "it still says what it said");
}

pub async fn an_uncertain_parcel_stays_pending(store: Subject) {
    let (_, keys) = answer(&store, text_from(ANA, "q"), &["one"]).await;
    judge(&store, &keys[0], ParcelVerdict::Uncertain { since: later(4) }).await;
    let uncertain = parcel(&store, &keys[0]).await;
    assert_eq!(uncertain.state, ParcelState::Uncertain { since: later(4) });
    assert_eq!(uncertain.draft.body, OutboundBody::Text("one".to_owned()));
    assert_eq!(pending(&store).await, keys);
}

pub async fn sends_without_an_outcome_are_counted_until_the_parcel_is_released(store: Subject) {
    let (conversation, keys) = answer(&store, text_from(ANA, "q"), &["one"]).await;
    let key = &keys[0];
    let retry = || ParcelVerdict::Retry { not_before: later(5), counted: Counted::Yes };
    for (verdict, unclear, what) in [
        (retry(), 0, "it was certainly not sent"),
        (ParcelVerdict::Uncertain { since: later(4) }, 1, "the first may have arrived"),
        (ParcelVerdict::Repeating { since: later(5) }, 2, "the second too, from before it is made"),
        (retry(), 1, "that one was certainly not sent"),
        (retry(), 1, "nor was this one"),
        (ParcelVerdict::Repeating { since: later(6) }, 2, "it is made once more"),
        (ParcelVerdict::Uncertain { since: later(7) }, 2, "its end is what was announced"),
        (ParcelVerdict::Held { reason: "nothing is known".to_owned() }, 2, "and stays so"),
    ] {
        judge(&store, key, verdict).await;
        assert_eq!(parcel(&store, key).await.unclear, unclear, "{what}");
    }
    assert_eq!(store.release_held(conversation).await, Ok(keys.clone()));
    assert_eq!(parcel(&store, key).await.unclear, 0, "its owner wants it to be sent");
}

pub async fn a_held_parcel_waits_for_its_release(store: Subject) {
    let (conversation, keys) = answer(&store, text_from(ANA, "q"), &["one", "two"]).await;
    let (other, other_keys) = answer(&store, text_from(BEN, "q"), &["three"]).await;
    let held = || ParcelVerdict::Held { reason: "the window is closed".to_owned() };
    judge(&store, &keys[0], held()).await;
    judge(&store, &other_keys[0], held()).await;
    assert_eq!(pending(&store).await, keys[1..], "held parcels are not pending");
    let state = parcel(&store, &keys[0]).await.state;
    assert_eq!(state, ParcelState::Held { reason: "the window is closed".to_owned() });
    assert_eq!(store.release_held(conversation).await, Ok(vec![keys[0].clone()]));
    assert_eq!(pending(&store).await, keys, "it is back in its old place");
    assert!(matches!(parcel(&store, &keys[0]).await.state, ParcelState::Waiting { .. }));
    assert_eq!(store.release_held(conversation).await, Ok(vec![]));
    assert_eq!(store.release_held(other).await, Ok(other_keys));
}

pub async fn a_dropped_parcel_is_gone_from_the_queue_and_says_nothing(store: Subject) {
    let (_, keys) = answer(&store, text_from(ANA, "q"), &["secret words"]).await;
    judge(&store, &keys[0], ParcelVerdict::Dropped { reason: "refused".to_owned() }).await;
    assert_eq!(pending(&store).await, []);
    let dropped = parcel(&store, &keys[0]).await;
    assert_eq!(dropped.state, ParcelState::Dropped { reason: "refused".to_owned() });
    assert!(!format!("{dropped:?}").contains("secret words"), "its body is deleted");
}

fn status(of: StatusOf, status: DeliveryStatus) -> Arrival {
    Arrival::Status(StatusArrival { account: id(ACCOUNT), of, status, at: later(8), billed_as: None })
}

pub async fn a_status_is_evidence_for_its_parcel(store: Subject) {
    let message = text_from(ANA, "q");
    let (_, keys) = answer(&store, message.clone(), &["one"]).await;
    let name = parcel(&store, &keys[0]).await.id;
    let told = accept(&store, status(StatusOf::Outbound(name), DeliveryStatus::Sent)).await;
    assert_eq!(told, Accepted::Updated { parcel: Some(keys[0].clone()) });
    store.sent(&keys[0], &receipt("net-1"), START).await.expect("an unsent parcel");
    let told = accept(&store, status(StatusOf::Message(id("net-1")), DeliveryStatus::Read)).await;
    assert_eq!(told, Accepted::Updated { parcel: Some(keys[0].clone()) });
    let failed = |then| DeliveryStatus::Failed { reason: "131047 late".to_owned(), code: Some(131_047), then };
    for then in [Consequence::PersonWrites, Consequence::AccountStops] {
        accept(&store, status(StatusOf::Message(id("net-1")), failed(then))).await;
    }
    let expected = [
        DeliveryStatus::Sent,
        DeliveryStatus::Read,
        failed(Consequence::PersonWrites),
        failed(Consequence::AccountStops),
    ];
    assert_eq!(parcel(&store, &keys[0]).await.statuses, expected);
    let unknown = accept(&store, status(StatusOf::Message(id("net-9")), DeliveryStatus::Read)).await;
    assert_eq!(unknown, Accepted::Updated { parcel: None });
    let traces = store.why(&message.key.message, None).await.expect("healthy");
    assert!(format!("{traces:?}").contains("read"), "the trace tells it: {traces:?}");
}

pub async fn a_large_picture_survives_until_it_is_sent(store: Subject) {
    survives_until_it_is_sent(&store, OutboundBody::Image { media: media(300_000), caption: None }).await;
    let (media, name) = (media(300_000), "bill.pdf".to_owned());
    survives_until_it_is_sent(&store, OutboundBody::Document { media, name, caption: None }).await;
}

async fn survives_until_it_is_sent(store: &Subject, body: OutboundBody) {
    let message = text_from(ANA, "draw");
    let (conversation, sequence) = accept_new(store, message.clone()).await;
    let parcels = vec![ParcelDraft { body: body.clone(), ..draft(&message, "") }];
    let end = Settlement { parcels, ..settlement(conversation, &[sequence]) };
    let key = store.settle(end).await.expect("a waiting row").parcels.remove(0);
    assert_eq!(parcel(store, &key).await.draft.body, body);
    judge(store, &key, ParcelVerdict::Retry { not_before: START, counted: Counted::Yes }).await;
    assert_eq!(parcel(store, &key).await.draft.body, body, "also after a failed attempt");
    store.sent(&key, &receipt("net-1"), START).await.expect("an unsent parcel");
    assert_eq!(parcel(store, &key).await.draft.body, OutboundBody::Text(String::new()));
}

/// A message to the author of the draft, with a name or without.
fn post(draft: ParcelDraft, name: Option<&str>) -> Post {
    let steps = vec![Step::new(START, Decision::Admitted { by: "* (file)".to_owned() })];
    Post { conversation: None, scope: scope(), parcels: vec![draft], steps, name: name.map(id), at: START }
}

fn own(who: &str, words: &str) -> ParcelDraft {
    ParcelDraft { kind: ParcelKind::OwnSend, reply_to: None, speaks_first: true, ..draft(&text_from(who, "q"), words) }
}

pub async fn an_own_send_is_a_parcel_like_any_other(store: Subject) {
    let message = text_from(ANA, "q");
    let (conversation, keys) = answer(&store, message.clone(), &["one"]).await;
    let own = ParcelDraft {
        kind: ParcelKind::OwnSend,
        reply_to: None,
        speaks_first: true,
        ..draft(&message, "from the owner")
    };
    let post = Post { conversation: Some(conversation), at: later(2), ..post(own.clone(), None) };
    let posted = store.post(post).await.expect("a known conversation");
    let key = posted.parcels[0].clone();
    assert_eq!((posted.conversation, posted.parcels.len()), (conversation, 1));
    assert_ne!(key, keys[0]);
    assert_eq!(pending(&store).await, [keys[0].clone(), key.clone()]);
    let stored = parcel(&store, &key).await;
    assert_eq!((stored.id, stored.draft, stored.created_at), (posted.id, own, later(2)));
    store.sent(&key, &receipt("net-2"), later(3)).await.expect("an unsent parcel");
    assert_eq!(pending(&store).await, keys);
}

pub async fn a_send_begins_the_conversation_that_is_missing(store: Subject) {
    let first = store.post(post(own(ANA, "good morning"), None)).await.expect("healthy");
    let again = store.post(post(own(ANA, "hello?"), None)).await.expect("healthy");
    assert_eq!(first.conversation, again.conversation, "one conversation");
    assert_eq!(pending(&store).await, [first.parcels[0].clone(), again.parcels[0].clone()]);
    let found = store.conversation(first.conversation).await.expect("healthy").expect("it was made");
    assert_eq!((found.account, found.chat, found.scope), (id(ACCOUNT), id(ANA), scope()));
    let person = store.person_by_address(&scope(), &id(ANA)).await.expect("healthy");
    assert_eq!(found.person, person);
    let person = person.expect("the recipient is known now");
    let direct = store.direct_conversation(&id(ACCOUNT), person).await.expect("healthy").map(|direct| direct.id);
    assert_eq!(direct, Some(first.conversation));
    assert_eq!(store.direct_conversation(&id("account-2"), person).await, Ok(None));
    let (written, _) = accept_new(&store, text_from(ANA, "morning")).await;
    assert_eq!(written, first.conversation, "the answer arrives in the same one");
}

pub async fn a_send_with_a_name_is_stored_once(store: Subject) {
    let named = |words| post(own(ANA, words), Some("send:greeting"));
    let first = store.post(named("good morning")).await.expect("healthy");
    let again = store.post(named("good morning, again")).await.expect("healthy");
    assert_eq!((again.id, again.conversation, again.parcels), (first.id.clone(), first.conversation, Vec::new()));
    assert_eq!(pending(&store).await, first.parcels);
    let mut elsewhere = own(ANA, "good morning");
    elsewhere.route.account = id("account-2");
    let elsewhere = store.post(post(elsewhere, Some("send:greeting"))).await.expect("healthy");
    assert_eq!(elsewhere.parcels.len(), 1, "another account, another message");
    // A network may use the same id; it is another message.
    let message = text_from(BEN, "hi").with_id("send:greeting");
    assert!(matches!(accept(&store, message.admitted()).await, Accepted::New { .. }));
    let by_name = store.why(&id("send:greeting"), Some(&id(ACCOUNT))).await.expect("healthy");
    let by_id = store.why(&id(&first.id), Some(&id(ACCOUNT))).await.expect("healthy").remove(0);
    assert_eq!(by_name.iter().find(|trace| trace.conversation == first.conversation), Some(&by_id));
    assert_eq!(by_id.parcels[0].id, first.id);
    assert!(matches!(by_id.steps[0].what, Decision::Admitted { .. }), "{by_id:?}");
}

pub async fn a_send_that_breaks_a_rule_stores_nothing(store: Subject) {
    let unknown = Post { conversation: Some(ConversationId(77)), ..post(own(ANA, "hi"), None) };
    assert!(matches!(store.post(unknown).await, Err(StoreError::NotFound { .. })));
    let empty = Post { parcels: Vec::new(), ..post(own(ANA, "hi"), None) };
    assert!(matches!(store.post(empty).await, Err(StoreError::Invalid { .. })));
    let two_ways = Post { parcels: vec![own(ANA, "hi"), own(BEN, "hi")], ..post(own(ANA, "hi"), None) };
    assert!(matches!(store.post(two_ways).await, Err(StoreError::Invalid { .. })));
    assert_eq!(pending(&store).await, []);
    assert_eq!(store.person_by_address(&scope(), &id(ANA)).await, Ok(None));
}

fn retry(not_before: greenroom_contract::time::Timestamp) -> ParcelVerdict {
    ParcelVerdict::Retry { not_before, counted: Counted::No }
}

pub async fn what_is_listed_as_pending_says_what_an_order_needs(store: Subject) {
    let (conversation, keys) = answer(&store, text_from(ANA, "q"), &["one"]).await;
    let posted = store.post(Post { at: later(2), ..post(own(ANA, "good morning"), None) }).await.expect("healthy");
    let listed = async || store.pending(&id(ACCOUNT), None, 10).await.expect("healthy");
    let mut answer =
        PendingParcel::new(keys[0].clone(), conversation, parcel(&store, &keys[0]).await.created_at, false);
    let mut reminder = PendingParcel::new(posted.parcels[0].clone(), conversation, later(2), true);
    assert_eq!(listed().await, [answer.clone(), reminder.clone()]);
    judge(&store, &keys[0], retry(later(9))).await;
    answer.not_before = later(9);
    judge(&store, &posted.parcels[0], retry(PERSON_WRITES)).await;
    reminder.not_before = PERSON_WRITES;
    assert_eq!(listed().await, [answer.clone(), reminder.clone()]);
    assert!(reminder.waits_for_person() && !answer.waits_for_person());
    let count = UnsentCount { waiting: 2, for_person: 1, held: 0 };
    assert_eq!(store.unsent_count().await, Ok(count));
    judge(&store, &posted.parcels[0], ParcelVerdict::Uncertain { since: later(4) }).await;
    reminder.not_before = greenroom_contract::time::Timestamp(0);
    assert_eq!(listed().await, [answer, reminder]);
    let count = UnsentCount { for_person: 0, ..count };
    assert_eq!(store.unsent_count().await, Ok(count));
}

pub async fn the_parcels_of_one_conversation_are_found_without_the_others(store: Subject) {
    let (ana, of_ana) = answer(&store, text_from(ANA, "q"), &["one", "two"]).await;
    let (ben, of_ben) = answer(&store, text_from(BEN, "q"), &["three"]).await;
    let (_, more) = answer(&store, text_from(ANA, "q"), &["four"]).await;
    let found = async |conversation, most| {
        let parcels = store.pending_of(&id(ACCOUNT), conversation, most).await.expect("healthy");
        parcels.into_iter().map(|parcel| parcel.key).collect::<Vec<_>>()
    };
    assert_eq!(found(ana, 10).await, [of_ana.clone(), more.clone()].concat());
    assert_eq!(found(ana, 2).await, of_ana);
    assert_eq!(found(ben, 10).await, of_ben);
    assert_eq!(store.pending_of(&id("account-2"), ana, 10).await, Ok(vec![]));
    store.sent(&of_ana[0], &receipt("net-1"), later(3)).await.expect("an unsent parcel");
    judge(&store, &of_ana[1], ParcelVerdict::Held { reason: "expired".to_owned() }).await;
    assert_eq!(found(ana, 10).await, more);
    assert_eq!(found(ConversationId(77), 10).await, []);
}

pub async fn unsent_and_held_parcels_are_listed_without_what_they_say(store: Subject) {
    let (_, of_ana) = answer(&store, text_from(ANA, "q"), &["secret one", "secret two", "secret three"]).await;
    let (_, of_ben) = answer(&store, text_from(BEN, "q").in_account("account-2"), &["secret four"]).await;
    store.sent(&of_ana[0], &receipt("net-1"), later(3)).await.expect("an unsent parcel");
    judge(&store, &of_ana[2], ParcelVerdict::Held { reason: "expired".to_owned() }).await;
    let all = store.unsent(None, 10).await.expect("healthy");
    assert!(!format!("{all:?}").contains("secret"), "{all:?}");
    let keys: Vec<ParcelKey> = all.iter().map(|parcel| parcel.key.clone()).collect();
    let mut expected = [&of_ana[1..], &of_ben[..]].concat();
    expected.sort();
    assert_eq!(keys, expected);
    assert_eq!(store.unsent_count().await, Ok(UnsentCount { waiting: 2, for_person: 0, held: 1 }));
    let mut paged = store.unsent(None, 2).await.expect("healthy");
    paged.extend(store.unsent(Some(&keys[1]), 2).await.expect("healthy"));
    assert_eq!(paged, all);
    assert_eq!(parcel(&store, &of_ana[2]).await.draft.body, OutboundBody::Text("secret three".to_owned()));
}

pub async fn a_released_parcel_begins_again(store: Subject) {
    let (conversation, keys) = answer(&store, text_from(ANA, "q"), &["one", "two"]).await;
    judge(&store, &keys[0], ParcelVerdict::Retry { not_before: later(9), counted: Counted::Yes }).await;
    let step = || Step::new(later(60), Decision::Queued);
    let refused = store.release_parcel(&keys[0], step()).await;
    assert!(matches!(refused, Err(StoreError::NotFound { .. })), "it is not held: {refused:?}");
    judge(&store, &keys[0], ParcelVerdict::Held { reason: "expired".to_owned() }).await;
    let released = store.release_parcel(&keys[0], step()).await.expect("it is held");
    assert_eq!(released, PendingParcel::new(keys[0].clone(), conversation, later(60), false));
    assert_eq!(store.pending(&id(ACCOUNT), None, 1).await, Ok(vec![released]), "it is back in its old place");
    let stored = parcel(&store, &keys[0]).await;
    assert_eq!((stored.attempts, stored.released_at), (0, Some(later(60))));
    assert!(matches!(stored.state, ParcelState::Waiting { .. }), "{stored:?}");
    assert_eq!(stored.draft.body, OutboundBody::Text("one".to_owned()));
    let again = store.release_parcel(&keys[0], step()).await;
    assert!(matches!(again, Err(StoreError::NotFound { .. })), "{again:?}");
}

pub async fn what_the_network_has_is_sent_also_if_it_was_given_up(store: Subject) {
    let (_, keys) = answer(&store, text_from(ANA, "q"), &["one"]).await;
    judge(&store, &keys[0], ParcelVerdict::Dropped { reason: "the owner gave it up".to_owned() }).await;
    store.sent(&keys[0], &receipt("net-1"), later(3)).await.expect("it was on its way");
    assert_eq!(parcel(&store, &keys[0]).await.state, ParcelState::Sent { message: id("net-1"), at: later(3) });
    assert_eq!(pending(&store).await, []);
    assert_eq!(store.find_own(&id(ACCOUNT), &id("net-1")).await, Ok(Some(keys[0].clone())));
}

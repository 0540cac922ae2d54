//! One rule about every message that there can be: what was accepted can be read.

use super::{Subject, accept, draft, past, settlement, waiting};
use crate::messages::{Refine, START, scope};
use greenroom_contract::address::{Address, Strength};
use greenroom_contract::ids::{AccountId, ChatId, ConversationId, MessageId, SenderId, Sequence};
use greenroom_contract::message::{
    Addressing, Body, Chat, Contact, Inbound, Location, MediaRef, MessageKey, Origin, Quote, Sender, Unreadable,
};
use greenroom_contract::store::{Accepted, Entry, EntryKind, Outcome, ParcelDraft, Settlement};
use greenroom_contract::trace::Ignored;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use std::fmt::Debug;
use std::str::FromStr;
use std::time::Duration;

/// Messages that are tried, the same in every run. More would rarely find more: each field takes an extreme form in
/// every third message or so.
const MESSAGES: usize = 96;

pub async fn whatever_is_accepted_can_be_read_back(store: Subject) {
    let mut runner = TestRunner::deterministic();
    let messages = inbound();
    for number in 0..MESSAGES {
        let mut message = messages.new_tree(&mut runner).expect("a message can be made").current();
        message.sent_at = START.plus(Duration::from_millis(number as u64));
        // Unlike those before, so that it is new.
        message.key.message = id(&format!("{number}-{}", message.key.message));
        if number % 5 == 4 {
            is_noted(&store, message).await;
        } else {
            waits_and_is_settled(&store, message, number % 3 == 0).await;
        }
    }
    assert_eq!(store.rows_waiting().await, Ok(0));
    let latest = store.latest(MESSAGES).await.expect("every trace can be read");
    assert_eq!(latest.len(), MESSAGES);
}

async fn is_noted(store: &Subject, message: Inbound) {
    let known_as = message.sender.addresses.iter().map(ToString::to_string).collect();
    let noted = accept(store, message.clone().refused(Ignored::Stranger { known_as })).await;
    assert_eq!(noted, Accepted::Noted, "{message:?}");
    is_traced(store, &message).await;
}

async fn waits_and_is_settled(store: &Subject, message: Inbound, fails: bool) {
    let Accepted::New { conversation, sequence } = accept(store, message.clone().admitted()).await else {
        panic!("it is new: {message:?}")
    };
    let mut rows = waiting(store, conversation).await;
    let entry = rows.pop().expect("it waits");
    assert!(rows.is_empty(), "those before were settled: {rows:?}");
    assert_eq!(entry.sequence, sequence);
    assert_eq!(entry.kind, EntryKind::Message(Box::new(message.clone())));
    let listed = store.conversations_waiting(None, 10).await.expect("every waiting conversation can be read");
    assert_eq!(listed.iter().map(|row| &row.account).collect::<Vec<_>>(), [&message.key.account]);
    person_is_known(store, &message.sender, &entry).await;
    if fails {
        is_quarantined(store, &message, conversation, sequence).await;
    } else {
        is_answered(store, &message, &entry).await;
    }
    is_traced(store, &message).await;
}

async fn person_is_known(store: &Subject, sender: &Sender, entry: &Entry) {
    let person = store.person(entry.person).await.expect("every person can be read").expect("they wrote");
    for address in sender.addresses.iter().filter(|address| address.strength() == Strength::Strong) {
        assert!(person.addresses.contains(address), "{address} is not in {person:?}");
        assert_eq!(store.person_by_address(&scope(), address).await, Ok(Some(person.id)), "{address}");
    }
}

async fn is_answered(store: &Subject, message: &Inbound, entry: &Entry) {
    let reply = ParcelDraft { recipient: message.sender.clone(), ..draft(message, "an answer") };
    let end = Settlement {
        parcels: vec![reply.clone()],
        history: Some((entry.history, past("asked", "answered"))),
        ..settlement(entry.conversation, &[entry.sequence])
    };
    let parcels = store.settle(end).await.expect("a waiting row can be settled").parcels;
    let parcel = store.parcel(&parcels[0]).await.expect("every parcel can be read").expect("it was stored");
    assert_eq!(parcel.draft, reply);
    let pending = store.pending(&message.key.account, None, 1_000).await.expect("every parcel can be listed");
    assert!(pending.iter().any(|pending| pending.key == parcel.key));
    store.recent(entry.history, 10).await.expect("every history can be read");
}

async fn is_quarantined(store: &Subject, message: &Inbound, conversation: ConversationId, sequence: Sequence) {
    let outcome = Outcome::Quarantined { reason: "it failed".to_owned() };
    let end = Settlement { outcome, ..settlement(conversation, &[sequence]) };
    store.settle(end).await.expect("a waiting row can be settled");
    let rows = store.quarantined(1_000).await.expect("every row in quarantine can be read");
    let row = rows.iter().find(|row| row.entry.sequence == sequence).expect("it is in quarantine");
    assert_eq!(row.entry.kind, EntryKind::Message(Box::new(message.clone())));
}

async fn is_traced(store: &Subject, message: &Inbound) {
    let key = &message.key;
    let traces = store.why(&key.message, Some(&key.account)).await.expect("every trace can be read");
    assert!(traces.iter().any(|trace| trace.chat.as_ref() == Some(&key.chat)), "{key:?}: {traces:?}");
}

// --- what messages there are --------------------------------------------------------------------

fn id<T: FromStr<Err: Debug>>(text: &str) -> T {
    text.parse().expect("a valid id in a test")
}

/// Any id, often a short one that comes again.
fn any_id<T: FromStr + Debug + Clone + 'static>() -> impl Strategy<Value = T> {
    let text = prop_oneof!["[abc]", "[^\\pC\\s]{1,40}", "[^\\pC\\s] [^\\pC\\s]", any::<String>(), "x{480}"];
    text.prop_filter_map("not an id", |text| text.parse().ok())
}

fn address() -> impl Strategy<Value = Address> {
    let phone = prop_oneof!["\\+1555000000[1-4]", "\\+[1-9][0-9]{6,14}"];
    let name = prop_oneof!["[abc]", "[\\p{L}\\p{N}._@-]{1,60}", "İ[\\p{Lu}\\p{Lt}]{0,8}", "Ⱥ{80}", any::<String>()];
    prop_oneof![
        phone.prop_filter_map("not a number", |text| Address::phone(&text).ok()),
        "[0-9]{1,32}".prop_filter_map("not a LID", |text| Address::lid(&text).ok()),
        "[\\p{L}0-9._@-]{1,60}".prop_filter_map("not a BSUID", |text| Address::bsuid(&text).ok()),
        name.prop_filter_map("not a name", |text| Address::username(&text).ok()),
        ("[a-z][a-z0-9-]{0,23}", "[!-~]{1,200}")
            .prop_filter_map("taken", |(namespace, value)| { Address::other(&namespace, &value).ok() }),
    ]
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof![any::<String>(), "[\\s\\PC]{0,40}", Just("\u{1f44b}".repeat(4_000))]
}

/// What an adapter may need to fetch a medium. Without fractions: JSON keeps those to the last digit only by chance.
fn token() -> impl Strategy<Value = serde_json::Value> {
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(serde_json::Value::from),
        any::<i64>().prop_map(serde_json::Value::from),
        any::<u64>().prop_map(serde_json::Value::from),
        any::<String>().prop_map(serde_json::Value::from),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(serde_json::Value::from),
            vec((any::<String>(), inner), 0..4).prop_map(|pairs| pairs.into_iter().collect::<serde_json::Value>()),
        ]
    })
}

fn media() -> impl Strategy<Value = MediaRef> {
    (text(), any::<Option<u64>>(), token()).prop_map(|(mime, size_bytes, token)| MediaRef { mime, size_bytes, token })
}

fn body() -> impl Strategy<Value = Body> {
    let optional = || proptest::option::of(text());
    // What is stored of a length is whole milliseconds.
    let duration = proptest::option::of(any::<u64>().prop_map(Duration::from_millis));
    prop_oneof![
        text().prop_map(Body::Text),
        (media(), optional()).prop_map(|(media, caption)| Body::Image { media, caption }),
        (media(), duration).prop_map(|(media, duration)| Body::Voice { media, duration }),
        (text(), text()).prop_map(|(id, title)| Body::Choice { id, title }),
        (media(), optional(), optional()).prop_map(|(media, name, caption)| Body::Document { media, name, caption }),
        (-90.0..=90.0, -180.0..=180.0, optional(), optional()).prop_map(|(latitude, longitude, name, address)| {
            Body::Location(Location { latitude, longitude, name, address })
        }),
        vec((optional(), vec(text(), 0..5)), 1..5).prop_map(|contacts| {
            Body::Contacts(contacts.into_iter().map(|(name, phones)| Contact { name, phones }).collect())
        }),
        (any_id(), optional()).prop_map(|(to, emoji)| Body::Reaction { to, emoji }),
        (text(), optional()).prop_map(|(kind, caption)| Body::Unsupported { kind, caption }),
        proptest::sample::select(&Unreadable::ALL[..]).prop_map(Body::Unreadable),
        text().prop_map(|kind| Body::Event { kind }),
    ]
}

fn sender() -> impl Strategy<Value = Sender> {
    (any_id::<SenderId>(), vec(address(), 0..5), proptest::option::of(text())).prop_map(|(id, addresses, name)| {
        let mut known: Vec<Address> = Vec::new();
        for address in addresses {
            if !known.contains(&address) {
                known.push(address);
            }
        }
        Sender { id, addresses: known, name }
    })
}

fn quote() -> impl Strategy<Value = Quote> {
    (any_id(), proptest::option::of(any_id()), proptest::option::of(text())).prop_map(|(message, sender, text)| Quote {
        message,
        sender,
        text,
    })
}

fn inbound() -> impl Strategy<Value = Inbound> {
    let key = (any_id::<AccountId>(), any_id::<ChatId>(), "[^\\pC\\s]{1,30}")
        .prop_map(|(account, chat, message)| MessageKey { account, chat, message: id::<MessageId>(&message) });
    let chat = prop_oneof![Just(Chat::Direct), proptest::option::of(text()).prop_map(|title| Chat::Group { title }),];
    let origin = prop_oneof![Just(Origin::Person), any::<bool>().prop_map(|to_self| Origin::OwnDevice { to_self }),];
    let addressing = prop::sample::select(vec![
        Addressing::Direct,
        Addressing::Mentioned,
        Addressing::Replied,
        Addressing::Overheard,
    ]);
    let quote = proptest::option::of(quote());
    (key, chat, sender(), origin, addressing, quote, body()).prop_map(
        |(key, chat, sender, origin, addressing, quote, body)| Inbound {
            key,
            chat,
            sender,
            origin,
            written_to: None,
            sent_at: START,
            addressing,
            quote,
            body,
        },
    )
}

//! Rules of the links of [`greenroom_contract::store::People`]: who proved which e-mail address, and what they share.

use super::{Subject, accept, accept_new, past, settlement, waiting};
use crate::messages::{Refine, START, id, scope, text_from};
use bytes::Bytes;
use greenroom_contract::identity::EmailAddress;
use greenroom_contract::ids::{IdentityId, PersonId};
use greenroom_contract::limits;
use greenroom_contract::message::Inbound;
use greenroom_contract::store::{
    Accepted, Admission, Arrival, Evidence, HistoryKey, IdentityChange, LinkChange, MessageArrival, Person, Scope,
    Settlement, SharedMemory, StoreError,
};
use std::sync::Arc;

const ANA: &str = "+15550000001";
const BEN: &str = "+15550000002";
const LID: &str = "lid:777";
const EMAIL: &str = "ana@example.org";

fn email(text: &str) -> EmailAddress {
    EmailAddress::new(text).expect("an address")
}

/// Accepts a message and ends its turn with this change; returns its author.
async fn changes(store: &Subject, message: Inbound, change: IdentityChange) -> PersonId {
    let (conversation, sequence) = accept_new(store, message).await;
    let author = waiting(store, conversation).await[0].person;
    let end = Settlement { identity: Some(change), ..settlement(conversation, &[sequence]) };
    store.settle(end).await.expect("a waiting row");
    author
}

async fn proves(store: &Subject, message: Inbound, text: &str) -> PersonId {
    let by = message.sender.addresses.clone();
    let links = Some(LinkChange::Proved { email: email(text), by });
    changes(store, message, IdentityChange { links, ..IdentityChange::default() }).await
}

async fn person(store: &Subject, of: PersonId) -> Person {
    store.person(of).await.expect("healthy").expect("is known")
}

async fn identity(store: &Subject, of: PersonId) -> IdentityId {
    person(store, of).await.links[0].identity
}

fn shared_by(identity: IdentityId) -> SharedMemory {
    SharedMemory { identity, assistants: vec![id("helper")] }
}

/// A turn whose memory is that of an identity.
async fn shares(store: &Subject, message: Inbound, identity: IdentityId, said: &str) {
    let (conversation, sequence) = accept_new(store, message).await;
    let end = Settlement {
        identity: Some(IdentityChange { shared: Some(shared_by(identity)), ..IdentityChange::default() }),
        history: Some((identity.history(), past(said, "yes"))),
        states: vec![(id("helper"), Bytes::from(said.to_owned()))],
        ..settlement(conversation, &[sequence])
    };
    store.settle(end).await.expect("a waiting row");
}

async fn said(store: &Subject, history: HistoryKey) -> Vec<String> {
    store.recent(history, 100).await.expect("healthy").into_iter().map(|turn| turn.asked).collect()
}

pub async fn an_address_is_linked_with_its_evidence_in_the_commit_of_its_turn(store: Subject) {
    let ana = proves(&store, text_from(ANA, "12345678"), EMAIL).await;
    let link = person(&store, ana).await.links.remove(0);
    assert_eq!((link.number, &link.email, link.evidence), (1, &email(EMAIL), Evidence::Code));
    assert_eq!((link.proved_by, link.at), (vec![id(ANA)], START));
    let all = store.linked_people(None, 10).await.expect("healthy");
    assert_eq!(all.iter().map(|person| person.id).collect::<Vec<_>>(), [ana]);
    assert_eq!(store.linked_people(Some(ana), 10).await, Ok(Vec::new()));
}

pub async fn who_proves_one_address_shares_one_identity_across_channels(store: Subject) {
    let ana = proves(&store, text_from(ANA, "one"), EMAIL).await;
    let elsewhere = Scope { channel: id("telegram"), ..scope() };
    let inbound = text_from(BEN, "two").in_account("other");
    let by = inbound.sender.addresses.clone();
    let admission = Admission::Admitted { by: "* (file)".to_owned() };
    let arrival = MessageArrival { inbound, scope: elsewhere, admission, received_at: START };
    let told = accept(&store, Arrival::Message(Arc::new(arrival))).await;
    let Accepted::New { conversation, .. } = told else { panic!("a new message was {told:?}") };
    let row = waiting(&store, conversation).await.remove(0);
    let links = Some(LinkChange::Proved { email: email("ANA@example.org"), by });
    let identity_change = Some(IdentityChange { links, ..IdentityChange::default() });
    let end = Settlement { identity: identity_change, ..settlement(conversation, &[row.sequence]) };
    store.settle(end).await.expect("a waiting row");
    let there = row.person;
    let other = proves(&store, text_from("+15550000003", "three"), "other@example.org").await;
    assert_eq!(identity(&store, ana).await, identity(&store, there).await);
    assert_ne!(identity(&store, ana).await, identity(&store, other).await);
    assert_ne!(identity(&store, ana).await.0, ana.0, "an identity is no person's number");
}

pub async fn a_number_of_a_link_is_never_given_to_another_one(store: Subject) {
    let ana = proves(&store, text_from(ANA, "one"), EMAIL).await;
    proves(&store, text_from(ANA, "two"), "second@example.org").await;
    store.unlink(ana, 1).await.expect("it is there");
    assert!(matches!(store.unlink(ana, 1).await, Err(StoreError::NotFound { .. })));
    proves(&store, text_from(ANA, "three"), EMAIL).await;
    let numbers: Vec<_> = person(&store, ana).await.links.iter().map(|link| link.number).collect();
    assert_eq!(numbers, [2, 3]);
    proves(&store, text_from(ANA, "four"), "second@example.org").await;
    let numbers: Vec<_> = person(&store, ana).await.links.iter().map(|link| link.number).collect();
    assert_eq!(numbers, [3, 2], "what is proved once more keeps its number and is the newest");
}

pub async fn a_person_has_a_bounded_number_of_links(store: Subject) {
    let mut ana = PersonId(0);
    for number in 0..=limits::LINKS_PER_PERSON_MAX {
        ana = proves(&store, text_from(ANA, &format!("m{number}")), &format!("a{number}@example.org")).await;
    }
    let links = person(&store, ana).await.links;
    assert_eq!(links.len(), limits::LINKS_PER_PERSON_MAX);
    assert_eq!(links[0].email, email("a1@example.org"), "the oldest one went");
}

pub async fn what_is_remembered_for_linking_is_kept_replaced_and_deleted(store: Subject) {
    let notes = |text: &'static str| IdentityChange { notes: Some(Bytes::from(text)), ..IdentityChange::default() };
    let ana = changes(&store, text_from(ANA, "one"), notes("asked")).await;
    assert_eq!(person(&store, ana).await.linking_notes, Some(Bytes::from("asked")));
    proves(&store, text_from(ANA, "two"), EMAIL).await;
    assert_eq!(person(&store, ana).await.linking_notes, Some(Bytes::from("asked")), "what is not named stays");
    changes(&store, text_from(ANA, "three"), notes("")).await;
    assert_eq!(person(&store, ana).await.linking_notes, None);
    let (conversation, sequence) = accept_new(&store, text_from(ANA, "four")).await;
    let long = Bytes::from(vec![b'x'; limits::LINKING_NOTES_BYTES_MAX + 1]);
    let change = IdentityChange { notes: Some(long), ..IdentityChange::default() };
    let end = Settlement { identity: Some(change), ..settlement(conversation, &[sequence]) };
    assert!(matches!(store.settle(end).await, Err(StoreError::Invalid { .. })));
}

pub async fn what_is_shared_goes_to_the_last_one_who_leaves(store: Subject) {
    let ana = proves(&store, text_from(ANA, "one"), EMAIL).await;
    let ben = proves(&store, text_from(BEN, "two"), EMAIL).await;
    let both = identity(&store, ana).await;
    shares(&store, text_from(ANA, "three"), both, "said by one").await;
    shares(&store, text_from(BEN, "four"), both, "said by the other").await;
    assert_eq!(said(&store, both.history()).await, ["said by one", "said by the other"]);
    assert_eq!(said(&store, HistoryKey::Person(ana)).await, Vec::<String>::new());
    assert_eq!(store.state(both.memory(), &id("helper")).await, Ok(Some(Bytes::from("said by the other"))));
    let links = Some(LinkChange::Removed);
    changes(&store, text_from(ANA, "five"), IdentityChange { links, ..IdentityChange::default() }).await;
    assert_eq!(said(&store, HistoryKey::Person(ana)).await, Vec::<String>::new(), "it stays with who is left");
    store.unlink(ben, 1).await.expect("it is there");
    assert_eq!(said(&store, HistoryKey::Person(ben)).await, ["said by one", "said by the other"]);
    assert_eq!(said(&store, both.history()).await, Vec::<String>::new());
    assert_eq!(store.state(both.memory(), &id("helper")).await, Ok(None));
    let anew = proves(&store, text_from(ANA, "six"), EMAIL).await;
    assert_ne!(identity(&store, anew).await, both, "an identity that ended does not come back");
}

pub async fn a_turn_that_ends_after_its_person_left_writes_into_no_identity(store: Subject) {
    let ana = proves(&store, text_from(ANA, "one"), EMAIL).await;
    let left = identity(&store, ana).await;
    store.unlink(ana, 1).await.expect("it is there");
    shares(&store, text_from(ANA, "two"), left, "late").await;
    assert_eq!(said(&store, left.history()).await, Vec::<String>::new());
    assert_eq!(said(&store, HistoryKey::Person(ana)).await, ["late"]);
    assert_eq!(store.state(left.memory(), &id("helper")).await, Ok(None));
}

pub async fn who_forgets_deletes_what_was_shared(store: Subject) {
    for whole in [false, true] {
        let (one, other) = if whole { ("+15550000005", "+15550000006") } else { (ANA, BEN) };
        let address = format!("{}@example.org", one.trim_start_matches('+'));
        let ana = proves(&store, text_from(one, "one"), &address).await;
        let ben = proves(&store, text_from(other, "two"), &address).await;
        let both = identity(&store, ana).await;
        shares(&store, text_from(other, "three"), both, "a secret").await;
        if whole {
            store.forget_person(ana).await.expect("she is known");
            assert_eq!(store.person(ana).await, Ok(None));
        } else {
            let links = Some(LinkChange::Forgotten);
            changes(&store, text_from(one, "four"), IdentityChange { links, ..IdentityChange::default() }).await;
            assert_eq!(person(&store, ana).await.links, Vec::new());
        }
        assert_eq!(said(&store, both.history()).await, Vec::<String>::new());
        assert_eq!(store.state(both.memory(), &id("helper")).await, Ok(None));
        assert_eq!(identity(&store, ben).await, both, "the other one stays linked");
    }
}

pub async fn a_turn_that_forgets_forgets_what_is_shared(store: Subject) {
    let ana = proves(&store, text_from(ANA, "one"), EMAIL).await;
    let shared = identity(&store, ana).await;
    shares(&store, text_from(ANA, "two"), shared, "old").await;
    let (conversation, sequence) = accept_new(&store, text_from(ANA, "/new")).await;
    let identity = Some(IdentityChange { shared: Some(shared_by(shared)), ..IdentityChange::default() });
    let end = Settlement { identity, forget: true, ..settlement(conversation, &[sequence]) };
    store.settle(end).await.expect("a waiting row");
    assert_eq!(said(&store, shared.history()).await, Vec::<String>::new());
    assert_eq!(store.state(shared.memory(), &id("helper")).await, Ok(None));
}

pub async fn two_people_who_become_one_have_the_links_of_both(store: Subject) {
    let ana = proves(&store, text_from(ANA, "one"), EMAIL).await;
    proves(&store, text_from(ANA, "two"), "both@example.org").await;
    let newer = proves(&store, text_from(LID, "three"), "both@example.org").await;
    proves(&store, text_from(LID, "four"), "lid@example.org").await;
    assert_ne!(ana, newer);
    let addresses = vec![id(ANA), id(LID)];
    accept(&store, Arrival::SamePerson { scope: scope(), addresses, admitted: false }).await;
    let merged = person(&store, newer).await;
    assert_eq!(merged.id, ana);
    let mut emails: Vec<_> = merged.links.iter().map(|link| link.email.as_str()).collect();
    emails.sort_unstable();
    assert_eq!(emails, [EMAIL, "both@example.org", "lid@example.org"]);
    let mut numbers: Vec<_> = merged.links.iter().map(|link| link.number).collect();
    numbers.sort_unstable();
    assert_eq!(numbers, [1, 2, 3], "each has a number of its own");
    for link in merged.links {
        store.unlink(ana, link.number).await.expect("it is there");
    }
    let ben = proves(&store, text_from(BEN, "five"), "both@example.org").await;
    assert_eq!(store.linked_people(None, 10).await.expect("healthy").len(), 1);
    assert_eq!(person(&store, ben).await.links.len(), 1);
}

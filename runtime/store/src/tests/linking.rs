//! Links of people against a model: whatever is linked, unlinked, merged and forgotten, nothing that one person said is where
//! another one is answered from, unless both prove the same address.

use super::{run, settlement};
use crate::format::sample;
use crate::store::GreenroomStore;
use greenroom_contract::address::Address;
use greenroom_contract::assistant::PastTurn;
use greenroom_contract::identity::EmailAddress;
use greenroom_contract::ids::{IdentityId, PersonId};
use greenroom_contract::message::Inbound;
use greenroom_contract::store::{
    Accepted, Admission, Arrival, Entry, History, HistoryKey, IdentityChange, Inbox, LinkChange, MessageArrival,
    People, Scope, Settlement, SharedMemory,
};
use greenroom_contract::time::Timestamp;
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Those who write: two people with a number and an id each, and two on another channel.
const ALL: [&str; 6] = ["+15550000001", "lid:1", "+15550000002", "lid:2", "telegram:1", "telegram:2"];
const EMAILS: [&str; 3] = ["a@example.org", "b@example.org", "c@example.org"];

#[derive(Debug, Clone, Copy)]
enum Move {
    Says(usize),
    /// Into the memory of the address that was proved last.
    Shares(usize),
    Proves(usize, usize),
    Unlinks(usize, usize),
    Leaves(usize),
    Forgets(usize),
    /// A number and an id turn out to be one person's.
    Merges(usize),
}

fn any_move() -> impl Strategy<Value = Move> {
    prop_oneof![
        2 => (0..ALL.len()).prop_map(Move::Says),
        4 => (0..ALL.len()).prop_map(Move::Shares),
        4 => (0..ALL.len(), 0..EMAILS.len()).prop_map(|(who, email)| Move::Proves(who, email)),
        2 => (0..ALL.len(), 0..EMAILS.len()).prop_map(|(who, email)| Move::Unlinks(who, email)),
        1 => (0..ALL.len()).prop_map(Move::Leaves),
        1 => (0..ALL.len()).prop_map(Move::Forgets),
        1 => (0_usize..2).prop_map(Move::Merges),
    ]
}

fn scope_of(who: usize) -> Scope {
    let channel = if who < 4 { "whatsapp" } else { "telegram" };
    Scope { channel: channel.parse().unwrap(), ..sample::scope() }
}

fn address(who: usize) -> Address {
    ALL[who].parse().unwrap()
}

fn email(which: usize) -> EmailAddress {
    EmailAddress::new(EMAILS[which]).unwrap()
}

/// What is expected: who is one person with whom, who proved what in which order, and what is remembered where.
#[derive(Debug, Default)]
struct Model {
    /// The person that each one is, by the first of them.
    is: [Option<usize>; ALL.len()],
    proved: BTreeMap<usize, Vec<usize>>,
    own: BTreeMap<usize, BTreeSet<String>>,
    shared: BTreeMap<usize, BTreeSet<String>>,
}

impl Model {
    fn leave(&mut self, person: usize, which: usize) {
        self.proved.entry(person).or_default().retain(|proved| *proved != which);
        if self.proved.values().all(|proved| !proved.contains(&which)) {
            let said = self.shared.remove(&which).unwrap_or_default();
            self.own.entry(person).or_default().extend(said);
        }
    }

    fn forget(&mut self, person: usize) {
        for which in self.proved.remove(&person).unwrap_or_default() {
            self.shared.remove(&which);
        }
        self.own.remove(&person);
        for is in &mut self.is {
            if *is == Some(person) {
                *is = None;
            }
        }
    }

    fn merge(&mut self, kept: usize, gone: usize) {
        let said = self.own.remove(&gone).unwrap_or_default();
        self.own.entry(kept).or_default().extend(said);
        let lost = self.proved.remove(&gone).unwrap_or_default();
        let proved = self.proved.entry(kept).or_default();
        let new: Vec<_> = lost.into_iter().filter(|which| !proved.contains(which)).collect();
        proved.extend(new);
        for is in &mut self.is {
            if *is == Some(gone) {
                *is = Some(kept);
            }
        }
    }
}

/// A store with its model.
struct World {
    store: Arc<GreenroomStore>,
    model: Model,
    messages: u64,
    identities: BTreeSet<IdentityId>,
}

impl World {
    fn new() -> Self {
        Self { store: crate::memory(), model: Model::default(), messages: 0, identities: BTreeSet::new() }
    }

    /// Accepts a message, and gives its row.
    async fn hears(&mut self, who: usize) -> Entry {
        self.messages += 1;
        let account = if who < 4 { "acc" } else { "other" };
        let inbound = sample::inbound(account, &format!("m{}", self.messages), ALL[who], "hello");
        let row = accepted(&self.store, inbound, scope_of(who)).await;
        if self.model.is[who].is_none() {
            self.model.is[who] = Some(who);
        }
        row
    }

    fn person(&self, who: usize) -> usize {
        self.model.is[who].expect("it wrote")
    }

    async fn turn(&mut self, who: usize, change: IdentityChange, said: Option<(HistoryKey, &str)>) {
        let row = self.hears(who).await;
        let past = said.map(|(key, words)| (key, PastTurn { asked: words.to_owned(), ..PastTurn::default() }));
        let history = past.map(|(key, past)| if key == OWN { (row.history, past) } else { (key, past) });
        let end = Settlement {
            identity: Some(change),
            history,
            parcels: Vec::new(),
            at: Timestamp(self.messages),
            ..settlement(row.conversation, &[row.sequence], None)
        };
        self.store.settle(end).await.unwrap();
    }

    async fn carry_out(&mut self, one: Move) {
        let words = format!("said {}", self.messages);
        match one {
            Move::Says(who) => {
                self.turn(who, IdentityChange::default(), Some((OWN, &words))).await;
                let person = self.person(who);
                self.model.own.entry(person).or_default().insert(words);
            }
            Move::Shares(who) => {
                let Some(person) = self.model.is[who] else { return };
                let Some(which) = self.model.proved.get(&person).and_then(|proved| proved.last().copied()) else {
                    return;
                };
                let stored = self.stored(who).await.unwrap();
                let link = self.store.person(stored).await.unwrap().unwrap().links.pop().unwrap();
                assert_eq!(link.email, email(which), "the newest one is the last");
                self.identities.insert(link.identity);
                let shared = SharedMemory { identity: link.identity, assistants: Vec::new() };
                let change = IdentityChange { shared: Some(shared), ..IdentityChange::default() };
                self.turn(who, change, Some((link.identity.history(), &words))).await;
                self.model.shared.entry(which).or_default().insert(words);
            }
            Move::Proves(who, which) => {
                let links = Some(LinkChange::Proved { email: email(which), by: vec![address(who)] });
                self.turn(who, IdentityChange { links, ..IdentityChange::default() }, None).await;
                let person = self.person(who);
                let proved = self.model.proved.entry(person).or_default();
                proved.retain(|other| *other != which);
                proved.push(which);
            }
            Move::Unlinks(who, which) => {
                let Some(stored) = self.stored(who).await else { return };
                let links = self.store.person(stored).await.unwrap().unwrap().links;
                let Some(link) = links.into_iter().find(|link| link.email == email(which)) else { return };
                self.store.unlink(stored, link.number).await.unwrap();
                let person = self.person(who);
                self.model.leave(person, which);
            }
            Move::Leaves(who) => {
                let links = Some(LinkChange::Removed);
                self.turn(who, IdentityChange { links, ..IdentityChange::default() }, None).await;
                let person = self.person(who);
                for which in self.model.proved.get(&person).cloned().unwrap_or_default() {
                    self.model.leave(person, which);
                }
            }
            Move::Forgets(who) => {
                let Some(stored) = self.stored(who).await else { return };
                self.store.forget_person(stored).await.unwrap();
                let person = self.person(who);
                self.model.forget(person);
            }
            Move::Merges(pair) => {
                let (number, id) = (pair * 2, pair * 2 + 1);
                self.turn(number, IdentityChange::default(), None).await;
                self.turn(id, IdentityChange::default(), None).await;
                let (one, other) = (self.person(number), self.person(id));
                let addresses = vec![address(number), address(id)];
                let arrival = Arrival::SamePerson { scope: scope_of(number), addresses, admitted: false };
                self.store.accept(vec![arrival]).await.unwrap();
                if one != other {
                    // The newer proof comes last, as in the store.
                    let order = self.store.person(self.stored(number).await.unwrap()).await.unwrap().unwrap().links;
                    self.model.merge(one, other);
                    let place = |which: &usize| order.iter().position(|link| link.email == email(*which));
                    self.model.proved.entry(one).or_default().sort_by_key(place);
                }
            }
        }
    }

    async fn stored(&self, who: usize) -> Option<PersonId> {
        self.store.person_by_address(&scope_of(who), &address(who)).await.unwrap()
    }

    async fn said(&self, key: HistoryKey) -> BTreeSet<String> {
        self.store.recent(key, 1_000).await.unwrap().into_iter().map(|past| past.asked).collect()
    }

    async fn check(&mut self) {
        let mut of_address: BTreeMap<usize, IdentityId> = BTreeMap::new();
        for who in 0..ALL.len() {
            let stored = self.stored(who).await;
            assert_eq!(stored.is_some(), self.model.is[who].is_some(), "{who}");
            let Some(stored) = stored else { continue };
            let person = self.person(who);
            let own = self.said(HistoryKey::Person(stored)).await;
            assert_eq!(own, self.model.own.get(&person).cloned().unwrap_or_default(), "what {who} said");
            let links = self.store.person(stored).await.unwrap().unwrap().links;
            let proved = self.model.proved.get(&person).cloned().unwrap_or_default();
            assert_eq!(
                links.iter().map(|link| link.email.clone()).collect::<Vec<_>>(),
                proved.iter().map(|which| email(*which)).collect::<Vec<_>>(),
                "what {who} proved"
            );
            let numbers: BTreeSet<u32> = links.iter().map(|link| link.number).collect();
            assert_eq!(numbers.len(), links.len());
            for (link, which) in links.iter().zip(&proved) {
                assert_eq!(*of_address.entry(*which).or_insert(link.identity), link.identity, "one for each address");
                self.identities.insert(link.identity);
            }
        }
        let now: BTreeSet<IdentityId> = of_address.values().copied().collect();
        assert_eq!(now.len(), of_address.len(), "two addresses are two identities");
        for (which, identity) in &of_address {
            let expected = self.model.shared.get(which).cloned().unwrap_or_default();
            assert_eq!(self.said(identity.history()).await, expected, "what is shared by {}", EMAILS[*which]);
        }
        for ended in self.identities.difference(&now) {
            assert_eq!(self.said(ended.history()).await, BTreeSet::new(), "of an identity that ended nothing is left");
        }
    }
}

/// Stands for the history of whoever writes.
const OWN: HistoryKey = HistoryKey::Person(PersonId(0));

async fn accepted(store: &GreenroomStore, inbound: Inbound, scope: Scope) -> Entry {
    let admission = Admission::Admitted { by: "* (file)".into() };
    let arrival = MessageArrival { inbound, scope, admission, received_at: Timestamp(2_000) };
    match store.accept(vec![Arrival::Message(Arc::new(arrival))]).await.unwrap().remove(0) {
        Accepted::New { conversation, .. } => store.waiting(conversation, 1).await.unwrap().remove(0),
        other => panic!("a new message was {other:?}"),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]
    #[test]
    fn nothing_that_was_said_is_where_it_does_not_belong(moves in proptest::collection::vec(any_move(), 1..60)) {
        run(async {
            let mut world = World::new();
            for one in moves {
                world.carry_out(one).await;
                world.check().await;
            }
        });
    }
}

/// A hundred thousand people who proved an address each: the pages of the list hold them all, and one more is as quick.
#[test]
fn a_hundred_thousand_links_are_listed_in_pages() {
    const PEOPLE: u64 = 100_000;
    run(async {
        let store = crate::memory();
        for batch in 0..PEOPLE / 500 {
            let arrivals = (0..500).map(|n| {
                let number = batch * 500 + n;
                sample::arrival(sample::inbound("acc", &format!("m{number}"), &format!("+1555{number:07}"), "hello"))
            });
            for (n, accepted) in store.accept(arrivals.collect()).await.unwrap().into_iter().enumerate() {
                let Accepted::New { conversation, sequence } = accepted else { panic!("{accepted:?}") };
                let email = EmailAddress::new(&format!("a{}@example.org", batch * 500 + n as u64)).unwrap();
                let links = Some(LinkChange::Proved { email, by: Vec::new() });
                let identity = Some(IdentityChange { links, ..IdentityChange::default() });
                let end = Settlement { identity, parcels: Vec::new(), ..settlement(conversation, &[sequence], None) };
                store.settle(end).await.unwrap();
            }
        }
        let (mut after, mut seen) = (None, 0);
        loop {
            let page = store.linked_people(after, 777).await.unwrap();
            assert!(page.iter().all(|person| person.links.len() == 1) && page.is_sorted_by_key(|person| person.id));
            let Some(last) = page.last() else { break };
            (after, seen) = (Some(last.id), seen + page.len() as u64);
        }
        assert_eq!(seen, PEOPLE);
        let first = store.linked_people(None, 1).await.unwrap().remove(0);
        store.unlink(first.id, first.links[0].number).await.unwrap();
        assert_ne!(store.linked_people(None, 1).await.unwrap()[0].id, first.id);
    });
}

//! A store that remembers whom addresses name does what one does that asks its engine each time.

use super::{message, run, settlement};
use crate::engines::memory::MemoryEngine;
use crate::engines::{Batch, Engine, EngineError, Range, Visit};
use crate::format::sample;
use crate::format::seal::{SealKey, Sealer};
use crate::memory::shared::Bounds;
use crate::open::{create, shared};
use crate::store::GreenroomStore;
use crate::write::core::Core;
use crate::write::writer::Writer;
use greenroom_contract::address::Address;
use greenroom_contract::ids::{ChatId, ConversationId};
use greenroom_contract::limits;
use greenroom_contract::message::{Chat, Inbound};
use greenroom_contract::store::{Accepted, Admission, Arrival, Inbox, People, StoreError};
use greenroom_contract::trace::Ignored;
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

/// Counts what is read, and fails as often as it is told to.
#[derive(Default)]
pub(super) struct Counting {
    rows: MemoryEngine,
    gets: AtomicU64,
    pub(super) failing: AtomicUsize,
}

impl Engine for Counting {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, EngineError> {
        self.gets.fetch_add(1, Ordering::SeqCst);
        self.rows.get(key)
    }
    fn scan(&self, range: &Range, visit: &mut Visit<'_>) -> Result<(), EngineError> {
        self.rows.scan(range, visit)
    }
    fn apply(&self, batch: &Batch) -> Result<(), EngineError> {
        let told = self.failing.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1));
        told.map_or(Ok(()), |_| Err(EngineError::Broken("told to fail".into())))?;
        self.rows.apply(batch)
    }
    fn flush(&self) -> Result<(), EngineError> {
        Ok(())
    }
    fn sync(&self) -> Result<(), EngineError> {
        Ok(())
    }
}

/// A store without a thread that remembers so many rows. The same random numbers make two of them alike.
pub(super) fn store(known_entries_max: usize) -> (GreenroomStore, Arc<Counting>) {
    let engine = Arc::new(Counting::default());
    let sealer = Sealer::new(&SealKey::random().unwrap(), &[]);
    let mut loading = create(&*engine, &sealer).unwrap();
    loading.sentinel.salt = vec![7; 16];
    let bounds = Bounds { known_entries_max, ..Bounds::new(1_000) };
    let shared = Arc::new(shared(sealer, &loading.sentinel, bounds, false));
    let again = engine.clone();
    let core = Core::new(shared.clone(), Box::new(move |_| Ok(again.clone())), engine.clone(), loading, None);
    (GreenroomStore::new(shared, Writer::inline(core)), engine)
}

const ADDRESSES: [&str; 7] = ["+15551234567", "+15557654321", "lid:1", "lid:2", "bsuid:US.1", "@ana", "@ben"];

#[derive(Debug, Clone)]
enum Action {
    /// A message by whoever has these addresses, under this name.
    Write {
        addresses: Vec<usize>,
        name: Option<u8>,
        in_group: bool,
        refused: bool,
    },
    Same {
        one: usize,
        other: usize,
        admitted: bool,
    },
    Forget {
        address: usize,
    },
    Settle {
        conversation: u64,
    },
}

fn action() -> impl Strategy<Value = Action> {
    let address = || 0..ADDRESSES.len();
    prop_oneof![
        8 => (proptest::collection::vec(address(), 0..3), proptest::option::of(0_u8..3), any::<bool>(), proptest::bool::weighted(0.2))
            .prop_map(|(addresses, name, in_group, refused)| Action::Write { addresses, name, in_group, refused }),
        2 => (address(), address(), any::<bool>()).prop_map(|(one, other, admitted)| Action::Same { one, other, admitted }),
        1 => address().prop_map(|address| Action::Forget { address }),
        1 => (1_u64..8).prop_map(|conversation| Action::Settle { conversation }),
    ]
}

fn written(number: usize, addresses: &[usize], name: Option<u8>, in_group: bool) -> Inbound {
    let first = ADDRESSES[addresses.first().copied().unwrap_or_default()];
    let mut inbound = sample::inbound("acc", &format!("m{number}"), first, "hi");
    inbound.sender.addresses = addresses.iter().map(|address| ADDRESSES[*address].parse().unwrap()).collect();
    inbound.sender.name = name.map(|name| format!("name {name}"));
    if in_group {
        inbound.key.chat = ChatId::new("the group").unwrap();
        inbound.chat = Chat::Group { title: None };
    }
    inbound
}

/// Carries an action out and says all that it gave, and all that is known of everybody afterwards.
async fn outcome(store: &GreenroomStore, number: usize, action: &Action) -> String {
    let scope = sample::scope();
    let find = |address: usize| ADDRESSES[address].parse::<Address>().unwrap();
    let gave = match action {
        Action::Write { addresses, name, in_group, refused } => {
            let inbound = written(number, addresses, *name, *in_group);
            let mut arrival = sample::arrival(inbound);
            if let (true, Arrival::Message(message)) = (refused, &mut arrival) {
                let reason = Ignored::Stranger { known_as: Vec::new() };
                Arc::make_mut(message).admission = Admission::Refused { reason };
            }
            format!("{:?}", store.accept(vec![arrival]).await)
        }
        Action::Same { one, other, admitted } => {
            let addresses = vec![find(*one), find(*other)];
            format!("{:?}", store.accept(vec![Arrival::SamePerson { scope, addresses, admitted: *admitted }]).await)
        }
        Action::Forget { address } => match store.person_by_address(&scope, &find(*address)).await.unwrap() {
            Some(person) => format!("{:?}", store.forget_person(person).await),
            None => String::new(),
        },
        Action::Settle { conversation } => {
            let conversation = ConversationId(*conversation);
            match store.waiting(conversation, 1).await.unwrap().first() {
                Some(first) => format!("{:?}", store.settle(settlement(conversation, &[first.sequence], None)).await),
                None => String::new(),
            }
        }
    };
    let mut everybody = BTreeMap::new();
    for address in ADDRESSES {
        let person = store.person_by_address(&sample::scope(), &address.parse().unwrap()).await.unwrap();
        if let Some(person) = person {
            everybody.insert(address, store.person(person).await.unwrap());
        }
    }
    format!("{gave} {everybody:?}")
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn what_is_remembered_changes_nothing(actions in proptest::collection::vec(action(), 1..60)) {
        run(async {
            // Two are so few that rows leave all the time.
            let (asks, forgetful, remembers) = (store(0).0, store(2).0, store(1_000).0);
            for (number, action) in actions.iter().enumerate() {
                let expected = outcome(&asks, number, action).await;
                assert_eq!(outcome(&remembers, number, action).await, expected);
                assert_eq!(outcome(&forgetful, number, action).await, expected);
            }
        });
    }
}

/// A group that failed left nothing in the engine, so nothing of it is remembered.
#[test]
fn what_a_failed_group_wrote_is_not_remembered() {
    run(async {
        let (store, engine) = store(1_000);
        store.accept(vec![message(0, "before")]).await.unwrap();
        engine.failing.store(1, Ordering::SeqCst);
        let by = |number: usize| sample::arrival(written(number, &[2], Some(1), false));
        assert!(matches!(store.accept(vec![by(1)]).await, Err(StoreError::Unavailable { .. })));
        tokio::time::sleep(limits::STORE_REOPEN_PAUSE).await;
        let accepted = store.accept(vec![by(1)]).await.unwrap();
        let Accepted::New { conversation, .. } = accepted[0] else { panic!("{accepted:?}") };
        let person = store.person_by_address(&sample::scope(), &"lid:1".parse().unwrap()).await.unwrap();
        assert!(person.is_some(), "the person was made again");
        assert_eq!(store.conversation(conversation).await.unwrap().unwrap().person, person);
    });
}

/// Who wrote before is found without asking the engine.
#[test]
fn a_known_person_costs_no_reads() {
    run(async {
        for (entries_max, reads) in [(1_000, 0), (0, 3)] {
            let (store, engine) = store(entries_max);
            // The second message is compared with the row that the first one made.
            store.accept(vec![message(0, "first")]).await.unwrap();
            store.accept(vec![message(2, "second")]).await.unwrap();
            let before = engine.gets.load(Ordering::SeqCst);
            store.accept(vec![message(1, "third")]).await.unwrap();
            assert_eq!(engine.gets.load(Ordering::SeqCst) - before, reads, "remembering {entries_max}");
        }
    });
}

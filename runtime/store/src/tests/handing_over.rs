//! Numbers change hands, ids do not, and what one person said is never given to another one.

use super::{accept, run, settlement};
use crate::format::sample;
use crate::store::GreenroomStore;
use greenroom_contract::address::Address;
use greenroom_contract::ids::{PersonId, SenderId};
use greenroom_contract::message::Sender;
use greenroom_contract::store::{Arrival, History, Inbox, MessageArrival, People};
use proptest::prelude::*;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

fn addresses(text: &str) -> Vec<Address> {
    text.split_whitespace().map(|address| address.parse().unwrap()).collect()
}

fn message(number: usize, text: &str, from: &str) -> Arrival {
    let addresses = addresses(from);
    let mut inbound = sample::inbound("acc", &format!("m{number}"), &addresses[0].to_string(), text);
    // Adapters name an author by the first address that they know.
    inbound.sender = Sender { id: SenderId::new(addresses[0].to_string()).unwrap(), addresses, name: None };
    sample::arrival(inbound)
}

fn same(from: &str, admitted: bool) -> Arrival {
    Arrival::SamePerson { scope: sample::scope(), addresses: addresses(from), admitted }
}

/// Takes a message in and answers it; gives its author and what was said to that author before.
async fn answered(store: &GreenroomStore, arrival: Arrival) -> (PersonId, Vec<String>) {
    let Arrival::Message(message) = &arrival else { panic!("a message is answered") };
    let MessageArrival { inbound, .. } = &**message;
    let greenroom_contract::message::Body::Text(text) = inbound.body.clone() else { panic!("it is a text") };
    let (conversation, row) = accept(store, arrival).await;
    let entry = store.waiting(conversation, 1).await.unwrap().remove(0);
    let before = store.recent(entry.history, 200).await.unwrap().into_iter().map(|turn| turn.asked).collect();
    let mut turn = settlement(conversation, &[row], Some(entry.history));
    if let Some((_, past)) = &mut turn.history {
        past.asked = text;
    }
    turn.states = vec![("helper".parse().unwrap(), "what was learned".into())];
    store.settle(turn).await.unwrap();
    (entry.person, before)
}

#[test]
fn a_number_that_comes_with_another_id_is_another_persons() {
    for order in [
        "+15550001 lid:1|+15550001 lid:2",
        "lid:1 +15550001|lid:2 +15550001",
        "+15550001 bsuid:US.1|+15550001 bsuid:US.2",
    ] {
        for told_before in [false, true] {
            run(async {
                let store = crate::memory();
                let (of_ana, of_ben) = order.split_once('|').unwrap();
                let (ana, _) = answered(&store, message(1, "my diagnosis", of_ana)).await;
                if told_before {
                    // As an adapter does beside every message.
                    store.accept(vec![same(of_ben, true)]).await.unwrap();
                }
                let (ben, before) = answered(&store, message(2, "hello", of_ben)).await;
                assert_ne!(ana, ben, "{order}");
                assert_eq!(before, Vec::<String>::new(), "{order}: what she said is not given to him");
                let number: Address = "+15550001".parse().unwrap();
                assert_eq!(store.person_by_address(&sample::scope(), &number).await.unwrap(), Some(ben));
                let left = store.person(ana).await.unwrap().unwrap();
                assert!(!left.addresses.contains(&number) && left.addresses.len() == 1, "{left:?}");
                // The number alone is his now, and she is known by her id.
                let (alone, before) = answered(&store, message(3, "it is me", "+15550001")).await;
                assert_eq!((alone, before), (ben, vec!["hello".to_owned()]));
                let id = of_ana.split_whitespace().find(|text| !text.starts_with('+')).unwrap();
                let (again, before) = answered(&store, message(4, "and me", id)).await;
                assert_eq!((again, before), (ana, vec!["my diagnosis".to_owned()]));
            });
        }
    }
}

#[test]
fn a_change_that_the_network_tells_keeps_the_history() {
    for (first, told, then) in [
        // Another id of the same number, told with the old one.
        ("+15550001 lid:1", "lid:1 lid:2", "+15550001 lid:2"),
        ("+15550001 bsuid:US.1", "+15550001 bsuid:US.1 bsuid:US.2", "+15550001 bsuid:US.2"),
        // Another number and another id.
        ("+15550001 lid:1", "+15550001 +15550002 lid:1 lid:2", "+15550002 lid:2"),
        // Another number, whose id was not told.
        ("+15550001 lid:1", "+15550001 +15550002 lid:1", "+15550002 lid:2"),
        ("+15550001 lid:1", "+15550001 +15550002", "+15550002 lid:2"),
        // The id stays.
        ("lid:1", "lid:1 +15550001", "+15550001"),
        ("+15550001", "lid:1 +15550001", "lid:1"),
    ] {
        run(async {
            let store = crate::memory();
            let (ana, _) = answered(&store, message(1, "tea", first)).await;
            store.accept(vec![same(told, true)]).await.unwrap();
            let (still, before) = answered(&store, message(2, "more", then)).await;
            assert_eq!((still, before), (ana, vec!["tea".to_owned()]), "{first}, told {told}, then {then}");
        });
    }
}

/// One who has an id for good, and a number at times.
#[derive(Debug, Clone)]
enum Doing {
    /// Writes and shows the id, and the number if there is one.
    Writes { who: usize, number: bool },
    /// The adapter tells beside a message which addresses came together.
    Told { who: usize },
    /// Gets a number, which its owner gives up.
    Gets { who: usize, number: usize },
    /// Changes to a number, and the network tells of it.
    ChangesTo { who: usize, number: usize },
}

fn doing() -> impl Strategy<Value = Doing> {
    let (who, number) = (0..4_usize, 0..3_usize);
    prop_oneof![
        4 => (who.clone(), any::<bool>()).prop_map(|(who, number)| Doing::Writes { who, number }),
        1 => who.clone().prop_map(|who| Doing::Told { who }),
        1 => (who.clone(), number.clone()).prop_map(|(who, number)| Doing::Gets { who, number }),
        1 => (who, number).prop_map(|(who, number)| Doing::ChangesTo { who, number }),
    ]
}

/// What the world knows.
#[derive(Default)]
struct World {
    /// The number of each.
    number: HashMap<usize, usize>,
    /// Who a person of the store is, and which person each is.
    who: HashMap<PersonId, usize>,
    person: HashMap<usize, PersonId>,
    said: HashMap<usize, Vec<String>>,
    /// A number that was changed to and not written with yet. Months go by before it can be another person's.
    fresh: HashSet<usize>,
}

fn phone(number: usize) -> String {
    format!("+1555000{number}")
}

fn signs(who: usize, number: Option<&usize>) -> String {
    match number {
        Some(number) => format!("{} lid:{}", phone(*number), 7 + who),
        None => format!("lid:{}", 7 + who),
    }
}

async fn lives(store: &Arc<GreenroomStore>, doings: &[Doing]) -> Result<(), TestCaseError> {
    let mut world = World::default();
    for (step, doing) in doings.iter().enumerate() {
        match doing {
            Doing::Writes { who, number } => {
                let shown = world.number.get(who).filter(|_| *number);
                if let Some(shown) = shown {
                    world.fresh.remove(shown);
                }
                let text = format!("secret {step} of {who}");
                let (person, before) = answered(store, message(step, &text, &signs(*who, shown))).await;
                let known = world.who.insert(person, *who);
                prop_assert!(known.is_none_or(|known| known == *who), "{person} is {known:?} and {who} at {step}");
                let said = world.said.entry(*who).or_default();
                prop_assert_eq!(&before, &*said, "what {} said before, and nothing else, at {}", who, step);
                said.push(text);
                let earlier = world.person.insert(*who, person);
                prop_assert!(earlier.is_none_or(|earlier| earlier == person), "{who} became another one at {step}");
            }
            Doing::Told { who } => {
                let signs = signs(*who, world.number.get(who));
                if signs.contains(' ') {
                    store.accept(vec![same(&signs, true)]).await.unwrap();
                }
            }
            Doing::Gets { number, .. } | Doing::ChangesTo { number, .. } if world.fresh.contains(number) => {}
            Doing::Gets { who, number } => {
                world.number.retain(|_, other| other != number);
                world.number.insert(*who, *number);
            }
            Doing::ChangesTo { who, number } => {
                let Some(before) = world.number.get(who).copied().filter(|before| before != number) else { continue };
                world.number.retain(|_, other| other != number);
                world.number.insert(*who, *number);
                world.fresh.insert(*number);
                let told = format!("{} {} lid:{}", phone(before), phone(*number), 7 + who);
                store.accept(vec![same(&told, true)]).await.unwrap();
            }
        }
    }
    Ok(())
}

proptest! {
    #[test]
    fn no_memory_goes_from_one_person_to_another(doings in proptest::collection::vec(doing(), 1..40)) {
        run(async { lives(&crate::memory(), &doings).await })?;
    }
}

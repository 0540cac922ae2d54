//! What is kept, for how long, how much of it, and what it costs to find out.

use super::{accept, draft, message, run, settlement};
use crate::engines::Range;
use crate::engines::memory::MemoryEngine;
use crate::format::keys::kind;
use crate::format::records::SeenRecord;
use crate::format::seal::{SealKey, Sealer};
use crate::format::seen_key::{Place, SeenKey};
use crate::memory::shared::Bounds;
use crate::open::{create, shared};
use crate::store::GreenroomStore;
use crate::write::core::Core;
use crate::write::job::Operation;
use crate::write::txn::{Fail, Txn};
use crate::write::writer::Writer;
use greenroom_contract::channel::Receipt;
use greenroom_contract::ids::{AccountId, MessageId};
use greenroom_contract::limits;
use greenroom_contract::store::{Accepted, Admission, Arrival, Inbox, Maintenance, Outbox, Settlement, Traces};
use greenroom_contract::time::Timestamp;
use greenroom_contract::trace::Ignored;
use std::sync::Arc;
use std::time::Duration;

const BEGUN: Timestamp = Timestamp(1_800_000_000_000);
const HOUR: Duration = Duration::from_secs(3_600);
const DAY: Duration = Duration::from_secs(24 * 3_600);

fn store(bounds: Bounds) -> GreenroomStore {
    let engine = Arc::new(MemoryEngine::default());
    let sealer = Sealer::new(&SealKey::random().unwrap(), &[]);
    let loading = create(&*engine, &sealer).unwrap();
    let shared = Arc::new(shared(sealer, &loading.sentinel, bounds, false));
    let again = engine.clone();
    let core = Core::new(shared.clone(), Box::new(move |_| Ok(again.clone())), engine, loading, None);
    GreenroomStore::new(shared, Writer::inline(core))
}

fn at(arrival: Arrival, received_at: Timestamp) -> Arrival {
    change(arrival, |message| message.received_at = received_at)
}

fn refused(arrival: Arrival) -> Arrival {
    let reason = Ignored::Stranger { known_as: Vec::new() };
    change(arrival, |message| message.admission = Admission::Refused { reason })
}

fn change(mut arrival: Arrival, change: impl FnOnce(&mut greenroom_contract::store::MessageArrival)) -> Arrival {
    if let Arrival::Message(message) = &mut arrival {
        change(Arc::make_mut(message));
    }
    arrival
}

fn rows(store: &GreenroomStore, kind: u8) -> usize {
    store.read(|reader| reader.rows(&Range::prefix(&[kind]), usize::MAX)).unwrap().len()
}

/// Accepts, answers and sends a message.
async fn live(store: &GreenroomStore, number: u64, now: Timestamp) {
    let (conversation, row) = accept(store, at(message(number, "q"), now)).await;
    let history = store.waiting(conversation, 1).await.unwrap()[0].history;
    let end = Settlement { at: now, parcels: vec![draft("a")], ..settlement(conversation, &[row], Some(history)) };
    let key = store.settle(end).await.unwrap().parcels.remove(0);
    store.sent(&key, &Receipt { message: MessageId::new(format!("net-{number}")).unwrap() }, now).await.unwrap();
}

#[test]
fn a_pass_that_removes_nothing_reads_next_to_nothing() {
    run(async {
        let store = store(Bounds::new(10_000));
        for number in 0..500 {
            live(&store, number, BEGUN).await;
            store.accept(vec![at(refused(message(10_000 + number, "q")), BEGUN)]).await.unwrap();
        }
        // The first pass counts the turns of whoever wrote.
        store.sweep(BEGUN.plus(HOUR)).await.unwrap();
        for hours in 2..200 {
            let now = BEGUN.plus(HOUR * hours);
            if hours == 3 {
                live(&store, 1_000, now).await;
            }
            let before = store.counters();
            let report = store.sweep(now).await.unwrap();
            let read = store.counters().swept_over - before.swept_over;
            if report.traces + report.dedup_keys + report.turns == 0 {
                assert!(read <= 3, "{read} rows after {hours} hours");
            }
        }
    });
}

#[test]
fn what_is_old_goes_in_small_steps() {
    run(async {
        let store = store(Bounds::new(10_000));
        for number in 0..350 {
            live(&store, number, BEGUN).await;
        }
        let mut removed = 0;
        for days in 1..30 {
            let before = store.counters();
            let report = store.sweep(BEGUN.plus(DAY * days)).await.unwrap();
            let after = store.counters();
            removed += report.dedup_keys + report.traces + report.turns;
            let writes = after.key_writes - before.key_writes;
            // A parcel goes with the id that its network gave it.
            let largest = 2 * limits::STORE_STEP_ROWS_MAX as u64 + 1;
            assert!(writes <= largest * (after.commits - before.commits), "day {days}: {writes} writes");
        }
        assert!(removed > 1_000, "{removed}");
        assert_eq!((rows(&store, kind::SEEN), rows(&store, kind::PARCEL), rows(&store, kind::OWN)), (0, 0, 0));
        assert_eq!(rows(&store, kind::HISTORY), limits::HISTORY_TURNS_MAX);
    });
}

/// A message is recognised for two weeks, whenever it came and however the periods lie; its key does not stay much longer.
#[test]
fn a_message_is_recognised_for_as_long_as_it_is_promised() {
    run(async {
        let store = store(Bounds::new(10_000));
        let mut random = 12_345_u64;
        let mut came: Vec<(u64, Timestamp)> = Vec::new();
        for hour in 0..24 * 60_u32 {
            let now = BEGUN.plus(HOUR * hour);
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            let number = u64::from(hour);
            let arrival = if random >> 60 < 8 { message(number, "q") } else { refused(message(number, "q")) };
            store.accept(vec![at(arrival, now)]).await.unwrap();
            came.push((number, now));
            if hour % 7 == 0 {
                store.sweep(now).await.unwrap();
            }
            // Any that came before is delivered once more.
            let (number, first) = came[(random >> 33) as usize % came.len()];
            let again = store.accept(vec![at(message(number, "q"), now)]).await.unwrap().remove(0);
            let age = now.since(first);
            assert!(again == Accepted::Duplicate || age >= limits::DEDUP_AGE_MAX, "{again:?} after {age:?}");
            if again != Accepted::Duplicate {
                came.iter_mut().filter(|(known, _)| *known == number).for_each(|(_, at)| *at = now);
            }
        }
        let days = (limits::DEDUP_AGE_MAX + limits::STORE_SEEN_PERIOD).as_secs() / DAY.as_secs() + 1;
        let (periods, filters) = store.index(|index| (index.periods.len(), index.filters.len())).unwrap();
        assert!(filters + 1 >= periods && periods <= 17, "{filters} of {periods} periods have a filter");
        assert!(rows(&store, kind::SEEN) as u64 <= days * 24 * 2, "{}", rows(&store, kind::SEEN));
    });
}

#[test]
fn strangers_are_bounded_and_the_oldest_go_first() {
    run(async {
        let bounds = Bounds { refused_rows_max: 200, ..Bounds::new(10_000) };
        let store = store(bounds);
        live(&store, 100_000, BEGUN).await;
        for number in 0..3_000 {
            let arrival = at(refused(message(number, "q")), BEGUN.plus(Duration::from_secs(number)));
            store.accept(vec![arrival]).await.unwrap();
            let kept = rows(&store, kind::SEEN) as u64;
            assert!(kept <= 200 + limits::STORE_REFUSED_LOOKED_AT_MAX as u64, "{kept} after {number}");
            let periods = store.index(|index| index.periods.len()).unwrap();
            assert!(periods <= 8, "{periods} periods: those that are empty are gone");
        }
        let now = BEGUN.plus(HOUR);
        for number in 2_900..3_000 {
            let again = store.accept(vec![at(refused(message(number, "q")), now)]).await.unwrap().remove(0);
            assert_eq!(again, Accepted::Duplicate, "message {number} is among the newest");
        }
        let again = store.accept(vec![at(message(100_000, "q"), now)]).await.unwrap().remove(0);
        assert_eq!(again, Accepted::Duplicate, "what was answered is not pushed out by strangers");
        assert!(store.why(&MessageId::new("m0").unwrap(), None).await.unwrap().is_empty(), "the oldest went");
    });
}

/// Lays rows as earlier versions did.
struct LayEarly;

impl Operation for LayEarly {
    type Output = ();

    fn run(&self, txn: &mut Txn<'_>) -> Result<(), Fail> {
        for (key, value) in txn.scan(&Range::prefix(&[kind::SEEN]), usize::MAX)? {
            let record = txn.decode::<SeenRecord>(&key, value)?.record;
            let Some(seen) = SeenKey::read(&key) else { continue };
            let (message, account) =
                (MessageId::read_back(seen.message).unwrap(), AccountId::read_back(seen.account).unwrap());
            txn.put(Place::Early.seen(&message, &account, seen.conversation, seen.person), &record)?;
            txn.remove(key, 0);
        }
        Ok(())
    }
}

#[test]
fn rows_of_earlier_versions_are_found_and_swept() {
    let folder = tempfile::tempdir().unwrap();
    let open = || crate::open(crate::OpenOptions::at(folder.path())).unwrap();
    run(async {
        let store = open();
        live(&store, 1, BEGUN).await;
        accept(&store, at(message(2, "waits"), BEGUN)).await;
        store.accept(vec![at(refused(message(3, "q")), BEGUN)]).await.unwrap();
        store.execute(LayEarly).await.unwrap();
        store.close().await.unwrap();
        drop(store);
        let store = open();
        assert_eq!((rows(&store, kind::SEEN), rows(&store, kind::SEEN_EARLY)), (0, 3));
        let id = |number: u64| MessageId::new(format!("m{number}")).unwrap();
        for number in 1..=3 {
            let again = store.accept(vec![at(message(number, "q"), BEGUN)]).await.unwrap().remove(0);
            assert_eq!(again, Accepted::Duplicate, "message {number}");
            assert_eq!(store.why(&id(number), None).await.unwrap().len(), 1);
        }
        assert_eq!(store.latest(9).await.unwrap().len(), 3);
        let waiting = store.waiting(greenroom_contract::ids::ConversationId(2), 9).await.unwrap();
        let end =
            Settlement { parcels: Vec::new(), ..settlement(waiting[0].conversation, &[waiting[0].sequence], None) };
        let end = Settlement { outcome: greenroom_contract::store::Outcome::Ignored(Ignored::NotAddressed), ..end };
        store.settle(end).await.unwrap();
        let told = store.why(&id(2), None).await.unwrap().remove(0);
        assert!(told.steps.len() > 1, "the end of its turn is in its trace: {told:?}");
        store.sweep(BEGUN.plus(limits::TRACE_AGE_MAX + HOUR)).await.unwrap();
        assert!(store.why(&id(1), None).await.unwrap().is_empty());
        let swept = store.sweep(BEGUN.plus(limits::DEDUP_AGE_MAX + HOUR * 2)).await.unwrap();
        assert_eq!((swept.dedup_keys, rows(&store, kind::SEEN_EARLY)), (3, 0));
    });
}

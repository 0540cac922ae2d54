//! What answers cost: sums by day, conversation, assistant, model and person.

use super::{Subject, accept, accept_new, later, settlement, waiting};
use crate::messages::{Refine, START, id, scope, text_from};
use greenroom_contract::address::Address;
use greenroom_contract::assistant::{SpentBy, Usage, UsageRow};
use greenroom_contract::ids::{ConversationId, PersonId};
use greenroom_contract::limits;
use greenroom_contract::message::{Addressing, Inbound};
use greenroom_contract::store::{Arrival, Outcome, Settlement, StoreReader};
use greenroom_contract::time::Timestamp;
use std::collections::BTreeMap;
use std::time::Duration;

const ANA: &str = "+15550000001";
const BEN: &str = "+15550000002";
const LID: &str = "lid:7";
const DAY: Duration = Duration::from_secs(24 * 3600);

/// The day on which tests begin.
fn first_day() -> u32 {
    (START.0 / DAY.as_millis() as u64) as u32
}

fn spent(assistant: &str, model: Option<&str>, tokens: [u64; 3]) -> SpentBy {
    let [tokens_in, tokens_out, tokens_cached] = tokens;
    // A price that makes sums of costs as different as those of tokens.
    let cost_millionths = tokens_out.saturating_mul(1_500);
    let usage = Usage { model: model.map(str::to_owned), tokens_in, tokens_out, tokens_cached, cost_millionths };
    SpentBy { assistant: id(assistant), usage }
}

/// A sum of the author of a conversation.
fn row(day: u32, (conversation, person): Spender, turns: u64, spent: SpentBy) -> UsageRow {
    UsageRow { day, conversation, assistant: spent.assistant, person, turns, usage: spent.usage }
}

/// A conversation, and for whom.
type Spender = (ConversationId, Option<PersonId>);

/// A turn that cost this, at this moment.
async fn spend(store: &Subject, who: &str, usage: &[SpentBy], at: Timestamp) -> Spender {
    spend_on(store, text_from(who, "q"), usage, at).await
}

/// A turn about this message.
async fn spend_on(store: &Subject, message: Inbound, usage: &[SpentBy], at: Timestamp) -> Spender {
    let (conversation, sequence) = accept_new(store, message).await;
    let person = waiting(store, conversation).await[0].person;
    let end = Settlement { usage: usage.to_vec(), at, ..settlement(conversation, &[sequence]) };
    store.settle(end).await.expect("a waiting row");
    (conversation, Some(person))
}

async fn sums(store: &Subject) -> Vec<UsageRow> {
    store.usage(0..=u32::MAX, limits::USAGE_SUMS_PER_DAY_READ_MAX).await.expect("healthy")
}

async fn same_person(store: &Subject, addresses: [&str; 2]) {
    let addresses = addresses.map(id::<Address>).to_vec();
    accept(store, Arrival::SamePerson { scope: scope(), addresses, admitted: true }).await;
}

pub async fn what_answers_cost_is_added_up(store: Subject) {
    let twice = [spent("helper", Some("large"), [10, 1, 4]), spent("helper", Some("large"), [5, 1, 0])];
    let conversation = spend(&store, ANA, &twice, START).await;
    let others = [spent("helper", Some("small"), [7, 2, 0]), spent("critic", None, [0, 0, 0])];
    spend(&store, ANA, &[others[0].clone(), twice[0].clone(), others[1].clone()], later(60)).await;
    let day = first_day();
    assert_eq!(
        sums(&store).await,
        [
            row(day, conversation, 1, others[1].clone()),
            row(day, conversation, 2, spent("helper", Some("large"), [25, 3, 8])),
            row(day, conversation, 1, others[0].clone()),
        ],
        "a turn that asks a model twice is one turn"
    );
}

pub async fn sums_are_read_by_days_and_bounded(store: Subject) {
    let mut expected = Vec::new();
    for (number, who) in [(0, ANA), (1, ANA), (1, BEN), (3, ANA)] {
        let usage = [spent("helper", Some("large"), [u64::from(number), 1, 0])];
        let conversation = spend(&store, who, &usage, START.plus(DAY * number)).await;
        expected.push(row(first_day() + number, conversation, 1, usage[0].clone()));
    }
    let first = first_day();
    let read = async |days, rows_max| store.usage(days, rows_max).await.expect("healthy");
    assert_eq!(read(0..=u32::MAX, 100).await, expected);
    assert_eq!(read(first + 1..=first + 1, 100).await, expected[1..3]);
    assert_eq!(read(first + 2..=first + 3, 100).await, expected[3..]);
    assert_eq!(read(first..=first + 3, 2).await, expected[..2]);
    assert_eq!(read(first..=first + 3, 0).await, []);
    assert_eq!(read(first + 4..=u32::MAX, 100).await, []);
    #[allow(clippy::reversed_empty_ranges)]
    let backwards = first + 3..=first;
    assert_eq!(read(backwards, 100).await, []);
}

/// A failed turn costs as much as one that is answered, and a number that is made up breaks nothing.
pub async fn a_turn_costs_however_it_ends(store: Subject) {
    let (conversation, sequence) = accept_new(&store, text_from(ANA, "poison")).await;
    let person = waiting(&store, conversation).await[0].person;
    let usage = vec![spent("helper", None, [u64::MAX, 1, 0])];
    let outcome = Outcome::Quarantined { reason: "it crashed".to_owned() };
    store.settle(Settlement { outcome, usage, ..settlement(conversation, &[sequence]) }).await.expect("a waiting row");
    spend(&store, ANA, &[spent("helper", None, [5, 2, 0])], START).await;
    let expected = row(first_day(), (conversation, Some(person)), 2, spent("helper", None, [u64::MAX, 3, 0]));
    assert_eq!(sums(&store).await, [expected]);
}

/// Whoever answers names the models. Nothing that is spent is left out of the sums.
pub async fn models_without_end_make_sums_with_an_end(store: Subject) {
    let most = limits::USAGE_SUMS_PER_CONVERSATION_DAY_MAX + limits::USAGE_SUMS_OF_PEOPLE_PER_CONVERSATION_DAY_MAX;
    let models = most * 2;
    for number in 0..models {
        let model = format!("{}-{number}", "x".repeat(limits::USAGE_MODEL_BYTES_MAX * (number % 2)));
        spend(&store, ANA, &[spent("helper", Some(&model), [1, 0, 0])], START).await;
    }
    spend(&store, BEN, &[spent("helper", Some("large"), [1, 0, 0])], START).await;
    let sums = sums(&store).await;
    assert!(sums.len() <= most + 2, "{}", sums.len());
    assert_eq!(sums.iter().map(|sum| sum.usage.tokens_in).sum::<u64>(), models as u64 + 1);
    let longest = sums.iter().filter_map(|sum| sum.usage.model.as_ref()).map(String::len).max();
    assert!(longest.is_some_and(|bytes| bytes <= limits::USAGE_MODEL_BYTES_MAX));
    assert!(sums.iter().any(|sum| sum.usage.model.as_deref() == Some("large")), "others are not affected");
}

/// A group has members without end. Those who are too many count without their names, and every model keeps its own.
pub async fn people_without_end_make_sums_with_an_end(store: Subject) {
    let most = limits::USAGE_SUMS_OF_PEOPLE_PER_CONVERSATION_DAY_MAX;
    let people = most + 40;
    for number in 0..people {
        let message = in_group("crowd", &format!("+1555000{number:04}"));
        spend_on(&store, message, &[spent("helper", Some("large"), [1, 1, 0])], START).await;
    }
    let last = in_group("crowd", "+15559999999");
    spend_on(&store, last.clone(), &[spent("helper", Some("small"), [1, 1, 0])], START).await;
    let first = in_group("crowd", "+15550000000").with_id("once more");
    spend_on(&store, first, &[spent("helper", Some("large"), [1, 1, 0])], START).await;
    let sums = sums(&store).await;
    assert_eq!(sums.iter().map(|sum| sum.usage.tokens_in).sum::<u64>(), people as u64 + 2);
    assert_eq!(sums.iter().filter(|sum| sum.person.is_some()).count(), most);
    let unnamed: Vec<_> = sums.iter().filter(|sum| sum.person.is_none()).collect();
    let of = |model: &str| unnamed.iter().find(|sum| sum.usage.model.as_deref() == Some(model)).map(|sum| sum.turns);
    assert_eq!((unnamed.len(), of("large"), of("small")), (2, Some(40), Some(1)), "{unnamed:?}");
    assert!(sums.iter().any(|sum| sum.person.is_some() && sum.turns == 2), "who has a sum keeps it");
}

/// A message that someone wrote in a group.
fn in_group(group: &str, who: &str) -> Inbound {
    text_from(who, "q").in_group(group, Addressing::Mentioned)
}

pub async fn conversations_that_become_one_add_up(store: Subject) {
    let usage = |tokens| [spent("helper", Some("large"), [tokens, 1, 0])];
    let older = spend(&store, ANA, &usage(1), START).await;
    let newer = spend(&store, LID, &usage(10), START).await;
    let other = spend(&store, BEN, &usage(100), START).await;
    assert_eq!(sums(&store).await.len(), 3);
    same_person(&store, [LID, ANA]).await;
    assert_ne!(older, newer);
    spend(&store, LID, &usage(1_000), START).await;
    let both = row(first_day(), older, 3, spent("helper", Some("large"), [1_011, 3, 0]));
    assert_eq!(sums(&store).await, [both, row(first_day(), other, 1, usage(100)[0].clone())]);
}

/// What was spent stays spent; for whom is forgotten.
pub async fn a_forgotten_person_leaves_sums_without_a_conversation(store: Subject) {
    let usage = [spent("helper", Some("large"), [10, 1, 0])];
    spend(&store, ANA, &usage, START).await;
    spend(&store, LID, &usage, START).await;
    same_person(&store, [LID, ANA]).await;
    let other = spend(&store, BEN, &usage, START).await;
    let ana = store.person_by_address(&scope(), &id(ANA)).await.expect("healthy").expect("she wrote");
    store.forget_person(ana).await.expect("she is known");
    let lost = row(first_day(), (ConversationId(0), None), 2, spent("helper", Some("large"), [20, 2, 0]));
    assert_eq!(sums(&store).await, [lost, row(first_day(), other, 1, usage[0].clone())]);
}

/// The sums of a group stay with the group; whose they were is forgotten, also of a message that is answered later.
pub async fn a_forgotten_person_leaves_sums_of_a_group_without_a_person(store: Subject) {
    let usage = [spent("helper", Some("large"), [10, 1, 0])];
    let (group, ana) = spend_on(&store, in_group("friends", ANA), &usage, START).await;
    let ben = spend_on(&store, in_group("friends", BEN), &usage, START).await;
    let (_, late) = accept_new(&store, in_group("friends", ANA).with_id("late")).await;
    store.forget_person(ana.expect("she wrote")).await.expect("she is known");
    let end = Settlement { usage: usage.to_vec(), ..settlement(group, &[late]) };
    store.settle(end).await.expect("a group keeps what waits in it");
    let lost = row(first_day(), (group, None), 2, spent("helper", Some("large"), [20, 2, 0]));
    assert_eq!(sums(&store).await, [lost, row(first_day(), ben, 1, usage[0].clone())]);
}

/// Whatever comes in whatever order, what is added up by one thing is what is added up by any other; and what a day cost at
/// each model for each person is told in one call.
pub async fn sums_agree_whatever_they_are_of(store: Subject) {
    let mut told: BTreeMap<(u32, String, String), [u64; 3]> = BTreeMap::new();
    let mut of_people: BTreeMap<(u32, String, Option<PersonId>), u64> = BTreeMap::new();
    let mut seed = 7_u64;
    let mut pick = |most: u64| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33) % most
    };
    for number in 0..240 {
        let who = [ANA, BEN, "+15550000003"][pick(3) as usize];
        let message =
            if pick(2) == 0 { text_from(who, "q") } else { in_group(["friends", "work"][pick(2) as usize], who) };
        let (day, model) = (pick(3), ["large", "small"][pick(2) as usize]);
        let (assistant, tokens) = (["helper", "critic"][pick(2) as usize], [pick(1_000), pick(1_000), pick(10)]);
        let message = message.with_id(&format!("m-{number}"));
        let one = spent(assistant, Some(model), tokens);
        let at = START.plus(DAY * day as u32);
        let (_, person) = spend_on(&store, message, std::slice::from_ref(&one), at).await;
        let day = first_day() + day as u32;
        let sum = told.entry((day, assistant.to_owned(), model.to_owned())).or_default();
        sum[0] += 1;
        sum[1] += one.usage.tokens_in;
        sum[2] += one.usage.cost_millionths;
        *of_people.entry((day, model.to_owned(), person)).or_default() += one.usage.cost_millionths;
    }
    let (mut found, mut by_person) = (BTreeMap::<_, [u64; 3]>::new(), BTreeMap::<_, u64>::new());
    for row in sums(&store).await {
        let model = row.usage.model.expect("it was named");
        let sum = found.entry((row.day, row.assistant.to_string(), model.clone())).or_default();
        sum[0] += row.turns;
        sum[1] += row.usage.tokens_in;
        sum[2] += row.usage.cost_millionths;
        *by_person.entry((row.day, model, row.person)).or_default() += row.usage.cost_millionths;
    }
    assert_eq!(found, told);
    assert_eq!(by_person, of_people);
    let reader = StoreReader::new(store.clone());
    for day in first_day()..first_day() + 3 {
        let spent = reader.spent_on(day).await.expect("healthy");
        let spent = spent
            .into_iter()
            .map(|spent| ((day, spent.usage.model.expect("it was named"), spent.person), spent.usage.cost_millionths));
        let expected: Vec<_> = of_people.clone().into_iter().filter(|((of, ..), _)| *of == day).collect();
        assert_eq!(spent.collect::<Vec<_>>(), expected);
    }
}

pub async fn sums_go_when_they_are_old(store: Subject) {
    let usage = [spent("helper", None, [1, 0, 0])];
    for number in 0..4 {
        for who in 0..60 {
            spend(&store, &format!("+155500001{who:02}"), &usage, START.plus(DAY * number)).await;
        }
    }
    let age = limits::USAGE_AGE_MAX;
    assert_eq!(store.sweep(START.plus(age)).await.map(|report| report.usage), Ok(0), "the first day is kept");
    assert_eq!(sums(&store).await.len(), 240);
    assert_eq!(store.sweep(START.plus(age + DAY * 2)).await.map(|report| report.usage), Ok(120));
    let left = sums(&store).await;
    assert_eq!(left.len(), 120);
    assert_eq!(left[0].day, first_day() + 2);
    assert_eq!(store.sweep(START.plus(age + DAY * 9)).await.map(|report| report.usage), Ok(120));
    assert_eq!(sums(&store).await, []);
}

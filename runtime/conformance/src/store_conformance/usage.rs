//! What answers cost: sums by day, conversation, assistant and model.

use super::{Subject, accept, accept_new, later, settlement};
use crate::messages::{START, id, scope, text_from};
use greenroom_contract::address::Address;
use greenroom_contract::assistant::{SpentBy, Usage, UsageRow};
use greenroom_contract::ids::ConversationId;
use greenroom_contract::limits;
use greenroom_contract::store::{Arrival, Outcome, Settlement};
use greenroom_contract::time::Timestamp;
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
    let usage = Usage { model: model.map(str::to_owned), tokens_in, tokens_out, tokens_cached, ..Usage::default() };
    SpentBy { assistant: id(assistant), usage }
}

fn row(day: u32, conversation: ConversationId, turns: u64, spent: SpentBy) -> UsageRow {
    UsageRow { day, conversation, assistant: spent.assistant, turns, usage: spent.usage }
}

/// A turn that cost this, at this moment.
async fn spend(store: &Subject, who: &str, usage: &[SpentBy], at: Timestamp) -> ConversationId {
    let (conversation, sequence) = accept_new(store, text_from(who, "q")).await;
    let end = Settlement { usage: usage.to_vec(), at, ..settlement(conversation, &[sequence]) };
    store.settle(end).await.expect("a waiting row");
    conversation
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
    let usage = vec![spent("helper", None, [u64::MAX, 1, 0])];
    let outcome = Outcome::Quarantined { reason: "it crashed".to_owned() };
    store.settle(Settlement { outcome, usage, ..settlement(conversation, &[sequence]) }).await.expect("a waiting row");
    spend(&store, ANA, &[spent("helper", None, [5, 2, 0])], START).await;
    let expected = row(first_day(), conversation, 2, spent("helper", None, [u64::MAX, 3, 0]));
    assert_eq!(sums(&store).await, [expected]);
}

/// Whoever answers names the models. Nothing that is spent is left out of the sums.
pub async fn models_without_end_make_sums_with_an_end(store: Subject) {
    let most = limits::USAGE_SUMS_PER_CONVERSATION_DAY_MAX;
    let models = most * 3;
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
    let lost = row(first_day(), ConversationId(0), 2, spent("helper", Some("large"), [20, 2, 0]));
    assert_eq!(sums(&store).await, [lost, row(first_day(), other, 1, usage[0].clone())]);
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

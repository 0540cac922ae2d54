//! Messages that networks bill: sums by day, account and category.

use super::{Subject, accept, accept_new, answer, parcel, waiting};
use crate::messages::{ACCOUNT, Refine, START, id, text_from};
use greenroom_contract::assistant::BilledRow;
use greenroom_contract::channel::Receipt;
use greenroom_contract::event::{Consequence, DeliveryStatus, StatusOf};
use greenroom_contract::ids::MessageId;
use greenroom_contract::limits;
use greenroom_contract::store::{Arrival, ParcelKey, StatusArrival};
use greenroom_contract::time::Timestamp;
use std::collections::BTreeMap;
use std::time::Duration;

const ANA: &str = "+15550000001";
const DAY: Duration = Duration::from_secs(24 * 3600);

/// The day on which tests begin.
fn first_day() -> u32 {
    (START.0 / DAY.as_millis() as u64) as u32
}

/// An answer that was sent, by its name on the network.
pub(super) async fn sent(store: &Subject, account: &str, number: usize) -> MessageId {
    let message = text_from(ANA, "q").in_account(account);
    let key = answer(store, message, &["a"]).await.1.remove(0);
    mark_sent(store, &key, number).await
}

async fn mark_sent(store: &Subject, key: &ParcelKey, number: usize) -> MessageId {
    let message: MessageId = id(format!("net-{number}"));
    store.sent(key, &Receipt { message: message.clone() }, START).await.expect("an unsent parcel");
    message
}

pub(super) fn told(
    account: &str,
    of: &MessageId,
    status: DeliveryStatus,
    billed_as: Option<&str>,
    at: Timestamp,
) -> Arrival {
    let billed_as = billed_as.map(str::to_owned);
    Arrival::Status(StatusArrival { account: id(account), of: StatusOf::Message(of.clone()), status, at, billed_as })
}

fn row(day: u32, account: &str, category: &str, messages: u64) -> BilledRow {
    BilledRow { day, account: id(account), category: category.to_owned(), messages }
}

pub(super) async fn billed(store: &Subject) -> Vec<BilledRow> {
    store.billed(0..=u32::MAX, limits::BILLED_SUMS_READ_MAX).await.expect("healthy")
}

/// A network tells the price with every status, more than once, in any order; and bills what it delivers.
pub async fn a_billed_message_counts_once_and_when_it_is_delivered(store: Subject) {
    use DeliveryStatus::{Delivered, Read, Sent};
    let service = Some("service");
    for (number, (statuses, counts)) in [
        (vec![(Sent, service), (Delivered, service), (Read, service)], true),
        (vec![(Delivered, service), (Delivered, service), (Sent, service), (Delivered, service)], true),
        (vec![(Sent, service), (Read, None)], true),
        (vec![(Read, None), (Sent, service)], true),
        (vec![(Sent, service), (Sent, service)], false),
        (vec![(Sent, None), (Delivered, None), (Read, None)], false),
        (vec![(Sent, service), (failed(), None)], false),
    ]
    .into_iter()
    .enumerate()
    {
        let before: u64 = billed(&store).await.iter().map(|row| row.messages).sum();
        let message = sent(&store, ACCOUNT, number).await;
        for (place, (status, billed_as)) in statuses.clone().into_iter().enumerate() {
            let at = START.plus(Duration::from_secs(place as u64));
            accept(&store, told(ACCOUNT, &message, status, billed_as, at)).await;
        }
        let after: u64 = billed(&store).await.iter().map(|row| row.messages).sum();
        assert_eq!(after - before, u64::from(counts), "{statuses:?}");
    }
    let unknown = told(ACCOUNT, &id("of another program"), Delivered, service, START);
    accept(&store, unknown).await;
    assert_eq!(billed(&store).await, [row(first_day(), ACCOUNT, "service", 4)]);
}

fn failed() -> DeliveryStatus {
    DeliveryStatus::Failed { reason: "131047".to_owned(), code: Some(131_047), then: Consequence::GivenUp }
}

/// A status that comes before it is known that its message was sent counts too.
pub async fn a_status_that_is_evidence_counts_its_message(store: Subject) {
    let (_, keys) = answer(&store, text_from(ANA, "q"), &["a"]).await;
    let name: MessageId = id(parcel(&store, &keys[0]).await.id.as_str());
    for status in [DeliveryStatus::Sent, DeliveryStatus::Delivered] {
        accept(&store, told(ACCOUNT, &name, status, Some("utility"), START)).await;
    }
    let message = mark_sent(&store, &keys[0], 1).await;
    accept(&store, told(ACCOUNT, &message, DeliveryStatus::Read, Some("utility"), START)).await;
    assert_eq!(billed(&store).await, [row(first_day(), ACCOUNT, "utility", 1)]);
}

pub async fn billed_messages_are_told_by_day_account_and_category(store: Subject) {
    let mut expected: BTreeMap<(u32, &str, &str), u64> = BTreeMap::new();
    let categories = ["service", "utility", "marketing"];
    for number in 0..60 {
        let (account, category) = ([ACCOUNT, "account-2"][number % 2], categories[number % 7 % 3]);
        let day = number as u32 % 5;
        let message = sent(&store, account, number).await;
        let at = START.plus(DAY * day);
        accept(&store, told(account, &message, DeliveryStatus::Delivered, Some(category), at)).await;
        *expected.entry((first_day() + day, account, category)).or_default() += 1;
    }
    let row = |((day, account, category), messages)| row(day, account, category, messages);
    let all: Vec<BilledRow> = expected.into_iter().map(row).collect();
    assert_eq!(billed(&store).await, all);
    let first = first_day();
    let of = |days: std::ops::RangeInclusive<u32>| all.iter().filter(move |row| days.contains(&row.day)).cloned();
    for days in [first..=first, first + 1..=first + 3, first + 4..=u32::MAX, first + 5..=first + 9] {
        assert_eq!(store.billed(days.clone(), 1_000).await, Ok(of(days).collect()));
    }
    assert_eq!(store.billed(first..=first + 9, 3).await, Ok(all[..3].to_vec()));
    // The clock of a network may say anything: a message is delivered while its parcel is there.
    let message = sent(&store, ACCOUNT, 1_000).await;
    accept(&store, told(ACCOUNT, &message, DeliveryStatus::Delivered, Some("service"), Timestamp(u64::MAX))).await;
    let last = billed(&store).await.last().map(|row| row.day);
    assert!(last.is_some_and(|day| day <= first + 7), "{last:?}");
}

/// An adapter names the categories, and a network the words from which it makes them.
pub async fn categories_without_end_make_sums_with_an_end(store: Subject) {
    let messages = limits::BILLED_CATEGORIES_PER_DAY_MAX * 3;
    for number in 0..messages {
        let message = sent(&store, ACCOUNT, number).await;
        let category = format!("{}{number:0>3}", "x".repeat(number * 7 % 200));
        accept(&store, told(ACCOUNT, &message, DeliveryStatus::Delivered, Some(&category), START)).await;
    }
    let sums = billed(&store).await;
    assert_eq!(sums.iter().map(|row| row.messages).sum::<u64>(), messages as u64);
    assert!(sums.len() <= limits::BILLED_CATEGORIES_PER_DAY_MAX + 1, "{}", sums.len());
    assert!(sums.iter().all(|row| row.category.len() <= limits::BILLED_CATEGORY_BYTES_MAX));
}

/// They name no person, so they stay when one is forgotten; and they go when they are old.
pub async fn sums_of_billed_messages_stay_until_they_are_old(store: Subject) {
    let message = sent(&store, ACCOUNT, 1).await;
    accept(&store, told(ACCOUNT, &message, DeliveryStatus::Delivered, Some("service"), START)).await;
    let person = waiting(&store, accept_new(&store, text_from(ANA, "q")).await.0).await[0].person;
    store.forget_person(person).await.expect("she wrote");
    accept(&store, told(ACCOUNT, &message, DeliveryStatus::Read, Some("service"), START)).await;
    assert_eq!(billed(&store).await, [row(first_day(), ACCOUNT, "service", 1)]);
    store.sweep(START.plus(limits::USAGE_AGE_MAX)).await.expect("healthy");
    assert_eq!(billed(&store).await.len(), 1, "the first day is kept");
    store.sweep(START.plus(limits::USAGE_AGE_MAX + DAY * 2)).await.expect("healthy");
    assert_eq!(billed(&store).await, []);
}

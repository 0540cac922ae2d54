//! Rules of [`greenroom_contract::store::Traces`] and [`greenroom_contract::store::Maintenance`].

use super::{Subject, accept, accept_new, answer, draft, later, parcel, past, settlement, waiting, waiting_texts};
use crate::messages::{ACCOUNT, Refine, START, id, text_from};
use greenroom_contract::channel::Receipt;
use greenroom_contract::limits;
use greenroom_contract::store::{Accepted, Settlement, StoreError};
use greenroom_contract::trace::{Decision, Ignored, Step};
use std::time::Duration;

const ANA: &str = "+15550000001";
const BEN: &str = "+15550000002";

fn answered() -> Step {
    Step::new(later(2), Decision::Answered { took_ms: 7, parcels: 1 })
}

pub async fn why_tells_the_life_of_a_message(store: Subject) {
    let message = text_from(ANA, "q");
    let (conversation, sequence) = accept_new(&store, message.clone()).await;
    let end = Settlement {
        parcels: vec![draft(&message, "a")],
        steps: vec![answered()],
        at: later(2),
        ..settlement(conversation, &[sequence])
    };
    let key = store.settle(end).await.expect("a waiting row").parcels.remove(0);
    store.sent(&key, &Receipt { message: id("net-1") }, later(3)).await.expect("an unsent parcel");
    let traces = store.why(&message.key.message, None).await.expect("healthy");
    assert_eq!(traces.len(), 1);
    let trace = &traces[0];
    assert_eq!(trace.message, message.key.message);
    assert_eq!(trace.account, message.key.account);
    assert_eq!(trace.conversation, conversation);
    assert_eq!(trace.sequence, Some(sequence));
    let steps: Vec<&Step> = trace.steps.iter().chain(trace.parcels.iter().flat_map(|one| &one.steps)).collect();
    let admitted = |step: &&Step| matches!(&step.what, Decision::Admitted { by } if by == "* (file)");
    assert!(steps.iter().any(admitted), "{steps:?}");
    assert!(steps.contains(&&answered()), "{steps:?}");
    let sent = |step: &&Step| matches!(&step.what, Decision::Sent { message } if message.as_str() == "net-1");
    assert!(steps.iter().any(sent), "{steps:?}");
    assert_eq!(trace.parcels.len(), 1);
    assert_eq!(trace.parcels[0].state, "sent");
    assert_eq!(store.why(&id("never seen"), None).await, Ok(vec![]));
}

pub async fn why_finds_the_cause_of_our_own_message(store: Subject) {
    let message = text_from(ANA, "q");
    let (_, keys) = answer(&store, message.clone(), &["a"]).await;
    let name = parcel(&store, &keys[0]).await.id;
    let traces = store.why(&id(name.as_str()), None).await.expect("healthy");
    assert_eq!(traces.len(), 1, "by the id we chose, before it is sent");
    assert_eq!(traces[0].message, message.key.message);
    store.sent(&keys[0], &Receipt { message: id("net-1") }, START).await.expect("an unsent parcel");
    let traces = store.why(&id("net-1"), None).await.expect("healthy");
    assert_eq!(traces.len(), 1, "by the id of the network, after it");
    assert_eq!(traces[0].parcels[0].id, name);
}

pub async fn why_is_asked_for_one_account_or_for_all(store: Subject) {
    let base = || text_from(ANA, "q").with_id("m-1");
    accept_new(&store, base()).await;
    accept_new(&store, base().in_account("account-2")).await;
    let count = |traces: Result<Vec<greenroom_contract::trace::Trace>, StoreError>| traces.map(|all| all.len());
    assert_eq!(count(store.why(&id("m-1"), None).await), Ok(2));
    assert_eq!(count(store.why(&id("m-1"), Some(&id("account-2"))).await), Ok(1));
    assert_eq!(count(store.why(&id("m-1"), Some(&id("account-3"))).await), Ok(0));
}

pub async fn why_never_holds_what_was_said(store: Subject) {
    let message = text_from(ANA, "the secret question");
    let (conversation, sequence) = accept_new(&store, message.clone()).await;
    let waiting = store.why(&message.key.message, None).await.expect("healthy");
    let end =
        Settlement { parcels: vec![draft(&message, "the secret answer")], ..settlement(conversation, &[sequence]) };
    store.settle(end).await.expect("a waiting row");
    let settled = store.why(&message.key.message, None).await.expect("healthy");
    let told = format!("{waiting:?} {settled:?} {:?}", store.latest(10).await);
    assert!(!told.contains("secret"), "{told}");
}

pub async fn the_latest_messages_come_first(store: Subject) {
    for (number, who) in [ANA, BEN, ANA, BEN].into_iter().enumerate() {
        let message = text_from(who, "q").with_id(&format!("m-{number}"));
        if number == 2 {
            accept(&store, message.refused(Ignored::NotAddressed)).await;
        } else {
            accept_new(&store, message).await;
        }
    }
    let latest = store.latest(3).await.expect("healthy");
    let ids: Vec<_> = latest.iter().map(|trace| trace.message.to_string()).collect();
    assert_eq!(ids, ["m-3", "m-2", "m-1"]);
    assert_eq!(store.latest(100).await.map(|all| all.len()), Ok(4));
}

pub async fn sweeping_removes_by_age_only(store: Subject) {
    let message = text_from(ANA, "q");
    let (_, keys) = answer(&store, message.clone(), &["a"]).await;
    store.sent(&keys[0], &Receipt { message: id("net-1") }, START).await.expect("an unsent parcel");
    let refused = text_from(BEN, "q");
    accept(&store, refused.clone().refused(Ignored::NobodyAdmitted)).await;
    let hour = Duration::from_secs(3600);

    let report = store.sweep(START.plus(hour)).await.expect("healthy");
    assert_eq!((report.dedup_keys, report.traces, report.turns), (0, 0, 0), "nothing is old yet");
    assert_eq!(store.why(&message.key.message, None).await.map(|all| all.len()), Ok(1));

    store.sweep(START.plus(limits::TRACE_AGE_MAX + hour)).await.expect("healthy");
    assert_eq!(store.why(&message.key.message, None).await, Ok(vec![]), "the trace is too old");
    assert_eq!(store.why(&refused.key.message, None).await, Ok(vec![]));
    assert_eq!(store.parcel(&keys[0]).await, Ok(None), "and so is the sent parcel");
    assert_eq!(accept(&store, message.clone().admitted()).await, Accepted::Duplicate, "it is still recognised");
    assert_eq!(accept(&store, refused.clone().admitted()).await, Accepted::Duplicate);

    let report = store.sweep(START.plus(limits::DEDUP_AGE_MAX + hour)).await.expect("healthy");
    assert!(report.dedup_keys >= 2, "{report:?}");
    accept_new(&store, message).await;
}

pub async fn sweeping_never_touches_what_waits(store: Subject) {
    let (_, keys) = answer(&store, text_from(ANA, "q"), &["unsent"]).await;
    let (conversation, sequence) = accept_new(&store, text_from(ANA, "waits")).await;
    store.sweep(START.plus(Duration::from_secs(365 * 24 * 3600))).await.expect("healthy");
    assert_eq!(waiting_texts(&store, conversation).await, ["waits"]);
    assert_eq!(store.pending(&id(ACCOUNT), None, 10).await.map(|all| all.len()), Ok(1));
    assert_eq!(
        parcel(&store, &keys[0]).await.draft.body,
        greenroom_contract::outbound::OutboundBody::Text("unsent".to_owned())
    );
    store.settle(settlement(conversation, &[sequence])).await.expect("it can still be settled");
    store.sent(&keys[0], &Receipt { message: id("net-1") }, START).await.expect("and sent");
}

pub async fn history_is_cut_to_its_limit(store: Subject) {
    let turns = limits::HISTORY_TURNS_MAX + 5;
    let mut history = None;
    for number in 0..turns {
        let (conversation, sequence) = accept_new(&store, text_from(ANA, "q")).await;
        let key = waiting(&store, conversation).await[0].history;
        let turn = past(&format!("q{number}"), "a");
        let end = Settlement { history: Some((key, turn)), ..settlement(conversation, &[sequence]) };
        store.settle(end).await.expect("a waiting row");
        history = Some(key);
    }
    store.sweep(START).await.expect("healthy");
    let kept = store.recent(history.expect("turns were settled"), turns).await.expect("healthy");
    assert_eq!(kept.len(), limits::HISTORY_TURNS_MAX);
    assert_eq!(kept[0].asked, "q5", "the oldest left");
    assert_eq!(kept[kept.len() - 1].asked, format!("q{}", turns - 1));
    let key = history.expect("turns were settled");
    store.forget(key).await.expect("healthy");
    assert_eq!(store.recent(key, turns).await, Ok(vec![]));
}

pub async fn a_store_is_healthy_until_it_is_closed(store: Subject) {
    assert_eq!(store.store_health(), Ok(()));
    accept_new(&store, text_from(ANA, "q")).await;
    store.close().await.expect("healthy");
    let after = store.accept(vec![text_from(ANA, "late").admitted()]).await;
    assert_eq!(after, Err(StoreError::Closed));
    let after = store.vault_write(&id(ACCOUNT), vec![]).await;
    assert!(after.is_err(), "later calls fail");
}

//! Rules of messages that are seen before it is known what they say.

use super::{Subject, accept, accept_new, draft, settlement, waiting, waiting_texts};
use crate::messages::{Refine, id, text_from};
use greenroom_contract::message::{Body, Inbound, Unreadable};
use greenroom_contract::store::{Accepted, ParcelKind, Settlement};
use greenroom_contract::trace::Ignored;

const ANA: &str = "+15550000001";

/// The message, without what it says.
fn empty(message: &Inbound, what: Unreadable) -> Inbound {
    Inbound { body: Body::Unreadable(what), ..message.clone() }
}

async fn noted(store: &Subject, message: &Inbound, what: Unreadable) -> Accepted {
    accept(store, empty(message, what).refused(Ignored::Unreadable { what })).await
}

/// Everything that was decided about a message, in words.
async fn why(store: &Subject, message: &Inbound) -> String {
    let traces = store.why(&message.key.message, None).await.expect("healthy");
    let steps = traces.iter().flat_map(|trace| &trace.steps).map(|step| step.what.to_string());
    format!("{} trace(s): {}", traces.len(), steps.collect::<Vec<_>>().join("; "))
}

pub async fn a_message_whose_content_comes_later_is_no_repetition(store: Subject) {
    // Both when its author is known already, and when not.
    for earlier in [false, true] {
        let who = if earlier { ANA } else { "+15550000002" };
        if earlier {
            accept_new(&store, text_from(who, "before")).await;
        }
        let message = text_from(who, "at last").with_id(&format!("late-{earlier}"));
        assert_eq!(noted(&store, &message, Unreadable::Waiting).await, Accepted::Noted);
        assert!(why(&store, &message).await.contains("cannot be read yet"), "{}", why(&store, &message).await);
        let (conversation, _) = accept_new(&store, message.clone()).await;
        assert!(waiting_texts(&store, conversation).await.contains(&"at last".to_owned()));
        assert_eq!(accept(&store, message.clone().admitted()).await, Accepted::Duplicate, "now it is one");
        let told = why(&store, &message).await;
        assert!(
            told.starts_with("1 trace(s)") && told.contains("cannot be read yet") && told.contains("admitted"),
            "{told}"
        );
        let listed = store.latest(10).await.expect("healthy");
        assert_eq!(listed.iter().filter(|trace| trace.message == message.key.message).count(), 1);
    }
}

pub async fn a_message_that_was_given_up_is_answered_when_its_content_comes(store: Subject) {
    for explained in [false, true] {
        let message = text_from(ANA, "after all").with_id(&format!("given-up-{explained}"));
        let (conversation, row) = accept_new(&store, empty(&message, Unreadable::Lost)).await;
        if explained {
            let notice =
                greenroom_contract::store::ParcelDraft { kind: ParcelKind::Notice, ..draft(&message, "sorry") };
            let turn = Settlement { parcels: vec![notice], ..settlement(conversation, &[row]) };
            store.settle(turn).await.expect("a waiting row can be settled");
        }
        let (again, _) = accept_new(&store, message.clone()).await;
        assert_eq!(again, conversation);
        let rows = waiting(&store, conversation).await;
        assert_eq!(rows.len(), 1, "what only said that something is missing does not wait any more");
        assert_eq!(waiting_texts(&store, conversation).await, ["after all"]);
        let traces = store.why(&message.key.message, None).await.expect("healthy");
        assert_eq!(traces.iter().map(|trace| trace.parcels.len()).sum::<usize>(), usize::from(explained));
        assert_eq!(accept(&store, message.clone().admitted()).await, Accepted::Duplicate);
        store.settle(settlement(conversation, &[rows[0].sequence])).await.expect("it can be settled");
    }
}

pub async fn what_is_missing_is_noted_once(store: Subject) {
    let message = text_from(ANA, "never seen");
    assert_eq!(noted(&store, &message, Unreadable::Waiting).await, Accepted::Noted);
    assert_eq!(noted(&store, &message, Unreadable::Waiting).await, Accepted::Duplicate);
    let (_, _) = accept_new(&store, empty(&message, Unreadable::Lost)).await;
    assert_eq!(accept(&store, empty(&message, Unreadable::Lost).admitted()).await, Accepted::Duplicate);
    assert_eq!(noted(&store, &message, Unreadable::Waiting).await, Accepted::Duplicate);
    assert_eq!(store.rows_waiting().await, Ok(1));
}

pub async fn missing_content_never_takes_the_place_of_a_message(store: Subject) {
    let message = text_from(ANA, "here");
    let (conversation, _) = accept_new(&store, message.clone()).await;
    for what in Unreadable::ALL {
        assert_eq!(noted(&store, &message, what).await, Accepted::Duplicate);
        assert_eq!(accept(&store, empty(&message, what).admitted()).await, Accepted::Duplicate);
    }
    assert_eq!(waiting_texts(&store, conversation).await, ["here"]);
    // Another message of another person under the same id is another message.
    let other = text_from("+15550000003", "mine").with_id(message.key.message.as_str());
    assert_eq!(noted(&store, &other, Unreadable::Waiting).await, Accepted::Noted);
    accept_new(&store, other).await;
    let unknown: greenroom_contract::ids::MessageId = id("unknown");
    assert_eq!(store.why(&unknown, None).await, Ok(vec![]));
}

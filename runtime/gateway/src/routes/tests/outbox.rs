//! What is not sent, through the API.

use super::{ANA, server};
use greenroom_channel_loopback::{SendPlan, said};
use greenroom_client::ClientError;
use greenroom_contract::channel::SendError;
use greenroom_contract::store::ParcelVerdict;
use greenroom_contract::trace::{Decision, Step};
use greenroom_engine::Doors;
use std::time::Duration;

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_sent_is_listed_released_and_dropped() {
    let server = server().await;
    let client = server.client();
    let closed = || SendPlan::Fail(SendError::WindowClosed { reason: "24 hours are over".to_owned() });
    server.network.on_send("main", Box::new(move |_| closed()));
    let delivered = server.network.deliver("main", said::text(ANA, "hello")).await;
    delivered.acknowledged().await.unwrap();
    let listed = async || loop {
        match client.outbox().await.unwrap() {
            listed if listed.iter().any(|one| one.reason.contains("24 hours")) => return listed,
            _ => tokio::time::sleep(Duration::from_millis(10)).await,
        }
    };
    let listed = tokio::time::timeout(Duration::from_secs(30), listed()).await.unwrap();
    assert_eq!((listed.len(), listed[0].state.as_str(), listed[0].chat.as_str()), (1, "waiting", ANA));
    assert!(listed[0].reason.starts_with("it waits until the person writes"), "{listed:?}");
    let refused = client.release_unsent(&listed[0].id).await;
    assert!(matches!(refused, Err(ClientError::NotFound { .. })), "it is not held: {refused:?}");
    // Held, as an answer is that was refused for a day.
    let store = server.handle.whole_store();
    let held = store.unsent(None, 1).await.unwrap().remove(0);
    let step = Step::new(held.created_at, Decision::Held { reason: "expired".to_owned() });
    store.verdict(&held.key, ParcelVerdict::Held { reason: "expired".to_owned() }, step).await.unwrap();
    let details = client.health().await.unwrap().details.unwrap();
    assert_eq!((details.outbox_waiting, details.outbox_held), (0, 1));
    let next = details.problems[0].next.clone().unwrap();
    assert_eq!(serde_json::to_value(&next).unwrap()["action"], "review_outbox");
    server.network.on_send("main", Box::new(|_| SendPlan::Deliver));
    assert_eq!(client.release_all_unsent().await.unwrap().released, 1);
    let arrived = server.network.sent_to_reached(ANA, 1);
    tokio::time::timeout(Duration::from_secs(30), arrived).await.unwrap();
    // One that is given up never leaves, and stands there no longer.
    server.network.on_send("main", Box::new(move |_| closed()));
    let second = server.network.deliver("main", said::text(ANA, "and now?")).await;
    second.acknowledged().await.unwrap();
    let waiting = async || loop {
        match client.outbox().await.unwrap().first() {
            Some(one) if one.reason.contains("24 hours") => return one.id.clone(),
            _ => tokio::time::sleep(Duration::from_millis(10)).await,
        }
    };
    let given_up = tokio::time::timeout(Duration::from_secs(30), waiting()).await.unwrap();
    client.drop_unsent(&given_up).await.unwrap();
    assert_eq!(client.outbox().await.unwrap(), []);
    server.network.on_send("main", Box::new(|_| SendPlan::Deliver));
    server.handle.settled().await;
    assert_eq!(server.network.sent_to(ANA).len(), 1);
    let gone = client.drop_unsent(&given_up).await;
    assert!(matches!(gone, Err(ClientError::NotFound { .. })), "{gone:?}");
    let unknown = client.drop_unsent("3EB0").await;
    assert!(matches!(unknown, Err(ClientError::NotFound { .. })), "{unknown:?}");
}

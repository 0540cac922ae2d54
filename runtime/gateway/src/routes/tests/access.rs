//! Which rule admits or refuses someone, how many were refused, and when nothing could arrive, through the API.

use super::{ANA, server};
use greenroom_channel_loopback::said;
use greenroom_client::ClientError;
use greenroom_contract::channel::Ended;
use std::time::Duration;

const STRANGER: &str = "+15551234568";

#[tokio::test(flavor = "multi_thread")]
async fn the_rule_that_admits_is_named_and_a_stranger_comes_with_the_nearest_entry() {
    let server = server().await;
    let client = server.client();
    let access = client.explain_access(ANA, None, None).await.unwrap();
    let place = &access.places[0];
    assert_eq!((access.who.as_str(), place.channel.as_str(), place.admitted), (ANA, "front", true));
    assert_eq!(place.rules[0].key.as_deref(), Some("channels.front.allow_from"));
    let access = client.explain_access(STRANGER, Some("front"), None).await.unwrap();
    let place = &access.places[0];
    assert_eq!((place.admitted, place.cause.as_deref()), (false, Some("stranger")));
    assert_eq!(place.nearest.as_ref().unwrap().entry, ANA);
    client.allow("front", STRANGER).await.unwrap();
    let access = client.explain_access(STRANGER, None, None).await.unwrap();
    let rule = &access.places[0].rules[0];
    assert_eq!((rule.rule.as_str(), rule.by.as_deref(), rule.key.as_deref()), (STRANGER, Some("the API"), None));
    assert!(rule.at_ms.is_some());
    let group = client.explain_access("group:g", None, None).await.unwrap();
    assert!(group.places[0].admitted, "no list names a group: {group:?}");
    for wrong in ["15551234567", "nobody"] {
        let refused = client.explain_access(wrong, None, None).await;
        assert!(matches!(refused, Err(ClientError::Refused { .. })), "{refused:?}");
    }
    assert_eq!(client.explain_access(ANA, Some("back"), None).await.unwrap().places, []);
}

#[tokio::test(flavor = "multi_thread")]
async fn another_owner_sees_no_list_of_a_channel() {
    let server = server().await;
    let olga = server.owner("olga");
    let path = format!("/api/v1/access/explain?who=%2B{}", &ANA[1..]);
    let (status, told) = olga.get(&path).await;
    assert_eq!((status, &told["places"]), (200, &serde_json::json!([])));
    assert_eq!(olga.get("/api/v1/refusals?days=7").await, (200, serde_json::json!([])));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_refused_is_counted_by_day_and_cause_once_for_each_message() {
    let server = server().await;
    let client = server.client();
    for number in 0..3 {
        let said = said::text(STRANGER, "let me in").with_id(&format!("m{number}"));
        server.network.deliver("main", said.clone()).await.acknowledged().await.unwrap();
        // A copy counts nothing.
        server.network.deliver("main", said).await.acknowledged().await.unwrap();
    }
    let overheard = said::text(ANA, "good morning all").in_group("friends");
    server.network.deliver("main", overheard).await.acknowledged().await.unwrap();
    let counts = client.refusals(7).await.unwrap();
    let told: Vec<_> = counts.iter().map(|one| (one.cause.as_str(), one.what.as_str(), one.count)).collect();
    let expected =
        [("stranger", "not on the allow-list", 3), ("not_addressed", "group talk that does not address the bot", 1)];
    assert_eq!(told, expected);
    assert!(counts.iter().all(|one| one.day.len() == 10 && one.channel == "front"), "{counts:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_is_told_stage_by_stage_and_a_lost_connection_is_a_gap() {
    let server = server().await;
    let client = server.client();
    server.network.deliver("main", said::text(ANA, "hello").with_id("m1")).await;
    server.network.sent_count_reached(1).await;
    server.handle.settled().await;
    let way = client.why("m1").await.unwrap().remove(0).way;
    let stages: Vec<&str> = way.iter().map(|stage| stage.stage.as_str()).collect();
    let all = "identity dedup account admission addressing queue media assistant tools window cost outbox receipts";
    assert_eq!(stages, all.split(' ').collect::<Vec<_>>());
    assert!(way.iter().any(|stage| stage.stage == "outbox" && stage.what == "1 of 1 message(s) sent"), "{way:?}");
    server.network.cut("main", Ended::Dropped { reason: "the wire broke".to_owned() });
    let gap = async {
        loop {
            let gaps = client.sessions().await.unwrap().remove(0).gaps;
            match gaps.first() {
                Some(gap) if gap.until_ms.is_some() => return gap.clone(),
                _ => tokio::time::sleep(Duration::from_millis(10)).await,
            }
        }
    };
    let gap = tokio::time::timeout(Duration::from_secs(30), gap).await.unwrap();
    assert!(gap.reason.contains("the wire broke"), "{gap:?}");
}

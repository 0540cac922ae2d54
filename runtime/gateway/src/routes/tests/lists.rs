//! Allow-lists of channels and sessions over HTTP.

use super::linked::{linked, owned};
use super::{ANA, server};
use serde_json::{Value, json};

const BEN: &str = "+14155552671";
const CAT: &str = "+4915123456789";

/// The entries of a list, and which of them can be taken away.
fn entries(list: &Value) -> Vec<(&str, bool)> {
    let entries = list.as_array().unwrap().iter();
    entries.map(|one| (one["entry"].as_str().unwrap(), one["removable"].as_bool().unwrap())).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_list_of_a_channel_is_shown_replaced_and_kept_in_its_normal_form() {
    let server = server().await;
    let admin = server.admin();
    let path = "/api/v1/channels/front/allow";
    assert_eq!(entries(&admin.get(path).await.1), [(ANA, false)]);
    let wish = json!({ "entries": ["+1 (415) 555-2671", "group:g1", "+1.415.555.2671"] });
    let (status, list) = admin.put(path, wish).await;
    assert_eq!((status, entries(&list)), (200, vec![(ANA, false), (BEN, true), ("group:g1", true)]));
    let (status, entry) = admin.put(&format!("{path}/0049 151 23456789"), Value::Null).await;
    assert_eq!((status, &entry["entry"], entry.get("warning")), (200, &json!(CAT), None));
    assert_eq!(admin.put(path, json!({ "entries": [CAT] })).await.0, 200);
    assert_eq!(entries(&admin.get(path).await.1), [(ANA, false), (CAT, true)]);
    assert_eq!(admin.delete(&format!("{path}/{CAT}")).await.0, 204);
    // Twice, a typing mistake, and an entry of the configuration: none of them was taken away.
    for entry in [CAT, BEN, ANA] {
        let (status, problem) = admin.delete(&format!("{path}/{entry}")).await;
        assert!(status == 404 && problem["detail"].as_str().unwrap().contains(entry), "{problem}");
    }
    assert_eq!(admin.get("/api/v1/channels/back/allow").await.0, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_with_one_bad_entry_is_refused_as_a_whole_and_names_what_may_be_meant() {
    let server = server().await;
    let admin = server.admin();
    let path = "/api/v1/channels/front/allow";
    let (status, problem) = admin.put(path, json!({ "entries": [BEN, "14155552671"] })).await;
    assert_eq!((status, &problem["code"]), (422, &json!("near-miss")));
    assert!(problem["detail"].as_str().unwrap().ends_with(&format!("did you mean {BEN}?")), "{problem}");
    assert_eq!((&problem["next"]["action"], &problem["next"]["entry"]), (&json!("allow_entry"), &json!(BEN)));
    let (status, problem) = admin.put(path, json!({ "entries": ["ben"] })).await;
    assert_eq!((status, &problem["code"]), (422, &json!("bad-entry")));
    let many: Vec<String> = (0..1_001).map(|number| format!("+4915100{number:06}")).collect();
    let (status, problem) = admin.put(path, json!({ "entries": many })).await;
    assert_eq!((status, &problem["code"]), (409, &json!("list-full")));
    assert_eq!(entries(&admin.get(path).await.1), [(ANA, false)], "nothing was changed");
    // A number that no plan knows is taken with a word.
    let (status, entry) = admin.put(&format!("{path}/+999123456789"), Value::Null).await;
    assert!(status == 200 && entry["warning"].as_str().unwrap().contains("+999123456789"), "{entry}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_last_number_of_a_linked_session_stays() {
    let server = linked().await;
    let session = owned(&server, "olga", "+15557770001").await;
    let olga = server.owner("olga");
    let path = format!("/api/v1/sessions/{session}/allow");
    assert_eq!(olga.put(&path, json!({ "entries": [BEN] })).await.0, 200);
    assert_eq!(entries(&olga.get(&path).await.1), [(BEN, true)], "others' lists are not shown");
    // The configuration admits Ana too, so Ben may go.
    assert_eq!(olga.delete(&format!("{path}/{BEN}")).await.0, 204);
    assert_eq!(olga.put(&path, json!({ "entries": [BEN] })).await.0, 200);
    let mut alone = server.handle.blueprint();
    let mut part = alone.channels().next().unwrap();
    part.policy.allow_from = Vec::new();
    alone = alone.with_channel(part);
    server.handle.reconfigure(alone).await.unwrap();
    let last = async |reply: (u16, Value)| assert_eq!((reply.0, &reply.1["code"]), (409, &json!("last-number")));
    last(olga.delete(&format!("{path}/{BEN}")).await).await;
    last(olga.put(&path, json!({ "entries": [] })).await).await;
    last(olga.put(&path, json!({ "entries": ["group:g1"] })).await).await;
    assert_eq!(entries(&olga.get(&path).await.1), [(BEN, true)]);
    assert_eq!(olga.put(&path, json!({ "entries": [CAT] })).await.0, 200, "another one in its place is fine");
    assert_eq!(olga.delete(&format!("/api/v1/sessions/{session}")).await.0, 204);
    assert_eq!(olga.delete(&format!("{path}/{CAT}")).await.0, 204, "nobody is kept out of what is not linked");
}

#[tokio::test(flavor = "multi_thread")]
async fn two_who_take_the_last_two_numbers_away_at_once_leave_one() {
    let server = linked().await;
    let session = owned(&server, "olga", "+15557770001").await;
    let olga = server.owner("olga");
    let path = format!("/api/v1/sessions/{session}/allow");
    let mut alone = server.handle.blueprint();
    assert_eq!(olga.put(&path, json!({ "entries": [BEN] })).await.0, 200);
    let mut part = alone.channels().next().unwrap();
    part.policy.allow_from = Vec::new();
    alone = alone.with_channel(part);
    server.handle.reconfigure(alone).await.unwrap();
    for _ in 0..20 {
        assert_eq!(olga.put(&path, json!({ "entries": [BEN, CAT] })).await.0, 200);
        let (ben, cat) = (format!("{path}/{BEN}"), format!("{path}/{CAT}"));
        let (one, other) = tokio::join!(olga.delete(&ben), olga.delete(&cat));
        let mut statuses = [one.0, other.0];
        statuses.sort_unstable();
        assert_eq!(statuses, [204, 409]);
        assert_eq!(entries(&olga.get(&path).await.1).len(), 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_begins_with_the_list_that_it_was_asked_for() {
    let server = linked().await;
    let mut alone = server.handle.blueprint();
    let mut part = alone.channels().next().unwrap();
    part.policy.allow_from = Vec::new();
    alone = alone.with_channel(part);
    server.handle.reconfigure(alone).await.unwrap();
    let olga = server.owner("olga");
    let wish = |allow: Value| json!({ "channel": "front", "accept_risk": true, "allow": allow });
    let (status, problem) = olga.post("/api/v1/sessions", wish(json!([]))).await;
    assert_eq!((status, &problem["code"]), (409, &json!("allow-list-empty")));
    let (status, problem) = olga.post("/api/v1/sessions", wish(json!(["group:g1"]))).await;
    assert_eq!((status, &problem["code"]), (409, &json!("allow-list-empty")));
    let (status, problem) = olga.post("/api/v1/sessions", wish(json!(["14155552671"]))).await;
    assert_eq!((status, &problem["code"]), (422, &json!("near-miss")));
    assert_eq!(olga.get("/api/v1/sessions").await.1, json!([]), "nothing was begun");
    let (status, begun) = olga.post("/api/v1/sessions", wish(json!(["+1 415 555 2671"]))).await;
    assert_eq!(status, 201, "{begun}");
    let path = format!("/api/v1/sessions/{}/allow", begun["session"].as_str().unwrap());
    assert_eq!(entries(&olga.get(&path).await.1), [(BEN, true)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_of_another_owner_are_not_there() {
    let server = linked().await;
    let session = owned(&server, "olga", "+15557770001").await;
    let path = |session: &str, rest: &str| format!("/api/v1/sessions/{session}/allow{rest}");
    let entry = format!("/{BEN}");
    assert_eq!(server.owner("olga").put(&path(&session, &entry), Value::Null).await.0, 200);
    let otto = server.owner("otto");
    let alike = |real: (u16, Value), missing: (u16, Value)| {
        assert_eq!((real.0, real.1.to_string()), (404, missing.1.to_string().replace("acc-99", &session)));
    };
    alike(otto.get(&path(&session, "")).await, otto.get(&path("acc-99", "")).await);
    let wish = || json!({ "entries": [CAT] });
    alike(otto.put(&path(&session, ""), wish()).await, otto.put(&path("acc-99", ""), wish()).await);
    alike(otto.put(&path(&session, &entry), Value::Null).await, otto.put(&path("acc-99", &entry), Value::Null).await);
    alike(otto.delete(&path(&session, &entry)).await, otto.delete(&path("acc-99", &entry)).await);
    // The lists of channels hold for everybody, so they belong to whoever wrote the configuration.
    for channel in ["front", "back"] {
        let path = format!("/api/v1/channels/{channel}/allow");
        assert_eq!(otto.get(&path).await.0, 404);
        assert_eq!(otto.put(&path, wish()).await.0, 404);
        assert_eq!(otto.put(&format!("{path}{entry}"), Value::Null).await.0, 404);
    }
    assert_eq!(entries(&server.owner("olga").get(&path(&session, "")).await.1), [(BEN, true)]);
}

//! Any good post stays good with anything odd beside or inside it, and what cannot be read is named.
#![allow(clippy::unwrap_used, reason = "helpers of tests stand outside the test functions")]

mod posts;

use greenroom_contract::event::ChannelEvent;
use greenroom_contract::message::Body;
use posts::{change, decode, message, post};
use proptest::prelude::*;
use serde_json::{Value, json};

/// Anything that may stand in a post and says nothing that can be read.
fn junk() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,12}".prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 16, 4, |inner| {
        let key = prop_oneof![
            Just("id".to_owned()),
            Just("type".to_owned()),
            Just("value".to_owned()),
            Just("changes".to_owned()),
            Just("messages".to_owned()),
            "[a-z]{1,8}",
        ];
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            proptest::collection::btree_map(key, inner, 0..4).prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

/// Places of a post at which something may stand beside the good message, or inside what surrounds it.
fn put(post: &mut Value, place: usize, junk: Value, front: bool) {
    let changes = post["entry"][0]["changes"].as_array_mut().unwrap();
    let good = changes.len() - 1;
    let list = match place {
        0 => changes,
        1 => post["entry"].as_array_mut().unwrap(),
        2 => changes[good]["value"]["messages"].as_array_mut().unwrap(),
        3 => changes[good]["value"]["contacts"].as_array_mut().unwrap(),
        4 => {
            changes[good]["value"]["statuses"] = junk;
            return;
        }
        5 => {
            changes[good]["value"]["errors"] = junk;
            return;
        }
        6 => {
            changes[good]["value"]["messages"][0]["context"] = junk;
            return;
        }
        7 => {
            changes[good]["value"]["contacts"][0]["profile"] = junk;
            return;
        }
        8 => {
            changes[good]["odd"] = junk;
            return;
        }
        _ => {
            changes[good]["value"]["messages"][0]["odd"] = junk;
            return;
        }
    };
    list.insert(if front { 0 } else { list.len() }, junk);
}

/// What a parser of JSON refuses, and JSON allows.
const ODD: &[&str] = &["\"\\ud83d\"", "\"\\ude00x\"", "1e999", "-1e9999", "DEEP", "\"\u{0}\""];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3_000))]

    #[test]
    fn a_good_message_is_read_whatever_is_beside_or_inside_its_post(
        place in 0_usize..10, front in any::<bool>(), junk in junk(), odd in 0..ODD.len(), use_odd in any::<bool>(),
    ) {
        let good = json!({"contacts": [{"wa_id": "15551234567"}],
            "messages": [message(json!({"type": "text", "text": {"body": "good"}}))]});
        let mut body = post(json!([change("messages", good)]));
        put(&mut body, place, if use_odd { json!("@ODD@") } else { junk }, front);
        let odd = match ODD[odd] {
            "DEEP" => format!("{}1{}", "[".repeat(300), "]".repeat(300)),
            "\"\u{0}\"" => "\"\\u0000\"".to_owned(),
            other => other.to_owned(),
        };
        let text = body.to_string().replace("\"@ODD@\"", &odd);
        let post = decode(text.as_bytes());
        prop_assert!(post.is_ok(), "{text}: {post:?}");
        let said = post.unwrap().decoded.events.into_iter().filter(|(_, event)| {
            matches!(event, ChannelEvent::Message(inbound) if inbound.body == Body::Text("good".into()))
        });
        prop_assert_eq!(said.count(), 1, "{}", text);
    }

    /// Each part that is required is named when it is missing or of another type, and the post is taken.
    #[test]
    fn a_part_that_cannot_be_read_is_named(at in 0_usize..6, odd in prop_oneof![Just(Value::Null), Just(json!([])), Just(json!(true))]) {
        let mut raw = message(json!({"type": "text", "text": {"body": "x"}}));
        let mut body = post(json!([change("messages", json!({"messages": []}))]));
        let value = &mut body["entry"][0]["changes"][0];
        match at {
            0..=2 => {
                raw[["id", "type", "timestamp"][at]] = odd;
                value["value"]["messages"] = json!([raw]);
            }
            3 => value["field"] = odd,
            4 => value["value"]["metadata"] = odd,
            _ => body["entry"][0]["changes"] = if odd.is_array() { Value::Null } else { odd },
        }
        let post = decode(body.to_string().as_bytes()).unwrap();
        prop_assert_eq!((post.decoded.events.len(), post.decoded.unreadable.len()), (0, 1), "{}: {:?}", body, post);
    }
}

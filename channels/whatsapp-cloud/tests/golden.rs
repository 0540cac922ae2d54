//! Raw payload → events, for every kind: `golden/NAME.json` gives `golden/NAME.expected`.
//!
//! `UPDATE_GOLDEN=1 cargo test -p greenroom-channel-whatsapp-cloud --test golden` writes the expected files anew; the
//! difference is to be read.
#![allow(clippy::unwrap_used, reason = "helpers of tests stand outside the test functions")]

use greenroom_channel_whatsapp_cloud::normalize::{Owner, Post, normalize};
use greenroom_contract::ids::AccountId;
use greenroom_contract::webhook::WebhookError;
use proptest::prelude::*;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::PathBuf;

fn owner_of(number: &str) -> Owner {
    match number {
        "111" => Owner::Account(AccountId::new("account-1").unwrap()),
        "222" => Owner::Account(AccountId::new("account-2").unwrap()),
        "333" => Owner::NotReady,
        _ => Owner::Unknown,
    }
}

fn decode(body: &[u8]) -> Result<Post, WebhookError> {
    normalize(body, &owner_of)
}

fn shown(post: &Result<Post, WebhookError>) -> String {
    let shown = match post {
        Err(error) => json!({"refused": error.to_string()}),
        Ok(post) => {
            let unknown: BTreeMap<_, _> = post.decoded.unknown.iter().map(|u| (u.key.clone(), u.events)).collect();
            json!({"events": post.decoded.events, "unknown": unknown, "unreadable": post.decoded.unreadable,
                   "handovers": post.handovers, "standby": post.standby, "errors": post.errors, "stopped": post.stopped})
        }
    };
    serde_json::to_string_pretty(&shown).unwrap() + "\n"
}

fn cases() -> BTreeMap<PathBuf, Vec<u8>> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    files
        .filter(|path| path.extension().is_some_and(|e| e == "json"))
        .map(|p| (p.clone(), std::fs::read(p).unwrap()))
        .collect()
}

#[test]
fn every_kind_is_translated_as_written_down() {
    let mut differ = Vec::new();
    let cases = cases();
    assert!(cases.len() >= 55, "the golden files are missing");
    for (path, body) in cases {
        let got = shown(&decode(&body));
        let expected = path.with_extension("expected");
        if std::env::var_os("UPDATE_GOLDEN").is_some() {
            std::fs::write(&expected, got).unwrap();
        } else if std::fs::read_to_string(&expected).unwrap_or_default() != got {
            differ.push(format!("{}:\n{got}", path.display()));
        }
    }
    assert!(differ.is_empty(), "{} differ:\n{}", differ.len(), differ.join("\n"));
}

#[test]
fn what_is_no_post_of_meta_is_malformed() {
    let deep = format!("{}1{}", "[".repeat(100_000), "]".repeat(100_000));
    let wrong = ["", "{", "null", "[]", "17", "\"x\"", "{}", "{\"object\":\"page\",\"entry\":[]}", deep.as_str()];
    for body in wrong {
        let start: String = body.chars().take(60).collect();
        assert!(matches!(decode(body.as_bytes()), Err(WebhookError::Malformed { .. })), "{start}");
    }
    assert!(matches!(decode(b"{\"object\":\"\xff\xfe\"}"), Err(WebhookError::Malformed { .. })));
    assert!(matches!(decode(deep.as_bytes()), Err(WebhookError::Malformed { .. })));
}

/// Meta would repeat such a post for days; nothing in it could be read better then.
#[test]
fn a_post_of_meta_is_taken_even_if_nothing_in_it_can_be_read() {
    let inside = |entry: &str| format!("{{\"object\":\"whatsapp_business_account\",\"entry\":{entry}}}");
    let wrong = [
        "{\"object\":\"whatsapp_business_account\"}".to_owned(),
        inside("\"x\""),
        inside("[7]"),
        inside("[{\"changes\":7}]"),
        inside("[{\"changes\":[{\"field\":9}]}]"),
        inside("[{\"changes\":[null]}]"),
        inside("[{\"changes\":[{\"field\":\"messages\",\"value\":{}}]}]"),
        inside("[{\"changes\":[{\"field\":\"messages\",\"value\":null}]}]"),
        inside(
            "[{\"changes\":[{\"field\":\"messages\",\"value\":{\"metadata\":{\"phone_number_id\":\"111\"},\"messages\":{}}}]}]",
        ),
        inside(
            "[{\"changes\":[{\"field\":\"messages\",\"value\":{\"metadata\":{\"phone_number_id\":\"111\"},\"messages\":[{\"id\":5}]}}]}]",
        ),
    ];
    for body in wrong {
        let post = decode(body.as_bytes()).unwrap();
        assert_eq!((post.decoded.events.len(), post.decoded.unreadable.len()), (0, 1), "{body}: {post:?}");
    }
}

#[test]
fn a_configured_number_without_a_link_asks_for_another_delivery() {
    let body = std::fs::read_to_string(cases().keys().find(|p| p.ends_with("text.json")).unwrap()).unwrap();
    assert_eq!(decode(body.replace("\"111\"", "\"333\"").as_bytes()).unwrap_err(), WebhookError::NotReady);
}

/// Any JSON, not too deep.
fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        ".{0,12}".prop_map(Value::from),
        Just(json!("111")),
        Just(json!("x".repeat(2_000))),
    ];
    leaf.prop_recursive(3, 24, 4, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            proptest::collection::btree_map(
                prop_oneof![
                    Just("id".to_owned()),
                    Just("type".to_owned()),
                    Just("messages".to_owned()),
                    "[a-z_]{1,10}"
                ],
                inner,
                0..4
            )
            .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

/// Replaces what stands at the `at`-th place of a value, counted in depth.
fn replace(value: &mut Value, at: &mut usize, with: &Value) -> bool {
    if *at == 0 {
        *value = with.clone();
        return true;
    }
    *at -= 1;
    match value {
        Value::Array(list) => list.iter_mut().any(|inner| replace(inner, at, with)),
        Value::Object(map) => map.iter_mut().any(|(_, inner)| replace(inner, at, with)),
        _ => false,
    }
}

fn check(body: &[u8]) -> Result<(), TestCaseError> {
    let first = decode(body);
    prop_assert_eq!(&first, &decode(body), "the same bytes gave different events");
    if let Ok(post) = first {
        // Bounded: what comes out is in proportion to what went in.
        prop_assert!(post.decoded.events.len() <= body.len() / 10);
        prop_assert!(post.decoded.unreadable.len() <= 32 && post.decoded.unknown.len() <= 32);
        prop_assert!(shown(&Ok(post)).len() <= 100 * body.len() + 10_000);
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3_000))]

    #[test]
    fn no_bytes_break_it(bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
        check(&bytes)?;
    }

    #[test]
    fn no_json_breaks_it(value in any_json()) {
        check(value.to_string().as_bytes())?;
        let post = json!({"object": "whatsapp_business_account", "entry": [{"changes": [{"field": "messages",
            "value": {"metadata": {"phone_number_id": "111"}, "messages": [value.clone()], "statuses": [value.clone()],
                      "contacts": [value.clone()], "errors": [value]}}]}]});
        check(post.to_string().as_bytes())?;
    }

    #[test]
    fn no_mutation_of_a_real_post_breaks_it(
        case in any::<prop::sample::Index>(), at in 0_usize..60, with in any_json(),
        cut in any::<prop::sample::Index>(), flip in any::<(prop::sample::Index, u8)>(),
    ) {
        let cases: Vec<Vec<u8>> = cases().into_values().collect();
        let body = case.get(&cases);
        let mut value: Value = serde_json::from_slice(body).unwrap();
        replace(&mut value, &mut at.clone(), &with);
        check(value.to_string().as_bytes())?;
        check(&body[..cut.index(body.len())])?;
        let mut flipped = body.clone();
        let place = flip.0.index(flipped.len());
        flipped[place] ^= flip.1;
        check(&flipped)?;
    }
}

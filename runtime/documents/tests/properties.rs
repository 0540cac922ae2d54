//! Whatever is in a turn, its reader gets it; whatever is in an answer is what was meant; and no bytes at all are worse
//! than refused.
#![allow(clippy::unwrap_used, reason = "helpers of tests stand outside the test functions")]

mod common;

use common::{all, every_message, full, media, nothing, turn_of};
use greenroom_contract::assistant::{
    Answer, Content, HandOver, Markup, Quoting, Receiver, Reply, Turn, TurnMessage, Usage, Wake,
};
use greenroom_contract::choices::{Choice, Choices};
use greenroom_contract::limits::ASSISTANT_STATE_BYTES_MAX;
use greenroom_contract::message::{Location, Media};
use greenroom_contract::outbound::OutboundBody;
use greenroom_contract::time::Timestamp;
use greenroom_documents::limits::{ANSWER_BYTES_MAX, TURN_MEDIA_BYTES_MAX};
use greenroom_documents::turn::{Carrying, MessageContent};
use greenroom_documents::{AnswerDocument, DocumentError, MediaTable, TurnDocument, read, read_value};
use proptest::prelude::*;
use std::collections::BTreeMap;

// --- turns -------------------------------------------------------------------------------------

fn words() -> impl Strategy<Value = String> {
    prop_oneof![any::<String>(), "\\PC{0,20}", Just(String::new()), Just("line\nline\r\u{2028}\u{0}".to_owned())]
}

/// Millionths of a degree, a hand's breadth. What is finer is read with the error of one last place.
fn degrees(most: i32) -> impl Strategy<Value = f64> {
    (-most * 1_000_000..=most * 1_000_000).prop_map(|millionths| f64::from(millionths) / 1e6)
}

fn message() -> impl Strategy<Value = TurnMessage> {
    let every = every_message();
    let known = (0..every.len(), words()).prop_map(move |(which, words)| {
        let mut message = every[which].clone();
        if let Content::Text(text) = &mut message.content {
            *text = words;
        }
        message
    });
    let number = || prop_oneof![degrees(400), Just(f64::NAN), Just(f64::INFINITY), Just(-0.0)];
    let place = (number(), number()).prop_map(|(latitude, longitude)| {
        common::message("m", Content::Location(Location { latitude, longitude, name: None, address: None }))
    });
    let picture = proptest::collection::vec(any::<u8>(), 0..64).prop_map(|bytes| {
        common::message("m", Content::Image { media: Some(media("image/png", &bytes)), caption: None })
    });
    prop_oneof![known, place, picture]
}

fn turn() -> impl Strategy<Value = Turn> {
    let memory = proptest::option::of(proptest::collection::vec(any::<u8>(), 0..20));
    (proptest::collection::vec(message(), 1..6), memory, any::<u32>(), words()).prop_map(
        |(messages, state, attempt, name)| {
            let mut turn = turn_of(messages);
            turn.history = full().history;
            turn.overheard = full().overheard;
            turn.state = state.map(Into::into);
            turn.attempt = attempt;
            turn.sender.name = Some(name);
            turn
        },
    )
}

proptest! {
    #[test]
    fn every_turn_is_one_line_and_reads_as_it_was_written(turn in turn(), all_of_it in any::<bool>()) {
        let needs = if all_of_it { all() } else { nothing() };
        let (document, table) = TurnDocument::of(&turn, &needs, Carrying::InDocument);
        let line = document.to_line();
        prop_assert!(!line.contains(['\n', '\r']));
        let read: TurnDocument = serde_json::from_str(&line).unwrap();
        prop_assert_eq!(&read, &document);
        for (carried, (number, media)) in read.media.iter().zip(table.iter()) {
            prop_assert_eq!((carried.medium, carried.media()), (number, Some(media.clone())));
        }
    }

    /// A later version may say more, and an earlier reader reads it all the same.
    #[test]
    fn a_reader_of_a_turn_ignores_what_it_does_not_know(turn in turn(), key in "[a-z]{12}") {
        let (document, _) = TurnDocument::of(&turn, &all(), Carrying::InDocument);
        let mut value = serde_json::to_value(&document).unwrap();
        value[&key] = 1.into();
        value["chat"][&key] = 1.into();
        value["person"][&key] = 1.into();
        for message in value["messages"].as_array_mut().unwrap() {
            message[&key] = 1.into();
        }
        prop_assert_eq!(serde_json::from_value::<TurnDocument>(value).unwrap(), document);
    }
}

#[test]
fn a_kind_of_message_that_a_reader_does_not_know_is_no_error() {
    let mut value = serde_json::to_value(TurnDocument::of(&full(), &all(), Carrying::ByNumber).0).unwrap();
    value["messages"][0]["kind"] = "hologram".into();
    let read: TurnDocument = serde_json::from_value(value).unwrap();
    assert_eq!(read.messages[0].content, MessageContent::Unknown);
}

#[test]
fn media_that_are_too_many_are_named_without_their_bytes() {
    let large = |id: &str| {
        let bytes = vec![0; TURN_MEDIA_BYTES_MAX / 2];
        common::message(id, Content::Image { media: Some(media("image/png", &bytes)), caption: None })
    };
    let small = common::message("d", Content::Image { media: Some(media("image/png", b"x")), caption: None });
    let turn = turn_of(vec![large("a"), large("b"), large("c"), small]);
    let (document, table) = TurnDocument::of(&turn, &all(), Carrying::InDocument);
    let numbers = document.messages.iter().map(|message| match &message.content {
        MessageContent::Image { image: Some(image), .. } => image.medium,
        other => panic!("{other:?}"),
    });
    assert_eq!(numbers.collect::<Vec<_>>(), [Some(0), Some(1), None, None]);
    assert_eq!((table.bytes(), document.media.len()), (TURN_MEDIA_BYTES_MAX, 2));
}

// --- answers -----------------------------------------------------------------------------------

fn id() -> impl Strategy<Value = String> {
    "[a-z0-9]{1,12}"
}

fn medium() -> impl Strategy<Value = Media> {
    proptest::collection::vec(any::<u8>(), 0..32).prop_map(|bytes| media("application/octet-stream", &bytes))
}

fn body() -> impl Strategy<Value = OutboundBody> {
    let caption = || proptest::option::of(words());
    let options = proptest::collection::btree_map(id(), (words(), proptest::option::of(words())), 1..5);
    prop_oneof![
        words().prop_map(OutboundBody::Text),
        (medium(), caption()).prop_map(|(media, caption)| OutboundBody::Image { media, caption }),
        (medium(), words(), caption()).prop_map(|(media, name, caption)| OutboundBody::Document {
            media,
            name,
            caption
        }),
        medium().prop_map(|media| OutboundBody::Voice { media, sound: None }),
        (degrees(90), degrees(180), caption()).prop_map(|(latitude, longitude, name)| {
            OutboundBody::Location(Location { latitude, longitude, name, address: None })
        }),
        (id(), proptest::option::of("[a-z]{1,3}"))
            .prop_map(|(to, emoji)| OutboundBody::Reaction { to: to.parse().unwrap(), emoji }),
        (words(), options, caption()).prop_map(|(text, options, open_label)| {
            let options = options.into_iter().map(|(id, (title, detail))| Choice { id, title, detail }).collect();
            OutboundBody::Choices(Choices { text, options, open_label })
        }),
    ]
}

fn reply() -> impl Strategy<Value = Reply> {
    let markup = prop_oneof![Just(Markup::Plain), Just(Markup::Markdown)];
    let quoting = prop_oneof![Just(Quoting::WhereUseful), Just(Quoting::Always), Just(Quoting::Never)];
    (body(), markup, quoting).prop_map(|(body, markup, quoting)| Reply { body, quoting, markup })
}

fn hand_over() -> impl Strategy<Value = HandOver> {
    let to = prop_oneof![
        Just(Receiver::Human),
        Just(Receiver::Configured),
        id().prop_map(|name| Receiver::Assistant(format!("a-{name}").parse().unwrap())),
    ];
    (to, any::<bool>()).prop_map(|(to, stays)| HandOver { to, stays })
}

fn answer() -> impl Strategy<Value = Answer> {
    // A cost is a number of units in a document, which is exact up to a thousand million of them.
    let cost = 0..1_000_000_000_000_000_u64;
    let usage = (proptest::option::of(words()), any::<u64>(), any::<u64>(), any::<u64>(), cost).prop_map(
        |(model, tokens_in, tokens_out, tokens_cached, cost_millionths)| Usage {
            model,
            tokens_in,
            tokens_out,
            tokens_cached,
            cost_millionths,
        },
    );
    let state = proptest::option::of(proptest::collection::btree_map(words(), words(), 0..4));
    let wake = (any::<u64>(), words()).prop_map(|(at, token)| Wake { at: Timestamp(at), token });
    (
        proptest::collection::vec(reply(), 0..5),
        state,
        proptest::collection::vec(wake, 0..3),
        proptest::collection::vec(words(), 0..3),
        proptest::option::of(hand_over()),
        any::<bool>(),
        proptest::collection::vec(usage, 0..3),
    )
        .prop_map(|(replies, state, wake, cancel_wakes, hand_over, forget, usage)| {
            let state = state.map(|state: BTreeMap<String, String>| match state.len() {
                0 => bytes::Bytes::new(),
                _ => serde_json::to_vec(&state).unwrap().into(),
            });
            Answer { replies, state, wake, cancel_wakes, hand_over, forget, usage, worded: false, notes: Vec::new() }
        })
}

proptest! {
    #[test]
    fn every_answer_is_read_as_it_was_meant(answer in answer(), turn in turn()) {
        let (_, table) = TurnDocument::of(&turn, &all(), Carrying::InDocument);
        let document = serde_json::to_vec(&AnswerDocument::of(&answer, &table)).unwrap();
        prop_assert_eq!(read(&document, &table), Ok(answer.clone()));
        let value = serde_json::from_slice(&document).unwrap();
        prop_assert_eq!(read_value(value, &table), Ok(answer));
    }

    /// A key too many, wherever it stands, is refused and named: it would be silence else.
    #[test]
    fn no_unknown_key_is_passed_over(answer in answer(), key in "[a-z]{12}", at in any::<prop::sample::Index>()) {
        let mut value = serde_json::to_value(AnswerDocument::of(&answer, &MediaTable::default())).unwrap();
        let memory = value.as_object_mut().unwrap().remove("memory");
        let mut objects = Vec::new();
        paths(&value, String::new(), &mut objects);
        value.as_object_mut().unwrap().extend(memory.map(|memory| ("memory".to_owned(), memory)));
        let pointer = &objects[at.index(objects.len())];
        value.pointer_mut(pointer).unwrap()[&key] = 1.into();
        let error = read_value(value, &MediaTable::default()).unwrap_err();
        prop_assert!(matches!(&error, DocumentError::Wrong { reason, .. } if reason.contains(&key)), "{error} {pointer}");
    }

    #[test]
    fn no_bytes_are_worse_than_refused(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = read(&bytes, &MediaTable::default());
    }

    /// A document that is cut anywhere is refused, and never half an answer.
    #[test]
    fn half_a_document_is_no_answer(answer in answer(), at in any::<prop::sample::Index>()) {
        let document = serde_json::to_vec(&AnswerDocument::of(&answer, &MediaTable::default())).unwrap();
        let half = &document[..at.index(document.len())];
        prop_assert!(read(half, &MediaTable::default()).is_err());
    }
}

/// The JSON pointers of all objects in a value.
fn paths(value: &serde_json::Value, at: String, found: &mut Vec<String>) {
    match value {
        serde_json::Value::Object(object) => {
            for (key, inner) in object {
                paths(inner, format!("{at}/{key}"), found);
            }
            found.push(at);
        }
        serde_json::Value::Array(list) => {
            for (index, inner) in list.iter().enumerate() {
                paths(inner, format!("{at}/{index}"), found);
            }
        }
        _ => {}
    }
}

#[test]
fn what_is_too_large_is_refused_before_it_is_parsed() {
    let document = vec![b' '; ANSWER_BYTES_MAX + 1];
    assert_eq!(read(&document, &MediaTable::default()), Err(DocumentError::TooLong));
    let memory = format!(r#"{{"memory":{{"a":"{}"}}}}"#, "x".repeat(ASSISTANT_STATE_BYTES_MAX));
    let error = read(memory.as_bytes(), &MediaTable::default()).unwrap_err().to_string();
    assert!(error.starts_with("the answer is not understood at memory: takes 262152 bytes"), "{error}");
    let deep = "[".repeat(100_000);
    assert!(read(format!(r#"{{"replies":{deep}"#).as_bytes(), &MediaTable::default()).is_err());
}

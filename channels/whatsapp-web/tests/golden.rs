//! Decrypted message → events, for every kind: the case NAME gives `golden/NAME.json`.
//!
//! `UPDATE_GOLDEN=1 cargo test -p greenroom-channel-whatsapp-web --test golden` writes the files anew; the difference
//! is to be read.
#![allow(clippy::unwrap_used, reason = "helpers of tests stand outside the test functions")]

mod cases;

use cases::{Case, cases};
use greenroom_channel_whatsapp_web::messages::inbound::{normalize, same_person};
use greenroom_contract::event::ChannelEvent;
use greenroom_contract::limits;
use greenroom_contract::message::{Addressing, Body, Inbound};
use proptest::prelude::*;
use std::collections::BTreeSet;
use std::path::PathBuf;
use whatsapp_rust::waproto::buffa::MessageField;
use whatsapp_rust::waproto::codec;
use whatsapp_rust::waproto::whatsapp as wa;

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden")
}

#[test]
fn every_kind_is_translated_as_written_down() {
    let mut differ = Vec::new();
    let mut names = BTreeSet::new();
    for case in cases() {
        assert!(names.insert(case.name), "two cases are called {}", case.name);
        // What is translated was on the wire.
        let message = codec::message_decode(&codec::message_to_vec(&case.message)).unwrap();
        let got = serde_json::to_string_pretty(&normalize(&message, &case.envelope)).unwrap() + "\n";
        let path = folder().join(case.name).with_extension("json");
        if std::env::var_os("UPDATE_GOLDEN").is_some() {
            std::fs::write(&path, got).unwrap();
        } else if std::fs::read_to_string(&path).unwrap_or_default() != got {
            differ.push(format!("{}:\n{got}", case.name));
        }
    }
    let files = std::fs::read_dir(folder()).unwrap().map(|file| file.unwrap().path());
    for file in files {
        let name = file.file_stem().unwrap().to_str().unwrap().to_owned();
        assert!(names.contains(name.as_str()), "{name}.json belongs to no case");
    }
    assert!(differ.is_empty(), "{} differ:\n{}", differ.len(), differ.join("\n"));
}

fn case(name: &str) -> Case {
    cases().into_iter().find(|case| case.name == name).unwrap_or_else(|| panic!("no case {name}"))
}

fn inbound(case: &Case) -> Inbound {
    match normalize(&case.message, &case.envelope).pop() {
        Some(ChannelEvent::Message(inbound)) => *inbound,
        other => panic!("{other:?}"),
    }
}

/// The rules behind the golden files, said once each.
#[test]
fn we_are_recognised_by_each_of_our_addresses() {
    for name in ["group_mention_by_lid", "group_mention_by_number", "group_mention_of_our_device"] {
        assert_eq!(inbound(&case(name)).addressing, Addressing::Mentioned, "{name}");
    }
    for name in ["group_reply_to_us", "group_reply_to_our_device", "group_reaction_to_us"] {
        assert_eq!(inbound(&case(name)).addressing, Addressing::Replied, "{name}");
    }
    for name in ["group_overheard", "group_reply_to_somebody", "group_mention_of_somebody"] {
        assert_eq!(inbound(&case(name)).addressing, Addressing::Overheard, "{name}");
    }
}

#[test]
fn a_person_has_one_id_wherever_they_write() {
    let ids: BTreeSet<_> = ["text", "text_by_lid", "group_overheard", "text_from_another_device"]
        .map(|name| inbound(&case(name)).sender.id)
        .into_iter()
        .collect();
    assert_eq!(ids.len(), 1, "{ids:?}");
}

#[test]
fn two_addresses_of_one_person_are_told() {
    assert!(
        matches!(same_person(&case("text").envelope), Some(ChannelEvent::SamePerson { addresses }) if addresses.len() == 2)
    );
    assert_eq!(same_person(&case("text_by_number_only").envelope), None);
}

fn check(events: &[ChannelEvent]) {
    assert!(events.len() <= 2);
    for event in events {
        let ChannelEvent::Message(inbound) = event else { continue };
        assert!(inbound.sender.addresses.len() <= limits::ADDRESSES_MAX);
        assert!(inbound.sender.name.as_ref().is_none_or(|name| name.len() <= limits::NAME_BYTES_MAX));
        let media = match &inbound.body {
            Body::Text(words) => {
                assert!(words.len() <= limits::TEXT_BYTES_MAX);
                None
            }
            Body::Image { media, .. } | Body::Voice { media, .. } | Body::Document { media, .. } => Some(media),
            Body::Unsupported { kind, .. } => {
                assert!(!kind.is_empty() && !kind.contains(' '));
                None
            }
            Body::Choice { id, title } => {
                assert!(!id.trim().is_empty() && id.len() <= 4 * 256 && title.len() <= limits::NAME_BYTES_MAX);
                None
            }
            Body::Location(place) => {
                let texts = [&place.name, &place.address];
                assert!(
                    place.is_on_earth() && texts.into_iter().flatten().all(|text| text.len() <= limits::NAME_BYTES_MAX)
                );
                None
            }
            Body::Contacts(contacts) => {
                assert!(!contacts.is_empty() && contacts.len() <= limits::CONTACTS_PER_MESSAGE_MAX);
                let all = contacts.iter().flat_map(|contact| contact.phones.iter().chain(&contact.name));
                assert!(all.clone().all(|text| text.len() <= limits::NAME_BYTES_MAX));
                assert!(contacts.iter().all(|contact| contact.phones.len() <= limits::NUMBERS_PER_CONTACT_MAX));
                None
            }
            Body::Reaction { .. } | Body::Unreadable(_) | Body::Event { .. } => None,
        };
        if let Some(media) = media {
            assert!(media.token.to_string().len() < 8 * 1024 && media.mime.len() <= limits::NAME_BYTES_MAX);
        }
    }
}

#[test]
fn a_text_too_long_is_cut_and_marked() {
    let message = wa::Message { conversation: Some("ü".repeat(200_000)), ..Default::default() };
    let Some(ChannelEvent::Message(inbound)) = normalize(&message, &case("text").envelope).pop() else { panic!() };
    let Body::Text(words) = inbound.body else { panic!("{:?}", inbound.body) };
    assert!(words.len() <= limits::TEXT_BYTES_MAX && words.ends_with("ü…"), "{} bytes", words.len());
}

#[test]
fn nesting_without_end_is_nothing() {
    let mut message = case("text").message;
    for _ in 0..40 {
        let layer = wa::message::FutureProofMessage { message: MessageField::some(message) };
        message = wa::Message { ephemeral_message: MessageField::some(layer), ..Default::default() };
    }
    assert_eq!(normalize(&message, &case("text").envelope), []);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_can_be_decoded_is_translated(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        if let Ok(message) = codec::message_decode(&bytes) {
            check(&normalize(&message, &case("text").envelope));
        }
    }

    #[test]
    fn damaged_messages_are_translated_or_nothing(
        which in any::<prop::sample::Index>(),
        of in any::<prop::sample::Index>(),
        damages in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..12),
        cut in any::<prop::sample::Index>(),
    ) {
        let all = cases();
        let mut bytes = codec::message_to_vec(&which.get(&all).message);
        if !bytes.is_empty() {
            for (place, byte) in damages {
                let place = place.index(bytes.len());
                bytes[place] = byte;
            }
            bytes.truncate(cut.index(bytes.len()) + 1);
        }
        if let Ok(message) = codec::message_decode(&bytes) {
            check(&normalize(&message, &of.get(&all).envelope));
        }
    }

    #[test]
    fn strange_envelopes_are_translated_or_nothing(
        id in ".{0,600}",
        name in ".{0,400}",
        chat in "[a-z0-9:.@]{0,30}",
        words in ".{0,40}",
    ) {
        let mut case = case("text");
        case.envelope.id = id;
        case.envelope.name = name;
        if let Ok(chat) = chat.parse() {
            case.envelope.chat = chat;
        }
        let message = wa::Message { conversation: Some(words), ..Default::default() };
        check(&normalize(&message, &case.envelope));
    }
}

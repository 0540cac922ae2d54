//! What an assistant owes to each turn.

use super::stage::numbered;
use super::{Stage, UnderTest};
use crate::turns::turn;
use bytes::Bytes;
use greenroom_contract::assistant::{Content, NotDelivered, Quoted, Wake};
use greenroom_contract::limits;
use greenroom_contract::message::{Contact, Location, Media};
use greenroom_contract::outbound::OutboundBody;
use greenroom_contract::time::Timestamp;
use greenroom_contract::transcriber::Transcript;
use std::time::Duration;

fn id<T: std::str::FromStr<Err: std::fmt::Debug>>(text: &str) -> T {
    text.parse().expect("a short word is an id")
}

fn words(text: &str) -> String {
    text.to_owned()
}

fn medium(mime: &str) -> Media {
    Media { mime: words(mime), bytes: Bytes::from_static(b"bytes") }
}

/// One message of each kind but reactions, each also with what may be missing.
fn kinds() -> Vec<Content> {
    let transcript = |text: &str| Transcript {
        text: words(text),
        language: Some(words("en")),
        duration: Duration::from_secs(2),
        confidence: None,
    };
    let place = Location { latitude: 47.4, longitude: 8.5, name: None, address: Some(words("Main Street 1")) };
    let contact = Contact { name: Some(words("Ben")), phones: vec![words("+1 555 765 4321")] };
    vec![
        Content::Text(words("hello")),
        Content::Text(String::new()),
        Content::Image { media: Some(medium("image/png")), caption: Some(words("look")) },
        Content::Image { media: None, caption: None },
        Content::Voice(transcript("hello")),
        Content::Voice(transcript("")),
        Content::Choice { id: words("some/id/0"), title: words("Some title") },
        Content::Choice { id: String::new(), title: String::new() },
        Content::Document { media: Some(medium("application/pdf")), name: Some(words("a.pdf")), caption: None },
        Content::Document { media: None, name: None, caption: None },
        Content::Location(Location { name: Some(words("Here")), ..place.clone() }),
        Content::Location(Location { latitude: -90.0, longitude: 180.0, name: None, address: None }),
        Content::Contacts(vec![contact, Contact::default()]),
        Content::Wake { token: words("tea") },
        Content::Unsupported { kind: words("sticker"), caption: String::new() },
    ]
}

pub async fn any_kind_of_message_is_answered(assistant: UnderTest) {
    let stage = Stage::of(assistant);
    for (number, content) in (1..).zip(kinds()) {
        stage.ask(&numbered(turn("").instead(content), number, None)).await;
    }
}

pub async fn any_words_are_answered(assistant: UnderTest) {
    let stage = Stage::of(assistant);
    let long = "long ".repeat(limits::TEXT_BYTES_MAX / 5);
    let strange = [
        "",
        " \n\t",
        "\0\u{1b}[31m",
        "{}[]\"'\\",
        "{{name}}",
        "**__``",
        "\u{202e}\u{200d}",
        "👩‍👧",
        "/help",
        "-1",
        &long,
    ];
    for (number, words) in (1..).zip(strange) {
        stage.say(number, words, None).await;
    }
}

pub async fn messages_that_were_collected_are_answered(assistant: UnderTest) {
    let stage = Stage::of(assistant);
    let draft = kinds()
        .into_iter()
        .cycle()
        .take(limits::ROWS_PER_TURN_MAX - 1)
        .fold(turn("hello"), super::super::turns::TurnDraft::and);
    stage.ask(&numbered(draft, 1, None)).await;
}

pub async fn a_turn_in_a_group_with_all_that_can_come_along_is_answered(assistant: UnderTest) {
    let stage = Stage::of(assistant);
    let draft =
        turn("hello").in_group().named("Ana").overheard(["psst"]).history([("hi", "hello!"), ("tea?", "")]).attempt(3);
    let mut full = numbered(draft, 1, None);
    full.messages[0].quote = Some(Quoted {
        message: id("m0"),
        sender: Some(id("ana")),
        text: Some(words("what was said")),
        ours: true,
        claimed: true,
    });
    full.wakes = vec![Wake { at: full.now.plus(Duration::from_secs(60)), token: words("tea") }];
    full.undelivered = vec![NotDelivered { at: full.now, reason: words("not on the network") }];
    full.time_zone = Some(words("Europe/Zurich"));
    full.language = Some(words("de-CH"));
    stage.ask(&full).await;
    full.time_zone = Some(words("No/Where"));
    full.language = Some(words("-"));
    full.sender.name = None;
    full.sender.addresses.clear();
    full.now = Timestamp(u64::MAX);
    stage.ask(&full).await;
}

pub async fn the_same_turn_is_answered_in_each_attempt(assistant: UnderTest) {
    let stage = Stage::of(assistant);
    let mut same = numbered(turn("hello"), 1, None);
    for attempt in 1..=limits::ATTEMPTS_MAX {
        same.attempt = attempt;
        stage.ask(&same).await;
    }
}

pub async fn a_state_of_another_shape_does_not_break_it(assistant: UnderTest) {
    let stage = Stage::of(assistant);
    let large = "x".repeat(limits::ASSISTANT_STATE_BYTES_MAX);
    let states = ["", "\u{1}", "{", "null", "[]", "{}", "{\"v\":99}", "\"text\"", "18446744073709551616", &large];
    for (number, state) in (1..).zip(states) {
        stage.say(number, "hello", Some(Bytes::copy_from_slice(state.as_bytes()))).await;
    }
    stage.say(100, "hello", Some(Bytes::from_static(&[0xff, 0xfe, 0x00]))).await;
}

pub async fn what_it_remembers_is_understood_by_itself(assistant: UnderTest) {
    let asked = Stage::of(assistant);
    let mut state = None;
    for words in ["hello", "1", "order", "1", "yes", "hello"] {
        let answer = asked.say(1, words, state.clone()).await;
        state = answer.state.or(state);
    }
}

pub async fn a_reaction_that_was_not_asked_for_gets_no_words(assistant: UnderTest) {
    let stage = Stage::of(assistant);
    for emoji in [Some("👍"), None] {
        let reaction = Content::Reaction { to: id("m1"), emoji: emoji.map(words) };
        let answer = stage.ask(&numbered(turn("").instead(reaction), 1, None)).await;
        if !stage.assistant.needs().reactions {
            let says = answer.replies.iter().find(|reply| !matches!(reply.body, OutboundBody::Reaction { .. }));
            assert_eq!(says, None, "a reaction to a reaction at most");
        }
    }
}

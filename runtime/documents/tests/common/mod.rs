//! A turn with one message of every kind, and all that may stand beside it.
#![allow(dead_code, clippy::unwrap_used, reason = "helpers of tests; not every file uses all of them")]

use greenroom_contract::address::Address;
use greenroom_contract::assistant::{
    Content, Needs, NotDelivered, OverheardLine, PastTurn, Quoted, Turn, TurnMessage, Wake,
};
use greenroom_contract::capabilities::Ability;
use greenroom_contract::identity::{EmailAddress, LinkedPerson};
use greenroom_contract::ids::{ConversationId, IdentityId, PersonId, TurnId};
use greenroom_contract::message::{Chat, Contact, Location, Media, Sender};
use greenroom_contract::outbound::Route;
use greenroom_contract::time::Timestamp;
use greenroom_contract::transcriber::Transcript;
use std::time::Duration;

pub(crate) fn all() -> Needs {
    Needs { documents: true, reactions: true, ..Needs::default() }
}

pub(crate) fn nothing() -> Needs {
    Needs { history_turns: 0, images: false, documents: false, overheard: false, addresses: false, ..Needs::default() }
}

pub(crate) fn text(words: &str) -> TurnMessage {
    message("m1", Content::Text(words.to_owned()))
}

pub(crate) fn message(id: &str, content: Content) -> TurnMessage {
    TurnMessage { message: id.parse().unwrap(), sent_at: Timestamp(1_795_000_000_000), quote: None, content }
}

pub(crate) fn turn_of(messages: Vec<TurnMessage>) -> Turn {
    let route = Route { account: "main".parse().unwrap(), chat: "secret-chat".parse().unwrap(), kind: Chat::Direct };
    let addresses = vec![Address::phone("+15551234567").unwrap(), Address::lid("12345").unwrap()];
    let sender = Sender { id: "15551234567@s.whatsapp.net".parse().unwrap(), addresses, name: Some("Ana".to_owned()) };
    let ids = (TurnId(u64::MAX - 81), ConversationId(12), PersonId(7));
    let mut turn = Turn::new(ids.0, "pizza".parse().unwrap(), ids.1, ids.2, route, sender, messages);
    turn.channel = "whatsapp".parse().unwrap();
    turn.network = String::from("whatsapp-cloud");
    turn
}

pub(crate) fn media(mime: &str, bytes: &[u8]) -> Media {
    Media { mime: mime.to_owned(), bytes: bytes.to_vec().into() }
}

/// Every kind of message.
pub(crate) fn every_message() -> Vec<TurnMessage> {
    let heard = Transcript {
        text: "zwei bitte".to_owned(),
        language: Some("de".to_owned()),
        duration: Duration::from_millis(4_200),
        confidence: Some(0.93),
    };
    let some = |text: &str| Some(text.to_owned());
    let kinds = vec![
        Content::Text("hello \u{1f600} \"quoted\"\nsecond line".to_owned()),
        Content::Image { media: Some(media("image/jpeg", &[0xff, 0xd8, 1, 2])), caption: some("caption") },
        Content::Image { media: None, caption: None },
        Content::Voice(heard),
        Content::Choice { id: "large".to_owned(), title: "Large".to_owned() },
        Content::Document {
            media: Some(media("application/pdf", b"%PDF-")),
            name: some("menu.pdf"),
            caption: some("our menu"),
        },
        Content::Document { media: None, name: some("big.zip"), caption: None },
        Content::Location(Location {
            latitude: 47.3769,
            longitude: -8.5417,
            name: some("Station"),
            address: some("Bahnhofplatz 1"),
        }),
        Content::Contacts(vec![Contact { name: some("Bo"), phones: vec!["+41 44 668 18 00".to_owned()] }]),
        Content::Reaction { to: "m0".parse().unwrap(), emoji: some("\u{1f44d}") },
        Content::Reaction { to: "m0".parse().unwrap(), emoji: None },
        Content::Wake { token: "tea".to_owned() },
        Content::Unsupported { kind: "sticker".to_owned(), caption: String::new() },
    ];
    let numbered = kinds.into_iter().enumerate();
    let mut messages: Vec<TurnMessage> =
        numbered.map(|(index, content)| message(&format!("m{}", index + 1), content)).collect();
    messages[0].quote = Some(Quoted {
        message: "m0".parse().unwrap(),
        sender: Some("us".parse().unwrap()),
        text: some("Which size?"),
        ours: true,
        claimed: true,
    });
    messages
}

/// A turn in a group with all that a turn may have.
pub(crate) fn full() -> Turn {
    let some = |text: &str| Some(text.to_owned());
    let mut turn = turn_of(every_message());
    turn.attempt = 2;
    turn.chat = Chat::Group { title: some("Friends") };
    turn.can = vec![Ability::Images, Ability::Voice, Ability::Reactions, Ability::Choices, Ability::Documents];
    turn.time_zone = some("Europe/Zurich");
    turn.language = some("de-CH");
    turn.answer_within = Duration::from_secs(20);
    turn.history = (0..3)
        .map(|nth| PastTurn {
            at: Timestamp(nth),
            name: some("Ana"),
            asked: format!("question {nth}"),
            answered: format!("answer {nth}"),
            ..PastTurn::default()
        })
        .collect();
    turn.overheard = vec![OverheardLine { at: Timestamp(4), name: some("Bo"), text: "nice".to_owned() }];
    turn.wakes = vec![Wake { at: Timestamp(1_795_000_300_000), token: "tea".to_owned() }];
    turn.undelivered = vec![NotDelivered { at: Timestamp(5), reason: "the number has no WhatsApp".to_owned() }];
    turn.linked = Some(LinkedPerson {
        id: IdentityId(31),
        email: Some(EmailAddress::new("ana@example.org").unwrap()),
        name: some("Ana Example"),
        attributes: serde_json::json!({ "customer": 4711 }).as_object().unwrap().clone(),
        since: Timestamp(3),
    });
    turn.state = Some(br#"{"size":"large"}"#[..].into());
    turn
}

//! What arrives.

use super::stage::{Stage, skipped, soon};
use super::{ChannelWorld, Place, Saying, What, Who};
use bytes::Bytes;
use greenroom_contract::channel::MediaError;
use greenroom_contract::event::ChannelEvent;
use greenroom_contract::message::{Addressing, Body, Location, MediaRef, Origin};
use greenroom_contract::outbound::OutboundBody;
use greenroom_contract::store::AccountVault;
use std::sync::Arc;

type World = Arc<dyn ChannelWorld>;

/// A picture of one pixel.
pub const PNG: &[u8] = &[
    0x89, b'P', b'N', b'G', 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 13, b'I', b'H', b'D', b'R', 0, 0, 0, 1, 0, 0, 0, 1, 8, 6,
    0, 0, 0, 0x1f, 0x15, 0xc4, 0x89, 0, 0, 0, 13, b'I', b'D', b'A', b'T', 0x78, 0x9c, 0x63, 0xf8, 0xcf, 0xc0, 0xf0,
    0x1f, 0, 5, 0, 1, 0xff, 0x56, 0xc7, 0x2f, 0x0d, 0, 0, 0, 0, b'I', b'E', b'N', b'D', 0xae, 0x42, 0x60, 0x82,
];

fn saying(what: What) -> Saying {
    Saying { who: Who::Ana, place: Place::Direct, quoting: None, what }
}

fn groups(world: &World) -> bool {
    let there = world.channel().capabilities().groups.is_there();
    if !there {
        skipped("this network has no groups");
    }
    there
}

pub async fn a_text_arrives_as_it_was_said(world: World) {
    let stage = Stage::connected(world).await;
    let lines = stage.world.plays().lines.is_there();
    let words = if lines { "hello ünïcode \u{1f44b}\nsecond line" } else { "hello ünïcode \u{1f44b}" };
    let inbound = stage.hears(Saying::text(Who::Ana, words)).await;
    assert_eq!(inbound.body, Body::Text(words.to_owned()));
    assert_eq!(inbound.key.account, stage.world.account().id);
    assert_eq!(inbound.origin, Origin::Person);
    assert_eq!(inbound.addressing, Addressing::Direct);
    assert!(!inbound.chat.is_group());
    assert_eq!(inbound.quote, None);
    assert!(inbound.sent_at.0 > 1_000_000_000_000, "milliseconds since 1970, not seconds: {}", inbound.sent_at);
    if let Some(address) = stage.world.address_of(Who::Ana) {
        assert!(inbound.sender.addresses.contains(&address), "{:?} lacks {address}", inbound.sender);
    }
    let again = stage.hears(Saying::text(Who::Ana, "and more")).await;
    assert_eq!(again.key.chat, inbound.key.chat, "one chat has one id");
    assert_eq!(again.sender.id, inbound.sender.id, "one person has one id");
    assert_ne!(again.key.message, inbound.key.message);
}

async fn media_arrives(world: World, what: What, expected: &[u8]) {
    if !world.plays().media.is_there() {
        return skipped("nobody can send media here");
    }
    let stage = Stage::connected(world).await;
    let caption_sent = if let What::Image { caption, .. } = &what { caption.clone() } else { None };
    let inbound = stage.hears(saying(what)).await;
    let (Body::Image { media, .. } | Body::Voice { media, .. }) = &inbound.body else {
        panic!("a medium arrived as {:?}", inbound.body)
    };
    if let Body::Image { caption, .. } = &inbound.body {
        assert_eq!(*caption, caption_sent);
    }
    let size = expected.len() as u64;
    let fetched = soon("the medium is fetched", stage.link.fetch(media, size)).await.expect("it is there");
    assert_eq!(fetched.bytes, expected);
    assert!(!fetched.mime.is_empty());
    let token = media.token.to_string();
    assert!(token.len() < 8 * 1024, "a reference carries no bytes of the medium: {} bytes", token.len());
}

pub async fn a_picture_arrives_and_can_be_fetched(world: World) {
    let what = What::Image { bytes: Bytes::from_static(PNG), caption: Some("us".to_owned()) };
    media_arrives(world, what, PNG).await;
}

pub async fn a_voice_note_arrives_and_can_be_fetched(world: World) {
    media_arrives(world, What::Voice { bytes: Bytes::from_static(b"OggS not really") }, b"OggS not really").await;
}

pub async fn a_document_arrives_and_can_be_fetched(world: World) {
    if !world.plays().documents.is_there() {
        return skipped("nobody can send documents here");
    }
    let stage = Stage::connected(world).await;
    let bytes = Bytes::from_static(b"%PDF-1.7 not really");
    for said in [Some("please read".to_owned()), None] {
        let what = What::Document { bytes: bytes.clone(), name: "the bill.pdf".to_owned(), caption: said.clone() };
        let inbound = stage.hears(saying(what)).await;
        let Body::Document { media, name, caption } = inbound.body else { panic!("it arrived as {:?}", inbound.body) };
        assert_eq!((name.as_deref(), caption), (Some("the bill.pdf"), said));
        let fetched = soon("the document is fetched", stage.link.fetch(&media, bytes.len() as u64)).await;
        assert_eq!(fetched.expect("it is there").bytes, bytes);
        let refused = soon("the fetch ends", stage.link.fetch(&media, 5)).await;
        assert_eq!(refused, Err(MediaError::TooLarge { bytes_max: 5 }));
    }
}

pub async fn a_place_arrives(world: World) {
    if !world.plays().places.is_there() {
        return skipped("nobody can send places here");
    }
    let stage = Stage::connected(world).await;
    for name in [Some("Office".to_owned()), None] {
        let place = Location { latitude: 47.25, longitude: -8.5, name, address: None };
        let inbound = stage.hears(saying(What::Place(place.clone()))).await;
        assert_eq!(inbound.body, Body::Location(place));
    }
}

pub async fn a_contact_arrives(world: World) {
    if !world.plays().contacts.is_there() {
        return skipped("nobody can send contacts here");
    }
    let stage = Stage::connected(world).await;
    let what = What::Contact { name: "Ben Müller".to_owned(), phone: "+15550000002".to_owned() };
    let inbound = stage.hears(saying(what)).await;
    let Body::Contacts(contacts) = inbound.body else { panic!("it arrived as {:?}", inbound.body) };
    assert_eq!(contacts.len(), 1);
    assert_eq!(contacts[0].name.as_deref(), Some("Ben Müller"));
    let digits = |phone: &String| phone.chars().filter(char::is_ascii_digit).collect::<String>();
    assert!(contacts[0].phones.iter().any(|phone| digits(phone) == "15550000002"), "{contacts:?}");
}

pub async fn a_tap_keeps_the_id_of_its_option(world: World) {
    if !world.plays().taps.is_there() || world.channel().capabilities().choices.is_none() {
        return skipped("there is nothing to tap here");
    }
    let stage = Stage::connected(world).await;
    let inbound = stage.hears(Saying::text(Who::Ana, "hi")).await;
    let body = OutboundBody::Choices(super::sending::question());
    let of = stage.sends(&stage.outbound(&inbound, body)).await.expect("it is sent").message;
    let what = What::Tap { of: of.clone(), id: "l".to_owned(), title: "Large".to_owned() };
    let tap = stage.hears(saying(what)).await;
    assert_eq!(tap.body, Body::Choice { id: "l".to_owned(), title: "Large".to_owned() });
    assert_eq!(tap.quote.map(|quote| quote.message), Some(of), "it names the question");
}

pub async fn a_reaction_arrives(world: World) {
    if !world.plays().reactions.is_there() {
        return skipped("nobody can react here");
    }
    let stage = Stage::connected(world).await;
    let first = stage.hears(Saying::text(Who::Ana, "look")).await;
    let to = first.key.message;
    let inbound = stage.hears(saying(What::Reaction { to: to.clone(), emoji: "👍".to_owned() })).await;
    assert_eq!(inbound.body, Body::Reaction { to, emoji: Some("👍".to_owned()) });
}

pub async fn a_strange_kind_is_no_error(world: World) {
    if !world.plays().strange_kinds.is_there() {
        return skipped("every kind is understood here");
    }
    let stage = Stage::connected(world).await;
    let inbound = stage.hears(saying(What::Strange { caption: "read this".to_owned() })).await;
    let Body::Unsupported { kind, caption } = inbound.body else { panic!("it arrived as {:?}", inbound.body) };
    assert!(!kind.is_empty() && !kind.contains(' '), "its kind in one word: {kind:?}");
    assert_eq!(caption.as_deref(), Some("read this"));
    stage.hears(Saying::text(Who::Ana, "and the link goes on")).await;
}

pub async fn a_quote_names_the_quoted_message(world: World) {
    if !world.plays().quotes.is_there() {
        return skipped("nobody can visibly answer here");
    }
    let stage = Stage::connected(world).await;
    let first = stage.hears(Saying::text(Who::Ana, "one")).await;
    let inbound = stage.hears(Saying::text(Who::Ana, "two").quoting(&first.key.message)).await;
    assert_eq!(inbound.quote.map(|quote| quote.message), Some(first.key.message));
    assert_eq!(inbound.addressing, Addressing::Direct, "in a direct chat everything is for us");
}

pub async fn group_talk_is_overheard(world: World) {
    if !groups(&world) {
        return;
    }
    let stage = Stage::connected(world).await;
    let of_ana = stage.hears(Saying::text(Who::Ana, "hi all").at(Place::Group)).await;
    let of_ben = stage.hears(Saying::text(Who::Ben, "hi Ana").at(Place::Group)).await;
    for inbound in [&of_ana, &of_ben] {
        assert!(inbound.chat.is_group());
        assert_eq!(inbound.addressing, Addressing::Overheard);
    }
    assert_eq!(of_ana.key.chat, of_ben.key.chat, "one group is one chat");
    assert_ne!(of_ana.sender.id, of_ben.sender.id, "with two people in it");
    if let Some(address) = stage.world.address_of(Who::Ben) {
        assert!(of_ben.sender.addresses.contains(&address), "the author, not the group: {:?}", of_ben.sender);
    }
    let direct = stage.hears(Saying::text(Who::Ana, "hi")).await;
    assert_ne!(direct.key.chat, of_ana.key.chat);
    assert_eq!(direct.sender.id, of_ana.sender.id, "the same person everywhere");
}

pub async fn a_mention_addresses_us(world: World) {
    if !groups(&world) {
        return;
    }
    if !world.channel().capabilities().mentions.is_there() {
        return skipped("this network shows no mentions");
    }
    let stage = Stage::connected(world).await;
    let inbound = stage.hears(Saying::text(Who::Ana, "you there?").at(Place::GroupMentioningUs)).await;
    assert_eq!(inbound.addressing, Addressing::Mentioned);
}

pub async fn an_answer_to_our_message_addresses_us(world: World) {
    if !groups(&world) {
        return;
    }
    if !world.plays().quotes.is_there() {
        return skipped("nobody can visibly answer here");
    }
    let stage = Stage::connected(world).await;
    let first = stage.hears(Saying::text(Who::Ana, "hi").at(Place::Group)).await;
    let words = stage.outbound(&first, OutboundBody::Text("hello group".to_owned()));
    let receipt = stage.sends(&words).await.expect("it is sent");
    let answer = Saying::text(Who::Ben, "yes").at(Place::Group).quoting(&receipt.message);
    let inbound = stage.hears(answer).await;
    assert_eq!(inbound.quote.map(|quote| quote.message), Some(receipt.message));
    // Who keeps no list of what was sent may leave it to the engine, which does.
    assert!(matches!(inbound.addressing, Addressing::Replied | Addressing::Overheard), "{:?}", inbound.addressing);
    let other = Saying::text(Who::Ben, "right").at(Place::Group).quoting(&first.key.message);
    assert_eq!(stage.hears(other).await.addressing, Addressing::Overheard, "an answer to somebody else is not for us");
}

pub async fn a_stranger_arrives_like_everybody(world: World) {
    let stage = Stage::connected(world).await;
    let inbound = stage.hears(Saying::text(Who::Stranger, "let me in")).await;
    assert_eq!(inbound.body, Body::Text("let me in".to_owned()), "an adapter does not decide who is heard");
    assert_eq!(inbound.origin, Origin::Person);
}

/// A store seals what a vault holds and not how it is called.
pub async fn no_name_in_the_vault_tells_who_wrote(world: World) {
    let mut stage = Stage::connected(world).await;
    stage.hears(Saying::text(Who::Stranger, "let me in")).await;
    if stage.world.channel().capabilities().groups.is_there() {
        stage.hears(Saying::text(Who::Ben, "hi all").at(Place::Group)).await;
    }
    stage.stopped().await;
    let vault = AccountVault::new(stage.world.account().id, stage.world.vault());
    let rows = vault.scan(b"", None, usize::MAX).await.expect("it can be read");
    for who in [Who::Stranger, Who::Ben] {
        let Some(address) = stage.world.address_of(who) else { continue };
        let text = address.to_string();
        let digits = text.trim_start_matches(|c: char| !c.is_ascii_digit()).as_bytes();
        let tells = |name: &[u8]| digits.len() > 4 && name.windows(digits.len()).any(|part| part == digits);
        let telling: Vec<_> = rows.iter().filter(|(name, _)| tells(name)).collect();
        assert!(telling.is_empty(), "{} names tell {text}", telling.len());
    }
}

pub async fn messages_of_one_chat_keep_their_order(world: World) {
    let stage = Stage::connected(world).await;
    let mut said = Vec::new();
    for number in 0..20 {
        said.push(soon("the network takes it", stage.world.says(Saying::text(Who::Ana, format!("{number}")))).await);
    }
    stage.heard(said.last().expect("twenty were said")).await;
    let all = stage.sink.messages();
    let arrived: Vec<_> = all.into_iter().map(|one| one.key.message).filter(|one| said.contains(one)).collect();
    assert_eq!(arrived, said);
}

pub async fn nothing_is_acknowledged_before_it_is_durable(world: World) {
    if !world.plays().acknowledgements.is_there() {
        return skipped("this network has no acknowledgements");
    }
    let stage = Stage::connected(world).await;
    stage.sink.hold();
    let message = soon("the network takes it", stage.world.says(Saying::text(Who::Ana, "hi"))).await;
    soon("the message is emitted", stage.sink.emits_begun(1)).await;
    // The adapter gets every chance to acknowledge too early.
    tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    assert!(!stage.world.is_acknowledged(&message), "acknowledged while emit was still waiting");
    stage.sink.let_go();
    soon("it is acknowledged", stage.until(|stage| stage.world.is_acknowledged(&message))).await;
    stage.heard(&message).await;
}

pub async fn a_failed_emit_is_not_acknowledged_and_comes_again(world: World) {
    if !world.plays().redelivery.is_there() {
        return skipped("this network delivers nothing again");
    }
    let stage = Stage::connected(world).await;
    stage.sink.fail_next(1);
    let message = soon("the network takes it", stage.world.says(Saying::text(Who::Ana, "hi"))).await;
    soon("the message is emitted", stage.sink.emits_begun(1)).await;
    stage.world.deliver_again().await;
    let inbound = stage.heard(&message).await;
    assert_eq!(inbound.body, Body::Text("hi".to_owned()));
    assert_eq!(inbound.key.message, message, "under the same id, so that it is recognised");
    if stage.world.plays().acknowledgements.is_there() {
        soon("it is acknowledged now", stage.until(|stage| stage.world.is_acknowledged(&message))).await;
    }
    assert!(stage.sink.emits() >= 2);
}

pub async fn what_the_owner_writes_elsewhere_is_marked_as_our_own(world: World) {
    if !world.plays().own_devices.is_there() {
        return skipped("there are no other devices of the account");
    }
    let stage = Stage::connected(world).await;
    soon("the network takes it", stage.world.owner_says("from my phone")).await;
    stage.hears(Saying::text(Who::Ana, "after it")).await;
    for event in stage.sink.events() {
        let ChannelEvent::Message(inbound) = event else { continue };
        if inbound.body == Body::Text("from my phone".to_owned()) {
            assert_eq!(inbound.origin, Origin::OwnDevice { to_self: false });
        }
    }
}

pub async fn media_are_fetched_within_bounds(world: World) {
    if !world.plays().media.is_there() {
        return skipped("nobody can send media here");
    }
    let stage = Stage::connected(world).await;
    let inbound = stage.hears(saying(What::Image { bytes: Bytes::from(vec![7; 50_000]), caption: None })).await;
    let Body::Image { media, .. } = inbound.body else { panic!("a picture arrived as {:?}", inbound.body) };
    // The declared size is not to be trusted: a lie must not widen the bound.
    for size_bytes in [media.size_bytes, None, Some(1)] {
        let media = MediaRef { size_bytes, ..media.clone() };
        let refused = soon("the fetch ends", stage.link.fetch(&media, 1_000)).await;
        assert_eq!(refused, Err(MediaError::TooLarge { bytes_max: 1_000 }));
    }
}

pub async fn unknown_media_are_gone(world: World) {
    if !world.plays().lost_media.is_there() {
        return skipped("media do not vanish here");
    }
    let stage = Stage::connected(world).await;
    let inbound = stage.hears(saying(What::Image { bytes: Bytes::from_static(PNG), caption: None })).await;
    let Body::Image { media, .. } = inbound.body else { panic!("a picture arrived as {:?}", inbound.body) };
    stage.world.lose_media().await;
    let refused = soon("the fetch ends", stage.link.fetch(&media, 1_000_000)).await;
    assert!(matches!(refused, Err(MediaError::Gone { .. })), "{refused:?}");
}

//! What leaves.

use super::receiving::PNG;
use super::stage::{Stage, skipped, soon};
use super::{ChannelWorld, Place, Saying, Seen, What, Who};
use bytes::Bytes;
use greenroom_contract::capabilities::{Resend, Support};
use greenroom_contract::channel::SendError;
use greenroom_contract::choices::{Choice, Choices};
use greenroom_contract::message::{Inbound, Location, Media};
use greenroom_contract::outbound::{Outbound, OutboundBody};
use std::sync::Arc;
use std::time::Instant;

type World = Arc<dyn ChannelWorld>;

/// A connected stage on which Ana has said something.
async fn opened(world: World) -> (Stage, Inbound) {
    let stage = Stage::connected(world).await;
    let inbound = stage.hears(Saying::text(Who::Ana, "hi")).await;
    (stage, inbound)
}

fn text(words: &str) -> OutboundBody {
    OutboundBody::Text(words.to_owned())
}

/// Sends one message that must arrive, and returns it as it was seen.
async fn arrives(stage: &Stage, outbound: &Outbound) -> Seen {
    let before = stage.world.seen().len();
    let receipt = stage.sends(outbound).await.expect("it is sent");
    let seen = stage.seen(before + 1).await;
    assert_eq!(seen.len(), before + 1, "one message is one message");
    let seen = seen.into_iter().next_back().expect("just counted");
    assert_eq!(seen.message, receipt.message, "the receipt names the message");
    seen
}

fn able(support: Support, what: &str) -> bool {
    if !support.is_there() {
        skipped(&format!("this network has no {what}"));
    }
    support.is_there()
}

pub async fn words_are_sent(world: World) {
    let (stage, inbound) = opened(world).await;
    let words = "hello ünïcode \u{1f44b}\nsecond line";
    let seen = arrives(&stage, &stage.outbound(&inbound, text(words))).await;
    assert_eq!(seen.what, What::Text(words.to_owned()));
    assert_eq!(seen.reply_to, None);
}

pub async fn the_longest_words_are_sent_whole(world: World) {
    let (stage, inbound) = opened(world).await;
    let chars_max = stage.world.channel().capabilities().text_chars_max;
    // Characters of three bytes: a limit in characters is not a limit in bytes.
    let words = "字".repeat(chars_max);
    let seen = arrives(&stage, &stage.outbound(&inbound, text(&words))).await;
    assert!(seen.what == What::Text(words), "{chars_max} characters were changed on the way");
}

pub async fn a_visible_reply_is_sent(world: World) {
    if !able(world.channel().capabilities().replies, "visible replies")
        || !able(world.plays().sees_replies, "sight of them")
    {
        return;
    }
    let (stage, inbound) = opened(world).await;
    let reply_to = Some(inbound.key.message.clone());
    let outbound = Outbound { reply_to: reply_to.clone(), ..stage.outbound(&inbound, text("yes")) };
    let seen = arrives(&stage, &outbound).await;
    assert_eq!((seen.what, seen.reply_to), (What::Text("yes".to_owned()), reply_to));
}

pub async fn a_picture_is_sent(world: World) {
    if !able(world.channel().capabilities().images, "pictures") || !able(world.plays().sees_media, "sight of them") {
        return;
    }
    let (stage, inbound) = opened(world).await;
    let media = Media { mime: "image/png".to_owned(), bytes: Bytes::from_static(PNG) };
    for caption in [Some("us".to_owned()), None] {
        let body = OutboundBody::Image { media: media.clone(), caption: caption.clone() };
        let seen = arrives(&stage, &stage.outbound(&inbound, body)).await;
        assert_eq!(seen.what, What::Image { bytes: Bytes::from_static(PNG), caption });
    }
}

pub async fn a_voice_note_is_sent(world: World) {
    if !able(world.channel().capabilities().voice, "voice notes") || !able(world.plays().sees_media, "sight of them") {
        return;
    }
    let (stage, inbound) = opened(world).await;
    let bytes = Bytes::from_static(b"OggS not really");
    let media = Media { mime: "audio/ogg; codecs=opus".to_owned(), bytes: bytes.clone() };
    let seen = arrives(&stage, &stage.outbound(&inbound, OutboundBody::Voice { media, sound: None })).await;
    assert_eq!(seen.what, What::Voice { bytes });
}

pub async fn a_document_is_sent(world: World) {
    if !able(world.channel().capabilities().documents, "documents")
        || !able(world.plays().documents, "sight of them")
        || !able(world.plays().sees_media, "sight of them")
    {
        return;
    }
    let (stage, inbound) = opened(world).await;
    let bytes = Bytes::from_static(b"%PDF-1.7 not really");
    for caption in [Some("yours".to_owned()), None] {
        let media = Media { mime: "application/pdf".to_owned(), bytes: bytes.clone() };
        let name = "the bill.pdf".to_owned();
        let body = OutboundBody::Document { media, name: name.clone(), caption: caption.clone() };
        let seen = arrives(&stage, &stage.outbound(&inbound, body)).await;
        assert_eq!(seen.what, What::Document { bytes: bytes.clone(), name, caption });
    }
}

pub async fn a_place_is_sent(world: World) {
    if !able(world.channel().capabilities().locations, "places")
        || !able(world.plays().places, "sight of them")
        || !able(world.plays().sees_media, "sight of them")
    {
        return;
    }
    let (stage, inbound) = opened(world).await;
    let place = Location { latitude: 47.25, longitude: -8.5, name: Some("Office".to_owned()), address: None };
    let seen = arrives(&stage, &stage.outbound(&inbound, OutboundBody::Location(place.clone()))).await;
    assert_eq!(seen.what, What::Place(place));
}

/// A question that fits the smallest buttons.
pub(super) fn question() -> Choices {
    Choices::new("Which size?", [Choice::new("s", "Small"), Choice::new("l", "Large")])
}

pub async fn a_question_is_sent(world: World) {
    if world.channel().capabilities().choices.is_none() {
        return skipped("this network has no questions with options");
    }
    if !able(world.plays().taps, "sight of them") || !able(world.plays().sees_media, "sight of them") {
        return;
    }
    let (stage, inbound) = opened(world).await;
    let seen = arrives(&stage, &stage.outbound(&inbound, OutboundBody::Choices(question()))).await;
    assert_eq!(seen.what, What::Question(question()));
}

pub async fn a_reaction_is_sent(world: World) {
    if !able(world.channel().capabilities().reactions, "reactions") || !able(world.plays().sees_media, "sight of them")
    {
        return;
    }
    let (stage, inbound) = opened(world).await;
    let to = inbound.key.message.clone();
    let body = OutboundBody::Reaction { to: to.clone(), emoji: Some("👍".to_owned()) };
    let seen = arrives(&stage, &stage.outbound(&inbound, body)).await;
    assert_eq!(seen.what, What::Reaction { to, emoji: "👍".to_owned() });
}

pub async fn words_are_sent_into_a_group(world: World) {
    if !able(world.channel().capabilities().groups, "groups") {
        return;
    }
    let stage = Stage::connected(world).await;
    let inbound = stage.hears(Saying::text(Who::Ana, "hi all").at(Place::Group)).await;
    let seen = arrives(&stage, &stage.outbound(&inbound, text("hello group"))).await;
    assert_eq!(seen.what, What::Text("hello group".to_owned()));
}

pub async fn a_message_sent_twice_is_seen_once(world: World) {
    if world.channel().capabilities().resend == Resend::Visible {
        return skipped("a repetition is visible on this network");
    }
    let (stage, inbound) = opened(world).await;
    let outbound = stage.outbound(&inbound, text("once"));
    let first = stage.sends(&outbound).await.expect("it is sent");
    let again = stage.sends(&outbound).await.expect("a repetition is no error");
    assert_eq!(first, again, "it is the same message");
    // Something sent after both proves that the second one is not still on its way.
    let last = stage.outbound(&inbound, text("after it"));
    let last = stage.sends(&last).await.expect("it is sent").message;
    soon("people see what came last", stage.until(|stage| saw(stage, &last))).await;
    let texts: Vec<_> = stage.world.seen().into_iter().map(|seen| seen.what).collect();
    assert_eq!(texts, [What::Text("once".to_owned()), What::Text("after it".to_owned())]);
}

fn saw(stage: &Stage, message: &greenroom_contract::ids::MessageId) -> bool {
    stage.world.seen().iter().any(|seen| seen.message == *message)
}

pub async fn a_refused_message_is_not_seen_and_not_uncertain(world: World) {
    if !able(world.plays().refusals, "refusals") {
        return;
    }
    let (stage, inbound) = opened(world).await;
    stage.world.refuse_next_send().await;
    let refused = stage.sends(&stage.outbound(&inbound, text("no"))).await;
    let error = refused.expect_err("the network refused it");
    assert!(!matches!(error, SendError::Uncertain { .. } | SendError::NotConnected), "{error:?}");
    let seen = arrives(&stage, &stage.outbound(&inbound, text("but this"))).await;
    assert_eq!(seen.what, What::Text("but this".to_owned()));
}

pub async fn a_lost_outcome_is_uncertain(world: World) {
    if !able(world.plays().lost_outcomes, "lost outcomes") {
        return;
    }
    let (stage, inbound) = opened(world).await;
    stage.world.lose_next_outcome().await;
    let lost = stage.sends(&stage.outbound(&inbound, text("perhaps"))).await;
    let error = lost.expect_err("nobody can know that it arrived");
    assert!(matches!(error, SendError::Uncertain { .. }), "{error:?}");
}

/// The pace is the engine's: an adapter that kept it too would hold a place among the sends under way.
pub async fn a_send_does_not_wait_to_keep_a_rate(world: World) {
    let rates = world.channel().capabilities().rates.clone();
    let Some(chat) = rates.and_then(|rates| rates.chat) else {
        return skipped("this network has no rate of a chat");
    };
    let (stage, inbound) = opened(world).await;
    let beyond_burst = 5;
    let begun = Instant::now();
    for number in 0..chat.rate.burst + beyond_burst {
        // That the network itself refuses some is no fault.
        let _ = stage.sends(&stage.outbound(&inbound, text(&number.to_string()))).await;
    }
    let forced = chat.rate.period * beyond_burst;
    assert!(begun.elapsed() < forced / 2, "the sends took {:?}; keeping the rate takes {forced:?}", begun.elapsed());
}

pub async fn typing_is_there_where_it_is_declared(world: World) {
    let declared = world.channel().capabilities().typing.is_there();
    let (stage, inbound) = opened(world).await;
    let Some(presence) = stage.link.presence() else {
        assert!(!declared, "typing is declared and cannot be shown");
        return skipped("this network shows no typing");
    };
    assert!(declared, "typing can be shown and is not declared");
    let route = stage.outbound(&inbound, text("")).route;
    soon("typing returns", presence.typing(&route, Some(&inbound.key.message))).await;
    soon("pausing returns", presence.paused(&route)).await;
    assert_eq!(stage.world.seen(), [], "typing is no message");
}

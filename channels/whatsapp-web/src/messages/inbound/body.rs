//! What a message says.

use super::envelope::Envelope;
use super::{contact, kind, words};
use crate::limits;
use crate::messages::media::{MediaKind, Reference};
use greenroom_contract::ids::MessageId;
use greenroom_contract::message::{Body, Location};
use greenroom_contract::text::{bounded, is_blank};
use std::borrow::Cow;
use std::time::Duration;
use whatsapp_rust::waproto::whatsapp as wa;

/// Reads the innermost message; `None` if it says nothing to anybody.
pub(super) fn read(message: &wa::Message, envelope: &Envelope) -> Option<Body> {
    if let Some(text) = words::typed(message) {
        return Some(Body::Text(bounded(&text, limits::TEXT_BYTES_MAX)));
    }
    if let Some(title) = words::choice(message) {
        return Some(choice(message, &title));
    }
    if let Some(reaction) = message.reaction_message.as_option() {
        return self::reaction(reaction);
    }
    let medium = image(message, envelope).or_else(|| audio(message, envelope)).or_else(|| document(message, envelope));
    if let Some(body) = medium.or_else(|| place(message)).or_else(|| contact::read(message).map(Body::Contacts)) {
        return Some(body);
    }
    match kind::of(message) {
        Some(kind) => Some(Body::Unsupported { kind: kind.to_owned(), caption: caption(message) }),
        // A text that shows nothing is a message all the same, and has a trace.
        None => words::blank(message).map(|text| Body::Text(bounded(text, limits::TEXT_BYTES_MAX))),
    }
}

/// The words of a message: its text, or what is below its picture or file.
pub(super) fn words(message: &wa::Message) -> Option<Cow<'_, str>> {
    words::text(message).or_else(|| words::caption(message))
}

fn caption(message: &wa::Message) -> Option<String> {
    words::caption(message).map(|words| bounded(&words, limits::TEXT_BYTES_MAX))
}

/// An empty emoji takes a reaction back.
fn reaction(reaction: &wa::message::ReactionMessage) -> Option<Body> {
    let to = MessageId::of_network(reaction.key.as_option()?.id.as_deref()?)?;
    let emoji = reaction.text.as_deref().filter(|emoji| !emoji.is_empty());
    Some(Body::Reaction { to, emoji: emoji.map(|emoji| bounded(emoji, limits::NAME_BYTES_MAX)) })
}

/// The option that was tapped. Where its id is missing, or longer than any that is offered, its words are left.
fn choice(message: &wa::Message, title: &str) -> Body {
    match words::choice_id(message).filter(|id| id.chars().count() <= limits::OPTION_ID_CHARS_MAX) {
        Some(id) => Body::Choice { id: id.into_owned(), title: bounded(title, limits::NAME_BYTES_MAX) },
        None => Body::Text(bounded(title, limits::TEXT_BYTES_MAX)),
    }
}

fn image(message: &wa::Message, envelope: &Envelope) -> Option<Body> {
    let image = message.image_message.as_option()?;
    let reference = Reference::new(
        MediaKind::Image,
        image.direct_path.as_deref(),
        image.media_key.as_deref(),
        image.file_sha256.as_deref(),
        image.file_enc_sha256.as_deref(),
    )?;
    let reference = reference.of(envelope.origin_of_media());
    let media = reference.media(image.mimetype.as_deref().unwrap_or("image/jpeg"), image.file_length);
    Some(Body::Image { media, caption: caption(message) })
}

/// An audio file is heard like a voice note; it was only recorded elsewhere.
fn audio(message: &wa::Message, envelope: &Envelope) -> Option<Body> {
    let audio = message.audio_message.as_option()?;
    let reference = Reference::new(
        MediaKind::Audio,
        audio.direct_path.as_deref(),
        audio.media_key.as_deref(),
        audio.file_sha256.as_deref(),
        audio.file_enc_sha256.as_deref(),
    )?;
    let reference = reference.of(envelope.origin_of_media());
    let media = reference.media(audio.mimetype.as_deref().unwrap_or("audio/ogg; codecs=opus"), audio.file_length);
    Some(Body::Voice { media, duration: audio.seconds.map(|seconds| Duration::from_secs(u64::from(seconds))) })
}

/// A file, of whatever type: which of them are read is decided elsewhere.
fn document(message: &wa::Message, envelope: &Envelope) -> Option<Body> {
    let document = message.document_message.as_option()?;
    let reference = Reference::new(
        MediaKind::Document,
        document.direct_path.as_deref(),
        document.media_key.as_deref(),
        document.file_sha256.as_deref(),
        document.file_enc_sha256.as_deref(),
    )?;
    let reference = reference.of(envelope.origin_of_media());
    let media =
        reference.media(document.mimetype.as_deref().unwrap_or("application/octet-stream"), document.file_length);
    let names = [document.file_name.as_deref(), document.title.as_deref()];
    let name = names.into_iter().flatten().map(str::trim).find(|name| !is_blank(name));
    let name = name.map(|name| bounded(name, limits::DOCUMENT_NAME_BYTES_MAX));
    Some(Body::Document { media, name, caption: caption(message) })
}

/// A place; one that moves is told by where it was first. `None` if it is nowhere on earth.
fn place(message: &wa::Message) -> Option<Body> {
    let cut = |text: &str| bounded(text, limits::NAME_BYTES_MAX);
    let place = if let Some(place) = message.location_message.as_option() {
        let name = words::place_name(place).map(|name| cut(&name));
        let address = place.address.as_deref().filter(|address| !is_blank(address)).map(cut);
        Location { latitude: place.degrees_latitude?, longitude: place.degrees_longitude?, name, address }
    } else {
        let place = message.live_location_message.as_option()?;
        let name = place.caption.as_deref().filter(|caption| !is_blank(caption)).map(cut);
        Location { latitude: place.degrees_latitude?, longitude: place.degrees_longitude?, name, address: None }
    };
    place.is_on_earth().then_some(Body::Location(place))
}

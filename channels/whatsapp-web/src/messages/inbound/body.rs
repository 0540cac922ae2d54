//! What a message says.

use super::kind;
use crate::limits;
use crate::messages::media::{MediaKind, Reference};
use greenroom_contract::ids::MessageId;
use greenroom_contract::message::Body;
use greenroom_contract::text::bounded;
use std::time::Duration;
use whatsapp_rust::waproto::whatsapp as wa;
use whatsapp_rust::waproto::whatsapp::message::buttons_response_message::Response;

/// Reads the innermost message; `None` if it says nothing to anybody.
pub(super) fn read(message: &wa::Message) -> Option<Body> {
    if let Some(text) = text(message) {
        return Some(Body::Text(bounded(text, limits::TEXT_BYTES_MAX)));
    }
    if let Some(reaction) = message.reaction_message.as_option() {
        return self::reaction(reaction);
    }
    if let Some(body) = image(message).or_else(|| audio(message)) {
        return Some(body);
    }
    let kind = kind::of(message)?.to_owned();
    Some(Body::Unsupported { kind, caption: caption(message).map(|words| bounded(words, limits::TEXT_BYTES_MAX)) })
}

/// The words of a message: its text, or what stands below its picture or file.
pub(super) fn words(message: &wa::Message) -> Option<&str> {
    text(message).or_else(|| caption(message))
}

fn text(message: &wa::Message) -> Option<&str> {
    let plain = message.conversation.as_deref();
    let extended = || message.extended_text_message.as_option().and_then(|text| text.text.as_deref());
    plain.or_else(extended).or_else(|| choice(message)).filter(|text| !text.is_empty())
}

/// The title of the button or row that was chosen.
fn choice(message: &wa::Message) -> Option<&str> {
    if let Some(buttons) = message.buttons_response_message.as_option() {
        let Some(Response::SelectedDisplayText(text)) = &buttons.response else { return None };
        return Some(text);
    }
    if let Some(reply) = message.template_button_reply_message.as_option() {
        return reply.selected_display_text.as_deref();
    }
    if let Some(list) = message.list_response_message.as_option() {
        return list.title.as_deref();
    }
    let response = message.interactive_response_message.as_option()?;
    response.body.as_option()?.text.as_deref()
}

macro_rules! caption_of {
    ($message:ident: $($field:ident . $words:ident)+) => {
        None$(.or_else(|| $message.$field.as_option().and_then(|part| part.$words.as_deref())))+
    };
}

fn caption(message: &wa::Message) -> Option<&str> {
    let caption: Option<&str> = caption_of!(message:
        image_message.caption video_message.caption ptv_message.caption document_message.caption
        live_location_message.caption location_message.comment group_invite_message.caption
        poll_creation_message.name poll_creation_message_v2.name poll_creation_message_v3.name
        poll_creation_message_v5.name poll_creation_message_v6.name event_message.name event_invite_message.caption
        product_message.body order_message.message sticker_pack_message.caption buttons_message.content_text
        list_message.description
    );
    caption.filter(|words| !words.trim().is_empty())
}

/// An empty emoji takes a reaction back.
fn reaction(reaction: &wa::message::ReactionMessage) -> Option<Body> {
    let to = MessageId::of_network(reaction.key.as_option()?.id.as_deref()?)?;
    let emoji = reaction.text.as_deref().filter(|emoji| !emoji.is_empty());
    Some(Body::Reaction { to, emoji: emoji.map(|emoji| bounded(emoji, limits::NAME_BYTES_MAX)) })
}

fn image(message: &wa::Message) -> Option<Body> {
    let image = message.image_message.as_option()?;
    let reference = Reference::new(
        MediaKind::Image,
        image.direct_path.as_deref(),
        image.media_key.as_deref(),
        image.file_sha256.as_deref(),
        image.file_enc_sha256.as_deref(),
    )?;
    let media = reference.media(image.mimetype.as_deref().unwrap_or("image/jpeg"), image.file_length);
    Some(Body::Image { media, caption: caption(message).map(|words| bounded(words, limits::TEXT_BYTES_MAX)) })
}

/// An audio file is heard like a voice note; it was only recorded elsewhere.
fn audio(message: &wa::Message) -> Option<Body> {
    let audio = message.audio_message.as_option()?;
    let reference = Reference::new(
        MediaKind::Audio,
        audio.direct_path.as_deref(),
        audio.media_key.as_deref(),
        audio.file_sha256.as_deref(),
        audio.file_enc_sha256.as_deref(),
    )?;
    let media = reference.media(audio.mimetype.as_deref().unwrap_or("audio/ogg; codecs=opus"), audio.file_length);
    Some(Body::Voice { media, duration: audio.seconds.map(|seconds| Duration::from_secs(u64::from(seconds))) })
}

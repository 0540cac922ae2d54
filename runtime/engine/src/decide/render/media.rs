//! Pictures, documents and voice notes: as they are where the network takes them, else as words.

use super::texts;
use crate::decide::file_name;
use crate::decide::house_texts::HouseTexts;
use crate::decide::picture as opening;
use greenroom_contract::capabilities::Capabilities;
use greenroom_contract::limits;
use greenroom_contract::message::Media;
use greenroom_contract::outbound::{OutboundBody, Sound};
use greenroom_contract::text::is_blank;

/// Bytes of the medium of a message.
pub(super) fn bytes(body: &OutboundBody) -> usize {
    body.media().map_or(0, |media| media.bytes.len())
}

pub(super) fn voice(
    media: Media,
    sound: Option<Sound>,
    (network, says): (&Capabilities, &HouseTexts),
    degraded: &mut Vec<String>,
) -> Vec<OutboundBody> {
    let voice = OutboundBody::Voice { media, sound };
    match network.carries(&voice) {
        Ok(()) => vec![voice],
        Err(reason) => {
            degraded.push(format!("voice note to a note in words: {reason}"));
            texts(says.voice_not_carried, network)
        }
    }
}

pub(super) fn picture(
    media: Media,
    caption: Option<String>,
    (network, says): (&Capabilities, &HouseTexts),
    degraded: &mut Vec<String>,
) -> Vec<OutboundBody> {
    let media = match picture_carried(media, network) {
        Ok(media) => media,
        Err(reason) => {
            degraded.push(format!("picture to caption and note: {reason}"));
            return noted(caption, says.picture_not_carried, network);
        }
    };
    captioned(caption, network, degraded, |caption| OutboundBody::Image { media, caption })
}

pub(super) fn document(
    media: Media,
    name: &str,
    caption: Option<String>,
    (network, says): (&Capabilities, &HouseTexts),
    degraded: &mut Vec<String>,
) -> Vec<OutboundBody> {
    let name = file_name::cleaned(name).unwrap_or_else(|| file_name::of_type(&media.mime));
    let media = match document_carried(media, &name, network) {
        Ok(media) => media,
        Err(reason) => {
            degraded.push(format!("document to caption and note: {reason}"));
            return noted(caption, &says.document_not_carried(&name), network);
        }
    };
    captioned(caption, network, degraded, |caption| OutboundBody::Document { media, name, caption })
}

/// The caption, and a note in the place of what it belongs to.
fn noted(caption: Option<String>, note: &str, network: &Capabilities) -> Vec<OutboundBody> {
    let text = match caption.filter(|caption| !is_blank(caption)) {
        Some(caption) => format!("{caption}\n\n{note}"),
        None => note.to_owned(),
    };
    texts(&text, network)
}

/// A medium with its caption, or with the caption behind it where that is too long.
fn captioned(
    caption: Option<String>,
    network: &Capabilities,
    degraded: &mut Vec<String>,
    make: impl FnOnce(Option<String>) -> OutboundBody,
) -> Vec<OutboundBody> {
    let caption = caption.unwrap_or_default();
    if caption.chars().count() <= network.caption_chars_max {
        return vec![make((!caption.trim().is_empty()).then_some(caption))];
    }
    degraded.push("long caption to a text of its own".to_owned());
    let mut bodies = vec![make(None)];
    bodies.extend(texts(&caption, network));
    bodies
}

/// A picture that the network takes, under its real type; the reason if it does not.
fn picture_carried(media: Media, network: &Capabilities) -> Result<Media, String> {
    let media = opening::opened(media).map_err(|reason| reason.to_string())?;
    short_enough(&media, limits::IMAGE_BYTES_MAX)?;
    let bare = OutboundBody::Image { media: media.clone(), caption: None };
    network.carries(&bare).map_err(|reason| reason.to_string())?;
    Ok(media)
}

/// A document that the network takes; the reason if it does not.
fn document_carried(media: Media, name: &str, network: &Capabilities) -> Result<Media, String> {
    short_enough(&media, limits::DOCUMENT_BYTES_MAX)?;
    let bare = OutboundBody::Document { media: media.clone(), name: name.to_owned(), caption: None };
    network.carries(&bare).map_err(|reason| reason.to_string())?;
    Ok(media)
}

fn short_enough(media: &Media, bytes_max: u64) -> Result<(), String> {
    let bytes = media.bytes.len();
    if bytes as u64 > bytes_max {
        return Err(format!("{bytes} bytes cannot be sent, {bytes_max} are allowed"));
    }
    Ok(())
}

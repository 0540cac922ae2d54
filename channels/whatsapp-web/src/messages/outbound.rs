//! A message of ours as the protocol writes it. Pure.

use crate::ids::address;
use crate::messages::message_cache::Heard;
use greenroom_contract::ids::{MessageId, SenderId};
use greenroom_contract::message::Location;
use greenroom_contract::outbound::Sound;
use greenroom_contract::time::Timestamp;
use whatsapp_rust::Jid;
use whatsapp_rust::media::{self, AudioOptions, DocumentOptions, ImageOptions};
use whatsapp_rust::proto_helpers::{MessageExt, build_quote_context, build_reaction_message};
use whatsapp_rust::upload::UploadResponse;
use whatsapp_rust::waproto::buffa::MessageField;
use whatsapp_rust::waproto::whatsapp as wa;

/// The message that ours refers to.
pub(crate) struct Referred<'a> {
    pub(crate) id: &'a MessageId,
    /// The chat both are in.
    pub(crate) chat: &'a Jid,
    /// What is remembered of it.
    pub(crate) heard: Option<Heard>,
    /// Its author, as the engine was told.
    pub(crate) author: Option<&'a SenderId>,
    /// Whether we wrote it.
    pub(crate) is_ours: bool,
}

impl Referred<'_> {
    /// The author's address. In a direct chat it is the chat's, so that both are of one kind.
    fn participant(&self, own: Option<&Jid>) -> Option<Jid> {
        if self.is_ours {
            return own.cloned();
        }
        if self.chat.is_pn() || self.chat.is_lid() {
            return Some(self.chat.clone());
        }
        let heard = self.heard.as_ref().map(|heard| heard.author.clone());
        heard.or_else(|| self.author.and_then(address::of_sender))
    }

    /// The context of a message that answers it. What is not remembered any more is quoted without its content.
    pub(crate) fn quoted(&self, own: Option<&Jid>) -> Option<wa::ContextInfo> {
        let participant = self.participant(own)?.to_string();
        let remembered = self.heard.as_ref().and_then(Heard::message);
        let quoted =
            remembered.unwrap_or_else(|| wa::Message { conversation: Some(String::new()), ..wa::Message::default() });
        Some(build_quote_context(self.id.as_str(), participant, &quoted))
    }

    /// A reaction to it; no emoji takes one back.
    pub(crate) fn reaction(&self, emoji: Option<&str>, own: Option<&Jid>, now: Timestamp) -> wa::Message {
        let in_group = !(self.chat.is_pn() || self.chat.is_lid());
        let participant = if in_group && !self.is_ours { self.participant(own) } else { None };
        let key = wa::MessageKey {
            remote_jid: Some(self.chat.to_string()),
            from_me: Some(self.is_ours),
            id: Some(self.id.as_str().to_owned()),
            participant: participant.map(|jid| jid.to_string()),
        };
        build_reaction_message(key, emoji.unwrap_or_default(), i64::try_from(now.0).unwrap_or(i64::MAX))
    }
}

/// Words.
pub(crate) fn text(words: &str, context: Option<wa::ContextInfo>) -> wa::Message {
    let Some(context) = context else {
        return wa::Message { conversation: Some(words.to_owned()), ..wa::Message::default() };
    };
    let text = wa::message::ExtendedTextMessage {
        text: Some(words.to_owned()),
        context_info: MessageField::some(context),
        ..wa::message::ExtendedTextMessage::default()
    };
    wa::Message { extended_text_message: MessageField::some(text), ..wa::Message::default() }
}

/// A picture that was uploaded.
pub(crate) fn image(
    uploaded: UploadResponse,
    mime: &str,
    caption: Option<&str>,
    context: Option<wa::ContextInfo>,
) -> wa::Message {
    let options = ImageOptions {
        caption: caption.map(str::to_owned),
        mimetype: Some(mime.to_owned()),
        ..ImageOptions::default()
    };
    with(media::image_message(uploaded, options), context)
}

/// A voice note that was uploaded.
pub(crate) fn voice(uploaded: UploadResponse, sound: Option<&Sound>, context: Option<wa::ContextInfo>) -> wa::Message {
    let seconds = |sound: &Sound| u32::try_from(sound.duration.as_secs().max(1)).unwrap_or(u32::MAX);
    let options = AudioOptions {
        mimetype: Some("audio/ogg; codecs=opus".to_owned()),
        duration_seconds: sound.map(seconds),
        ptt: Some(true),
        waveform: sound.map(|sound| sound.waveform.clone()),
        ..AudioOptions::default()
    };
    with(media::audio_message(uploaded, options), context)
}

/// A document that was uploaded. Its words stand beside it, as all clients of today show them.
pub(crate) fn document(
    uploaded: UploadResponse,
    mime: &str,
    name: &str,
    caption: Option<&str>,
    context: Option<wa::ContextInfo>,
) -> wa::Message {
    let name = if name.trim().is_empty() { "document" } else { name };
    let options = DocumentOptions {
        mimetype: Some(mime.to_owned()),
        file_name: Some(name.to_owned()),
        title: Some(name.to_owned()),
        caption: caption.map(str::to_owned),
        ..DocumentOptions::default()
    };
    with(media::document_message(uploaded, options), context)
}

/// A place. Phones draw the map themselves.
pub(crate) fn location(place: &Location, context: Option<wa::ContextInfo>) -> wa::Message {
    let part = wa::message::LocationMessage {
        degrees_latitude: Some(place.latitude),
        degrees_longitude: Some(place.longitude),
        name: place.name.clone(),
        address: place.address.clone(),
        ..wa::message::LocationMessage::default()
    };
    with(wa::Message { location_message: MessageField::some(part), ..wa::Message::default() }, context)
}

fn with(mut message: wa::Message, context: Option<wa::ContextInfo>) -> wa::Message {
    if let Some(context) = context {
        message.set_context_info(context);
    }
    message
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::messages::message_cache::MessageCache;
    use greenroom_conformance::messages::id;

    fn jid(text: &str) -> Jid {
        text.parse().unwrap()
    }

    fn referred<'a>(
        chat: &'a Jid,
        message: &'a MessageId,
        author: Option<&'a SenderId>,
        heard: Option<Heard>,
    ) -> Referred<'a> {
        Referred { id: message, chat, heard, author, is_ours: false }
    }

    fn heard(author: &str) -> Heard {
        let recent = MessageCache::new();
        let message = wa::Message { conversation: Some("hi".to_owned()), ..wa::Message::default() };
        recent.hear(&jid("1@g.us"), "M", &jid(author), &message);
        recent.heard(&jid("1@g.us"), "M").unwrap()
    }

    #[test]
    fn a_quote_names_the_author_without_a_device() {
        let (group, direct, message) = (jid("1@g.us"), jid("15550000001@s.whatsapp.net"), id::<MessageId>("M"));
        let author = id::<SenderId>("777@lid");
        let context = referred(&group, &message, Some(&author), Some(heard("777:12@lid"))).quoted(None).unwrap();
        assert_eq!(context.participant.as_deref(), Some("777@lid"));
        assert_eq!(context.stanza_id.as_deref(), Some("M"));
        assert_eq!(context.quoted_message.as_option().unwrap().conversation.as_deref(), Some("hi"));
        let context = referred(&direct, &message, Some(&author), None).quoted(None).unwrap();
        assert_eq!(context.participant.as_deref(), Some("15550000001@s.whatsapp.net"), "of the chat's kind");
        assert_eq!(context.quoted_message.as_option().unwrap().conversation.as_deref(), Some(""));
        let context = referred(&group, &message, Some(&author), None).quoted(None).unwrap();
        assert_eq!(context.participant.as_deref(), Some("777@lid"), "as the engine was told");
        assert!(referred(&group, &message, None, None).quoted(None).is_none(), "nobody knows the author");
    }

    #[test]
    fn a_reaction_in_a_group_names_the_author() {
        let (group, direct, message) = (jid("1@g.us"), jid("777@lid"), id::<MessageId>("M"));
        let key = |reaction: wa::Message| {
            let reaction = reaction.reaction_message.as_option().unwrap().clone();
            (reaction.key.as_option().unwrap().clone(), reaction.text.unwrap())
        };
        let (in_group, emoji) =
            key(referred(&group, &message, None, Some(heard("777:12@lid"))).reaction(Some("x"), None, Timestamp(1)));
        assert_eq!(
            (in_group.participant.as_deref(), in_group.from_me, emoji.as_str()),
            (Some("777@lid"), Some(false), "x")
        );
        let (in_direct, emoji) = key(referred(&direct, &message, None, None).reaction(None, None, Timestamp(1)));
        assert_eq!((in_direct.participant, emoji.as_str()), (None, ""));
        let ours = Referred { is_ours: true, ..referred(&group, &message, None, None) };
        let (ours, _) = key(ours.reaction(Some("x"), None, Timestamp(1)));
        assert_eq!((ours.participant, ours.from_me), (None, Some(true)));
    }
}

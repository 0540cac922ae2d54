//! What a person is about to send.

use whatsapp_rust::buffa::MessageField;
use whatsapp_rust::wacore::download::MediaType;
use whatsapp_rust::wacore_binary::Jid;
use whatsapp_rust::waproto::whatsapp as wa;

use super::address::Address;
use super::heard::Heard;
use super::media::{MediaHost, Upload, upload};
use super::node;
use super::things::{Card, File, Place, Tap};
use super::wrapping::Wrapping;

/// A message that is not sent yet.
#[derive(Debug, Clone)]
pub struct Draft {
    pub(super) id: Option<String>,
    pub(super) content: Content,
    pub(super) quote: Option<Quoted>,
    pub(super) mentions: Vec<Address>,
    pub(super) wrapping: Wrapping,
}

#[derive(Debug, Clone)]
pub(super) enum Content {
    Text(String),
    Image { bytes: Vec<u8>, caption: Option<String> },
    Voice { bytes: Vec<u8>, seconds: u32 },
    File(File),
    Sticker { bytes: Vec<u8> },
    Place(Place),
    Contacts(Vec<Card>),
    Tap(Tap),
    Reaction { to: Target, emoji: String },
    Edit { of: String, text: String },
    Revoke { of: String },
    Raw(Box<wa::Message>),
}

/// An earlier message in the chat.
#[derive(Debug, Clone)]
pub(super) struct Target {
    pub(super) id: String,
    /// Who wrote it; `None` if it was this phone's account.
    pub(super) sender: Option<Jid>,
}

#[derive(Debug, Clone)]
pub(super) struct Quoted {
    pub(super) target: Target,
    pub(super) message: wa::Message,
}

impl Draft {
    pub(super) fn new(content: Content) -> Self {
        Self { id: None, content, quote: None, mentions: Vec::new(), wrapping: Wrapping::default() }
    }

    /// Words.
    pub fn text(text: impl Into<String>) -> Self {
        Self::new(Content::Text(text.into()))
    }

    /// A picture.
    pub fn image(bytes: Vec<u8>, caption: Option<&str>) -> Self {
        Self::new(Content::Image { bytes, caption: caption.map(str::to_owned) })
    }

    /// A voice note, Ogg with Opus.
    pub fn voice(bytes: Vec<u8>, seconds: u32) -> Self {
        Self::new(Content::Voice { bytes, seconds })
    }

    /// A sticker.
    pub fn sticker(bytes: Vec<u8>) -> Self {
        Self::new(Content::Sticker { bytes })
    }

    /// A reaction to what was heard; an empty emoji takes it back.
    pub fn reaction(to: &Heard, emoji: &str) -> Self {
        let sender = (!to.own).then(|| to.sender.to_non_ad());
        Self::new(Content::Reaction { to: Target { id: to.id.clone(), sender }, emoji: emoji.to_owned() })
    }

    /// A reaction to a message of this phone itself.
    pub fn reaction_to_own(id: &str, emoji: &str) -> Self {
        let to = Target { id: id.to_owned(), sender: None };
        Self::new(Content::Reaction { to, emoji: emoji.to_owned() })
    }

    /// New words for an earlier message of this phone.
    pub fn edit(of: &str, text: &str) -> Self {
        Self::new(Content::Edit { of: of.to_owned(), text: text.to_owned() })
    }

    /// Deletes an earlier message of this phone for everyone.
    pub fn revoke(of: &str) -> Self {
        Self::new(Content::Revoke { of: of.to_owned() })
    }

    /// Any other message, as its protobuf stands.
    pub fn raw(message: wa::Message) -> Self {
        Self::new(Content::Raw(Box::new(message)))
    }

    /// As the answer to what was heard.
    #[must_use]
    pub fn quoting(mut self, heard: &Heard) -> Self {
        let sender = (!heard.own).then(|| heard.sender.to_non_ad());
        let target = Target { id: heard.id.clone(), sender };
        self.quote = Some(Quoted { target, message: (*heard.message).clone() });
        self
    }

    /// As the answer to a text that this phone itself wrote, by its id.
    #[must_use]
    pub fn quoting_own(mut self, id: &str, text: &str) -> Self {
        let message = wa::Message { conversation: Some(text.to_owned()), ..Default::default() };
        self.quote = Some(Quoted { target: Target { id: id.to_owned(), sender: None }, message });
        self
    }

    /// Mentions people; the text should name them as `@digits`.
    #[must_use]
    pub fn mentioning(mut self, people: impl IntoIterator<Item = Address>) -> Self {
        self.mentions.extend(people);
        self
    }

    /// Under a given id instead of a fresh one.
    #[must_use]
    pub fn with_id(mut self, id: &str) -> Self {
        self.id = Some(id.to_owned());
        self
    }

    fn context(&self, own: &Jid) -> MessageField<wa::ContextInfo> {
        if self.quote.is_none() && self.mentions.is_empty() && !self.wrapping.is_in_context() {
            return MessageField::default();
        }
        let quote = self.quote.as_ref();
        MessageField::some(self.wrapping.context(wa::ContextInfo {
            stanza_id: quote.map(|quote| quote.target.id.clone()),
            participant: quote.map(|quote| quote.target.sender.as_ref().unwrap_or(own).to_string()),
            quoted_message: quote.map(|quote| MessageField::some(quote.message.clone())).unwrap_or_default(),
            mentioned_jid: self.mentions.iter().map(|person| person.jid(&own.user).to_string()).collect(),
            ..Default::default()
        }))
    }
}

/// A message ready to be encrypted, with what its stanza says about it.
#[derive(Debug, Clone)]
pub(super) struct Outgoing {
    pub(super) id: String,
    pub(super) message: wa::Message,
    /// The `type` of the stanza.
    pub(super) kind: &'static str,
    /// The `mediatype` of each `<enc>`.
    pub(super) media: Option<&'static str>,
    /// The `edit` of the stanza.
    pub(super) edit: Option<&'static str>,
    /// Whether it is about the account, for one of its own devices.
    pub(super) peer: bool,
}

impl Outgoing {
    fn new(message: wa::Message) -> Self {
        Self { id: String::new(), message, kind: "text", media: None, edit: None, peer: false }
    }

    /// A message about the account, for one of its own devices.
    pub(super) fn peer(message: wa::Message) -> Self {
        Self { id: node::fresh_id(), peer: true, ..Self::new(message) }
    }

    fn media(mut self, media: &'static str) -> Self {
        self.kind = "media";
        self.media = Some(media);
        self
    }
}

/// Writes the draft out: uploads what has to be uploaded and builds the message.
///
/// `chat` is where it goes, `own` the writer's bare JID in the same address space.
pub(super) fn outgoing(draft: &Draft, chat: &Jid, own: &Jid, host: &dyn MediaHost) -> anyhow::Result<Outgoing> {
    let context_info = draft.context(own);
    let mut outgoing = match &draft.content {
        Content::Text(text) if context_info.is_unset() => {
            Outgoing::new(wa::Message { conversation: Some(text.clone()), ..Default::default() })
        }
        Content::Text(text) => {
            let part =
                wa::message::ExtendedTextMessage { text: Some(text.clone()), context_info, ..Default::default() };
            Outgoing::new(wa::Message { extended_text_message: MessageField::some(part), ..Default::default() })
        }
        Content::Image { bytes, caption } => {
            let part = image(&upload(host, MediaType::Image, bytes)?, caption.clone(), context_info);
            Outgoing::new(wa::Message { image_message: MessageField::some(part), ..Default::default() }).media("image")
        }
        Content::Voice { bytes, seconds } => {
            let part = voice(&upload(host, MediaType::Audio, bytes)?, *seconds, context_info);
            Outgoing::new(wa::Message { audio_message: MessageField::some(part), ..Default::default() }).media("ptt")
        }
        Content::File(file) => {
            Outgoing::new(file.message(&upload(host, MediaType::Document, &file.bytes)?, context_info))
                .media("document")
        }
        Content::Sticker { bytes } => {
            let part = sticker(&upload(host, MediaType::Sticker, bytes)?, context_info);
            let message = wa::Message { sticker_message: MessageField::some(part), ..Default::default() };
            Outgoing::new(message).media("sticker")
        }
        Content::Place(place) => Outgoing::new(place.message(context_info)).media(place.media()),
        Content::Contacts(cards) => Outgoing::new(Card::message(cards, context_info)).media(Card::media(cards)),
        Content::Tap(tap) => Outgoing::new(tap.message(context_info)).media(tap.media()),
        Content::Reaction { to, emoji } => reaction(chat, to, emoji),
        Content::Edit { of, text } => edit(chat, of, text),
        Content::Revoke { of } => revoke(chat, of),
        Content::Raw(message) => Outgoing::new((**message).clone()),
    };
    outgoing = draft.wrapping.around(outgoing);
    outgoing.id = draft.id.clone().unwrap_or_else(node::fresh_id);
    Ok(outgoing)
}

fn image(
    upload: &Upload,
    caption: Option<String>,
    context_info: MessageField<wa::ContextInfo>,
) -> wa::message::ImageMessage {
    wa::message::ImageMessage {
        url: Some(upload.stored.url.clone()),
        direct_path: Some(upload.stored.direct_path.clone()),
        media_key: Some(upload.media_key.clone()),
        file_sha256: Some(upload.sha256.clone()),
        file_enc_sha256: Some(upload.enc_sha256.clone()),
        file_length: Some(upload.length),
        media_key_timestamp: Some(node::now().cast_signed()),
        mimetype: Some("image/jpeg".to_owned()),
        caption,
        context_info,
        ..Default::default()
    }
}

fn voice(upload: &Upload, seconds: u32, context_info: MessageField<wa::ContextInfo>) -> wa::message::AudioMessage {
    wa::message::AudioMessage {
        url: Some(upload.stored.url.clone()),
        direct_path: Some(upload.stored.direct_path.clone()),
        media_key: Some(upload.media_key.clone()),
        file_sha256: Some(upload.sha256.clone()),
        file_enc_sha256: Some(upload.enc_sha256.clone()),
        file_length: Some(upload.length),
        media_key_timestamp: Some(node::now().cast_signed()),
        mimetype: Some("audio/ogg; codecs=opus".to_owned()),
        seconds: Some(seconds),
        ptt: Some(true),
        waveform: Some(vec![50; 64]),
        context_info,
        ..Default::default()
    }
}

fn sticker(upload: &Upload, context_info: MessageField<wa::ContextInfo>) -> wa::message::StickerMessage {
    wa::message::StickerMessage {
        url: Some(upload.stored.url.clone()),
        direct_path: Some(upload.stored.direct_path.clone()),
        media_key: Some(upload.media_key.clone()),
        file_sha256: Some(upload.sha256.clone()),
        file_enc_sha256: Some(upload.enc_sha256.clone()),
        file_length: Some(upload.length),
        mimetype: Some("image/webp".to_owned()),
        context_info,
        ..Default::default()
    }
}

fn reaction(chat: &Jid, to: &Target, emoji: &str) -> Outgoing {
    let part = wa::message::ReactionMessage {
        key: MessageField::some(key(chat, to)),
        text: Some(emoji.to_owned()),
        sender_timestamp_ms: Some(node::now().cast_signed() * 1000),
        ..Default::default()
    };
    let message = wa::Message { reaction_message: MessageField::some(part), ..Default::default() };
    Outgoing { kind: "reaction", ..Outgoing::new(message) }
}

fn edit(chat: &Jid, of: &str, text: &str) -> Outgoing {
    let words = wa::Message { conversation: Some(text.to_owned()), ..Default::default() };
    let part = wa::message::ProtocolMessage {
        key: MessageField::some(key(chat, &Target { id: of.to_owned(), sender: None })),
        r#type: Some(wa::message::protocol_message::Type::MESSAGE_EDIT),
        edited_message: MessageField::some(words),
        timestamp_ms: Some(node::now().cast_signed() * 1000),
        ..Default::default()
    };
    let message = wa::Message { protocol_message: MessageField::some(part), ..Default::default() };
    Outgoing { edit: Some("1"), ..Outgoing::new(message) }
}

fn revoke(chat: &Jid, of: &str) -> Outgoing {
    let part = wa::message::ProtocolMessage {
        key: MessageField::some(key(chat, &Target { id: of.to_owned(), sender: None })),
        r#type: Some(wa::message::protocol_message::Type::REVOKE),
        ..Default::default()
    };
    let message = wa::Message { protocol_message: MessageField::some(part), ..Default::default() };
    Outgoing { edit: Some("7"), ..Outgoing::new(message) }
}

fn key(chat: &Jid, target: &Target) -> wa::MessageKey {
    use whatsapp_rust::wacore_binary::JidExt as _;
    wa::MessageKey {
        remote_jid: Some(chat.to_string()),
        from_me: Some(target.sender.is_none()),
        id: Some(target.id.clone()),
        participant: target.sender.as_ref().filter(|_| chat.is_group()).map(ToString::to_string),
    }
}

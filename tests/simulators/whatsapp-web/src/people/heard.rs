//! What a person sees on the screen of the phone.

use std::sync::Arc;

use whatsapp_rust::wacore::download::MediaType;
use whatsapp_rust::wacore_binary::Jid;
use whatsapp_rust::waproto::whatsapp as wa;

use super::address::digits;
use super::media::{MediaHost, download};

/// A message that arrived and was understood.
#[derive(Debug, Clone)]
pub struct Heard {
    /// The message's id.
    pub id: String,
    /// The sender's phone number, or LID digits if the number is not known.
    pub from: String,
    /// The sender's device as it was addressed.
    pub sender: Jid,
    /// The chat: the other person's bare JID as it was addressed, or the group.
    pub chat: Jid,
    /// What it says.
    pub body: Body,
    /// What it answers to.
    pub quote: Option<Quote>,
    /// The bare JIDs that it mentions, as written.
    pub mentions: Vec<String>,
    /// The name that the sender shows.
    pub name: Option<String>,
    /// Whether another device of this account wrote it.
    pub own: bool,
    /// Whether it could not be understood at first and arrived again after a retry.
    pub healed: bool,
    /// Whether it waited at the server while the phone was offline.
    pub offline: bool,
    pub(super) message: Arc<wa::Message>,
}

impl Heard {
    /// Whether it mentions the person with this number or LID, digits.
    pub fn mentions_user(&self, user: &str) -> bool {
        self.mentions.iter().any(|mention| digits(mention) == user)
    }

    /// The text, if it is a text.
    pub fn text(&self) -> Option<&str> {
        match &self.body {
            Body::Text(text) => Some(text),
            _ => None,
        }
    }
}

/// What a message says.
#[derive(Debug, Clone, PartialEq)]
pub enum Body {
    /// Words.
    Text(String),
    /// A picture.
    Image {
        /// The file, decrypted.
        bytes: Vec<u8>,
        /// The words below it.
        caption: Option<String>,
        /// The type it claims to be.
        mime: String,
    },
    /// A voice note.
    Voice {
        /// The file, decrypted.
        bytes: Vec<u8>,
        /// The length it claims.
        seconds: u32,
        /// The type it claims to be.
        mime: String,
    },
    /// Other audio.
    Audio {
        /// The file, decrypted.
        bytes: Vec<u8>,
        /// The type it claims to be.
        mime: String,
    },
    /// A reaction to a message.
    Reaction {
        /// The id of the message.
        to: String,
        /// The reaction; `None` takes an earlier one back.
        emoji: Option<String>,
    },
    /// New words for an earlier message.
    Edit {
        /// The id of the message.
        of: String,
        /// The new words.
        text: String,
    },
    /// An earlier message is deleted for everyone.
    Revoke {
        /// The id of the message.
        of: String,
    },
    /// A file.
    Document {
        /// The file, decrypted.
        bytes: Vec<u8>,
        /// Its name.
        name: Option<String>,
        /// The type it claims to be.
        mime: String,
        /// The words below it.
        caption: Option<String>,
    },
    /// A place.
    Location {
        /// Degrees north.
        latitude: f64,
        /// Degrees east.
        longitude: f64,
        /// What it is called; of one that moves, the words beside it.
        name: Option<String>,
        /// Its address.
        address: Option<String>,
    },
    /// Cards of people: the name that is shown, and the card.
    Contacts(Vec<(String, String)>),
    /// A tap on an option: its id and its title.
    Tap {
        /// The id.
        id: String,
        /// The title.
        title: String,
    },
    /// A medium that could not be fetched or decrypted, and why.
    Broken(String),
    /// Anything else, by the name of its field.
    Other(&'static str),
}

/// What a message answers to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quote {
    /// The id of the quoted message.
    pub id: String,
    /// Who wrote it, as written: should be a bare JID.
    pub participant: Option<String>,
    /// Its words, if it has any.
    pub text: Option<String>,
}

/// Somebody is writing, speaking, or stopped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Typing {
    /// The phone number, or LID digits if the number is not known.
    pub from: String,
    /// The chat it was shown in.
    pub chat: Jid,
    /// `composing`, `recording` or `paused`.
    pub state: &'static str,
}

/// What somebody reported of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    /// The message's id.
    pub id: String,
    /// The reporter's phone number, or LID digits if the number is not known.
    pub from: String,
    /// The reporter's device.
    pub device: Jid,
    /// The chat: the reporter's bare JID, or the group.
    pub chat: Jid,
    /// What was reported.
    pub kind: ReceiptKind,
}

/// What was reported of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReceiptKind {
    /// It arrived.
    Delivered,
    /// It arrived at a client that nobody looks at.
    Inactive,
    /// It was read.
    Read,
    /// The voice note was played.
    Played,
    /// It could not be read; the count of the attempt.
    Retry(u8),
    /// Anything else, by its name.
    Other(String),
}

/// Reads what a message says; `None` for what people never see (key distribution, sync).
pub(super) fn body(message: &wa::Message, host: &dyn MediaHost) -> Option<Body> {
    if let Some(text) = &message.conversation {
        return Some(Body::Text(text.clone()));
    }
    if let Some(text) = message.extended_text_message.as_option() {
        return Some(Body::Text(text.text.clone().unwrap_or_default()));
    }
    if let Some(image) = message.image_message.as_option() {
        let bytes = download(host, MediaType::Image, image.direct_path.as_deref(), image.media_key.as_deref());
        let (caption, mime) = (image.caption.clone(), image.mimetype.clone().unwrap_or_default());
        return Some(whole(bytes, |bytes| Body::Image { bytes, caption, mime }));
    }
    if let Some(audio) = message.audio_message.as_option() {
        let bytes = download(host, MediaType::Audio, audio.direct_path.as_deref(), audio.media_key.as_deref());
        let (seconds, mime) = (audio.seconds.unwrap_or_default(), audio.mimetype.clone().unwrap_or_default());
        return Some(whole(bytes, |bytes| match audio.ptt {
            Some(true) => Body::Voice { bytes, seconds, mime },
            _ => Body::Audio { bytes, mime },
        }));
    }
    if let Some(document) = message.document_message.as_option() {
        let bytes = download(host, MediaType::Document, document.direct_path.as_deref(), document.media_key.as_deref());
        let (name, caption) = (document.file_name.clone(), document.caption.clone());
        let mime = document.mimetype.clone().unwrap_or_default();
        return Some(whole(bytes, |bytes| Body::Document { bytes, name, mime, caption }));
    }
    if let Some(body) = place(message).or_else(|| cards(message)).or_else(|| tap(message)) {
        return Some(body);
    }
    if let Some(reaction) = message.reaction_message.as_option() {
        let to = reaction.key.as_option().and_then(|key| key.id.clone()).unwrap_or_default();
        return Some(Body::Reaction { to, emoji: reaction.text.clone().filter(|emoji| !emoji.is_empty()) });
    }
    if let Some(protocol) = message.protocol_message.as_option() {
        return protocol_body(protocol);
    }
    other(message).map(Body::Other)
}

fn place(message: &wa::Message) -> Option<Body> {
    if let Some(place) = message.location_message.as_option() {
        let (latitude, longitude) = (place.degrees_latitude?, place.degrees_longitude?);
        return Some(Body::Location { latitude, longitude, name: place.name.clone(), address: place.address.clone() });
    }
    let place = message.live_location_message.as_option()?;
    let (latitude, longitude) = (place.degrees_latitude?, place.degrees_longitude?);
    Some(Body::Location { latitude, longitude, name: place.caption.clone(), address: None })
}

fn cards(message: &wa::Message) -> Option<Body> {
    let card = |card: &wa::message::ContactMessage| {
        (card.display_name.clone().unwrap_or_default(), card.vcard.clone().unwrap_or_default())
    };
    let one = message.contact_message.as_option().map(|one| vec![card(one)]);
    let several = || Some(message.contacts_array_message.as_option()?.contacts.iter().map(card).collect());
    one.or_else(several).map(Body::Contacts)
}

fn tap(message: &wa::Message) -> Option<Body> {
    use wa::message::buttons_response_message::Response;
    if let Some(reply) = message.buttons_response_message.as_option() {
        let title = match &reply.response {
            Some(Response::SelectedDisplayText(title)) => title.clone(),
            _ => String::new(),
        };
        return Some(Body::Tap { id: reply.selected_button_id.clone().unwrap_or_default(), title });
    }
    let reply = message.list_response_message.as_option()?;
    let row = reply.single_select_reply.as_option().and_then(|row| row.selected_row_id.clone());
    Some(Body::Tap { id: row.unwrap_or_default(), title: reply.title.clone().unwrap_or_default() })
}

fn whole(bytes: anyhow::Result<Vec<u8>>, body: impl FnOnce(Vec<u8>) -> Body) -> Body {
    match bytes {
        Ok(bytes) => body(bytes),
        Err(error) => Body::Broken(format!("{error:#}")),
    }
}

fn protocol_body(protocol: &wa::message::ProtocolMessage) -> Option<Body> {
    use wa::message::protocol_message::Type;
    let of = protocol.key.as_option().and_then(|key| key.id.clone()).unwrap_or_default();
    match protocol.r#type {
        Some(Type::REVOKE) => Some(Body::Revoke { of }),
        Some(Type::MESSAGE_EDIT) => {
            let text = protocol.edited_message.as_option().and_then(words).unwrap_or_default();
            Some(Body::Edit { of, text })
        }
        _ => None,
    }
}

fn other(message: &wa::Message) -> Option<&'static str> {
    let kinds = [
        (message.sticker_message.is_set(), "sticker"),
        // Of a linked device, no phone shows these.
        (message.buttons_message.is_set(), "buttons"),
        (message.list_message.is_set(), "list"),
        (message.interactive_message.is_set(), "interactive"),
        (message.video_message.is_set(), "video"),
        (message.poll_creation_message.is_set() || message.poll_creation_message_v3.is_set(), "poll"),
    ];
    kinds.into_iter().find_map(|(set, name)| set.then_some(name))
}

/// The words of a message, without its media.
pub(super) fn words(message: &wa::Message) -> Option<String> {
    if let Some(text) = &message.conversation {
        return Some(text.clone());
    }
    if let Some(text) = message.extended_text_message.as_option() {
        return text.text.clone();
    }
    message.image_message.as_option().and_then(|image| image.caption.clone())
}

/// Where a message says what it answers to and whom it mentions.
pub(super) fn context(message: &wa::Message) -> Option<&wa::ContextInfo> {
    let places = [
        message.extended_text_message.as_option().map(|part| &part.context_info),
        message.image_message.as_option().map(|part| &part.context_info),
        message.audio_message.as_option().map(|part| &part.context_info),
        message.document_message.as_option().map(|part| &part.context_info),
        message.location_message.as_option().map(|part| &part.context_info),
        message.contact_message.as_option().map(|part| &part.context_info),
    ];
    places.into_iter().flatten().find_map(|context| context.as_option())
}

/// The quote of a message.
pub(super) fn quote(message: &wa::Message) -> Option<Quote> {
    let context = context(message)?;
    Some(Quote {
        id: context.stanza_id.clone()?,
        participant: context.participant.clone(),
        text: context.quoted_message.as_option().and_then(words),
    })
}

/// The message inside its wrappers.
pub(super) fn unwrapped(message: &wa::Message) -> &wa::Message {
    let wrappers = [
        &message.ephemeral_message,
        &message.edited_message,
        &message.document_with_caption_message,
        &message.view_once_message_v2,
    ];
    let inner = wrappers.into_iter().find_map(|wrapper| wrapper.as_option().and_then(|part| part.message.as_option()));
    inner.map_or(message, unwrapped)
}

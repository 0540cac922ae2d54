//! Files, places, cards and taps: what people send beside words, pictures and sounds.

use whatsapp_rust::buffa::MessageField;
use whatsapp_rust::waproto::whatsapp as wa;
use whatsapp_rust::waproto::whatsapp::message::buttons_response_message::Response;

use super::draft::{Content, Draft};
use super::media::Upload;
use super::node;

type Context = MessageField<wa::ContextInfo>;

/// A file.
#[derive(Debug, Clone)]
pub(super) struct File {
    pub(super) bytes: Vec<u8>,
    name: String,
    mime: String,
    caption: Option<String>,
}

/// A place on a map.
#[derive(Debug, Clone)]
pub(super) struct Place {
    latitude: f64,
    longitude: f64,
    name: Option<String>,
    address: Option<String>,
    /// Whether the phone goes on telling where it is.
    live: bool,
}

/// Somebody of an address book.
#[derive(Debug, Clone)]
pub(super) struct Card {
    name: String,
    number: String,
}

/// A tap on an option of a business.
#[derive(Debug, Clone)]
pub(super) struct Tap {
    id: String,
    title: String,
    /// Whether it is a row of a list; else a button.
    row: bool,
}

impl Draft {
    /// A file.
    pub fn document(bytes: Vec<u8>, name: &str) -> Self {
        Self::file(bytes, name, "application/octet-stream", None)
    }

    /// A file of a type, with words below it.
    pub fn file(bytes: Vec<u8>, name: &str, mime: &str, caption: Option<&str>) -> Self {
        let caption = caption.map(str::to_owned);
        Self::new(Content::File(File { bytes, name: name.to_owned(), mime: mime.to_owned(), caption }))
    }

    /// A place.
    pub fn location(latitude: f64, longitude: f64) -> Self {
        Self::place(latitude, longitude, None, None)
    }

    /// A place that was picked from the map.
    pub fn place(latitude: f64, longitude: f64, name: Option<&str>, address: Option<&str>) -> Self {
        let (name, address) = (name.map(str::to_owned), address.map(str::to_owned));
        Self::new(Content::Place(Place { latitude, longitude, name, address, live: false }))
    }

    /// Where the phone is from now on, with words.
    pub fn live_location(latitude: f64, longitude: f64, words: &str) -> Self {
        let name = Some(words.to_owned());
        Self::new(Content::Place(Place { latitude, longitude, name, address: None, live: true }))
    }

    /// Somebody's card.
    pub fn contact(name: &str, number: &str) -> Self {
        Self::contacts(&[(name, number)])
    }

    /// Cards of several people, each with a name and a number.
    pub fn contacts(people: &[(&str, &str)]) -> Self {
        let card = |(name, number): &(&str, &str)| Card { name: (*name).to_owned(), number: (*number).to_owned() };
        Self::new(Content::Contacts(people.iter().map(card).collect()))
    }

    /// A tap on a button, by its id and its title. Businesses offer them; linked devices of people cannot.
    pub fn tap(id: &str, title: &str) -> Self {
        Self::new(Content::Tap(Tap { id: id.to_owned(), title: title.to_owned(), row: false }))
    }

    /// A tap on a row of a list, by its id and its title.
    pub fn pick(id: &str, title: &str) -> Self {
        Self::new(Content::Tap(Tap { id: id.to_owned(), title: title.to_owned(), row: true }))
    }
}

impl File {
    /// The message for an upload; one with words is wrapped, as phones do.
    pub(super) fn message(&self, upload: &Upload, context_info: Context) -> wa::Message {
        let part = wa::message::DocumentMessage {
            url: Some(upload.stored.url.clone()),
            direct_path: Some(upload.stored.direct_path.clone()),
            media_key: Some(upload.media_key.clone()),
            file_sha256: Some(upload.sha256.clone()),
            file_enc_sha256: Some(upload.enc_sha256.clone()),
            file_length: Some(upload.length),
            media_key_timestamp: Some(node::now().cast_signed()),
            mimetype: Some(self.mime.clone()),
            file_name: Some(self.name.clone()),
            title: Some(self.name.clone()),
            caption: self.caption.clone(),
            context_info,
            ..Default::default()
        };
        let message = wa::Message { document_message: MessageField::some(part), ..Default::default() };
        if self.caption.is_none() {
            return message;
        }
        let layer = wa::message::FutureProofMessage { message: MessageField::some(message) };
        wa::Message { document_with_caption_message: MessageField::some(layer), ..Default::default() }
    }
}

impl Place {
    pub(super) fn media(&self) -> &'static str {
        if self.live { "livelocation" } else { "location" }
    }

    pub(super) fn message(&self, context_info: Context) -> wa::Message {
        if self.live {
            let part = wa::message::LiveLocationMessage {
                degrees_latitude: Some(self.latitude),
                degrees_longitude: Some(self.longitude),
                caption: self.name.clone(),
                sequence_number: Some(1),
                context_info,
                ..Default::default()
            };
            return wa::Message { live_location_message: MessageField::some(part), ..Default::default() };
        }
        let part = wa::message::LocationMessage {
            degrees_latitude: Some(self.latitude),
            degrees_longitude: Some(self.longitude),
            name: self.name.clone(),
            address: self.address.clone(),
            context_info,
            ..Default::default()
        };
        wa::Message { location_message: MessageField::some(part), ..Default::default() }
    }
}

impl Card {
    pub(super) fn media(cards: &[Self]) -> &'static str {
        if cards.len() == 1 { "vcard" } else { "contact_array" }
    }

    /// One card stands by itself, several stand in a list.
    pub(super) fn message(cards: &[Self], context_info: Context) -> wa::Message {
        let mut parts: Vec<wa::message::ContactMessage> = cards.iter().map(Self::part).collect();
        if parts.len() == 1 {
            let part = wa::message::ContactMessage { context_info, ..parts.remove(0) };
            return wa::Message { contact_message: MessageField::some(part), ..Default::default() };
        }
        let display_name = Some(format!("{} contacts", parts.len()));
        let array = wa::message::ContactsArrayMessage { display_name, contacts: parts, context_info };
        wa::Message { contacts_array_message: MessageField::some(array), ..Default::default() }
    }

    fn part(&self) -> wa::message::ContactMessage {
        let Self { name, number } = self;
        let vcard = format!(
            "BEGIN:VCARD\nVERSION:3.0\nN:;{name};;;\nFN:{name}\nitem1.TEL;waid={number}:+{number}\nitem1.X-ABLabel:Mobile\nEND:VCARD"
        );
        wa::message::ContactMessage { display_name: Some(name.clone()), vcard: Some(vcard), ..Default::default() }
    }
}

impl Tap {
    pub(super) fn media(&self) -> &'static str {
        if self.row { "list_response" } else { "buttons_response" }
    }

    pub(super) fn message(&self, context_info: Context) -> wa::Message {
        if self.row {
            let row = wa::message::list_response_message::SingleSelectReply { selected_row_id: Some(self.id.clone()) };
            let part = wa::message::ListResponseMessage {
                title: Some(self.title.clone()),
                list_type: Some(wa::message::list_response_message::ListType::SINGLE_SELECT),
                single_select_reply: MessageField::some(row),
                context_info,
                ..Default::default()
            };
            return wa::Message { list_response_message: MessageField::some(part), ..Default::default() };
        }
        let part = wa::message::ButtonsResponseMessage {
            selected_button_id: Some(self.id.clone()),
            response: Some(Response::SelectedDisplayText(self.title.clone())),
            context_info,
            ..Default::default()
        };
        wa::Message { buttons_response_message: MessageField::some(part), ..Default::default() }
    }
}

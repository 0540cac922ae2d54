//! What was said in a turn, in frames.

use super::frame::framed;
use super::{Material, join};
use crate::limits::{
    CONFIDENCE_LOW_LIMIT, CONTACTS_SHOWN_MAX, DOCUMENT_SHOWN_BYTES_MAX, DOCUMENTS_PER_TURN_MAX, LABEL_BYTES_MAX,
    QUOTE_SHOWN_BYTES_MAX, UNDELIVERED_SHOWN_MAX,
};
use crate::moment;
use crate::picture::Picture;
use crate::reminders::Reminder;
use greenroom_contract::assistant::{Content, Quoted, TurnMessage};
use greenroom_contract::message::{Contact, Location, Media};
use greenroom_contract::model::Part;
use greenroom_contract::transcriber::Transcript;
use jiff::tz::TimeZone;

type Labels<'a> = Vec<(&'static str, &'a str)>;

/// All that a turn brings: what was overheard, what did not arrive, what is to be noted, and the messages.
pub(super) fn present(material: &Material<'_>) -> Vec<Part> {
    let turn = material.turn;
    let zone = moment::zone(turn.time_zone.as_deref());
    let mut parts = Vec::new();
    for line in &turn.overheard {
        let at = moment::written(line.at, &zone);
        let who = line.name.as_deref().unwrap_or("a member");
        join(&mut parts, framed("overheard", &[("from", who), ("at", &at)], &line.text, QUOTE_SHOWN_BYTES_MAX));
    }
    for lost in turn.undelivered.iter().rev().take(UNDELIVERED_SHOWN_MAX).rev() {
        let at = moment::written(lost.at, &zone);
        let labels = [("about", "a message of yours was not delivered"), ("at", at.as_str())];
        join(&mut parts, framed("note", &labels, &lost.reason, LABEL_BYTES_MAX));
    }
    for note in material.notes {
        join(&mut parts, framed("note", &[], note, QUOTE_SHOWN_BYTES_MAX));
    }
    let mut teller = Teller { material, zone, documents: 0, parts };
    for (at, message) in turn.messages.iter().enumerate() {
        teller.message(at, message);
    }
    teller.parts
}

struct Teller<'a> {
    material: &'a Material<'a>,
    zone: TimeZone,
    documents: usize,
    parts: Vec<Part>,
}

impl Teller<'_> {
    fn frame(&mut self, kind: &'static str, labels: &Labels<'_>, text: &str) {
        join(&mut self.parts, framed(kind, labels, text, self.material.text_bytes_max));
    }

    fn message(&mut self, place: usize, message: &TurnMessage) {
        if let Some(quote) = &message.quote {
            self.quote(quote);
        }
        let turn = self.material.turn;
        let at = moment::written(message.sent_at, &self.zone);
        let from = turn.sender.name.clone().unwrap_or_else(|| "the person".to_owned());
        let title = match &turn.chat {
            greenroom_contract::message::Chat::Group { title } => title.clone(),
            greenroom_contract::message::Chat::Direct => None,
        };
        let mut labels: Labels<'_> = vec![("from", &from), ("at", &at)];
        labels.extend(title.as_deref().map(|title| ("group", title)));
        match &message.content {
            Content::Text(text) => self.frame("message", &labels, text),
            Content::Image { caption, .. } => self.picture(place, labels, caption.as_deref()),
            Content::Voice(transcript) => self.voice(labels, transcript),
            Content::Choice { title, .. } => self.frame("choice", &labels, title),
            Content::Document { media, name, caption } => {
                self.document(labels, media.as_ref(), name.as_deref(), caption.as_deref());
            }
            Content::Location(location) => self.location(labels, location),
            Content::Contacts(contacts) => self.contacts(&labels, contacts),
            Content::Reaction { emoji, .. } => {
                let text = emoji.as_deref().unwrap_or("(taken back)");
                self.frame("reaction", &labels, text);
            }
            Content::Wake { token } => self.reminder(token, &at),
            Content::Unsupported { kind, caption } => {
                labels.push(("kind", kind));
                labels.push(("shown", "no, only its words"));
                self.frame("message", &labels, caption);
            }
            _ => self.frame("message", &labels, message.content.words().unwrap_or_default()),
        }
    }

    fn quote(&mut self, quote: &Quoted) {
        let Some(text) = &quote.text else { return };
        let author = if quote.ours { "you" } else { "someone" };
        let mut labels: Labels<'_> = vec![("by", author)];
        if quote.claimed {
            labels.push(("certain", "no, only claimed by who quotes it"));
        }
        join(&mut self.parts, framed("quoted", &labels, text, QUOTE_SHOWN_BYTES_MAX));
    }

    fn picture(&mut self, place: usize, mut labels: Labels<'_>, caption: Option<&str>) {
        let caption = caption.unwrap_or_default();
        match self.material.pictures.get(&place) {
            Some(Picture::Shown(media)) => {
                labels.push(("shown", "below"));
                self.frame("image", &labels, caption);
                self.parts.push(Part::Image(media.clone()));
            }
            Some(Picture::Not(why)) => {
                labels.push(("shown", why));
                self.frame("image", &labels, caption);
            }
            None => {
                labels.push(("shown", "no, you cannot look at pictures"));
                self.frame("image", &labels, caption);
            }
        }
    }

    fn voice<'a>(&mut self, mut labels: Labels<'a>, transcript: &'a Transcript) {
        labels.push(("how", "heard, written down by a program"));
        labels.extend(transcript.language.as_deref().map(|language| ("language", language)));
        if transcript.confidence.is_some_and(|confidence| confidence < CONFIDENCE_LOW_LIMIT) {
            labels.push(("certain", "no, it was hard to hear"));
        }
        self.frame("voice", &labels, &transcript.text);
    }

    fn document<'a>(
        &mut self,
        mut labels: Labels<'a>,
        media: Option<&Media>,
        name: Option<&'a str>,
        caption: Option<&str>,
    ) {
        labels.extend(name.map(|name| ("name", name)));
        let readable = media.filter(|media| self.material.documents && media.mime.starts_with("application/pdf"));
        let shown = match (media, readable) {
            (None, _) => "no, you cannot read files here",
            (_, None) => "no, you cannot read this kind of file",
            (_, Some(media)) if media.bytes.len() > DOCUMENT_SHOWN_BYTES_MAX => "no, it is too large",
            _ if self.documents >= DOCUMENTS_PER_TURN_MAX => "no, there are too many of them",
            _ => "below",
        };
        labels.push(("shown", shown));
        self.frame("document", &labels, caption.unwrap_or_default());
        if let (Some(media), "below") = (readable, shown) {
            self.documents += 1;
            // A name of a person's own would stand outside the frame.
            let name = Some(format!("document-{}.pdf", self.documents));
            self.parts.push(Part::Document { media: media.clone(), name });
        }
    }

    fn location(&mut self, labels: Labels<'_>, location: &Location) {
        let place = format!("{:.5}, {:.5}", location.latitude, location.longitude);
        let mut labels: Labels<'_> = labels;
        labels.push(("degrees", &place));
        let names: Vec<&str> = [&location.name, &location.address].into_iter().flatten().map(String::as_str).collect();
        self.frame("location", &labels, &names.join("\n"));
    }

    fn contacts(&mut self, labels: &Labels<'_>, contacts: &[Contact]) {
        let line = |contact: &Contact| {
            format!("{}: {}", contact.name.as_deref().unwrap_or("(no name)"), contact.phones.join(", "))
        };
        let lines: Vec<String> = contacts.iter().take(CONTACTS_SHOWN_MAX).map(line).collect();
        self.frame("contacts", labels, &lines.join("\n"));
    }

    fn reminder(&mut self, token: &str, at: &str) {
        match Reminder::from_token(token) {
            Some(reminder) => {
                let mut labels: Labels<'_> = vec![("due", at)];
                labels.extend(reminder.who.as_deref().map(|who| ("for", who)));
                self.frame("reminder", &labels, &reminder.text);
            }
            None => self.frame("reminder", &vec![("due", at)], token),
        }
    }
}

//! How a turn becomes its document.

use super::{
    ChatDocument, ChatKind, ContactDocument, FileDocument, LinkedDocument, LocationDocument, MediumDocument,
    MessageContent, MessageDocument, OverheardDocument, PastDocument, PersonDocument, QuoteDocument, ReactionDocument,
    TurnDocument, UndeliveredDocument, VoiceDocument, WakeDocument,
};
use crate::limits::TURN_MEDIA_BYTES_MAX;
use crate::media::{CarriedMedium, MediaTable};
use crate::{VERSION, memory};
use greenroom_contract::assistant::{Content, Needs, Turn, TurnMessage};
use greenroom_contract::message::{Chat, Contact, Location, Media};
use std::time::Duration;

/// How the bytes of media reach the reader of a turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Carrying {
    /// In the document, as base64.
    InDocument,
    /// Beside it: the host keeps them and is asked by number.
    ByNumber,
}

impl TurnDocument {
    /// The document of a turn, with what its reader needs and nothing else; and its media by number, for the answer.
    pub fn of(turn: &Turn, needs: &Needs, carrying: Carrying) -> (Self, MediaTable) {
        let mut media = MediaTable::default();
        let messages = turn.messages.iter().map(|message| message_of(message, needs, &mut media)).collect();
        let carried = match carrying {
            Carrying::InDocument => media.iter().map(|(number, medium)| CarriedMedium::of(number, medium)).collect(),
            Carrying::ByNumber => Vec::new(),
        };
        let document = Self {
            v: VERSION,
            turn: format!("t-{}", turn.id),
            attempt: turn.attempt,
            now: turn.now.0,
            deadline_ms: millis(turn.answer_within),
            time_zone: turn.time_zone.clone(),
            language: turn.language.clone(),
            assistant: turn.assistant.to_string(),
            channel: turn.channel.to_string(),
            network: turn.network.clone(),
            conversation: format!("c-{}", turn.conversation),
            chat: chat_of(&turn.chat),
            person: person_of(turn, needs),
            can: turn.can.clone(),
            messages,
            history: history_of(turn, needs),
            overheard: overheard_of(turn, needs),
            wakes: turn.wakes.iter().map(|wake| WakeDocument { at: wake.at.0, token: wake.token.clone() }).collect(),
            undelivered: undelivered_of(turn),
            memory: memory::of_state(turn.state.as_ref()),
            media: carried,
        };
        (document, media)
    }

    /// The document as one line of JSON, without the end of the line.
    pub fn to_line(&self) -> String {
        serde_json::to_string(self).expect("texts and finite numbers have a JSON form")
    }
}

fn chat_of(chat: &Chat) -> ChatDocument {
    match chat {
        Chat::Direct => ChatDocument { kind: ChatKind::Direct, title: None },
        Chat::Group { title } => ChatDocument { kind: ChatKind::Group, title: title.clone() },
    }
}

fn person_of(turn: &Turn, needs: &Needs) -> PersonDocument {
    let addresses: &[_] = if needs.addresses { &turn.sender.addresses } else { &[] };
    PersonDocument {
        id: format!("p-{}", turn.person),
        name: turn.sender.name.clone(),
        phone: addresses.iter().map(ToString::to_string).find(|address| address.starts_with('+')),
        addresses: addresses.iter().map(ToString::to_string).collect(),
        linked: turn.linked.as_ref().map(|linked| LinkedDocument {
            id: format!("i-{}", linked.id),
            email: linked.email.as_ref().filter(|_| needs.addresses).map(ToString::to_string),
            name: linked.name.clone(),
            attributes: linked.attributes.clone().into_iter().collect(),
            since: linked.since.0,
        }),
    }
}

fn history_of(turn: &Turn, needs: &Needs) -> Vec<PastDocument> {
    let left_out = turn.history.len().saturating_sub(needs.history_turns);
    let past = turn.history.iter().skip(left_out).map(|past| PastDocument {
        at: past.at.0,
        name: past.name.clone(),
        asked: past.asked.clone(),
        answered: past.answered.clone(),
    });
    past.collect()
}

fn overheard_of(turn: &Turn, needs: &Needs) -> Vec<OverheardDocument> {
    let lines = turn.overheard.iter().filter(|_| needs.overheard);
    lines.map(|line| OverheardDocument { at: line.at.0, name: line.name.clone(), text: line.text.clone() }).collect()
}

fn undelivered_of(turn: &Turn) -> Vec<UndeliveredDocument> {
    let lost = turn.undelivered.iter();
    lost.map(|lost| UndeliveredDocument { at: lost.at.0, reason: lost.reason.clone() }).collect()
}

fn message_of(message: &TurnMessage, needs: &Needs, table: &mut MediaTable) -> MessageDocument {
    let quote = message.quote.as_ref().map(|quote| QuoteDocument {
        id: quote.message.to_string(),
        text: quote.text.clone(),
        ours: quote.ours,
        claimed: quote.claimed,
    });
    MessageDocument {
        id: message.message.to_string(),
        at: message.sent_at.0,
        quote,
        content: content_of(&message.content, needs, table),
    }
}

fn content_of(content: &Content, needs: &Needs, table: &mut MediaTable) -> MessageContent {
    match content {
        Content::Text(text) => MessageContent::Text { text: text.clone() },
        Content::Image { media, caption } => {
            let media = media.as_ref().filter(|_| needs.images);
            MessageContent::Image { image: media.map(|media| medium_of(media, table)), text: caption.clone() }
        }
        Content::Voice(heard) => {
            let voice = VoiceDocument {
                seconds: heard.duration.as_secs_f64(),
                language: heard.language.clone(),
                // 0.93 is written as it was meant, not as the nearest number of twice the precision.
                confidence: heard
                    .confidence
                    .and_then(|share| share.to_string().parse().ok())
                    .filter(|s: &f64| s.is_finite()),
            };
            MessageContent::Voice { text: heard.text.clone(), voice }
        }
        Content::Choice { id, title } => MessageContent::Choice { choice: id.clone(), text: title.clone() },
        Content::Document { media, name, caption } => {
            let file = media.as_ref().filter(|_| needs.documents).map(|media| medium_of(media, table));
            MessageContent::Document { document: FileDocument { name: name.clone(), file }, text: caption.clone() }
        }
        Content::Location(location) if location.is_on_earth() => {
            MessageContent::Location { location: location_of(location) }
        }
        Content::Contacts(contacts) => MessageContent::Contacts { contacts: contacts.iter().map(contact_of).collect() },
        Content::Reaction { to, emoji } => {
            MessageContent::Reaction { reaction: ReactionDocument { to: to.to_string(), emoji: emoji.clone() } }
        }
        Content::Wake { token } => MessageContent::Wake { wake: token.clone() },
        Content::Unsupported { kind, caption } => {
            MessageContent::Unsupported { unsupported: kind.clone(), text: caption.clone() }
        }
        // A kind of a later contract: its words, so that it is answered.
        other => MessageContent::Unsupported {
            unsupported: "unknown".to_owned(),
            text: other.words().unwrap_or_default().to_owned(),
        },
    }
}

/// The medium's number; its bytes go into the table, if there is room.
fn medium_of(media: &Media, table: &mut MediaTable) -> MediumDocument {
    let fits = table.bytes().saturating_add(media.bytes.len()) <= TURN_MEDIA_BYTES_MAX;
    MediumDocument {
        medium: fits.then(|| table.put(media.clone())),
        mime: media.mime.clone(),
        bytes: media.bytes.len() as u64,
    }
}

fn location_of(location: &Location) -> LocationDocument {
    LocationDocument {
        latitude: location.latitude,
        longitude: location.longitude,
        name: location.name.clone(),
        address: location.address.clone(),
    }
}

fn contact_of(contact: &Contact) -> ContactDocument {
    ContactDocument { name: contact.name.clone(), phones: contact.phones.clone() }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

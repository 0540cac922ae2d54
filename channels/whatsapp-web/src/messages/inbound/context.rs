//! What a message refers to: the one it answers, and whom it mentions.

use super::body;
use super::envelope::Envelope;
use crate::ids::address;
use crate::limits;
use greenroom_contract::ids::{MessageId, SenderId};
use greenroom_contract::message::{Addressing, Quote};
use greenroom_contract::text::bounded;
use whatsapp_rust::waproto::whatsapp as wa;

/// The context of one message.
pub(super) struct Surroundings<'a> {
    context: Option<&'a wa::ContextInfo>,
    /// The key of the message to which a reaction belongs.
    reacted_to: Option<&'a wa::MessageKey>,
}

macro_rules! context_of {
    ($message:ident: $($field:ident)+) => {
        None$(.or_else(|| $message.$field.as_option().and_then(|part| part.context_info.as_option())))+
    };
}

impl<'a> Surroundings<'a> {
    pub(super) fn of(message: &'a wa::Message) -> Self {
        let context = context_of!(message:
            extended_text_message image_message audio_message video_message ptv_message document_message
            sticker_message contact_message contacts_array_message location_message live_location_message
            poll_creation_message poll_creation_message_v2 poll_creation_message_v3 poll_creation_message_v5
            poll_creation_message_v6 buttons_response_message list_response_message template_button_reply_message
            interactive_response_message group_invite_message product_message order_message event_message
            event_invite_message buttons_message template_message interactive_message list_message
            sticker_pack_message
        );
        let reacted_to = message.reaction_message.as_option().and_then(|reaction| reaction.key.as_option());
        Self { context, reacted_to }
    }

    /// How it concerns us: by identity, never by name.
    pub(super) fn addressing(&self, envelope: &Envelope) -> Addressing {
        let is_us = |text: &str| address::read(text).is_some_and(|jid| envelope.own.is(&jid));
        if !envelope.is_group() {
            return Addressing::Direct;
        }
        if self.context.is_some_and(|context| context.mentioned_jid.iter().any(|jid| is_us(jid))) {
            return Addressing::Mentioned;
        }
        let quoted = self.context.filter(|context| context.stanza_id.is_some());
        let author = quoted.and_then(|context| context.participant.as_deref());
        let author = author.or_else(|| self.reacted_to.and_then(|key| key.participant.as_deref()));
        if author.is_some_and(is_us) { Addressing::Replied } else { Addressing::Overheard }
    }

    pub(super) fn quote(&self, envelope: &Envelope) -> Option<Quote> {
        let context = self.context?;
        let message = MessageId::of_network(context.stanza_id.as_deref()?)?;
        let text = context.quoted_message.as_option().and_then(|quoted| {
            let words = body::words(super::layers::peel(quoted)?.content)?;
            Some(bounded(&words, limits::TEXT_BYTES_MAX))
        });
        Some(Quote { message, sender: self.quoted_author(envelope), text })
    }

    /// The quoted author, under the id that their own messages carry.
    fn quoted_author(&self, envelope: &Envelope) -> Option<SenderId> {
        let jid = address::read(self.context?.participant.as_deref()?)?;
        let known = [&envelope.own, &envelope.author].into_iter().find(|person| person.is(&jid));
        let lasting = known.and_then(|person| person.lasting().cloned()).unwrap_or(jid);
        SenderId::new(lasting.to_string()).ok()
    }
}

//! What clients put around a message: seen once, disappearing, forwarded, an edit within an edit.

use whatsapp_rust::buffa::MessageField;
use whatsapp_rust::waproto::whatsapp as wa;

use super::draft::{Draft, Outgoing};

/// How a message is sent.
#[derive(Debug, Clone, Default)]
pub(super) struct Wrapping {
    pub(super) view_once: bool,
    /// After how many seconds it disappears.
    pub(super) timer: Option<u32>,
    pub(super) forwarded: bool,
    pub(super) wrapped: bool,
}

impl Draft {
    /// To be viewed once. Phones of companions get it whole only where the server gives it to them.
    #[must_use]
    pub fn view_once(mut self) -> Self {
        self.wrapping.view_once = true;
        self
    }

    /// In a chat whose messages disappear after so many seconds.
    #[must_use]
    pub fn disappearing(mut self, seconds: u32) -> Self {
        self.wrapping.timer = Some(seconds);
        self
    }

    /// Forwarded from elsewhere.
    #[must_use]
    pub fn forwarded(mut self) -> Self {
        self.wrapping.forwarded = true;
        self
    }

    /// An edit as newer clients write it: within another layer.
    #[must_use]
    pub fn wrapped(mut self) -> Self {
        self.wrapping.wrapped = true;
        self
    }
}

impl Wrapping {
    /// Whether the context of the message says something of it.
    pub(super) fn is_in_context(&self) -> bool {
        self.timer.is_some() || self.forwarded
    }

    /// Says in the context what is said there.
    pub(super) fn context(&self, context: wa::ContextInfo) -> wa::ContextInfo {
        let forwarded = self.forwarded;
        wa::ContextInfo {
            expiration: self.timer,
            is_forwarded: forwarded.then_some(true),
            forwarding_score: forwarded.then_some(1),
            ..context
        }
    }

    /// Puts the layers around it.
    pub(super) fn around(&self, mut outgoing: Outgoing) -> Outgoing {
        let layer =
            |message| MessageField::some(wa::message::FutureProofMessage { message: MessageField::some(message) });
        let mut message = outgoing.message;
        if self.view_once {
            if let Some(image) = message.image_message.as_option_mut() {
                image.view_once = Some(true);
            }
            if let Some(audio) = message.audio_message.as_option_mut() {
                audio.view_once = Some(true);
            }
            message = wa::Message { view_once_message_v2: layer(message), ..Default::default() };
        }
        if self.wrapped {
            message = wa::Message { edited_message: layer(message), ..Default::default() };
        }
        if self.timer.is_some() {
            message = wa::Message { ephemeral_message: layer(message), ..Default::default() };
        }
        outgoing.message = message;
        outgoing
    }
}

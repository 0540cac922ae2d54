//! Messages within messages: disappearing, seen once, sent by another device of ours, and so on.

use crate::limits;
use whatsapp_rust::waproto::whatsapp as wa;

/// What is inside.
#[derive(Clone, Copy)]
pub(super) struct Layered<'a> {
    /// The innermost message.
    pub(super) content: &'a wa::Message,
}

impl<'a> Layered<'a> {
    /// What devices tell each other, if it is that.
    pub(super) fn protocol(self) -> Option<&'a wa::message::ProtocolMessage> {
        self.content.protocol_message.as_option()
    }
}

/// Takes the layers off. `None` for a status, which is written to nobody, and for nesting that no client makes.
pub(super) fn peel(message: &wa::Message) -> Option<Layered<'_>> {
    let mut content = message;
    for _ in 0..limits::LAYERS_MAX {
        if is_status(content) {
            return None;
        }
        match inner(content) {
            Some(inner) => content = inner,
            None => return Some(Layered { content }),
        }
    }
    None
}

macro_rules! wrapped {
    ($message:ident: $($field:ident)+) => {
        None$(.or_else(|| $message.$field.as_option().and_then(|layer| layer.message.as_option())))+
    };
}

fn inner(message: &wa::Message) -> Option<&wa::Message> {
    wrapped!(message:
        device_sent_message ephemeral_message view_once_message view_once_message_v2 view_once_message_v2_extension
        document_with_caption_message edited_message group_mentioned_message bot_invoke_message bot_forwarded_message
        bot_task_message associated_child_message lottie_sticker_message event_cover_image question_message
        question_reply_message spoiler_message limit_sharing_message poll_creation_option_image_message
        poll_creation_message_v4 comment_message
    )
}

fn is_status(message: &wa::Message) -> bool {
    message.status_mention_message.is_set()
        || message.status_add_yours.is_set()
        || message.group_status_message.is_set()
        || message.group_status_message_v2.is_set()
        || message.group_status_mention_message.is_set()
        || message.status_notification_message.is_set()
        || message.status_question_answer_message.is_set()
        || message.status_quoted_message.is_set()
        || message.status_sticker_interaction_message.is_set()
}

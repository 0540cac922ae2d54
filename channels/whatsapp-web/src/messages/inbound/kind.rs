//! Kinds that are not understood, each in one word.

use whatsapp_rust::waproto::whatsapp as wa;

macro_rules! kinds {
    ($message:ident: $($field:ident $word:literal)+) => {
        $(if $message.$field.is_set() { return Some($word); })+
    };
}

/// The kind of a message that carries something for a person; `None` for what only clients read (votes, pins, keys,
/// the announcement of an album whose pictures follow one by one).
pub(super) fn of(message: &wa::Message) -> Option<&'static str> {
    kinds!(message:
        image_message "image" audio_message "audio" video_message "video" ptv_message "video_note"
        document_message "document" sticker_message "sticker" sticker_pack_message "sticker_pack"
        contact_message "contact" contacts_array_message "contacts" location_message "location"
        live_location_message "live_location" poll_creation_message "poll" poll_creation_message_v2 "poll"
        poll_creation_message_v3 "poll" poll_creation_message_v5 "poll" poll_creation_message_v6 "poll"
        event_message "event" event_invite_message "event_invite" group_invite_message "group_invite"
        newsletter_admin_invite_message "invite" product_message "product" order_message "order"
        invoice_message "invoice" send_payment_message "payment" request_payment_message "payment_request"
        payment_invite_message "payment_invite" buttons_message "buttons" template_message "template"
        list_message "list" interactive_message "interactive" highly_structured_message "template"
        buttons_response_message "button_reply" list_response_message "list_reply"
        interactive_response_message "interactive_reply" template_button_reply_message "button_reply"
        request_phone_number_message "phone_number_request" call "call" call_log_messsage "call"
        scheduled_call_creation_message "scheduled_call" bcall_message "call" rich_response_message "rich_response"
        poll_result_snapshot_message "poll_result"
    );
    None
}

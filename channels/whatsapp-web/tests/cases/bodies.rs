//! What messages say.

use super::{ANA_LID, BEN_LID, Case, case, extended, group, key, layer, mentioning, text};
use greenroom_channel_whatsapp_web::messages::inbound::Envelope;
use whatsapp_rust::waproto::buffa::MessageField;
use whatsapp_rust::waproto::whatsapp as wa;
use whatsapp_rust::waproto::whatsapp::message as part;

macro_rules! message {
    ($field:ident: $value:expr) => {
        wa::Message { $field: MessageField::some($value), ..Default::default() }
    };
}

pub(super) fn cases() -> Vec<Case> {
    let all = [
        words(),
        media(),
        documents(),
        people_and_places(),
        reactions(),
        changes(),
        layers(),
        strange(),
        replies(),
        unseen(),
    ];
    all.into_iter().flatten().collect()
}

#[allow(clippy::unnecessary_wraps, reason = "every field of the protocol is optional")]
fn some(text: &str) -> Option<String> {
    Some(text.to_owned())
}

fn image() -> part::ImageMessage {
    part::ImageMessage {
        direct_path: some("/v/t62.7118-24/1.enc?ccb=11-4"),
        media_key: Some(vec![1; 32]),
        file_sha256: Some(vec![2; 32]),
        file_enc_sha256: Some(vec![3; 32]),
        file_length: Some(4_096),
        mimetype: some("image/png"),
        jpeg_thumbnail: Some(vec![9; 500]),
        ..Default::default()
    }
}

fn audio() -> part::AudioMessage {
    part::AudioMessage {
        direct_path: some("/v/t62.7117-24/2.enc"),
        media_key: Some(vec![4; 32]),
        file_sha256: Some(vec![5; 32]),
        file_enc_sha256: Some(vec![6; 32]),
        file_length: Some(9_000),
        mimetype: some("audio/ogg; codecs=opus"),
        seconds: Some(7),
        ptt: Some(true),
        ..Default::default()
    }
}

fn words() -> Vec<Case> {
    vec![
        case("text_extended", extended("see https://example.com", wa::ContextInfo::default())),
        case("text_of_several_lines", text("hello ünïcode 👋\nsecond line")),
        case("text_empty", text("")),
    ]
}

fn media() -> Vec<Case> {
    let captioned = part::ImageMessage { caption: some("us"), ..image() };
    let keyless = part::ImageMessage { media_key: None, ..captioned.clone() };
    let short_key = part::ImageMessage { media_key: Some(vec![1; 31]), ..image() };
    let elsewhere = part::ImageMessage { direct_path: some("https://example.com/1"), ..image() };
    let in_group =
        part::ImageMessage { context_info: MessageField::some(mentioning(&["999@lid"])), ..captioned.clone() };
    let file = part::AudioMessage { ptt: None, mimetype: some("audio/mpeg"), seconds: None, ..audio() };
    vec![
        case("image", message!(image_message: image())),
        case("image_with_caption", message!(image_message: captioned)),
        case("image_mentioning_us", message!(image_message: in_group)).in_envelope(group()),
        case("image_without_key", message!(image_message: keyless)),
        case("image_with_a_short_key", message!(image_message: short_key)),
        case("image_elsewhere", message!(image_message: elsewhere)),
        case("voice", message!(audio_message: audio())),
        case("audio_file", message!(audio_message: file)),
        case("audio_without_type", message!(audio_message: part::AudioMessage { mimetype: None, ..audio() })),
    ]
}

fn document() -> part::DocumentMessage {
    part::DocumentMessage {
        direct_path: some("/v/t62.7119-24/3.enc"),
        media_key: Some(vec![7; 32]),
        file_sha256: Some(vec![8; 32]),
        file_enc_sha256: Some(vec![9; 32]),
        file_length: Some(12_000),
        mimetype: some("application/pdf"),
        file_name: some("menu.pdf"),
        title: some("Menu"),
        ..Default::default()
    }
}

fn documents() -> Vec<Case> {
    let captioned = part::DocumentMessage { caption: some("read this"), ..document() };
    let wrapped = wa::Message {
        document_with_caption_message: layer(message!(document_message: captioned.clone())),
        ..Default::default()
    };
    let nameless = part::DocumentMessage { file_name: some(" "), title: None, mimetype: None, ..document() };
    let keyless = part::DocumentMessage { media_key: None, ..captioned.clone() };
    vec![
        case("document_with_a_file", message!(document_message: document())),
        case("document_captioned", message!(document_message: captioned)),
        case("document_captioned_by_a_phone", wrapped),
        case("document_titled", message!(document_message: part::DocumentMessage { file_name: None, ..document() })),
        case("document_without_name_and_type", message!(document_message: nameless)),
        case("document_without_key", message!(document_message: keyless)),
    ]
}

fn people_and_places() -> Vec<Case> {
    let place = part::LocationMessage {
        degrees_latitude: Some(52.516_266),
        degrees_longitude: Some(13.377_775),
        name: some("Brandenburg Gate"),
        address: some("Pariser Platz"),
        ..Default::default()
    };
    let commented = part::LocationMessage { comment: some("meet me here"), ..place.clone() };
    let beyond = part::LocationMessage { degrees_latitude: Some(91.0), ..place.clone() };
    let no_number = part::LocationMessage { degrees_longitude: Some(f64::NAN), ..place.clone() };
    let bare = part::LocationMessage { name: some(""), address: None, ..place.clone() };
    let live = part::LiveLocationMessage {
        degrees_latitude: Some(-33.5),
        degrees_longitude: Some(151.25),
        caption: some("on my way"),
        ..Default::default()
    };
    let card = |name: Option<&str>, vcard: &str| part::ContactMessage {
        display_name: name.map(str::to_owned),
        vcard: some(vcard),
        ..Default::default()
    };
    let ben = "BEGIN:VCARD\nVERSION:3.0\nN:;Ben;;;\nFN:Ben\nitem1.TEL;waid=15550000002:+1 555-000-0002\n\
        item1.X-ABLabel:Mobile\nEND:VCARD";
    let several = part::ContactsArrayMessage {
        display_name: some("2 contacts"),
        contacts: vec![
            card(Some("Ben"), ben),
            card(None, "FN:Cy\\, the cook\nTEL:1\nTEL:2"),
            card(Some(" "), "no card"),
        ],
        ..Default::default()
    };
    vec![
        case("location_picked", message!(location_message: place)),
        case("location_with_words", message!(location_message: commented)),
        case("location_nowhere", message!(location_message: beyond)),
        case("location_that_is_no_number", message!(location_message: no_number)),
        case("location_bare", message!(location_message: bare)),
        case("live_location_begun", message!(live_location_message: live)),
        case("contact_with_a_card", message!(contact_message: card(Some("Ben"), ben))),
        case("contact_without_a_name", message!(contact_message: card(None, ben))),
        case("contacts_with_cards", message!(contacts_array_message: several)),
    ]
}

fn reactions() -> Vec<Case> {
    let reaction = |emoji: Option<&str>| part::ReactionMessage {
        key: key("Q1", None),
        text: emoji.map(str::to_owned),
        ..Default::default()
    };
    let nowhere = part::ReactionMessage { text: some("👍"), ..Default::default() };
    vec![
        case("reaction", message!(reaction_message: reaction(Some("👍")))),
        case("reaction_removed", message!(reaction_message: reaction(Some("")))),
        case("reaction_removed_by_absence", message!(reaction_message: reaction(None))),
        case("nothing_reaction_to_nothing", message!(reaction_message: nowhere)),
    ]
}

/// Edits and deletions.
fn changes() -> Vec<Case> {
    use part::protocol_message::Type;
    let protocol = |kind, edited: Option<wa::Message>, participant: Option<&str>| part::ProtocolMessage {
        key: key("Q1", participant),
        r#type: Some(kind),
        edited_message: edited.map(MessageField::some).unwrap_or_default(),
        ..Default::default()
    };
    let edit = |edited| message!(protocol_message: protocol(Type::MESSAGE_EDIT, Some(edited), None));
    let revoke = |participant| message!(protocol_message: protocol(Type::REVOKE, None, participant));
    let captioned = message!(image_message: part::ImageMessage { caption: some("us two"), ..image() });
    let keyless = part::ProtocolMessage { r#type: Some(Type::REVOKE), ..Default::default() };
    vec![
        case("edited", edit(text("hi there"))),
        case("edited_caption", edit(captioned)),
        case("edited_wrapped", wa::Message { edited_message: layer(edit(text("hi there"))), ..Default::default() }),
        case("edited_in_a_group", edit(text("hi there"))).in_envelope(group()),
        case("nothing_edited_to_nothing", edit(wa::Message::default())),
        case("revoked", revoke(None)),
        case("revoked_in_a_group", revoke(Some(ANA_LID))).in_envelope(group()),
        case("revoked_by_admin", revoke(Some(BEN_LID))).in_envelope(Envelope { revoked_by_admin: true, ..group() }),
        case("revoked_for_somebody_by_claim", revoke(Some(BEN_LID))).in_envelope(group()),
        case("nothing_revoked_nothing", message!(protocol_message: keyless)),
        case("nothing_disappearing_set", message!(protocol_message: protocol(Type::EPHEMERAL_SETTING, None, None))),
        case("nothing_history", message!(protocol_message: protocol(Type::HISTORY_SYNC_NOTIFICATION, None, None))),
    ]
}

fn layers() -> Vec<Case> {
    let wrap = |field: fn(&mut wa::Message, MessageField<part::FutureProofMessage>), inner| {
        let mut message = wa::Message::default();
        field(&mut message, layer(inner));
        message
    };
    let once = message!(image_message: part::ImageMessage { view_once: Some(true), ..image() });
    let document =
        message!(document_message: part::DocumentMessage { caption: some("read this"), ..Default::default() });
    vec![
        case("disappearing", wrap(|m, l| m.ephemeral_message = l, text("psst"))),
        case("view_once", wrap(|m, l| m.view_once_message = l, once.clone())),
        case("view_once_v2", wrap(|m, l| m.view_once_message_v2 = l, once.clone())),
        case("view_once_voice", wrap(|m, l| m.view_once_message_v2_extension = l, message!(audio_message: audio()))),
        case(
            "disappearing_view_once",
            wrap(|m, l| m.ephemeral_message = l, wrap(|m, l| m.view_once_message_v2 = l, once)),
        ),
        case("album_picture", wrap(|m, l| m.associated_child_message = l, message!(image_message: image()))),
        case("document_with_caption", wrap(|m, l| m.document_with_caption_message = l, document)),
    ]
}

fn strange() -> Vec<Case> {
    let video = part::VideoMessage { caption: some("look"), ..Default::default() };
    let poll = part::PollCreationMessage { name: some("tea or coffee?"), ..Default::default() };
    let contact = part::ContactMessage { display_name: some("Ben"), ..Default::default() };
    let location = part::LocationMessage { name: some("Park"), comment: some("here"), ..Default::default() };
    let live = part::LiveLocationMessage { caption: some("on my way"), ..Default::default() };
    let event = part::EventMessage { name: some("Tea"), ..Default::default() };
    let invite = part::GroupInviteMessage { caption: some("join us"), ..Default::default() };
    vec![
        case(
            "document",
            message!(document_message: part::DocumentMessage { file_name: some("a.pdf"), ..Default::default() }),
        ),
        case("video", message!(video_message: video.clone())),
        case("video_note", message!(ptv_message: part::VideoMessage { caption: None, ..video })),
        case("sticker", message!(sticker_message: part::StickerMessage::default())),
        case("contact", message!(contact_message: contact)),
        case("contacts", message!(contacts_array_message: part::ContactsArrayMessage::default())),
        case("location", message!(location_message: location)),
        case("live_location", message!(live_location_message: live)),
        case("poll", message!(poll_creation_message: poll.clone())),
        case("poll_v3", message!(poll_creation_message_v3: poll)),
        case("event", message!(event_message: event)),
        case("group_invite", message!(group_invite_message: invite)),
        case("order", message!(order_message: part::OrderMessage { message: some("two"), ..Default::default() })),
        case("call", message!(call: part::Call::default())),
    ]
}

/// Taps on what a business offered.
fn replies() -> Vec<Case> {
    use part::buttons_response_message::Response;
    let button = part::ButtonsResponseMessage {
        response: Some(Response::SelectedDisplayText("Tea".to_owned())),
        ..Default::default()
    };
    let list = part::ListResponseMessage { title: some("Green tea"), ..Default::default() };
    let template = part::TemplateButtonReplyMessage { selected_display_text: some("Yes"), ..Default::default() };
    let with_id = |id: &str| part::ButtonsResponseMessage { selected_button_id: some(id), ..button.clone() };
    let row = part::list_response_message::SingleSelectReply { selected_row_id: some("row-7") };
    let picked = part::ListResponseMessage { single_select_reply: MessageField::some(row), ..list.clone() };
    let quick = part::TemplateButtonReplyMessage { selected_id: some("stop"), ..template.clone() };
    let native = |json: &str| {
        use part::interactive_response_message::{
            Body, InteractiveResponseMessage as Answer, NativeFlowResponseMessage,
        };
        part::InteractiveResponseMessage {
            body: MessageField::some(Body { text: some("Tea"), ..Default::default() }),
            interactive_response_message: Some(Answer::NativeFlowResponseMessage(Box::new(
                NativeFlowResponseMessage { params_json: some(json), ..Default::default() },
            ))),
            ..Default::default()
        }
    };
    vec![
        case("button_reply", message!(buttons_response_message: button.clone())),
        case("button_reply_with_id", message!(buttons_response_message: with_id("tea"))),
        case("button_reply_with_a_huge_id", message!(buttons_response_message: with_id(&"x".repeat(257)))),
        case("button_reply_empty", message!(buttons_response_message: part::ButtonsResponseMessage::default())),
        case("list_reply", message!(list_response_message: list)),
        case("list_reply_with_id", message!(list_response_message: picked)),
        case("template_reply", message!(template_button_reply_message: template)),
        case("template_reply_with_id", message!(template_button_reply_message: quick)),
        case("interactive_reply_with_id", message!(interactive_response_message: native(r#"{"id":"tea"}"#))),
        case(
            "interactive_form",
            message!(interactive_response_message: native(r#"{"flow_token":"t","id":"7","seat":"4A"}"#)),
        ),
    ]
}

/// What only clients read.
fn unseen() -> Vec<Case> {
    vec![
        case("nothing_vote", message!(poll_update_message: part::PollUpdateMessage::default())),
        case("nothing_pin", message!(pin_in_chat_message: part::PinInChatMessage::default())),
        case("nothing_album", message!(album_message: part::AlbumMessage::default())),
        case("nothing_sealed_reaction", message!(enc_reaction_message: part::EncReactionMessage::default())),
        case("nothing_sealed_edit", message!(secret_encrypted_message: part::SecretEncryptedMessage::default())),
        case("nothing_placeholder", message!(placeholder_message: part::PlaceholderMessage::default())),
    ]
}

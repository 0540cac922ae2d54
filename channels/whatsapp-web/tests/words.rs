//! Words are found wherever a client put them, and nothing empty hides them.
#![allow(clippy::unwrap_used, reason = "helpers of tests stand outside the test functions")]

mod cases;

use cases::{Case, cases};
use greenroom_channel_whatsapp_web::messages::inbound::normalize;
use greenroom_contract::event::ChannelEvent;
use greenroom_contract::message::Body;
use proptest::prelude::*;
use whatsapp_rust::waproto::buffa::MessageField;
use whatsapp_rust::waproto::whatsapp as wa;
use whatsapp_rust::waproto::whatsapp::message as part;
use whatsapp_rust::waproto::whatsapp::message::template_message::HydratedFourRowTemplate;

fn envelope() -> greenroom_channel_whatsapp_web::messages::inbound::Envelope {
    cases().into_iter().find(|case| case.name == "text").map(|case| case.envelope).unwrap()
}

fn body(message: &wa::Message) -> Option<Body> {
    match normalize(message, &envelope()).pop() {
        Some(ChannelEvent::Message(inbound)) => Some(inbound.body),
        _ => None,
    }
}

fn words(message: &wa::Message) -> Option<String> {
    match body(message)? {
        Body::Text(text) | Body::Choice { title: text, .. } => Some(text),
        Body::Image { caption, .. } | Body::Document { caption, .. } | Body::Unsupported { caption, .. } => caption,
        Body::Location(place) => place.name,
        _ => None,
    }
}

#[allow(clippy::unnecessary_wraps, reason = "every field of the protocol is optional")]
fn some(text: &str) -> Option<String> {
    Some(text.to_owned())
}

macro_rules! message {
    ($field:ident: $value:expr) => {
        wa::Message { $field: MessageField::some($value), ..Default::default() }
    };
}

fn rows(content: &str, title: &str) -> HydratedFourRowTemplate {
    HydratedFourRowTemplate {
        hydrated_content_text: some(content),
        title: Some(part::template_message::hydrated_four_row_template::Title::HydratedTitleText(title.to_owned())),
        ..Default::default()
    }
}

fn interactive(body: &str, title: &str) -> part::InteractiveMessage {
    use part::interactive_message::{Body, Header};
    part::InteractiveMessage {
        header: MessageField::some(Header { title: some(title), ..Default::default() }),
        body: MessageField::some(Body { text: some(body) }),
        ..Default::default()
    }
}

/// What public reports and clients show, each with the words that a person sees.
fn deeper() -> Vec<(&'static str, wa::Message, &'static str)> {
    use part::interactive_response_message::{InteractiveResponseMessage as Answer, NativeFlowResponseMessage};
    use part::template_message::Format;
    let hydrated = part::TemplateMessage {
        hydrated_template: MessageField::some(rows("your code is 123", "")),
        ..Default::default()
    };
    let four_rows = part::TemplateMessage {
        format: Some(Format::HydratedFourRowTemplate(Box::new(rows("", "only a title")))),
        ..Default::default()
    };
    let within = part::TemplateMessage {
        format: Some(Format::InteractiveMessageTemplate(Box::new(interactive("inside", "")))),
        ..Default::default()
    };
    let flow = |json: &str| part::InteractiveResponseMessage {
        interactive_response_message: Some(Answer::NativeFlowResponseMessage(Box::new(NativeFlowResponseMessage {
            params_json: some(json),
            ..Default::default()
        }))),
        ..Default::default()
    };
    let row = part::list_response_message::SingleSelectReply { selected_row_id: some("row-7") };
    let list = part::ListResponseMessage {
        single_select_reply: MessageField::some(row),
        title: some(""),
        ..Default::default()
    };
    let button = part::ButtonsResponseMessage { selected_button_id: some("yes"), ..Default::default() };
    let reply = part::TemplateButtonReplyMessage { selected_id: some("b-1"), ..Default::default() };
    let park = part::LocationMessage { name: some("Park"), address: some("Main St 1"), ..Default::default() };
    let once = part::FutureProofMessage {
        message: MessageField::some(message!(interactive_message: interactive("psst", ""))),
    };
    let note = wa::Message { conversation: some("for lunch"), ..Default::default() };
    let money = part::SendPaymentMessage { note_message: MessageField::some(note), ..Default::default() };
    vec![
        ("hydrated template", message!(template_message: hydrated), "your code is 123"),
        ("hydrated four rows", message!(template_message: four_rows), "only a title"),
        ("interactive template", message!(template_message: within), "inside"),
        ("interactive", message!(interactive_message: interactive("body", "title")), "body"),
        ("interactive title", message!(interactive_message: interactive("", "title")), "title"),
        ("view once", message!(view_once_message: once), "psst"),
        ("flow with a title", message!(interactive_response_message: flow(r#"{"id":"q7","display_text":"e7"}"#)), "e7"),
        ("flow with an id", message!(interactive_response_message: flow(r#"{"id":"q7"}"#)), "q7"),
        ("filled form", message!(interactive_response_message: flow(r#"{"flow_token":"t","seat":"4A"}"#)), "seat: 4A"),
        ("list id", message!(list_response_message: list), "row-7"),
        ("button id", message!(buttons_response_message: button), "yes"),
        ("template id", message!(template_button_reply_message: reply), "b-1"),
        ("location", message!(location_message: park), "Park\nMain St 1"),
        ("payment", message!(send_payment_message: money), "for lunch"),
    ]
}

#[test]
fn words_one_level_deeper_are_read() {
    for (name, message, expected) in deeper() {
        assert_eq!(words(&message).as_deref(), Some(expected), "{name}");
    }
}

/// The same message, with fields that are there and show nothing before everything else.
fn behind(message: &wa::Message, blank: &str) -> wa::Message {
    let mut message = message.clone();
    if message.conversation.is_none() {
        message.conversation = some(blank);
    }
    if !message.extended_text_message.is_set() {
        let text = part::ExtendedTextMessage { text: some(blank), ..Default::default() };
        message.extended_text_message = MessageField::some(text);
    }
    if !message.video_message.is_set() && !message.image_message.is_set() && !message.audio_message.is_set() {
        let video = part::VideoMessage { caption: some(blank), ..Default::default() };
        message.video_message = MessageField::some(video);
    }
    message
}

proptest! {
    #[test]
    fn a_field_that_shows_nothing_hides_nothing(blank in "[ \u{200b}\u{2060}\u{2800}\u{feff}\u{202a}]{0,3}", which in any::<prop::sample::Index>()) {
        let unwrapped = |case: &Case| !matches!(case.name, "nothing_without_id" | "nothing_with_a_huge_id");
        let plain: Vec<wa::Message> = cases().into_iter().filter(unwrapped).map(|case| case.message).collect();
        let all: Vec<wa::Message> = deeper().into_iter().map(|(_, message, _)| message).chain(plain).collect();
        let message = which.get(&all);
        if let Some(expected) = words(message).filter(|words| !words.trim().is_empty()) {
            prop_assert_eq!(words(&behind(message, &blank)), Some(expected));
        }
    }

    #[test]
    fn a_text_that_shows_nothing_is_a_message(blank in "[ \u{200b}\u{2060}\u{2800}\u{feff}]{0,5}") {
        let message = wa::Message { conversation: Some(blank.clone()), ..Default::default() };
        prop_assert_eq!(body(&message), Some(Body::Text(blank)));
    }
}

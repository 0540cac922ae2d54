//! The words of a message, wherever a client put them.
//!
//! A field that is there and shows nothing never hides the one behind it: each reading goes on until it finds something.

use greenroom_contract::text::is_blank;
use serde_json::Value;
use std::borrow::Cow;
use whatsapp_rust::waproto::whatsapp as wa;
use whatsapp_rust::waproto::whatsapp::message::buttons_message::Header;
use whatsapp_rust::waproto::whatsapp::message::buttons_response_message::Response;
use whatsapp_rust::waproto::whatsapp::message::interactive_message::InteractiveMessage as Interactive;
use whatsapp_rust::waproto::whatsapp::message::interactive_response_message::InteractiveResponseMessage as Flow;
use whatsapp_rust::waproto::whatsapp::message::template_message::Format;
use whatsapp_rust::waproto::whatsapp::message::template_message::hydrated_four_row_template::Title;

type Words<'a> = Option<Cow<'a, str>>;

/// The first of several fields that shows something.
fn first<'a>(fields: impl IntoIterator<Item = Option<&'a str>>) -> Words<'a> {
    fields.into_iter().flatten().find(|text| !is_blank(text)).map(Cow::Borrowed)
}

/// All of several fields that show something, one on each line.
fn lines<'a>(fields: impl IntoIterator<Item = Option<&'a str>>) -> Words<'a> {
    let shown: Vec<&str> = fields.into_iter().flatten().filter(|text| !is_blank(text)).collect();
    match shown.as_slice() {
        [] => None,
        [one] => Some(Cow::Borrowed(one)),
        many => Some(Cow::Owned(many.join("\n"))),
    }
}

/// The text of a message: what was typed, or what was chosen.
pub(super) fn text(message: &wa::Message) -> Words<'_> {
    typed(message).or_else(|| choice(message))
}

/// What was typed.
pub(super) fn typed(message: &wa::Message) -> Words<'_> {
    let extended = message.extended_text_message.as_option().and_then(|text| text.text.as_deref());
    first([message.conversation.as_deref(), extended])
}

/// A text that shows nothing.
pub(super) fn blank(message: &wa::Message) -> Option<&str> {
    let extended = message.extended_text_message.as_option();
    message.conversation.as_deref().or_else(|| extended.and_then(|text| text.text.as_deref()))
}

/// The title of the button or row that was chosen, or what a form was filled with; where there is none, the id behind it.
pub(super) fn choice(message: &wa::Message) -> Words<'_> {
    if let Some(buttons) = message.buttons_response_message.as_option() {
        let title = match &buttons.response {
            Some(Response::SelectedDisplayText(text)) => Some(text.as_str()),
            _ => None,
        };
        return first([title, buttons.selected_button_id.as_deref()]);
    }
    if let Some(reply) = message.template_button_reply_message.as_option() {
        return first([reply.selected_display_text.as_deref(), reply.selected_id.as_deref()]);
    }
    if let Some(list) = message.list_response_message.as_option() {
        let row = list.single_select_reply.as_option().and_then(|reply| reply.selected_row_id.as_deref());
        return first([list.title.as_deref(), list.description.as_deref(), row]);
    }
    let response = message.interactive_response_message.as_option()?;
    let body = response.body.as_option().and_then(|body| body.text.as_deref());
    first([body]).or_else(|| match &response.interactive_response_message {
        Some(Flow::NativeFlowResponseMessage(flow)) => {
            filled(flow.params_json.as_deref()?).map(Cow::Owned).or_else(|| first([flow.name.as_deref()]))
        }
        _ => None,
    })
}

/// The id of the button or row that was chosen, as it was offered; `None` for a form that was filled.
pub(super) fn choice_id(message: &wa::Message) -> Words<'_> {
    if let Some(buttons) = message.buttons_response_message.as_option() {
        return first([buttons.selected_button_id.as_deref()]);
    }
    if let Some(reply) = message.template_button_reply_message.as_option() {
        return first([reply.selected_id.as_deref()]);
    }
    if let Some(list) = message.list_response_message.as_option() {
        return first([list.single_select_reply.as_option()?.selected_row_id.as_deref()]);
    }
    match &message.interactive_response_message.as_option()?.interactive_response_message {
        Some(Flow::NativeFlowResponseMessage(flow)) => {
            let fields: Value = serde_json::from_str(flow.params_json.as_deref()?).ok()?;
            let is_form = fields.get("flow_token").is_some();
            let id = fields.get("id").and_then(Value::as_str).filter(|id| !is_form && !is_blank(id));
            id.map(|id| Cow::Owned(id.to_owned()))
        }
        _ => None,
    }
}

/// Fields of a filled form that clients add for themselves.
const OF_CLIENTS: [&str; 4] = ["flow_token", "flow_id", "screen", "version"];

/// What a form was filled with: the title of a choice, else every answer, else the id of the choice.
fn filled(json: &str) -> Option<String> {
    let Ok(Value::Object(fields)) = serde_json::from_str::<Value>(json) else { return None };
    let text = |name: &str| fields.get(name).and_then(Value::as_str).filter(|text| !is_blank(text));
    if let Some(title) = ["display_text", "title", "text", "body", "description"].into_iter().find_map(text) {
        return Some(title.to_owned());
    }
    let shown = |value: &Value| match value {
        Value::String(text) => (!is_blank(text)).then(|| text.clone()),
        Value::Number(_) | Value::Bool(_) => Some(value.to_string()),
        Value::Array(all) => {
            let all: Vec<&str> = all.iter().filter_map(Value::as_str).filter(|text| !is_blank(text)).collect();
            (!all.is_empty()).then(|| all.join(", "))
        }
        _ => None,
    };
    let answers = fields.iter().filter(|(name, _)| *name != "id" && !OF_CLIENTS.contains(&name.as_str()));
    let answers: Vec<String> = answers.filter_map(|(name, value)| Some(format!("{name}: {}", shown(value)?))).collect();
    if answers.is_empty() { text("id").map(str::to_owned) } else { Some(answers.join("\n")) }
}

macro_rules! caption_of {
    ($message:ident: $($field:ident . $words:ident)+) => {
        [$($message.$field.as_option().and_then(|part| part.$words.as_deref())),+]
    };
}

/// The words beside a picture, a file, a place or anything else.
pub(super) fn caption(message: &wa::Message) -> Words<'_> {
    first(caption_of!(message:
        image_message.caption video_message.caption ptv_message.caption document_message.caption
        live_location_message.caption group_invite_message.caption group_invite_message.group_name
        newsletter_admin_invite_message.caption newsletter_admin_invite_message.newsletter_name
        poll_creation_message.name poll_creation_message_v2.name poll_creation_message_v3.name
        poll_creation_message_v5.name poll_creation_message_v6.name poll_result_snapshot_message.name
        event_invite_message.caption sticker_pack_message.caption sticker_pack_message.name invoice_message.note
        order_message.message order_message.order_title product_message.body
    ))
    .or_else(|| place(message.location_message.as_option()?))
    .or_else(|| event(message.event_message.as_option()?))
    .or_else(|| product(message.product_message.as_option()?))
    .or_else(|| business(message))
    .or_else(|| note(message))
}

fn place(place: &wa::message::LocationMessage) -> Words<'_> {
    lines([place.comment.as_deref(), place.name.as_deref(), place.address.as_deref()])
}

/// What a place is called, and what was said about it.
pub(super) fn place_name(place: &wa::message::LocationMessage) -> Words<'_> {
    lines([place.comment.as_deref(), place.name.as_deref()])
}

fn event(event: &wa::message::EventMessage) -> Words<'_> {
    let place = event.location.as_option().and_then(|place| place.name.as_deref());
    lines([event.name.as_deref(), event.description.as_deref(), place])
}

fn product(product: &wa::message::ProductMessage) -> Words<'_> {
    let offered = product.product.as_option()?;
    lines([offered.title.as_deref(), offered.description.as_deref()])
}

/// What a business wrote: buttons, lists, templates, forms.
fn business(message: &wa::Message) -> Words<'_> {
    let buttons = message.buttons_message.as_option().and_then(|buttons| {
        let header = match &buttons.header {
            Some(Header::Text(text)) => Some(text.as_str()),
            Some(Header::ImageMessage(part)) => part.caption.as_deref(),
            Some(Header::VideoMessage(part)) => part.caption.as_deref(),
            Some(Header::DocumentMessage(part)) => part.caption.as_deref(),
            _ => None,
        };
        first([buttons.content_text.as_deref(), header, buttons.footer_text.as_deref()])
    });
    buttons
        .or_else(|| {
            let list = message.list_message.as_option()?;
            first([list.description.as_deref(), list.title.as_deref(), list.footer_text.as_deref()])
        })
        .or_else(|| template(message.template_message.as_option()?))
        .or_else(|| interactive(message.interactive_message.as_option()?))
        .or_else(|| structured(message.highly_structured_message.as_option()?))
        .or_else(|| {
            let rich = message.rich_response_message.as_option()?;
            lines(rich.submessages.iter().map(|part| part.message_text.as_deref()))
        })
}

fn template(template: &wa::message::TemplateMessage) -> Words<'_> {
    template.hydrated_template.as_option().and_then(hydrated).or_else(|| match &template.format {
        Some(Format::HydratedFourRowTemplate(rows)) => hydrated(rows),
        Some(Format::FourRowTemplate(rows)) => {
            let content = rows.content.as_option().and_then(structured);
            content.or_else(|| structured(rows.footer.as_option()?))
        }
        Some(Format::InteractiveMessageTemplate(inner)) => interactive(inner),
        _ => None,
    })
}

fn hydrated(rows: &wa::message::template_message::HydratedFourRowTemplate) -> Words<'_> {
    let title = match &rows.title {
        Some(Title::HydratedTitleText(text)) => Some(text.as_str()),
        Some(Title::ImageMessage(part)) => part.caption.as_deref(),
        Some(Title::VideoMessage(part)) => part.caption.as_deref(),
        Some(Title::DocumentMessage(part)) => part.caption.as_deref(),
        _ => None,
    };
    first([rows.hydrated_content_text.as_deref(), title, rows.hydrated_footer_text.as_deref()])
}

fn interactive(message: &wa::message::InteractiveMessage) -> Words<'_> {
    let body = message.body.as_option().and_then(|body| body.text.as_deref());
    let header = message.header.as_option();
    let title = header.and_then(|header| header.title.as_deref());
    let subtitle = header.and_then(|header| header.subtitle.as_deref());
    let footer = message.footer.as_option().and_then(|footer| footer.text.as_deref());
    first([body, title, subtitle]).or_else(|| cards(message)).or_else(|| first([footer]))
}

/// The bodies of cards beside each other. A card holds no further cards.
fn cards(message: &wa::message::InteractiveMessage) -> Words<'_> {
    let Some(Interactive::CarouselMessage(carousel)) = &message.interactive_message else { return None };
    lines(carousel.cards.iter().map(|card| card.body.as_option().and_then(|body| body.text.as_deref())))
}

/// A template by its parts. What it is filled with may be all that there is.
fn structured(part: &wa::message::HighlyStructuredMessage) -> Words<'_> {
    let hydrated_hsm = part.hydrated_hsm.as_option();
    let rows = hydrated_hsm.and_then(|template| template.hydrated_template.as_option());
    rows.and_then(hydrated).or_else(|| lines(part.params.iter().map(|param| Some(param.as_str()))))
}

/// The words beside money.
fn note(message: &wa::Message) -> Words<'_> {
    let sent = message.send_payment_message.as_option().and_then(|payment| payment.note_message.as_option());
    let asked = || message.request_payment_message.as_option().and_then(|payment| payment.note_message.as_option());
    let note = sent.or_else(asked)?;
    first([note.conversation.as_deref(), note.extended_text_message.as_option().and_then(|text| text.text.as_deref())])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_form_was_filled_with_is_read() {
        for (json, expected) in [
            (r#"{"id":"q7","display_text":"e7"}"#, Some("e7")),
            (r#"{"id":"q7","display_text":""}"#, Some("q7")),
            (
                r#"{"flow_token":"x","name":"Ana","count":2,"days":["Mon","Tue"],"empty":""}"#,
                Some("name: Ana\ncount: 2\ndays: Mon, Tue"),
            ),
            (r#"{"flow_token":"x"}"#, None),
            ("[1]", None),
            ("no json", None),
        ] {
            let sorted = |text: String| {
                let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
                lines.sort();
                lines
            };
            assert_eq!(filled(json).map(sorted), expected.map(str::to_owned).map(sorted), "{json}");
        }
    }
}

//! What becomes of answers, by example; `property` says it of all of them.

mod property;

use super::*;
use crate::decide::house_texts::ENGLISH;
use bytes::Bytes;
use greenroom_contract::capabilities::{Marks, MediaRules, Resend, Support};
use greenroom_contract::choices::{Choice, ChoiceRules};
use greenroom_contract::message::{Location, Media};

fn network() -> Capabilities {
    Capabilities {
        text_chars_max: 20,
        marks: Marks::WhatsApp,
        caption_chars_max: 10,
        images: Support::Yes,
        image_rules: MediaRules::new(&["image/png", "image/jpeg"], 50),
        voice: Support::Yes,
        voice_rules: MediaRules::new(&["audio/ogg"], 50),
        choices: None,
        choices_in_groups: Support::No,
        documents: Support::No,
        document_rules: MediaRules::new(&[], 0),
        locations: Support::No,
        reactions: Support::Yes,
        replies: Support::Yes,
        groups: Support::Yes,
        mentions: Support::Yes,
        typing: Support::Yes,
        resend: Resend::SameId,
        rates: None,
        window: None,
        budget: None,
        delivered_within: None,
    }
}

fn media() -> Media {
    Media { mime: "image/png".into(), bytes: Bytes::from_static(b"png") }
}

fn reply(body: OutboundBody) -> Vec<Reply> {
    vec![Reply::new(body)]
}

fn kinds(rendered: &Rendered) -> Vec<&'static str> {
    rendered.parts.iter().map(|part| part.body.kind()).collect()
}

const ALONE: Occasion<'static> = Occasion { message: None, in_group: false, says: &ENGLISH };

#[test]
fn what_the_network_lacks_is_degraded_never_refused() {
    let bare = Capabilities {
        images: Support::No,
        voice: Support::No,
        choices: None,
        choices_in_groups: Support::No,
        documents: Support::No,
        document_rules: MediaRules::new(&[], 0),
        locations: Support::No,
        reactions: Support::No,
        ..network()
    };
    let to = MessageId::new("m").unwrap();
    let reaction = render(reply(OutboundBody::Reaction { to, emoji: Some("+".into()) }), &bare, ALONE);
    assert!(reaction.parts.is_empty() && reaction.degraded == ["reaction to nothing"]);
    let image = OutboundBody::Image { media: media(), caption: Some("a cat".into()) };
    let image = render(reply(image), &bare, ALONE);
    assert!(matches!(&image.parts[0].body, OutboundBody::Text(text) if text.starts_with("a cat")));
    assert_eq!(kinds(&render(reply(OutboundBody::Voice { media: media(), sound: None }), &bare, ALONE))[0], "text");
}

#[test]
fn a_long_caption_becomes_a_text() {
    let image = OutboundBody::Image { media: media(), caption: Some("a caption that is long".into()) };
    assert_eq!(kinds(&render(reply(image), &network(), ALONE)), ["image", "text", "text"]);
}

#[test]
fn only_the_first_part_answers_visibly_and_only_in_groups() {
    let message = MessageId::new("m1").unwrap();
    let text = || vec![Reply::text("one two three four five six"), Reply::text("seven")];
    let group = render(text(), &network(), Occasion { message: Some(&message), in_group: true, says: &ENGLISH });
    let quoted: Vec<bool> = group.parts.iter().map(|part| part.reply_to.is_some()).collect();
    assert_eq!(quoted, [true, false, false]);
    let long = MessageId::of_network(&"m".repeat(700)).unwrap();
    let unknown = render(text(), &network(), Occasion { message: Some(&long), in_group: true, says: &ENGLISH });
    assert!(unknown.parts.iter().all(|part| part.reply_to.is_none()), "the network knows it by another id");
    let direct = render(text(), &network(), Occasion { message: Some(&message), in_group: false, says: &ENGLISH });
    assert!(direct.parts.iter().all(|part| part.reply_to.is_none()));
    let plain = Capabilities { replies: Support::No, ..network() };
    let plain = render(text(), &plain, Occasion { message: Some(&message), in_group: true, says: &ENGLISH });
    assert!(plain.parts.iter().all(|part| part.reply_to.is_none()));
}

#[test]
fn a_flood_is_cut() {
    let many = (0..100).map(|n| Reply::text(format!("{n}"))).collect();
    let rendered = render(many, &network(), ALONE);
    assert_eq!(rendered.parts.len(), limits::REPLIES_PER_TURN_MAX);
    assert_eq!(rendered.degraded.len(), 1);
    let long = render(vec![Reply::text("word ".repeat(5_000))], &network(), ALONE);
    assert_eq!(long.parts.len(), limits::PARCELS_PER_TURN_MAX);
}

fn rules() -> ChoiceRules {
    ChoiceRules {
        text_chars_max: 30,
        id_chars_max: 20,
        buttons_max: 3,
        button_chars_max: 10,
        rows_max: 5,
        row_chars_max: 12,
        detail_chars_max: 15,
        open_label_chars_max: 8,
    }
}

/// A network with everything.
fn rich() -> Capabilities {
    Capabilities {
        text_chars_max: 200,
        choices: Some(rules()),
        documents: Support::Yes,
        document_rules: MediaRules::new(&["application/pdf", "text/*"], 50),
        locations: Support::Yes,
        ..network()
    }
}

fn question(text: &str, titles: &[&str]) -> Choices {
    Choices::new(text, titles.iter().enumerate().map(|(at, title)| Choice::new(format!("id-{at}"), *title)))
}

fn said(rendered: &Rendered) -> Vec<&str> {
    let words = |part: &'_ Part| match &part.body {
        OutboundBody::Text(_) => (),
        other => panic!("{other:?}"),
    };
    rendered.parts.iter().for_each(words);
    rendered
        .parts
        .iter()
        .filter_map(|part| if let OutboundBody::Text(text) = &part.body { Some(text.as_str()) } else { None })
        .collect()
}

#[test]
fn a_question_has_the_form_of_its_network_or_numbers() {
    let asked = |choices: Choices, network: &Capabilities, in_group| {
        render(reply(OutboundBody::Choices(choices)), network, Occasion { message: None, in_group, says: &ENGLISH })
    };
    let small = || question("Which size?", &["Small", "Large"]);
    let native = asked(small(), &rich(), false);
    assert_eq!((kinds(&native), native.degraded.len()), (vec!["choices"], 0));
    assert_eq!(native.question.as_ref().map(|question| question.parts.clone()), Some(0..1));

    let with_detail =
        Choices { options: vec![Choice { detail: Some("26 cm".into()), ..Choice::new("s", "Small") }], ..small() };
    let plain = Capabilities { choices: None, ..rich() };
    let text = asked(with_detail, &plain, false);
    assert_eq!(
        said(&text),
        ["Which size?\n\n1. Small – 26 cm\n\nPlease reply with a number or a name from this list."]
    );
    let group = asked(small(), &rich(), true);
    assert!(said(&group)[0].ends_with("Please reply to this message with a number or a name from this list."));
    let numbers = asked(question("How many?", &["2", "4"]), &plain, false);
    assert_eq!(said(&numbers), ["How many?\n\n- 2\n- 4\n\nPlease reply with one of these."]);
}

#[test]
fn only_the_text_of_a_question_stands_before_it_where_that_is_too_long() {
    let long = "Which of these sizes would you like to have today?";
    let before = render(reply(OutboundBody::Choices(question(long, &["Small", "Large"]))), &rich(), ALONE);
    assert_eq!(kinds(&before), ["text", "choices"]);
    assert_eq!(before.question.map(|question| question.parts), Some(1..2), "the text alone is no question");
    // A title that is too long is never cut.
    let title = render(reply(OutboundBody::Choices(question("?", &["A very large one"]))), &rich(), ALONE);
    assert_eq!(kinds(&title), ["text"]);
    let nothing = render(reply(OutboundBody::Choices(question("", &["Small"]))), &rich(), ALONE);
    assert!(matches!(&nothing.parts[0].body, OutboundBody::Choices(choices) if choices.text == "Please choose:"));
}

#[test]
fn too_many_options_are_left_out_and_traced() {
    let titles: Vec<String> = (0..30).map(|number| format!("option {number}x")).collect();
    let titles: Vec<&str> = titles.iter().map(String::as_str).collect();
    let network = Capabilities { text_chars_max: 1_000, ..rich() };
    let rendered = render(reply(OutboundBody::Choices(question("?", &titles))), &network, ALONE);
    assert_eq!(rendered.question.unwrap().options.len(), limits::OPTIONS_PER_CHOICE_MAX);
    assert!(rendered.degraded[0].starts_with("10 options of a question were left out"), "{:?}", rendered.degraded);
    let blank = render(reply(OutboundBody::Choices(question("Well?", &[" "]))), &network, ALONE);
    assert_eq!((said(&blank), blank.question.as_ref()), (vec!["Well?"], None));
}

#[test]
fn the_last_question_is_the_one_that_is_open_and_one_that_is_cut_off_is_none() {
    let ask = |words: &str| Reply::choices(question(words, &["Yes", "No"]));
    let two = render(vec![ask("A?"), Reply::text("and"), ask("B?"), Reply::text("!")], &rich(), ALONE);
    assert_eq!(two.question.map(|question| question.parts), Some(2..3));
    let long = "word ".repeat(300).trim().to_owned();
    let network = Capabilities { text_chars_max: 20, choices: None, ..rich() };
    let cut = render(vec![Reply::text(long), ask("B?")], &network, ALONE);
    assert_eq!((cut.parts.len(), cut.question), (limits::PARCELS_PER_TURN_MAX, None));
}

#[test]
fn a_document_goes_as_it_is_or_as_its_name() {
    let document = |mime: &str, name: &str, caption: Option<&str>| {
        let media = Media { mime: mime.into(), bytes: Bytes::from_static(b"%PDF") };
        reply(OutboundBody::Document { media, name: name.into(), caption: caption.map(Into::into) })
    };
    let sent = render(document("application/pdf", "../bill.pdf", Some("see")), &rich(), ALONE);
    let OutboundBody::Document { name, caption, .. } = &sent.parts[0].body else { panic!("{sent:?}") };
    assert_eq!((name.as_str(), caption.as_deref()), ("bill.pdf", Some("see")));
    let unnamed = render(document("application/pdf", "..", None), &rich(), ALONE);
    assert!(matches!(&unnamed.parts[0].body, OutboundBody::Document { name, .. } if name == "document.pdf"));
    let long = render(document("text/csv", "a.csv", Some("a caption that is long")), &rich(), ALONE);
    assert_eq!(kinds(&long), ["document", "text"]);
    let other = render(document("video/mp4", "a.mp4", Some("see")), &rich(), ALONE);
    assert_eq!(said(&other), ["see\n\n(the document a.mp4, which cannot be sent here)"]);
}

#[test]
fn a_place_goes_as_it_is_or_as_a_link() {
    let at = |latitude, name: &str| {
        let location = Location { latitude, longitude: 8.5, name: Some(name.into()), address: None };
        reply(OutboundBody::Location(location))
    };
    assert_eq!(kinds(&render(at(47.25, "Office"), &rich(), ALONE)), ["location"]);
    assert_eq!(kinds(&render(at(47.25, "a name that is long"), &rich(), ALONE)), ["location", "text"]);
    let plain = Capabilities { locations: Support::No, ..rich() };
    assert_eq!(said(&render(at(47.25, "Office"), &plain, ALONE)), ["Office\nhttps://maps.google.com/?q=47.25,8.5"]);
    assert_eq!(said(&render(at(f64::NAN, "Office"), &rich(), ALONE)), ["Office\n(a place that is on no map)"]);
}

#[test]
fn media_that_are_too_many_bytes_together_are_left_out_before_the_question() {
    let big = || Media { mime: "text/plain".into(), bytes: vec![b'a'; 12 * 1024 * 1024].into() };
    let mut replies: Vec<Reply> = (0..6).map(|at| Reply::document(big(), format!("{at}.txt"))).collect();
    replies.push(Reply::choices(question("Which?", &["Yes", "No"])));
    let rules = MediaRules::new(&["text/*"], limits::DOCUMENT_BYTES_MAX);
    let rendered = render(replies, &Capabilities { document_rules: rules, ..rich() }, ALONE);
    assert_eq!(rendered.parts.len(), 6, "five documents and the question");
    assert_eq!(rendered.question.map(|question| question.parts), Some(5..6));
    assert_eq!(rendered.degraded, ["media of more than 64 MiB were left out"]);
}

//! For every answer and every network: what leaves is within its limits, in order, and loses no text.

use super::*;
use greenroom_contract::assistant::Markup;
use proptest::prelude::*;

/// Media of every kind that an assistant may return: right, mislabelled, empty, too large, no picture at all.
fn any_media() -> impl Strategy<Value = Media> {
    let mime = prop_oneof![
        Just("image/png"),
        Just("image/jpg"),
        Just("IMAGE/PNG"),
        Just("image/webp"),
        Just("audio/ogg; codecs=opus"),
        Just("application/pdf"),
        Just("text/html"),
        Just(""),
    ];
    let start = prop_oneof![
        Just(&b"\x89PNG\r\n\x1a\n"[..]),
        Just(&b"\xFF\xD8\xFF\xE0"[..]),
        Just(&b"RIFF\0\0\0\0WEBP"[..]),
        Just(&b"GIF89a"[..]),
        Just(&b"<html>"[..]),
        Just(&b"%PDF-1.7"[..]),
        Just(&b"OggS"[..]),
        Just(&b"x"[..]),
        Just(&b""[..]),
    ];
    (mime, start, 0_usize..80).prop_map(|(mime, start, more)| {
        let mut bytes = start.to_vec();
        // An empty one stays empty.
        bytes.resize(if start.is_empty() { 0 } else { start.len() + more }, 7);
        Media { mime: mime.to_owned(), bytes: Bytes::from(bytes) }
    })
}

fn support() -> impl Strategy<Value = Support> {
    prop_oneof![Just(Support::Yes), Just(Support::No)]
}

fn any_rules() -> impl Strategy<Value = ChoiceRules> {
    ((0_usize..60, 0_usize..12), (0_usize..4, 0_usize..12), (0_usize..12, 0_usize..14, 0_usize..14), 0_usize..12)
        .prop_map(
            |(
                (text_chars_max, id_chars_max),
                (buttons_max, button_chars_max),
                (rows_max, row_chars_max, detail_chars_max),
                open,
            )| {
                ChoiceRules {
                    text_chars_max,
                    id_chars_max,
                    buttons_max,
                    button_chars_max,
                    rows_max,
                    row_chars_max,
                    detail_chars_max,
                    open_label_chars_max: open,
                }
            },
        )
}

/// Networks of every kind: what each adapter can, and what none can yet.
fn any_network() -> impl Strategy<Value = Capabilities> {
    let formats = || {
        prop_oneof![
            Just(&["image/png", "image/jpeg", "audio/ogg"][..]),
            Just(&["image/*", "audio/*", "text/*", "application/*"][..]),
            Just(&[][..])
        ]
    };
    let can = (support(), support(), support(), support(), support(), support(), support());
    let media = (formats(), formats(), formats(), 0_u64..100);
    let chars = (20_usize..200, 0_usize..30);
    let marks = prop_oneof![Just(Marks::None), Just(Marks::WhatsApp)];
    (can, media, chars, marks, proptest::option::of(any_rules())).prop_map(
        |(
            (images, voice, reactions, documents, locations, choices_in_groups, replies),
            media,
            chars,
            marks,
            choices,
        )| {
            let (pictures, voices, files, bytes_max) = media;
            Capabilities {
                text_chars_max: chars.0,
                caption_chars_max: chars.1,
                marks,
                images,
                image_rules: MediaRules::new(pictures, bytes_max),
                voice,
                voice_rules: MediaRules::new(voices, bytes_max),
                choices,
                choices_in_groups,
                documents,
                document_rules: MediaRules::new(files, bytes_max),
                locations,
                reactions,
                replies,
                ..network()
            }
        },
    )
}

fn any_words() -> impl Strategy<Value = String> {
    prop_oneof![
        3 => "[a-z \n]{0,60}",
        1 => "[a-z*_~`># \n|-]{0,60}",
        1 => "([a-z]{1,8}|\n| |👩‍👩‍👧|n\u{303}| https://[a-z]{3,9}\\.example |```\n){0,30}",
    ]
}

fn any_choices() -> impl Strategy<Value = Choices> {
    let option = ("[a-z]{0,14}", "[a-z0-9 \n]{0,16}", proptest::option::of("[a-z ]{0,16}"))
        .prop_map(|(id, title, detail)| Choice { id, title, detail });
    (any_words(), proptest::collection::vec(option, 0..24), proptest::option::of("[a-z]{0,10}"))
        .prop_map(|(text, options, open_label)| Choices { text, options, open_label })
}

fn any_place() -> impl Strategy<Value = Location> {
    let degrees = || prop_oneof![-90.0..90.0_f64, Just(f64::NAN), Just(500.0)];
    let words = || proptest::option::of("[a-z ]{0,40}");
    (degrees(), degrees(), words(), words()).prop_map(|(latitude, longitude, name, address)| Location {
        latitude,
        longitude,
        name,
        address,
    })
}

fn any_body() -> impl Strategy<Value = OutboundBody> {
    let caption = || proptest::option::of(any_words());
    prop_oneof![
        any_words().prop_map(OutboundBody::Text),
        (any_media(), caption()).prop_map(|(media, caption)| OutboundBody::Image { media, caption }),
        any_media().prop_map(|media| OutboundBody::Voice { media, sound: None }),
        any_choices().prop_map(OutboundBody::Choices),
        (any_media(), "[a-z./]{0,12}", caption()).prop_map(|(media, name, caption)| OutboundBody::Document {
            media,
            name,
            caption
        }),
        any_place().prop_map(OutboundBody::Location),
    ]
}

fn any_reply() -> impl Strategy<Value = Reply> {
    (any_body(), prop_oneof![Just(Markup::Plain), Just(Markup::Markdown)])
        .prop_map(|(body, markup)| Reply { markup, ..Reply::new(body) })
}

/// The words of a message that must arrive, in their order.
fn words(body: &OutboundBody) -> Vec<String> {
    let said = |caption: &Option<String>| caption.clone().into_iter().collect();
    match body {
        OutboundBody::Text(text) => vec![text.clone()],
        OutboundBody::Image { caption, .. } | OutboundBody::Document { caption, .. } => said(caption),
        OutboundBody::Choices(choices) => {
            let shown = choices.options.iter().filter(|option| !option.title.trim().is_empty());
            let options = shown.take(limits::OPTIONS_PER_CHOICE_MAX);
            let lines =
                options.map(|option| format!("{}{}", option.title, option.detail.as_deref().unwrap_or_default()));
            std::iter::once(choices.text.clone()).chain(lines).collect()
        }
        OutboundBody::Location(location) => {
            [&location.name, &location.address].into_iter().flatten().cloned().collect()
        }
        OutboundBody::Voice { .. } | OutboundBody::Reaction { .. } => Vec::new(),
    }
}

/// The letters of texts, in their order; of Markdown the parser may move some, so that only which they are counts.
fn letters<'a>(texts: impl Iterator<Item = &'a str>, in_order: bool) -> Vec<char> {
    let mut letters: Vec<char> = texts.flat_map(str::chars).filter(char::is_ascii_lowercase).collect();
    if !in_order {
        letters.sort_unstable();
    }
    letters
}

/// Whether all of `said` is in `sent`, in its order.
fn is_within(said: &[char], sent: &[char]) -> bool {
    let mut sent = sent.iter();
    said.iter().all(|letter| sent.any(|other| other == letter))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3_000))]

    #[test]
    fn whatever_is_answered_a_network_carries_all_parts_and_all_words(
        network in any_network(), replies in proptest::collection::vec(any_reply(), 0..4), in_group in any::<bool>(),
    ) {
        let rendered = render(replies.clone(), &network, Occasion { message: None, in_group, says: &ENGLISH });
        for part in &rendered.parts {
            prop_assert_eq!(network.carries(&part.body), Ok(()), "{:?}", part.body);
            let native_in_group = in_group && matches!(part.body, OutboundBody::Choices(_));
            prop_assert!(!native_in_group || network.choices_in_groups.is_there());
        }
        prop_assert!(rendered.parts.len() <= limits::PARCELS_PER_TURN_MAX);
        let said: Vec<String> = replies.iter().flat_map(|reply| words(&reply.body)).collect();
        let has_markdown = replies.iter().any(|reply| reply.markup == Markup::Markdown);
        // The language behind a fence is no text of Markdown, and what is too much is cut and traced.
        let language = has_markdown && said.iter().any(|text| text.contains("```") || text.contains("~~~"));
        if language || rendered.left_out > 0 {
            return Ok(());
        }
        let sent: Vec<String> = rendered.parts.iter().flat_map(|part| words(&part.body)).collect();
        let said = letters(said.iter().map(String::as_str), !has_markdown);
        let sent = letters(sent.iter().map(String::as_str), !has_markdown);
        prop_assert!(is_within(&said, &sent), "{replies:?} became {:?}", rendered.parts);
    }

    #[test]
    fn the_question_that_is_open_is_one_that_leaves(
        network in any_network(), replies in proptest::collection::vec(any_reply(), 0..4), in_group in any::<bool>(),
    ) {
        let rendered = render(replies, &network, Occasion { message: None, in_group, says: &ENGLISH });
        let native = rendered.parts.iter().rposition(|part| matches!(part.body, OutboundBody::Choices(_)));
        match &rendered.question {
            None => prop_assert_eq!(native.filter(|_| rendered.left_out == 0), None),
            Some(question) => {
                prop_assert!(!question.parts.is_empty() && question.parts.end <= rendered.parts.len());
                prop_assert!(!question.options.is_empty());
                let shown = words_of(&rendered.parts[question.parts.clone()]);
                let titles: Vec<&str> = question.options.iter().map(|option| option.title.as_str()).collect();
                let titles = letters(titles.into_iter(), true);
                prop_assert!(is_within(&titles, &letters(std::iter::once(shown.as_str()), true)), "{shown:?}");
            }
        }
    }

    #[test]
    fn no_link_is_cut_whatever_the_markup(
        network in any_network(), name in "[a-z]{1,30}", before in "[a-z ]{0,80}", marked in any::<bool>(), code in any::<bool>(),
    ) {
        let network = Capabilities { text_chars_max: network.text_chars_max.max(80), ..network };
        let link = format!("https://{name}.example/a_b*c");
        let text = match (marked, code) {
            (true, false) => format!("{before} [the page]({link}) after"),
            (_, true) => format!("{before}\n```\nlet page = {link} ;\n```\n"),
            (false, false) => format!("{before} {link} after"),
        };
        let reply = if marked { Reply::markdown(text) } else { Reply::text(text) };
        let rendered = render(vec![reply], &network, ALONE);
        let sent: Vec<String> = rendered.parts.iter().flat_map(|part| words(&part.body)).collect();
        prop_assert!(sent.iter().any(|part| part.contains(&link)), "{link} is not whole in {sent:?}");
    }
}

fn words_of(parts: &[Part]) -> String {
    parts.iter().flat_map(|part| words(&part.body)).collect()
}

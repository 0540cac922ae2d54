//! From what an assistant says to what a network can carry. Pure.
//!
//! What is too long is split, what the network lacks is degraded; neither is ever an error to the
//! person.

use crate::decide::house_texts::ENGLISH;
use crate::decide::markdown::rendered;
use crate::decide::picture;
use crate::decide::split::split_text;
use greenroom_contract::assistant::{Markup, Quoting, Reply};
use greenroom_contract::capabilities::Capabilities;
use greenroom_contract::choices::Choices;
use greenroom_contract::ids::MessageId;
use greenroom_contract::limits;
use greenroom_contract::message::Media;
use greenroom_contract::outbound::OutboundBody;

/// What became of the replies of one turn.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Rendered {
    /// What to send, in order.
    pub(crate) parts: Vec<Part>,
    /// What was left out or changed, for the trace.
    pub(crate) degraded: Vec<String>,
    /// How many messages were too many.
    pub(crate) left_out: usize,
}

/// One message to send.
#[derive(Debug, PartialEq)]
pub(crate) struct Part {
    pub(crate) body: OutboundBody,
    pub(crate) reply_to: Option<MessageId>,
}

/// What the replies are for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Occasion<'a> {
    /// The message that is answered, if there is one.
    pub(crate) message: Option<&'a MessageId>,
    /// Whether several people read along.
    pub(crate) in_group: bool,
}

/// Renders the replies of one turn.
pub(crate) fn render(replies: Vec<Reply>, network: &Capabilities, occasion: Occasion<'_>) -> Rendered {
    let mut rendered = Rendered::default();
    if replies.len() > limits::REPLIES_PER_TURN_MAX {
        rendered.degraded.push(format!("{} replies cut to {}", replies.len(), limits::REPLIES_PER_TURN_MAX));
    }
    for reply in replies.into_iter().take(limits::REPLIES_PER_TURN_MAX) {
        let quotes = match reply.quoting {
            Quoting::Always => true,
            Quoting::Never => false,
            Quoting::WhereUseful => occasion.in_group && rendered.parts.is_empty(),
        };
        // What the network calls by another name cannot be quoted; the answer leaves all the same.
        let known = occasion.message.filter(|message| !message.is_stand_in());
        let mut reply_to = known.filter(|_| quotes && network.replies.is_there()).cloned();
        let body = written(reply.body, reply.markup, network);
        for body in bodies(body, network, &mut rendered.degraded) {
            rendered.parts.push(Part { body, reply_to: reply_to.take() });
        }
    }
    if rendered.parts.len() > limits::PARCELS_PER_TURN_MAX {
        rendered.degraded.push(format!("{} messages cut to {}", rendered.parts.len(), limits::PARCELS_PER_TURN_MAX));
        rendered.left_out = rendered.parts.len() - limits::PARCELS_PER_TURN_MAX;
        rendered.parts.truncate(limits::PARCELS_PER_TURN_MAX);
    }
    rendered
}

/// What is written in Markdown gets the marks that the network shows.
fn written(body: OutboundBody, markup: Markup, network: &Capabilities) -> OutboundBody {
    match (markup, body) {
        (Markup::Markdown, OutboundBody::Text(text)) => OutboundBody::Text(rendered(&text, network.marks)),
        (Markup::Markdown, OutboundBody::Image { media, caption }) => {
            OutboundBody::Image { media, caption: caption.map(|caption| rendered(&caption, network.marks)) }
        }
        (Markup::Plain | Markup::Markdown, body) => body,
    }
}

fn bodies(body: OutboundBody, network: &Capabilities, degraded: &mut Vec<String>) -> Vec<OutboundBody> {
    match body {
        OutboundBody::Text(text) => texts(&text, network),
        OutboundBody::Image { media, caption } => image(media, caption, network, degraded),
        voice @ OutboundBody::Voice { .. } => match network.carries(&voice) {
            Ok(()) => vec![voice],
            Err(reason) => {
                degraded.push(format!("voice note to a note in words: {reason}"));
                texts(ENGLISH.voice_not_carried, network)
            }
        },
        OutboundBody::Choices(choices) => texts(&numbered(&choices), network),
        OutboundBody::Document { name, caption, .. } => {
            degraded.push("document to its name".to_owned());
            texts(&[caption.as_deref().unwrap_or_default(), &name].join("\n\n"), network)
        }
        OutboundBody::Location(location) => {
            texts(&format!("https://maps.google.com/?q={},{}", location.latitude, location.longitude), network)
        }
        OutboundBody::Reaction { to, emoji } if network.reactions.is_there() && !to.is_stand_in() => {
            vec![OutboundBody::Reaction { to, emoji }]
        }
        OutboundBody::Reaction { .. } => {
            degraded.push("reaction to nothing".to_owned());
            Vec::new()
        }
    }
}

/// A question as words: its options with numbers.
fn numbered(choices: &Choices) -> String {
    let options = choices.options.iter().enumerate().map(|(at, option)| format!("{}. {}", at + 1, option.title));
    std::iter::once(choices.text.clone()).chain(options).collect::<Vec<_>>().join("\n")
}

fn texts(text: &str, network: &Capabilities) -> Vec<OutboundBody> {
    let pieces = split_text(text, network.text_chars_max).into_iter();
    pieces.filter(|piece| !piece.trim().is_empty()).map(OutboundBody::Text).collect()
}

fn image(
    media: Media,
    caption: Option<String>,
    network: &Capabilities,
    degraded: &mut Vec<String>,
) -> Vec<OutboundBody> {
    let caption = caption.unwrap_or_default();
    let media = match carried(media, network) {
        Ok(media) => media,
        Err(reason) => {
            degraded.push(format!("picture to caption and note: {reason}"));
            let note = ENGLISH.picture_not_carried;
            let text = if caption.trim().is_empty() { note.to_owned() } else { format!("{caption}\n\n{note}") };
            return texts(&text, network);
        }
    };
    if caption.chars().count() <= network.caption_chars_max {
        let caption = (!caption.trim().is_empty()).then_some(caption);
        return vec![OutboundBody::Image { media, caption }];
    }
    degraded.push("long caption to a text of its own".to_owned());
    let mut bodies = vec![OutboundBody::Image { media, caption: None }];
    bodies.extend(texts(&caption, network));
    bodies
}

/// A picture that the network takes, under its real type; the reason if it does not.
fn carried(media: Media, network: &Capabilities) -> Result<Media, String> {
    let media = picture::opened(media).map_err(|reason| reason.to_string())?;
    let bytes = media.bytes.len();
    if bytes as u64 > limits::IMAGE_BYTES_MAX {
        return Err(format!("{bytes} bytes cannot be sent, {} are allowed", limits::IMAGE_BYTES_MAX));
    }
    let bare = OutboundBody::Image { media: media.clone(), caption: None };
    network.carries(&bare).map_err(|reason| reason.to_string())?;
    Ok(media)
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;
    use greenroom_contract::capabilities::{Marks, MediaRules, Resend, Support};
    use proptest::prelude::*;

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

    const ALONE: Occasion<'static> = Occasion { message: None, in_group: false };

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
        let group = render(text(), &network(), Occasion { message: Some(&message), in_group: true });
        let quoted: Vec<bool> = group.parts.iter().map(|part| part.reply_to.is_some()).collect();
        assert_eq!(quoted, [true, false, false]);
        let long = MessageId::of_network(&"m".repeat(700)).unwrap();
        let unknown = render(text(), &network(), Occasion { message: Some(&long), in_group: true });
        assert!(unknown.parts.iter().all(|part| part.reply_to.is_none()), "the network knows it by another id");
        let direct = render(text(), &network(), Occasion { message: Some(&message), in_group: false });
        assert!(direct.parts.iter().all(|part| part.reply_to.is_none()));
        let plain = Capabilities { replies: Support::No, ..network() };
        let plain = render(text(), &plain, Occasion { message: Some(&message), in_group: true });
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

    /// Media of every kind that an assistant may return: right, mislabelled, empty, too large, no picture at all.
    fn any_media() -> impl Strategy<Value = Media> {
        let mime = prop_oneof![
            Just("image/png"),
            Just("image/jpeg"),
            Just("image/jpg"),
            Just("IMAGE/PNG"),
            Just("image/webp"),
            Just("image/gif"),
            Just("audio/ogg; codecs=opus"),
            Just("audio/mpeg"),
            Just("text/html"),
            Just("application/octet-stream"),
            Just(""),
        ];
        let start = prop_oneof![
            Just(&b"\x89PNG\r\n\x1a\n"[..]),
            Just(&b"\xFF\xD8\xFF\xE0"[..]),
            Just(&b"RIFF\0\0\0\0WEBP"[..]),
            Just(&b"GIF89a"[..]),
            Just(&b"<html>"[..]),
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

    /// Networks of every kind: what each adapter can, and what none can yet.
    fn any_network() -> impl Strategy<Value = Capabilities> {
        let support = || prop_oneof![Just(Support::Yes), Just(Support::No)];
        let pictures = prop_oneof![
            Just(&["image/png", "image/jpeg"][..]),
            Just(&["image/*"][..]),
            Just(&["image/webp"][..]),
            Just(&[][..]),
        ];
        let voices = prop_oneof![Just(&["audio/ogg"][..]), Just(&["audio/*"][..]), Just(&[][..])];
        let chars = (20_usize..200, 0_usize..30);
        ((support(), support(), support()), pictures, voices, 0_u64..100, chars).prop_map(
            |((images, voice, reactions), pictures, voices, bytes_max, (text_chars_max, caption_chars_max))| {
                Capabilities {
                    text_chars_max,
                    caption_chars_max,
                    images,
                    image_rules: MediaRules::new(pictures, bytes_max),
                    voice,
                    voice_rules: MediaRules::new(voices, bytes_max),
                    reactions,
                    ..network()
                }
            },
        )
    }

    fn letters<'a>(texts: impl Iterator<Item = &'a str>) -> String {
        texts.flat_map(str::chars).filter(|c| c.is_alphanumeric()).collect()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(5_000))]

        #[test]
        fn whatever_is_answered_a_network_carries_all_parts_and_all_words(
            network in any_network(), media in any_media(), words in "[a-z \n]{0,60}", sort in 0..3,
        ) {
            let caption = Some(words.clone()).filter(|words| words.len() % 5 != 0);
            let body = match sort {
                0 => OutboundBody::Text(words.clone()),
                1 => OutboundBody::Image { media, caption: caption.clone() },
                _ => OutboundBody::Voice { media, sound: None },
            };
            let said = match &body {
                OutboundBody::Text(text) => letters([text.as_str()].into_iter()),
                OutboundBody::Image { .. } => letters(caption.as_deref().into_iter()),
                _ => String::new(),
            };
            let says_something = sort > 0 || !said.is_empty();
            let rendered = render(reply(body), &network, ALONE);
            for part in &rendered.parts {
                prop_assert_eq!(network.carries(&part.body), Ok(()), "{:?}", part.body);
            }
            prop_assert_eq!(!rendered.parts.is_empty(), says_something);
            let sent = letters(rendered.parts.iter().filter_map(|part| match &part.body {
                OutboundBody::Text(text) => Some(text.as_str()),
                OutboundBody::Image { caption, .. } => caption.as_deref(),
                _ => None,
            }));
            prop_assert!(sent.starts_with(&said), "{said:?} became {sent:?}");
        }

        #[test]
        fn markdown_loses_no_letter_and_no_part_is_too_long(
            network in any_network(), words in "[a-z*_~`># \n|-]{0,120}", bare in any::<bool>(),
        ) {
            let marks = if bare { Marks::None } else { Marks::WhatsApp };
            let network = Capabilities { marks, ..network };
            let rendered = render(vec![Reply::markdown(words.clone())], &network, ALONE);
            for part in &rendered.parts {
                prop_assert_eq!(network.carries(&part.body), Ok(()), "{:?}", part.body);
            }
            // The language behind a fence is no text.
            prop_assume!(!words.contains("```") && !words.contains("~~~"));
            let sent = rendered.parts.iter().filter_map(|part| match &part.body {
                OutboundBody::Text(text) => Some(text.as_str()),
                _ => None,
            });
            let sorted = |letters: String| {
                let mut letters: Vec<char> = letters.chars().collect();
                letters.sort_unstable();
                letters
            };
            prop_assert_eq!(sorted(letters(sent)), sorted(letters([words.as_str()].into_iter())));
        }
    }
}

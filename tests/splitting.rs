//! What does not fit the network is split; what the network lacks is left out gently.

use crate::support::setup::{ANA, Bot, Setup};
use async_trait::async_trait;
use bytes::Bytes;
use greenroom_channel_loopback::said;
use greenroom_conformance::assistants;
use greenroom_contract::assistant::{Answer, Assistant, AssistantError, Quoting, Reply, Turn};
use greenroom_contract::capabilities::Support;
use greenroom_contract::limits;
use greenroom_contract::message::Media;
use greenroom_contract::outbound::OutboundBody;
use std::sync::Arc;

/// Always gives this answer.
struct Says(Vec<OutboundBody>);

#[async_trait]
impl Assistant for Says {
    async fn respond(&self, _: Turn) -> Result<Answer, AssistantError> {
        let reply = |body: &OutboundBody| Reply { quoting: Quoting::Never, ..Reply::new(body.clone()) };
        Ok(Answer { replies: self.0.iter().map(reply).collect(), ..Answer::default() })
    }
}

async fn answered_with(bodies: Vec<OutboundBody>, change: impl FnOnce(&mut Setup)) -> Bot {
    let mut setup = Setup::new(Arc::new(Says(bodies)));
    change(&mut setup);
    let bot = setup.start().await;
    bot.hears(said::text(ANA, "go")).await;
    bot.settled().await;
    bot.promises_kept();
    bot
}

fn text(words: &str) -> OutboundBody {
    OutboundBody::Text(words.to_owned())
}

fn picture() -> Media {
    Media { mime: "image/png".to_owned(), bytes: Bytes::from_static(b"picture") }
}

/// What somebody reads who ignores white space and the marks of code blocks.
fn letters(texts: &[String]) -> String {
    texts.concat().chars().filter(|c| !c.is_whitespace() && *c != '`').collect()
}

#[tokio::test(start_paused = true)]
async fn a_long_text_is_split_and_nothing_is_lost() {
    let paragraphs: Vec<String> =
        (0..40).map(|number| format!("Paragraph {number}: {}.", "word ".repeat(12))).collect();
    let long = paragraphs.join("\n\n");
    let bot = answered_with(vec![text(&long)], |setup| setup.options.capabilities.text_chars_max = 200).await;
    let parts = bot.network.words_to(ANA);
    assert!(parts.len() > 5, "{}", parts.len());
    assert_eq!(letters(&parts), letters(&[long]));
    for part in &parts {
        assert!(part.starts_with("Paragraph"), "split at paragraphs where that is possible: {part:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_code_block_stays_a_code_block_in_every_part() {
    let code: Vec<String> = (0..60).map(|number| format!("let x{number} = {number};")).collect();
    let long = format!("Here:\n\n```rust\n{}\n```\n\nDone.", code.join("\n"));
    let bot = answered_with(vec![text(&long)], |setup| setup.options.capabilities.text_chars_max = 300).await;
    let parts = bot.network.words_to(ANA);
    assert!(parts.len() > 2);
    for part in &parts {
        assert_eq!(part.matches("```").count() % 2, 0, "an open code block: {part:?}");
    }
    for line in code {
        assert!(parts.iter().any(|part| part.contains(&line)), "{line} was torn apart");
    }
}

#[tokio::test(start_paused = true)]
async fn a_text_without_any_boundary_is_split_too() {
    let long = "字".repeat(1_000);
    let bot = answered_with(vec![text(&long)], |setup| setup.options.capabilities.text_chars_max = 99).await;
    assert_eq!(bot.network.words_to(ANA).concat(), long);
}

#[tokio::test(start_paused = true)]
async fn a_picture_becomes_its_caption_where_there_are_no_pictures() {
    let body = OutboundBody::Image { media: picture(), caption: Some("our house".to_owned()) };
    let bot = answered_with(vec![body], |setup| setup.options.capabilities.images = Support::No).await;
    let answers = bot.network.words_to(ANA);
    assert!(answers.concat().contains("our house"), "{answers:?}");
    assert!(answers.concat().len() > "our house".len(), "and a note: {answers:?}");
}

#[tokio::test(start_paused = true)]
async fn a_caption_that_is_too_long_goes_on_as_text() {
    let caption = "word ".repeat(100).trim().to_owned();
    let body = OutboundBody::Image { media: picture(), caption: Some(caption.clone()) };
    let bot = answered_with(vec![body], |setup| setup.options.capabilities.caption_chars_max = 50).await;
    let sent = bot.network.sent();
    assert!(matches!(sent[0].body, OutboundBody::Image { .. }), "{sent:?}");
    assert_eq!(letters(&bot.network.words_to(ANA)), letters(&[caption]));
}

#[tokio::test(start_paused = true)]
async fn a_reaction_becomes_nothing_where_there_are_none() {
    let reaction = OutboundBody::Reaction { to: "m".parse().unwrap(), emoji: Some("👍".to_owned()) };
    let bot = answered_with(vec![reaction, text("done")], |setup| {
        setup.options.capabilities.reactions = Support::No;
    })
    .await;
    assert_eq!(bot.network.words_to(ANA), ["done"]);
}

#[tokio::test(start_paused = true)]
async fn a_voice_note_becomes_a_note_where_there_are_none() {
    let voice = OutboundBody::Voice {
        media: Media { mime: "audio/ogg".to_owned(), bytes: Bytes::from_static(b"x") },
        sound: None,
    };
    let bot = answered_with(vec![voice], |setup| setup.options.capabilities.voice = Support::No).await;
    let answers = bot.network.words_to(ANA);
    assert_eq!(answers.len(), 1, "{answers:?}");
    assert!(!answers[0].is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_visible_reply_becomes_a_plain_one_where_there_are_none() {
    let mut setup = Setup::new(assistants::echo());
    setup.options.capabilities.replies = Support::No;
    let bot = setup.start().await;
    bot.hears(said::text(ANA, "hi").in_group("friends").mentioning()).await;
    bot.settled().await;
    assert_eq!(bot.network.sent()[0].reply_to, None);
    bot.promises_kept();
}

#[tokio::test(start_paused = true)]
async fn a_flood_is_cut() {
    let bot = Setup::new(assistants::flooding(limits::REPLIES_PER_TURN_MAX * 3)).start().await;
    let message = bot.hears(said::text(ANA, "go")).await;
    bot.settled().await;
    assert_eq!(bot.network.sent_count(), limits::REPLIES_PER_TURN_MAX as u64);
    assert!(bot.why(&message).await.contains("adapted to the network"), "{}", bot.why(&message).await);
    bot.hears(said::text(ANA, "again")).await;
    bot.settled().await;
    assert_eq!(bot.network.sent_count(), 2 * limits::REPLIES_PER_TURN_MAX as u64, "the chat goes on");
}

#[tokio::test(start_paused = true)]
async fn parts_arrive_in_order_with_only_one_under_way() {
    let numbers: Vec<OutboundBody> = (0..10).map(|number| text(&number.to_string())).collect();
    let bot = answered_with(numbers, |_| {}).await;
    assert_eq!(bot.network.words_to(ANA), (0..10).map(|number| number.to_string()).collect::<Vec<_>>());
}

//! Pictures, voice notes, reactions and kinds that nobody understands.

use crate::support::setup::{ANA, Bot, Setup};
use async_trait::async_trait;
use greenroom_assistant_echo::Echo;
use greenroom_channel_loopback::said;
use greenroom_conformance::assistants;
use greenroom_conformance::messages::id;
use greenroom_contract::assistant::{Answer, Assistant, AssistantError, Content, Needs, Turn};
use greenroom_contract::capabilities::Support;
use greenroom_contract::channel::MediaError;
use greenroom_contract::choices::{Choice, Choices};
use greenroom_contract::limits;
use greenroom_contract::outbound::OutboundBody;
use std::sync::Arc;
use std::time::Duration;

async fn echo() -> Bot {
    Setup::new(Arc::new(Echo::default())).start().await
}

#[tokio::test(start_paused = true)]
async fn a_picture_goes_there_and_back() {
    let bot = echo().await;
    bot.hears(said::image(ANA, "a picture", Some("us"))).await;
    bot.settled().await;
    let sent = bot.network.sent();
    let OutboundBody::Image { media, caption } = &sent[0].body else { panic!("{sent:?}") };
    assert_eq!((&media.bytes[..], caption.as_deref()), (&b"a picture"[..], Some("us")));
    bot.promises_kept();
}

#[tokio::test(start_paused = true)]
async fn a_document_goes_there_and_back_and_a_place_and_a_contact_are_answered() {
    let bot = echo().await;
    bot.hears(said::document(ANA, "the bill", "../bill.pdf", Some("look"))).await;
    bot.hears(said::location(ANA, 47.37, 8.54, Some("Office"))).await;
    bot.hears(said::contacts(ANA, &[("Ben", "+15550000002")])).await;
    bot.settled().await;
    let sent = bot.network.sent();
    let OutboundBody::Document { media, name, caption } = &sent[0].body else { panic!("{sent:?}") };
    assert_eq!((&media.bytes[..], name.as_str(), caption.as_deref()), (&b"the bill"[..], "bill.pdf", Some("look")));
    assert!(
        matches!(&sent[1].body, OutboundBody::Location(place) if place.latitude.to_string() == "47.37"),
        "{sent:?}"
    );
    assert_eq!(sent[2].words(), "Ben +15550000002");
    bot.promises_kept();
}

#[tokio::test(start_paused = true)]
async fn what_is_no_text_is_told_in_the_history() {
    let bot = Setup::new(Arc::new(Historian)).start().await;
    bot.hears(said::document(ANA, "the bill", "bill.pdf", Some("look"))).await;
    bot.hears(said::location(ANA, 47.37, 8.54, Some("Office"))).await;
    bot.hears(said::text(ANA, "well?")).await;
    let said = "(document bill.pdf) look -> Which? (1. This)\n(location 47.37, 8.54: Office) -> Which? (1. This)";
    assert_eq!(bot.answers(ANA).await.last().map(String::as_str), Some(said));
}

#[tokio::test(start_paused = true)]
async fn a_document_is_not_fetched_for_somebody_who_does_not_read() {
    let bot = Setup::new(Arc::new(Blind)).start().await;
    bot.hears(said::document(ANA, "the bill", "bill.pdf", Some("us"))).await;
    assert_eq!(bot.answers(ANA).await, ["seen: false, us"]);
    assert_eq!(bot.network.fetches(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_document_that_is_too_large_or_gone_is_told_kindly_beside_the_answer_to_its_words() {
    let bot = echo().await;
    let large = || vec![0; limits::DOCUMENT_BYTES_MAX as usize + 1];
    bot.hears(said::document(ANA, large(), "film.pdf", None)).await;
    let too_large = "That document is too large for me. Please send a smaller one.";
    assert_eq!(bot.answers(ANA).await, [too_large]);
    bot.passes(Duration::from_secs(2 * 3_600)).await;
    let message = bot.hears(said::document(ANA, large(), "film.pdf", Some("look"))).await;
    assert_eq!(bot.answers(ANA).await[1..], ["(the document film.pdf) look", too_large]);
    assert!(bot.why(&message).await.contains("larger than"), "{}", bot.why(&message).await);
    assert_eq!(bot.network.fetches(), 0, "what is declared as too large is not asked for");
    bot.network.next_fetches_fail([MediaError::Gone { reason: "expired".into() }]);
    bot.hears(said::document(ANA, "x", "a.pdf", None)).await;
    let last = bot.answers(ANA).await.pop();
    assert_eq!(last.as_deref(), Some("I could not open that document, please send it again."));
}

#[tokio::test(start_paused = true)]
async fn what_a_network_lacks_is_said_in_words() {
    let mut setup = Setup::new(Arc::new(Echo::default()));
    setup.options.capabilities.documents = Support::No;
    setup.options.capabilities.locations = Support::No;
    let bot = setup.start().await;
    let message = bot.hears(said::document(ANA, "the bill", "bill.pdf", Some("look"))).await;
    bot.hears(said::location(ANA, 47.37, 8.54, Some("Office"))).await;
    let expected =
        ["look\n\n(the document bill.pdf, which cannot be sent here)", "Office\nhttps://maps.google.com/?q=47.37,8.54"];
    assert_eq!(bot.answers(ANA).await, expected);
    assert!(bot.why(&message).await.contains("document to caption and note"), "{}", bot.why(&message).await);
    bot.promises_kept();
}

/// Asks a question about what is no text, and tells the history otherwise.
struct Historian;

#[async_trait]
impl Assistant for Historian {
    async fn respond(&self, turn: Turn) -> Result<Answer, AssistantError> {
        if !matches!(turn.messages[0].content, Content::Text(_)) {
            return Ok(Answer::choices(Choices::new("Which?", [Choice::new("this", "This")])));
        }
        let past = turn.history.iter().map(|past| format!("{} -> {}", past.asked, past.answered));
        Ok(Answer::text(past.collect::<Vec<_>>().join("\n")))
    }
}

/// Does not look at pictures, and reads no documents.
struct Blind;

#[async_trait]
impl Assistant for Blind {
    fn needs(&self) -> Needs {
        Needs { history_turns: 0, images: false, reactions: false, ..Needs::default() }
    }

    async fn respond(&self, turn: Turn) -> Result<Answer, AssistantError> {
        let seen = matches!(turn.messages[0].content, Content::Image { media: Some(_), .. });
        Ok(Answer::text(format!("seen: {seen}, {}", turn.text())))
    }
}

#[tokio::test(start_paused = true)]
async fn a_picture_is_not_fetched_for_somebody_who_does_not_look() {
    let bot = Setup::new(Arc::new(Blind)).start().await;
    bot.hears(said::image(ANA, "a picture", Some("us"))).await;
    assert_eq!(bot.answers(ANA).await, ["seen: false, us"]);
    assert_eq!(bot.network.fetches(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_picture_that_is_gone_is_told_kindly_and_one_that_stumbles_is_fetched_again() {
    let bot = echo().await;
    bot.network.next_fetches_fail([MediaError::Gone { reason: "expired".into() }]);
    bot.hears(said::image(ANA, "a picture", None)).await;
    let answers = bot.answers(ANA).await;
    assert_eq!(answers.len(), 1, "{answers:?}");
    assert!(!answers[0].contains("expired"), "no error text goes to a person: {answers:?}");
    bot.network.next_fetches_fail([MediaError::Retry { reason: "busy".into() }]);
    bot.hears(said::image(ANA, "a picture", Some("second"))).await;
    assert_eq!(bot.answers(ANA).await.last().map(String::as_str), Some("second"));
}

#[tokio::test(start_paused = true)]
async fn a_picture_that_is_too_large_is_not_taken_in() {
    let bot = echo().await;
    bot.hears(said::image(ANA, vec![0; limits::IMAGE_BYTES_MAX as usize + 1], None)).await;
    bot.settled().await;
    assert!(bot.network.sent().iter().all(|sent| matches!(sent.body, OutboundBody::Text(_))));
    assert_eq!(bot.network.sent_count(), 1, "one kind sentence");
}

#[tokio::test(start_paused = true)]
async fn a_strange_kind_is_answered_by_its_words_or_with_one_notice_a_day() {
    let bot = echo().await;
    bot.hears(said::unsupported(ANA, "document", Some("please read"))).await;
    assert_eq!(bot.answers(ANA).await, ["please read"]);
    for _ in 0..3 {
        bot.hears(said::unsupported(ANA, "sticker", None)).await;
        bot.passes(Duration::from_secs(3 * 3_600)).await;
    }
    assert_eq!(bot.answers(ANA).await.len(), 2, "one notice");
    bot.passes(Duration::from_secs(86_400)).await;
    bot.hears(said::unsupported(ANA, "sticker", None)).await;
    assert_eq!(bot.answers(ANA).await.len(), 3, "and one the next day");
    bot.hears(said::unsupported(ANA, "sticker", None).in_group("friends").mentioning()).await;
    assert_eq!(bot.answers("friends").await, Vec::<String>::new(), "never in groups");
}

#[tokio::test(start_paused = true)]
async fn a_reaction_is_noted_and_not_answered() {
    let bot = echo().await;
    bot.hears(said::text(ANA, "hi")).await;
    bot.settled().await;
    let ours = bot.network.sent()[0].message();
    let reaction = bot.hears(said::reaction(ANA, &ours, Some("👍"))).await;
    bot.hears(said::reaction(ANA, &id("somebody-elses"), None)).await;
    assert_eq!(bot.answers(ANA).await, ["hi"]);
    assert!(bot.why(&reaction).await.contains("reaction"), "{}", bot.why(&reaction).await);
}

#[tokio::test(start_paused = true)]
async fn an_empty_message_is_no_turn() {
    let assistant = assistants::echo();
    let bot = Setup::new(assistant.clone()).start().await;
    for words in ["", "   ", "\n"] {
        bot.hears(said::text(ANA, words)).await;
    }
    assert_eq!(bot.answers(ANA).await, Vec::<String>::new());
    assert_eq!(assistant.asked(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_very_long_message_is_taken_in_and_bounded() {
    let assistant = assistants::silent();
    let bot = Setup::new(assistant.clone()).start().await;
    bot.hears(said::text(ANA, "x".repeat(limits::TEXT_BYTES_MAX * 2))).await;
    bot.settled().await;
    let words = assistant.turns()[0].text();
    assert!(words.len() <= limits::TEXT_BYTES_MAX + 100, "{} bytes", words.len());
}

//! Pictures and voice notes of many people at once: memory has a bound, and what only waits was not tried.

use super::{open_to_all, person};
use crate::support::setup::{ANA, Setup};
use async_trait::async_trait;
use greenroom_channel_loopback::said;
use greenroom_conformance::assistants::{self, Fake};
use greenroom_conformance::transcribers;
use greenroom_contract::assistant::{Answer, Assistant, AssistantError, Needs, Turn};
use greenroom_contract::limits;
use greenroom_contract::policy::Rates;
use std::sync::Arc;
use std::time::Duration;

#[tokio::test(start_paused = true)]
async fn pictures_are_fetched_when_it_is_their_turn_and_waiting_is_no_attempt() {
    let assistant = assistants::echo();
    let mut setup = open_to_all(assistant.clone());
    setup.turns_max = 1;
    setup.timeout = Duration::from_secs(24 * 3_600);
    let bot = setup.start().await;
    assistant.hold();
    for number in 0..200 {
        bot.hears(said::image(&person(number), "a picture", Some("look"))).await;
    }
    bot.passes(Duration::from_secs(60)).await;
    assert_eq!(bot.network.fetches(), 1, "the one whose turn it is");
    let mut tried = 0;
    for waiting in bot.store.conversations_waiting(None, 300).await.expect("healthy") {
        let rows = bot.store.waiting(waiting.conversation, 1).await.expect("healthy");
        tried += rows.iter().filter(|row| row.attempts > 0).count();
    }
    assert_eq!(tried, 1);
    assistant.let_go();
    bot.settled().await;
    assert_eq!(bot.network.fetches(), 200);
}

#[tokio::test(start_paused = true)]
async fn pictures_in_memory_have_a_bound_in_bytes_and_those_beyond_it_wait() {
    let assistant = assistants::echo();
    let mut setup = open_to_all(assistant.clone());
    setup.turns_max = 64;
    setup.timeout = Duration::from_secs(24 * 3_600);
    let bot = setup.start().await;
    assistant.hold();
    // One picture for all of them, so that the test itself needs little memory.
    let bytes = bytes::Bytes::from(vec![1_u8; limits::IMAGE_BYTES_MAX as usize]);
    for number in 0..24 {
        bot.hears(said::image(&person(number), bytes.clone(), Some("look"))).await;
    }
    bot.passes(Duration::from_secs(10)).await;
    let most = limits::MEDIA_HELD_BYTES_MAX / limits::IMAGE_BYTES_MAX;
    assert_eq!(bot.network.fetches(), most);
    bot.passes(limits::INTAKE_AGE_MAX * 2).await;
    assert_eq!(bot.network.fetches(), most, "nothing makes room before a turn ends");
    assistant.let_go();
    bot.settled().await;
    let got = (0..24).flat_map(|number| bot.network.words_to(&person(number))).filter(|words| words == "look");
    assert_eq!(got.count(), 24, "none of them is told that it was too late");
}

/// Reads documents, and does with them what another assistant does.
struct Reader(Arc<Fake>);

#[async_trait]
impl Assistant for Reader {
    fn needs(&self) -> Needs {
        Needs { documents: true, ..self.0.needs() }
    }

    async fn respond(&self, turn: Turn) -> Result<Answer, AssistantError> {
        self.0.respond(turn).await
    }
}

#[tokio::test(start_paused = true)]
async fn documents_in_memory_have_the_same_bound_and_none_is_fetched_before_its_turn() {
    for (turns_max, most) in [(64, limits::MEDIA_HELD_BYTES_MAX / limits::DOCUMENT_BYTES_MAX), (1, 1)] {
        let assistant = assistants::echo();
        let mut setup = open_to_all(Arc::new(Reader(assistant.clone())));
        setup.turns_max = turns_max;
        setup.timeout = Duration::from_secs(24 * 3_600);
        let bot = setup.start().await;
        assistant.hold();
        let bytes = bytes::Bytes::from(vec![1_u8; limits::DOCUMENT_BYTES_MAX as usize]);
        for number in 0..24 {
            bot.hears(said::document(&person(number), bytes.clone(), "a.pdf", Some("look"))).await;
        }
        bot.passes(limits::INTAKE_AGE_MAX * 2).await;
        assert_eq!(bot.network.fetches(), most);
        assistant.let_go();
        bot.settled().await;
        let got = (0..24).flat_map(|number| bot.network.words_to(&person(number))).filter(|words| words == "look");
        assert_eq!(got.count(), 24, "none of them is told that it was too late");
    }
}

#[tokio::test(start_paused = true)]
async fn voice_notes_in_which_nothing_is_said_count_too() {
    let ears = transcribers::hears_nothing();
    let mut setup = Setup::new(assistants::echo());
    setup.policy.rates = Rates { person_per_minute: 3, ..Rates::UNLIMITED };
    setup.transcriber = ears.clone();
    let bot = setup.start().await;
    for _ in 0..20 {
        bot.hears(said::voice(ANA, "silence")).await;
        bot.settled().await;
    }
    assert_eq!(ears.jobs(), 3);
    bot.passes(Duration::from_secs(61)).await;
    bot.hears(said::voice(ANA, "silence")).await;
    bot.settled().await;
    assert_eq!(ears.jobs(), 4);
}

#[tokio::test(start_paused = true)]
async fn a_voice_note_that_is_answered_counts_once() {
    let mut setup = Setup::new(assistants::echo());
    setup.policy.rates = Rates { person_per_minute: 3, ..Rates::UNLIMITED };
    setup.transcriber = transcribers::hears_its_bytes();
    let bot = setup.start().await;
    for words in ["one", "two", "three", "four"] {
        bot.hears(said::voice(ANA, words)).await;
        bot.settled().await;
    }
    assert_eq!(bot.network.words_to(ANA)[..3], ["one", "two", "three"]);
}

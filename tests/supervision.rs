//! What breaks is restarted or set aside, and takes nobody with it.

use crate::support::setup::{ANA, BEN, Bot, MAIN, NOT_ANSWERED, Setup};
use async_trait::async_trait;
use greenroom_channel_loopback::{Options, SendPlan, said};
use greenroom_conformance::assistants;
use greenroom_conformance::transcribers;
use greenroom_contract::assistant::{Answer, Assistant, AssistantError, Needs, Turn};
use greenroom_contract::audio::AudioError;
use greenroom_contract::channel::Ended;
use greenroom_contract::limits;
use greenroom_contract::transcriber::{TranscribeError, Transcriber};
use greenroom_engine::AccountStatus;
use std::sync::Arc;
use std::time::Duration;

#[tokio::test(start_paused = true)]
async fn a_panicking_assistant_takes_no_other_conversation_with_it() {
    let assistant = assistants::panicking(0);
    let bot = Setup::new(assistant.clone()).start().await;
    let poison = bot.hears(said::text(ANA, "panic now")).await;
    bot.hears(said::text(BEN, "hi")).await;
    bot.hears(said::text(ANA, "and then")).await;
    assert_eq!(bot.answers(BEN).await, ["hi"]);
    assert_eq!(bot.answers(ANA).await, [NOT_ANSWERED, "and then"], "after three attempts the chat goes on");
    let attempts = assistant.turns().into_iter().filter(|turn| turn.text() == "panic now").count();
    assert_eq!(attempts, limits::ATTEMPTS_MAX as usize);
    let why = bot.why(&poison).await;
    assert!(why.contains("quarantined") && why.contains("told to panic"), "{why}");
    let health = bot.running.handle().health().await;
    assert_eq!(health.quarantined, 1);
    assert!(!health.problems.is_empty(), "the owner sees it");
    bot.promises_kept();
}

#[tokio::test(start_paused = true)]
async fn attempts_share_the_name_of_their_turn() {
    let assistant = assistants::failing(2);
    let bot = Setup::new(assistant.clone()).start().await;
    bot.hears(said::text(ANA, "hi")).await;
    assert_eq!(bot.answers(ANA).await, ["hi"], "the third attempt works");
    let turns = assistant.turns();
    assert_eq!(turns.iter().map(|turn| turn.attempt).collect::<Vec<_>>(), [1, 2, 3]);
    assert!(turns.iter().all(|turn| turn.id == turns[0].id), "so that a tool can recognise a repetition");
}

#[tokio::test(start_paused = true)]
async fn what_can_never_be_answered_is_set_aside_at_once() {
    let assistant = assistants::refusing();
    let bot = Setup::new(assistant.clone()).start().await;
    let message = bot.hears(said::text(ANA, "hi")).await;
    assert_eq!(bot.answers(ANA).await, [NOT_ANSWERED]);
    assert_eq!(assistant.asked(), 1);
    assert!(bot.why(&message).await.contains("quarantined"), "{}", bot.why(&message).await);
}

#[tokio::test(start_paused = true)]
async fn a_quarantined_message_can_be_put_back_to_work() {
    let assistant = assistants::failing(limits::ATTEMPTS_MAX as usize);
    let bot = Setup::new(assistant).start().await;
    bot.hears(said::text(ANA, "hi")).await;
    assert_eq!(bot.answers(ANA).await, [NOT_ANSWERED]);
    let rows = bot.store.quarantined(10).await.expect("healthy");
    bot.running.handle().release(rows[0].entry.sequence).await.expect("it is there");
    assert_eq!(bot.answers(ANA).await, [NOT_ANSWERED, "hi"]);
}

#[tokio::test(start_paused = true)]
async fn a_hanging_assistant_has_a_deadline() {
    let mut setup = Setup::new(assistants::hanging());
    setup.timeout = Duration::from_secs(5);
    let bot = setup.start().await;
    let begun = bot.clock.now();
    let message = bot.hears(said::text(ANA, "hi")).await;
    bot.settled().await;
    let took = bot.clock.now().since(begun);
    assert!(took >= Duration::from_secs(15) && took < Duration::from_secs(120), "three attempts: {took:?}");
    assert!(bot.why(&message).await.contains("no answer within 5 s"), "{}", bot.why(&message).await);
}

#[tokio::test(start_paused = true)]
async fn an_assistant_works_on_as_many_turns_as_it_may_and_no_more() {
    let assistant = assistants::slow(Duration::from_secs(1));
    let mut setup = Setup::new(assistant.clone());
    setup.turns_max = 3;
    setup.policy.allow_from = vec!["*".parse().unwrap()];
    let bot = setup.start().await;
    for number in 0..12 {
        bot.hears(said::text(&format!("+155500001{number:02}"), "hi")).await;
    }
    bot.settled().await;
    assert_eq!(assistant.most_running(), 3);
    assert_eq!(bot.network.sent_count(), 12);
}

/// Hangs for one person only.
struct HangsFor(&'static str);

#[async_trait]
impl Assistant for HangsFor {
    fn needs(&self) -> Needs {
        Needs { history_turns: 0, ..Needs::default() }
    }

    async fn respond(&self, turn: Turn) -> Result<Answer, AssistantError> {
        if turn.route.chat.as_str() == self.0 {
            std::future::pending::<()>().await;
        }
        Ok(Answer::text(turn.text()))
    }
}

#[tokio::test(start_paused = true)]
async fn one_hanging_turn_does_not_make_others_wait() {
    let bot = Setup::new(Arc::new(HangsFor(ANA))).start().await;
    bot.hears(said::text(ANA, "hi")).await;
    let begun = bot.clock.now();
    bot.hears(said::text(BEN, "hi")).await;
    bot.network.sent_to_reached(BEN, 1).await;
    assert!(bot.clock.now().since(begun) < Duration::from_secs(1));
}

async fn hears_with(transcriber: Arc<dyn Transcriber>) -> Bot {
    let mut setup = Setup::new(assistants::echo());
    setup.transcriber = transcriber;
    let bot = setup.start().await;
    bot.hears(said::voice(ANA, "words")).await;
    bot.hears(said::text(ANA, "and then")).await;
    bot
}

// Hearing works on a thread of its own, so these run in real time: paused time would jump meanwhile.
#[tokio::test]
async fn a_voice_note_is_heard_and_answered() {
    let bot = hears_with(transcribers::hears_its_bytes()).await;
    assert_eq!(bot.answers(ANA).await, ["words", "and then"]);
    assert_eq!(bot.network.fetches(), 1);
}

#[tokio::test]
async fn a_panicking_transcriber_is_survived_and_the_person_is_told_once() {
    let bot = hears_with(transcribers::panicking()).await;
    let answers = bot.answers(ANA).await;
    assert_eq!(answers.last().map(String::as_str), Some("and then"), "{answers:?}");
    assert_eq!(answers.len(), 2, "one kind sentence, then the chat goes on: {answers:?}");
    assert!(!answers[0].contains("panic"), "no error text goes to a person: {answers:?}");
    bot.hears(said::voice(ANA, "again")).await;
    assert_eq!(bot.answers(ANA).await.len(), 2, "at most one notice of one cause in an hour");
}

#[tokio::test]
async fn a_transcriber_that_cannot_hear_is_no_error_for_the_person() {
    for transcriber in [
        transcribers::not_ready(),
        transcribers::failing(TranscribeError::Audio(AudioError::Damaged { reason: "torn".into() })),
        transcribers::failing(TranscribeError::Audio(AudioError::TooLong { seconds_max: 300 })),
    ] {
        let ready = transcriber.ready();
        let bot = hears_with(transcriber).await;
        let answers = bot.answers(ANA).await;
        assert_eq!(answers.len(), 2, "{answers:?}");
        assert_eq!(answers[1], "and then");
        let health = bot.running.handle().health().await;
        let said = health.warnings.iter().any(|warning| warning.what.starts_with("voice notes cannot be heard"));
        assert!(health.ok && said == ready.is_err(), "a warning, and no reason to call somebody: {health:?}");
    }
}

#[tokio::test]
async fn a_voice_note_in_which_nothing_is_said_is_not_given_to_the_assistant() {
    let bot = hears_with(transcribers::hears_nothing()).await;
    let answers = bot.answers(ANA).await;
    assert_eq!(answers.last().map(String::as_str), Some("and then"));
    assert!(!answers.contains(&String::new()), "{answers:?}");
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_panics_is_made_again() {
    let bot = Setup::new(assistants::echo()).start().await;
    bot.network.panic_next_runs(MAIN, 3);
    bot.network.cut(MAIN, Ended::Dropped { reason: "the wire broke".to_owned() });
    bot.hears(said::text(ANA, "hi")).await;
    assert_eq!(bot.answers(ANA).await, ["hi"]);
    assert!(bot.running.handle().health().await.restarts >= 1);
}

#[tokio::test(start_paused = true)]
async fn a_send_that_panics_is_sent_again() {
    let bot = Setup::new(assistants::echo()).start().await;
    bot.network.next_sends(MAIN, [SendPlan::Panic]);
    bot.hears(said::text(ANA, "hi")).await;
    assert_eq!(bot.answers(ANA).await, ["hi"]);
}

#[tokio::test(start_paused = true)]
async fn a_session_that_crashes_lets_its_sends_end_before_the_next_one_sends() {
    let bot = Setup::new(assistants::echo()).start().await;
    bot.network.next_sends(MAIN, [SendPlan::DeliverAfter(Duration::from_secs(20))]);
    bot.hears(said::text(ANA, "one")).await;
    bot.passes(Duration::from_secs(1)).await;
    bot.network.panic_next_runs(MAIN, 1);
    bot.network.cut(MAIN, Ended::Dropped { reason: "the wire broke".to_owned() });
    bot.passes(Duration::from_secs(60)).await;
    bot.hears(said::text(ANA, "two")).await;
    assert_eq!(bot.answers(ANA).await, ["one", "two"]);
    bot.promises_kept();
}

#[tokio::test(start_paused = true)]
async fn a_session_that_crashes_too_often_is_shown_and_started_rarely_and_the_others_go_on() {
    let mut setup = Setup::new(assistants::echo());
    setup.options = Options { accounts: vec![MAIN.to_owned(), "other".to_owned()], ..Options::default() };
    let bot = setup.start().await;
    bot.network.panic_next_runs(MAIN, 1_000);
    bot.network.cut(MAIN, Ended::Dropped { reason: "the wire broke".to_owned() });
    bot.passes(Duration::from_secs(600)).await;
    let health = bot.running.handle().health().await;
    assert!(!health.ok);
    assert!(health.problems.iter().any(|problem| problem.what.contains("told to panic")), "{:?}", health.problems);
    let rarely = 600 / limits::RESTART_RARE_PAUSE.as_secs();
    assert!(health.restarts <= u64::from(limits::RESTARTS_MAX) + 1 + rarely, "{}", health.restarts);
    assert!(health.accounts.iter().any(|account| matches!(account.status, AccountStatus::Failed { .. })), "{health:?}");
    bot.network.deliver("other", said::text(BEN, "hi")).await.acknowledged().await.expect("it is taken");
    bot.network.sent_to_reached(BEN, 1).await;
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_needs_a_person_stops_and_keeps_what_waits() {
    let bot = Setup::new(assistants::slow(Duration::from_secs(1))).start().await;
    bot.hears(said::text(ANA, "hi")).await;
    bot.network.cut(MAIN, Ended::Refused { reason: "the token is wrong".to_owned() });
    bot.passes(Duration::from_secs(24 * 3600)).await;
    assert!(!bot.network.is_connected(MAIN), "it is not tried again by itself");
    let health = bot.running.handle().health().await;
    assert!(health.problems.iter().any(|problem| problem.what.contains("the token is wrong")), "{:?}", health.problems);
    assert_eq!(bot.network.sent_count(), 0);
    let account = bot.store.accounts().await.expect("healthy").remove(0);
    let waiting = bot.store.pending(&account.id, None, 10).await.expect("healthy");
    assert_eq!(waiting.len(), 1, "the answer waits");
}

#[tokio::test(start_paused = true)]
async fn a_connection_is_made_again_with_growing_pauses() {
    let bot = Setup::new(assistants::echo()).start().await;
    bot.network.refuse_runs(MAIN, (0..8).map(|_| Ended::Dropped { reason: "no network".to_owned() }));
    let begun = bot.clock.now();
    bot.network.cut(MAIN, Ended::Dropped { reason: "the wire broke".to_owned() });
    bot.network.disconnected(MAIN).await;
    bot.network.connected(MAIN).await;
    let took = bot.clock.now().since(begun);
    assert!(took > Duration::from_secs(60), "nine pauses that grow: {took:?}");
    assert!(took < limits::RECONNECT_PAUSE_MAX * 9, "{took:?}");
    bot.hears(said::text(ANA, "hi")).await;
    assert_eq!(bot.answers(ANA).await, ["hi"]);
}

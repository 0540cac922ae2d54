//! Whatever a provider does, an ask ends in time, with a whole answer or with none.

use crate::asked::{ask, config, get, model, models};
use crate::dialect::{ALL, Stop, answer, begin, end, error, words};
use crate::server::{Act, Server};
use greenroom_contract::model::{Ended, ModelError, WrongModel};
use greenroom_models::Provider;
use proptest::prelude::*;
use std::time::{Duration, Instant};

/// How much later than its time an ask may end on a busy machine.
const SLACK: Duration = Duration::from_millis(700);

fn kind(error: &ModelError) -> &'static str {
    match error {
        ModelError::Busy { .. } => "busy",
        ModelError::Unavailable { .. } => "unavailable",
        ModelError::Refused { .. } => "refused",
        ModelError::Wrong { what: WrongModel::Key, .. } => "wrong key",
        ModelError::Wrong { what: WrongModel::Model, .. } => "wrong model",
        ModelError::Wrong { what: WrongModel::Url, .. } => "wrong url",
        ModelError::Wrong { what: WrongModel::Credit, .. } => "no credit",
        ModelError::TooLong { .. } => "too long",
        ModelError::OverBudget { .. } => "over budget",
        _ => "other",
    }
}

fn status(status: u16, body: &str) -> Act {
    Act::Status(status, String::new(), body.to_owned())
}

/// What goes wrong, and what that is called. Each fault stays.
fn faults(provider: Provider) -> Vec<(Act, &'static str)> {
    let whole = answer(provider, "Grüße from here");
    let len = whole.len();
    let half = words(provider, "half");
    vec![
        (status(401, "{}"), "wrong key"),
        (status(403, "{}"), "wrong key"),
        (status(402, "{}"), "no credit"),
        (status(429, r#"{"error":{"code":"insufficient_quota"}}"#), "no credit"),
        (status(404, r#"{"error":{"message":"model a-model not found"}}"#), "wrong model"),
        (status(404, "<html>"), "wrong url"),
        (status(301, ""), "wrong url"),
        (status(400, r#"{"error":{"code":"context_length_exceeded"}}"#), "too long"),
        (status(400, r#"{"error":{"message":"bad"}}"#), "refused"),
        (status(422, "{}"), "refused"),
        (status(408, ""), "unavailable"),
        (status(409, ""), "unavailable"),
        (status(429, ""), "busy"),
        (Act::Status(429, "retry-after: 7\r\n".to_owned(), String::new()), "busy"),
        (status(500, "<html>"), "unavailable"),
        (status(502, ""), "unavailable"),
        (status(503, ""), "busy"),
        (status(504, ""), "unavailable"),
        (status(529, ""), "busy"),
        (Act::CutAt(whole.clone(), 0), "unavailable"),
        (Act::CutAt(whole.clone(), len / 2), "unavailable"),
        (Act::StuckAt(whole.clone(), 0), "unavailable"),
        (Act::StuckAt(whole.clone(), len / 2), "unavailable"),
        (Act::EndAt(whole.clone(), 0), "unavailable"),
        (Act::EndAt(begin(provider) + &half, (begin(provider) + &half).len()), "unavailable"),
        (Act::Hang, "unavailable"),
        (Act::Other("<html>Log in first</html>".to_owned()), "unavailable"),
        (Act::Other("{\"choices\":[{\"message\":{\"content\":\"hi\"}}]}".to_owned()), "unavailable"),
        (Act::Events("data: {\"choices\":[{\"del\n\n".to_owned(), 1000), "unavailable"),
        (Act::Events("data: [1,2]\n\ndata: null\n\n".to_owned(), 1000), "unavailable"),
        (Act::Events(begin(provider) + &half + &error(provider, "overloaded_error"), 1000), "busy"),
        (Act::Events(begin(provider) + &half + &error(provider, "server_error"), 1000), "unavailable"),
        (Act::Events(error(provider, "context_length_exceeded"), 1000), "too long"),
        (Act::Events(begin(provider) + &half + &end(provider, Stop::Unknown), 1000), "unavailable"),
        (Act::Flood("x".to_owned()), "unavailable"),
        (Act::Flood("data: x".to_owned()), "unavailable"),
        (Act::Flood(": still here\n\n".to_owned()), "unavailable"),
        (Act::Flood(words(provider, &"word ".repeat(400))), "unavailable"),
    ]
}

async fn table(provider: Provider) {
    let cases = faults(provider).into_iter().map(|(act, expected)| async move {
        let server = Server::start([act.clone()]).await;
        let model = model(provider, &server, "");
        let began = Instant::now();
        let outcome = ask(&model, 900).await;
        assert!(
            began.elapsed() < Duration::from_millis(900) + SLACK,
            "{provider:?} {act:?} took {:?}",
            began.elapsed()
        );
        let error = outcome.expect_err(&format!("{provider:?} {act:?}"));
        assert_eq!(kind(&error), expected, "{provider:?} {act:?}: {error}");
        let tries = server.seen().len();
        let once = matches!(expected, "wrong key" | "no credit" | "wrong model" | "wrong url" | "too long" | "refused");
        assert!(!once || tries == 1, "{provider:?} {act:?}: {tries} tries of what cannot work");
        assert!(tries <= greenroom_models::limits::TRIES_MAX);
    });
    // A few at a time: floods keep a machine busy.
    let mut cases: Vec<_> = cases.collect();
    while !cases.is_empty() {
        let some = cases.split_off(cases.len().saturating_sub(6));
        futures::future::join_all(some).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_fault_of_openai_means_one_thing() {
    table(Provider::Openai).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_fault_of_responses_means_one_thing() {
    table(Provider::OpenaiResponses).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_fault_of_anthropic_means_one_thing() {
    table(Provider::Anthropic).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_fault_of_gemini_means_one_thing() {
    table(Provider::Gemini).await;
}

/// The library would make room for four billion calls.
#[tokio::test]
async fn a_call_with_an_endless_number_costs_no_memory() {
    let piece = |number: u64| {
        format!(
            "data: {{\"choices\":[{{\"delta\":{{\"tool_calls\":[{{\"index\":{number},\"id\":\"a\",\"function\":{{\"name\":\"add\",\"arguments\":\"{{}}\"}}}}]}}}}]}}\n\n"
        )
    };
    let events = piece(u64::from(u32::MAX)) + &end(Provider::Openai, Stop::Calls);
    let server = Server::start([Act::Events(events, 1000)]).await;
    let completion = ask(&model(Provider::Openai, &server, ""), 2_000).await.unwrap();
    assert_eq!((completion.ended, completion.said.calls.len()), (Ended::Calls, 1));
    let events = (0..1_000).map(piece).collect::<String>() + &end(Provider::Openai, Stop::Calls);
    let server = Server::start([Act::Events(events, 10_000)]).await;
    assert!(ask(&model(Provider::Openai, &server, ""), 300).await.is_err());
}

/// Counts that overflow in the library are a fault of that answer, not of the turn.
#[tokio::test]
async fn counts_without_sense_are_no_panic_of_the_turn() {
    let start = "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"usage\":{\"input_tokens\":2147483647,\"cache_read_input_tokens\":2147483647,\"output_tokens\":-5}}}\n\n";
    let events = start.to_owned() + &words(Provider::Anthropic, "Hello") + &end(Provider::Anthropic, Stop::Whole);
    let server = Server::start([Act::Events(events, 1000)]).await;
    match ask(&model(Provider::Anthropic, &server, ""), 300).await {
        Ok(completion) => assert_eq!(completion.said.text, "Hello"),
        Err(error) => assert_eq!(kind(&error), "unavailable"),
    }
}

#[tokio::test]
async fn silence_within_an_answer_is_noticed_before_the_time_ends() {
    for act in [
        Act::StuckAt(words(Provider::Openai, "half"), 20),
        Act::StuckAt(words(Provider::Openai, "half") + "data: ", 60),
    ] {
        let server = Server::start([act, Act::Events(answer(Provider::Openai, "whole"), 1000)]).await;
        let began = Instant::now();
        let completion = ask(&model(Provider::Openai, &server, "read_timeout_seconds = 1"), 10_000).await.unwrap();
        assert_eq!(completion.said.text, "whole");
        assert!(began.elapsed() < Duration::from_secs(4), "{:?}", began.elapsed());
    }
}

/// A line without end is not silent; after a first piece it is given up as if it were.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_line_without_end_is_given_up() {
    let provider = Provider::Openai;
    let half = words(provider, "half");
    let server = Server::start([Act::Flood(half.trim_end().to_owned() + &" ".repeat(5_000))]).await;
    assert!(ask(&model(provider, &server, "read_timeout_seconds = 1"), 1_500).await.is_err());
}

/// One provider that sends what has no end keeps no other one waiting, and is given up long before its time.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_has_no_end_is_given_up_soon_and_holds_up_no_other_model() {
    for act in [Act::Flood("x".to_owned()), Act::EndlessRefusal] {
        let (broken, sound) = (
            Server::start([act.clone()]).await,
            Server::start([Act::Events(answer(Provider::Openai, "whole"), 1000)]).await,
        );
        let all = models(vec![
            ("broken", config(Provider::Openai, &broken.url, "")),
            ("sound", config(Provider::Openai, &sound.url, "")),
        ]);
        let before = resident_mb();
        let broken = get(&all, "broken");
        let floods = tokio::spawn(async move {
            let began = Instant::now();
            let outcomes = futures::future::join_all((0..4).map(|_| ask(&broken, 60_000))).await;
            (outcomes, began.elapsed())
        });
        let (sound, mut most) = (get(&all, "sound"), 0);
        while !floods.is_finished() {
            let began = Instant::now();
            assert_eq!(ask(&sound, 5_000).await.unwrap().said.text, "whole");
            assert!(began.elapsed() < Duration::from_secs(2), "{act:?}: {:?}", began.elapsed());
            most = most.max(resident_mb().saturating_sub(before));
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        let (outcomes, took) = floods.await.unwrap();
        assert!(outcomes.iter().all(|outcome| matches!(outcome, Err(ModelError::Unavailable { .. }))), "{outcomes:?}");
        assert!(took < Duration::from_secs(50), "{act:?} took {took:?}");
        assert!(most < 600, "{act:?} took {most} MB");
    }
}

/// The memory of this process that is in use, in megabytes; 0 where the system does not tell.
fn resident_mb() -> usize {
    let told = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    told.split(' ').nth(1).and_then(|pages| pages.parse::<usize>().ok()).unwrap_or_default() * 4096 / 1_000_000
}

#[tokio::test]
async fn an_ask_that_is_dropped_gives_up_its_request() {
    let server = Server::start([Act::StuckAt(answer(Provider::Openai, "whole"), 30)]).await;
    let model = model(Provider::Openai, &server, "calls_at_once = 1");
    for _ in 0..3 {
        let dropped = tokio::time::timeout(Duration::from_millis(150), ask(&model, 60_000)).await;
        assert!(dropped.is_err());
    }
    assert_eq!(server.seen().len(), 3, "its place was free each time");
}

/// One thing that a server does, by a number.
fn act(provider: Provider, what: u8, at: usize) -> Act {
    let whole = answer(provider, "It is whole.");
    let at = at % (whole.len() + 1);
    match what % 12 {
        0 => Act::CutAt(whole, at),
        1 => Act::EndAt(whole, at),
        2 => Act::StuckAt(whole, at),
        3 => status([400, 401, 404, 408, 429, 500, 502, 503, 529][at % 9], "{}"),
        4 => Act::Hang,
        5 => Act::Other(whole[..at].to_owned()),
        6 => Act::Events(words(provider, "Half") + &error(provider, "server_error"), 9),
        7 => Act::Events(words(provider, "Half") + &end(provider, Stop::Unknown), 9),
        8 => Act::After(Duration::from_millis(at as u64 % 200), Box::new(Act::Events(whole, 11))),
        9 => Act::Events("data: {}\n\n".to_owned() + &whole, 3),
        10 => Act::Flood(words(provider, "Half and half and half")),
        _ => Act::Events(whole, at.max(1)),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, ..ProptestConfig::default() })]
    #[test]
    fn no_row_of_faults_hangs_or_gives_half_an_answer(
        row in proptest::collection::vec((any::<u8>(), any::<u16>()), 1..4),
        at in 0usize..4,
        ms in 100u64..1_500,
    ) {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let (outcome, took) = runtime.block_on(async {
            let provider = ALL[at];
            let acts: Vec<Act> = row.iter().map(|(what, at)| act(provider, *what, usize::from(*at))).collect();
            let server = Server::start(acts).await;
            let model = model(provider, &server, "read_timeout_seconds = 1");
            let began = Instant::now();
            (ask(&model, ms).await, began.elapsed())
        });
        runtime.shutdown_background();
        prop_assert!(took < Duration::from_millis(ms) + SLACK, "{:?}", took);
        if let Ok(completion) = outcome {
            prop_assert_eq!((completion.said.text.as_str(), completion.ended), ("It is whole.", Ended::Whole));
            prop_assert!(!completion.usage.is_empty());
        }
    }
}

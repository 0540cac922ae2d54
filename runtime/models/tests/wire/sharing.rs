//! What models share: the pause of a busy provider, places, budgets, and who is asked instead.

use crate::asked::{ask, config, get, models, within};
use crate::dialect::{answer, words};
use crate::server::{Act, Server};
use bytes::Bytes;
use greenroom_contract::assistant::Bill;
use greenroom_contract::ids::PersonId;
use greenroom_contract::message::Media;
use greenroom_contract::model::{Asking, ModelError, Part, Prompt, PromptMessage, WrongModel};
use greenroom_models::{Provider, SpentBefore};
use std::time::{Duration, Instant, SystemTime};

const OPENAI: Provider = Provider::Openai;

fn ok(text: &str) -> Act {
    Act::Events(answer(OPENAI, text), 1000)
}

fn busy(after: &str) -> Act {
    Act::Status(429, format!("retry-after: {after}\r\n"), String::new())
}

#[tokio::test]
async fn what_passes_is_tried_once_more_and_all_of_it_is_paid() {
    let half = words(OPENAI, "Half an answer that broke off");
    let server =
        Server::start([Act::Status(500, String::new(), String::new()), Act::CutAt(half, 60), ok("whole")]).await;
    let all = models(vec![("main", config(OPENAI, &server.url, "price_in = 1.0\nprice_out = 1.0"))]);
    let completion = ask(&get(&all, "main"), 10_000).await.unwrap();
    assert_eq!((completion.said.text.as_str(), server.seen().len()), ("whole", 3));
    let [usage] = &completion.usage[..] else { panic!("{completion:?}") };
    assert_eq!(usage.tokens_out, 5, "nothing whole came of the other two");
    // A whole event came before it broke off: that is paid as well.
    let server = Server::start([
        Act::EndAt(words(OPENAI, "Half an answer"), words(OPENAI, "Half an answer").len()),
        ok("whole"),
    ])
    .await;
    let all = models(vec![("main", config(OPENAI, &server.url, ""))]);
    let completion = ask(&get(&all, "main"), 10_000).await.unwrap();
    assert!(completion.usage[0].tokens_out > 5 && completion.usage.len() == 1, "{completion:?}");
}

#[tokio::test]
async fn a_busy_provider_is_left_alone_for_as_long_as_it_says() {
    for as_date in [false, true] {
        let after = if as_date { httpdate_in(3) } else { "2".to_owned() };
        let after = after.as_str();
        let server = Server::start([busy(after), ok("whole")]).await;
        let all = models(vec![("main", config(OPENAI, &server.url, ""))]);
        let model = get(&all, "main");
        let began = Instant::now();
        let first = tokio::spawn({
            let model = model.clone();
            async move { ask(&model, 10_000).await }
        });
        while server.seen().is_empty() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
        // Who has no time to wait is told immediately, and the provider is not asked.
        match ask(&model, 300).await {
            Err(ModelError::Busy { after: Some(after), .. }) => assert!(after < Duration::from_secs(4)),
            other => panic!("{other:?}"),
        }
        assert!(began.elapsed() < Duration::from_secs(1));
        assert_eq!(server.seen().len(), 1);
        let pause = if after == "2" { 1_800 } else { 1_000 };
        // Who has time waits.
        let second = ask(&model, 10_000).await.unwrap();
        assert_eq!((second.said.text.as_str(), first.await.unwrap().unwrap().said.text.as_str()), ("whole", "whole"));
        assert!(began.elapsed() >= Duration::from_millis(pause), "{:?}", began.elapsed());
    }
}

fn httpdate_in(seconds: u64) -> String {
    httpdate::fmt_http_date(SystemTime::now() + Duration::from_secs(seconds))
}

#[tokio::test]
async fn a_pause_longer_than_the_time_ends_the_ask_at_once() {
    let server = Server::start([busy("3600")]).await;
    let all = models(vec![("main", config(OPENAI, &server.url, ""))]);
    let began = Instant::now();
    let outcome = ask(&get(&all, "main"), 5_000).await;
    assert!(
        matches!(&outcome, Err(ModelError::Busy { after: Some(after), .. }) if *after == Duration::from_secs(600)),
        "{outcome:?}"
    );
    assert!(began.elapsed() < Duration::from_secs(1));
    assert_eq!(server.seen().len(), 1);
}

#[tokio::test]
async fn only_so_many_requests_are_made_at_once() {
    let slow = Act::After(Duration::from_millis(200), Box::new(ok("whole")));
    let server = Server::start([slow]).await;
    let all = models(vec![("main", config(OPENAI, &server.url, "calls_at_once = 2"))]);
    let model = get(&all, "main");
    let asks: Vec<_> = (0..6)
        .map(|_| {
            let model = model.clone();
            tokio::spawn(async move { ask(&model, 10_000).await })
        })
        .collect();
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert_eq!(server.seen().len(), 2);
    // Who finds no place in time is told that it is busy.
    assert!(matches!(ask(&model, 60).await, Err(ModelError::Busy { .. })));
    for ask in asks {
        assert_eq!(ask.await.unwrap().unwrap().said.text, "whole");
    }
}

#[tokio::test]
async fn another_model_is_asked_instead_and_both_are_paid() {
    let paid = words(OPENAI, "Half an answer");
    for first in [
        Act::Status(401, String::new(), String::new()),
        Act::Status(503, String::new(), String::new()),
        busy("600"),
        Act::EndAt(paid.clone(), paid.len()),
        Act::Hang,
    ] {
        let (main, other) = (Server::start([first.clone()]).await, Server::start([ok("instead")]).await);
        let all = models(vec![
            ("main", config(OPENAI, &main.url, "fallback = \"other\"")),
            ("other", config(OPENAI, &other.url, "model = \"b-model\"")),
        ]);
        let completion = ask(&get(&all, "main"), 3_000).await.unwrap_or_else(|error| panic!("{first:?}: {error}"));
        assert_eq!(completion.said.text, "instead");
        let paid: Vec<_> = completion.usage.iter().filter_map(|usage| usage.model.as_deref()).collect();
        let expected: &[&str] = if matches!(first, Act::EndAt(..)) { &["a-model", "b-model"] } else { &["b-model"] };
        assert_eq!(paid, expected, "{first:?}");
    }
}

#[tokio::test]
async fn what_another_model_would_refuse_too_is_not_asked_of_it() {
    for status in [400, 413, 422] {
        let main = Server::start([Act::Status(status, String::new(), "{}".to_owned())]).await;
        let other = Server::start([ok("instead")]).await;
        let all = models(vec![
            ("main", config(OPENAI, &main.url, "fallback = \"other\"")),
            ("other", config(OPENAI, &other.url, "")),
        ]);
        assert!(ask(&get(&all, "main"), 3_000).await.is_err());
        assert_eq!(other.seen().len(), 0, "{status}");
    }
}

#[tokio::test]
async fn of_two_failures_the_one_that_passes_is_told() {
    let main = Server::start([Act::Status(401, String::new(), String::new())]).await;
    let other = Server::start([busy("30")]).await;
    let all = models(vec![
        ("main", config(OPENAI, &main.url, "fallback = \"other\"")),
        ("other", config(OPENAI, &other.url, "")),
    ]);
    match ask(&get(&all, "main"), 1_000).await {
        Err(ModelError::Busy { model, .. }) => assert_eq!(model, "other"),
        outcome => panic!("{outcome:?}"),
    }
    let other = Server::start([Act::Status(404, String::new(), String::new())]).await;
    let all = models(vec![
        ("main", config(OPENAI, &main.url, "fallback = \"other\"")),
        ("other", config(OPENAI, &other.url, "")),
    ]);
    let outcome = ask(&get(&all, "main"), 1_000).await;
    assert!(matches!(outcome, Err(ModelError::Wrong { what: WrongModel::Key, .. })), "{outcome:?}");
}

#[tokio::test]
async fn a_picture_becomes_a_sentence_for_a_model_that_cannot_look() {
    let main = Server::start([Act::Status(401, String::new(), String::new())]).await;
    let other = Server::start([ok("instead")]).await;
    let all = models(vec![
        ("main", config(OPENAI, &main.url, "images = true\nfallback = \"other\"")),
        ("other", config(OPENAI, &other.url, "")),
    ]);
    let picture = Media { mime: "image/png".to_owned(), bytes: Bytes::from_static(b"abc") };
    let messages = vec![PromptMessage::Person(vec![Part::Image(picture), Part::Text("What is it?".to_owned())])];
    let prompt = Prompt { messages, ..Prompt::default() };
    get(&all, "main").ask(&prompt, within(5_000)).await.unwrap();
    assert!(main.only().body.to_string().contains("YWJj"));
    let body = other.only().body.to_string();
    assert!(!body.contains("YWJj") && body.contains("a picture, which you cannot look at"), "{body}");
}

#[tokio::test]
async fn over_its_budget_nothing_is_sent() {
    let server = Server::start([ok("whole")]).await;
    let more = "price_in = 1.0\nprice_out = 1.0\nbudget_per_person_per_day = 0.000020\nbudget_per_day = 0.000050";
    let all = models(vec![("main", config(OPENAI, &server.url, more))]);
    let model = get(&all, "main");
    let ask_for = async |person: u64| {
        let asking = Asking { person: Some(PersonId(person)), ..within(5_000) };
        model.ask(&Prompt::new("").person("Hello"), asking).await
    };
    // Each costs 15 millionths.
    for person in [1, 1, 2, 2] {
        ask_for(person).await.unwrap();
    }
    for (person, expected) in [(1, "the model"), (3, "the model")] {
        match ask_for(person).await {
            Err(ModelError::OverBudget { whose, after, .. }) => {
                assert!(whose == expected && after <= Duration::from_secs(24 * 3600));
            }
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(server.seen().len(), 4);
}

/// All of them have looked at the budget before the first one is sent.
#[tokio::test]
async fn of_those_who_wait_or_are_under_way_together_none_is_sent_over_the_budget() {
    for places in [1, 16] {
        for budget in ["tokens_per_day = 1", "tokens_per_person_per_day = 1"] {
            let slow = Act::After(Duration::from_millis(50), Box::new(ok("whole")));
            let server = Server::start([slow]).await;
            let all =
                models(vec![("main", config(OPENAI, &server.url, &format!("{budget}\ncalls_at_once = {places}")))]);
            let model = get(&all, "main");
            let asks = (0..50).map(|_| ask(&model, 10_000));
            let outcomes = futures::future::join_all(asks).await;
            let answered = outcomes.iter().filter(|outcome| outcome.is_ok()).count();
            assert_eq!((answered, server.seen().len()), (1, 1), "{budget}, {places} at once");
            assert!(outcomes.iter().all(|outcome| matches!(outcome, Ok(_) | Err(ModelError::OverBudget { .. }))));
        }
    }
}

/// What a server wrote is counted once, on the bill and in the budget, however the ask ends.
#[tokio::test]
async fn what_is_dropped_too_late_or_broken_off_is_paid_all_the_same() {
    let half = words(OPENAI, "Half an answer");
    for (act, is_dropped) in [
        (Act::StuckAt(half.clone(), half.len()), true),
        (Act::StuckAt(half.clone(), half.len()), false),
        (Act::EndAt(half.clone(), half.len()), false),
    ] {
        let server = Server::start([act.clone()]).await;
        let all = models(vec![("main", config(OPENAI, &server.url, "tokens_per_day = 1000"))]);
        let (model, bill) = (get(&all, "main"), Bill::default());
        let prompt = Prompt::new("Be kind.").person("Hello");
        let asking = within(if is_dropped { 60_000 } else { 400 });
        let outcome = tokio::time::timeout(Duration::from_millis(1_000), model.ask_on(&prompt, asking, &bill)).await;
        assert_eq!(outcome.is_err(), is_dropped, "{act:?}");
        assert!(outcome.is_err() || outcome.is_ok_and(|outcome| outcome.is_err()));
        let paid: u64 = bill.take().iter().map(|usage| usage.tokens_in + usage.tokens_out).sum();
        let tries = server.seen().len() as u64;
        assert!(paid > 10 * tries && paid < 100 * tries, "{act:?}: {paid} for {tries}");
        // The budget knows the same: with as much as was paid it is spent, with one more it is not.
        for (budget, is_over) in [(paid, true), (paid + 1, false)] {
            let table = format!("tokens_per_day = {budget}");
            let next = models(vec![("main", config(OPENAI, &server.url, &table))]);
            next.inherit(&all);
            let outcome = ask(&get(&next, "main"), 100).await;
            assert_eq!(matches!(outcome, Err(ModelError::OverBudget { .. })), is_over, "{outcome:?}");
        }
    }
}

/// A configuration that is read while it runs gives nothing back, also of what is in no store.
#[tokio::test]
async fn who_takes_the_place_of_a_model_goes_on_with_what_it_spent() {
    let server = Server::start([ok("whole")]).await;
    let made = || models(vec![("main", config(OPENAI, &server.url, "tokens_per_person_per_day = 10"))]);
    let before = made();
    ask(&get(&before, "main"), 5_000).await.unwrap();
    let after = made();
    after.inherit(&before);
    let today = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs() / 86_400;
    let row = SpentBefore { model: "a-model".to_owned(), person: Some(PersonId(1)), tokens: 4, cost_millionths: 0 };
    after.spent_before(today as u32, [row]);
    assert!(matches!(ask(&get(&after, "main"), 5_000).await, Err(ModelError::OverBudget { .. })));
    let other = models(vec![("main", config(OPENAI, &server.url, "model = \"b-model\""))]);
    other.inherit(&before);
    ask(&get(&other, "main"), 5_000).await.unwrap();
}

#[tokio::test]
async fn a_restart_gives_no_budget_back() {
    let server = Server::start([ok("whole")]).await;
    let all = models(vec![
        ("main", config(OPENAI, &server.url, "tokens_per_person_per_day = 100\nfallback = \"other\"")),
        ("alone", config(OPENAI, &server.url, "tokens_per_person_per_day = 100")),
        ("other", config(OPENAI, &server.url, "model = \"b-model\"")),
    ]);
    let today = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs() / 86_400;
    let row = |model: &str, person: u64, tokens: u64| SpentBefore {
        model: model.to_owned(),
        person: Some(PersonId(person)),
        tokens,
        cost_millionths: 0,
    };
    all.spent_before(today as u32 - 1, [row("a-model", 1, 1_000)]);
    ask(&get(&all, "alone"), 5_000).await.unwrap();
    all.spent_before(today as u32, [row("a-model", 1, 100), row("a-model", 2, 1_000), row("c-model", 1, 1_000)]);
    match ask(&get(&all, "alone"), 5_000).await {
        Err(ModelError::OverBudget { whose, .. }) => assert_eq!(whose, "this person"),
        other => panic!("{other:?}"),
    }
    let completion = ask(&get(&all, "main"), 5_000).await.unwrap();
    assert_eq!(
        completion.usage[0].model.as_deref(),
        Some("b-model"),
        "who is over the budget is answered by the other one"
    );
}

#[tokio::test]
async fn trying_a_model_out_is_one_request() {
    let server = Server::start([Act::Status(500, String::new(), String::new()), ok("Yes.")]).await;
    let all = models(vec![("main", config(OPENAI, &server.url, ""))]);
    let model = get(&all, "main");
    assert!(model.try_out(Duration::from_secs(5)).await.is_err());
    assert_eq!(server.seen().len(), 1);
    assert_eq!(model.try_out(Duration::from_secs(5)).await.unwrap().said.text, "Yes.");
}

//! The rules of the network as state, not as errors: windows, rates, tokens, numbers, standby.

use super::{ANA, PATIENCE, Setup, pair, pair_with, quick};
use greenroom_channel_whatsapp_cloud::config::Template;
use greenroom_contract::secret::Secret;
use greenroom_simulator_whatsapp_cloud::{Content, Number, Settings, Token};
use std::time::Duration;

const DAY: Duration = Duration::from_secs(24 * 3600);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_late_answer_is_held_and_sent_when_the_person_writes_again() {
    let (meta, bot, _folder) = pair(quick()).await;
    let ana = meta.person(ANA);
    let late = ana.says("I waited a day").written_ago(DAY + Duration::from_secs(60)).await;
    bot.until_why(&late, "24 hours").await;
    bot.settled().await;
    assert_eq!(ana.received_total(), 0, "no free text outside the window");

    ana.says("are you there").await;
    assert_eq!(ana.received().await.text(), "I waited a day");
    assert_eq!(ana.received().await.text(), "are you there");
    assert!(meta.counters().refused.is_empty(), "{:?}", meta.counters());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_a_template_a_late_answer_is_sent_as_one() {
    let (meta, _bot, _folder) = pair_with(quick(), |mut setup| {
        setup.config.template = Some(Template { name: "late_answer".into(), language: "en_US".into() });
        setup
    })
    .await;
    let ana = meta.person(ANA);
    ana.says("I waited a day").written_ago(DAY + Duration::from_secs(60)).await;
    let Content::Template { name, parameters, .. } = ana.received().await.content else { panic!("no template") };
    assert_eq!((name.as_str(), parameters), ("late_answer", vec!["I waited a day".to_owned()]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_expired_token_stops_the_account_keeps_the_outbox_and_a_good_one_goes_on() {
    let (meta, bot, folder) = pair(quick()).await;
    let ana = meta.person(ANA);
    ana.says("before").await;
    assert_eq!(ana.received().await.text(), "before");

    meta.expire_token(&meta.settings().access_token);
    let message = ana.says("with an old token").await;
    let problem = bot.until_problem("stopped").await;
    assert!(problem.contains("token") && problem.contains("WHATSAPP_ACCESS_TOKEN"), "it says what to do: {problem}");
    let second = ana.says("and one more").await;
    bot.until_why(&second, "answered").await;
    assert_eq!(ana.received_total(), 1);
    bot.running.drain().await;

    // The same token still stops it, and nothing is lost by trying.
    let bot = Setup::new(&meta, folder.path()).start().await;
    bot.until_problem("stopped").await;
    bot.running.drain().await;

    meta.set_token("A-NEW-TOKEN", Token::permanent());
    let mut setup = Setup::new(&meta, folder.path());
    setup.config.access_token = Secret::new("A-NEW-TOKEN");
    let bot = setup.start().await;
    meta.point_at(&bot.url);
    assert_eq!(ana.received().await.text(), "with an old token");
    assert_eq!(ana.received().await.text(), "and one more");
    bot.settled().await;
    assert_eq!(ana.received_total(), 3, "{}", bot.why(&message).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_post_for_a_number_that_nobody_configured_is_taken_and_shown() {
    let (meta, bot, _folder) = pair(quick()).await;
    let ana = meta.person(ANA);
    ana.says("hello?").to_number("599999999999999").await;
    let health = bot.running.handle().health().await;
    let unknown: Vec<String> = health.rejections.iter().map(ToString::to_string).collect();
    assert_eq!(unknown, ["channel whatsapp: 1 event(s) came for 599999999999999, which is not configured there"]);
    assert!(health.ok, "that no one uses it here is no problem: {:?}", health.problems);
    assert_eq!(ana.received_total(), 0);
    assert_eq!(meta.counters().rejected, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_numbers_on_one_webhook_answer_each_for_itself() {
    let second = Number { id: "500000000000002".into(), display: "15550002222".into(), official: true };
    let (meta, bot, _folder) = pair(Settings { numbers: vec![Number::default(), second], ..quick() }).await;
    let ana = meta.person(ANA);
    for number in ["500000000000001", "500000000000002"] {
        ana.says(number).to_number(number).await;
        let answer = ana.received().await;
        assert_eq!((answer.text(), answer.from.as_str()), (number, number));
    }
    // Both in one post.
    meta.post_together(vec![ana.says("one"), ana.says("two").to_number("500000000000002")]).await;
    let mut got = [ana.received().await, ana.received().await].map(|m| (m.text().to_owned(), m.from));
    got.sort();
    assert_eq!(got, [("one".into(), "500000000000001".into()), ("two".into(), "500000000000002".into())]);
    assert_eq!(bot.running.handle().health().await.accounts.len(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_chat_that_another_handler_has_stops_neither_the_account_nor_itself_for_long() {
    let (meta, bot, _folder) = pair(quick()).await;
    let (ana, ben) = (meta.person(ANA), meta.person("+15557654321"));
    ana.says("hello").await;
    assert_eq!(ana.received().await.text(), "hello");
    ana.says("to Meta's own agent").on_standby().await;
    ben.says("me too").await;
    assert_eq!(ben.received().await.text(), "me too", "another chat is not concerned");
    // What comes as an ordinary message is ours again, although it has waited for no hand-over.
    ana.says("and now?").await;
    assert_eq!(ana.received_within(PATIENCE).await.map(|sent| sent.text().to_owned()), Some("and now?".to_owned()));
    bot.settled().await;
    assert_eq!(ana.received_total(), 2, "what Meta's agent got was not answered");
}

/// A talkative person gets every answer, and the simulator never has to say that it was too fast.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_default_pacing_no_rate_of_the_network_is_met() {
    let (meta, bot, _folder) = pair(quick()).await;
    let people: Vec<_> = (0..3).map(|number| meta.person(&format!("+1555300{number:04}"))).collect();
    for number in 0..22 {
        for person in &people {
            // One after another, as posts come: what the network counted and the bot cannot know yet is one message.
            person.says(&number.to_string()).await;
        }
    }
    for person in &people {
        let mut got = Vec::new();
        for _ in 0..22 {
            got.push(person.received_within(Duration::from_secs(60)).await.expect("an answer").text().to_owned());
        }
        got.sort_by_key(|text| text.parse::<u32>().ok());
        assert_eq!(got, (0..22).map(|number| number.to_string()).collect::<Vec<_>>());
    }
    bot.settled().await;
    let counters = meta.counters();
    assert!(counters.refused.is_empty(), "{counters:?}");
    assert_eq!(counters.taken, 66);
}

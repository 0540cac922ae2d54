//! Every kind of message is answered, once, and its statuses are found again.

use super::{ANA, NAME, PATIENCE, pair, pair_with, quick};
use greenroom_conformance::messages::id;
use greenroom_simulator_whatsapp_cloud::{Content, Prices, Settings, Statuses};
use std::time::Duration;

const PNG: &[u8] = b"\x89PNG\r\n\x1a\nnot much more";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_kind_of_message_is_answered() {
    let (meta, _bot, _folder) = pair(quick()).await;
    let ana = meta.person(ANA).named("Ana");

    ana.says("hello").await;
    let first = ana.received().await;
    assert_eq!(first.text(), "hello");

    ana.shows("image/png", PNG, Some("us")).await;
    let Content::Image { media, caption } = ana.received().await.content else { panic!("a picture comes back") };
    assert_eq!((meta.medium(&media).as_deref(), caption.as_deref()), (Some(PNG), Some("us")));

    ana.speaks(vec![7; 2_000]).await;
    assert_eq!(ana.received().await.text(), "what was spoken");

    ana.reacts(&first.id, Some("👍")).await;
    let reaction = ana.received().await.content;
    assert_eq!(reaction, Content::Reaction { message: first.id.clone(), emoji: "👍".to_owned() });

    ana.taps(&first.id, "yes", "Yes, please").await;
    assert_eq!(ana.received().await.text(), "Yes, please (yes)");
    assert!(meta.counters().refused.is_empty(), "{:?}", meta.counters());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn somebody_without_a_phone_number_is_answered_under_their_username() {
    let (meta, bot, _folder) = pair_with(quick(), |mut setup| {
        setup.policy.allow_from = vec![id("@bob")];
        setup
    })
    .await;
    let bob = meta.username_person("bob");
    bob.says("hi").await;
    assert_eq!(bob.received().await.text(), "hi");
    assert_eq!(meta.counters().silently_dropped, 0);

    let stranger = meta.username_person("eve");
    let refused = stranger.says("hi").await;
    bot.settled().await;
    assert_eq!((stranger.received_total(), stranger.typing_calls()), (0, 0));
    assert!(bot.why(&refused).await.starts_with("not answered"), "{}", bot.why(&refused).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn in_a_group_the_bot_answers_its_name_and_replies_to_itself_and_nothing_else() {
    let (meta, bot, _folder) = pair(quick()).await;
    let (ana, ben) = (meta.person(ANA).named("Ana"), meta.person("+15557654321").named("Ben"));
    let group = meta.group("friends", &[&ana, &ben]);

    let overheard = ben.says("has anybody seen my keys").in_group(&group).await;
    bot.settled().await;
    assert_eq!(ana.received_total(), 0, "{}", bot.why(&overheard).await);

    let call = format!("hey {NAME}, are you there");
    ana.says(&call).in_group(&group).await;
    let ours = ben.received().await;
    assert_eq!((ours.text(), ours.group.as_deref()), (call.as_str(), Some("friends")));

    ben.says("I think so").in_group(&group).replying_to(&ours.id).await;
    assert_eq!(ben.received().await.text(), "I think so");

    let to_ana = ben.says("and you, Ana").in_group(&group).replying_to(&overheard).await;
    bot.settled().await;
    assert_eq!(ben.received_total(), 2, "{}", bot.why(&to_ana).await);
    assert_eq!((ana.typing_calls(), ben.typing_calls(), meta.counters().read_marks), (0, 0, 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_post_five_times_at_once_is_answered_once() {
    let (meta, bot, _folder) = pair(Settings { statuses: Statuses::None, ..quick() }).await;
    meta.duplicate_webhooks(4);
    for round in 1..=10 {
        let ana = meta.person(&format!("+1555100{round:04}"));
        let message = ana.says("once").await;
        assert!(meta.until(PATIENCE, |counters| counters.acknowledged == 5 * round).await, "{:?}", meta.counters());
        assert_eq!(ana.received().await.text(), "once");
        bot.settled().await;
        assert_eq!(ana.received_total(), 1, "{}", bot.why(&message).await);
    }
    assert_eq!(meta.counters().taken, 10);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn statuses_end_in_the_trace() {
    let (meta, bot, _folder) = pair(Settings { statuses: Statuses::All, ..quick() }).await;
    let ana = meta.person(ANA);
    let message = ana.says("hello").await;
    let why = bot.until_why(&message, "says read").await;
    for expected in ["admitted by *", "answered", "sent as wamid.", "says sent", "says delivered"] {
        assert!(why.contains(expected), "{expected:?} is missing: {why}");
    }
    assert_eq!(bot.channel.usage()[0].sent_total, 1);
}

/// Meta tells the price with each status, and posts each status until it is taken.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_that_meta_bills_counts_once_and_a_free_one_never() {
    for (prices, billed) in [(Prices::Billed, 10), (Prices::Free, 0)] {
        let (meta, bot, _folder) = pair(Settings { statuses: Statuses::All, prices, ..quick() }).await;
        meta.duplicate_webhooks(1);
        meta.shuffle_webhooks(Duration::from_millis(30));
        let people: Vec<_> = (0..10).map(|number| meta.person(&format!("+1555300{number:04}"))).collect();
        for person in &people {
            person.says("hello").await;
        }
        for person in &people {
            person.received().await;
        }
        // A message and three statuses for each, and each of them twice.
        assert!(meta.until(PATIENCE, |counters| counters.acknowledged >= 80).await, "{:?}", meta.counters());
        bot.settled().await;
        let sums = bot.running.handle().store().billed(0..=u32::MAX, 100).await.expect("healthy");
        assert_eq!(sums.iter().map(|sum| sum.messages).sum::<u64>(), billed, "{sums:?}");
        assert!(sums.iter().all(|sum| sum.category == "service"), "{sums:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn posts_in_any_order_and_many_in_one_are_answered() {
    let (meta, bot, _folder) = pair(quick()).await;
    meta.shuffle_webhooks(Duration::from_millis(60));
    let people: Vec<_> = (0..20).map(|number| meta.person(&format!("+1555200{number:04}"))).collect();
    let drafts = people.iter().map(|person| person.says("together")).collect();
    meta.post_together(drafts).await;
    for person in &people {
        for number in 0..3 {
            person.says(&format!("alone {number}")).soon();
        }
    }
    for person in &people {
        for _ in 0..4 {
            person.received().await;
        }
    }
    bot.settled().await;
    assert_eq!(meta.counters().taken, 80);
}

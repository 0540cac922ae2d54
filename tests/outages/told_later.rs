//! A network takes an answer and says later that it did not deliver it.

use crate::support::setup::{ANA, Bot, MAIN, Setup};
use greenroom_channel_loopback::said;
use greenroom_conformance::assistants;
use greenroom_contract::capabilities::{WhenClosed, WindowRule};
use greenroom_contract::event::{ChannelEvent, Consequence, DeliveryStatus, StatusOf};
use greenroom_contract::limits;
use std::time::Duration;

/// The network says twice that it did not deliver the first message that it took.
async fn failed(bot: &Bot, then: Consequence) {
    let id = bot.network.sent()[0].id.clone();
    for _ in 0..2 {
        let status = DeliveryStatus::Failed { reason: "(#131026) undeliverable".to_owned(), code: Some(131_026), then };
        let event =
            ChannelEvent::Status { of: StatusOf::Outbound(id.clone()), status, at: bot.clock.now(), billed_as: None };
        bot.network.deliver_event(MAIN, event).await.acknowledged().await.expect("it is taken");
    }
}

#[tokio::test(start_paused = true)]
async fn what_was_undelivered_is_a_problem_in_the_health_and_the_next_turn_knows_it() {
    let assistant = assistants::echo();
    let bot = Setup::new(assistant.clone()).start().await;
    bot.hears(said::text(ANA, "one")).await;
    bot.settled().await;
    failed(&bot, Consequence::GivenUp).await;
    let health = bot.running.handle().health().await;
    let problem = health.problems.first().expect("it is shown").to_string();
    assert!(problem.starts_with("1 message(s) of the bot were taken by the network and not delivered"), "{problem}");
    assert!(problem.contains(ANA) && problem.contains("131026"), "{problem}");
    for words in ["two", "three"] {
        bot.hears(said::text(ANA, words)).await;
        bot.settled().await;
    }
    let told: Vec<usize> = assistant.turns().iter().map(|turn| turn.undelivered.len()).collect();
    assert_eq!(told, [0, 1, 0], "once");
    bot.passes(limits::UNDELIVERED_SHOWN).await;
    assert!(bot.running.handle().health().await.ok);
}

#[tokio::test(start_paused = true)]
async fn what_the_network_takes_after_the_person_writes_waits_and_is_no_problem() {
    let mut setup = Setup::new(assistants::echo());
    let open = Duration::from_secs(24 * 3_600);
    setup.options.capabilities.window = Some(WindowRule { open, closed: WhenClosed::Hold });
    let bot = setup.start().await;
    bot.hears(said::text(ANA, "one").at(bot.clock.now())).await;
    bot.settled().await;
    failed(&bot, Consequence::PersonWrites).await;
    bot.passes(Duration::from_secs(5)).await;
    let health = bot.running.handle().health().await;
    assert!(health.ok && health.outbox_waiting == 1, "{health:?}");
    bot.hears(said::text(ANA, "two").at(bot.clock.now())).await;
    assert_eq!(bot.answers(ANA).await, ["one", "one", "two"]);
}

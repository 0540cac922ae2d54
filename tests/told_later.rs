//! A network takes a text and says later that the window was closed: the text waits for its person, also in another life
//! of the process.

use crate::support::setup::{ANA, Bot, MAIN, Setup};
use greenroom_channel_loopback::{LoopbackNetwork, Options, SentMessage, capabilities, loopback, said};
use greenroom_conformance::assistants;
use greenroom_conformance::faulty_store::FaultyStore;
use greenroom_conformance::messages::START;
use greenroom_contract::capabilities::{Capabilities, WhenClosed, WindowRule};
use greenroom_contract::channel::Channel;
use greenroom_contract::event::{ChannelEvent, Consequence, DeliveryStatus, StatusOf};
use greenroom_contract::limits;
use greenroom_contract::time::{Clock, Timestamp};
use std::sync::Arc;
use std::time::Duration;

struct World {
    ends: (Arc<dyn Channel>, LoopbackNetwork),
    store: Arc<FaultyStore>,
}

impl World {
    fn new(window: bool) -> Self {
        let rule = WindowRule { open: Duration::from_secs(24 * 3_600), closed: WhenClosed::Hold };
        let able = Capabilities { window: window.then_some(rule), ..capabilities() };
        // The network stamps its messages by the same time as the bot.
        let ends = loopback(Options { capabilities: able, clock: Clock::tokio(START), ..Options::default() });
        Self { ends, store: FaultyStore::lasting(greenroom_store::memory()) }
    }

    async fn bot(&self, now: Timestamp) -> Bot {
        let mut setup = Setup::new(assistants::echo());
        setup.ends = Some(self.ends.clone());
        setup.store = Some(self.store.clone());
        setup.now = now;
        setup.start().await
    }
}

async fn failed(bot: &Bot, sent: &SentMessage) {
    let reason = "131047: more than 24 hours have passed".to_owned();
    let status = DeliveryStatus::Failed { reason, code: Some(131_047), then: Consequence::PersonWrites };
    let event =
        ChannelEvent::Status { of: StatusOf::Message(sent.message()), status, at: bot.clock.now(), billed_as: None };
    bot.network.deliver_event(MAIN, event).await.acknowledged().await.expect("it is taken");
}

async fn kept(bot: &Bot) -> usize {
    let account = bot.store.accounts().await.expect("healthy").remove(0).id;
    bot.store.vault_scan(&account, b"engine/sent/", None, 10_000).await.expect("healthy").len()
}

#[tokio::test(start_paused = true)]
async fn a_text_that_was_taken_by_mistake_waits_for_its_person_after_a_restart_too() {
    for restarts in [false, true] {
        let world = World::new(true);
        let mut bot = world.bot(START).await;
        let question = bot.hears(said::text(ANA, "what is it?")).await;
        bot.settled().await;
        let sent = bot.network.sent()[0].clone();
        if restarts {
            bot.running.drain().await;
            bot = world.bot(bot.clock.now()).await;
        }
        failed(&bot, &sent).await;
        failed(&bot, &sent).await;
        bot.passes(Duration::from_secs(600)).await;
        assert_eq!(bot.network.sent_count(), 1, "it waits, after a restart: {restarts}");
        assert!(bot.why(&question).await.contains("131047"), "{}", bot.why(&question).await);
        bot.hears(said::text(ANA, "still there?")).await;
        bot.settled().await;
        let words = bot.network.words_to(ANA);
        assert_eq!(words, ["what is it?", "what is it?", "still there?"], "once, and before what came after it");
        // What came back once does not come back for ever.
        let again = bot.network.sent()[1].clone();
        failed(&bot, &again).await;
        bot.hears(said::text(ANA, "and now?")).await;
        bot.settled().await;
        assert_eq!(bot.network.sent_count(), 4);
        bot.promises_kept();
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_kept_for_that_is_bounded_and_only_where_it_may_be_needed() {
    let world = World::new(true);
    let bot = world.bot(START).await;
    let most = limits::SENT_REMEMBERED;
    for number in 0..most + 20 {
        bot.hears(said::text(ANA, format!("text {number}"))).await;
        bot.settled().await;
    }
    assert_eq!(kept(&bot).await, most);
    let without = World::new(false).bot(START).await;
    without.hears(said::text(ANA, "hello")).await;
    without.settled().await;
    assert_eq!((without.network.sent_count(), kept(&without).await), (1, 0));
}

//! Calls of the store of which no one knows whether they were carried out, or that take their time: nothing waits for
//! ever, nothing is done twice, and nothing that may crash begins before it is counted.

use crate::support::setup::{ANA, Bot, MAIN, Setup};
use greenroom_channel_loopback::{LoopbackNetwork, Options, SendPlan, capabilities, loopback, said};
use greenroom_conformance::assistants;
use greenroom_conformance::faulty_store::{CallPlan, FaultyStore};
use greenroom_conformance::messages::START;
use greenroom_contract::assistant::Assistant;
use greenroom_contract::capabilities::{Capabilities, Resend};
use greenroom_contract::channel::Channel;
use greenroom_contract::event::{ChannelEvent, DeliveryStatus, StatusOf};
use greenroom_contract::store::Store;
use greenroom_contract::time::Timestamp;
use greenroom_contract::trace::Decision;
use greenroom_store::SimDisk;
use std::sync::Arc;
use std::time::Duration;

/// How long anything may wait for a store that works again.
const SOON: Duration = Duration::from_secs(10);

/// A store whose next calls of one method become of as planned.
fn next_calls(method: &'static str, plans: Vec<CallPlan>) -> Arc<FaultyStore> {
    planned(greenroom_store::memory(), method, plans)
}

fn planned(store: Arc<dyn Store>, method: &'static str, mut plans: Vec<CallPlan>) -> Arc<FaultyStore> {
    let store = FaultyStore::lasting(store);
    store.on_call(Box::new(
        move |called| {
            if called == method && !plans.is_empty() { plans.remove(0) } else { CallPlan::Pass }
        },
    ));
    store
}

fn setup(assistant: Arc<dyn Assistant>, store: &Arc<FaultyStore>) -> Setup {
    let mut setup = Setup::new(assistant);
    setup.store = Some(store.clone());
    setup
}

/// A network that shows repetitions.
fn showing() -> (Arc<dyn Channel>, LoopbackNetwork) {
    let capabilities = Capabilities { resend: Resend::Visible, ..capabilities() };
    loopback(Options { capabilities, ..Options::default() })
}

/// One life of a process. Whatever was under way at its end is gone, as after a kill -9.
fn life<T>(lived: impl Future<Output = T>) -> T {
    let mut builder = tokio::runtime::Builder::new_current_thread();
    let runtime = builder.enable_all().start_paused(true).build().expect("a runtime can be made");
    let outcome = runtime.block_on(lived);
    runtime.shutdown_background();
    outcome
}

async fn decided(bot: &Bot, message: &str, wanted: fn(&Decision) -> bool) -> bool {
    bot.decisions(&message.parse().expect("an id")).await.iter().any(wanted)
}

#[tokio::test(start_paused = true)]
async fn what_was_accepted_without_anyone_knowing_is_answered_although_it_never_comes_again() {
    let store = next_calls("accept", vec![CallPlan::PassAndFail]);
    let mut setup = setup(assistants::echo(), &store);
    setup.options.redeliver_after = None;
    let bot = setup.start().await;
    let delivery = bot.network.deliver(MAIN, said::text(ANA, "one")).await;
    assert!(delivery.acknowledged().await.is_err(), "it may not be acknowledged");
    bot.passes(SOON).await;
    assert_eq!(bot.network.words_to(ANA), ["one"]);
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_was_stored_without_anyone_knowing_is_sent() {
    for unclear in 1..4 {
        let store = next_calls("settle", vec![CallPlan::PassAndFail; unclear]);
        let bot = setup(assistants::echo(), &store).start().await;
        bot.hears(said::text(ANA, "one")).await;
        bot.passes(SOON).await;
        assert_eq!(bot.network.words_to(ANA), ["one"], "after {unclear} unclear commits");
        bot.promises_kept();
    }
}

#[tokio::test(start_paused = true)]
async fn evidence_that_is_told_twice_is_heard_although_the_first_was_stored() {
    let store = next_calls("accept", vec![CallPlan::Pass, CallPlan::PassAndFail]);
    let mut setup = setup(assistants::echo(), &store);
    setup.ends = Some(showing());
    let bot = setup.start().await;
    bot.network.next_sends(MAIN, [SendPlan::DeliverUncertain]);
    bot.hears(said::text(ANA, "one").with_id("of-ana")).await;
    bot.passes(Duration::from_secs(5)).await;
    let id = bot.network.sent()[0].id.clone();
    let of = StatusOf::Outbound(id);
    let status = ChannelEvent::Status { of, status: DeliveryStatus::Delivered, at: bot.clock.now(), billed_as: None };
    bot.network.deliver_event(MAIN, status).await.acknowledged().await.expect("it is taken the second time");
    bot.passes(SOON).await;
    let is_sent = |decision: &Decision| matches!(decision, Decision::Sent { .. });
    assert!(decided(&bot, "of-ana", is_sent).await, "{}", bot.why(&"of-ana".parse().expect("an id")).await);
    bot.passes(Duration::from_secs(3_600)).await;
    assert_eq!(bot.network.words_to(ANA), ["one"]);
}

#[tokio::test(start_paused = true)]
async fn a_further_attempt_begins_only_when_it_is_counted() {
    for (plan, asked) in [(CallPlan::Hang, 1), (CallPlan::Pass, 2)] {
        let store = next_calls("begin", vec![plan]);
        let assistant = assistants::failing(1);
        let bot = setup(assistant.clone(), &store).start().await;
        bot.hears(said::text(ANA, "one")).await;
        bot.passes(Duration::from_secs(60)).await;
        assert_eq!(assistant.asked(), asked, "where counting it became of {plan:?}");
    }
}

#[test]
fn a_message_of_an_earlier_run_is_answered_only_when_that_is_counted() {
    for (plan, asked) in [(CallPlan::Hang, 0), (CallPlan::Pass, 1)] {
        let disk = SimDisk::new(1);
        let ends = loopback(Options::default());
        let start = async |assistant, plans| {
            let store = disk.open().expect("it is whole");
            let mut setup = setup(assistant, &planned(store, "begin", plans));
            setup.ends = Some(ends.clone());
            setup.start().await
        };
        life(async {
            let assistant = assistants::hanging();
            let bot = start(assistant.clone(), Vec::new()).await;
            bot.hears(said::text(ANA, "one")).await;
            assistant.asked_at_least(1).await;
            // Before the first attempt is on the disk.
            disk.kill();
        });
        life(async {
            let assistant = assistants::echo();
            let bot = start(assistant.clone(), vec![plan]).await;
            bot.passes(Duration::from_secs(60)).await;
            assert_eq!(assistant.asked(), asked, "where counting it became of {plan:?}");
        });
    }
}

#[test]
fn time_in_which_the_bot_was_down_is_no_silence() {
    let store = FaultyStore::lasting(greenroom_store::memory());
    let ends = showing();
    let start = async |now: Timestamp| {
        let mut setup = setup(assistants::echo(), &store);
        (setup.now, setup.ends) = (now, Some(ends.clone()));
        setup.start().await
    };
    life(async {
        let bot = start(START).await;
        bot.network.next_sends(MAIN, [SendPlan::DeliverUncertain]);
        bot.hears(said::text(ANA, "one").with_id("of-ana")).await;
        bot.passes(Duration::from_secs(5)).await;
        let is_uncertain = |decision: &Decision| matches!(decision, Decision::Uncertain { .. });
        assert!(decided(&bot, "of-ana", is_uncertain).await, "it is written down");
    });
    life(async {
        let bot = start(START.plus(Duration::from_secs(600))).await;
        bot.passes(Duration::from_secs(50)).await;
        assert_eq!(bot.network.words_to(ANA), ["one"], "evidence may still come");
        bot.passes(Duration::from_secs(30)).await;
        assert_eq!(bot.network.words_to(ANA), ["one", "one"], "silence counts, after the usual time");
    });
}

#[tokio::test(start_paused = true)]
async fn what_is_posted_while_the_outbox_is_read_is_sent() {
    let store = next_calls("pending", vec![CallPlan::PassLate(Duration::from_secs(5))]);
    let bot = setup(assistants::echo(), &store).start().await;
    for words in ["one", "two"] {
        bot.hears(said::text(ANA, words)).await;
    }
    bot.passes(Duration::from_secs(2)).await;
    assert_eq!(bot.network.words_to(ANA), Vec::<String>::new(), "the outbox is still being read");
    bot.passes(SOON).await;
    assert_eq!(bot.network.words_to(ANA), ["one", "two"]);
    bot.promises_kept();
}

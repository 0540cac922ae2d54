//! What becomes of an answer on its way: unknown outcomes, closed windows, evidence, and silence.

use crate::support::setup::{ANA, BEN, Bot, MAIN, Setup};
use greenroom_channel_loopback::{Options, SendPlan, capabilities, loopback, said};
use greenroom_conformance::assistants;
use greenroom_conformance::messages::START;
use greenroom_contract::capabilities::{Capabilities, Resend};
use greenroom_contract::channel::{Ended, SendError};
use greenroom_contract::event::{ChannelEvent, DeliveryStatus, StatusOf};
use greenroom_contract::ids::OutboundId;
use greenroom_contract::policy::{OutboundMode, UncertainPolicy};
use greenroom_contract::store::{ParcelState, Store};
use std::sync::Arc;
use std::time::Duration;

/// A bot on a network that would show a repetition.
async fn bot(uncertain: UncertainPolicy) -> Bot {
    let mut setup = Setup::new(assistants::echo());
    setup.options.capabilities.resend = Resend::Visible;
    setup.policy.uncertain = uncertain;
    setup.start().await
}

async fn parcel_of(bot: &Bot) -> (OutboundId, ParcelState) {
    let account = bot.store.accounts().await.expect("healthy").remove(0).id;
    let latest = bot.store.latest(1).await.expect("healthy").remove(0);
    let id = latest.parcels[0].id.clone();
    let own = id.as_str().parse().expect("an outbound id is a message id");
    let key = bot.store.find_own(&account, &own).await.expect("healthy").expect("it is ours");
    (id, bot.store.parcel(&key).await.expect("healthy").expect("it is there").state)
}

/// The outcome of one send is lost, whether or not somebody saw it.
async fn one_uncertain(bot: &Bot, plan: SendPlan) -> OutboundId {
    bot.network.next_sends(MAIN, [plan]);
    bot.hears(said::text(ANA, "hi")).await;
    bot.passes(Duration::from_secs(5)).await;
    let (id, state) = parcel_of(bot).await;
    assert!(matches!(state, ParcelState::Uncertain { .. }), "{state:?}");
    id
}

#[tokio::test(start_paused = true)]
async fn what_would_be_seen_twice_is_sent_again_only_after_a_long_silence() {
    let bot = bot(UncertainPolicy::Resend).await;
    one_uncertain(&bot, SendPlan::LoseUncertain).await;
    bot.passes(Duration::from_secs(50)).await;
    assert_eq!(bot.network.sent_count(), 0, "it waits for evidence");
    bot.passes(Duration::from_secs(20)).await;
    assert_eq!(bot.answers(ANA).await, ["hi"]);
}

#[tokio::test(start_paused = true)]
async fn evidence_that_it_arrived_ends_the_matter() {
    let bot = bot(UncertainPolicy::Resend).await;
    let id = one_uncertain(&bot, SendPlan::DeliverUncertain).await;
    let status = |status| ChannelEvent::Status {
        of: StatusOf::Outbound(id.clone()),
        status,
        at: bot.clock.now(),
        billed_as: None,
    };
    let told = bot.network.deliver_event(MAIN, status(DeliveryStatus::Delivered)).await;
    told.acknowledged().await.expect("it is taken");
    bot.passes(Duration::from_secs(3_600)).await;
    assert_eq!(bot.answers(ANA).await, ["hi"], "it is not sent again");
    assert!(matches!(parcel_of(&bot).await.1, ParcelState::Sent { .. }));
}

#[tokio::test(start_paused = true)]
async fn where_repetition_is_worse_than_silence_it_is_held_and_shown() {
    let bot = bot(UncertainPolicy::Hold).await;
    one_uncertain(&bot, SendPlan::LoseUncertain).await;
    bot.passes(Duration::from_secs(3_600)).await;
    assert_eq!(bot.network.sent_count(), 0);
    assert!(matches!(parcel_of(&bot).await.1, ParcelState::Held { .. }));
}

#[tokio::test(start_paused = true)]
async fn while_one_outcome_is_unknown_nothing_overtakes_it_in_its_chat() {
    let bot = bot(UncertainPolicy::Resend).await;
    bot.network.next_sends(MAIN, [SendPlan::LoseUncertain]);
    bot.hears(said::text(ANA, "one")).await;
    bot.passes(Duration::from_secs(1)).await;
    bot.hears(said::text(ANA, "two")).await;
    bot.hears(said::text(BEN, "elsewhere")).await;
    bot.passes(Duration::from_secs(10)).await;
    assert_eq!(bot.network.words_to(ANA), Vec::<String>::new());
    assert_eq!(bot.network.words_to(BEN), ["elsewhere"], "other chats go on");
    assert_eq!(bot.answers(ANA).await, ["one", "two"]);
    bot.promises_kept();
}

#[tokio::test(start_paused = true)]
async fn behind_a_closed_window_an_answer_waits_until_the_person_writes_again() {
    let bot = bot(UncertainPolicy::Resend).await;
    let closed = SendError::WindowClosed { reason: "24 hours are over".to_owned() };
    bot.network.next_sends(MAIN, [SendPlan::Fail(closed)]);
    bot.hears(said::text(ANA, "one")).await;
    bot.passes(Duration::from_secs(3 * 86_400)).await;
    assert_eq!(bot.network.sent_count(), 0, "it is held");
    bot.hears(said::text(ANA, "two")).await;
    assert_eq!(bot.answers(ANA).await, ["one", "two"]);
}

#[tokio::test(start_paused = true)]
async fn an_account_that_may_not_send_keeps_what_waits() {
    let bot = bot(UncertainPolicy::Resend).await;
    let stopped = SendError::AccountStopped { reason: "the number is blocked".to_owned() };
    bot.network.next_sends(MAIN, [SendPlan::Fail(stopped)]);
    bot.hears(said::text(ANA, "one")).await;
    bot.passes(Duration::from_secs(3_600)).await;
    assert_eq!(bot.network.sent_count(), 0);
    let health = bot.running.handle().health().await;
    assert!(health.problems.iter().any(|problem| problem.what.contains("blocked")), "{:?}", health.problems);
    let (_, state) = parcel_of(&bot).await;
    assert!(matches!(state, ParcelState::Waiting { .. } | ParcelState::Held { .. }), "{state:?}");
}

#[tokio::test(start_paused = true)]
async fn a_channel_that_only_listens_sends_and_shows_nothing() {
    let assistant = assistants::slow(Duration::from_secs(30));
    let mut setup = Setup::new(assistant);
    setup.policy.outbound = OutboundMode::Off;
    let bot = setup.start().await;
    bot.hears(said::text(ANA, "hi")).await;
    bot.hears(said::unsupported(ANA, "document", None)).await;
    bot.passes(Duration::from_secs(3_600)).await;
    assert_eq!(bot.network.sent_count(), 0);
    assert_eq!(bot.network.typing(), []);
}

#[tokio::test(start_paused = true)]
async fn where_a_repetition_is_seen_there_is_one_at_most() {
    let bot = bot(UncertainPolicy::Resend).await;
    bot.network.on_send(MAIN, Box::new(|_| SendPlan::DeliverUncertain));
    bot.hears(said::text(ANA, "hi")).await;
    bot.passes(Duration::from_secs(86_400)).await;
    assert_eq!(bot.network.words_to(ANA), ["hi", "hi"]);
    let (_, state) = parcel_of(&bot).await;
    assert!(matches!(&state, ParcelState::Held { reason } if reason.contains("shown twice")), "{state:?}");
    // Its owner decides that it goes once more.
    let conversation = bot.store.latest(1).await.expect("healthy").remove(0).conversation;
    bot.network.on_send(MAIN, Box::new(|_| SendPlan::Deliver));
    bot.running.handle().settled().await;
    assert_eq!(bot.store.release_held(conversation).await.expect("healthy").len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_repetition_that_certainly_failed_is_made_again_and_a_second_one_is_not() {
    let bot = bot(UncertainPolicy::Resend).await;
    let scope = greenroom_contract::channel::BackOff::Conversation;
    let busy = || SendPlan::Fail(SendError::Retry { reason: "busy".into(), after: None, scope });
    let plans = [SendPlan::DeliverUncertain, busy(), busy(), SendPlan::DeliverUncertain, SendPlan::Deliver];
    bot.network.next_sends(MAIN, plans);
    bot.hears(said::text(ANA, "hi")).await;
    bot.passes(Duration::from_secs(3_600)).await;
    assert_eq!(bot.network.words_to(ANA), ["hi", "hi"]);
    assert!(matches!(parcel_of(&bot).await.1, ParcelState::Held { .. }));
}

#[test]
fn a_process_that_dies_in_each_repetition_repeats_once_all_the_same() {
    let store: Arc<dyn Store> = greenroom_store::memory();
    let ends = loopback(Options {
        capabilities: Capabilities { resend: Resend::Visible, ..capabilities() },
        ..Options::default()
    });
    for life in 0..5_u64 {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build();
        let runtime = runtime.expect("a runtime can be made");
        runtime.block_on(async {
            let mut setup = Setup::new(assistants::echo());
            (setup.store, setup.ends) = (Some(Arc::clone(&store)), Some(ends.clone()));
            setup.now = START.plus(Duration::from_secs(100 * life));
            let bot = setup.start().await;
            // It is seen, and the process dies before it hears of that.
            bot.network.on_send(MAIN, Box::new(|_| SendPlan::DeliverAndHang));
            if life == 0 {
                bot.hears(said::text(ANA, "hi")).await;
            }
            bot.passes(Duration::from_secs(75)).await;
        });
        runtime.shutdown_background();
    }
    assert_eq!(ends.1.words_to(ANA), ["hi", "hi"], "the first, and one repetition");
}

#[tokio::test(start_paused = true)]
async fn silence_counts_from_the_connection_on_which_something_could_be_heard() {
    let bot = bot(UncertainPolicy::Resend).await;
    one_uncertain(&bot, SendPlan::LoseUncertain).await;
    let dropped = || Ended::Dropped { reason: "no network".to_owned() };
    bot.network.refuse_runs(MAIN, std::iter::repeat_with(dropped).take(5));
    bot.network.cut(MAIN, dropped());
    bot.network.disconnected(MAIN).await;
    // Long enough for the wait, had somebody listened.
    bot.network.connected(MAIN).await;
    let back = bot.clock.now();
    bot.passes(Duration::from_secs(50)).await;
    assert_eq!(bot.network.sent_count(), 0, "what the network kept back has a minute to arrive");
    assert_eq!(bot.answers(ANA).await, ["hi"]);
    assert!(bot.clock.now().since(back) < Duration::from_secs(120), "it is sent once that minute is over");
}

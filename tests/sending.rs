//! What becomes of an answer on its way: unknown outcomes, closed windows, evidence, and silence.

use crate::support::setup::{ANA, BEN, Bot, MAIN, Setup};
use greenroom_channel_loopback::{SendPlan, said};
use greenroom_conformance::assistants;
use greenroom_contract::capabilities::Resend;
use greenroom_contract::channel::SendError;
use greenroom_contract::event::{ChannelEvent, DeliveryStatus, StatusOf};
use greenroom_contract::ids::OutboundId;
use greenroom_contract::policy::{OutboundMode, UncertainPolicy};
use greenroom_contract::store::ParcelState;
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
    let status = |status| ChannelEvent::Status { of: StatusOf::Outbound(id.clone()), status, at: bot.clock.now() };
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
async fn an_answer_whose_outcome_stays_unknown_is_not_repeated_for_ever_where_each_repetition_is_seen() {
    let bot = bot(UncertainPolicy::Resend).await;
    bot.network.on_send(
        MAIN,
        Box::new(
            |outbound| if outbound.route.chat.as_str() == ANA { SendPlan::LoseUncertain } else { SendPlan::Deliver },
        ),
    );
    let message = bot.hears(said::text(ANA, "one")).await;
    bot.passes(Duration::from_secs(86_400)).await;
    assert!(matches!(parcel_of(&bot).await.1, ParcelState::Held { .. }));
    assert!(bot.why(&message).await.contains("it is unknown whether it was sent"), "{}", bot.why(&message).await);
}

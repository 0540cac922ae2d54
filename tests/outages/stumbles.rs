//! A store that stumbles, accounts that are dead, actors that crash: what waits is taken up when the trouble is over.

use super::{DAY, HOUR, open_to_all, person};
use crate::support::quiet_panics;
use crate::support::setup::{ANA, MAIN, NOT_ANSWERED, Setup};
use async_trait::async_trait;
use greenroom_channel_loopback::{Options, said};
use greenroom_conformance::assistants;
use greenroom_conformance::faulty_store::FaultyStore;
use greenroom_conformance::messages::START;
use greenroom_contract::assistant::{Answer, Assistant, AssistantError, Turn, Wake};
use greenroom_contract::channel::{ConnectError, Ended};
use greenroom_contract::limits;
use std::sync::Arc;
use std::time::Duration;

fn dropped() -> Ended {
    Ended::Dropped { reason: "the wire broke".to_owned() }
}

/// Asks to be woken at the first message, and reminds then.
struct Reminding;

#[async_trait]
impl Assistant for Reminding {
    async fn respond(&self, turn: Turn) -> Result<Answer, AssistantError> {
        if turn.messages[0].content.words().is_none() {
            return Ok(Answer::text("tea!"));
        }
        let at = turn.now.plus(Duration::from_secs(60));
        Ok(Answer { wake: vec![Wake { at, token: "tea".to_owned() }], ..Answer::text("noted") })
    }
}

#[tokio::test(start_paused = true)]
async fn a_wake_up_whose_commit_was_unclear_is_not_forgotten() {
    let store = FaultyStore::new(greenroom_store::memory());
    let mut setup = Setup::new(Arc::new(Reminding));
    setup.store = Some(store.clone());
    let bot = setup.start().await;
    bot.hears(said::text(ANA, "remind me")).await;
    bot.passes(Duration::from_secs(1)).await;
    store.lose_replies_of_wakes(1);
    bot.passes(Duration::from_secs(70)).await;
    assert_eq!(bot.network.words_to(ANA), ["noted", "tea!"]);
}

#[tokio::test(start_paused = true)]
async fn a_release_from_quarantine_whose_commit_was_unclear_is_not_forgotten() {
    let store = FaultyStore::new(greenroom_store::memory());
    let mut setup = Setup::new(assistants::failing(limits::ATTEMPTS_MAX as usize));
    setup.store = Some(store.clone());
    let bot = setup.start().await;
    bot.hears(said::text(ANA, "hi")).await;
    bot.settled().await;
    let row = bot.store.quarantined(1).await.expect("healthy").remove(0).entry.sequence;
    store.lose_replies_of_releases(1);
    assert!(bot.running.handle().release(row).await.is_err(), "it is not known");
    bot.passes(Duration::from_secs(5)).await;
    assert_eq!(bot.network.words_to(ANA), [NOT_ANSWERED, "hi"]);
}

#[tokio::test(start_paused = true)]
async fn one_stumble_of_the_store_delays_a_chat_by_a_moment() {
    let store = FaultyStore::new(greenroom_store::memory());
    let mut setup = Setup::new(assistants::echo());
    setup.store = Some(store.clone());
    let bot = setup.start().await;
    store.fail_waitings(1);
    bot.hears(said::text(ANA, "hi")).await;
    bot.passes(Duration::from_secs(2)).await;
    assert_eq!(bot.network.words_to(ANA), ["hi"]);
    // A store that is away for longer is asked less often, and a chat that is rung when it is back does not wait.
    store.fail_waitings(6);
    bot.hears(said::text(ANA, "one")).await;
    bot.passes(Duration::from_secs(20)).await;
    store.fail_waitings(0);
    bot.hears(said::text(ANA, "two")).await;
    bot.passes(Duration::from_secs(1)).await;
    assert_eq!(bot.network.words_to(ANA), ["hi", "one", "two"]);
}

#[tokio::test(start_paused = true)]
async fn chats_of_a_dead_account_hold_up_no_other_account_and_poll_nothing() {
    let store = FaultyStore::lasting(greenroom_store::memory());
    let accounts = || Options { accounts: vec![MAIN.to_owned(), "other".to_owned()], ..Options::default() };
    let assistant = assistants::echo();
    assistant.hold();
    let mut setup = open_to_all(assistant);
    setup.options = accounts();
    setup.store = Some(store.clone());
    let bot = setup.start().await;
    for number in 0..limits::BACKLOG_ACTIVE_MAX + 6 {
        bot.hears(said::image(&person(number), "a picture", None)).await;
    }
    let late = bot.network.deliver("other", said::text(ANA, "hi")).await;
    late.acknowledged().await.expect("it is taken");
    bot.running.handle().drain(Duration::ZERO).await;

    let mut setup = open_to_all(assistants::echo());
    setup.now = bot.clock.now();
    setup.store = Some(store.clone());
    let (channel, network) = greenroom_channel_loopback::loopback(Options { clock: bot.clock, ..accounts() });
    let reason = "the token is wrong".to_owned();
    network.refuse_connects(MAIN, [ConnectError::Setup { reason }]);
    setup.ends = Some((channel, network));
    let bot = setup.start().await;
    bot.passes(Duration::from_secs(30)).await;
    assert_eq!(bot.network.words_to(ANA), ["hi"], "the other account is served");
    let before = store.waitings();
    bot.passes(HOUR).await;
    assert_eq!(store.waitings(), before, "nothing is asked again and again");
    let begun = bot.clock.now();
    bot.running.handle().settled().await;
    assert_eq!(bot.clock.now(), begun, "a drain has nothing to wait for");
    // A person puts the account right: what waited is taken up.
    let account = bot.store.accounts().await.expect("healthy").remove(0);
    bot.running.handle().reconnect(&account.id, &account.owner).await.expect("it is configured");
    bot.network.connected(MAIN).await;
    bot.passes(Duration::from_secs(30)).await;
    // The pictures themselves were on the network that is gone, so each person gets a sentence.
    assert_eq!(bot.network.sent_count() as usize, 1 + limits::BACKLOG_ACTIVE_MAX + 6);
    assert_eq!(bot.store.rows_waiting().await, Ok(0));
}

#[tokio::test(start_paused = true)]
async fn a_fault_of_ten_seconds_is_over_after_minutes_and_health_is_well_again() {
    quiet_panics();
    let bot = Setup::new(assistants::echo()).start().await;
    bot.network.panic_next_runs(MAIN, 12);
    bot.network.cut(MAIN, dropped());
    bot.passes(Duration::from_secs(60)).await;
    let health = bot.running.handle().health().await;
    assert!(health.problems.iter().any(|problem| problem.what.contains("too often")), "{:?}", health.problems);
    bot.passes(HOUR).await;
    assert!(bot.network.is_connected(MAIN));
    let health = bot.running.handle().health().await;
    assert!(health.ok, "{:?}", health.problems);
    bot.hears(said::text(ANA, "hi")).await;
    assert_eq!(bot.answers(ANA).await, ["hi"]);
}

#[tokio::test(start_paused = true)]
async fn a_network_that_asks_for_a_fresh_connection_again_and_again_gets_pauses() {
    let suspended = Ended::Suspended { until: START.minus(DAY), reason: "slow down".to_owned() };
    for ended in [Ended::RestartRequested, suspended] {
        let bot = Setup::new(assistants::echo()).start().await;
        let begun = bot.clock.now();
        bot.network.refuse_runs(MAIN, std::iter::repeat_n(ended.clone(), 12));
        bot.network.cut(MAIN, ended);
        bot.network.disconnected(MAIN).await;
        bot.network.connected(MAIN).await;
        let took = bot.clock.now().since(begun);
        assert!(took > Duration::from_secs(600), "thirteen connections in {took:?}");
    }
}

//! Accounts while they run: what they are, what their owner can do, and what one of them costs the others.

use crate::support::linking::{PHONE, linkable, local, wish, wish_of};
use crate::support::quiet_panics;
use crate::support::setup::{ANA, Bot};
use greenroom::{AccountStatus, HealthProblem, LinkRefused, LinkRequest, NextAction, SessionLimits};
use greenroom_channel_loopback::said;
use greenroom_conformance::faulty_store::FaultyStore;
use greenroom_conformance::messages::id;
use greenroom_contract::channel::Ended;
use greenroom_contract::ids::AccountId;
use greenroom_contract::limits;
use greenroom_contract::linking::PhoneSeen;
use greenroom_contract::store::{AccountState, ListScope};
use std::sync::Arc;
use std::time::Duration;

const DAY: Duration = Duration::from_secs(24 * 3_600);

async fn on(store: &Arc<FaultyStore>) -> Bot {
    let mut setup = linkable();
    setup.store = Some(store.clone());
    setup.start().await
}

async fn keys(bot: &Bot, account: &AccountId) -> usize {
    bot.store.vault_scan(account, b"", None, 100).await.expect("healthy").len()
}

#[tokio::test(start_paused = true)]
async fn after_a_restart_linked_accounts_connect_and_the_others_say_what_to_do() {
    let store = FaultyStore::lasting(greenroom_store::memory());
    let bot = on(&store).await;
    let linked = bot.linked("local").await;
    let unlinked = bot.linked("local").await;
    bot.network.unlink(unlinked.as_str(), "removed on the phone");
    bot.status_is(&unlinked, "logged out").await;
    let expired = bot.link(wish()).await.expect("it may be linked");
    bot.running.handle().cancel_link(&expired, &local()).await.expect("it is under way");
    bot.running.drain().await;

    let bot = on(&store).await;
    bot.status_is(&linked, "connected").await;
    bot.passes(DAY).await;
    let again = NextAction::LinkAgain { channel: id("loopback"), account: unlinked.clone() };
    let first = NextAction::Link { channel: id("loopback"), account: Some(expired.clone()) };
    for (account, word, next) in [(&unlinked, "logged out", again), (&expired, "not linked", first)] {
        let seen = bot.account(account).await;
        assert_eq!((seen.status.word(), seen.connections), (word, 0), "{seen:?}");
        assert_eq!(seen.next, Some(next));
    }
    let health = bot.running.handle().health().await;
    let problem = |account: &AccountId| {
        let is_about = |it: &&HealthProblem| it.account.as_ref() == Some(account);
        health.problems.iter().filter(is_about).count()
    };
    assert_eq!((problem(&unlinked), problem(&expired)), (1, 0), "{:?}", health.problems);
}

#[tokio::test(start_paused = true)]
async fn a_disconnected_account_loses_its_device_and_keys_and_keeps_its_history() {
    let bot = linkable().start().await;
    let account = bot.linked("local").await;
    bot.network.deliver(account.as_str(), said::text(ANA, "hi")).await.acknowledged().await.expect("it is taken");
    bot.network.sent_to_reached(ANA, 1).await;
    bot.settled().await;
    assert_eq!((bot.network.devices(), keys(&bot, &account).await), (vec![account.to_string()], 1));
    bot.running.handle().disconnect(&account, &local()).await.expect("the network is told");
    assert_eq!((bot.network.devices(), keys(&bot, &account).await), (vec![], 0));
    assert!(!bot.network.is_connected(account.as_str()));
    assert_eq!(bot.account(&account).await.status.to_string(), "logged out: disconnected by its owner");
    let row = bot.row(&account).await.expect("kept");
    assert!(matches!(row.state, AccountState::LoggedOut { .. }) && row.label.as_deref() == Some(PHONE), "{row:?}");
    let latest = bot.store.latest(5).await.expect("healthy");
    assert_eq!(latest.len(), 1, "what happened is still known");
    let again = bot.running.handle().disconnect(&account, &local()).await;
    assert!(matches!(again, Err(LinkRefused::NotLinked { .. })), "{again:?}");
    bot.link(LinkRequest { account: Some(account.clone()), ..wish() }).await.expect("it may be linked again");
    bot.scanned(&account).await;
    bot.network.deliver(account.as_str(), said::text(ANA, "again")).await.acknowledged().await.expect("it is taken");
    bot.network.sent_to_reached(ANA, 2).await;
}

#[tokio::test(start_paused = true)]
async fn an_account_stays_as_it_was_when_the_network_cannot_be_told() {
    let bot = linkable().start().await;
    let account = bot.linked("local").await;
    bot.network.next_logouts_fail(1);
    let refused = bot.running.handle().disconnect(&account, &local()).await.expect_err("the wire is cut");
    assert!(refused.to_string().contains("everything is kept as it was"), "{refused}");
    assert_eq!((bot.account(&account).await.status, keys(&bot, &account).await), (AccountStatus::Connected, 1));
    assert_eq!(bot.row(&account).await.expect("kept").state, AccountState::Linked);
    bot.running.handle().disconnect(&account, &local()).await.expect("the network is told");
}

#[tokio::test(start_paused = true)]
async fn unlinking_on_the_phone_is_seen_at_once_and_only_that_deletes_the_keys() {
    let bot = linkable().start().await;
    let account = bot.linked("local").await;
    let weather = [
        (Ended::Dropped { reason: "no network".to_owned() }, "reconnecting"),
        (Ended::Suspended { until: bot.clock.now().plus(DAY), reason: "slow down".to_owned() }, "banned"),
        (Ended::Replaced, "replaced"),
        (Ended::Outdated, "outdated"),
        (Ended::Refused { reason: "no".to_owned() }, "stopped"),
    ];
    for (ended, word) in weather {
        let since = bot.clock.now();
        bot.network.cut(account.as_str(), ended);
        bot.network.disconnected(account.as_str()).await;
        let seen = bot.status_is(&account, word).await;
        assert!(seen.since >= since && seen.status.reason().is_some(), "{seen:?}");
        assert!(word == "reconnecting" || seen.next.is_some(), "{seen:?}");
        assert_eq!(keys(&bot, &account).await, 1, "after {word}");
        bot.running.handle().reconnect(&account, &local()).await.expect("it is linked");
        bot.network.connected(account.as_str()).await;
        bot.status_is(&account, "connected").await;
    }
    let begun = bot.clock.now();
    bot.network.unlink(account.as_str(), "the owner removed this device");
    let seen = bot.status_is(&account, "logged out").await;
    assert!(seen.since.since(begun) < Duration::from_secs(1), "{seen:?}");
    assert_eq!(seen.status.reason().as_deref(), Some("the owner removed this device"));
    bot.passes(Duration::from_secs(5)).await;
    assert_eq!(keys(&bot, &account).await, 0);
    let refused = bot.running.handle().reconnect(&account, &local()).await;
    assert!(matches!(refused, Err(LinkRefused::NotLinked { .. })), "{refused:?}");
}

#[tokio::test(start_paused = true)]
async fn a_banned_account_comes_back_by_itself_when_the_ban_ends() {
    let bot = linkable().start().await;
    let account = bot.linked("local").await;
    let until = bot.clock.now().plus(DAY);
    bot.network.cut(account.as_str(), Ended::Suspended { until, reason: "too many messages".to_owned() });
    let seen = bot.status_is(&account, "banned").await;
    assert_eq!(seen.status.until(), Some(until));
    bot.network.connected(account.as_str()).await;
    let late = bot.clock.now().since(until);
    assert!(bot.clock.now() >= until && late < Duration::from_secs(5), "{late:?}");
}

#[tokio::test(start_paused = true)]
async fn a_reconnect_replaces_the_connection_and_revives_a_session_that_crashed_too_often() {
    quiet_panics();
    let bot = linkable().start().await;
    let account = bot.linked("local").await;
    let before = bot.account(&account).await.connections;
    bot.running.handle().reconnect(&account, &local()).await.expect("it is linked");
    bot.passes(Duration::from_secs(1)).await;
    assert_eq!(bot.account(&account).await.connections, before + 1);
    assert!(bot.network.is_connected(account.as_str()));
    bot.network.panic_next_runs(account.as_str(), 1_000);
    bot.network.cut(account.as_str(), Ended::Dropped { reason: "the wire broke".to_owned() });
    bot.passes(Duration::from_secs(600)).await;
    assert_eq!(bot.account(&account).await.status.word(), "failed");
    bot.network.panic_next_runs(account.as_str(), 0);
    bot.running.handle().reconnect(&account, &local()).await.expect("it is linked");
    bot.network.connected(account.as_str()).await;
    bot.status_is(&account, "connected").await;
    let health = bot.running.handle().health().await;
    assert!(!health.problems.iter().any(|problem| problem.what.contains("too often")), "{:?}", health.problems);
    bot.promises_kept();
}

#[tokio::test(start_paused = true)]
async fn a_clean_up_takes_what_was_never_linked_and_nothing_else() {
    let mut setup = linkable();
    setup.sessions = SessionLimits { per_owner: 10, total: 20 };
    let bot = setup.start().await;
    let handle = bot.running.handle();
    let linked = bot.linked("local").await;
    let unlinked = bot.linked("local").await;
    handle.disconnect(&unlinked, &local()).await.expect("the network is told");
    let running = bot.link(wish()).await.expect("it may be linked");
    let cancelled = bot.link(wish()).await.expect("it may be linked");
    handle.cancel_link(&cancelled, &local()).await.expect("it is under way");
    let of_olga = bot.link(wish_of("olga")).await.expect("it may be linked");
    handle.cancel_link(&of_olga, &local()).await.expect("it is under way");
    let entry = (ListScope::Account(cancelled.clone()), id(ANA));
    handle.allow(entry.0, entry.1, "a test").await.expect("healthy");
    assert_eq!(handle.forget_pending(&id("otto")).await, Ok(vec![]));
    assert_eq!(handle.forget_pending(&local()).await, Ok(vec![cancelled.clone(), of_olga]));
    assert_eq!(bot.row(&cancelled).await, None);
    assert_eq!(bot.store.allow_entries().await.expect("healthy"), []);
    for (account, refusal) in [(&linked, "linked already"), (&running, "being linked")] {
        let refused = handle.forget_account(account, &local()).await.expect_err("it is in use");
        assert!(refused.to_string().contains(refusal), "{refused}");
    }
    handle.forget_account(&unlinked, &local()).await.expect("it is not linked");
    let left: Vec<AccountId> = handle.account_list().await.expect("healthy").into_iter().map(|it| it.account).collect();
    assert_eq!(left.len(), 3, "the configured one, the linked one, the one that is being linked: {left:?}");
    bot.scanned(&running).await;
}

#[tokio::test(start_paused = true)]
async fn only_the_owner_and_whoever_runs_the_server_may_change_an_account() {
    let bot = linkable().start().await;
    let account = bot.linked("olga").await;
    let (handle, otto) = (bot.running.handle(), id("otto"));
    for refused in [
        handle.disconnect(&account, &otto).await,
        handle.reconnect(&account, &otto).await,
        handle.cancel_link(&account, &otto).await,
        handle.forget_account(&account, &otto).await,
    ] {
        assert!(matches!(refused, Err(LinkRefused::WrongOwner { .. })), "{refused:?}");
    }
    handle.reconnect(&account, &id("olga")).await.expect("it is hers");
    handle.disconnect(&account, &local()).await.expect("whoever runs the server may");
}

#[tokio::test(start_paused = true)]
async fn a_state_that_cannot_be_stored_is_stored_later() {
    let store = FaultyStore::lasting(greenroom_store::memory());
    let bot = on(&store).await;
    let account = bot.linked("local").await;
    store.fail_account_states(3);
    bot.network.unlink(account.as_str(), "removed on the phone");
    bot.status_is(&account, "logged out").await;
    let busy = bot.link(LinkRequest { account: Some(account.clone()), ..wish() }).await;
    assert!(matches!(busy, Err(LinkRefused::Busy { .. })), "its keys are not deleted yet: {busy:?}");
    assert_eq!(keys(&bot, &account).await, 1);
    bot.passes(limits::STORE_RETRY_PAUSE * 4).await;
    assert!(matches!(bot.row(&account).await.expect("kept").state, AccountState::LoggedOut { .. }));
    assert_eq!(keys(&bot, &account).await, 0);
    bot.link(LinkRequest { account: Some(account.clone()), ..wish() }).await.expect("now it may");
    bot.scanned(&account).await;
}

#[tokio::test(start_paused = true)]
async fn proof_of_life_and_the_absence_of_the_phone_are_shown() {
    let bot = linkable().start().await;
    let account = bot.linked("local").await;
    let seen = bot.account(&account).await;
    assert_eq!((seen.last_inbound, seen.last_acknowledged, seen.phone), (None, None, None));
    bot.network.deliver(account.as_str(), said::text(ANA, "hi")).await.acknowledged().await.expect("it is taken");
    bot.network.sent_to_reached(ANA, 1).await;
    bot.settled().await;
    let seen = bot.account(&account).await;
    assert!(seen.last_frame.is_some() && seen.last_inbound.is_some() && seen.last_acknowledged.is_some(), "{seen:?}");
    let phone = PhoneSeen { at: bot.clock.now(), absent_max: DAY * 14 };
    bot.network.phone_was_seen(account.as_str(), phone);
    assert_eq!(bot.account(&account).await.phone, Some(phone));
    bot.passes(DAY * 9).await;
    let health = bot.running.handle().health().await;
    assert_eq!((health.ok, health.warnings), (true, vec![]));
    bot.passes(DAY * 2).await;
    let health = bot.running.handle().health().await;
    assert!(health.ok, "it still works: {:?}", health.problems);
    assert!(health.warnings[0].what.contains("11 days ago; after 14 days"), "{:?}", health.warnings);
}

#[tokio::test(start_paused = true)]
async fn a_channel_that_nobody_linked_says_so() {
    let mut setup = linkable();
    setup.options.accounts.clear();
    let bot = setup.start().await;
    let health = bot.running.handle().health().await;
    let said: Vec<String> = health.problems.iter().map(ToString::to_string).collect();
    let expected = "channel loopback: configured, but no account is linked; link one";
    assert_eq!((health.ok, said), (false, vec![expected.to_owned()]));
    let next = NextAction::Link { channel: id("loopback"), account: None };
    assert_eq!(health.problems[0].next, Some(next));
    let account = bot.link(wish()).await.expect("it may be linked");
    assert!(bot.running.handle().health().await.ok, "somebody is just linking one");
    bot.scanned(&account).await;
    let health = bot.running.handle().health().await;
    assert!(health.ok, "{:?}", health.problems);
}

#[tokio::test(start_paused = true)]
async fn the_keys_of_one_account_are_out_of_reach_of_another() {
    let bot = linkable().start().await;
    let (one, other) = (bot.linked("olga").await, bot.linked("otto").await);
    bot.running.handle().disconnect(&one, &local()).await.expect("the network is told");
    assert_eq!((keys(&bot, &one).await, keys(&bot, &other).await), (0, 1));
    bot.status_is(&other, "connected").await;
}

/// How long answers take in nineteen accounts, in virtual time, and how often the twentieth came back.
async fn latencies(flapping: bool) -> (Duration, u64) {
    let mut setup = linkable();
    setup.sessions = SessionLimits { per_owner: 20, total: 20 };
    let bot = setup.start().await;
    let mut accounts = Vec::new();
    for _ in 0..20 {
        accounts.push(bot.linked("local").await);
    }
    let flaps = accounts.pop().expect("twenty");
    let mut worst = Duration::ZERO;
    for second in 0..120_u64 {
        if flapping {
            bot.network.cut(flaps.as_str(), Ended::Dropped { reason: "it flaps".to_owned() });
        }
        let account = &accounts[second as usize % accounts.len()];
        let begun = bot.clock.now();
        bot.network.deliver(account.as_str(), said::text(ANA, format!("{second}"))).await;
        bot.network.sent_count_reached(second + 1).await;
        worst = worst.max(bot.clock.now().since(begun));
        bot.passes(Duration::from_secs(1)).await;
    }
    let connections = bot.account(&flaps).await.connections;
    bot.promises_kept();
    (worst, connections)
}

#[tokio::test(start_paused = true)]
async fn one_account_of_twenty_that_flaps_makes_no_other_wait_and_no_storm() {
    let (calm, _) = latencies(false).await;
    let (flapping, connections) = latencies(true).await;
    assert!(flapping <= calm + Duration::from_millis(1), "{flapping:?} instead of {calm:?}");
    assert!((3..=10).contains(&connections), "growing pauses, not one attempt a second: {connections}");
}

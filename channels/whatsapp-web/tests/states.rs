//! How connections end, as the engine is told.
#![cfg(feature = "simulator")]
#![allow(clippy::unwrap_used, reason = "helpers of tests stand outside the test functions")]

mod common;

use common::{ANA, BOT, SOON, Stage, outbound};
use greenroom_contract::channel::{Ended, SendError};
use greenroom_contract::event::Sign;
use greenroom_contract::outbound::OutboundBody;
use greenroom_contract::time::Clock;
use greenroom_simulator_whatsapp_web::people::Address as To;
use greenroom_simulator_whatsapp_web::{LoginRefusal, StreamError};
use std::time::Duration;

/// The stream ends with this error; returns what the engine is told.
async fn after(error: StreamError) -> (Stage, Ended) {
    let mut stage = Stage::new().await;
    assert!(stage.world.whatsapp.stream_error(stage.address(), error));
    let ended = stage.ended().await;
    (stage, ended)
}

/// The next login is refused in this way.
async fn refused(refusal: LoginRefusal) -> (Stage, Ended) {
    let mut stage = Stage::new().await;
    assert_eq!(stage.stopped().await, Ended::Stopped);
    stage.world.whatsapp.refuse_logins(Some(stage.address().into()), 1, refusal);
    stage.start();
    let ended = stage.ended().await;
    (stage, ended)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restart_is_asked_for_once() {
    let (mut stage, ended) = after(StreamError::Restart).await;
    assert_eq!(ended, Ended::RestartRequested);
    stage.connect().await;
    assert!(stage.world.whatsapp.stream_error(stage.address(), StreamError::Restart));
    assert!(matches!(stage.ended().await, Ended::Dropped { .. }), "a second one so soon is no reason to hurry");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replaced_connection_waits_for_a_person_and_keeps_its_keys() {
    let (mut stage, ended) = after(StreamError::Replaced).await;
    assert_eq!(ended, Ended::Replaced);
    stage.connect().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_goes_away_is_weather() {
    for error in [StreamError::Unavailable, StreamError::TooMany] {
        let (mut stage, ended) = after(error).await;
        assert!(matches!(&ended, Ended::Dropped { reason } if !reason.is_empty()), "{error:?} gave {ended:?}");
        stage.connect().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unlinked_device_is_noticed_at_once_and_its_keys_are_gone() {
    let mut stage = Stage::new().await;
    assert!(stage.world.whatsapp.unlink(stage.address()));
    let ended = stage.ended().await;
    assert!(matches!(&ended, Ended::LoggedOut { reason } if reason.contains("phone")), "{ended:?}");
    assert_eq!(stage.world.vault.values(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn other_farewells_of_an_unlinked_device() {
    let (stage, ended) = after(StreamError::Unlinked).await;
    assert!(matches!(ended, Ended::LoggedOut { .. }), "{ended:?}");
    assert_eq!(stage.world.vault.values(), 0);
    let (stage, ended) = refused(LoginRefusal::LoggedOut).await;
    assert!(matches!(ended, Ended::LoggedOut { .. }), "{ended:?}");
    assert_eq!(stage.world.vault.values(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ban_is_waited_out() {
    let before = Clock::System.now();
    let (mut stage, ended) = refused(LoginRefusal::Banned { reason: 101, seconds: 3600 }).await;
    let Ended::Suspended { until, .. } = ended else { panic!("{ended:?}") };
    let minutes = until.since(before).as_secs() / 60;
    assert!((59..=61).contains(&minutes), "{minutes} minutes");
    stage.connect().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_old_version_is_told() {
    let (mut stage, ended) = refused(LoginRefusal::Outdated).await;
    assert_eq!(ended, Ended::Outdated);
    stage.connect().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_login_refused_for_now_keeps_the_keys() {
    for refusal in [LoginRefusal::Unavailable, LoginRefusal::Code(418)] {
        let (mut stage, ended) = refused(refusal).await;
        assert!(matches!(&ended, Ended::Dropped { reason } if !reason.is_empty()), "{refusal:?} gave {ended:?}");
        stage.connect().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_network_that_is_away_says_why() {
    let mut stage = Stage::new().await;
    assert_eq!(stage.stopped().await, Ended::Stopped);
    stage.world.whatsapp.close_door(true);
    stage.start();
    let Ended::Dropped { reason } = stage.ended().await else { panic!("no drop") };
    assert!(!reason.is_empty());
    stage.world.whatsapp.close_door(false);
    stage.connect().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_that_flaps_comes_back_each_time_and_loses_nothing() {
    let mut stage = Stage::new().await;
    for round in 0..6 {
        assert!(stage.world.whatsapp.cut(stage.address()));
        assert!(matches!(stage.ended().await, Ended::Dropped { .. }));
        let message = stage.world.ana.say(&To::pn(BOT), &format!("{round}")).await.unwrap();
        stage.connect().await;
        stage.heard(&message).await;
    }
    // What a cut kept from being acknowledged comes once more; the store knows it by its id.
    let mut texts = stage.texts();
    texts.dedup();
    assert_eq!(texts, ["0", "1", "2", "3", "4", "5"]);
    assert_eq!(stage.world.whatsapp.violations(), []);
}

/// Each connection is made once: nothing connects again behind the engine's back.
#[tokio::test(flavor = "multi_thread")]
async fn nothing_connects_again_by_itself() {
    let mut stage = Stage::new().await;
    let logins = || stage.world.whatsapp.device((BOT, stage.device)).unwrap().logins;
    let before = logins();
    assert!(stage.world.whatsapp.cut(stage.address()));
    let again =
        stage.world.whatsapp.until_device((BOT, stage.device), Duration::from_secs(4), |device| device.logins > before);
    assert!(again.await.is_err(), "it connected by itself");
    assert!(matches!(stage.ended().await, Ended::Dropped { .. }));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dropped_run_releases_everything() {
    let mut stage = Stage::new().await;
    stage.dropped().await;
    let gone = stage.world.whatsapp.until_device(stage.address(), SOON, |device| !device.connected);
    gone.await.unwrap();
    stage.connect().await;
    let message = stage.world.ana.say(&To::pn(BOT), "still there?").await.unwrap();
    let inbound = stage.heard(&message).await;
    stage.says(&inbound, "yes").await;
    stage.world.ana.until_heard(|heard| heard.text() == Some("yes"), SOON).await.unwrap();
    assert_eq!(stage.world.whatsapp.violations(), []);
}

#[tokio::test(flavor = "multi_thread")]
async fn signs_of_life_come_from_the_network() {
    let stage = Stage::new().await;
    let message = stage.world.ana.say(&To::pn(BOT), "hi").await.unwrap();
    let inbound = stage.heard(&message).await;
    stage.says(&inbound, "hello").await;
    let signs = stage.sink.signs();
    for sign in [Sign::Connected, Sign::Frame, Sign::Acknowledged] {
        assert!(signs.contains(&sign), "{sign:?} is missing");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_sent_after_the_end() {
    let mut stage = Stage::new().await;
    let message = stage.world.ana.say(&To::pn(BOT), "hi").await.unwrap();
    let inbound = stage.heard(&message).await;
    assert_eq!(stage.stopped().await, Ended::Stopped);
    let late = outbound(&inbound, OutboundBody::Text("late".to_owned()));
    assert_eq!(stage.sends(&late).await, Err(SendError::NotConnected));
    assert!(!stage.world.ana.heard().iter().any(|heard| heard.text() == Some("late")));
    assert_eq!(ANA, stage.world.ana.number());
}

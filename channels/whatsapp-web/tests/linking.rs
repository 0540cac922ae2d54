//! Linking and unlinking against the simulated network.
#![cfg(feature = "simulator")]
#![allow(clippy::unwrap_used, reason = "helpers of tests stand outside the test functions")]

mod common;

use common::{ANA, BOT, LinkRun, SOON, Stage, World, soon};
use greenroom_conformance::sink::FakeSink;
use greenroom_contract::channel::{Channel, Ended};
use greenroom_contract::linking::{LinkMethod, LinkStep, Showing, Shown};
use greenroom_simulator_whatsapp_web::Options;
use greenroom_simulator_whatsapp_web::people::Address as To;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

#[tokio::test(flavor = "multi_thread")]
async fn an_account_without_keys_is_not_linked() {
    let world = World::new().await;
    let link = world.link().await;
    let ended = soon("the run ends", link.run(FakeSink::new(), CancellationToken::new())).await;
    assert_eq!(ended, Ended::NotLinked);
    // The key that hides the names of rows is made before the first row is looked for.
    assert_eq!(world.vault.values(), 1, "looking leaves nothing else behind");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_scan_links_by_steps() {
    let world = World::new().await;
    let link = world.link().await;
    let mut run = LinkRun::start(&link, LinkMethod::Qr);
    let LinkStep::Show(Showing { shown: Shown::Qr(code), valid_until, number: 1, of: 6, guidance }) = run.step().await
    else {
        panic!("no code")
    };
    assert!(guidance.contains("Linked devices"));
    let now = greenroom_contract::time::Clock::System.now();
    let seconds = valid_until.since(now).as_secs();
    assert!((50..=60).contains(&seconds), "the first code lives for a minute: {seconds} s");
    let device = soon("the phone links", world.bot.scan(&code)).await.unwrap();
    assert!(matches!(run.step().await, LinkStep::Wait { valid_until: None, .. }));
    let LinkStep::Done { label } = run.step().await else { panic!("not done") };
    assert!(label.starts_with(&format!("+{BOT}")), "{label}");
    assert!(run.ended().await.is_empty());
    // Done means that keys are there and that the network accepted a login with them.
    assert!(world.whatsapp.device((BOT, device)).unwrap().logins >= 1);
    assert_eq!(link.phone().unwrap().absent_max, Duration::from_secs(14 * 24 * 3600));
    assert_eq!(world.whatsapp.violations(), []);
    // Linked once is enough.
    let mut again = LinkRun::start(&link, LinkMethod::Qr);
    assert!(matches!(again.step().await, LinkStep::Failed { reason, .. } if reason.contains("linked already")));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_typed_on_the_phone_links_too() {
    let world = World::new().await;
    let link = world.link().await;
    let mut run = LinkRun::start(&link, LinkMethod::Code { phone: format!("+{BOT}") });
    let LinkStep::Show(Showing { shown: Shown::Text(code), .. }) = run.step().await else { panic!("no code") };
    assert_eq!(code.len(), 9, "four and four: {code}");
    soon("the phone links", world.bot.enter_code(&code.replace('-', ""))).await.unwrap();
    assert!(matches!(run.step().await, LinkStep::Wait { valid_until: None, .. }));
    assert!(matches!(run.step().await, LinkStep::Done { .. }));
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_follows_a_stop() {
    let world = World::new().await;
    let link = world.link().await;
    let mut run = LinkRun::start(&link, LinkMethod::Qr);
    assert!(run.step().await.qr().is_some());
    run.stop.cancel();
    assert_eq!(run.ended().await, []);
    // It can be started again at once.
    let mut again = LinkRun::start(&link, LinkMethod::Qr);
    assert!(matches!(again.step().await, LinkStep::Show(Showing { shown: Shown::Qr(_), number: 1, .. })));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_passkey_is_asked_for_with_guidance() {
    let world = World::with(Options { passkey: true, ..Options::default() }).await;
    let link = world.link().await;
    let mut run = LinkRun::start(&link, LinkMethod::Qr);
    let code = run.step().await.qr().expect("a code").to_owned();
    let bot = world.bot.clone();
    tokio::spawn(async move { bot.scan(&code).await });
    loop {
        match run.step().await {
            LinkStep::Wait { guidance, valid_until: Some(_) } => return assert!(guidance.contains("browser")),
            step if step.qr().is_some() => {}
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_network_that_is_away_fails_with_words() {
    let world = World::new().await;
    world.whatsapp.close_door(true);
    let link = world.link().await;
    let mut run = LinkRun::start(&link, LinkMethod::Qr);
    let step = tokio::time::timeout(Duration::from_secs(60), run.step()).await.unwrap();
    assert!(matches!(&step, LinkStep::Failed { reason, .. } if !reason.is_empty()), "{step:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn unlinking_tells_the_network_and_forgets_the_keys() {
    let mut stage = Stage::new().await;
    soon("unlinking", stage.link.pairing().unwrap().logout()).await.unwrap();
    assert!(matches!(stage.ended().await, Ended::LoggedOut { .. }));
    stage.world.whatsapp.until_unlinked(stage.address(), SOON).await.unwrap();
    assert_eq!(stage.world.vault.values(), 0);
    assert_eq!(stage.link.phone(), None);
    let ended = soon("the run ends", stage.link.run(stage.sink.clone(), CancellationToken::new())).await;
    assert_eq!(ended, Ended::NotLinked);
}

#[tokio::test(flavor = "multi_thread")]
async fn unlinking_works_without_a_connection() {
    let mut stage = Stage::new().await;
    assert_eq!(stage.stopped().await, Ended::Stopped);
    soon("unlinking", stage.link.pairing().unwrap().logout()).await.unwrap();
    stage.world.whatsapp.until_unlinked(stage.address(), SOON).await.unwrap();
    assert_eq!(stage.world.vault.values(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_stay_while_the_network_cannot_be_told() {
    let mut stage = Stage::new().await;
    assert_eq!(stage.stopped().await, Ended::Stopped);
    stage.world.whatsapp.close_door(true);
    let before = stage.world.vault.values();
    soon("unlinking fails", stage.link.pairing().unwrap().logout()).await.unwrap_err();
    assert!(stage.world.vault.values() >= before, "the keys are still there");
    stage.world.whatsapp.close_door(false);
    stage.connect().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_can_be_linked_again() {
    let mut stage = Stage::new().await;
    assert!(stage.world.whatsapp.unlink(stage.address()));
    assert!(matches!(stage.ended().await, Ended::LoggedOut { .. }));
    stage.device = stage.world.pair(&stage.link).await;
    stage.connect().await;
    let message = stage.world.ana.say(&To::pn(BOT), "again").await.unwrap();
    assert_eq!(stage.heard(&message).await.sender.addresses[0].to_string(), format!("+{ANA}"));
    assert_eq!(stage.world.whatsapp.violations(), []);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_warning_must_be_accepted_first() {
    let world = World::new().await;
    assert!(world.channel.linking().unwrap().warning.contains("ban"));
    assert_eq!(world.channel.identities(), []);
}

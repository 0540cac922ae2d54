//! What takes minutes: run with `--run-ignored all`.
#![cfg(feature = "simulator")]
#![allow(clippy::unwrap_used, reason = "helpers of tests stand outside the test functions")]

mod common;

use common::{BOT, LinkRun, Stage, World, config, parts, row, soon};
use greenroom_channel_whatsapp_web::WebChannel;
use greenroom_conformance::messages::id;
use greenroom_conformance::sink::FakeSink;
use greenroom_contract::channel::{Channel, Ended, Link};
use greenroom_contract::event::Sign;
use greenroom_contract::linking::LinkMethod;
use greenroom_contract::store::AccountVault;
use greenroom_simulator_whatsapp_web::Options;
use greenroom_simulator_whatsapp_web::people::Address as To;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio_util::sync::CancellationToken;

#[tokio::test(flavor = "multi_thread")]
#[ignore = "takes two minutes"]
async fn idle_is_not_dead_and_dead_is_noticed_within_a_minute() {
    let mut stage = Stage::new().await;
    tokio::time::sleep(Duration::from_secs(75)).await;
    let message = stage.world.ana.say(&To::pn(BOT), "still there?").await.unwrap();
    let inbound = stage.heard(&message).await;
    stage.says(&inbound, "yes").await;
    assert!(stage.world.whatsapp.freeze(stage.address(), true));
    let dead = Instant::now();
    let ended = tokio::time::timeout(Duration::from_secs(80), stage.ended_in_time()).await.unwrap();
    assert!(matches!(&ended, Ended::Dropped { .. }), "{ended:?}");
    println!("a dead connection was noticed after {:?}: {ended:?}", dead.elapsed());
    assert!(dead.elapsed() < Duration::from_secs(66));
}

fn resident_kilobytes() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

/// Links and connects one more account of its own.
async fn one_more(world: &World, channel: &Arc<WebChannel>, number: &str) -> Arc<dyn Link> {
    let phone = world.whatsapp.phone(number, "Bot").await.unwrap();
    let row = greenroom_contract::store::AccountRow { id: id(format_args!("account-{number}")), ..row() };
    let link = channel.connect(&row, AccountVault::new(row.id.clone(), world.vault.clone())).await.unwrap();
    let mut run = LinkRun::start(&link, LinkMethod::Qr);
    let code = run.step().await.qr().expect("a code").to_owned();
    soon("the phone links", phone.scan(&code)).await.unwrap();
    while !run.step().await.is_last() {}
    run.ended().await;
    let sink = FakeSink::new();
    let (running, taker) = (link.clone(), sink.clone());
    tokio::spawn(async move { running.run(taker, CancellationToken::new()).await });
    let connected = async {
        while !sink.signs().contains(&Sign::Connected) {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    soon("the connection", connected).await;
    link
}

/// What every connection leaves behind would add up: a link may flap for days.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "a measurement"]
async fn connections_leave_nothing_behind() {
    // The simulator must not note more and more.
    let options = Options { traffic_max: 100, ..Options::default() };
    let mut stage = Stage::of(World::with(options).await).await;
    let mut after_warming = 0;
    for round in 0..300 {
        if round == 100 {
            after_warming = resident_kilobytes();
        }
        assert!(stage.world.whatsapp.cut(stage.address()));
        assert!(matches!(stage.ended().await, Ended::Dropped { .. }));
        stage.connect().await;
    }
    let each = resident_kilobytes().saturating_sub(after_warming) * 1024 / 200;
    println!("{each} bytes for each connection");
    assert!(each <= 16 * 1024, "{each} bytes");
}

/// Phones and the server's side are in this process too, so this is more than an account takes.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "a measurement"]
async fn memory_of_an_idle_account() {
    let world = World::new().await;
    let channel = Arc::new(WebChannel::new(config(&world.whatsapp), &parts()).unwrap());
    let mut links = Vec::new();
    for number in 0..5 {
        links.push(one_more(&world, &channel, &format!("1555100{number:04}")).await);
    }
    let before = resident_kilobytes();
    for number in 5..25 {
        links.push(one_more(&world, &channel, &format!("1555100{number:04}")).await);
    }
    let each = (resident_kilobytes() - before) / 20;
    println!("{each} KB for each further account, its phone and its part of the server included");
    assert!(each <= 4 * 1024, "{each} KB");
}

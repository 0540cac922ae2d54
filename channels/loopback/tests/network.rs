//! What the loopback network promises beyond the rules for every adapter.

use greenroom_channel_loopback::{LoopbackNetwork, NotAcknowledged, Options, loopback, said};
use greenroom_conformance::messages::{START, id};
use greenroom_conformance::sink::FakeSink;
use greenroom_conformance::vault::MemoryVault;
use greenroom_contract::channel::{Channel, Ended, Link};
use greenroom_contract::ids::{ChannelName, OwnerId};
use greenroom_contract::message::Body;
use greenroom_contract::store::{AccountRow, AccountState, AccountVault};
use std::sync::Arc;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

const ANA: &str = "+15550000001";

async fn link(channel: &Arc<dyn Channel>, key: &str) -> Arc<dyn Link> {
    let row = AccountRow {
        id: id(format_args!("account-{key}")),
        channel: id::<ChannelName>("loopback"),
        owner: OwnerId::local(),
        adapter: None,
        configured_key: Some(key.to_owned()),
        label: None,
        state: AccountState::Linked,
        created_at: START,
        changed_at: START,
        linked_at: None,
    };
    let vault = AccountVault::new(row.id.clone(), MemoryVault::new());
    channel.connect(&row, vault).await.expect("the account exists")
}

async fn run(channel: &Arc<dyn Channel>, key: &str, sink: &Arc<FakeSink>) -> JoinHandle<Ended> {
    let (link, sink) = (link(channel, key).await, sink.clone());
    tokio::spawn(async move { link.run(sink, CancellationToken::new()).await })
}

fn texts(sink: &FakeSink) -> Vec<String> {
    let text = |body| if let Body::Text(text) = body { text } else { String::new() };
    sink.messages().into_iter().map(|message| text(message.body)).collect()
}

#[tokio::test(start_paused = true)]
async fn what_is_said_while_nobody_listens_waits() {
    let (channel, network) = loopback(Options::default());
    let waiting = network.deliver("main", said::text(ANA, "one")).await;
    assert_eq!(network.queued("main"), 1);
    let sink = FakeSink::new();
    let _run = run(&channel, "main", &sink).await;
    waiting.acknowledged().await.unwrap();
    assert_eq!(texts(&sink), ["one"]);
    assert_eq!(network.queued("main"), 0);
}

#[tokio::test(start_paused = true)]
async fn what_is_cut_while_it_is_emitted_comes_again() {
    let (channel, network) = loopback(Options::default());
    let sink = FakeSink::new();
    sink.hold();
    let first = run(&channel, "main", &sink).await;
    let delivery = network.deliver("main", said::text(ANA, "one")).await;
    sink.emits_begun(1).await;
    network.cut("main", Ended::Dropped { reason: "the wire broke".to_owned() });
    assert!(matches!(first.await.unwrap(), Ended::Dropped { .. }));
    assert_eq!(network.queued("main"), 1);
    sink.let_go();
    let _second = run(&channel, "main", &sink).await;
    delivery.acknowledged().await.unwrap();
    assert_eq!(texts(&sink), ["one"]);
}

#[tokio::test(start_paused = true)]
async fn a_refused_batch_comes_again_by_itself_or_fails_as_configured() {
    for redeliver in [true, false] {
        let mut options = Options::default();
        options.redeliver_after = options.redeliver_after.filter(|_| redeliver);
        let (channel, network) = loopback(options);
        let sink = FakeSink::new();
        sink.fail_next(1);
        let _run = run(&channel, "main", &sink).await;
        let outcome = network.deliver("main", said::text(ANA, "one")).await.acknowledged().await;
        if redeliver {
            assert_eq!(outcome, Ok(()));
            assert_eq!(sink.emits(), 2);
        } else {
            assert!(matches!(outcome, Err(NotAcknowledged::Refused { .. })), "{outcome:?}");
            assert_eq!(network.queued("main"), 0);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_full_queue_makes_the_people_wait() {
    let (channel, network) = loopback(Options { queued_max: 2, ..Options::default() });
    let sink = FakeSink::new();
    sink.hold();
    let _run = run(&channel, "main", &sink).await;
    for words in ["one", "two"] {
        network.deliver("main", said::text(ANA, words)).await;
    }
    let other = network.clone();
    let third = tokio::spawn(async move { other.deliver("main", said::text(ANA, "three")).await });
    tokio::task::yield_now().await;
    assert!(!third.is_finished());
    sink.let_go();
    third.await.unwrap().acknowledged().await.unwrap();
    assert_eq!(texts(&sink), ["one", "two", "three"]);
}

#[tokio::test(start_paused = true)]
async fn lanes_keep_the_order_of_each_chat() {
    let (channel, network) = loopback(Options { lanes: 8, batch_max: 3, ..Options::default() });
    let sink = FakeSink::new();
    let _run = run(&channel, "main", &sink).await;
    let mut last = Vec::new();
    for number in 0..200 {
        let who = format!("+155500001{:02}", number % 20);
        last.push(network.deliver("main", said::text(&who, format!("{number}"))).await);
    }
    for delivery in last {
        delivery.acknowledged().await.unwrap();
    }
    for chat in 0..20 {
        let who = format!("+155500001{chat:02}");
        let of_chat = sink.messages().into_iter().filter(|message| message.key.chat.as_str() == who);
        let ids: Vec<u64> =
            of_chat.map(|message| message.key.message.as_str()["in-".len()..].parse().unwrap()).collect();
        assert_eq!(ids.len(), 10);
        assert!(ids.is_sorted(), "{ids:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn accounts_do_not_hear_each_other() {
    let accounts = vec!["one".to_owned(), "two".to_owned()];
    let (channel, network) = loopback(Options { accounts, ..Options::default() });
    assert_eq!(channel.identities().len(), 2);
    let (first, second) = (FakeSink::new(), FakeSink::new());
    let _one = run(&channel, "one", &first).await;
    let _two = run(&channel, "two", &second).await;
    network.deliver("one", said::text(ANA, "hi")).await.acknowledged().await.unwrap();
    assert_eq!(first.messages()[0].key.account, id("account-one"));
    assert_eq!(texts(&second), Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn a_finished_network_ends_after_the_last_message() {
    let (channel, network) = loopback(Options::default());
    let sink = FakeSink::new();
    network.deliver("main", said::text(ANA, "last words")).await;
    network.finish("main");
    assert_eq!(run(&channel, "main", &sink).await.await.unwrap(), Ended::Finished);
    assert_eq!(texts(&sink), ["last words"]);
}

#[tokio::test(start_paused = true)]
async fn a_broken_promise_is_told() {
    let (channel, network) = loopback(Options::default());
    let sink = FakeSink::new();
    let _one = run(&channel, "main", &sink).await;
    network.connected("main").await;
    let _two = run(&channel, "main", &sink).await;
    wait_for_a_broken_promise(&network).await;
    assert!(network.broken_promises()[0].contains("twice at the same time"));
}

async fn wait_for_a_broken_promise(network: &LoopbackNetwork) {
    while network.broken_promises().is_empty() {
        tokio::task::yield_now().await;
    }
}

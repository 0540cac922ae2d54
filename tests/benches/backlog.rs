//! A start with a hundred thousand messages waiting.

use crate::setup::{front, name, open, person, row, runtime, start_on};
use greenroom_channel_loopback::{Options, said};
use greenroom_contract::ids::{AccountId, MessageId, OwnerId};
use greenroom_contract::message::Inbound;
use greenroom_contract::store::{Admission, Arrival, Maintenance, MessageArrival, Scope, Store};
use greenroom_contract::time::Clock;
use greenroom_store::EngineKind;
use std::collections::HashMap;
use std::time::{Duration, Instant};

const WAITING: u64 = 100_000;
const CHATS: u64 = 1_000;

pub(crate) fn start(engine: EngineKind) {
    let folder = tempfile::tempdir().expect("a folder");
    let label = name(engine);
    runtime().block_on(async {
        let store = open(folder.path(), engine);
        fill(&*store).await;
        store.close().await.expect("the store closes");
        drop(store);

        let opening = Instant::now();
        let store = open(folder.path(), engine);
        let opened = opening.elapsed();
        let starting = Instant::now();
        let options = Options { sent_recorded_max: 200_000, ..Options::default() };
        let bot = start_on(store, Duration::from_secs(600), options).await;
        let newcomer = person(999_999_999);
        bot.network.deliver("main", said::text(&newcomer, "are you there?")).await;
        bot.network.sent_to_reached(&newcomer, 1).await;
        let served = starting.elapsed();
        bot.network.sent_count_reached(WAITING + 1).await;
        let drained = starting.elapsed();
        let order = if in_order(&bot.network.sent()) { "in order" } else { "OUT OF ORDER" };
        row("open with 100,000 waiting", &label, &format!("{opened:.2?}"));
        row("start to the answer of a new message", &label, &format!("{served:.2?}"));
        let rate = WAITING as f64 / drained.as_secs_f64();
        row("backlog drained", &label, &format!("{drained:.2?} = {rate:.0} /s, {order}"));
        bot.handle.drain(Duration::from_secs(10)).await;
    });
}

async fn fill(store: &dyn Store) {
    let clock = Clock::System;
    let account = store.configured_account(&front(), "main", "main", clock.now()).await.expect("an account");
    let mut batch = Vec::new();
    for number in 0..WAITING {
        batch.push(arrival(&account.id, number, clock));
        if batch.len() == 500 {
            store.accept(std::mem::take(&mut batch)).await.expect("the store takes it");
        }
    }
}

fn arrival(account: &AccountId, number: u64, clock: Clock) -> Arrival {
    let said = said::text(&person(number % CHATS), format!("{}", number / CHATS));
    let mut inbound: Inbound = said.inbound().clone();
    inbound.key.account = account.clone();
    inbound.key.message = MessageId::new(format!("waiting-{number}")).expect("a valid id");
    inbound.sent_at = clock.now();
    Arrival::Message(std::sync::Arc::new(MessageArrival {
        inbound,
        scope: Scope { channel: front(), owner: OwnerId::local() },
        admission: Admission::Admitted { by: "*".to_owned() },
        received_at: clock.now(),
    }))
}

/// Whether every chat was answered in the order in which it was written.
fn in_order(sent: &[greenroom_channel_loopback::SentMessage]) -> bool {
    let mut last: HashMap<String, i64> = HashMap::new();
    sent.iter().filter(|message| message.words() != "are you there?").all(|message| {
        let number: i64 = message.words().parse().unwrap_or(-1);
        let before = last.insert(message.chat.to_string(), number).unwrap_or(-1);
        number == before + 1
    })
}

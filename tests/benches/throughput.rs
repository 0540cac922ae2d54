//! Messages per second, end to end: accepted durably, answered, settled durably, sent.

use crate::setup::{Bot, name, open, person, row, runtime, start};
use greenroom_channel_loopback::said;
use greenroom_contract::ids::AccountId;
use greenroom_contract::store::{Vault, VaultWrite};
use greenroom_store::EngineKind;
use std::sync::Arc;
use std::time::{Duration, Instant};

const CALLERS: usize = 256;
const CHATS: u64 = 1_000;
const MESSAGES: u64 = 60_000;

/// The store's own rate, then the bot's, and how many keys a message costs.
pub(crate) fn messages(engine: EngineKind) {
    let folder = tempfile::tempdir().expect("a folder");
    runtime().block_on(async {
        let store = open(folder.path(), engine);
        let puts = puts_per_second(Arc::clone(&store)).await;
        let bot = start(store.clone(), Duration::from_secs(600)).await;

        run(&bot, CHATS, CHATS * 10).await;
        let writes_before = store.counters().key_writes;
        let rate = run(&bot, CHATS, MESSAGES).await;
        let writes = store.counters().key_writes - writes_before;
        row("single durable puts, 256 callers", &name(engine), &format!("{puts:.0} /s"));
        row(
            "messages, 1,000 chats",
            &name(engine),
            &format!("{rate:.0} /s = {:.0} % of the puts", 100.0 * rate / puts),
        );
        row("key writes per message", &name(engine), &format!("{:.2}", writes as f64 / MESSAGES as f64));
        bot.handle.drain(Duration::from_secs(10)).await;
    });
}

/// The same with a hundred times as many known chats.
pub(crate) fn growth(engine: EngineKind) {
    let folder = tempfile::tempdir().expect("a folder");
    runtime().block_on(async {
        let store = open(folder.path(), engine);
        let bot = start(store.clone(), Duration::from_secs(600)).await;

        run(&bot, CHATS, CHATS * 10).await;
        let few = run(&bot, CHATS, MESSAGES).await;
        run(&bot, CHATS * 100, CHATS * 100).await;
        let again = run(&bot, CHATS, MESSAGES).await;
        let many = run(&bot, CHATS * 100, MESSAGES).await;
        row("messages, 1,000 known chats", &name(engine), &format!("{few:.0} /s"));
        row(
            "messages in 1,000 chats, 100,000 known",
            &name(engine),
            &format!("{again:.0} /s = {:.0} %", 100.0 * again / few),
        );
        row("messages in 100,000 chats", &name(engine), &format!("{many:.0} /s = {:.0} %", 100.0 * many / few));
        bot.handle.drain(Duration::from_secs(10)).await;
    });
}

/// Lets people write `messages` messages, evenly over `chats` chats, and waits for all answers.
pub(crate) async fn run(bot: &Bot, chats: u64, messages: u64) -> f64 {
    let expected = bot.network.sent_count() + messages;
    let started = Instant::now();
    for number in 0..messages {
        // A prime step visits the chats in a scattered order.
        let chat = (number * 7_919) % chats;
        bot.network.deliver("main", said::text(&person(chat), "hello there")).await;
        if number % 2_000 == 1_999 {
            // People do not write faster than this bot answers by more than some thousand messages.
            bot.network.sent_count_reached((expected - messages + number).saturating_sub(4_000)).await;
        }
    }
    bot.network.sent_count_reached(expected).await;
    messages as f64 / started.elapsed().as_secs_f64()
}

async fn puts_per_second(store: Arc<impl Vault + 'static>) -> f64 {
    let until = Instant::now() + Duration::from_secs(4);
    let mut callers = Vec::new();
    for caller in 0..CALLERS as u64 {
        let store = Arc::clone(&store);
        callers.push(tokio::spawn(async move {
            let account = AccountId::new("bench").expect("a valid id");
            let mut puts = 0_u64;
            while Instant::now() < until {
                let key = (puts * 7_919 + caller).to_be_bytes().to_vec().into();
                let write = VaultWrite::Put { key, value: vec![7; 200].into() };
                store.vault_write(&account, vec![write]).await.expect("the store takes it");
                puts += 1;
            }
            puts
        }));
    }
    let mut puts = 0;
    for caller in callers {
        puts += caller.await.expect("a caller does not panic");
    }
    puts as f64 / 4.0
}

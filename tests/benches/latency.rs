//! What the runtime adds to one message in an idle system.

use crate::setup::{median, name, open, person, row, runtime, start};
use greenroom_channel_loopback::said;
use greenroom_contract::ids::AccountId;
use greenroom_contract::store::{Vault, VaultWrite};
use greenroom_store::EngineKind;
use std::time::{Duration, Instant};

const MESSAGES: u64 = 300;

pub(crate) fn idle(engine: EngineKind) {
    let folder = tempfile::tempdir().expect("a folder");
    runtime().block_on(async {
        let store = open(folder.path(), engine);
        let mut commits = Vec::new();
        let account = AccountId::new("bench").expect("a valid id");
        for number in 0..MESSAGES {
            let started = Instant::now();
            let write = VaultWrite::Put { key: number.to_be_bytes().to_vec().into(), value: vec![7; 200].into() };
            store.vault_write(&account, vec![write]).await.expect("the store takes it");
            commits.push(started.elapsed());
        }
        let bot = start(store.clone(), Duration::from_secs(600)).await;

        let mut answers = Vec::new();
        for number in 0..MESSAGES {
            let started = Instant::now();
            bot.network.deliver("main", said::text(&person(1), "hello")).await;
            bot.network.sent_count_reached(number + 1).await;
            answers.push(started.elapsed());
            bot.handle.settled().await;
        }
        let (commit, answer) = (median(commits), median(answers));
        let allowed = 2 * commit + Duration::from_millis(1);
        row("one durable commit, median", &name(engine), &format!("{commit:.2?}"));
        row("message to answer, one chat, median", &name(engine), &format!("{answer:.2?} (allowed {allowed:.2?})"));
        bot.handle.drain(Duration::from_secs(10)).await;
    });
}

//! What a message costs the store: how many reads, and how many writes that somebody waits for.
//!
//! Each awaited write is a turn on the disk, so one more of them for each message would be felt by everybody. The
//! figures hold for the pinned version of the library; another one may need others, but not without being noticed.

#![allow(clippy::unwrap_used, reason = "a test's helpers")]

mod common;

use async_trait::async_trait;
use bytes::Bytes;
use common::{BOT, World, outbound, row, soon};
use greenroom_conformance::run;
use greenroom_conformance::sink::FakeSink;
use greenroom_conformance::vault::MemoryVault;
use greenroom_contract::channel::{Channel, Link};
use greenroom_contract::event::Sign;
use greenroom_contract::ids::AccountId;
use greenroom_contract::outbound::OutboundBody;
use greenroom_contract::store::{AccountVault, StoreError, Vault, VaultWrite};
use greenroom_simulator_whatsapp_web::Phone;
use greenroom_simulator_whatsapp_web::people::{Address, Draft};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use tokio_util::sync::CancellationToken;

/// Messages that are measured.
const MESSAGES: usize = 40;
/// What a keep-alive or a retry in between may cost, all in all.
const FEW: usize = 6;

/// Counts what is asked of a vault, by kind and by the first bytes of the key.
struct CountingVault {
    vault: Arc<MemoryVault>,
    counts: Mutex<BTreeMap<(&'static str, String), usize>>,
}

impl CountingVault {
    fn new() -> Arc<Self> {
        Arc::new(Self { vault: MemoryVault::new(), counts: Mutex::default() })
    }

    fn count(&self, what: &'static str, keys: impl IntoIterator<Item = Bytes>) {
        let mut counts = self.counts.lock().unwrap();
        for key in keys {
            let table = key.get(..6).unwrap_or(&key).escape_ascii().to_string();
            *counts.entry((what, table)).or_default() += 1;
        }
    }

    /// How often something was done, with rows of all tables or of one.
    fn of(&self, what: &str, table: &str) -> usize {
        let counts = self.counts.lock().unwrap();
        counts.iter().filter(|((of, in_table), _)| *of == what && in_table.starts_with(table)).map(|(_, n)| n).sum()
    }

    fn forget(&self) {
        self.counts.lock().unwrap().clear();
    }

    fn told(&self) -> String {
        let counts = self.counts.lock().unwrap();
        let line = |((what, table), count): (&(&str, String), &usize)| format!("{what:>10} {table:<6} {count}\n");
        counts.iter().map(line).collect()
    }
}

fn keys(writes: &[VaultWrite]) -> Vec<Bytes> {
    let key = |write: &VaultWrite| match write {
        VaultWrite::Put { key, .. } | VaultWrite::Delete { key } => key.clone(),
    };
    writes.iter().map(key).collect()
}

#[async_trait]
impl Vault for CountingVault {
    async fn vault_get(&self, account: &AccountId, key: &[u8]) -> Result<Option<Bytes>, StoreError> {
        self.count("read", [Bytes::copy_from_slice(key)]);
        self.vault.vault_get(account, key).await
    }

    async fn vault_scan(
        &self,
        account: &AccountId,
        prefix: &[u8],
        after: Option<&[u8]>,
        rows_max: usize,
    ) -> Result<Vec<(Bytes, Bytes)>, StoreError> {
        self.count("scan", [Bytes::copy_from_slice(prefix)]);
        self.vault.vault_scan(account, prefix, after, rows_max).await
    }

    async fn vault_write(&self, account: &AccountId, writes: Vec<VaultWrite>) -> Result<(), StoreError> {
        self.count("commit", keys(&writes).into_iter().take(1));
        self.count("row", keys(&writes));
        self.vault.vault_write(account, writes).await
    }

    fn vault_submit(&self, account: &AccountId, writes: Vec<VaultWrite>) {
        self.count("submit", keys(&writes));
        self.vault.vault_submit(account, writes);
    }

    async fn vault_clear(&self, account: &AccountId) -> Result<(), StoreError> {
        self.vault.vault_clear(account).await
    }
}

/// Writes and is answered.
async fn talk(from: &Phone, link: &Arc<dyn Link>, sink: &Arc<FakeSink>, times: usize) {
    for number in 0..times {
        let words = format!("number {number}");
        let before = sink.messages().len();
        from.send(&Address::pn(BOT), Draft::text(words.as_str())).await.unwrap();
        soon("the message arrives", sink.until(|_| sink.messages().len() > before)).await;
        let message = sink.messages().pop().unwrap();
        link.send(&outbound(&message, OutboundBody::Text(words.clone()))).await.unwrap();
        soon("the answer arrives", async {
            from.until_heard(|heard| !heard.own && heard.text() == Some(words.as_str()), common::SOON).await
        })
        .await
        .unwrap();
        from.forget();
    }
}

#[test]
fn a_message_and_its_answer_cost_few_turns_on_the_disk() {
    run(async {
        let world = World::new().await;
        let vault = CountingVault::new();
        let link = world.channel.connect(&row(), AccountVault::new(row().id, vault.clone())).await.unwrap();
        let device = world.pair(&link).await;
        let (sink, stop) = (FakeSink::new(), CancellationToken::new());
        let running = {
            let (link, sink, stop) = (link.clone(), sink.clone(), stop.clone());
            tokio::spawn(async move { link.run(sink, stop).await })
        };
        let connected = async {
            while !sink.signs().contains(&Sign::Connected) {
                tokio::time::sleep(std::time::Duration::from_millis(5)).await;
            }
        };
        soon("the connection", connected).await;
        // The first messages make sessions and ask for devices.
        talk(&world.ana, &link, &sink, 3).await;
        // One-time keys are made once, some time after the first login.
        world.whatsapp.until_device((BOT, device), common::SOON, |one| one.prekeys > 100).await.unwrap();
        vault.forget();
        talk(&world.ana, &link, &sink, MESSAGES).await;
        let told = vault.told();
        // One commit before what leaves for the message, and one before the answer; with many people at once one for
        // all whose frames leave together.
        assert!(vault.of("commit", "") <= 3 * MESSAGES + FEW, "{told}");
        assert!(vault.of("commit", "") >= MESSAGES, "keys are stored before anything leaves: {told}");
        assert!(vault.of("row", "") <= 5 * MESSAGES + FEW, "{told}");
        assert!(vault.of("submit", "") <= 4 * MESSAGES + FEW, "{told}");
        assert!(vault.of("read", "") <= 2 * MESSAGES + FEW, "{told}");
        assert!(vault.of("scan", "") <= FEW, "{told}");
        stop.cancel();
        soon("the end", running).await.unwrap();
    });
}

//! Strangers leave nothing in the data folder but deduplication keys and traces.

use super::{ANA, Setup, quick};
use crate::support::canary::{occurrences, rows_with};
use greenroom_conformance::messages::id;
use greenroom_contract::address::{Address, AllowEntry};
use greenroom_contract::ids::OwnerId;
use greenroom_contract::store::Scope;
use greenroom_simulator_whatsapp_cloud::Simulator;
use tempfile::TempDir;

/// What a stranger writes, and what they call themselves.
const WORDS: &str = "canary-words-7781";
const NAME: &str = "Canary Name 7781";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn strangers_leave_nothing_but_deduplication_keys_and_traces() {
    let meta = Simulator::start_with(quick()).await;
    let folder = TempDir::new().expect("a temporary folder");
    let data = folder.path().join("data");
    let mut setup = Setup::new(&meta, &data);
    setup.policy.allow_from = vec![id::<AllowEntry>(ANA)];
    let bot = setup.start().await;
    meta.connect(&bot.url).await.expect("the handshake");
    let known = meta.person("+12025557781").named(NAME);
    let hidden = meta.username_person("canary7781").named(NAME);
    let group = meta.group("a-group", &[&known, &hidden]);
    for stranger in [&known, &hidden] {
        for draft in [
            stranger.says(WORDS),
            stranger.says(WORDS).in_group(&group),
            stranger.shows("image/png", b"canary-bytes-7781".as_slice(), Some(WORDS)),
            stranger.sends_unsupported(),
        ] {
            let message = draft.await;
            bot.until_why(&message, "not answered").await;
        }
    }
    known.changes_number("+12025557782").await;
    let moved = meta.person("+12025557782").says(WORDS).await;
    bot.until_why(&moved, "not answered").await;
    meta.person(ANA).says("hello").await;
    assert_eq!(meta.person(ANA).received().await.text(), "hello");
    bot.settled().await;
    let scope = Scope { channel: id("whatsapp"), owner: OwnerId::local() };
    let addresses = [
        "+12025557781".to_owned(),
        "+12025557782".to_owned(),
        format!("bsuid:{}", hidden.bsuid()),
        "@canary7781".to_owned(),
    ];
    for address in addresses {
        let person = bot.running.handle().store().person_by_address(&scope, &id::<Address>(&address)).await;
        assert_eq!(person, Ok(None), "{address}");
    }
    bot.running.drain().await;
    for secret in [WORDS, NAME, "canary-bytes-7781"] {
        assert_eq!(occurrences(&data, secret), 0, "{secret}");
    }
    let bsuid = hidden.bsuid();
    for canary in ["12025557781", "12025557782", bsuid.as_str(), "canary7781"] {
        let rows = rows_with(&data, canary);
        assert!(rows.keys().all(|kind| *kind == 'f'), "{canary}: {rows:?}");
    }
    assert!(rows_with(&data, "12025557781").contains_key(&'f'), "the trace says who it was");
    assert!(occurrences(&data, "hello") > 0, "what is admitted is there, so the search does find");
}

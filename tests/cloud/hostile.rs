//! What is not Meta's, or cannot be read, is refused and leaves nothing behind; what cannot be stored
//! is asked for again.

use super::{ANA, PATIENCE, Setup, pair, quick};
use crate::support::rng::Rng;
use futures::StreamExt;
use greenroom_conformance::faulty_store::FaultyStore;
use greenroom_contract::limits;
use greenroom_simulator_whatsapp_cloud::{Settings, Simulator, Statuses, signature};
use greenroom_store::OpenOptions;
use std::sync::Arc;
use tempfile::TempDir;

const POSTS: u64 = 10_000;

/// A bot on a store that can be told to fail, and that counts what it is given.
async fn with_faulty_store(meta: &Simulator, folder: &TempDir) -> (super::Bot, Arc<FaultyStore>) {
    let options = OpenOptions::at(folder.path().join("data"));
    let store = FaultyStore::new(greenroom_store::open(options).expect("a new store opens"));
    let bot = Setup { store: Some(store.clone()), ..Setup::new(meta, folder.path()) }.start().await;
    meta.connect(&bot.url).await.expect("the handshake");
    (bot, store)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_thousand_posts_with_a_wrong_or_missing_signature_store_nothing() {
    let meta = Simulator::start_with(Settings { statuses: Statuses::None, ..quick() }).await;
    let folder = TempDir::new().expect("a temporary folder");
    let (bot, store) = with_faulty_store(&meta, &folder).await;
    let (_, body) = meta.person(ANA).says("let me in").into_body();
    let right = signature(&meta.settings().app_secret, &body);
    let others = signature("another secret", &body);
    let forged = [
        None,
        Some(others.clone()),
        Some(right.replace("sha256=", "")),
        Some(right.replace("sha256=", "sha1=")),
        Some(right[..right.len() - 1].to_owned()),
        Some(format!("{right}0")),
        Some("sha256=".to_owned()),
        Some(String::new()),
    ];
    let client = reqwest::Client::new();
    let answers = futures::stream::iter(0..POSTS)
        .map(|number| {
            let request = client.post(&bot.url).body(body.clone());
            let request = match &forged[(number % forged.len() as u64) as usize] {
                Some(signature) => request.header("x-hub-signature-256", signature),
                None => request,
            };
            async move { request.send().await.expect("the gateway answers").status().as_u16() }
        })
        .buffer_unordered(32);
    let wrong: Vec<u16> = answers.filter(|status| std::future::ready(*status != 401)).collect().await;
    assert_eq!(wrong, Vec::<u16>::new());
    assert_eq!(store.accepts(), 0, "nothing reached the store");

    meta.person(ANA).says("it is really me").await;
    assert_eq!(meta.person(ANA).received().await.text(), "it is really me");
    assert_eq!(store.accepts(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_read_is_refused_and_the_bot_goes_on() {
    let (meta, bot, _folder) = pair(quick()).await;
    let client = reqwest::Client::new();
    let giant = vec![b' '; limits::REQUEST_BYTES_MAX + 1];
    let deep = [vec![b'['; 200_000], vec![b']'; 200_000]].concat();
    let deep_inside =
        format!("{{\"object\":\"whatsapp_business_account\",\"entry\":{}{}}}", "[".repeat(5_000), "]".repeat(5_000));
    let bodies: Vec<(&str, Vec<u8>)> = vec![
        ("nothing", Vec::new()),
        ("no JSON", b"hello".to_vec()),
        ("half of a JSON", b"{\"object\":\"whatsapp_business_account\",\"entry\":[{".to_vec()),
        ("a number", b"7".to_vec()),
        ("wrong types", b"{\"object\":1,\"entry\":\"x\"}".to_vec()),
        ("invalid UTF-8", b"{\"object\":\"whatsapp\xff\xfe_business_account\",\"entry\":[]}".to_vec()),
        ("deep", deep),
        ("giant", giant),
    ];
    for (what, body) in bodies {
        let status = bot.post(&meta, &client, body).await;
        assert!((400..500).contains(&status), "{what}: {status}");
    }
    // What is Meta's is taken even if nothing in it can be read: asking for it again would bring the same.
    for body in [deep_inside.into_bytes(), b"{\"object\":\"whatsapp_business_account\",\"entry\":7}".to_vec()] {
        assert_eq!(bot.post(&meta, &client, body).await, 200);
    }
    meta.person(ANA).says("still there?").await;
    assert_eq!(meta.person(ANA).received().await.text(), "still there?");
}

/// Real posts with bytes changed, cut and doubled: read or refused, never a crash, and the bot goes on.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn damaged_posts_never_bring_the_gateway_down() {
    let (meta, bot, _folder) = pair(quick()).await;
    let seed = Rng::seed();
    println!("GREENROOM_SEED={seed}");
    let mut rng = Rng::new(seed);
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/channels/whatsapp-cloud/tests/golden");
    let mut corpus = Vec::new();
    for entry in std::fs::read_dir(folder).expect("the recorded posts are there") {
        let path = entry.expect("readable").path();
        if path.extension().is_some_and(|extension| extension == "json") {
            corpus.push(std::fs::read(path).expect("readable"));
        }
    }
    corpus.sort();
    let client = reqwest::Client::new();
    for _ in 0..crate::support::number("GREENROOM_DAMAGED_POSTS", 1_500) {
        let mut body = rng.pick(&corpus).clone();
        for _ in 0..=rng.below(4) {
            let at = rng.below(body.len() as u64) as usize;
            match rng.below(4) {
                0 => body[at] = rng.next() as u8,
                1 => body.truncate(at.max(1)),
                2 => body.insert(at, *rng.pick(b"{}[]\",:0-\\\x00\xff")),
                _ => {
                    let piece = body[at..(at + 40).min(body.len())].to_vec();
                    body.splice(at..at, piece);
                }
            }
        }
        let shown = String::from_utf8_lossy(&body).into_owned();
        let status = bot.post(&meta, &client, body).await;
        assert!(status == 200 || (400..500).contains(&status), "seed {seed}: {status} for {shown}");
    }
    assert_eq!(bot.running.handle().health().await.restarts, 0, "seed {seed}");
    meta.person(ANA).says("still there?").await;
    assert_eq!(meta.person(ANA).received().await.text(), "still there?");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_stored_is_asked_for_again_and_answered() {
    let meta = Simulator::start_with(Settings { statuses: Statuses::None, ..quick() }).await;
    let folder = TempDir::new().expect("a temporary folder");
    let (bot, store) = with_faulty_store(&meta, &folder).await;
    store.fail_accepts(2);
    store.set_full(true);
    let client = reqwest::Client::new();
    let (_, body) = meta.person("+15550009999").says("to a full inbox").into_body();
    assert_eq!(bot.post(&meta, &client, body.to_vec()).await, 503);
    store.set_full(false);

    let ana = meta.person(ANA);
    ana.says("please").await;
    assert_eq!(meta.counters().rejected, 2, "{:?}", meta.counters());
    assert_eq!(ana.received_within(PATIENCE).await.map(|message| message.text().to_owned()), Some("please".to_owned()));
    bot.settled().await;
    assert_eq!(ana.received_total(), 1);
}

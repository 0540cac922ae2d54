//! A store of the version before quotes, choices and documents, as it lay in its folder when its process was killed: opened
//! by this one, and what waits in it is answered.
//!
//! `runtime/store/tests/fixtures/v2/ENGINE` holds two talks with history, one row of each kind of body that there was, one
//! parcel of each kind, a wake-up, states, settings, and a row in quarantine. It is never written again.

use crate::support::setup::{ANA, BEN, Bot, Setup};
use greenroom_conformance::assistants::{self, Fake};
use greenroom_contract::assistant::{Quoted, Turn};
use greenroom_contract::outbound::OutboundBody;
use greenroom_store::{EngineKind, OpenOptions};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tempfile::TempDir;

const ENGINES: [EngineKind; 2] = [EngineKind::Sled, EngineKind::Fjall];

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("a temporary folder");
    for entry in std::fs::read_dir(from).expect("a fixture") {
        let from = entry.expect("a fixture").path();
        let to = to.join(from.file_name().expect("a name"));
        if from.is_dir() {
            copy(&from, &to);
        } else {
            std::fs::copy(&from, &to).expect("a fixture");
        }
    }
}

fn kept(engine: EngineKind) -> TempDir {
    let folder = TempDir::new().expect("a temporary folder");
    let fixture: PathBuf = [env!("CARGO_MANIFEST_DIR"), "runtime/store/tests/fixtures/v2"].iter().collect();
    copy(&fixture.join(engine.name()), folder.path());
    // git keeps no empty folders.
    for empty in ["sled/blobs", "fjall/keyspaces/0/tables", "fjall/keyspaces/1/tables"] {
        if empty.starts_with(engine.name()) {
            std::fs::create_dir_all(folder.path().join(empty)).expect("a temporary folder");
        }
    }
    folder
}

async fn answered(engine: EngineKind, folder: &Path) -> (Bot, Arc<Fake>) {
    let options = OpenOptions { engine, ..OpenOptions::at(folder) };
    let store = greenroom_store::open(options).expect("it opens as it is");
    assert_eq!(store.counters().damaged, 0);
    let assistant = assistants::echo();
    let mut setup = Setup::new(assistant.clone());
    setup.store = Some(store);
    let bot = setup.start().await;
    bot.settled().await;
    (bot, assistant)
}

/// The turn in which this was said.
fn turn(assistant: &Fake, words: &str) -> Turn {
    assistant.turns().into_iter().find(|turn| turn.text() == words).unwrap_or_else(|| panic!("{words:?} was not asked"))
}

fn quote(turn: &Turn) -> (Option<&str>, bool, bool) {
    let Quoted { text, ours, claimed, .. } = turn.messages[0].quote.as_ref().expect("a quote waits");
    (text.as_deref(), *ours, *claimed)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_waits_in_a_store_from_before_is_answered_once() {
    for engine in ENGINES {
        let folder = kept(engine);
        let (bot, assistant) = answered(engine, folder.path()).await;
        assert_eq!(bot.store.rows_waiting().await, Ok(0), "{}", engine.name());
        let (of_ana, of_ben) = (bot.network.words_to(ANA), bot.network.words_to(BEN));
        for words in ["here it is", "what do you mean by that", "you said it", "look"] {
            assert_eq!(of_ana.iter().filter(|said| *said == words).count(), 1, "{words:?}: {of_ana:?}");
        }
        assert!(of_ben.iter().any(|said| said == "a film"), "{of_ben:?}");
        assert_eq!(bot.network.words_to("friends"), ["bot, why"]);
        let kinds: Vec<_> = bot.network.sent().iter().map(|sent| sent.body.kind()).collect();
        for kind in ["image", "voice", "reaction"] {
            assert_eq!(kinds.iter().filter(|sent| **sent == kind).count(), 1, "{kind}: {kinds:?}");
        }
        let picture = bot.network.sent().into_iter().find_map(|sent| match sent.body {
            OutboundBody::Image { media, caption } => Some((media.bytes.len(), caption)),
            _ => None,
        });
        assert_eq!(picture, Some((20_000, Some("a pizza".to_owned()))), "what was sealed is opened");

        let first = turn(&assistant, "what do you mean by that");
        assert_eq!(first.attempt, 2, "what was counted before counts");
        assert_eq!(first.state.as_deref(), Some(b"what the helper remembers".as_slice()));
        // Of turns from before it is known what was answered, and not which part of it each message was.
        let whole = "it is ten\nand two for the way";
        assert_eq!(quote(&first), (Some(whole), true, false));
        assert_eq!(quote(&turn(&assistant, "you said it")), (Some(whole), true, false));
        assert_eq!(quote(&turn(&assistant, "bot, why")), (Some("bot, who pays"), false, false));

        let past = bot.store.recent(first_history(&first), 10).await.expect("healthy");
        let names: Vec<_> = past[0].messages.iter().map(ToString::to_string).collect();
        assert_eq!((names, past[0].turn), (vec!["q-1".to_owned()], None), "a turn from before");
        assert!(past.last().is_some_and(|turn| turn.turn.is_some()), "and one from now");
        assert_eq!(bot.store.quarantined_count().await, Ok(1));
        assert_eq!(bot.store.usage(0..=u32::MAX, 10).await, Ok(Vec::new()));
        let unsent = bot.store.unsent_count().await.expect("healthy");
        assert_eq!((unsent.waiting, unsent.held), (0, 1), "what was held is held");
        let asked = assistant.asked();
        bot.running.drain().await;
        drop(bot);

        // And it is a store like any other now.
        let (bot, assistant) = answered(engine, folder.path()).await;
        assert_eq!(assistant.asked(), 0, "{asked} turns were enough");
        bot.running.drain().await;
    }
}

fn first_history(turn: &Turn) -> greenroom_contract::store::HistoryKey {
    greenroom_contract::store::HistoryKey::Person(turn.person)
}

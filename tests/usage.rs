//! What answers cost, as the program prints it: from a store at rest, and by the server that runs.

use crate::hands::{Server, TWO, configured, fails, greenroom};
use crate::support::process::succeeded;
use greenroom_conformance::messages::{Refine, id, text_from};
use greenroom_contract::assistant::{SpentBy, Usage};
use greenroom_contract::store::{Accepted, Inbox, Maintenance, Outcome, Settlement};
use greenroom_contract::time::Clock;
use greenroom_store::{GreenroomStore, OpenOptions};
use std::path::Path;
use tempfile::TempDir;

/// A turn of today that cost this.
async fn spend(store: &GreenroomStore, model: &str, tokens_in: u64) {
    let accepted = store.accept(vec![text_from("+12025550100", "q").admitted()]).await.expect("healthy").remove(0);
    let Accepted::New { conversation, sequence } = accepted else { panic!("a new message was {accepted:?}") };
    let usage = Usage { model: Some(model.to_owned()), tokens_in, tokens_out: 5, tokens_cached: 0, ..Usage::default() };
    let end = Settlement {
        conversation,
        rows: vec![sequence],
        outcome: Outcome::Answered,
        steps: Vec::new(),
        parcels: Vec::new(),
        history: None,
        states: Vec::new(),
        forget: false,
        usage: vec![SpentBy { assistant: id("helper"), usage }],
        settings: None,
        settings_before: None,
        identity: None,
        wakes: Vec::new(),
        at: Clock::System.now(),
    };
    store.settle(end).await.expect("a waiting row");
}

async fn a_store_in(folder: &Path) {
    let store = greenroom_store::open(OpenOptions::at(folder)).expect("it opens");
    for (model, tokens_in) in [("large", 1_200), ("small\u{1b}[2J", 34), ("large", 0)] {
        spend(&store, model, tokens_in).await;
    }
    store.close().await.expect("healthy");
}

fn print(folder: &TempDir, arguments: &[&str]) -> String {
    succeeded(&greenroom(folder, &[&["usage"], arguments].concat(), &[]))
}

#[tokio::test(flavor = "multi_thread")]
async fn what_answers_cost_is_printed_from_the_store_and_by_the_server() {
    let folder = configured(TWO);
    fails(&folder, &["usage"], &[], 1);
    assert!(!folder.path().join("data").exists(), "a look makes no store");
    a_store_in(&folder.path().join("data")).await;
    let by_model = print(&folder, &["--by", "model"]);
    let lines: Vec<Vec<&str>> = by_model.lines().map(|line| line.split_whitespace().collect()).collect();
    assert_eq!(lines[2], ["large", "2", "1,200", "0", "10"], "{by_model}");
    assert!(lines[3][0].starts_with("small") && !by_model.contains('\u{1b}'), "{by_model}");
    assert_eq!(lines[4], ["together", "3", "1,234", "0", "15"], "{by_model}");
    let json = print(&folder, &["--by", "model", "--json"]);
    let parsed: serde_json::Value = serde_json::from_str(&json).expect("JSON");
    assert_eq!((&parsed["total"]["turns"], &parsed["sums"][0]["tokens_in"]), (&3.into(), &1_200.into()), "{json}");
    assert!(!json.contains('\u{1b}'), "{json}");
    let _server = Server::start(&folder, &[]);
    assert_eq!(print(&folder, &["--by", "model"]), by_model, "a server that runs says the same");
    assert_eq!(print(&folder, &["--by", "model", "--json"]), json);
}

#[tokio::test(flavor = "multi_thread")]
async fn days_and_sums_are_what_is_asked_for_and_wrong_ones_are_told() {
    let folder = configured(TWO);
    a_store_in(&folder.path().join("data")).await;
    assert!(print(&folder, &[]).contains("(UTC), by day\n"));
    // It may be tomorrow by now.
    assert!(print(&folder, &["--days", "2"]).contains("1,234"));
    assert!(print(&folder, &["--from", "2026-01-01", "--to", "2026-01-31"]).contains("nothing was spent"), "long ago");
    assert!(print(&folder, &["--by", "conversation"]).contains("chat +12025550100 of account-1"), "with its chat");
    assert!(print(&folder, &["--by", "assistant"]).contains("\nhelper "), "and who");
    for (wrong, said) in [
        (["--from", "yesterday"], "\"yesterday\" is not a day: write it as 2026-11-28"),
        (["--to", "28.11.2026"], "is not a day"),
        (["--from", "2999-01-01"], "2999-01-01 is after"),
        (["--by", "week"], "possible values: day, assistant, model, conversation, person"),
    ] {
        let told = fails(&folder, &["usage", wrong[0], wrong[1]], &[], 2);
        assert!(told.contains(said), "{wrong:?}: {told}");
    }
}

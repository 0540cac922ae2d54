//! What the crate's tests share: small messages, small turns, and child processes.

// Each test binary uses a part of it.
#![allow(dead_code)]

use greenroom_conformance::messages::{ACCOUNT, Refine, id, sender, text_from};
use greenroom_contract::assistant::PastTurn;
use greenroom_contract::channel::Receipt;
use greenroom_contract::ids::{ChatId, ConversationId, MessageId, Sequence};
use greenroom_contract::message::Chat;
use greenroom_contract::outbound::{OutboundBody, Route};
use greenroom_contract::store::{
    Accepted, Arrival, HistoryKey, Outcome, ParcelDraft, ParcelKey, ParcelKind, Settlement, Store,
};
use greenroom_contract::time::Timestamp;
use greenroom_store::{EngineKind, GreenroomStore, OpenOptions};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;

pub(crate) const ENGINES: [EngineKind; 2] = [EngineKind::Sled, EngineKind::Fjall];

pub(crate) fn open(path: &Path, engine: EngineKind) -> Arc<GreenroomStore> {
    try_open(path, engine).expect("the store opens")
}

pub(crate) fn try_open(path: &Path, engine: EngineKind) -> Result<Arc<GreenroomStore>, greenroom_store::OpenError> {
    greenroom_store::open(OpenOptions { engine, ..OpenOptions::at(path) })
}

pub(crate) fn run<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap().block_on(future)
}

/// A message with a chosen id in the direct chat of a person.
pub(crate) fn message(person: u64, number: u64) -> Arrival {
    let mut inbound = text_from(&format!("+1777{person:07}"), &format!("message {number}"));
    inbound.key.message = MessageId::new(format!("message-{number}")).unwrap();
    inbound.admitted()
}

pub(crate) async fn accept(store: &dyn Store, arrival: Arrival) -> (ConversationId, Sequence) {
    match store.accept(vec![arrival]).await.expect("the store is healthy").remove(0) {
        Accepted::New { conversation, sequence } => (conversation, sequence),
        other => panic!("a new message was {other:?}"),
    }
}

/// A turn that answers one row with one text.
pub(crate) async fn settlement(store: &dyn Store, conversation: ConversationId, row: Sequence) -> Settlement {
    let entry = store.waiting(conversation, 1).await.expect("the store is healthy").remove(0);
    answer(conversation, row, entry.history)
}

pub(crate) fn answer(conversation: ConversationId, row: Sequence, history: HistoryKey) -> Settlement {
    let at = Timestamp(5_000);
    let past = PastTurn { at, name: None, asked: "asked".into(), answered: "answered".into(), ..PastTurn::default() };
    Settlement {
        conversation,
        rows: vec![row],
        outcome: Outcome::Answered,
        steps: Vec::new(),
        parcels: vec![draft(OutboundBody::Text(format!("answer to {row}")))],
        history: Some((history, past)),
        states: Vec::new(),
        forget: false,
        usage: Vec::new(),
        settings: None,
        settings_before: None,
        identity: None,
        wakes: Vec::new(),
        at,
    }
}

pub(crate) fn draft(body: OutboundBody) -> ParcelDraft {
    ParcelDraft {
        kind: ParcelKind::Reply,
        route: Route { account: id(ACCOUNT), chat: ChatId::new("chat").unwrap(), kind: Chat::Direct },
        recipient: sender("+17770000001"),
        reply_to: None,
        opened_at: Timestamp(1),
        speaks_first: false,
        body,
    }
}

/// Tells the store that the network has a parcel, under the name that we chose.
pub(crate) async fn send(store: &dyn Store, key: &ParcelKey) {
    let parcel = store.parcel(key).await.expect("the store is healthy").expect("the parcel is there");
    let receipt = Receipt { message: MessageId::new(parcel.id.as_str()).unwrap() };
    store.sent(key, &receipt, Timestamp(6_000)).await.expect("the parcel is marked as sent");
}

/// Accepts, settles and sends a number of messages, one after another, in ten chats of their own.
pub(crate) async fn live(store: &dyn Store, numbers: std::ops::Range<u64>) {
    for number in numbers {
        let (conversation, row) = accept(store, message(1_000_000 + number % 10, number)).await;
        let turn = settlement(store, conversation, row).await;
        let settled = store.settle(turn).await.expect("the row waits");
        send(store, &settled.parcels[0]).await;
    }
}

/// This test binary once more, running one test that acts as another process.
pub(crate) fn child(test: &str) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args([test, "--exact", "--nocapture", "--test-threads=1"]).env(CHILD, "1").stdout(Stdio::piped());
    command
}

/// Set in a child process only.
pub(crate) const CHILD: &str = "GREENROOM_STORE_TEST_CHILD";

/// Whether this process is a child, and where it works.
pub(crate) fn child_folder() -> Option<std::path::PathBuf> {
    std::env::var_os(CHILD)?;
    std::env::var_os("GREENROOM_STORE_TEST_FOLDER").map(Into::into)
}

pub(crate) fn child_engine() -> EngineKind {
    match std::env::var("GREENROOM_STORE_TEST_ENGINE").as_deref() {
        Ok("fjall") => EngineKind::Fjall,
        _ => EngineKind::Sled,
    }
}

pub(crate) fn give(command: &mut Command, folder: &Path, engine: EngineKind) {
    command.env("GREENROOM_STORE_TEST_FOLDER", folder).env("GREENROOM_STORE_TEST_ENGINE", engine.name());
}

/// A copy of a folder, as a backup would make it.
pub(crate) fn copy_of(folder: &Path) -> tempfile::TempDir {
    let copy = tempfile::TempDir::new().unwrap();
    copy_into(folder, copy.path());
    copy
}

pub(crate) fn copy_into(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy_into(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), &target).unwrap();
        }
    }
}

//! Tests that look inside: damaged records, failing engines, stored bytes, a model.

mod billed;
mod crashing;
mod damaged;
mod doubt;
mod faulty;
mod forgetting;
mod golden;
mod handing_over;
mod known;
mod linking;
mod merging;
mod model;
mod naming;
mod owner;
mod postponed;
mod retention;
mod rotating;
mod skew;
#[cfg(feature = "fjall")]
mod torn;

use crate::format::sample;
use crate::store::GreenroomStore;
use greenroom_contract::assistant::PastTurn;
use greenroom_contract::ids::{AccountId, ChatId, ConversationId, Sequence};
use greenroom_contract::message::Chat;
use greenroom_contract::outbound::{OutboundBody, Route};
use greenroom_contract::store::{Accepted, Arrival, HistoryKey, Inbox, Outcome, ParcelDraft, ParcelKind, Settlement};
use greenroom_contract::time::Timestamp;

/// On time that stands still unless everything waits.
pub(crate) fn run_paused<T>(future: impl Future<Output = T>) -> T {
    let mut builder = tokio::runtime::Builder::new_current_thread();
    builder.enable_all().start_paused(true).build().unwrap().block_on(future)
}

fn run<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}

pub(crate) async fn accept(store: &GreenroomStore, arrival: Arrival) -> (ConversationId, Sequence) {
    match store.accept(vec![arrival]).await.unwrap().remove(0) {
        Accepted::New { conversation, sequence } => (conversation, sequence),
        other => panic!("a new message was {other:?}"),
    }
}

fn message_from(number: u64, from: &str, text: &str) -> Arrival {
    sample::arrival(sample::inbound("acc", &format!("m{number}"), from, text))
}

pub(crate) fn message(number: u64, text: &str) -> Arrival {
    sample::arrival(sample::inbound("acc", &format!("m{number}"), "+15551234567", text))
}

fn draft(text: &str) -> ParcelDraft {
    ParcelDraft {
        kind: ParcelKind::Reply,
        route: Route {
            account: AccountId::new("acc").unwrap(),
            chat: ChatId::new("chat").unwrap(),
            kind: Chat::Direct,
        },
        recipient: sample::inbound("acc", "m", "+15551234567", "").sender,
        reply_to: None,
        opened_at: Timestamp(1),
        speaks_first: false,
        body: OutboundBody::Text(text.to_owned()),
    }
}

fn settlement(conversation: ConversationId, rows: &[Sequence], history: Option<HistoryKey>) -> Settlement {
    let at = Timestamp(5_000);
    let past = PastTurn { at, name: None, asked: format!("{rows:?}"), answered: "yes".into(), ..PastTurn::default() };
    Settlement {
        conversation,
        rows: rows.to_vec(),
        outcome: Outcome::Answered,
        steps: Vec::new(),
        parcels: vec![draft("yes")],
        history: history.map(|history| (history, past)),
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

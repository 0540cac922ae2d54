//! What goes with a person, and with an account.

use super::{accept, draft, message, run, settlement};
use crate::engines::Range;
use crate::format::sample;
use crate::store::GreenroomStore;
use greenroom_contract::assistant::PastTurn;
use greenroom_contract::channel::Receipt;
use greenroom_contract::ids::{AccountId, AssistantName, ChannelName, ChatId, MessageId, OwnerId};
use greenroom_contract::limits;
use greenroom_contract::message::{Chat, Inbound, Media};
use greenroom_contract::outbound::OutboundBody;
use greenroom_contract::store::{
    Accepted, Accounts, History, Inbox, Outbox, ParcelDraft, ParcelKey, People, Settlement, StoreError, Traces,
    WakeDraft,
};
use greenroom_contract::time::Timestamp;

const NUMBER: &str = "+15551234567";
const NAME: &str = "Ana Example";

fn from_ana(number: u64, group: Option<&str>) -> Inbound {
    let mut inbound = sample::inbound("acc", &format!("m{number}"), NUMBER, "hi");
    inbound.sender.name = Some(NAME.to_owned());
    if let Some(group) = group {
        inbound.key.chat = ChatId::new(group).unwrap();
        inbound.chat = Chat::Group { title: Some("friends".into()) };
    }
    inbound
}

/// Answers a message, and has the network take the answer under a name that shows the number, as some networks do.
async fn live(store: &GreenroomStore, inbound: Inbound, number: u64) -> ParcelKey {
    let (conversation, row) = accept(store, sample::arrival(inbound.clone())).await;
    let mut draft = ParcelDraft { recipient: inbound.sender.clone(), ..draft("a") };
    draft.route.chat = inbound.key.chat.clone();
    draft.route.kind = inbound.chat.clone();
    let parcels = vec![draft.clone(), draft];
    let end = Settlement { parcels, ..settlement(conversation, &[row], None) };
    let keys = store.settle(end).await.unwrap().parcels;
    for (part, key) in keys.iter().enumerate() {
        let of = if inbound.chat.is_group() { "group" } else { NUMBER };
        let message = MessageId::new(format!("wamid.{of}.{number}.{part}")).unwrap();
        store.sent(key, &Receipt { message }, Timestamp(7_000)).await.unwrap();
    }
    keys[0].clone()
}

/// Rows that hold a text in their key or their value.
fn rows_with(store: &GreenroomStore, text: &str) -> Vec<String> {
    let rows = store.read(|reader| reader.rows(&Range::prefix(&[]), usize::MAX)).unwrap();
    let holds = |bytes: &[u8]| bytes.windows(text.len()).any(|window| window == text.as_bytes());
    let found = rows.into_iter().filter(|(key, value)| holds(key) || holds(value));
    found.map(|(key, _)| crate::format::keys::describe(&key)).collect()
}

#[test]
fn no_row_shows_the_number_or_the_name_of_a_person_who_is_forgotten() {
    run(async {
        let store = crate::memory();
        let direct = live(&store, from_ana(1, None), 1).await;
        let in_group = live(&store, from_ana(2, Some("the group")), 2).await;
        let other = accept(&store, sample::arrival(sample::inbound("acc", "m3", "+15557654321", "hi"))).await;
        let person = store.person_by_address(&sample::scope(), &NUMBER.parse().unwrap()).await.unwrap().unwrap();
        assert!(rows_with(&store, NUMBER).len() > 5 && rows_with(&store, NAME).len() > 3);
        store.forget_person(person).await.unwrap();
        assert_eq!((rows_with(&store, NUMBER), rows_with(&store, NAME)), (Vec::new(), Vec::new()));
        // Sent parcels and keys are there, as long as all are.
        for key in [&direct, &in_group] {
            let parcel = store.parcel(key).await.unwrap().unwrap();
            assert_eq!(parcel.draft.recipient.addresses, []);
        }
        assert_eq!(store.parcel(&in_group).await.unwrap().unwrap().draft.route.chat.as_str(), "the group");
        for number in 1..=2 {
            let again = sample::arrival(from_ana(number, (number == 2).then_some("the group")));
            assert_eq!(store.accept(vec![again]).await.unwrap(), [Accepted::Duplicate]);
        }
        assert_eq!(store.why(&MessageId::new("m1").unwrap(), None).await.unwrap(), []);
        assert_eq!(store.waiting(other.0, 9).await.unwrap().len(), 1, "others keep theirs");
    });
}

#[test]
fn what_waits_for_a_deleted_account_goes_with_it() {
    run(async {
        let store = crate::memory();
        let channel = ChannelName::new("whatsapp").unwrap();
        let mut accounts: Vec<AccountId> = Vec::new();
        for _ in 0..2 {
            accounts.push(store.create_account(&channel, "web", &OwnerId::local(), Timestamp(1)).await.unwrap().id);
        }
        for account in &accounts {
            for number in 0..150_u64 {
                let inbound = sample::inbound(account.as_str(), &format!("m{number}"), NUMBER, "hi");
                let (conversation, row) = accept(&store, sample::arrival(inbound)).await;
                if number == 0 {
                    let entry = store.waiting(conversation, 1).await.unwrap().remove(0);
                    let mut waits = draft("waits");
                    waits.route.account = account.clone();
                    let wake = WakeDraft {
                        at: Timestamp(9_000),
                        token: "later".into(),
                        assistant: AssistantName::new("helper").unwrap(),
                        route: entry.route(),
                        sender: entry.sender().clone(),
                        opened_at: Timestamp(0),
                    };
                    let end = Settlement {
                        parcels: vec![waits],
                        wakes: vec![wake],
                        ..settlement(conversation, &[row], None)
                    };
                    store.settle(end).await.unwrap();
                }
            }
        }
        assert_eq!(store.rows_waiting().await, Ok(298));
        store.delete_account(&accounts[0]).await.unwrap();
        assert_eq!(store.rows_waiting().await, Ok(149), "what no one would answer takes no room");
        assert_eq!(store.pending(&accounts[0], None, 9).await, Ok(Vec::new()));
        assert_eq!(store.pending(&accounts[1], None, 9).await.unwrap().len(), 1, "the other keeps everything");
        assert_eq!(store.wake_due(Timestamp(10_000), 9).await.unwrap().len(), 1);
        assert!(matches!(store.delete_account(&accounts[0]).await, Err(StoreError::NotFound { .. })));
    });
}

#[test]
fn a_turn_is_given_no_more_history_than_its_bytes_allow() {
    run(async {
        let store = crate::memory();
        let mut history = None;
        for number in 0..20 {
            let (conversation, row) = accept(&store, message(number, "q")).await;
            let key = store.waiting(conversation, 1).await.unwrap()[0].history;
            let asked = "x".repeat(limits::HISTORY_BYTES_MAX / 8);
            let past = PastTurn {
                at: Timestamp(1),
                name: None,
                asked,
                answered: format!("answer {number}"),
                ..PastTurn::default()
            };
            let end = Settlement { history: Some((key, past)), ..settlement(conversation, &[row], None) };
            store.settle(end).await.unwrap();
            history = Some(key);
        }
        let given = store.recent(history.unwrap(), 20).await.unwrap();
        let bytes: usize = given.iter().map(|past| past.asked.len()).sum();
        assert!(bytes <= limits::HISTORY_BYTES_MAX && given.len() >= 6, "{} turns of {bytes} bytes", given.len());
        assert_eq!(given.last().map(|past| past.answered.as_str()), Some("answer 19"), "the newest are there");
    });
}

#[test]
fn media_that_are_too_much_for_one_commit_are_refused() {
    run(async {
        let store = crate::memory();
        let (conversation, row) = accept(&store, message(1, "q")).await;
        let media = Media { mime: "image/png".into(), bytes: vec![7; limits::MEDIA_PER_TURN_BYTES_MAX / 4].into() };
        let picture = ParcelDraft { body: OutboundBody::Image { media, caption: None }, ..draft("") };
        let turn = Settlement { parcels: vec![picture; 5], ..settlement(conversation, &[row], None) };
        assert!(matches!(store.settle(turn).await, Err(StoreError::Invalid { .. })));
        assert_eq!(store.rows_waiting().await, Ok(1), "nothing was changed");
    });
}

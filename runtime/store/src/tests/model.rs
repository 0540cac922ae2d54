//! Any order of accepting, deleting, beginning and settling, against the simplest model there is.

use super::{message, run, settlement};
use greenroom_contract::ids::{AccountId, ConversationId, MessageId, SenderId, Sequence};
use greenroom_contract::store::{Accepted, Arrival, Begin, Inbox, StoreError};
use greenroom_contract::time::Timestamp;
use proptest::prelude::*;
use std::collections::BTreeSet;

#[derive(Debug, Clone)]
enum Action {
    Accept(u64),
    Revoke(u64),
    Begin(usize),
    Settle(usize),
    SettleLater(usize),
}

fn action() -> impl Strategy<Value = Action> {
    prop_oneof![
        4 => (0_u64..30).prop_map(Action::Accept),
        1 => (0_u64..30).prop_map(Action::Revoke),
        1 => (1_usize..4).prop_map(Action::Begin),
        3 => (1_usize..4).prop_map(Action::Settle),
        1 => (1_usize..4).prop_map(Action::SettleLater),
    ]
}

#[derive(Default)]
struct Model {
    waiting: Vec<(Sequence, u64, u32)>,
    seen: BTreeSet<u64>,
    conversation: Option<ConversationId>,
}

impl Model {
    fn rows(&self, from: usize, count: usize) -> Vec<Sequence> {
        self.waiting.iter().skip(from).take(count).map(|(sequence, ..)| *sequence).collect()
    }
}

async fn step(store: &crate::GreenroomStore, model: &mut Model, action: Action) {
    match action {
        Action::Accept(number) => {
            let accepted = store.accept(vec![message(number, "x")]).await.unwrap().remove(0);
            let Accepted::New { conversation, sequence } = accepted else {
                assert_eq!(accepted, Accepted::Duplicate);
                assert!(model.seen.contains(&number), "message {number} was never seen");
                return;
            };
            assert!(model.seen.insert(number), "message {number} came in twice");
            assert_eq!(*model.conversation.get_or_insert(conversation), conversation);
            model.waiting.push((sequence, number, 0));
        }
        Action::Revoke(number) => {
            let revoked = Arrival::Revoked {
                account: AccountId::new("acc").unwrap(),
                scope: crate::format::sample::scope(),
                chat: greenroom_contract::ids::ChatId::new("any").unwrap(),
                sender: SenderId::new("+15551234567").unwrap(),
                message: MessageId::new(format!("m{number}")).unwrap(),
                at: Timestamp(3_000),
            };
            store.accept(vec![revoked]).await.unwrap();
            model.waiting.retain(|(_, waiting, _)| *waiting != number);
        }
        Action::Begin(count) => {
            let Some(conversation) = model.conversation else { return };
            store.begin_submitted(Begin { conversation, rows: model.rows(0, count) });
            model.waiting.iter_mut().take(count).for_each(|row| row.2 += 1);
        }
        Action::Settle(count) => {
            let Some(conversation) = model.conversation else { return };
            let rows = model.rows(0, count);
            let settled = store.settle(settlement(conversation, &rows, None)).await;
            if rows.is_empty() {
                assert!(matches!(settled, Err(StoreError::Invalid { .. })));
                return;
            }
            model.waiting.drain(..rows.len());
            assert_eq!(settled.unwrap().more, !model.waiting.is_empty());
        }
        Action::SettleLater(count) => {
            let Some(conversation) = model.conversation else { return };
            let rows = model.rows(1, count);
            if !rows.is_empty() {
                let refused = store.settle(settlement(conversation, &rows, None)).await;
                assert!(matches!(refused, Err(StoreError::Invalid { .. })), "an answer overtook another");
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn the_store_does_what_a_list_would_do(actions in proptest::collection::vec(action(), 1..60)) {
        run(async {
            let store = crate::memory();
            let mut model = Model::default();
            for action in actions {
                step(&store, &mut model, action).await;
                let Some(conversation) = model.conversation else { continue };
                let waiting = store.waiting(conversation, 100).await.unwrap();
                let found: Vec<_> = waiting.iter().map(|entry| (entry.sequence, entry.attempts)).collect();
                let expected: Vec<_> = model.waiting.iter().map(|(sequence, _, attempts)| (*sequence, *attempts)).collect();
                assert_eq!(found, expected);
                assert_eq!(store.rows_waiting().await, Ok(model.waiting.len() as u64));
            }
        });
    }
}

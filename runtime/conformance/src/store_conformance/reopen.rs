//! What is still there after the store was closed and opened again: everything.
//!
//! Each rule is a module with what happens `before` and what must hold `after`.

// Each rule is a small module over the same vocabulary.
#![allow(clippy::wildcard_imports)]

use super::{Subject, accept, accept_new, answer, begin, draft, later, parcel, past, settlement, told, waiting};
use crate::messages::{ACCOUNT, Refine, START, id, scope, sender, text_from};
use bytes::Bytes;
use greenroom_contract::channel::Receipt;
use greenroom_contract::ids::{ConversationId, Sequence};
use greenroom_contract::message::Inbound;
use greenroom_contract::outbound::Route;
use greenroom_contract::store::{
    Accepted, Arrival, Outcome, ParcelDraft, ParcelKind, ParcelVerdict, Post, Posted, Settlement, VaultWrite, WakeDraft,
};
use greenroom_contract::trace::{Decision, Step};

const ANA: &str = "+15550000001";
const LID: &str = "lid:777";

/// Rows that wait keep their place, their words and their attempts.
pub mod waiting_rows_survive {
    use super::*;

    pub async fn before(store: &Subject) -> (ConversationId, Vec<Sequence>) {
        let (conversation, one) = accept_new(store, text_from(ANA, "one")).await;
        let (_, two) = accept_new(store, text_from(ANA, "two")).await;
        store.begin(begin(conversation, &[one])).await.expect("a waiting row");
        (conversation, vec![one, two])
    }

    pub async fn after(store: &Subject, (conversation, rows): (ConversationId, Vec<Sequence>)) {
        let entries = waiting(store, conversation).await;
        assert_eq!(entries.iter().map(|entry| entry.sequence).collect::<Vec<_>>(), rows);
        assert_eq!(entries.iter().map(super::super::text_of).collect::<Vec<_>>(), ["one", "two"]);
        assert_eq!(entries.iter().map(|entry| entry.attempts).collect::<Vec<_>>(), [1, 0]);
        assert_eq!(store.rows_waiting().await, Ok(2));
        let listed = store.conversations_waiting(None, 10).await.expect("healthy");
        assert_eq!(listed.iter().map(|row| row.conversation).collect::<Vec<_>>(), [conversation]);
    }
}

/// What was answered is not answered again.
pub mod settled_rows_stay_settled {
    use super::*;

    pub async fn before(store: &Subject) -> Inbound {
        let message = text_from(ANA, "one");
        answer(store, message.clone(), &["a"]).await;
        message
    }

    pub async fn after(store: &Subject, message: Inbound) {
        assert_eq!(store.rows_waiting().await, Ok(0));
        assert_eq!(accept(store, message.admitted()).await, Accepted::Duplicate);
    }
}

/// A send that is made again after a crash is recognised.
pub mod names_of_sends_survive {
    use super::*;

    fn post() -> Post {
        let parcels = vec![ParcelDraft { kind: ParcelKind::OwnSend, ..draft(&text_from(ANA, "q"), "good morning") }];
        let name = Some(id("send:greeting"));
        Post { conversation: None, scope: scope(), parcels, steps: Vec::new(), name, at: START }
    }

    pub async fn before(store: &Subject) -> Posted {
        store.post(post()).await.expect("healthy")
    }

    pub async fn after(store: &Subject, before: Posted) {
        let pending = store.pending(&id(ACCOUNT), None, 10).await.expect("healthy");
        assert_eq!(pending.into_iter().map(|parcel| parcel.key).collect::<Vec<_>>(), before.parcels);
        let again = store.post(post()).await.expect("healthy");
        assert_eq!(again, Posted { parcels: Vec::new(), ..before });
    }
}

/// A parcel is sent under the name it had, so that a repetition can be recognised.
pub mod parcels_survive_with_their_names {
    use super::*;
    use greenroom_contract::store::{Counted, PERSON_WRITES, Parcel, PendingParcel};

    pub async fn before(store: &Subject) -> (Vec<Parcel>, Vec<PendingParcel>) {
        let (_, keys) = answer(store, text_from(ANA, "q"), &["one", "two", "three"]).await;
        store.sent(&keys[0], &Receipt { message: id("net-1") }, START).await.expect("an unsent parcel");
        let step = Step::new(START, Decision::Held { reason: "window".to_owned() });
        let held = ParcelVerdict::Held { reason: "window".to_owned() };
        store.verdict(&keys[1], held, step.clone()).await.expect("an unsent parcel");
        let waits = ParcelVerdict::Retry { not_before: PERSON_WRITES, counted: Counted::No };
        store.verdict(&keys[2], waits, step).await.expect("an unsent parcel");
        let parcels = vec![parcel(store, &keys[0]).await, parcel(store, &keys[1]).await, parcel(store, &keys[2]).await];
        (parcels, store.pending(&id(ACCOUNT), None, 10).await.expect("healthy"))
    }

    pub async fn after(store: &Subject, (parcels, waiting): (Vec<Parcel>, Vec<PendingParcel>)) {
        for one in &parcels {
            assert_eq!(parcel(store, &one.key).await, *one);
        }
        let pending = store.pending(&id(ACCOUNT), None, 10).await.expect("healthy");
        assert_eq!(pending, waiting);
        assert!(pending.len() == 1 && pending[0].key == parcels[2].key && pending[0].waits_for_person(), "{pending:?}");
        let together = store.pending_of(&id(ACCOUNT), pending[0].conversation, 10).await;
        assert_eq!(together, Ok(pending));
        assert_eq!(store.find_own(&id(ACCOUNT), &id("net-1")).await, Ok(Some(parcels[0].key.clone())));
    }
}

/// Memory of every sort.
pub mod history_state_and_wakes_survive {
    use super::*;
    use greenroom_contract::store::HistoryKey;

    pub async fn before(store: &Subject) -> (ConversationId, HistoryKey) {
        let message = text_from(ANA, "q");
        let (conversation, sequence) = accept_new(store, message.clone()).await;
        let history = waiting(store, conversation).await[0].history;
        let chat = message.key.chat.clone();
        let route = Route { account: message.key.account.clone(), chat, kind: message.chat.clone() };
        let wake = WakeDraft {
            at: later(60),
            token: "tea".to_owned(),
            assistant: id("helper"),
            route,
            sender: sender(ANA),
            opened_at: START,
        };
        let end = Settlement {
            parcels: vec![draft(&message, "a")],
            history: Some((history, past("q", "a"))),
            states: vec![(id("helper"), Bytes::from_static(b"memory"))],
            wakes: vec![wake],
            ..settlement(conversation, &[sequence])
        };
        store.settle(end).await.expect("a waiting row");
        (conversation, history)
    }

    pub async fn after(store: &Subject, (conversation, history): (ConversationId, HistoryKey)) {
        assert_eq!(told(store, history).await, [past("q", "a")]);
        assert_eq!(store.state(conversation, &id("helper")).await, Ok(Some(Bytes::from_static(b"memory"))));
        assert_eq!(store.next_wake().await, Ok(Some(later(60))));
        assert_eq!(store.wake_due(later(60), 10).await.map(|rung| rung.len()), Ok(1));
    }
}

/// What answers cost, and what can be quoted.
pub mod usage_and_quotes_survive {
    use super::*;
    use greenroom_contract::assistant::{SpentBy, Usage, UsageRow};
    use greenroom_contract::ids::TurnId;
    use greenroom_contract::store::{HistoryKey, Said};

    pub async fn before(store: &Subject) -> (ConversationId, HistoryKey, TurnId, Vec<UsageRow>) {
        let message = text_from(ANA, "q").with_id("m-1");
        let (conversation, sequence) = accept_new(store, message.clone()).await;
        let entry = waiting(store, conversation).await.remove(0);
        let usage = Usage {
            model: Some("large".to_owned()),
            tokens_in: 7,
            tokens_out: 3,
            tokens_cached: 1,
            cost_millionths: 12_345,
        };
        let end = Settlement {
            parcels: vec![draft(&message, "a"), draft(&message, "b")],
            history: Some((entry.history, past("q", "a"))),
            usage: vec![SpentBy { assistant: id("helper"), usage }],
            ..settlement(conversation, &[sequence])
        };
        let parcels = store.settle(end).await.expect("a waiting row").parcels;
        store.sent(&parcels[1], &Receipt { message: id("net-1") }, START).await.expect("an unsent parcel");
        (conversation, entry.history, entry.turn, store.usage(0..=u32::MAX, 10).await.expect("healthy"))
    }

    pub async fn after(
        store: &Subject,
        (conversation, history, turn, usage): (ConversationId, HistoryKey, TurnId, Vec<UsageRow>),
    ) {
        assert_eq!((usage.len(), usage[0].usage.cost_millionths, usage[0].person.is_some()), (1, 12_345, true));
        assert_eq!(store.usage(0..=u32::MAX, 10).await, Ok(usage));
        let turns = store.recent(history, 10).await.expect("healthy");
        assert_eq!((turns[0].turn, &turns[0].messages), (Some(turn), &vec![id("m-1")]));
        let said = Said { ours: true, text: Some("b".to_owned()) };
        assert_eq!(store.said(conversation, history, &id("net-1")).await, Ok(Some(said)));
    }
}

/// Which messages were billed, and that they were counted.
pub mod billed_messages_survive {
    use super::super::billed::{billed, sent, told};
    use super::*;
    use greenroom_contract::event::DeliveryStatus;
    use greenroom_contract::ids::MessageId;

    pub async fn before(store: &Subject) -> [MessageId; 2] {
        let messages = [sent(store, ACCOUNT, 1).await, sent(store, ACCOUNT, 2).await];
        let sent = told(ACCOUNT, &messages[0], DeliveryStatus::Sent, Some("service"), START);
        let delivered = told(ACCOUNT, &messages[1], DeliveryStatus::Delivered, Some("service"), START);
        store.accept(vec![sent, delivered]).await.expect("healthy");
        assert_eq!(billed(store).await.iter().map(|row| row.messages).sum::<u64>(), 1);
        messages
    }

    pub async fn after(store: &Subject, messages: [MessageId; 2]) {
        assert_eq!(billed(store).await.iter().map(|row| row.messages).sum::<u64>(), 1);
        for message in &messages {
            let read = told(ACCOUNT, message, DeliveryStatus::Read, None, START);
            store.accept(vec![read]).await.expect("healthy");
        }
        assert_eq!(billed(store).await.iter().map(|row| row.messages).sum::<u64>(), 2, "each one once");
    }
}

/// How conversations are treated, also one that was merged and one whose settings were removed.
pub mod settings_survive {
    use super::super::settings::{bound_to, of};
    use super::*;
    use greenroom_contract::store::ConversationSettings;

    pub async fn before(store: &Subject) -> [ConversationId; 3] {
        let (merged, _) = accept_new(store, text_from(ANA, "one")).await;
        let (newer, _) = accept_new(store, text_from(LID, "two")).await;
        let (reset, _) = accept_new(store, text_from("+15550000003", "three")).await;
        for conversation in [newer, reset] {
            store.set_settings(&scope(), conversation, bound_to("helper")).await.expect("a known conversation");
        }
        store.set_settings(&scope(), reset, ConversationSettings::default()).await.expect("a known conversation");
        accept(store, Arrival::SamePerson { scope: scope(), addresses: vec![id(ANA), id(LID)], admitted: false }).await;
        [merged, newer, reset]
    }

    pub async fn after(store: &Subject, [merged, newer, reset]: [ConversationId; 3]) {
        assert_eq!(of(store, merged).await, bound_to("helper"));
        assert_eq!(of(store, newer).await, bound_to("helper"));
        assert_eq!(of(store, reset).await, ConversationSettings::default());
        assert!(waiting(store, merged).await.iter().all(|entry| entry.settings == bound_to("helper")));
    }
}

/// A person stays one person.
pub mod people_and_redirects_survive {
    use super::*;

    pub async fn before(store: &Subject) -> (ConversationId, ConversationId) {
        let (older, _) = accept_new(store, text_from(ANA, "one").named("Ana")).await;
        let (newer, _) = accept_new(store, text_from(LID, "two")).await;
        let addresses = vec![id(ANA), id(LID)];
        accept(store, Arrival::SamePerson { scope: scope(), addresses, admitted: false }).await;
        let ana = store.person_by_address(&scope(), &id(ANA)).await.expect("healthy").expect("she is known");
        store.set_person_email(ana, Some("ana@example.org")).await.expect("she is known");
        (older, newer)
    }

    pub async fn after(store: &Subject, (older, newer): (ConversationId, ConversationId)) {
        assert_eq!(waiting(store, newer).await, waiting(store, older).await);
        assert_eq!(waiting(store, older).await.len(), 2);
        let ana = store.person_by_address(&scope(), &id(LID)).await.expect("healthy").expect("she is known");
        let person = store.person(ana).await.expect("healthy").expect("she is known");
        assert_eq!(person.email.as_deref(), Some("ana@example.org"));
        assert_eq!(person.addresses.len(), 2);
        let (again, _) = accept_new(store, text_from(LID, "three")).await;
        assert_eq!(again, older);
    }
}

/// Identities and secrets.
pub mod accounts_entries_and_vaults_survive {
    use super::*;
    use greenroom_contract::ids::OwnerId;
    use greenroom_contract::store::{AcceptedWarning, AccountRow, AccountState, ListScope, StoredEntry};

    pub async fn before(store: &Subject) -> (Vec<AccountRow>, Vec<StoredEntry>) {
        let channel = id("whatsapp");
        store.configured_account(&channel, "key", "label", START).await.expect("healthy");
        let made = store.create_account(&channel, "web", &OwnerId::local(), START).await.expect("healthy");
        store.set_account_state(&made.id, AccountState::Linked, Some("+1555"), later(1)).await.expect("it is there");
        let put = VaultWrite::Put { key: Bytes::from_static(b"k"), value: Bytes::from_static(b"v") };
        store.vault_write(&made.id, vec![put]).await.expect("healthy");
        let scope = ListScope::Account(made.id);
        let entry = StoredEntry { scope, entry: id("*"), by: "olga".to_owned(), at: START };
        store.allow(entry).await.expect("healthy");
        let accepted = AcceptedWarning { text: "beware".to_owned(), at: START };
        store.accept_warning(&channel, &OwnerId::local(), accepted).await.expect("healthy");
        (store.accounts().await.expect("healthy"), store.allow_entries().await.expect("healthy"))
    }

    pub async fn after(store: &Subject, (accounts, entries): (Vec<AccountRow>, Vec<StoredEntry>)) {
        assert_eq!(store.accounts().await, Ok(accounts.clone()));
        assert_eq!(store.allow_entries().await, Ok(entries));
        assert_eq!(store.vault_get(&accounts[1].id, b"k").await, Ok(Some(Bytes::from_static(b"v"))));
        let again = store.configured_account(&id("whatsapp"), "key", "label", later(9)).await.expect("healthy");
        assert_eq!(again.id, accounts[0].id, "the same identity is the same account");
        let accepted = store.accepted_warning(&id("whatsapp"), &OwnerId::local()).await.expect("healthy");
        assert_eq!(accepted, Some(AcceptedWarning { text: "beware".to_owned(), at: START }));
    }
}

/// What failed and why.
pub mod quarantine_and_traces_survive {
    use super::*;

    pub async fn before(store: &Subject) -> (Inbound, Sequence) {
        let message = text_from(ANA, "poison");
        let (conversation, sequence) = accept_new(store, message.clone()).await;
        let outcome = Outcome::Quarantined { reason: "poison".to_owned() };
        store.settle(Settlement { outcome, ..settlement(conversation, &[sequence]) }).await.expect("a waiting row");
        (message, sequence)
    }

    pub async fn after(store: &Subject, (message, sequence): (Inbound, Sequence)) {
        let rows = store.quarantined(10).await.expect("healthy");
        assert_eq!(rows.iter().map(|row| row.entry.sequence).collect::<Vec<_>>(), [sequence]);
        assert_eq!(store.why(&message.key.message, None).await.map(|all| all.len()), Ok(1));
        store.release(sequence).await.expect("it is in quarantine");
    }
}

/// A number that was given is never given again.
pub mod ids_are_never_given_twice {
    use super::*;
    use greenroom_contract::ids::OutboundId;

    pub async fn before(store: &Subject) -> (ConversationId, Sequence, OutboundId) {
        let (conversation, keys) = answer(store, text_from(ANA, "q"), &["a"]).await;
        (conversation, keys[0].sequence, parcel(store, &keys[0]).await.id)
    }

    pub async fn after(store: &Subject, (conversation, sequence, name): (ConversationId, Sequence, OutboundId)) {
        let (other, keys) = answer(store, text_from("+15550000009", "q"), &["a"]).await;
        assert!(other > conversation, "{other} after {conversation}");
        assert!(keys[0].sequence > sequence, "{} after {sequence}", keys[0].sequence);
        assert_ne!(parcel(store, &keys[0]).await.id, name);
    }
}

//! Parcels that an earlier version stored keep the names that it gave them.

use super::{accept, draft, message, run, settlement};
use crate::format::envelope::{self, Sealing};
use crate::format::keys;
use crate::format::names::{NameForm, Place};
use crate::format::records::ParcelRecord;
use crate::store::GreenroomStore;
use greenroom_contract::channel::Receipt;
use greenroom_contract::event::{DeliveryStatus, StatusOf};
use greenroom_contract::ids::{MessageId, OutboundId};
use greenroom_contract::store::{
    Accepted, Arrival, Inbox, Outbox, ParcelKey, ParcelState, Post, Settlement, StatusArrival, Traces,
};
use greenroom_contract::time::Timestamp;
use prost::Message;
use std::collections::BTreeMap;

/// Writes a stored parcel as an earlier version wrote it, and gives the name that it had there.
fn as_of_before(store: &GreenroomStore, key: &ParcelKey) -> OutboundId {
    let shared = &store.shared;
    let (engine, at) = (shared.engine().unwrap(), keys::parcel(key));
    let value = engine.get(&at).unwrap().unwrap();
    let mut record: ParcelRecord =
        envelope::unwrap(&at, &value, &shared.sealer, envelope::read_record::<ParcelRecord>).unwrap();
    (record.tag, record.name_form) = (shared.names.plain_tag(key), NameForm::Plain as u32);
    let wrapped = envelope::wrap(&at, &record.encode_to_vec(), Sealing::Plain, &shared.sealer).unwrap();
    engine.apply(&BTreeMap::from([(at, Some(wrapped.value))])).unwrap();
    let plain = Place { sequence: key.sequence, part: key.part, tag: record.tag, form: NameForm::Plain };
    shared.names.name(&plain).unwrap()
}

#[test]
fn a_parcel_of_an_earlier_version_is_found_by_its_name() {
    run(async {
        let store = crate::memory();
        let (conversation, row) = accept(&store, message(1, "one")).await;
        let turn =
            Settlement { parcels: vec![draft("yes"), draft("and no")], ..settlement(conversation, &[row], None) };
        let parcels = store.settle(turn).await.unwrap().parcels;
        for key in &parcels {
            let name = as_of_before(&store, key);
            assert!(name.as_str().starts_with(&format!("3EB0{:010X}{:02X}", key.sequence.0, key.part)), "{name}");
            assert_eq!(store.parcel(key).await.unwrap().unwrap().id, name);
            let own = MessageId::new(name.as_str()).unwrap();
            assert_eq!(store.find_own(&key.account, &own).await, Ok(Some(key.clone())));
            let status = StatusArrival {
                account: key.account.clone(),
                of: StatusOf::Outbound(name.clone()),
                status: DeliveryStatus::Delivered,
                at: Timestamp(7),
                billed_as: None,
            };
            let told = store.accept(vec![Arrival::Status(status)]).await.unwrap();
            assert_eq!(told, [Accepted::Updated { parcel: Some(key.clone()) }]);
            store.sent(key, &Receipt { message: own.clone() }, Timestamp(8)).await.unwrap();
            assert_eq!(store.find_own(&key.account, &own).await, Ok(Some(key.clone())));
            assert!(matches!(store.parcel(key).await.unwrap().unwrap().state, ParcelState::Sent { .. }));
            let why = store.why(&own, None).await.unwrap();
            assert!(why[0].parcels.iter().any(|parcel| parcel.id == name), "{why:?}");
        }
    });
}

#[test]
fn a_post_has_the_same_name_when_it_is_made_once_more_even_after_its_parcel_is_gone() {
    run(async {
        let store = crate::memory();
        let name = Some(MessageId::new("reminder-1").unwrap());
        let scope = crate::format::sample::scope();
        let post =
            Post { conversation: None, scope, parcels: vec![draft("hi")], steps: Vec::new(), name, at: Timestamp(5) };
        let first = store.post(post.clone()).await.unwrap();
        assert_eq!(store.parcel(&first.parcels[0]).await.unwrap().unwrap().id, first.id);
        assert_eq!(store.post(post.clone()).await.unwrap().id, first.id);
        let at = keys::parcel(&first.parcels[0]);
        store.shared.engine().unwrap().apply(&BTreeMap::from([(at, None)])).unwrap();
        assert_eq!(store.post(post).await.unwrap().id, first.id);
    });
}

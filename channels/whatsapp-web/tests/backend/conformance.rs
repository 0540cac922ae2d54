//! The same steps on our storage and on the library's reference give the same answers.

use crate::reads::{NAMES, everything, told};
use crate::vaults::CrashVault;
use crate::{open, vault_of};
use bytes::Bytes;
use greenroom_channel_whatsapp_web::keys::VaultBackend;
use proptest::prelude::*;
use std::sync::Arc;
use whatsapp_rust::wacore::appstate::hash::HashState;
use whatsapp_rust::wacore::appstate::processor::AppStateMutationMAC;
use whatsapp_rust::wacore::store::InMemoryBackend;
use whatsapp_rust::wacore::store::traits::*;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Identity,
    Identities,
    DeleteIdentity,
    Session,
    Sessions,
    DeleteSession,
    PreKey,
    PreKeys,
    UploadPreKeys,
    RemovePreKey,
    SignedPreKey,
    RemoveSignedPreKey,
    SenderKey,
    SenderKeys,
    DeleteSenderKey,
    SyncKey,
    Version,
    MutationMacs,
    DeleteMutationMacs,
    ClearMutationMacs,
    SenderKeyStatus,
    ClearSenderKeyDevices,
    ClearAllSenderKeyDevices,
    DeleteSenderKeyRows,
    Mapping,
    Mappings,
    BaseKey,
    DeleteBaseKey,
    DeviceList,
    DeviceLists,
    DeleteDevices,
    Group,
    DeleteGroup,
    Token,
    DeleteToken,
    ReceiveToken,
    TouchToken,
    ExpireTokens,
    Sent,
    TakeSent,
    ExpireSent,
    Inbound,
    InboundBatch,
    DeleteInbound,
    DeleteInboundBatch,
    ExpireInbound,
    Secrets,
    ExpireSecrets,
    SaveDevice,
    CreateDevice,
    /// Not asked of the storages: ours is closed in good order and opened again.
    Reopen,
    /// Not asked either: what was submitted becomes durable.
    Settle,
}

use Kind::*;

const KINDS: [Kind; 52] = [
    Identity,
    Identities,
    DeleteIdentity,
    Session,
    Sessions,
    DeleteSession,
    PreKey,
    PreKeys,
    UploadPreKeys,
    RemovePreKey,
    SignedPreKey,
    RemoveSignedPreKey,
    SenderKey,
    SenderKeys,
    DeleteSenderKey,
    SyncKey,
    Version,
    MutationMacs,
    DeleteMutationMacs,
    ClearMutationMacs,
    SenderKeyStatus,
    ClearSenderKeyDevices,
    ClearAllSenderKeyDevices,
    DeleteSenderKeyRows,
    Mapping,
    Mappings,
    BaseKey,
    DeleteBaseKey,
    DeviceList,
    DeviceLists,
    DeleteDevices,
    Group,
    DeleteGroup,
    Token,
    DeleteToken,
    ReceiveToken,
    TouchToken,
    ExpireTokens,
    Sent,
    TakeSent,
    ExpireSent,
    Inbound,
    InboundBatch,
    DeleteInbound,
    DeleteInboundBatch,
    ExpireInbound,
    Secrets,
    ExpireSecrets,
    SaveDevice,
    CreateDevice,
    Reopen,
    Settle,
];

#[derive(Debug, Clone)]
struct Step {
    kind: Kind,
    /// Which of the names.
    a: usize,
    b: usize,
    c: usize,
    number: u32,
    value: Vec<u8>,
}

fn step() -> impl Strategy<Value = Step> {
    let kind = prop::sample::select(&KINDS[..]);
    let value = prop::collection::vec(any::<u8>(), 0..40);
    (kind, 0..NAMES.len(), 0..NAMES.len(), 0..NAMES.len(), 0..6_u32, value)
        .prop_map(|(kind, a, b, c, number, value)| Step { kind, a, b, c, number, value })
}

impl Step {
    fn name(&self) -> &'static str {
        NAMES[self.a]
    }

    fn other(&self) -> &'static str {
        NAMES[self.b]
    }

    fn third(&self) -> &'static str {
        NAMES[self.c]
    }

    fn key(&self) -> [u8; 32] {
        let mut key = [self.number as u8; 32];
        key[..self.value.len().min(32)].copy_from_slice(&self.value[..self.value.len().min(32)]);
        key
    }

    fn bytes(&self) -> Bytes {
        Bytes::from(self.value.clone())
    }

    fn length(&self) -> i64 {
        i64::try_from(self.value.len()).expect("a short one")
    }

    fn mapping(&self, lid: &str, phone: &str) -> LidPnMappingEntry {
        LidPnMappingEntry {
            lid: lid.into(),
            phone_number: phone.into(),
            created_at: i64::from(self.number) - 3,
            updated_at: self.length(),
            learning_source: "usync".into(),
        }
    }

    fn device_list(&self, user: &str) -> DeviceListRecord {
        DeviceListRecord {
            user: user.into(),
            devices: self.value.iter().map(|byte| DeviceInfo::new(u32::from(*byte), self.index())).collect(),
            timestamp: -i64::from(self.number),
            phash: self.index().map(|index| format!("2:{index}")),
            raw_id: self.index(),
        }
    }

    /// A number that may be missing, and may be zero.
    fn index(&self) -> Option<u32> {
        self.number.checked_sub(1)
    }

    fn token(&self) -> TcTokenEntry {
        TcTokenEntry {
            token: self.value.clone(),
            token_timestamp: i64::from(self.number),
            sender_timestamp: self.index().map(i64::from),
        }
    }

    fn secret(&self, message: &str) -> MsgSecretEntry {
        MsgSecretEntry {
            chat: self.name().into(),
            sender: self.other().into(),
            msg_id: message.into(),
            secret: self.key(),
            expires_at: i64::from(self.number),
            message_ts: self.length(),
        }
    }

    fn macs(&self) -> Vec<AppStateMutationMAC> {
        let mac = |byte: &u8| AppStateMutationMAC { index_mac: vec![*byte; 32], value_mac: self.key().to_vec() };
        self.value.iter().take(4).map(mac).collect()
    }

    /// Long ago or long hence: the storages read the clock at different moments.
    fn cutoff(&self) -> i64 {
        if self.number < 3 { 1_000 } else { i64::MAX / 2 }
    }

    /// Carries it out and tells the answer.
    async fn apply(&self, on: &dyn Backend) -> String {
        match self.kind as u8 {
            of if of <= DeleteSenderKey as u8 => self.apply_signal(on).await,
            of if of <= ClearMutationMacs as u8 => self.apply_app_state(on).await,
            of if of <= ExpireTokens as u8 => self.apply_protocol(on).await,
            _ => self.apply_messages(on).await,
        }
    }

    async fn apply_signal(&self, on: &dyn Backend) -> String {
        let (name, value) = (self.name(), self.value.as_slice());
        let pair: [Arc<str>; 2] = [name.into(), self.other().into()];
        let both = [(pair[0].clone(), self.bytes()), (pair[1].clone(), Bytes::from_static(b"second"))];
        let numbers = [(self.number, self.bytes()), (self.number + 1, Bytes::from_static(b"next"))];
        match self.kind {
            Identity => told(on.put_identity(name, self.key()).await),
            Identities => told(on.put_identities_batch(&pair.map(|name| (name, self.key()))).await),
            DeleteIdentity => told(on.delete_identity(name).await),
            Session => told(on.put_session(name, value).await),
            Sessions => told(on.put_sessions_batch(&both).await),
            DeleteSession => told(on.delete_session(name).await),
            PreKey => told(on.store_prekey(self.number, value, false).await),
            PreKeys => told(on.store_prekeys_batch(&numbers, true).await),
            UploadPreKeys => told(on.mark_prekeys_uploaded(&[self.number, 4]).await),
            RemovePreKey => told(on.remove_prekey(self.number).await),
            SignedPreKey => told(on.store_signed_prekey(self.number, value).await),
            RemoveSignedPreKey => told(on.remove_signed_prekey(self.number).await),
            SenderKey => told(on.put_sender_key(name, value).await),
            SenderKeys => told(on.put_sender_keys_batch(&both).await),
            DeleteSenderKey => told(on.delete_sender_key(name).await),
            other => unreachable!("{other:?}"),
        }
    }

    async fn apply_app_state(&self, on: &dyn Backend) -> String {
        let name = self.name();
        match self.kind {
            SyncKey => {
                let (key_data, fingerprint) = (self.value.clone(), self.key().to_vec());
                let key = AppStateSyncKey { key_data, fingerprint, timestamp: -i64::from(self.number) };
                told(on.set_sync_key(name.as_bytes(), key).await)
            }
            Version => {
                let mut state = HashState { version: u64::from(self.number) << 40, ..HashState::default() };
                state.hash[..self.value.len()].copy_from_slice(&self.value);
                state.index_value_map.insert(self.other().into(), self.value.clone());
                state.mac_mismatch_fatal = self.number == 1;
                told(on.set_version(name, state).await)
            }
            MutationMacs => told(on.put_mutation_macs(name, 7, &self.macs()).await),
            DeleteMutationMacs => {
                let macs: Vec<_> = self.macs().into_iter().map(|mac| mac.index_mac).collect();
                told(on.delete_mutation_macs(name, &macs).await)
            }
            ClearMutationMacs => told(on.clear_mutation_macs(name).await),
            other => unreachable!("{other:?}"),
        }
    }

    async fn apply_protocol(&self, on: &dyn Backend) -> String {
        let (name, other) = (self.name(), self.other());
        match self.kind {
            SenderKeyStatus => {
                let entries = [(other, self.number > 1), (self.third(), self.number != 4)];
                told(on.set_sender_key_status(name, &entries).await)
            }
            ClearSenderKeyDevices => told(on.clear_sender_key_devices(name).await),
            ClearAllSenderKeyDevices => told(on.clear_all_sender_key_devices().await),
            DeleteSenderKeyRows => told(on.delete_sender_key_device_rows(&[other, self.third()]).await),
            Mapping => told(on.put_lid_mapping(&self.mapping(name, other)).await),
            Mappings => {
                let entries = [self.mapping(name, other), self.mapping(self.third(), other), self.mapping(name, "9")];
                told(on.put_lid_mappings(&entries).await)
            }
            BaseKey => told(on.save_base_key(name, other, &self.value).await),
            DeleteBaseKey => told(on.delete_base_key(name, other).await),
            DeviceList => told(on.update_device_list(self.device_list(name)).await),
            DeviceLists => told(on.update_device_lists(vec![self.device_list(name), self.device_list(other)]).await),
            DeleteDevices => told(on.delete_devices(name).await),
            Group => told(on.put_group_metadata(name, &self.value).await),
            DeleteGroup => told(on.delete_group_metadata(name).await),
            Token => told(on.put_tc_token(name, &self.token()).await),
            DeleteToken => told(on.delete_tc_token(name).await),
            ReceiveToken => told(on.store_received_tc_token(name, &self.value, i64::from(self.number)).await),
            TouchToken => told(on.touch_tc_token_sender_timestamp(name, i64::from(self.number)).await),
            ExpireTokens => told(on.delete_expired_tc_tokens(i64::from(self.number), 2).await),
            other => unreachable!("{other:?}"),
        }
    }

    async fn apply_messages(&self, on: &dyn Backend) -> String {
        let (name, other, id) = (self.name(), self.other(), self.third());
        let message = self.value.as_slice();
        match self.kind {
            Sent => told(on.store_sent_message(name, id, message).await),
            TakeSent => told(on.take_sent_message(name, id).await),
            ExpireSent => told(on.delete_expired_sent_messages(self.cutoff()).await),
            Inbound => told(on.store_pending_inbound(name, other, id, message).await),
            InboundBatch => {
                let first = PendingInboundRow { chat: name, sender: other, id, message };
                let rows = [first, PendingInboundRow { chat: other, message: b"second", ..first }];
                told(on.store_pending_inbound_batch(&rows).await)
            }
            DeleteInbound => told(on.delete_pending_inbound(name, other, id).await),
            DeleteInboundBatch => {
                let first = PendingInboundKey { chat: name, sender: other, id };
                told(on.delete_pending_inbound_batch(&[first, PendingInboundKey { chat: other, ..first }]).await)
            }
            ExpireInbound => told(on.delete_expired_pending_inbound(self.cutoff()).await),
            Secrets => {
                let entries = vec![self.secret(id), self.secret("M"), self.secret(id)];
                told(on.put_msg_secrets(entries).await)
            }
            ExpireSecrets => told(on.delete_expired_msg_secrets(i64::from(self.number)).await),
            SaveDevice => {
                let mut device = on.load().await.unwrap().unwrap_or_else(fixed_device);
                device.push_name = String::from_utf8_lossy(message).into_owned();
                device.next_pre_key_id = self.number;
                device.edge_routing_info = self.index().map(|_| self.value.clone());
                told(on.save(&device).await)
            }
            CreateDevice => {
                // Its keys are random, so the reference gets the same one.
                if on.exists().await.unwrap() {
                    on.create().await.unwrap();
                    String::new()
                } else {
                    told(on.save(&fixed_device()).await)
                }
            }
            Settle | Reopen => String::new(),
            other => unreachable!("{other:?}"),
        }
    }
}

fn fixed_device() -> whatsapp_rust::wacore::store::Device {
    static DEVICE: std::sync::OnceLock<whatsapp_rust::wacore::store::Device> = std::sync::OnceLock::new();
    DEVICE.get_or_init(whatsapp_rust::wacore::store::Device::new).clone()
}

async fn run(steps: &[Step]) {
    let vault = CrashVault::new();
    let mut ours: Arc<VaultBackend> = open(&vault).await;
    let reference = InMemoryBackend::new();
    for (number, step) in steps.iter().enumerate() {
        match step.kind {
            Settle => ours.settle().await.unwrap(),
            Reopen => {
                ours.settle().await.unwrap();
                ours = VaultBackend::open(vault_of(vault.clone())).await.unwrap();
            }
            _ => assert_eq!(step.apply(&*ours).await, step.apply(&reference).await, "step {number}: {step:?}"),
        }
    }
    same(&*ours, &reference).await;
    // And what is kept on disk says the same.
    ours.settle().await.unwrap();
    same(&*open(&vault.reopened()).await, &reference).await;
    // Sent messages can only be taken.
    for chat in NAMES {
        for id in NAMES {
            let (a, b) = (ours.take_sent_message(chat, id).await, reference.take_sent_message(chat, id).await);
            assert_eq!(told(a), told(b), "the message {id:?} sent to {chat:?}");
        }
    }
}

async fn same(ours: &dyn Backend, reference: &dyn Backend) {
    let (ours, reference) = (everything(ours).await, everything(reference).await);
    for (answer, expected) in ours.iter().zip(&reference) {
        assert_eq!(answer, expected);
    }
    assert_eq!(ours.len(), reference.len());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn behaves_like_the_reference(steps in prop::collection::vec(step(), 1..80)) {
        greenroom_conformance::run(run(&steps));
    }

    /// Few kinds at a time, so that the steps meet each other.
    #[test]
    fn behaves_like_the_reference_on_one_subject(
        kinds in prop::collection::vec(prop::sample::select(&KINDS[..]), 3),
        steps in prop::collection::vec(step(), 1..60),
    ) {
        let narrowed = steps.into_iter().enumerate().map(|(at, step)| Step {
            kind: kinds[at % kinds.len()],
            a: step.a % 3,
            b: step.b % 2,
            c: step.c % 2,
            ..step
        });
        greenroom_conformance::run(run(&narrowed.collect::<Vec<_>>()));
    }
}

//! What left the machine before a crash is never contradicted after it.
//!
//! A life is a list of acts. Each act uses the storage as the library does and writes down, outside, what the world
//! has seen: ciphertexts, receipts, uploaded keys. Before it sees anything the gate in front of the socket settles. A life is ended at each of its awaited writes, in each of the ways
//! in which unacknowledged writes may or may not survive; then the storage is opened again and compared with what the
//! world has seen; then the next life goes on with it.

use crate::vaults::{CrashVault, Left};
use crate::{account, open, vault_of};
use bytes::Bytes;
use greenroom_channel_whatsapp_web::keys::VaultBackend;
use greenroom_contract::store::{Vault, VaultWrite};
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, OnceLock};
use whatsapp_rust::wacore::store::Device;
use whatsapp_rust::wacore::store::error::Result;
use whatsapp_rust::wacore::store::traits::*;

const GROUP: &str = "120@g.us";

#[derive(Debug, Clone, Copy)]
enum Act {
    /// Generates one-time keys and uploads them.
    Upload,
    /// A stranger's first message, which uses up a one-time key.
    FirstMessage(u8),
    /// A message to one person.
    Send(u8),
    /// A message to two devices, whose sessions move in one commit.
    SendToBoth,
    /// A message to the group.
    SendToGroup,
    /// A member of the group has to get the key anew.
    Forget(u8),
    /// Somebody could not decrypt what was sent last.
    Resend,
    /// Things that the network would tell again.
    Notice(u8),
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        2 => Just(Act::Upload),
        4 => (0..4_u8).prop_map(Act::FirstMessage),
        4 => (0..4_u8).prop_map(Act::Send),
        1 => Just(Act::SendToBoth),
        2 => Just(Act::SendToGroup),
        1 => (0..3_u8).prop_map(Act::Forget),
        1 => Just(Act::Resend),
        2 => (0..4_u8).prop_map(Act::Notice),
    ]
}

/// What the world has seen.
#[derive(Debug, Default, Clone)]
struct World {
    /// The highest counter of a ciphertext that left, by session.
    sent: BTreeMap<String, u64>,
    sent_to_group: u64,
    /// One-time keys that the server may hand out or has handed out.
    uploaded: BTreeSet<u32>,
    /// One-time keys by which a stranger's message was encrypted, with his session and the message.
    arrived: BTreeMap<u32, (String, String)>,
    /// One-time keys that were used before a receipt left.
    removed: BTreeSet<u32>,
    /// Messages for which a receipt left.
    receipts: BTreeSet<String>,
    /// Messages that were noted as sent, and not taken again.
    noted: BTreeSet<String>,
    last_sent: Option<String>,
    /// Members that must get the key anew.
    forgotten: BTreeSet<String>,
    messages: u32,
}

struct Life<'a> {
    vault: &'a Arc<CrashVault>,
    backend: Arc<VaultBackend>,
    world: &'a mut World,
}

fn peer(number: u8) -> String {
    format!("{number}:1@s.whatsapp.net")
}

fn counter(row: Option<Bytes>) -> u64 {
    row.map_or(0, |row| u64::from_be_bytes(row.as_ref().try_into().expect("a counter")))
}

fn accepted_key(id: &str) -> Bytes {
    Bytes::from(format!("engine/{id}"))
}

impl Life<'_> {
    async fn act(&mut self, act: Act) -> Result<()> {
        match act {
            Act::Upload => self.upload().await,
            Act::FirstMessage(of) => self.first_message(&peer(of)).await,
            Act::Send(to) => self.send(&[peer(to)]).await,
            Act::SendToBoth => self.send(&["8:1@lid".into(), "8:2@lid".into()]).await,
            Act::SendToGroup => self.send_to_group().await,
            Act::Forget(member) => {
                self.backend.set_sender_key_status(GROUP, &[(&peer(member), false)]).await?;
                self.world.forgotten.insert(peer(member));
                Ok(())
            }
            Act::Resend => self.resend().await,
            Act::Notice(about) => self.notice(about).await,
        }
    }

    fn message_id(&mut self) -> String {
        self.world.messages += 1;
        format!("M{}", self.world.messages)
    }

    /// As the engine of this store does, in the same store.
    async fn note(&self, id: &str) -> Result<()> {
        let write = VaultWrite::Put { key: accepted_key(id), value: Bytes::from_static(b"1") };
        let noted = self.vault.vault_write(&account(), vec![write]).await;
        noted.map_err(|error| whatsapp_rust::wacore::store::error::StoreError::Database(Box::new(error)))
    }

    /// What the gate in front of the socket does before anything leaves.
    async fn leave(&self) -> Result<()> {
        let settled = self.backend.settle_deferred().await;
        settled.map_err(|error| whatsapp_rust::wacore::store::error::StoreError::Database(Box::new(error)))
    }

    async fn upload(&mut self) -> Result<()> {
        if !self.backend.exists().await? {
            self.backend.save(fresh_device()).await?;
        }
        let mut device = self.backend.load().await?.expect("it exists");
        let next = device.next_pre_key_id.max(self.backend.get_max_prekey_id().await? + 1);
        let ids: Vec<u32> = (next..next + 3).collect();
        let keys: Vec<_> = ids.iter().map(|id| (*id, Bytes::from(id.to_be_bytes().to_vec()))).collect();
        self.backend.store_prekeys_batch(&keys, false).await?;
        device.next_pre_key_id = next + 3;
        self.backend.save(&device).await?;
        self.leave().await?;
        for id in &ids {
            assert!(self.world.uploaded.insert(*id), "the one-time key {id} is handed out a second time");
        }
        self.backend.mark_prekeys_uploaded(&ids).await
    }

    async fn first_message(&mut self, from: &str) -> Result<()> {
        let mut given = self.world.uploaded.iter().filter(|id| !self.world.arrived.contains_key(id));
        let Some(&key) = given.next() else { return Ok(()) };
        let found = self.backend.load_prekey(key).await?;
        assert!(found.is_some(), "the server handed out the one-time key {key}, and it is gone");
        let id = self.message_id();
        self.world.arrived.insert(key, (from.to_owned(), id.clone()));
        self.backend.store_pending_inbound(from, from, &id, b"hello").await?;
        let session = counter(self.backend.get_session(from).await?);
        let session = Bytes::from(session.max(1).to_be_bytes().to_vec());
        self.backend.put_sessions_batch(&[(from.into(), session)]).await?;
        self.backend.remove_prekey(key).await?;
        self.backend.put_identities_batch(&[(from.into(), [7; 32])]).await?;
        // Another message may leave here, and take all this along.
        if self.world.messages.is_multiple_of(2) {
            self.leave().await?;
        }
        self.note(&id).await?;
        self.backend.delete_pending_inbound(from, from, &id).await?;
        self.leave().await?;
        self.world.receipts.insert(id);
        self.world.removed.insert(key);
        Ok(())
    }

    async fn send(&mut self, to: &[String]) -> Result<()> {
        let id = self.message_id();
        let mut sessions = Vec::new();
        let mut next = 0;
        for address in to {
            next = counter(self.backend.get_session(address).await?) + 1;
            sessions.push((Arc::from(address.as_str()), Bytes::from(next.to_be_bytes().to_vec())));
        }
        self.backend.put_sessions_batch(&sessions).await?;
        self.backend.store_sent_message(&to[0], &id, b"answer").await?;
        self.leave().await?;
        for address in to {
            let before = self.world.sent.insert(address.clone(), next);
            assert!(before.is_none_or(|before| before < next), "a message key was used twice: {address} at {next}");
        }
        self.note(&id).await?;
        self.world.noted.insert(format!("{}/{id}", to[0]));
        self.world.last_sent = Some(format!("{}/{id}", to[0]));
        Ok(())
    }

    async fn send_to_group(&mut self) -> Result<()> {
        let next = counter(self.backend.get_sender_key(GROUP).await?.map(Bytes::from)) + 1;
        let record = Bytes::from(next.to_be_bytes().to_vec());
        self.backend.put_sender_keys_batch(&[(GROUP.into(), record)]).await?;
        self.leave().await?;
        assert!(self.world.sent_to_group < next, "a message key of the group was used twice");
        self.world.sent_to_group = next;
        let members: Vec<_> = (0..3).map(peer).collect();
        let given: Vec<_> = members.iter().map(|member| (member.as_str(), true)).collect();
        self.world.forgotten.clear();
        self.backend.set_sender_key_status(GROUP, &given).await
    }

    async fn resend(&mut self) -> Result<()> {
        let Some(sent) = self.world.last_sent.take() else { return Ok(()) };
        let (chat, id) = sent.split_once('/').expect("it was written so");
        let again = self.backend.take_sent_message(chat, id).await?;
        assert!(again.is_some() || !self.world.noted.contains(&sent), "{sent} cannot be sent again");
        assert!(self.backend.take_sent_message(chat, id).await?.is_none(), "{sent} is sent again twice");
        self.world.noted.remove(&sent);
        Ok(())
    }

    async fn notice(&mut self, about: u8) -> Result<()> {
        let (user, number) = (peer(about), i64::from(about));
        let list = DeviceListRecord {
            user: user.clone(),
            devices: vec![DeviceInfo::new(0, None)],
            timestamp: number,
            phash: None,
            raw_id: None,
        };
        self.backend.update_device_list(list).await?;
        let mapping = LidPnMappingEntry {
            lid: format!("{about}9"),
            phone_number: format!("+{about}"),
            created_at: number,
            updated_at: number,
            learning_source: "usync".into(),
        };
        self.backend.put_lid_mapping(&mapping).await?;
        self.backend.touch_tc_token_sender_timestamp(&user, number).await?;
        self.backend.put_msg_secret(&user, &user, "M", &[about; 32]).await
    }
}

fn fresh_device() -> &'static Device {
    static DEVICE: OnceLock<Device> = OnceLock::new();
    DEVICE.get_or_init(Device::new)
}

/// What is stored agrees with what the world has seen.
async fn check(vault: &Arc<CrashVault>, world: &World) {
    let backend = open(vault).await;
    for (address, left) in &world.sent {
        let stored = counter(backend.get_session(address).await.unwrap());
        assert!(stored >= *left, "{address}: a ciphertext with counter {left} left, the session is at {stored}");
    }
    let both = [backend.get_session("8:1@lid").await.unwrap(), backend.get_session("8:2@lid").await.unwrap()];
    assert_eq!(both[0], both[1], "half of a batch was written");
    let stored = counter(backend.get_sender_key(GROUP).await.unwrap().map(Bytes::from));
    assert!(stored >= world.sent_to_group, "the group's key fell back");
    let next = backend.load().await.unwrap().map_or(0, |device| device.next_pre_key_id);
    for id in &world.uploaded {
        assert!(next > *id, "the one-time key {id} was uploaded, and the next one is {next}");
        let there = backend.load_prekey(*id).await.unwrap().is_some();
        assert!(!(there && world.removed.contains(id)), "the used one-time key {id} is back");
        match world.arrived.get(id) {
            // The key is used: its session is there, and the message was accepted or there is a copy of it.
            Some((of, message)) if !there => {
                assert!(backend.has_session(of).await.unwrap(), "neither {id} nor its session");
                let copy = backend.get_pending_inbound(of, of, message).await.unwrap();
                assert!(copy.is_some() || accepted(vault, message).await, "{message} can be read no more");
            }
            // It is not used: the network delivers the message again, and it can be read.
            Some(_) => {}
            None => assert!(there, "the one-time key {id} may be handed out, and is gone"),
        }
    }
    for id in &world.receipts {
        assert!(accepted(vault, id).await, "a receipt for {id} left, and it is not accepted");
    }
    for member in &world.forgotten {
        let members = backend.get_sender_key_devices(GROUP).await.unwrap();
        assert!(!members.contains(&(member.clone(), true)), "{member} is thought to have the group's key");
    }
    for sent in &world.noted {
        let (chat, id) = sent.split_once('/').expect("it was written so");
        assert!(backend.take_sent_message(chat, id).await.unwrap().is_some(), "{sent} is noted, and cannot be resent");
    }
}

async fn accepted(vault: &Arc<CrashVault>, id: &str) -> bool {
    vault.vault_get(&account(), &accepted_key(id)).await.unwrap().is_some()
}

/// Lives until the end or the crash.
async fn live(vault: &Arc<CrashVault>, acts: &[Act], world: &mut World) {
    let Ok(backend) = VaultBackend::open(vault_of(vault.clone())).await else { return };
    let mut life = Life { vault, backend, world };
    for act in acts {
        if life.act(*act).await.is_err() {
            assert!(vault.is_dead(), "{act:?} failed without a crash");
            return;
        }
    }
}

async fn every_crash(first: &[Act], second: &[Act]) {
    let calm = CrashVault::new();
    live(&calm, first, &mut World::default()).await;
    for at in 0..=calm.awaited() {
        for left in Left::ALL {
            let vault = CrashVault::crashing(at, left);
            let mut world = World::default();
            live(&vault, first, &mut world).await;
            // A crash also comes when nothing is awaited.
            vault.kill(left);
            check(&vault.reopened(), &world).await;
            let next = vault.reopened();
            live(&next, second, &mut world).await;
            next.kill(Left::Nothing);
            check(&next.reopened(), &world).await;
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_crash_contradicts_what_the_world_has_seen(
        first in prop::collection::vec(act(), 1..14),
        second in prop::collection::vec(act(), 1..10),
    ) {
        let first: Vec<_> = [Act::Upload].into_iter().chain(first).collect();
        greenroom_conformance::run(every_crash(&first, &second));
    }
}

#[test]
fn every_act_survives_every_crash() {
    let acts = [
        Act::Upload,
        Act::FirstMessage(0),
        Act::Send(0),
        Act::Notice(1),
        Act::SendToBoth,
        Act::Forget(1),
        Act::SendToGroup,
        Act::Forget(2),
        Act::FirstMessage(1),
        Act::Resend,
        Act::Upload,
    ];
    greenroom_conformance::run(every_crash(&acts, &acts));
}

//! The stores of a phone: everything in memory, one struct for each of libsignal's traits.

use std::collections::HashMap;

use anyhow::Context as _;
use whatsapp_rust::async_trait;
use whatsapp_rust::wacore::crypto;
use whatsapp_rust::wacore::libsignal::protocol::{
    Direction, GenericSignedPreKey as _, IdentityChange, IdentityKey, IdentityKeyPair, IdentityKeyStore, KeyPair,
    PreKeyId, PreKeyRecord, PreKeyStore, ProtocolAddress, SenderKeyName, SenderKeyRecord, SenderKeyStore,
    SessionRecord, SessionStore, SignalProtocolError, SignedPreKeyId, SignedPreKeyRecord, SignedPreKeyStore, Timestamp,
};

type Outcome<T> = Result<T, SignalProtocolError>;

/// The identity of a phone and the identities it has seen.
pub(super) struct Identities {
    pub(super) own: IdentityKeyPair,
    pub(super) registration: u32,
    seen: HashMap<ProtocolAddress, IdentityKey>,
}

impl Identities {
    fn generate() -> Self {
        let own = IdentityKeyPair::from(crypto::generate_curve_key_pair());
        let registration = 1 + (rand::random::<u32>() & 0x3ffe);
        Self { own, registration, seen: HashMap::new() }
    }

    pub(super) fn forget(&mut self, address: &ProtocolAddress) {
        self.seen.remove(address);
    }
}

#[async_trait]
impl IdentityKeyStore for Identities {
    async fn get_identity_key_pair(&self) -> Outcome<IdentityKeyPair> {
        Ok(self.own.clone())
    }

    async fn get_local_registration_id(&self) -> Outcome<u32> {
        Ok(self.registration)
    }

    async fn save_identity(&mut self, address: &ProtocolAddress, identity: &IdentityKey) -> Outcome<IdentityChange> {
        Ok(match self.seen.insert(address.clone(), *identity) {
            Some(before) if before != *identity => IdentityChange::ReplacedExisting,
            _ => IdentityChange::NewOrUnchanged,
        })
    }

    /// A phone accepts a changed identity and shows a notice; nobody reads notices here.
    async fn is_trusted_identity(&self, _: &ProtocolAddress, _: &IdentityKey, _: Direction) -> Outcome<bool> {
        Ok(true)
    }

    async fn get_identity(&self, address: &ProtocolAddress) -> Outcome<Option<IdentityKey>> {
        Ok(self.seen.get(address).copied())
    }
}

/// The one-time prekeys that are not used up.
#[derive(Default)]
pub(super) struct PreKeys {
    records: HashMap<PreKeyId, PreKeyRecord>,
    next: u32,
}

impl PreKeys {
    /// Makes `count` more; returns their ids and public keys, as they are uploaded.
    pub(super) fn generate(&mut self, count: usize) -> Vec<(u32, KeyPair)> {
        (0..count)
            .map(|_| {
                self.next += 1;
                let pair = crypto::generate_curve_key_pair();
                self.records.insert(self.next.into(), PreKeyRecord::new(self.next.into(), &pair));
                (self.next, pair)
            })
            .collect()
    }
}

#[async_trait]
impl PreKeyStore for PreKeys {
    async fn get_pre_key(&self, id: PreKeyId) -> Outcome<PreKeyRecord> {
        self.records.get(&id).cloned().ok_or(SignalProtocolError::InvalidPreKeyId)
    }

    async fn save_pre_key(&mut self, id: PreKeyId, record: &PreKeyRecord) -> Outcome<()> {
        self.records.insert(id, record.clone());
        Ok(())
    }

    async fn remove_pre_key(&mut self, id: PreKeyId) -> Outcome<()> {
        self.records.remove(&id);
        Ok(())
    }
}

/// The signed prekey; a phone of the simulator keeps its first one.
pub(super) struct SignedPreKey {
    pub(super) pair: KeyPair,
    pub(super) signature: [u8; 64],
    record: SignedPreKeyRecord,
}

impl SignedPreKey {
    pub(super) const ID: u32 = 1;

    fn generate(identity: &IdentityKeyPair) -> anyhow::Result<Self> {
        let pair = crypto::generate_curve_key_pair();
        let signature = crypto::calculate_curve_signature(identity.private_key(), &pair.public_key.serialize())
            .context("signing the signed prekey")?;
        let record = SignedPreKeyRecord::new(Self::ID.into(), Timestamp::from_epoch_millis(0), &pair, &signature);
        Ok(Self { pair, signature, record })
    }
}

#[async_trait]
impl SignedPreKeyStore for SignedPreKey {
    async fn get_signed_pre_key(&self, id: SignedPreKeyId) -> Outcome<SignedPreKeyRecord> {
        if u32::from(id) == Self::ID {
            Ok(self.record.clone())
        } else {
            Err(SignalProtocolError::InvalidSignedPreKeyId)
        }
    }

    async fn save_signed_pre_key(&mut self, _: SignedPreKeyId, record: &SignedPreKeyRecord) -> Outcome<()> {
        self.record = record.clone();
        Ok(())
    }
}

/// The sessions with devices.
#[derive(Default)]
pub(super) struct Sessions(HashMap<ProtocolAddress, SessionRecord>);

impl Sessions {
    pub(super) fn has(&self, address: &ProtocolAddress) -> bool {
        self.0.contains_key(address)
    }

    pub(super) fn forget(&mut self, address: &ProtocolAddress) {
        self.0.remove(address);
    }

    /// Renames a session after its owner's other name became known; one under the new name stays.
    pub(super) fn rename(&mut self, from: &ProtocolAddress, to: ProtocolAddress) {
        if let Some(record) = self.0.remove(from) {
            self.0.entry(to).or_insert(record);
        }
    }

    pub(super) fn addresses(&self) -> Vec<ProtocolAddress> {
        self.0.keys().cloned().collect()
    }
}

#[async_trait]
impl SessionStore for Sessions {
    async fn load_session(&self, address: &ProtocolAddress) -> Outcome<Option<SessionRecord>> {
        Ok(self.0.get(address).cloned())
    }

    async fn has_session(&self, address: &ProtocolAddress) -> Outcome<bool> {
        Ok(self.0.contains_key(address))
    }

    async fn store_session(&mut self, address: &ProtocolAddress, record: SessionRecord) -> Outcome<()> {
        self.0.insert(address.clone(), record);
        Ok(())
    }
}

/// The sender keys of groups, ours and others'.
#[derive(Default)]
pub(super) struct SenderKeys(HashMap<String, SenderKeyRecord>);

impl SenderKeys {
    pub(super) fn forget(&mut self, name: &SenderKeyName) {
        self.0.remove(name.cache_key());
    }
}

#[async_trait]
impl SenderKeyStore for SenderKeys {
    async fn store_sender_key(&mut self, name: &SenderKeyName, record: SenderKeyRecord) -> Outcome<()> {
        self.0.insert(name.cache_key().to_owned(), record);
        Ok(())
    }

    async fn load_sender_key(&self, name: &SenderKeyName) -> Outcome<Option<SenderKeyRecord>> {
        Ok(self.0.get(name.cache_key()).cloned())
    }
}

/// All stores together.
pub(super) struct Keys {
    pub(super) identities: Identities,
    pub(super) one_time: PreKeys,
    pub(super) signed: SignedPreKey,
    pub(super) sessions: Sessions,
    pub(super) group_senders: SenderKeys,
}

impl Keys {
    /// Fresh keys, without one-time prekeys.
    pub(super) fn generate() -> anyhow::Result<Self> {
        let identities = Identities::generate();
        let signed = SignedPreKey::generate(&identities.own)?;
        Ok(Self {
            identities,
            one_time: PreKeys::default(),
            signed,
            sessions: Sessions::default(),
            group_senders: SenderKeys::default(),
        })
    }
}

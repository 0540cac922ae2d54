//! Encrypting and decrypting with the stores of one phone.
//!
//! The stores are in memory, so libsignal's futures are ready at once and everything here is synchronous:
//! it runs under the lock of the phone's phone_state and never waits.

use anyhow::Context as _;
use futures::FutureExt as _;
use whatsapp_rust::wacore::libsignal::protocol::{
    CiphertextMessage, DeviceId, IdentityKey, PreKeyBundle, PreKeySignalMessage, PreKeyStore as _, ProtocolAddress,
    PublicKey, SenderKeyDistributionMessage, SenderKeyName, SignalMessage, SignalProtocolError, UsePQRatchet,
    create_sender_key_distribution_message, group_decrypt, group_encrypt, message_decrypt, message_encrypt,
    process_prekey_bundle, process_sender_key_distribution_message,
};
use whatsapp_rust::wacore_binary::Node;

use super::keys::{Keys, SignedPreKey};
use super::node;

/// A ciphertext with the type that its `<enc>` carries.
pub(super) struct Sealed {
    pub(super) kind: &'static str,
    pub(super) bytes: Vec<u8>,
}

fn ready<T>(future: impl Future<Output = T>) -> T {
    future.now_or_never().expect("stores in memory answer at once")
}

impl Keys {
    /// Encrypts for one device; there must be a session.
    pub(super) fn seal(&mut self, to: &ProtocolAddress, plaintext: &[u8]) -> anyhow::Result<Sealed> {
        let sealed = ready(message_encrypt(plaintext, to, &mut self.sessions, &mut self.identities))
            .with_context(|| format!("encrypting for {}", to.as_str()))?;
        Ok(match sealed {
            CiphertextMessage::SignalMessage(message) => Sealed { kind: "msg", bytes: message.serialized().to_vec() },
            CiphertextMessage::PreKeySignalMessage(message) => {
                Sealed { kind: "pkmsg", bytes: message.serialized().to_vec() }
            }
            _ => anyhow::bail!("a session made neither msg nor pkmsg"),
        })
    }

    /// Decrypts a `msg` or `pkmsg` of one device.
    pub(super) fn open(
        &mut self,
        from: &ProtocolAddress,
        kind: &str,
        bytes: &[u8],
    ) -> Result<Vec<u8>, SignalProtocolError> {
        let sealed = if kind == "pkmsg" {
            CiphertextMessage::PreKeySignalMessage(PreKeySignalMessage::try_from(bytes)?)
        } else {
            CiphertextMessage::SignalMessage(SignalMessage::try_from(bytes)?)
        };
        let opened = ready(message_decrypt(
            &sealed,
            from,
            &mut self.sessions,
            &mut self.identities,
            &mut self.one_time,
            &self.signed,
            &mut rand::rng(),
            UsePQRatchet::No,
        ))?;
        if let Some(used) = opened.consumed_prekey_id {
            ready(self.one_time.remove_pre_key(used))?;
        }
        Ok(opened.plaintext)
    }

    /// Encrypts for a group with our own sender key.
    pub(super) fn seal_group(&mut self, name: &SenderKeyName, plaintext: &[u8]) -> anyhow::Result<Sealed> {
        let sealed = ready(group_encrypt(&mut self.group_senders, name, plaintext, &mut rand::rng()))?;
        Ok(Sealed { kind: "skmsg", bytes: sealed.serialized().to_vec() })
    }

    /// Decrypts a `skmsg`.
    pub(super) fn open_group(&mut self, name: &SenderKeyName, bytes: &[u8]) -> Result<Vec<u8>, SignalProtocolError> {
        ready(group_decrypt(bytes, &mut self.group_senders, name))
    }

    /// What a device needs to read our messages in this group; makes the sender key if there is none.
    pub(super) fn distribution(&mut self, name: &SenderKeyName) -> anyhow::Result<Vec<u8>> {
        let message = ready(create_sender_key_distribution_message(name, &mut self.group_senders, &mut rand::rng()))?;
        Ok(message.serialized().to_vec())
    }

    /// Takes over a sender key that somebody distributed.
    pub(super) fn learn_sender_key(&mut self, name: &SenderKeyName, bytes: &[u8]) -> anyhow::Result<()> {
        let message = SenderKeyDistributionMessage::try_from(bytes)?;
        Ok(ready(process_sender_key_distribution_message(name, &message, &mut self.group_senders))?)
    }

    /// Starts a session from a bundle: the `<user>` of a prekey answer or the `<keys>` of a retry receipt,
    /// whose registration stands beside it.
    pub(super) fn start_session(
        &mut self,
        with: &ProtocolAddress,
        bundle: &Node,
        registration: u32,
    ) -> anyhow::Result<()> {
        let identity = PublicKey::from_djb_public_key_bytes(node::child_bytes(bundle, &["identity"])?)?;
        let one_time = match bundle.get_optional_child("key") {
            Some(key) => {
                let public = PublicKey::from_djb_public_key_bytes(node::child_bytes(key, &["value"])?)?;
                Some((node::child_number(key, &["id"])?.into(), public))
            }
            None => None,
        };
        let bundle = PreKeyBundle::new(
            registration,
            DeviceId::new(0),
            one_time,
            node::child_number(bundle, &["skey", "id"])?.into(),
            PublicKey::from_djb_public_key_bytes(node::child_bytes(bundle, &["skey", "value"])?)?,
            node::child_bytes(bundle, &["skey", "signature"])?.to_vec(),
            IdentityKey::new(identity),
        )?;
        self.forget_session(with);
        ready(process_prekey_bundle(
            with,
            &mut self.sessions,
            &mut self.identities,
            &bundle,
            &mut rand::rng(),
            UsePQRatchet::No,
        ))
        .with_context(|| format!("starting a session with {}", with.as_str()))?;
        Ok(())
    }

    /// Forgets a session, so that the next message to the device starts a fresh one.
    pub(super) fn forget_session(&mut self, with: &ProtocolAddress) {
        self.sessions.forget(with);
        self.identities.forget(with);
    }

    /// The keys as they are uploaded: `<registration/><type/><identity/><list/><skey/>` with these one-time keys.
    pub(super) fn upload(&mut self, one_time: usize) -> Vec<Node> {
        use whatsapp_rust::wacore_binary::builder::NodeBuilder;
        let fresh = self.one_time.generate(one_time);
        let list = fresh.iter().map(|(id, pair)| pre_key_node(*id, pair.public_key));
        let list = NodeBuilder::new("list").children(list.collect::<Vec<_>>()).build();
        let mut children = self.own_public();
        children.insert(0, node::blob("registration", self.identities.registration.to_be_bytes()));
        children.insert(3, list);
        children
    }

    /// The keys as a retry receipt carries them, with one fresh one-time key.
    pub(super) fn for_retry(&mut self) -> Vec<Node> {
        let fresh = self.one_time.generate(1);
        let mut children = self.own_public();
        children.insert(2, pre_key_node(fresh[0].0, fresh[0].1.public_key));
        children
    }

    fn own_public(&self) -> Vec<Node> {
        use whatsapp_rust::wacore_binary::builder::NodeBuilder;
        let skey = NodeBuilder::new("skey").children([
            node::blob("id", id_bytes(SignedPreKey::ID)),
            node::blob("value", self.signed.pair.public_key.public_key_bytes()),
            node::blob("signature", self.signed.signature),
        ]);
        vec![
            node::blob("type", [5]),
            node::blob("identity", self.identities.own.public_key().public_key_bytes()),
            skey.build(),
        ]
    }
}

fn pre_key_node(id: u32, public: PublicKey) -> Node {
    use whatsapp_rust::wacore_binary::builder::NodeBuilder;
    NodeBuilder::new("key")
        .children([node::blob("id", id_bytes(id)), node::blob("value", public.public_key_bytes())])
        .build()
}

fn id_bytes(id: u32) -> [u8; 3] {
    let [_, high, middle, low] = id.to_be_bytes();
    [high, middle, low]
}

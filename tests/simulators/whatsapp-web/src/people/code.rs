//! Linking by a pairing code: the companion shows eight characters and the person types them.
//!
//! Both sides hide an ephemeral key behind the code; from these, and from the identity keys, come the key of
//! the bundle that the companion sends and the secret that seals the account's signature.

use std::time::Duration;

use anyhow::Context as _;
use whatsapp_rust::wacore::crypto::{generate_curve_key_pair, hkdf_sha256};
use whatsapp_rust::wacore::libsignal::crypto::aes_256_gcm_decrypt;
use whatsapp_rust::wacore::libsignal::protocol::{KeyPair, PublicKey};
use whatsapp_rust::wacore::pair_code::PairCodeUtils;
use whatsapp_rust::wacore_binary::Node;
use whatsapp_rust::wacore_binary::builder::NodeBuilder;

use super::link::{Companion, LinkError};
use super::node;
use super::phone::Phone;
use super::phone_state::{Finish, Hello};

/// How long a companion has to finish after the code was entered.
const FINISH_TIMEOUT: Duration = Duration::from_secs(30);
/// How long a phone looks for a companion that waits for a code.
const HELLO_TIMEOUT: Duration = Duration::from_secs(2);
/// How many companions a phone remembers that wait for a code.
const HELLOS_MAX: usize = 4;

impl Phone {
    /// Enters the code that a companion shows and links it; returns its device number when it answered.
    ///
    /// A wrong code is noticed only when the companion stays silent or its bundle cannot be opened.
    pub async fn enter_code(&self, code: &str) -> Result<u16, LinkError> {
        let code = code.replace([' ', '-'], "").to_ascii_uppercase();
        if !PairCodeUtils::validate_code(&code) {
            return Err(LinkError::WrongCode("it is not eight characters of a code"));
        }
        let (reference, wrapped, noise) = self.until_hello().await?;
        let ours = generate_curve_key_pair();
        let public: [u8; 32] = ours.public_key.public_key_bytes().try_into().expect("a curve key has 32 bytes");
        // Hundred thousand rounds of hashing, twice.
        let derived = tokio::task::spawn_blocking(move || {
            let theirs = PairCodeUtils::decrypt_primary_ephemeral_pub(&wrapped, &code);
            theirs.map(|theirs| (theirs, PairCodeUtils::encrypt_ephemeral_pub(&public, &code)))
        });
        let derived = derived.await.map_err(|error| LinkError::Refused(error.into()))?;
        let (theirs, wrapped) = derived.map_err(|error| LinkError::Refused(error.into()))?;
        self.say_hello(&reference, &wrapped).await.map_err(LinkError::Refused)?;
        let finish = self.until_finish(&reference).await?;
        let adv_secret = self.open_bundle(&ours, &theirs, &finish)?;
        self.0.phone_state.lock().hellos.retain(|hello| hello.reference != reference);
        self.link(Companion { reference, noise, identity: finish.identity, adv_secret }).await
    }

    /// What the companion that showed a code last said. A code may be entered faster than the notice of it comes.
    async fn until_hello(&self) -> Result<(Vec<u8>, Vec<u8>, [u8; 32]), LinkError> {
        let mut changed = self.0.changed.subscribe();
        let search = async {
            loop {
                changed.mark_unchanged();
                let hello = self.0.phone_state.lock().hellos.back_mut().map(|hello| {
                    // An earlier attempt may have been answered, by keys of another code.
                    hello.finish = None;
                    (hello.reference.clone(), hello.wrapped_ephemeral.clone(), hello.noise)
                });
                if let Some(hello) = hello {
                    return hello;
                }
                // The sender lives in the phone that is borrowed here.
                let _ = changed.changed().await;
            }
        };
        let nobody = LinkError::WrongCode("no companion waits for one");
        tokio::time::timeout(HELLO_TIMEOUT, search).await.map_err(|_| nobody)
    }

    async fn say_hello(&self, reference: &[u8], wrapped: &[u8; 80]) -> anyhow::Result<()> {
        let identity = self.identity();
        let hello = NodeBuilder::new("link_code_companion_reg").attr("stage", "primary_hello").children([
            node::blob("link_code_pairing_wrapped_primary_ephemeral_pub", *wrapped),
            node::blob("primary_identity_pub", identity.public_key.public_key_bytes()),
            node::blob("link_code_pairing_ref", reference),
        ]);
        self.0.wire.ask(node::request("set", "md", node::server(), hello.build())).await?;
        Ok(())
    }

    async fn until_finish(&self, reference: &[u8]) -> Result<Finish, LinkError> {
        let mut changed = self.0.changed.subscribe();
        let search = async {
            loop {
                changed.mark_unchanged();
                let finish = {
                    let phone_state = self.0.phone_state.lock();
                    let hello = phone_state.hellos.iter().find(|hello| hello.reference == reference);
                    hello.and_then(|hello| hello.finish.clone())
                };
                if let Some(finish) = finish {
                    return finish;
                }
                // The sender lives in the phone that is borrowed here.
                let _ = changed.changed().await;
            }
        };
        let silent = LinkError::WrongCode("the companion did not answer");
        tokio::time::timeout(FINISH_TIMEOUT, search).await.map_err(|_| silent)
    }

    /// Opens the companion's bundle and derives the secret of the account's signature.
    fn open_bundle(&self, ours: &KeyPair, theirs: &[u8; 32], finish: &Finish) -> Result<[u8; 32], LinkError> {
        let own = self.identity();
        let opened = open(ours, theirs, finish).map_err(|_| LinkError::WrongCode("the bundle does not open"))?;
        let (companion, rest) = opened.0.split_at(32);
        let (primary, random) = rest.split_at(32);
        if companion != finish.identity || primary != own.public_key.public_key_bytes() {
            return Err(LinkError::Forged);
        }
        let identity = PublicKey::from_djb_public_key_bytes(&finish.identity).map_err(|_| LinkError::Forged)?;
        let identity_shared = own.calculate_agreement(&identity).map_err(|_| LinkError::Forged)?;
        let secret = [&opened.1[..], &identity_shared, random].concat();
        let secret = hkdf_sha256(&secret, 32, None, b"adv_secret").map_err(|_| LinkError::Forged)?;
        Ok(secret.try_into().expect("hkdf gives as many bytes as asked"))
    }

    fn identity(&self) -> KeyPair {
        KeyPair::from(self.0.phone_state.lock().keys.identities.own.clone())
    }

    /// Takes the server's notice of a companion that shows a code, or that finished.
    pub(super) fn take_link_code(&self, stanza: &Node) -> anyhow::Result<()> {
        let code = stanza.get_optional_child("link_code_companion_reg").context("a link code notice without body")?;
        let reference = node::child_bytes(code, &["link_code_pairing_ref"])?.to_vec();
        let phone_state = &mut *self.0.phone_state.lock();
        match node::text(code, "stage").as_deref() {
            Some("companion_hello") => {
                if phone_state.hellos.len() == HELLOS_MAX {
                    phone_state.hellos.pop_front();
                }
                let wrapped = node::child_bytes(code, &["link_code_pairing_wrapped_companion_ephemeral_pub"])?;
                let noise = node::child_array(code, &["companion_server_auth_key_pub"])?;
                let wrapped_ephemeral = wrapped.to_vec();
                phone_state.hellos.push_back(Hello { reference, wrapped_ephemeral, noise, finish: None });
            }
            Some("companion_finish") => {
                let bundle = node::child_bytes(code, &["link_code_pairing_wrapped_key_bundle"])?.to_vec();
                let identity = node::child_array(code, &["companion_identity_public"])?;
                let hello = phone_state.hellos.iter_mut().find(|hello| hello.reference == reference);
                hello.context("a companion finished that never said hello")?.finish = Some(Finish { bundle, identity });
            }
            stage => anyhow::bail!("a link code notice of stage {stage:?}"),
        }
        self.saw_something();
        Ok(())
    }
}

/// The 96 bytes of the bundle, and what both ephemeral keys agree on.
fn open(ours: &KeyPair, theirs: &[u8; 32], finish: &Finish) -> anyhow::Result<(Vec<u8>, [u8; 32])> {
    let shared = ours.calculate_agreement(&PublicKey::from_djb_public_key_bytes(theirs)?)?;
    anyhow::ensure!(finish.bundle.len() == 32 + 12 + 96 + 16, "the bundle has {} bytes", finish.bundle.len());
    let (salt, rest) = finish.bundle.split_at(32);
    let (nonce, sealed) = rest.split_at(12);
    let key = hkdf_sha256(&shared, 32, Some(salt), b"link_code_pairing_key_bundle_encryption_key")?;
    let key: [u8; 32] = key.try_into().expect("hkdf gives as many bytes as asked");
    let mut opened = Vec::new();
    aes_256_gcm_decrypt(&key, nonce.try_into()?, b"", sealed, &mut opened)?;
    Ok((opened, shared))
}

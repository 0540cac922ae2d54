//! Linking a companion: a phone verifies what it scanned, signs for the companion, and shares the sync key.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use whatsapp_rust::buffa::{Message as _, MessageField};
use whatsapp_rust::wacore::adv::{AdvValidation, validate_adv_with_identity_key};
use whatsapp_rust::wacore::crypto::calculate_curve_signature;
use whatsapp_rust::wacore::libsignal::crypto::hmac_sha256;
use whatsapp_rust::waproto::whatsapp as wa;

use super::node;
use super::phone::Phone;

/// How long a companion has to answer after it was linked.
const COMPANION_TIMEOUT: Duration = Duration::from_secs(30);

/// Why a phone does not link a companion.
#[derive(Debug, thiserror::Error)]
pub enum LinkError {
    /// The text is not a QR code of WhatsApp: scan another one.
    #[error("not a code to link a device: {0}")]
    Malformed(&'static str),
    /// The reference is unknown, used or no longer valid: scan the code shown now.
    #[error("the code is no longer valid")]
    Expired,
    /// The code names another connection than the one that shows it: do not link.
    #[error("the code was not made by the connection that shows it")]
    Forged,
    /// No companion asked for a pairing code of this phone, or the code that was entered is wrong: enter it again.
    #[error("the pairing code is wrong: {0}")]
    WrongCode(&'static str),
    /// The server or the companion refused.
    #[error("linking failed: {0:#}")]
    Refused(anyhow::Error),
}

/// What a companion shows, or sends after its code was entered.
pub(super) struct Companion {
    pub(super) reference: Vec<u8>,
    pub(super) noise: [u8; 32],
    pub(super) identity: [u8; 32],
    pub(super) adv_secret: [u8; 32],
}

/// Reads the text of a QR code: five fields, the fifth names the kind of client; Baileys may leave it out.
pub(super) fn read_qr(text: &str) -> Result<Companion, LinkError> {
    let text = text.trim();
    let text = text.split_once('#').map_or(text, |(_, code)| code);
    let fields: Vec<&str> = text.split(',').collect();
    let [reference, noise, identity, adv_secret, client] = fields[..] else {
        return Err(LinkError::Malformed("it has not five fields"));
    };
    if reference.is_empty() {
        return Err(LinkError::Malformed("no reference"));
    }
    if client.is_empty() || !client.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return Err(LinkError::Malformed("no kind of client"));
    }
    Ok(Companion {
        reference: reference.as_bytes().to_vec(),
        noise: key(noise, "the Noise key")?,
        identity: key(identity, "the identity key")?,
        adv_secret: key(adv_secret, "the secret")?,
    })
}

fn key(text: &str, what: &'static str) -> Result<[u8; 32], LinkError> {
    let bytes = STANDARD.decode(text).map_err(|_| LinkError::Malformed(what))?;
    bytes.try_into().map_err(|_| LinkError::Malformed(what))
}

/// Whether a companion's blob binds this identity key to its account: both must have signed it.
pub(super) fn is_vouched(device_identity: &[u8], identity: &[u8]) -> bool {
    let Ok(identity) = identity.try_into() else { return false };
    validate_adv_with_identity_key(device_identity, identity, None) == AdvValidation::Valid
}

impl Phone {
    /// Scans a QR code and links the companion that shows it; returns its device number when it answered.
    pub async fn scan(&self, qr: &str) -> Result<u16, LinkError> {
        let companion = read_qr(qr)?;
        self.link(companion).await
    }

    /// Removes a companion from the account.
    pub fn unlink(&self, device: u16) -> anyhow::Result<()> {
        self.0.exchange.unlink(self.number(), device)?;
        let phone_state = &mut *self.0.phone_state.lock();
        let own = self.lid_jid();
        phone_state.devices.remove(&own);
        phone_state.device_left(&own.with_device(device), &own);
        let address = phone_state.directory.signal_address(&own.with_device(device));
        phone_state.keys.forget_session(&address);
        Ok(())
    }

    pub(super) async fn link(&self, companion: Companion) -> Result<u16, LinkError> {
        let offer = self.0.exchange.offered(&companion.reference).ok_or(LinkError::Expired)?;
        if offer.noise_public != companion.noise {
            return Err(LinkError::Forged);
        }
        let key_index = self.0.exchange.next_key_index(self.number());
        let blob = self.vouch(&companion, key_index).map_err(LinkError::Refused)?;
        let paired = self.0.exchange.pair(self.number(), &companion.reference, blob, key_index);
        let device = match tokio::time::timeout(COMPANION_TIMEOUT, paired).await {
            Ok(paired) => paired.map_err(LinkError::Refused)?,
            Err(_) => return Err(LinkError::Refused(anyhow::anyhow!("no answer within {COMPANION_TIMEOUT:?}"))),
        };
        self.0.phone_state.lock().devices.remove(&self.lid_jid());
        self.share_sync_key(device).await.map_err(LinkError::Refused)?;
        Ok(device)
    }

    /// The account's signature over the companion's identity, sealed with the secret that the companion showed.
    fn vouch(&self, companion: &Companion, key_index: u32) -> anyhow::Result<Vec<u8>> {
        let details = wa::ADVDeviceIdentity {
            raw_id: Some(rand::random()),
            timestamp: Some(node::now()),
            key_index: Some(key_index),
            ..Default::default()
        };
        let details = details.encode_to_vec();
        let (private, public) = {
            let own = &self.0.phone_state.lock().keys.identities.own;
            (own.private_key().clone(), own.public_key().public_key_bytes().to_vec())
        };
        let message = [&[6, 0][..], &details, &companion.identity].concat();
        let signed = wa::ADVSignedDeviceIdentity {
            details: Some(details),
            account_signature_key: Some(public),
            account_signature: Some(calculate_curve_signature(&private, &message)?.to_vec()),
            ..Default::default()
        };
        let signed = signed.encode_to_vec();
        let hmac = hmac_sha256(&companion.adv_secret, &signed).to_vec();
        let sealed = wa::ADVSignedDeviceIdentityHMAC { details: Some(signed), hmac: Some(hmac), ..Default::default() };
        Ok(sealed.encode_to_vec())
    }

    /// Gives the companion a key of the app state; without it a client waits for one after its first login.
    async fn share_sync_key(&self, device: u16) -> anyhow::Result<()> {
        use wa::message as part;
        let fingerprint = part::AppStateSyncKeyFingerprint {
            raw_id: Some(rand::random()),
            current_index: Some(u32::from(device)),
            device_indexes: vec![0, u32::from(device)],
        };
        let key = part::AppStateSyncKey {
            key_id: MessageField::some(part::AppStateSyncKeyId { key_id: Some(rand::random::<[u8; 6]>().to_vec()) }),
            key_data: MessageField::some(part::AppStateSyncKeyData {
                key_data: Some(rand::random::<[u8; 32]>().to_vec()),
                fingerprint: MessageField::some(fingerprint),
                timestamp: Some(node::now().cast_signed() * 1000),
            }),
        };
        let protocol = part::ProtocolMessage {
            r#type: Some(part::protocol_message::Type::APP_STATE_SYNC_KEY_SHARE),
            app_state_sync_key_share: MessageField::some(part::AppStateSyncKeyShare { keys: vec![key] }),
            ..Default::default()
        };
        let message = wa::Message { protocol_message: MessageField::some(protocol), ..Default::default() };
        self.send_peer(&self.jid().with_device(device), message).await
    }
}

//! Secrets at rest: XChaCha20-Poly1305 with a random nonce, bound to the key of their record.
//!
//! A sealed payload is the id of the seal key (4 bytes), the nonce (24 bytes) and the ciphertext.
//! The key of the record is authenticated with it, so a record that is moved to another account or
//! name cannot be opened. Several keys may be known at once: the first seals, all of them open.

use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use sha2::{Digest, Sha256};
use std::fmt;
use zeroize::Zeroizing;

/// Bytes of a key.
const KEY_BYTES: usize = 32;
/// Bytes of a nonce.
const NONCE_BYTES: usize = 24;
/// Bytes that name a key.
pub(crate) const ID_BYTES: usize = 4;

/// A key that seals secrets.
#[derive(Clone)]
pub struct SealKey {
    bytes: Zeroizing<[u8; KEY_BYTES]>,
}

/// Why a text is no seal key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SealKeyError {
    /// It is neither of the two forms.
    #[error(
        "a master key is 32 bytes, written as 64 hexadecimal digits or as 44 characters of base64; \
         make one with: openssl rand -hex 32"
    )]
    Form,
    /// The system gave no randomness.
    #[error("the system has no random numbers to make a key from")]
    NoRandomness,
}

impl SealKey {
    /// Reads 64 hexadecimal digits, or base64 of 32 bytes.
    pub fn from_text(text: &str) -> Result<Self, SealKeyError> {
        let text = text.trim();
        Self::from_hex(text).or_else(|_| Self::from_base64(text))
    }

    /// Reads 64 hexadecimal digits.
    pub fn from_hex(text: &str) -> Result<Self, SealKeyError> {
        let bytes = Zeroizing::new(hex::decode(text.trim()).map_err(|_| SealKeyError::Form)?);
        Self::from_bytes(&bytes)
    }

    /// Reads base64 of 32 bytes, with the ordinary or the URL alphabet.
    pub fn from_base64(text: &str) -> Result<Self, SealKeyError> {
        let bytes = Zeroizing::new(decode_base64(text.trim()).ok_or(SealKeyError::Form)?);
        Self::from_bytes(&bytes)
    }

    /// Makes a new one.
    pub fn random() -> Result<Self, SealKeyError> {
        let mut bytes = Zeroizing::new([0; KEY_BYTES]);
        getrandom::fill(bytes.as_mut_slice()).map_err(|_| SealKeyError::NoRandomness)?;
        Ok(Self { bytes })
    }

    /// As 64 hexadecimal digits, for the key file.
    pub(crate) fn to_hex(&self) -> Zeroizing<String> {
        Zeroizing::new(hex::encode(self.bytes.as_slice()))
    }

    /// A name for it that gives nothing away.
    pub(crate) fn id(&self) -> [u8; ID_BYTES] {
        let digest = Sha256::new().chain_update(b"greenroom seal key").chain_update(self.bytes.as_slice()).finalize();
        let mut id = [0; ID_BYTES];
        id.copy_from_slice(&digest[..ID_BYTES]);
        id
    }

    fn from_bytes(bytes: &[u8]) -> Result<Self, SealKeyError> {
        let bytes: [u8; KEY_BYTES] = bytes.try_into().map_err(|_| SealKeyError::Form)?;
        Ok(Self { bytes: Zeroizing::new(bytes) })
    }
}

impl fmt::Debug for SealKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SealKey(…)")
    }
}

fn decode_base64(text: &str) -> Option<Vec<u8>> {
    let text = text.trim_end_matches('=');
    let mut bytes = Vec::with_capacity(text.len());
    let (mut held, mut bits) = (0_u32, 0_u32);
    for digit in text.bytes() {
        let value = match digit {
            b'A'..=b'Z' => digit - b'A',
            b'a'..=b'z' => digit - b'a' + 26,
            b'0'..=b'9' => digit - b'0' + 52,
            b'+' | b'-' => 62,
            b'/' | b'_' => 63,
            _ => return None,
        };
        held = held << 6 | u32::from(value);
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            bytes.push((held >> bits) as u8);
            held &= (1 << bits) - 1;
        }
    }
    (held == 0).then_some(bytes)
}

/// Seals and opens payloads.
pub(crate) struct Sealer {
    /// The first one seals.
    ciphers: Vec<([u8; ID_BYTES], XChaCha20Poly1305)>,
}

impl Sealer {
    /// One key that seals, and others that only open what they sealed earlier.
    pub(crate) fn new(current: &SealKey, older: &[SealKey]) -> Self {
        let cipher = |key: &SealKey| (key.id(), XChaCha20Poly1305::new((&*key.bytes).into()));
        Self { ciphers: std::iter::once(current).chain(older).map(cipher).collect() }
    }

    /// The name of the key that seals.
    pub(crate) fn current(&self) -> [u8; ID_BYTES] {
        self.ciphers[0].0
    }

    /// Whether a key of this name is known.
    pub(crate) fn knows(&self, id: &[u8]) -> bool {
        self.ciphers.iter().any(|(known, _)| known == id)
    }

    /// Seals a payload for the record at `record_key`. `None` if the system has no random numbers.
    pub(crate) fn seal(&self, record_key: &[u8], plain: &[u8]) -> Option<Vec<u8>> {
        let (id, cipher) = &self.ciphers[0];
        let mut nonce = [0; NONCE_BYTES];
        getrandom::fill(&mut nonce).ok()?;
        let payload = Payload { msg: plain, aad: record_key };
        let ciphertext = cipher.encrypt(&XNonce::from(nonce), payload).ok()?;
        Some([id.as_slice(), &nonce, &ciphertext].concat())
    }

    /// Opens what was sealed for the record at `record_key`.
    pub(crate) fn open(&self, record_key: &[u8], sealed: &[u8]) -> Option<Vec<u8>> {
        let (id, rest) = sealed.split_at_checked(ID_BYTES)?;
        let (nonce, ciphertext) = rest.split_at_checked(NONCE_BYTES)?;
        let (_, cipher) = self.ciphers.iter().find(|(known, _)| known == id)?;
        let nonce: [u8; NONCE_BYTES] = nonce.try_into().ok()?;
        cipher.decrypt(&XNonce::from(nonce), Payload { msg: ciphertext, aad: record_key }).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(byte: u8) -> SealKey {
        SealKey::from_bytes(&[byte; 32]).unwrap()
    }

    #[test]
    fn only_the_same_key_and_record_open_a_seal() {
        let sealer = Sealer::new(&key(1), &[]);
        let secret = sealer.seal(b"account-1", b"secret").unwrap();
        assert_eq!(sealer.open(b"account-1", &secret).as_deref(), Some(b"secret".as_slice()));
        assert_eq!(sealer.open(b"account-2", &secret), None);
        assert_eq!(Sealer::new(&key(2), &[]).open(b"account-1", &secret), None);
        assert_eq!(
            Sealer::new(&key(2), &[key(1)]).open(b"account-1", &secret).as_deref(),
            Some(b"secret".as_slice()),
            "an older key still opens after a rotation"
        );
        assert!(!secret.windows(6).any(|window| window == b"secret"));
    }

    #[test]
    fn a_flipped_bit_is_noticed() {
        let sealer = Sealer::new(&key(1), &[]);
        let mut secret = sealer.seal(b"k", b"secret").unwrap();
        *secret.last_mut().unwrap() ^= 1;
        assert_eq!(sealer.open(b"k", &secret), None);
    }

    #[test]
    fn both_text_forms_give_the_same_key() {
        let hex = SealKey::from_text(&"07".repeat(32)).unwrap();
        let base64 = SealKey::from_text("BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=").unwrap();
        assert_eq!(hex.id(), base64.id());
        assert_eq!(hex.id(), key(7).id());
        for bad in ["", "07", "hello", &"zz".repeat(32), &"A".repeat(43), &"07".repeat(33)] {
            let bad_result = SealKey::from_text(bad);
            if bad.len() == 43 {
                assert!(bad_result.is_ok(), "43 characters without padding are 32 bytes");
            } else {
                assert_eq!(bad_result.unwrap_err(), SealKeyError::Form, "{bad:?}");
            }
        }
        assert_eq!(format!("{hex:?}"), "SealKey(…)");
    }
}

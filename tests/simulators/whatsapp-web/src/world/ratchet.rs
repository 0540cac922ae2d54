//! Notices a message key used twice.
//!
//! A Signal message names its ratchet key and counter, a group message its chain and iteration. A client that lost
//! the state it had sent with would use such a pair again for another plaintext: the same pair with another
//! ciphertext gives it away. The same ciphertext again is only a repetition.

use super::outlet::DeviceId;
use sha2::{Digest, Sha256};
use std::collections::{HashMap, VecDeque};
use whatsapp_rust::wacore::libsignal::protocol::{PreKeySignalMessage, SenderKeyMessage, SignalMessage};

/// How many message keys are remembered; the oldest are forgotten.
const REMEMBERED_MAX: usize = 500_000;

#[derive(Debug, Default)]
pub(crate) struct Ratchets {
    seen: HashMap<[u8; 16], [u8; 8]>,
    order: VecDeque<[u8; 16]>,
}

/// What is wrong with a ciphertext.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Suspicion {
    Unreadable(String),
    KeyUsedTwice(String),
}

impl Ratchets {
    /// Looks at a ciphertext that `from` sent, of the kind named by `enc`'s attribute `type`.
    pub(crate) fn look(&mut self, from: DeviceId, kind: &str, ciphertext: &[u8]) -> Result<(), Suspicion> {
        let unreadable = |why: &dyn std::fmt::Display| Suspicion::Unreadable(format!("{kind}: {why}"));
        let (key, text) = match kind {
            "pkmsg" => {
                let outer = PreKeySignalMessage::try_from(ciphertext).map_err(|error| unreadable(&error))?;
                pair(outer.message())
            }
            "msg" => pair(&SignalMessage::try_from(ciphertext).map_err(|error| unreadable(&error))?),
            "skmsg" => {
                let message = SenderKeyMessage::try_from(ciphertext).map_err(|error| unreadable(&error))?;
                let key = format!("chain {} iteration {}", message.chain_id(), message.iteration());
                (key, message.serialized().to_vec())
            }
            other => return Err(Suspicion::Unreadable(format!("unknown kind of ciphertext {other:?}"))),
        };
        let name = short::<16>(format!("{} {} {key}", from.account, from.device).as_bytes());
        let content = short::<8>(&text);
        match self.seen.insert(name, content) {
            None => {
                self.order.push_back(name);
                if self.order.len() > REMEMBERED_MAX
                    && let Some(oldest) = self.order.pop_front()
                {
                    self.seen.remove(&oldest);
                }
                Ok(())
            }
            Some(before) if before == content => Ok(()),
            Some(_) => Err(Suspicion::KeyUsedTwice(format!("{kind} key used twice: {key}"))),
        }
    }
}

fn pair(message: &SignalMessage) -> (String, Vec<u8>) {
    let ratchet = crate::stanza::hex(message.sender_ratchet_key().public_key_bytes());
    (format!("ratchet {ratchet} counter {}", message.counter()), message.serialized().to_vec())
}

fn short<const N: usize>(bytes: &[u8]) -> [u8; N] {
    let digest = Sha256::digest(bytes);
    let mut out = [0; N];
    out.copy_from_slice(&digest[..N]);
    out
}

/// Breaks the authentication code of a ciphertext, and nothing else of it.
pub(crate) fn corrupt(kind: &str, ciphertext: &mut [u8]) {
    let last = match PreKeySignalMessage::try_from(&*ciphertext) {
        Ok(outer) if kind == "pkmsg" => {
            let inner = outer.message().serialized().to_vec();
            let start = ciphertext.windows(inner.len()).position(|window| window == inner);
            start.map(|start| start + inner.len() - 1)
        }
        _ => ciphertext.len().checked_sub(1),
    };
    if let Some(byte) = last.and_then(|index| ciphertext.get_mut(index)) {
        *byte ^= 0x55;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use whatsapp_rust::wacore::libsignal::protocol::{IdentityKey, KeyPair};

    const SENDER: DeviceId = DeviceId { account: 0, device: 1 };

    fn message(ratchet: &KeyPair, counter: u32, text: &[u8]) -> Vec<u8> {
        let identity = IdentityKey::new(ratchet.public_key);
        let key = ratchet.public_key;
        let message = SignalMessage::new(3, &[7; 32], key, counter, 0, text, &identity, &identity);
        message.unwrap().serialized().to_vec()
    }

    #[test]
    fn a_key_is_for_one_ciphertext() {
        let mut ratchets = Ratchets::default();
        let ratchet = KeyPair::generate(&mut rand::rng());
        let first = message(&ratchet, 0, b"one");
        assert_eq!(ratchets.look(SENDER, "msg", &first), Ok(()));
        assert_eq!(ratchets.look(SENDER, "msg", &first), Ok(()), "the same again is a repetition");
        assert_eq!(ratchets.look(SENDER, "msg", &message(&ratchet, 1, b"two")), Ok(()));
        let other = KeyPair::generate(&mut rand::rng());
        assert_eq!(ratchets.look(SENDER, "msg", &message(&other, 0, b"two")), Ok(()));
        let reused = ratchets.look(SENDER, "msg", &message(&ratchet, 0, b"two"));
        assert!(matches!(reused, Err(Suspicion::KeyUsedTwice(_))), "{reused:?}");
        assert!(matches!(ratchets.look(SENDER, "msg", b"nonsense"), Err(Suspicion::Unreadable(_))));
        assert!(matches!(ratchets.look(SENDER, "plain", &first), Err(Suspicion::Unreadable(_))));
    }

    #[test]
    fn a_corrupted_message_still_has_its_form() {
        let ratchet = KeyPair::generate(&mut rand::rng());
        let whole = message(&ratchet, 4, b"text");
        let mut broken = whole.clone();
        corrupt("msg", &mut broken);
        assert_ne!(broken, whole);
        assert_eq!(SignalMessage::try_from(&broken[..]).unwrap().counter(), 4);
    }
}

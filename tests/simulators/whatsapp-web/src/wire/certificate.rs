//! The server's static key and the chain of certificates that vouches for it.

use anyhow::Result;
use rand::rngs::StdRng;
use whatsapp_rust::wacore::libsignal::protocol::KeyPair;
use whatsapp_rust::waproto::buffa::{Message as _, MessageField};
use whatsapp_rust::waproto::whatsapp::{CertChain, cert_chain};

const INTERMEDIATE_SERIAL: u32 = 1;
const YEAR_SECONDS: u64 = 365 * 24 * 3600;

/// A root of our own, and what it signed.
pub(crate) struct Identity {
    root: KeyPair,
    pub(crate) noise: KeyPair,
    chain: Vec<u8>,
}

impl Identity {
    /// Makes new keys; the certificates are valid from a year before `now` (seconds) to a year after, or ended yesterday.
    pub(crate) fn generate(now: u64, expired: bool) -> Result<Self> {
        let mut random = rand::make_rng::<StdRng>();
        let root = KeyPair::generate(&mut random);
        let intermediate = KeyPair::generate(&mut random);
        let noise = KeyPair::generate(&mut random);
        let not_after = if expired { now - 24 * 3600 } else { now + YEAR_SECONDS };
        let details = |serial: u32, issuer: u32, key: &KeyPair| cert_chain::noise_certificate::Details {
            serial: Some(serial),
            issuer_serial: Some(issuer),
            key: Some(key.public_key.public_key_bytes().to_vec()),
            not_before: Some(now - YEAR_SECONDS),
            not_after: Some(not_after),
        };
        let mut signed = |details: cert_chain::noise_certificate::Details, by: &KeyPair| -> Result<_> {
            let details = details.encode_to_vec();
            let signature = by.calculate_signature(&details, &mut random)?;
            Ok(cert_chain::NoiseCertificate { details: Some(details), signature: Some(signature.to_vec()) })
        };
        let chain = CertChain {
            intermediate: MessageField::some(signed(details(INTERMEDIATE_SERIAL, 0, &intermediate), &root)?),
            leaf: MessageField::some(signed(details(2, INTERMEDIATE_SERIAL, &noise), &intermediate)?),
        };
        Ok(Self { chain: chain.encode_to_vec(), root, noise })
    }

    /// The serialized `CertChain`.
    pub(crate) fn chain(&self) -> &[u8] {
        &self.chain
    }

    /// The root's public key, 32 bytes in hexadecimal.
    pub(crate) fn root_hex(&self) -> String {
        crate::stanza::hex(self.root.public_key.public_key_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use whatsapp_rust::wacore::libsignal::protocol::PublicKey;
    use whatsapp_rust::waproto::whatsapp::cert_chain::noise_certificate::Details;

    #[test]
    fn the_root_vouches_for_the_static_key() {
        let identity = Identity::generate(1_800_000_000, false).unwrap();
        let chain = CertChain::decode_from_slice(identity.chain()).unwrap();
        let (leaf, intermediate) = (chain.leaf.unwrap(), chain.intermediate.unwrap());
        let read = |certificate: &cert_chain::NoiseCertificate| {
            Details::decode_from_slice(certificate.details.as_deref().unwrap()).unwrap()
        };
        let (leaf_details, details) = (read(&leaf), read(&intermediate));
        let signature = intermediate.signature.unwrap();
        assert!(identity.root.public_key.verify_signature(&intermediate.details.unwrap(), &signature));
        let key = PublicKey::from_djb_public_key_bytes(details.key.as_deref().unwrap()).unwrap();
        assert!(key.verify_signature(&leaf.details.unwrap(), &leaf.signature.unwrap()));
        assert_eq!((details.issuer_serial, leaf_details.issuer_serial), (Some(0), details.serial));
        assert_eq!(leaf_details.key.as_deref(), Some(identity.noise.public_key.public_key_bytes()));
        assert_eq!(identity.root_hex().len(), 64);
    }
}

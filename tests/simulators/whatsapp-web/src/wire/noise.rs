//! The server's side of the Noise handshakes XX, IK and XXfallback.

use super::certificate::Identity;
use anyhow::{Context as _, Result, ensure};
use rand::rngs::StdRng;
use whatsapp_rust::wacore::libsignal::protocol::KeyPair;
use whatsapp_rust::wacore::noise::{NoiseCipher, NoiseHandshake};
use whatsapp_rust::wacore_binary::consts::{
    NOISE_PATTERN_IK, NOISE_PATTERN_XX, NOISE_PATTERN_XXFALLBACK, WA_CONN_HEADER,
};
use whatsapp_rust::waproto::buffa::{Message as _, MessageField};
use whatsapp_rust::waproto::whatsapp::handshake_message::{ClientHello, ServerHello};
use whatsapp_rust::waproto::whatsapp::{ClientPayload, HandshakeMessage};

/// A finished handshake, from the server's point of view.
pub(crate) struct Established {
    pub(crate) write: NoiseCipher,
    pub(crate) read: NoiseCipher,
    /// The client's static key.
    pub(crate) noise_public: [u8; 32],
    pub(crate) payload: ClientPayload,
}

/// What follows the client's hello.
pub(crate) enum Next {
    /// Send this; then the client finishes.
    Finish(Vec<u8>, Box<Waiting>),
    /// Send this; the handshake is done.
    Done(Vec<u8>, Box<Established>),
}

/// A handshake that waits for the client's finish.
pub(crate) struct Waiting {
    noise: NoiseHandshake,
    ephemeral: KeyPair,
}

/// Answers the client's first message.
pub(crate) fn answer(identity: &Identity, message: &[u8], refuse_ik: bool) -> Result<Next> {
    let message = HandshakeMessage::decode_from_slice(message).context("the first frame is no handshake message")?;
    let hello = message.client_hello.into_option().context("the first message carries no client hello")?;
    let their_ephemeral = key(hello.ephemeral.as_deref(), "client ephemeral")?;
    if hello.r#static.is_none() {
        return xx(identity, NOISE_PATTERN_XX, &their_ephemeral);
    }
    if refuse_ik {
        return xx(identity, NOISE_PATTERN_XXFALLBACK, &their_ephemeral);
    }
    match ik(identity, &hello, &their_ephemeral) {
        // The client used a static key that is not ours: the real server offers the fallback.
        Err(error) => {
            tracing::debug!(%error, "answering IK with the fallback");
            xx(identity, NOISE_PATTERN_XXFALLBACK, &their_ephemeral)
        }
        done => done,
    }
}

fn xx(identity: &Identity, pattern: &str, their_ephemeral: &[u8; 32]) -> Result<Next> {
    let ephemeral = KeyPair::generate(&mut rand::make_rng::<StdRng>());
    let mut noise = NoiseHandshake::new(pattern, &WA_CONN_HEADER)?;
    noise.authenticate(their_ephemeral);
    noise.authenticate(ephemeral.public_key.public_key_bytes());
    noise.mix_shared_secret(ephemeral.private_key.serialize(), their_ephemeral)?;
    let encrypted_static = noise.encrypt(identity.noise.public_key.public_key_bytes())?;
    noise.mix_shared_secret(identity.noise.private_key.serialize(), their_ephemeral)?;
    let payload = noise.encrypt(identity.chain())?;
    let hello = server_hello(&ephemeral, Some(encrypted_static), payload);
    Ok(Next::Finish(hello, Box::new(Waiting { noise, ephemeral })))
}

fn ik(identity: &Identity, hello: &ClientHello, their_ephemeral: &[u8; 32]) -> Result<Next> {
    let mut noise = NoiseHandshake::new(NOISE_PATTERN_IK, &WA_CONN_HEADER)?;
    noise.authenticate(identity.noise.public_key.public_key_bytes());
    noise.authenticate(their_ephemeral);
    noise.mix_shared_secret(identity.noise.private_key.serialize(), their_ephemeral)?;
    let their_static = noise.decrypt(hello.r#static.as_deref().unwrap_or_default())?;
    let noise_public = key(Some(&their_static), "client static")?;
    noise.mix_shared_secret(identity.noise.private_key.serialize(), &noise_public)?;
    let payload = noise.decrypt(hello.payload.as_deref().unwrap_or_default())?;
    let payload = ClientPayload::decode_from_slice(&payload).context("the client payload is malformed")?;

    let ephemeral = KeyPair::generate(&mut rand::make_rng::<StdRng>());
    noise.authenticate(ephemeral.public_key.public_key_bytes());
    noise.mix_shared_secret(ephemeral.private_key.serialize(), their_ephemeral)?;
    noise.mix_shared_secret(ephemeral.private_key.serialize(), &noise_public)?;
    let certificates = noise.encrypt(identity.chain())?;
    let hello = server_hello(&ephemeral, None, certificates);
    Ok(Next::Done(hello, Box::new(established(noise, noise_public, payload)?)))
}

impl Waiting {
    /// Takes the client's finish.
    pub(crate) fn finish(mut self, message: &[u8]) -> Result<Established> {
        let message = HandshakeMessage::decode_from_slice(message).context("the finish is no handshake message")?;
        let finish = message.client_finish.into_option().context("the second message carries no client finish")?;
        let their_static = self.noise.decrypt(finish.r#static.as_deref().unwrap_or_default())?;
        let noise_public = key(Some(&their_static), "client static")?;
        self.noise.mix_shared_secret(self.ephemeral.private_key.serialize(), &noise_public)?;
        let payload = self.noise.decrypt(finish.payload.as_deref().unwrap_or_default())?;
        let payload = ClientPayload::decode_from_slice(&payload).context("the client payload is malformed")?;
        established(self.noise, noise_public, payload)
    }
}

fn established(noise: NoiseHandshake, noise_public: [u8; 32], payload: ClientPayload) -> Result<Established> {
    // The pair is named from the initiator's point of view.
    let (read, write) = noise.finish()?;
    Ok(Established { write, read, noise_public, payload })
}

fn server_hello(ephemeral: &KeyPair, encrypted_static: Option<Vec<u8>>, payload: Vec<u8>) -> Vec<u8> {
    let hello = ServerHello {
        ephemeral: Some(ephemeral.public_key.public_key_bytes().to_vec()),
        r#static: encrypted_static,
        payload: Some(payload),
        ..Default::default()
    };
    HandshakeMessage { server_hello: MessageField::some(hello), ..Default::default() }.encode_to_vec()
}

fn key(bytes: Option<&[u8]>, what: &str) -> Result<[u8; 32]> {
    let bytes = bytes.unwrap_or_default();
    ensure!(bytes.len() == 32, "the {what} key has {} bytes", bytes.len());
    let mut key = [0; 32];
    key.copy_from_slice(bytes);
    Ok(key)
}

//! A client that can do what no real one does: it writes any stanza.

use crate::client::SOON;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use futures::{SinkExt as _, StreamExt as _};
use greenroom_simulator_whatsapp_web::{Node, Phone, Simulator};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};
use whatsapp_rust::NodeBuilder;
use whatsapp_rust::buffa::{Message as _, MessageField};
use whatsapp_rust::wacore::framing::{FrameDecoder, encode_frame};
use whatsapp_rust::wacore::handshake::XxHandshakeState;
use whatsapp_rust::wacore::libsignal::protocol::KeyPair;
use whatsapp_rust::wacore::noise::NoiseCipher;
use whatsapp_rust::wacore_binary::consts::WA_CONN_HEADER;
use whatsapp_rust::wacore_binary::marshal::{marshal, unmarshal_ref};
use whatsapp_rust::wacore_binary::util::unpack;
use whatsapp_rust::wacore_binary::{Jid, NodeContent, Server};
use whatsapp_rust::waproto::whatsapp::client_payload::DevicePairingRegistrationData;
use whatsapp_rust::waproto::whatsapp::{
    ADVDeviceIdentity, ADVSignedDeviceIdentity, ADVSignedDeviceIdentityHMAC, ClientPayload,
};

/// The keys of a device.
pub(crate) struct Keys {
    pub(crate) noise: KeyPair,
    pub(crate) identity: KeyPair,
    pub(crate) signed: KeyPair,
    pub(crate) adv_secret: [u8; 32],
}

impl Keys {
    pub(crate) fn generate() -> Self {
        let pair = || KeyPair::generate(&mut rand::rng());
        Self { noise: pair(), identity: pair(), signed: pair(), adv_secret: rand::random() }
    }

    pub(crate) fn sign(&self, message: &[u8]) -> Vec<u8> {
        self.identity.calculate_signature(message, &mut rand::rng()).unwrap().to_vec()
    }

    /// The signature of the signed prekey.
    pub(crate) fn signature(&self) -> Vec<u8> {
        self.sign(&[&[5][..], public(&self.signed)].concat())
    }

    pub(crate) fn registration(&self) -> ClientPayload {
        let data = DevicePairingRegistrationData {
            e_regid: Some(vec![0, 0, 0, 7]),
            e_keytype: Some(vec![5]),
            e_ident: Some(public(&self.identity).to_vec()),
            e_skey_id: Some(vec![0, 0, 1]),
            e_skey_val: Some(public(&self.signed).to_vec()),
            e_skey_sig: Some(self.signature()),
            build_hash: Some(vec![9; 16]),
            device_props: Some(Vec::new()),
        };
        ClientPayload { device_pairing_data: MessageField::some(data), ..Default::default() }
    }
}

pub(crate) fn public(pair: &KeyPair) -> &[u8] {
    pair.public_key.public_key_bytes()
}

pub(crate) fn login(number: &str, device: u16) -> ClientPayload {
    ClientPayload { username: number.parse().ok(), device: Some(u32::from(device)), ..Default::default() }
}

pub(crate) struct Raw {
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
    decoder: FrameDecoder,
    write: NoiseCipher,
    read: NoiseCipher,
    written: u32,
    received: u32,
}

impl Raw {
    pub(crate) async fn connect(simulator: &Simulator, noise: &KeyPair, payload: &ClientPayload) -> Self {
        let (mut socket, _) = tokio_tungstenite::connect_async(simulator.url()).await.unwrap();
        let mut handshake = XxHandshakeState::new(noise.clone(), payload.encode_to_vec(), &WA_CONN_HEADER).unwrap();
        let hello = encode_frame(&handshake.build_client_hello().unwrap(), Some(&WA_CONN_HEADER)).unwrap();
        // In two pieces, as a network may deliver it.
        let (first, second) = hello.split_at(3);
        for part in [first, second] {
            socket.send(Message::Binary(Bytes::copy_from_slice(part))).await.unwrap();
        }
        let mut decoder = FrameDecoder::new();
        let answer = loop {
            if let Some(frame) = decoder.decode_frame() {
                break frame;
            }
            decoder.feed(&socket.next().await.unwrap().unwrap().into_data());
        };
        let finish = handshake.read_server_hello_and_build_client_finish(&answer).unwrap();
        socket.send(Message::Binary(encode_frame(&finish, None).unwrap().into())).await.unwrap();
        let outcome = handshake.finish().unwrap();
        let (write, read) = (outcome.write_cipher, outcome.read_cipher);
        Self { socket, decoder, write, read, written: 0, received: 0 }
    }

    pub(crate) async fn send(&mut self, node: Node) {
        self.send_bytes(&marshal(&node).unwrap()).await;
    }

    pub(crate) async fn send_bytes(&mut self, plain: &[u8]) {
        let encrypted = self.write.encrypt_with_counter(self.written, plain).unwrap();
        self.written += 1;
        // A server that closed meanwhile is what some tests look for.
        let _ = self.socket.send(Message::Binary(encode_frame(&encrypted, None).unwrap().into())).await;
    }

    /// The next stanza; `None` when the server closed.
    pub(crate) async fn next(&mut self) -> Option<Node> {
        tokio::time::timeout(SOON, self.receive()).await.unwrap()
    }

    async fn receive(&mut self) -> Option<Node> {
        loop {
            if let Some(mut frame) = self.decoder.decode_frame() {
                self.read.decrypt_in_place_with_counter(self.received, &mut frame).unwrap();
                self.received += 1;
                return Some(unmarshal_ref(&unpack(&frame).unwrap()).unwrap().to_owned());
            }
            match self.socket.next().await {
                Some(Ok(Message::Binary(bytes))) => self.decoder.feed(&bytes),
                Some(Ok(Message::Close(_)) | Err(_)) | None => return None,
                Some(Ok(_)) => {}
            }
        }
    }

    /// The first stanza that fits; `None` when the server closed before.
    pub(crate) async fn until(&mut self, fits: impl Fn(&Node) -> bool) -> Option<Node> {
        loop {
            let node = self.next().await?;
            if fits(&node) {
                return Some(node);
            }
        }
    }

    /// The answer to a request.
    pub(crate) async fn ask(&mut self, request: NodeBuilder, id: &str) -> Node {
        self.send(request.attr("id", id).build()).await;
        self.until(|node| node.attrs.get("id").is_some_and(|found| *found == id)).await.unwrap()
    }

    /// Connects as somebody new, is scanned by the phone and answers what `sign` makes of the account's identity.
    /// Returns what the phone says of it.
    pub(crate) async fn pair(
        simulator: &Simulator,
        phone: &Phone,
        keys: &Keys,
        sign: impl Fn(&Keys, ADVSignedDeviceIdentity) -> ADVSignedDeviceIdentity,
    ) -> Result<u16, String> {
        let mut raw = Self::connect(simulator, &keys.noise, &keys.registration()).await;
        let offer = raw.next().await.unwrap();
        let reference = offer.get_optional_child_by_tag(&["pair-device", "ref"]).unwrap();
        let reference = reference.content_as_string().unwrap();
        let [noise, identity] = [&keys.noise, &keys.identity].map(|pair| STANDARD.encode(public(pair)));
        let qr = format!("{reference},{noise},{identity},{},1", STANDARD.encode(keys.adv_secret));
        let answering = async {
            let success = raw.until(|node| node.get_optional_child("pair-success").is_some()).await?;
            let blob = success.get_optional_child_by_tag(&["pair-success", "device-identity"])?;
            let Some(NodeContent::Bytes(blob)) = &blob.content else { return None };
            let signed = ADVSignedDeviceIdentityHMAC::decode_from_slice(blob).unwrap().details.unwrap();
            let signed = ADVSignedDeviceIdentity::decode_from_slice(&signed).unwrap();
            let details = ADVDeviceIdentity::decode_from_slice(signed.details.as_deref().unwrap()).unwrap();
            let answer = sign(keys, signed).encode_to_vec();
            let identity = NodeBuilder::new("device-identity").attr("key-index", details.key_index.unwrap());
            let answer = NodeBuilder::new("pair-device-sign").children([identity.bytes(answer).build()]).build();
            let result = NodeBuilder::new("iq").attr("type", "result").attr("to", Jid::new("", Server::Pn));
            raw.send(result.attr("id", success.attrs.get("id")?.clone()).children([answer]).build()).await;
            raw.until(|node| node.tag == "stream:error").await
        };
        let (scanned, _) = tokio::join!(phone.scan(&qr), answering);
        scanned.map_err(|error| format!("{error:#}"))
    }
}

/// As a companion should sign.
pub(crate) fn sign(keys: &Keys, mut signed: ADVSignedDeviceIdentity) -> ADVSignedDeviceIdentity {
    let details = signed.details.clone().unwrap();
    let account = signed.account_signature_key.clone().unwrap();
    signed.device_signature = Some(keys.sign(&[&[6, 1][..], &details, public(&keys.identity), &account].concat()));
    signed
}

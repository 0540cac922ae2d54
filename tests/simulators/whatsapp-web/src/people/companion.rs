//! What a phone does for its companions: it gives them messages that they could not read, and uploads media again that
//! the host has forgotten.

use anyhow::Context as _;
use whatsapp_rust::buffa::{Message as _, MessageField};
use whatsapp_rust::wacore::libsignal::crypto::aes_256_gcm_encrypt;
use whatsapp_rust::wacore_binary::builder::NodeBuilder;
use whatsapp_rust::wacore_binary::{Jid, JidExt as _, Node, Server};
use whatsapp_rust::waproto::whatsapp as wa;

use super::hear::Envelope;
use super::heard::Heard;
use super::node;
use super::phone::Phone;
use super::phone_state::PhoneState;

impl Phone {
    /// Whether the phone answers when a companion asks for a message or a medium; it does unless told otherwise.
    pub fn be_helpful(&self, helpful: bool) {
        self.0.phone_state.lock().is_helpful = helpful;
    }

    /// Answers a companion that asks for messages.
    pub(super) fn answer_companion(&self, phone_state: &PhoneState, envelope: &Envelope, message: &wa::Message) {
        let protocol = message.protocol_message.as_option();
        let request = protocol.and_then(|protocol| protocol.peer_data_operation_request_message.as_option());
        let Some(request) = request.filter(|_| envelope.peer && self.is_own(phone_state, &envelope.sender)) else {
            return;
        };
        if !phone_state.is_helpful {
            return;
        }
        let results = request.placeholder_message_resend_request.iter().map(|wanted| {
            let id = wanted.message_key.as_option().and_then(|key| key.id.as_deref()).unwrap_or_default();
            let found = phone_state.screen.heard.find_last(|heard| heard.id == id);
            tracing::info!(phone = self.number(), id, found = found.is_some(), "a companion asks for a message");
            result(found.map(|heard| whole(heard).encode_to_vec()))
        });
        let answer = answer(&envelope.id, results.collect());
        let (phone, companion) = (self.clone(), envelope.sender.clone());
        // The reader must go on reading the answers that this waits for.
        tokio::spawn(async move {
            let _one_at_a_time = phone.0.writing.lock().await;
            if let Err(error) = phone.send_peer(&companion, answer).await {
                tracing::warn!(phone = phone.number(), %error, "could not answer a companion");
            }
        });
    }

    /// Uploads a medium again, under another path, and tells the companion that asked.
    pub(super) fn upload_again(&self, companion: &Jid, id: &str) {
        let found = {
            let phone_state = self.0.phone_state.lock();
            phone_state.screen.heard.find_last(|heard| heard.id == id).filter(|_| phone_state.is_helpful).cloned()
        };
        let uploaded = found.as_ref().and_then(|heard| {
            let (path, key) = medium(&heard.message)?;
            Some((self.0.media.again(path)?, key))
        });
        let told = match uploaded {
            Some((path, key)) => sealed(id, &path, key).unwrap_or_else(|_| failed(1)),
            None => failed(2),
        };
        let stanza = NodeBuilder::new("notification").attr("type", "mediaretry").attr("id", id).attr("to", companion);
        self.0.wire.tell(stanza.children([told]).build());
    }
}

fn whole(heard: &Heard) -> wa::WebMessageInfo {
    // A group and the list of a status name the author beside the chat.
    let has_author = heard.chat.is_group() || heard.chat.server == Server::Broadcast;
    // Phones name people by number, whichever address the message came with, where they know it.
    let is_by_number = !has_author && heard.from != heard.chat.user;
    let chat = if is_by_number { Jid::pn(heard.from.as_str()) } else { heard.chat.clone() };
    let key = wa::MessageKey {
        remote_jid: Some(chat.to_string()),
        from_me: Some(heard.own),
        id: Some(heard.id.clone()),
        participant: has_author.then(|| heard.sender.to_non_ad().to_string()),
    };
    wa::WebMessageInfo {
        key: MessageField::some(key),
        message: MessageField::some((*heard.message).clone()),
        message_timestamp: Some(node::now()),
        push_name: heard.name.clone(),
        ..Default::default()
    }
}

fn result(
    bytes: Option<Vec<u8>>,
) -> wa::message::peer_data_operation_request_response_message::PeerDataOperationResult {
    use wa::message::peer_data_operation_request_response_message as response;
    let resend =
        response::peer_data_operation_result::PlaceholderMessageResendResponse { web_message_info_bytes: bytes };
    response::PeerDataOperationResult {
        placeholder_message_resend_response: MessageField::some(resend),
        ..Default::default()
    }
}

fn answer(
    to: &str,
    results: Vec<wa::message::peer_data_operation_request_response_message::PeerDataOperationResult>,
) -> wa::Message {
    let response = wa::message::PeerDataOperationRequestResponseMessage {
        peer_data_operation_request_type: Some(wa::message::PeerDataOperationRequestType::PLACEHOLDER_MESSAGE_RESEND),
        stanza_id: Some(to.to_owned()),
        peer_data_operation_result: results,
    };
    let protocol = wa::message::ProtocolMessage {
        r#type: Some(wa::message::protocol_message::Type::PEER_DATA_OPERATION_REQUEST_RESPONSE_MESSAGE),
        peer_data_operation_request_response_message: MessageField::some(response),
        ..Default::default()
    };
    wa::Message { protocol_message: MessageField::some(protocol), ..Default::default() }
}

/// The path and the key of a message's medium.
fn medium(message: &wa::Message) -> Option<(&str, &[u8])> {
    let image = message.image_message.as_option().map(|part| (&part.direct_path, &part.media_key));
    let audio = || message.audio_message.as_option().map(|part| (&part.direct_path, &part.media_key));
    let document = || message.document_message.as_option().map(|part| (&part.direct_path, &part.media_key));
    let (path, key) = image.or_else(audio).or_else(document)?;
    Some((path.as_deref()?, key.as_deref()?))
}

/// What the phone says of a medium that it uploaded again, under the medium's own key.
fn sealed(id: &str, path: &str, key: &[u8]) -> anyhow::Result<Node> {
    let told = wa::MediaRetryNotification {
        stanza_id: Some(id.to_owned()),
        direct_path: Some(path.to_owned()),
        result: Some(wa::media_retry_notification::ResultType::SUCCESS),
        ..Default::default()
    };
    let derived = whatsapp_rust::wacore::crypto::hkdf_sha256(key, 32, None, b"WhatsApp Media Retry Notification");
    let derived = derived.map_err(|error| anyhow::anyhow!("deriving a key: {error}"))?;
    let derived: [u8; 32] = derived.as_slice().try_into().context("a derived key has 32 bytes")?;
    let iv: [u8; 12] = rand::random();
    let mut ciphertext = Vec::new();
    aes_256_gcm_encrypt(&derived, &iv, id.as_bytes(), &told.encode_to_vec(), &mut ciphertext)
        .map_err(|error| anyhow::anyhow!("encrypting: {error}"))?;
    Ok(NodeBuilder::new("encrypt").children([node::blob("enc_p", ciphertext), node::blob("enc_iv", iv)]).build())
}

fn failed(code: u32) -> Node {
    NodeBuilder::new("error").attr("code", code).build()
}

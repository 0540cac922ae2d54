//! Messages that the phone hands over because this device could not read them.
//!
//! The phone answers with a message about the account, whose content is the whole lost message with its outside. The
//! library tells of it by an event that is lost with the process; but the answer itself also takes the way of every
//! message, and is acknowledged only when that returned. So it is read there.

use crate::ids::address::Person;
use whatsapp_rust::types::message::{MessageInfo, MessageSource};
use whatsapp_rust::waproto::codec;
use whatsapp_rust::waproto::whatsapp as wa;
use whatsapp_rust::{Jid, Server, chrono};

/// A message as the phone has it.
pub(crate) struct Recovered {
    pub(crate) message: wa::Message,
    /// What the phone says of its outside. The outside that came over the network knows more.
    pub(crate) info: MessageInfo,
}

/// What an answer of the phone to `own` hands over; nothing for any other message. What the phone could not read either
/// is not in it.
pub(crate) fn read(message: &wa::Message, own: &Person) -> Vec<Recovered> {
    let protocol = message.protocol_message.as_option();
    let answer = protocol.and_then(|protocol| protocol.peer_data_operation_request_response_message.as_option());
    let results = answer.map(|answer| answer.peer_data_operation_result.as_slice()).unwrap_or_default();
    let handed_over = results.iter().filter_map(|result| {
        let bytes = result.placeholder_message_resend_response.as_option()?.web_message_info_bytes.as_deref()?;
        match codec::web_message_info_decode(bytes) {
            Ok(whole) => recovered(whole, own),
            Err(error) => {
                tracing::warn!("a message that the phone handed over cannot be read: {error}");
                None
            }
        }
    });
    handed_over.collect()
}

fn recovered(mut whole: wa::WebMessageInfo, own: &Person) -> Option<Recovered> {
    let message = whole.message.take()?;
    let key = whole.key.as_option()?;
    let chat: Jid = key.remote_jid.as_deref()?.parse().ok()?;
    let is_from_me = key.from_me.unwrap_or(false);
    let participant = key.participant.as_deref().or(whole.participant.as_deref());
    let named = participant.and_then(|participant| participant.parse().ok());
    let sender = match named {
        Some(sender) => sender,
        None if is_from_me => own.number.clone().or_else(|| own.lid.clone())?,
        None => chat.clone(),
    };
    let seconds = whole.message_timestamp.and_then(|seconds| i64::try_from(seconds).ok());
    let source =
        MessageSource { is_group: chat.server == Server::Group, chat, sender, is_from_me, ..MessageSource::default() };
    let info = MessageInfo {
        source,
        id: key.id.clone()?,
        push_name: whole.push_name.clone().unwrap_or_default(),
        timestamp: seconds.and_then(|seconds| chrono::DateTime::from_timestamp(seconds, 0)).unwrap_or_default(),
        ..MessageInfo::default()
    };
    Some(Recovered { message, info })
}

#[cfg(test)]
mod tests {
    use super::*;
    use whatsapp_rust::waproto::buffa::MessageField;
    use whatsapp_rust::waproto::whatsapp::message::peer_data_operation_request_response_message as answer;

    fn own() -> Person {
        Person::of([&"15550000009@s.whatsapp.net".parse().unwrap(), &"999@lid".parse().unwrap()])
    }

    fn whole(chat: &str, participant: Option<&str>, from_me: bool) -> wa::WebMessageInfo {
        let key = wa::MessageKey {
            remote_jid: Some(chat.to_owned()),
            from_me: Some(from_me),
            id: Some("A1".to_owned()),
            participant: participant.map(str::to_owned),
        };
        wa::WebMessageInfo {
            key: MessageField::some(key),
            message: MessageField::some(wa::Message { conversation: Some("words".to_owned()), ..Default::default() }),
            message_timestamp: Some(1_800_000_000),
            push_name: Some("Ana".to_owned()),
            ..Default::default()
        }
    }

    fn answered(parts: Vec<Option<Vec<u8>>>) -> wa::Message {
        let result = |bytes| answer::PeerDataOperationResult {
            placeholder_message_resend_response: MessageField::some(
                answer::peer_data_operation_result::PlaceholderMessageResendResponse { web_message_info_bytes: bytes },
            ),
            ..Default::default()
        };
        let response = wa::message::PeerDataOperationRequestResponseMessage {
            peer_data_operation_result: parts.into_iter().map(result).collect(),
            ..Default::default()
        };
        let protocol = wa::message::ProtocolMessage {
            peer_data_operation_request_response_message: MessageField::some(response),
            ..Default::default()
        };
        wa::Message { protocol_message: MessageField::some(protocol), ..Default::default() }
    }

    fn bytes(whole: &wa::WebMessageInfo) -> Vec<u8> {
        use whatsapp_rust::waproto::buffa::Message as _;
        whole.encode_to_vec()
    }

    #[test]
    fn the_author_is_found_in_every_kind_of_chat() {
        for (chat, participant, from_me, author) in [
            ("15550000001@s.whatsapp.net", None, false, "15550000001@s.whatsapp.net"),
            ("111@lid", None, false, "111@lid"),
            ("120363001@g.us", Some("222@lid"), false, "222@lid"),
            ("15550000001@s.whatsapp.net", None, true, "15550000009@s.whatsapp.net"),
        ] {
            let found = read(&answered(vec![Some(bytes(&whole(chat, participant, from_me)))]), &own());
            let [one] = found.as_slice() else { panic!("{chat}: {} messages", found.len()) };
            assert_eq!(one.info.source.sender.to_string(), author, "{chat}");
            assert_eq!((one.info.id.as_str(), one.info.push_name.as_str()), ("A1", "Ana"));
            assert_eq!(one.info.timestamp.timestamp(), 1_800_000_000);
            assert_eq!(one.message.conversation.as_deref(), Some("words"));
        }
    }

    #[test]
    fn what_is_not_there_or_broken_hides_nothing_that_is() {
        let mut empty = whole("111@lid", None, false);
        empty.message = MessageField::default();
        let mut nameless = whole("111@lid", None, false);
        nameless.key = MessageField::default();
        let good = Some(bytes(&whole("111@lid", None, false)));
        let parts = vec![None, Some(vec![255, 1, 2]), Some(bytes(&empty)), Some(bytes(&nameless)), good];
        assert_eq!(read(&answered(parts), &own()).len(), 1);
        assert!(read(&wa::Message::default(), &own()).is_empty());
    }
}

//! Sending: one message, under the id that was chosen for it, until the network acknowledged it.

use crate::connection::account::Account;
use crate::connection::live::Live;
use crate::ids::address;
use crate::limits;
use crate::messages::outbound::{self, Referred};
use crate::wire::pending_acks::Answer;
use greenroom_contract::channel::{BackOff, Receipt, SendError};
use greenroom_contract::ids::{MessageId, OutboundId};
use greenroom_contract::message::Media;
use greenroom_contract::outbound::{Outbound, OutboundBody};
use std::error::Error;
use std::time::Duration;
use whatsapp_rust::upload::{UploadOptions, UploadResponse};
use whatsapp_rust::wacore::download::MediaType;
use whatsapp_rust::waproto::whatsapp as wa;
use whatsapp_rust::{Client, ClientError, ErrorChainExt, IqError, Jid, SendOptions, Server};

/// Sends one message and returns when the network has it.
pub(crate) async fn send(account: &Account, live: &Live, outbound: &Outbound) -> Result<Receipt, SendError> {
    let chat = address::of_chat(&outbound.route.chat).filter(can_be_written_to);
    let chat = chat.ok_or_else(|| refused("the chat has no address to write to"))?;
    let message = write(account, live, outbound, &chat).await?;
    account.message_cache.send(outbound.id.as_str());
    let mut waiting = live.state.pending_acks.expect(outbound.id.as_str());
    let mut options = SendOptions::default().with_message_id(outbound.id.as_str());
    if let Some(seconds) = account.message_cache.disappearing(&chat) {
        options = options.with_ephemeral_expiration(seconds);
    }
    let sent = live.client.send_message_with_options(chat, message, options).await;
    sent.map_err(|error| unsent(&error))?;
    match tokio::time::timeout(limits::ACK_TIMEOUT, waiting.answer()).await {
        Ok(Some(Answer::Taken)) => receipt(&outbound.id),
        Ok(Some(Answer::Refused(code))) => Err(refusal(&code)),
        Ok(None) => Err(uncertain("the connection ended before the acknowledgement")),
        Err(_) => Err(uncertain("no acknowledgement came")),
    }
}

fn can_be_written_to(chat: &Jid) -> bool {
    matches!(chat.server, Server::Pn | Server::Lid | Server::Group | Server::Bot)
}

fn receipt(id: &OutboundId) -> Result<Receipt, SendError> {
    let message = MessageId::new(id.as_str()).map_err(|error| uncertain(&error.to_string()))?;
    Ok(Receipt { message })
}

/// The message as the protocol writes it. Uploads its medium.
async fn write(account: &Account, live: &Live, outbound: &Outbound, chat: &Jid) -> Result<wa::Message, SendError> {
    let own = live.state.own();
    let own = if chat.is_pn() { own.number.as_ref().or(own.lid.as_ref()) } else { own.lasting() };
    let referred = |id| Referred {
        id,
        chat,
        heard: account.message_cache.heard(chat, id.as_str()),
        author: outbound.recipient.as_ref(),
        is_ours: account.message_cache.was_sent(id.as_str()),
    };
    let context = || outbound.reply_to.as_ref().and_then(|id| referred(id).quoted(own));
    Ok(match &outbound.body {
        OutboundBody::Text(words) => outbound::text(words, context()),
        OutboundBody::Reaction { to, emoji } => referred(to).reaction(emoji.as_deref(), own, account.clock.now()),
        OutboundBody::Image { media, caption } => {
            fits(media, "image/", limits::IMAGE_BYTES_MAX)?;
            let uploaded = upload(&live.client, media, MediaType::Image).await?;
            outbound::image(uploaded, &media.mime, caption.as_deref(), context())
        }
        OutboundBody::Voice { media, sound } => {
            fits(media, "audio/ogg", limits::VOICE_BYTES_MAX)?;
            let uploaded = upload(&live.client, media, MediaType::Audio).await?;
            outbound::voice(uploaded, sound.as_ref(), context())
        }
        OutboundBody::Document { media, name, caption } => {
            fits(media, "", limits::DOCUMENT_BYTES_MAX)?;
            let uploaded = upload(&live.client, media, MediaType::Document).await?;
            outbound::document(uploaded, &media.mime, name, caption.as_deref(), context())
        }
        OutboundBody::Location(place) if place.is_on_earth() => outbound::location(place, context()),
        OutboundBody::Location(_) => return Err(refused("there is no such place on earth")),
        // Phones do not show the buttons and lists of unofficial clients.
        OutboundBody::Choices(_) => return Err(refused("linked devices cannot send buttons and lists")),
    })
}

/// Refuses what no client would show.
fn fits(media: &Media, kind: &str, bytes_max: u64) -> Result<(), SendError> {
    if !media.mime.starts_with(kind) {
        return Err(refused(&format!("{:?} cannot be sent as {kind}", media.mime)));
    }
    if media.bytes.is_empty() || media.bytes.len() as u64 > bytes_max {
        return Err(refused(&format!("{} bytes cannot be sent, {bytes_max} are allowed", media.bytes.len())));
    }
    Ok(())
}

/// Whatever happens here, no message was sent yet.
async fn upload(client: &Client, media: &Media, kind: MediaType) -> Result<UploadResponse, SendError> {
    let uploaded = client.upload(media.bytes.to_vec(), kind, UploadOptions::new()).await;
    uploaded.map_err(|error| match error.http_status() {
        Some(status @ (400 | 413 | 415)) => refused(&format!("the media host refuses it ({status})")),
        _ => retry(&format!("the upload failed: {error:#}"), None, BackOff::Conversation),
    })
}

/// Why the library did not send it. Only what failed while it was written leaves a doubt.
fn unsent(error: &whatsapp_rust::SendError) -> SendError {
    use whatsapp_rust::SendError as Unsent;
    let chain = || error.sources();
    let written = |error: &(dyn Error + 'static)| {
        let client = matches!(error.downcast_ref(), Some(ClientError::Socket(_) | ClientError::EncryptSend(_)));
        client && !chain().any(<dyn Error>::is::<IqError>)
    };
    if chain().any(written) {
        return uncertain(&format!("the connection failed while it was written: {error}"));
    }
    if let Unsent::InvalidRequest(reason) = error {
        return refused(reason);
    }
    let disconnected = |error: &(dyn Error + 'static)| {
        matches!(error.downcast_ref(), Some(ClientError::NotConnected | ClientError::NotLoggedIn))
            || matches!(error.downcast_ref(), Some(IqError::NotConnected | IqError::Disconnected(_)))
    };
    if matches!(error, Unsent::NotLoggedIn) || chain().any(disconnected) {
        return SendError::NotConnected;
    }
    if let Some(rejection) = error.server_rejection() {
        return refusal(&rejection.code.to_string());
    }
    retry(&greenroom_contract::cause::chain(error), None, BackOff::Conversation)
}

/// What a code of the network means for a message.
fn refusal(code: &str) -> SendError {
    let reason = format!("WhatsApp refuses it ({code})");
    match code {
        // The peer's device list or our view of a group changed meanwhile; the library has asked anew.
        "409" | "408" | "421" | "475" => retry(&reason, None, BackOff::Conversation),
        "429" => retry(&reason, Some(Duration::from_secs(30)), BackOff::Account),
        "500" | "501" | "502" | "503" | "504" => retry(&reason, Some(Duration::from_secs(5)), BackOff::Account),
        "463" => SendError::WindowClosed {
            reason: "WhatsApp lets this account write only to people who wrote first (463)".to_owned(),
        },
        _ => refused(&reason),
    }
}

fn retry(reason: &str, after: Option<Duration>, scope: BackOff) -> SendError {
    SendError::Retry { reason: reason.into(), after, scope }
}

fn uncertain(reason: &str) -> SendError {
    SendError::Uncertain { reason: reason.into() }
}

fn refused(reason: &str) -> SendError {
    SendError::Refused { reason: reason.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use whatsapp_rust::SendError as Unsent;
    use whatsapp_rust::anyhow::anyhow;
    use whatsapp_rust::socket::error::EncryptSendError;

    #[test]
    fn only_what_failed_while_it_was_written_leaves_a_doubt() {
        let lost = || EncryptSendError::transport(anyhow!("broken pipe"));
        assert!(matches!(unsent(&Unsent::Client(ClientError::EncryptSend(lost()))), SendError::Uncertain { .. }));
        assert!(matches!(
            unsent(&Unsent::Internal(anyhow!(ClientError::EncryptSend(lost())))),
            SendError::Uncertain { .. }
        ));
        // The question that came before the message failed; the message was never written.
        assert!(!matches!(unsent(&Unsent::Iq(IqError::EncryptSend(lost()))), SendError::Uncertain { .. }));
        assert_eq!(unsent(&Unsent::Client(ClientError::NotConnected)), SendError::NotConnected);
        assert_eq!(unsent(&Unsent::NotLoggedIn), SendError::NotConnected);
        assert_eq!(unsent(&Unsent::Iq(IqError::NotConnected)), SendError::NotConnected);
        assert!(matches!(unsent(&Unsent::Iq(IqError::Timeout)), SendError::Retry { .. }));
        assert!(matches!(unsent(&Unsent::InvalidRequest("x".into())), SendError::Refused { .. }));
        assert!(matches!(unsent(&Unsent::Internal(anyhow!("no session"))), SendError::Retry { .. }));
        let forbidden = IqError::ServerError { code: 403, text: "forbidden".into(), error_type: None, backoff: None };
        assert!(matches!(unsent(&Unsent::Iq(forbidden)), SendError::Refused { .. }));
    }

    #[test]
    fn codes_of_the_network() {
        assert!(matches!(refusal("479"), SendError::Refused { .. }));
        assert!(matches!(refusal("403"), SendError::Refused { .. }));
        assert!(matches!(refusal("463"), SendError::WindowClosed { .. }));
        assert!(matches!(refusal("429"), SendError::Retry { scope: BackOff::Account, .. }));
        assert!(matches!(refusal("503"), SendError::Retry { .. }));
    }
}

//! The owner types in a chat from another device: the words are kept as ours, and the bot is silent there for a while.

use crate::context::{AccountCard, Context};
use crate::decide::takeover::silence;
use greenroom_contract::message::Body;
use greenroom_contract::store::{Admission, Arrival, OwnerWrote};
use greenroom_contract::trace::Ignored;

/// What the owner typed in the chat of somebody else, as far as the arrival is that. What the bot sent itself is not.
pub(super) fn typed(context: &Context, card: &AccountCard, arrival: &Arrival) -> Option<OwnerWrote> {
    let Arrival::Message(message) = arrival else { return None };
    // The gate has told it from what the bot sent, and from notes of the owner to themselves.
    if !matches!(&message.admission, Admission::Refused { reason: Ignored::OwnerElsewhere }) {
        return None;
    }
    let inbound = &message.inbound;
    let wiring = context.wiring.load();
    let policy = wiring.policy(&card.channel)?;
    let silence = silence(policy.owner_pause, &inbound.body, inbound.sent_at, context.now())?;
    let text = match &inbound.body {
        Body::Text(text) => Some(text.clone()),
        Body::Image { caption, .. } | Body::Document { caption, .. } | Body::Unsupported { caption, .. } => {
            caption.clone()
        }
        _ => None,
    };
    Some(OwnerWrote {
        account: inbound.key.account.clone(),
        scope: message.scope.clone(),
        chat: inbound.key.chat.clone(),
        kind: inbound.chat.clone(),
        to: inbound.written_to.clone(),
        message: inbound.key.message.clone(),
        sender: inbound.sender.id.clone(),
        text: text.filter(|text| !silence.is_command && !text.trim().is_empty()),
        at: message.received_at,
        silence: silence.then,
    })
}

/// Carries it out. The message is acknowledged all the same: it is on the owner's own phone.
pub(super) async fn take_over(context: &Context, typed: OwnerWrote) {
    match context.store.owner_wrote(typed).await {
        Ok(Some(conversation)) => {
            // Whoever was waited for is there.
            context.books.humans.lock().released(conversation);
            tracing::debug!(%conversation, "the owner wrote in this chat");
        }
        Ok(None) => {}
        Err(error) => tracing::warn!(%error, "what the owner wrote was not kept, and the bot is not silent there"),
    }
}

//! What a network tells about a message after it took it.

use crate::context::{AccountCard, Context};
use crate::decide::undelivered::Lost;
use crate::mailbox::sessions::ChannelsMsg;
use greenroom_contract::event::{Consequence, DeliveryStatus};
use greenroom_contract::ids::MessageId;
use greenroom_contract::store::{
    Arrival, Parcel, ParcelDraft, ParcelKey, PendingParcel, Post, StatusArrival, StoreError,
};
use greenroom_contract::trace::{Decision, Step};

/// Why a network gave up on a message of ours.
pub(super) struct Failure {
    reason: String,
    code: Option<i64>,
    then: Consequence,
}

/// The failure that an arrival tells of.
pub(super) fn failure(arrival: &Arrival) -> Option<Failure> {
    let Arrival::Status(StatusArrival { status: DeliveryStatus::Failed { reason, code, then }, .. }) = arrival else {
        return None;
    };
    Some(Failure { reason: reason.clone(), code: *code, then: *then })
}

/// Shows a failure, as a refusal of the send would have been shown. A text whose window turned out to be closed goes
/// into the outbox again, where it waits for the person or leaves in the form that the network takes at any time; what
/// stops the account the adapter says itself.
pub(super) async fn failed(context: &Context, card: &AccountCard, parcel: &ParcelKey, failure: Failure) {
    let Failure { reason, code, then } = failure;
    let account = &parcel.account;
    tracing::warn!(%account, row = %parcel.sequence, ?code, %reason, "the network gave up on a message that it took");
    if let Err(error) = taken_up(context, card, parcel, reason, then).await {
        tracing::warn!(%account, row = %parcel.sequence, %error, "what follows from that cannot be done");
    }
}

/// What the network takes later is put back; of what is lost the owner is told, and the next turn of the chat.
async fn taken_up(
    context: &Context,
    card: &AccountCard,
    key: &ParcelKey,
    reason: String,
    then: Consequence,
) -> Result<(), StoreError> {
    let Some(parcel) = context.store.parcel(key).await? else { return Ok(()) };
    // On another device of the person it arrived.
    let arrived = |status: &DeliveryStatus| !matches!(status, DeliveryStatus::Failed { .. } | DeliveryStatus::Sent);
    if parcel.statuses.iter().any(arrived) {
        return Ok(());
    }
    if then == Consequence::PersonWrites {
        context.resume_sent(card).await;
        if let Some(draft) = card.taken_back(key, parcel.draft.clone()) {
            return put_back(context, card, &parcel, draft, reason).await;
        }
    }
    // What was put back waits in the outbox.
    let put_back = context.store.why(&again(&parcel), Some(&key.account)).await?;
    if !put_back.is_empty() {
        return Ok(());
    }
    card.teller.failed(Some(&parcel.id), parcel.conversation, false, &reason);
    let lost = Lost {
        key: key.clone(),
        conversation: parcel.conversation,
        chat: parcel.draft.route.chat,
        reason,
        at: context.now(),
        steady: context.steady(),
        given: false,
    };
    context.books.undelivered.lock().note(lost);
    Ok(())
}

/// The name under which a message is put back.
fn again(parcel: &Parcel) -> MessageId {
    MessageId::new(format!("again:{}", parcel.id)).expect("our ids are short")
}

async fn put_back(
    context: &Context,
    card: &AccountCard,
    parcel: &Parcel,
    draft: ParcelDraft,
    reason: String,
) -> Result<(), StoreError> {
    let speaks_first = draft.speaks_first;
    // Whoever waits until nothing is left to do must not come between the commit and the bell.
    let busy = context.activity.begin();
    let (at, conversation) = (context.now(), parcel.conversation);
    // A repetition of the status finds this name and puts nothing.
    let name = Some(again(parcel));
    let steps = vec![Step::new(at, Decision::Held { reason })];
    let scope = card.scope.clone();
    let post = Post { conversation: Some(conversation), scope, parcels: vec![draft], steps, name, at };
    let posted = context.store.post(post).await?;
    // Only now: a crash before this finds it once more, and the name keeps it from being put back twice.
    let forgotten = card.sent.lock().forget(&parcel.key);
    if let Some(write) = forgotten {
        context.store.vault_submit(card.id(), vec![write]);
    }
    let parcels = posted.parcels.into_iter();
    let parcels = parcels.map(|key| PendingParcel::new(key, conversation, at, speaks_first)).collect();
    context.tell_channels(ChannelsMsg::Posted { account: card.id().clone(), parcels, busy });
    Ok(())
}

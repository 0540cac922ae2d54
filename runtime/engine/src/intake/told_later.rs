//! What a network tells about a message after it took it.

use crate::context::{AccountCard, Context};
use crate::mailbox::sessions::ChannelsMsg;
use greenroom_contract::event::{Consequence, DeliveryStatus};
use greenroom_contract::ids::MessageId;
use greenroom_contract::store::{Arrival, ParcelKey, PendingParcel, Post, StatusArrival, StoreError};
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
    if then == Consequence::PersonWrites
        && let Err(error) = put_back(context, card, parcel, reason).await
    {
        tracing::warn!(%account, row = %parcel.sequence, %error, "it cannot be put into the outbox again");
    }
}

async fn put_back(context: &Context, card: &AccountCard, key: &ParcelKey, reason: String) -> Result<(), StoreError> {
    let Some(parcel) = context.store.parcel(key).await? else { return Ok(()) };
    // On another device of the person it arrived.
    let arrived = |status: &DeliveryStatus| !matches!(status, DeliveryStatus::Failed { .. } | DeliveryStatus::Sent);
    if parcel.statuses.iter().any(arrived) {
        return Ok(());
    }
    context.resume_sent(card).await;
    let Some(draft) = card.taken_back(key, parcel.draft) else { return Ok(()) };
    // Whoever waits until nothing is left to do must not come between the commit and the bell.
    let busy = context.activity.begin();
    let (at, conversation) = (context.now(), parcel.conversation);
    // A repetition of the status finds this name and puts nothing.
    let name = MessageId::new(format!("again:{}", parcel.id)).ok();
    let steps = vec![Step::new(at, Decision::Held { reason })];
    let scope = card.scope.clone();
    let post = Post { conversation: Some(conversation), scope, parcels: vec![draft], steps, name, at };
    let posted = context.store.post(post).await?;
    // Only now: a crash before this finds it once more, and the name keeps it from being put back twice.
    let forgotten = card.sent.lock().forget(key);
    if let Some(write) = forgotten {
        context.store.vault_submit(card.id(), vec![write]);
    }
    let parcels = posted.parcels.into_iter().map(|key| PendingParcel { key, conversation }).collect();
    context.tell_channels(ChannelsMsg::Posted { account: card.id().clone(), parcels, busy });
    Ok(())
}

//! The reaction by which the bot shows that it has a message, until the answer is there.
//!
//! It is a parcel of its own, which no turn waits for: it is put once the turn has lasted for a moment, so an answer that
//! comes immediately needs none, and the parcel that takes it back is committed with the end of the turn, behind the answer.
//! A process that dies in between has put it at most once: the next attempt takes it back.

use super::settle;
use super::steps::Draft;
use crate::context::{AccountCard, Context};
use greenroom_contract::ids::MessageId;
use greenroom_contract::limits;
use greenroom_contract::outbound::OutboundBody;
use greenroom_contract::store::{Entry, EntryKind, ParcelDraft, ParcelKind, Post, Settlement};
use greenroom_contract::time::Timestamp;
use std::convert::Infallible;
use std::sync::Arc;
use tokio::task::JoinHandle;

/// The reaction of one attempt.
pub(super) struct Ack<'a> {
    context: &'a Arc<Context>,
    card: &'a AccountCard,
    entry: &'a Entry,
    /// What is put; `None` if nothing is.
    emoji: Option<String>,
    /// The parcel on its way into the outbox.
    posted: Option<JoinHandle<()>>,
}

impl<'a> Ack<'a> {
    /// The reaction for a turn. None where the network has no reactions, and none while nothing may be noticed of it.
    pub(super) fn of(draft: &Draft<'a>, silent: bool) -> Self {
        let (context, card, entry) = (draft.context, draft.card, draft.first());
        let can = card.channel.capabilities.reactions.is_there() && message_of(entry).is_some();
        let emoji = draft.policy.ack.clone().filter(|_| can && !silent);
        Self { context, card, entry, emoji, posted: None }
    }

    /// Puts it after a moment. Never ends.
    pub(super) async fn put(&mut self) -> Infallible {
        if let Some(emoji) = self.emoji.take() {
            tokio::time::sleep(limits::TYPING_DELAY).await;
            if self.context.books.acks.lock().put(self.entry.sequence)
                && let Some(parcel) = reaction(self.entry, Some(emoji), self.context.now())
            {
                self.posted = Some(post(self.context, self.card, self.entry, parcel));
            }
        }
        std::future::pending().await
    }

    /// Waits until the reaction, if it was put just now, lies in the outbox: what takes it back comes behind it.
    pub(super) async fn is_put(&mut self) {
        if let Some(posted) = self.posted.take() {
            // A crash of that task leaves nothing to wait for.
            let _ = posted.await;
        }
    }
}

/// Takes the reaction back at the end of a turn, if its message has one, or may have one since an earlier run.
pub(super) fn take_back(draft: &Draft<'_>, settlement: &mut Settlement) {
    let (context, first) = (draft.context, draft.first());
    let has_one = context.books.acks.lock().take(first.sequence);
    let may_have_one = || draft.policy.ack.is_some() && !context.sequences.of_this_run(first.sequence);
    let can = draft.card.channel.capabilities.reactions.is_there();
    if can
        && (has_one || may_have_one())
        && let Some(parcel) = reaction(first, None, settlement.at)
        && settlement.parcels.len() < limits::PARCELS_PER_TURN_MAX
    {
        settlement.parcels.push(parcel);
    }
}

fn post(context: &Arc<Context>, card: &AccountCard, entry: &Entry, parcel: ParcelDraft) -> JoinHandle<()> {
    let (conversation, scope, at) = (Some(entry.conversation), entry.scope.clone(), context.now());
    let post = Post { conversation, scope, parcels: vec![parcel], steps: Vec::new(), name: None, at };
    let (context, account) = (Arc::clone(context), card.id().clone());
    tokio::spawn(async move {
        let Some(card) = context.account(&account) else { return };
        if let Err(error) = context.post(&card, post).await {
            tracing::debug!(%account, %error, "a reaction cannot be stored now");
        }
    })
}

/// The message that carries the reaction; `None` where there is none of the network.
fn message_of(entry: &Entry) -> Option<&MessageId> {
    match &entry.kind {
        EntryKind::Message(inbound) => Some(&inbound.key.message).filter(|message| !message.is_stand_in()),
        EntryKind::Wake { .. } => None,
    }
}

fn reaction(entry: &Entry, emoji: Option<String>, at: Timestamp) -> Option<ParcelDraft> {
    let to = message_of(entry)?.clone();
    Some(settle::parcel(entry, ParcelKind::Notice, OutboundBody::Reaction { to, emoji }, at))
}

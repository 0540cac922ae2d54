//! What is too old to be sent, and what is not sent any more.

use super::send::{Attempt, dropped};
use crate::decide::expiry;
use crate::mailbox::sessions::SendEnd;
use greenroom_contract::limits;
use greenroom_contract::outbound::OutboundBody;
use greenroom_contract::store::{Entry, EntryKind, ParcelKind, ParcelVerdict, StoreError};
use std::time::Duration;

impl Attempt<'_> {
    /// How old it is: by the clock that does not jump if it was made in this run, else by the wall's.
    fn age(&self) -> Duration {
        let (context, parcel) = (self.context, self.parcel);
        if context.sequences.of_this_run(parcel.key.sequence) {
            return context.steady().since(self.since);
        }
        context.now().since(parcel.released_at.unwrap_or(parcel.created_at))
    }

    /// Why it is held after this refusal, if it is too old for another attempt.
    pub(super) fn expired(&self, last: &str) -> Option<String> {
        let (age, refusals) = (self.age(), self.parcel.attempts.saturating_add(1));
        let expired = expiry::is_given_up(age, refusals, self.policy.answers_expire_after);
        expired.then(|| expiry::given_up(age, refusals, last))
    }

    /// Whether it is a reaction that shows that a message is worked on, and it is not any more: what takes such a reaction
    /// back lies in the outbox before it then.
    pub(super) async fn is_late(&self) -> bool {
        let draft = &self.parcel.draft;
        let OutboundBody::Reaction { to, emoji: Some(_) } = &draft.body else { return false };
        if draft.kind != ParcelKind::Notice {
            return false;
        }
        let waiting = self.context.store.waiting(self.conversation, limits::ROWS_PER_TURN_MAX).await;
        let is_of = |row: &Entry| matches!(&row.kind, EntryKind::Message(inbound) if inbound.key.message == *to);
        waiting.is_ok_and(|rows| !rows.iter().any(is_of))
    }

    /// Why a message that no one asked for, and that waits for its person, is not sent any more.
    pub(super) async fn superseded(&self) -> Result<Option<String>, StoreError> {
        if expiry::is_stale(self.context.now().since(self.parcel.created_at)) {
            return Ok(Some(expiry::stale()));
        }
        let key = &self.parcel.key;
        let waiting = self.context.store.pending_of(&key.account, self.conversation, limits::OUTBOX_WINDOW).await?;
        let newer = waiting.iter().any(|other| other.speaks_first && other.key.sequence > key.sequence);
        Ok(newer.then(|| "a newer message of the bot takes its place, because the person has not written".to_owned()))
    }

    /// Drops all parts of its message that are not sent.
    pub(super) async fn drop_message(&self, reason: String) -> SendEnd {
        let key = &self.parcel.key;
        let waiting = self.context.store.pending_of(&key.account, self.conversation, limits::OUTBOX_WINDOW).await;
        for other in waiting.unwrap_or_default() {
            if other.key.sequence == key.sequence && other.key != *key {
                self.judge(&other.key, ParcelVerdict::Dropped { reason: reason.clone() }, dropped(&reason)).await;
            }
        }
        self.drop_it(reason).await
    }

    /// It will not arrive, which is told to pages and programs that look on.
    pub(super) async fn give_up(&self, reason: String) -> SendEnd {
        self.card.teller.failed(Some(&self.parcel.id), self.conversation, false, &reason);
        self.drop_it(reason).await
    }

    pub(super) async fn drop_it(&self, reason: String) -> SendEnd {
        let decision = dropped(&reason);
        self.last_verdict(ParcelVerdict::Dropped { reason }, decision).await;
        SendEnd::Done
    }
}

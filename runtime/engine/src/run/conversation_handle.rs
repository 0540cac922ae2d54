//! Conversations, from outside.

use super::handle::EngineHandle;
use greenroom_contract::ids::{ConversationId, PersonId};
use greenroom_contract::store::{Conversation, HistoryKey, StoreError, UNTIL_RELEASED};
use greenroom_contract::time::Timestamp;
use std::sync::Arc;

/// Why a conversation was not forgotten.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ForgetRefused {
    /// A turn of it is under way: try again when it has ended.
    #[error("conversation {conversation} is being answered just now")]
    TurnRuns {
        /// The conversation.
        conversation: ConversationId,
    },
    /// The store cannot do it; [`StoreError::NotFound`] if there is no such conversation. What was forgotten of it so far
    /// is gone, and the rest can be forgotten by another call.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl EngineHandle {
    /// Silences the bot in a conversation, until then, or until [`EngineHandle::resume_conversation`]: messages are
    /// settled without an answer. A turn that is under way ends as it began, and the pause outlives it.
    pub async fn pause_conversation(
        &self,
        conversation: ConversationId,
        until: Option<Timestamp>,
    ) -> Result<(), StoreError> {
        let found = self.known(conversation).await?;
        self.context.store.set_pause(&found.scope, found.id, Some(until.unwrap_or(UNTIL_RELEASED))).await
    }

    /// Ends every pause of a conversation; who answers it stays as it is.
    pub async fn resume_conversation(&self, conversation: ConversationId) -> Result<(), StoreError> {
        let found = self.known(conversation).await?;
        let context = Arc::clone(&self.context);
        let task = tokio::spawn(async move {
            context.store.set_pause(&found.scope, found.id, None).await?;
            context.books.humans.lock().released(found.id);
            Ok(())
        });
        task.await.unwrap_or_else(|bug| Err(StoreError::Unavailable { reason: bug.into() }))
    }

    /// Forgets what was said in a conversation. Of a direct one its person is forgotten, with the history, what assistants
    /// remember, settings, waiting messages and unsent answers, in all accounts of the channel that belong to the same
    /// owner. Of a group the history goes, what assistants remember, and the settings; its members are people of their own.
    ///
    /// What stays: that messages were seen, so that none comes back as new, and what was spent, without saying for whom. Also
    /// what a turn that began and ended during the call sent and remembered: call it once more to be sure.
    pub async fn forget_conversation(&self, conversation: ConversationId) -> Result<(), ForgetRefused> {
        let found = self.known(conversation).await?;
        // A turn that begins after this look and ends after the commit finds its rows gone, if it is of a person.
        if self.context.claims.are_held_by(found.id) {
            return Err(ForgetRefused::TurnRuns { conversation: found.id });
        }
        match found.person {
            Some(person) => self.context.store.forget_person(person).await?,
            None => self.context.store.forget(HistoryKey::Conversation(found.id)).await?,
        }
        self.context.books.humans.lock().released(found.id);
        Ok(())
    }

    /// Forgets a person: in all direct conversations with the accounts of the channel that belong to the same owner, as
    /// [`EngineHandle::forget_conversation`] does.
    pub async fn forget_person(&self, person: PersonId) -> Result<(), ForgetRefused> {
        let mut conversations = Vec::new();
        for account in self.context.store.accounts().await? {
            conversations.extend(self.context.store.direct_conversation(&account.id, person).await?);
        }
        if let Some(busy) = conversations.iter().find(|found| self.context.claims.are_held_by(found.id)) {
            return Err(ForgetRefused::TurnRuns { conversation: busy.id });
        }
        self.context.store.forget_person(person).await?;
        for found in &conversations {
            self.context.books.humans.lock().released(found.id);
        }
        Ok(())
    }

    /// Until when the network takes answers in a conversation in which something was last written at `written_at`; `None`
    /// where it always does.
    pub fn window_until(&self, conversation: &Conversation, written_at: Timestamp) -> Option<Timestamp> {
        let card = self.context.account(&conversation.account)?;
        let rule = card.channel.capabilities.window?;
        Some(written_at.plus(rule.open))
    }

    async fn known(&self, conversation: ConversationId) -> Result<Conversation, StoreError> {
        let found = self.context.store.conversation(conversation).await?;
        found.ok_or_else(|| StoreError::NotFound { what: format!("conversation {conversation}") })
    }
}

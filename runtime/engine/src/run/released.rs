//! The end of a hand-over that stays, by the owner.

use greenroom_contract::ids::ConversationId;
use greenroom_contract::store::{Scope, Store, StoreError};

/// Lets the next message of a conversation be answered as configured: ends its pause, and what an assistant that stayed
/// began. [`StoreError::NotFound`] if no account has such a conversation. For a store that no engine runs on;
/// [`EngineHandle::release_conversation`](crate::EngineHandle::release_conversation) is for one that runs.
pub async fn release_conversation(store: &dyn Store, conversation: ConversationId) -> Result<(), StoreError> {
    let mut scopes: Vec<Scope> = Vec::new();
    for account in store.accounts().await? {
        let scope = Scope { channel: account.channel, owner: account.owner };
        if scopes.contains(&scope) {
            continue;
        }
        match store.settings(&scope, conversation).await {
            Err(StoreError::NotFound { .. }) => scopes.push(scope),
            Err(error) => return Err(error),
            Ok(settings) if settings.is_released() => return Ok(()),
            Ok(mut settings) => {
                settings.release();
                return store.set_settings(&scope, conversation, settings).await;
            }
        }
    }
    Err(StoreError::NotFound { what: format!("conversation {conversation}") })
}

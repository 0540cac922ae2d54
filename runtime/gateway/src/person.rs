//! Everything that is kept of one person. Public, because a command that reads the store itself shows the same.

use crate::usage;
use greenroom_client::{KeptConversationView, KeptPersonView, KeptStateView, KeptTurnView, TokensView};
use greenroom_contract::address::Address;
use greenroom_contract::ids::{AssistantName, ConversationId};
use greenroom_contract::limits;
use greenroom_contract::store::{
    AccountRow, Conversation, ConversationSettings, ConversationsAsked, HistoryKey, Person, Scope, StoreError,
    StoreReader,
};
use std::collections::BTreeSet;

/// Whoever this address names, in each channel and for each owner of these accounts.
pub async fn find(
    store: &StoreReader,
    accounts: &[AccountRow],
    address: &Address,
) -> Result<Vec<(Scope, Person)>, StoreError> {
    let scopes: BTreeSet<_> = accounts.iter().map(|row| (row.channel.clone(), row.owner.clone())).collect();
    let mut found = Vec::new();
    for (channel, owner) in scopes {
        let scope = Scope { channel, owner };
        if let Some(id) = store.person_by_address(&scope, address).await?
            && let Some(person) = store.person(id).await?
        {
            found.push((scope, person));
        }
    }
    Ok(found)
}

/// What is kept of a person, with what these assistants remember.
pub async fn export(
    store: &StoreReader,
    accounts: &[AccountRow],
    assistants: &[AssistantName],
    (scope, person): (Scope, Person),
) -> Result<KeptPersonView, StoreError> {
    let mut conversations = Vec::new();
    let theirs = accounts.iter().filter(|row| row.channel == scope.channel && row.owner == scope.owner);
    for account in theirs {
        if let Some(found) = store.direct_conversation(&account.id, person.id).await? {
            conversations.push(kept(store, assistants, found).await?);
        }
    }
    let past = store.recent(HistoryKey::Person(person.id), limits::HISTORY_TURNS_MAX).await?;
    let turns =
        past.into_iter().map(|turn| KeptTurnView { at_ms: turn.at.0, asked: turn.asked, answered: turn.answered });
    let mut spent = TokensView::default();
    for row in store.usage(0..=u32::MAX, limits::PERSON_SUMS_READ_MAX).await? {
        if row.person == Some(person.id) {
            usage::add(&mut spent, &row);
        }
    }
    Ok(KeptPersonView {
        person: person.id.0,
        channel: scope.channel.to_string(),
        owner: scope.owner.to_string(),
        name: person.name,
        email: person.email,
        addresses: person.addresses.iter().map(ToString::to_string).collect(),
        turns: turns.collect(),
        conversations,
        spent,
    })
}

async fn kept(
    store: &StoreReader,
    assistants: &[AssistantName],
    found: Conversation,
) -> Result<KeptConversationView, StoreError> {
    let mut states = Vec::new();
    for assistant in assistants {
        if let Some(state) = store.state(found.id, assistant).await? {
            let text = std::str::from_utf8(&state).ok().map(str::to_owned);
            states.push(KeptStateView { assistant: assistant.to_string(), text, bytes: state.len() as u64 });
        }
    }
    let wakes = store.wakes(Some(found.id), limits::PAGE_ROWS_MAX).await?;
    let settings = settings(store, found.id).await?;
    Ok(KeptConversationView {
        conversation: found.id.0,
        session: found.account.to_string(),
        chat: found.chat.to_string(),
        assistant: settings.assistant.map(|name| name.to_string()),
        paused_until_ms: settings.paused_until.map(|until| until.0),
        language: settings.language,
        states,
        wakes_at_ms: wakes.iter().map(|wake| wake.at.0).collect(),
    })
}

async fn settings(store: &StoreReader, conversation: ConversationId) -> Result<ConversationSettings, StoreError> {
    let asked = ConversationsAsked { only: Some(conversation), ..ConversationsAsked::default() };
    let listed = store.conversations(&asked, 1).await?;
    Ok(listed.into_iter().next().map(|listed| listed.settings).unwrap_or_default())
}

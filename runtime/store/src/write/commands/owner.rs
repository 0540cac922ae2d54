//! What the owner typed in a chat from another device: kept as ours, and a silence of the bot there.

use crate::write::commands::{identity, past, settings};
use crate::write::job::Operation;
use crate::write::txn::{Fail, Txn};
use greenroom_contract::ids::ConversationId;
use greenroom_contract::store::{ConversationSettings, HistoryKey, OwnerWrote as Wrote, Silence};

/// Keeps it.
pub(crate) struct OwnerWrote(pub(crate) Wrote);

impl Operation for OwnerWrote {
    type Output = Option<ConversationId>;

    fn bytes(&self) -> usize {
        self.0.text.as_ref().map_or(0, String::len)
    }

    fn run(&self, txn: &mut Txn<'_>) -> Result<Option<ConversationId>, Fail> {
        let wrote = &self.0;
        let person = match &wrote.to {
            Some(to) => identity::known_person(txn, &wrote.scope, to)?,
            None => None,
        };
        let chat =
            identity::ChatOf { account: &wrote.account, scope: &wrote.scope, chat: &wrote.chat, kind: &wrote.kind };
        // Who never wrote to the bot leaves nothing of what the owner writes to them.
        let Some(conversation) = identity::known_conversation(txn, &chat, person)? else { return Ok(None) };
        let before = settings::load(txn, conversation)?;
        let paused_until = match wrote.silence {
            Silence::AsBefore => before.paused_until,
            Silence::AtLeast(until) => Some(before.paused_until.map_or(until, |before| before.max(until))),
            Silence::Until(until) => until,
        };
        if paused_until != before.paused_until {
            settings::put(txn, conversation, &ConversationSettings { paused_until, ..before })?;
        }
        if let Some(words) = &wrote.text {
            let history = match person.filter(|_| !wrote.kind.is_group()) {
                Some(person) => HistoryKey::Person(person),
                None => HistoryKey::Conversation(conversation),
            };
            past::put_of_owner(txn, history, wrote, words)?;
        }
        Ok(Some(conversation))
    }
}

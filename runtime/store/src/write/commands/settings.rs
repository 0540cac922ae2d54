//! How conversations are treated: one row each, and none where nothing was set.

use crate::format::keys;
use crate::format::records::{ConversationRecord, SettingsRecord};
use crate::format::settings_codec;
use crate::memory::index::{Change, Delta};
use crate::write::job::Operation;
use crate::write::txn::{Fail, Txn};
use greenroom_contract::ids::ConversationId;
use greenroom_contract::limits;
use greenroom_contract::store::{ConversationSettings, Scope, UNTIL_STARTED};
use greenroom_contract::time::Timestamp;

/// Replaces how a conversation is treated.
pub(crate) struct SetSettings {
    pub(crate) scope: Scope,
    pub(crate) conversation: ConversationId,
    pub(crate) settings: ConversationSettings,
}

impl Operation for SetSettings {
    type Output = ();

    fn run(&self, txn: &mut Txn<'_>) -> Result<(), Fail> {
        check_limits(&self.settings)?;
        let conversation = txn.index.conversations.follow(self.conversation);
        let loaded = txn.load::<ConversationRecord>(&keys::conversation(conversation))?;
        if !loaded.is_some_and(|loaded| is_within(&loaded.record, &self.scope)) {
            return Err(Fail::not_found(format!("conversation {conversation}")));
        }
        put(txn, conversation, &self.settings)
    }
}

/// Begins, moves or ends a pause, and leaves the rest.
pub(crate) struct SetPause {
    pub(crate) scope: Scope,
    pub(crate) conversation: ConversationId,
    pub(crate) until: Option<Timestamp>,
}

impl Operation for SetPause {
    type Output = ();

    fn run(&self, txn: &mut Txn<'_>) -> Result<(), Fail> {
        let conversation = txn.index.conversations.follow(self.conversation);
        let loaded = txn.load::<ConversationRecord>(&keys::conversation(conversation))?;
        if !loaded.is_some_and(|loaded| is_within(&loaded.record, &self.scope)) {
            return Err(Fail::not_found(format!("conversation {conversation}")));
        }
        let before = load(txn, conversation)?;
        // Whoever asked for silence until they say otherwise is not spoken to sooner because the owner set a shorter pause.
        let paused_until = match before.paused_until {
            Some(UNTIL_STARTED) => self.until.and(before.paused_until),
            _ => self.until,
        };
        put(txn, conversation, &ConversationSettings { paused_until, ..before })
    }
}

/// How a conversation is treated.
pub(crate) fn load(txn: &Txn<'_>, conversation: ConversationId) -> Result<ConversationSettings, Fail> {
    if !txn.index.settings.contains(&conversation) {
        return Ok(ConversationSettings::default());
    }
    let key = keys::settings(conversation);
    let Some(loaded) = txn.load::<SettingsRecord>(&key)? else { return Ok(ConversationSettings::default()) };
    settings_codec::settings(loaded.record).map_err(|damage| Fail::Damaged { key, damage })
}

/// Whether a conversation belongs to a scope.
pub(crate) fn is_within(conversation: &ConversationRecord, scope: &Scope) -> bool {
    conversation.channel == scope.channel.as_str() && conversation.owner == scope.owner.as_str()
}

/// What the contract bounds in settings.
pub(crate) fn check_limits(settings: &ConversationSettings) -> Result<(), Fail> {
    let language_bytes = settings.language.as_ref().map_or(0, String::len);
    if language_bytes > limits::LANGUAGE_BYTES_MAX {
        return Err(Fail::invalid(format!("{language_bytes} bytes of language are too many")));
    }
    let choice_bytes = settings.open_choice.as_ref().map_or(0, |choice| choice.0.len());
    if choice_bytes > limits::OPEN_CHOICE_BYTES_MAX {
        return Err(Fail::invalid(format!("{choice_bytes} bytes of an open choice are too many")));
    }
    Ok(())
}

/// Writes the settings of a conversation. The default is not stored.
pub(crate) fn put(
    txn: &mut Txn<'_>,
    conversation: ConversationId,
    settings: &ConversationSettings,
) -> Result<(), Fail> {
    if *settings == ConversationSettings::default() {
        remove(txn, conversation);
        return Ok(());
    }
    put_record(txn, conversation, &settings_codec::record(settings))
}

/// Deletes the settings of a conversation, if it has any.
pub(crate) fn remove(txn: &mut Txn<'_>, conversation: ConversationId) {
    if txn.index.settings.contains(&conversation) {
        // The limits keep them within one value.
        txn.remove(keys::settings(conversation), 0);
        txn.note(Delta::Settings { conversation, change: Change::Went });
    }
}

/// Two conversations turned out to be one: the settings of the older one stay; where it has none, it takes those of the
/// newer one. The longer pause of both holds.
pub(crate) fn merge(txn: &mut Txn<'_>, kept: ConversationId, gone: ConversationId) -> Result<(), Fail> {
    if !txn.index.settings.contains(&gone) {
        return Ok(());
    }
    let (older, newer) = (load(txn, kept)?, load(txn, gone)?);
    remove(txn, gone);
    let paused_until = longer(older.paused_until, newer.paused_until);
    let others = if older == ConversationSettings::default() { newer } else { older };
    let merged = ConversationSettings { paused_until, ..others };
    put(txn, kept, &merged)
}

/// The pause that ends later; what its person asked for ends by that person's word alone.
fn longer(one: Option<Timestamp>, other: Option<Timestamp>) -> Option<Timestamp> {
    let asked_for = Some(UNTIL_STARTED);
    if one == asked_for || other == asked_for { asked_for } else { one.max(other) }
}

fn put_record(txn: &mut Txn<'_>, conversation: ConversationId, record: &SettingsRecord) -> Result<(), Fail> {
    txn.put(keys::settings(conversation), record)?;
    if !txn.index.settings.contains(&conversation) {
        txn.note(Delta::Settings { conversation, change: Change::Came });
    }
    Ok(())
}

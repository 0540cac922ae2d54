//! What sent parcels and traces still say of a person who is forgotten. They are many, so it is taken out in steps.

use crate::format::keys;
use crate::format::outbox_codec;
use crate::format::records::{ParcelRecord, RouteRecord, SeenRecord, SenderRecord};
use crate::format::seen_key::SeenKey;
use crate::format::usage_key::{OF_THE_FORGOTTEN, UsageKey};
use crate::memory::index::Index;
use crate::write::commands::sweep::strip;
use crate::write::job::Operation;
use crate::write::txn::{Fail, Txn};
use greenroom_contract::ids::{ConversationId, MessageId, PersonId};
use std::sync::Arc;

/// Stands where the chat and the name of a person stood.
const FORGOTTEN: &str = "forgotten";

/// Who is forgotten, and by what that shows.
#[derive(Debug)]
pub(crate) struct Forgotten {
    pub(crate) person: PersonId,
    /// Their direct conversations, after redirects.
    pub(crate) conversations: Vec<ConversationId>,
    /// The chats of these.
    pub(crate) chats: Vec<String>,
    pub(crate) addresses: Vec<String>,
    pub(crate) senders: Vec<String>,
}

/// What of a parcel goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Concerns {
    /// It was sent to them in a direct chat.
    All,
    /// It was sent to a group, as an answer to them.
    Recipient,
}

impl Forgotten {
    /// What a parcel says of them; `None` if nothing, or if it is not sent yet.
    pub(crate) fn in_parcel(&self, record: &ParcelRecord, index: &Index) -> Option<Concerns> {
        if !outbox_codec::is_done(record) || is_blank(record) {
            return None;
        }
        let conversation = index.conversations.follow(ConversationId(record.conversation));
        if self.conversations.contains(&conversation) {
            return Some(Concerns::All);
        }
        let recipient = record.recipient.as_ref()?;
        let named = recipient.addresses.iter().any(|address| self.addresses.contains(address))
            || self.senders.contains(&recipient.id);
        named.then_some(Concerns::Recipient)
    }

    /// What a sum of usage is about without them; `None` if it does not concern them.
    pub(crate) fn out_of_usage(&self, key: &UsageKey, index: &Index) -> Option<UsageKey> {
        if self.conversations.contains(&index.conversations.follow(key.conversation)) {
            return Some(UsageKey { conversation: OF_THE_FORGOTTEN, person: None, ..key.clone() });
        }
        let is_theirs = key.person.is_some_and(|person| index.people.follow(person) == self.person);
        is_theirs.then(|| UsageKey { person: None, ..key.clone() })
    }

    /// Whether a message that was seen has a trace that tells of them.
    pub(crate) fn in_seen(&self, key: &[u8], record: &SeenRecord, index: &Index) -> bool {
        let Some(seen) = SeenKey::read(key) else { return false };
        if record.steps.is_empty() && record.chat.is_none() {
            return false;
        }
        seen.person.is_some_and(|person| index.people.follow(person) == self.person)
            || seen.conversation.is_some_and(|of| self.conversations.contains(&index.conversations.follow(of)))
            || record.chat.as_ref().is_some_and(|chat| self.chats.contains(chat))
    }
}

fn is_blank(record: &ParcelRecord) -> bool {
    record.recipient.as_ref().is_some_and(|recipient| recipient.id == FORGOTTEN)
}

/// Takes out what parcels say.
pub(crate) struct BlankParcels {
    pub(crate) about: Arc<Forgotten>,
    pub(crate) keys: Vec<Vec<u8>>,
}

impl Operation for BlankParcels {
    type Output = ();

    fn run(&self, txn: &mut Txn<'_>) -> Result<(), Fail> {
        for key in &self.keys {
            let Some(mut loaded) = txn.load::<ParcelRecord>(key)? else { continue };
            let Some(concerns) = self.about.in_parcel(&loaded.record, &*txn.index) else { continue };
            let record = &mut loaded.record;
            record.recipient = Some(SenderRecord { id: FORGOTTEN.to_owned(), ..SenderRecord::default() });
            // It names the entry of the allow-list, which may be a number.
            record.turn_steps = Vec::new();
            if concerns == Concerns::All {
                blank(txn, key, record)?;
            }
            txn.put_over(key.clone(), &loaded.record, outbox_codec::sealing(&loaded.record), loaded.parts)?;
        }
        Ok(())
    }
}

/// The chat, the trace, and the id that the network chose, which may hold a number.
fn blank(txn: &mut Txn<'_>, key: &[u8], record: &mut ParcelRecord) -> Result<(), Fail> {
    let account = record.route.take().map(|route| route.account).unwrap_or_default();
    record.route = Some(RouteRecord { account, chat: FORGOTTEN.to_owned(), ..RouteRecord::default() });
    record.reply_to = None;
    record.steps = Vec::new();
    record.cause = None;
    let Some(parcel) = keys::read_parcel(key) else { return Ok(()) };
    let ours = txn.names.of_parcel(&parcel, record);
    let ours = ours.map_err(|damage| Fail::Damaged { key: key.to_vec(), damage })?;
    let sent_as = outbox_codec::sent_as(record).filter(|sent_as| *sent_as != ours.as_str()).map(str::to_owned);
    if let (Some(sent_as), Some(state)) = (sent_as, &mut record.state) {
        if let Ok(message) = MessageId::read_back(sent_as) {
            txn.remove_unread(keys::own(&parcel.account, &message))?;
        }
        ours.as_str().clone_into(&mut state.text);
    }
    Ok(())
}

/// Takes out traces. Deduplication keys stay, so that nothing old comes back as new.
pub(crate) struct StripTraces {
    pub(crate) about: Arc<Forgotten>,
    pub(crate) keys: Vec<Vec<u8>>,
}

impl Operation for StripTraces {
    type Output = ();

    fn run(&self, txn: &mut Txn<'_>) -> Result<(), Fail> {
        for key in &self.keys {
            let Some(loaded) = txn.load::<SeenRecord>(key)? else { continue };
            if self.about.in_seen(key, &loaded.record, &*txn.index) {
                strip(txn, key.clone(), loaded.record, loaded.parts)?;
            }
        }
        Ok(())
    }
}

//! What answers cost: one sum for each day, conversation, assistant, model and person.

use crate::engines::Range;
use crate::format::envelope;
use crate::format::keys::{self, kind};
use crate::format::records::UsageRecord;
use crate::format::usage_key::{OF_THE_FORGOTTEN, UsageKey, day_of, day_of_key, of_day};
use crate::write::commands::forgotten::Forgotten;
use crate::write::job::Operation;
use crate::write::txn::{Fail, Txn};
use greenroom_contract::assistant::{SpentBy, Usage};
use greenroom_contract::ids::{AssistantName, ConversationId, PersonId};
use greenroom_contract::limits;
use greenroom_contract::text;
use greenroom_contract::time::Timestamp;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Rows whose keys begin with their day.
pub(crate) const BY_DAY: [u8; 2] = [kind::USAGE, kind::BILLED];

/// Adds what a turn for this person cost to the sums of its day. A turn counts once at each model, however often that was
/// asked.
pub(crate) fn add(
    txn: &mut Txn<'_>,
    (conversation, person): (ConversationId, Option<PersonId>),
    spent: &[SpentBy],
    at: Timestamp,
) -> Result<(), Fail> {
    if spent.is_empty() {
        return Ok(());
    }
    let person = known(txn, person)?;
    let mut sums: BTreeMap<(AssistantName, Option<String>), UsageRecord> = BTreeMap::new();
    for SpentBy { assistant, usage } in spent {
        let Usage { model, tokens_in, tokens_out, tokens_cached, cost_millionths } = usage;
        let model = model.as_deref().map(|model| text::bounded(model, limits::USAGE_MODEL_BYTES_MAX));
        let sum = sums.entry((assistant.clone(), model)).or_default();
        let (tokens_in, tokens_out, tokens_cached) = (*tokens_in, *tokens_out, *tokens_cached);
        let cost_millionths = *cost_millionths;
        merge(sum, &UsageRecord { turns: 0, tokens_in, tokens_out, tokens_cached, cost_millionths });
        sum.turns = 1;
    }
    for ((assistant, model), sum) in sums {
        let key = UsageKey { day: day_of(at), conversation, assistant, model, person };
        add_to(txn, key, &sum)?;
    }
    Ok(())
}

/// The person after merges; `None` for one that was forgotten, whose number must not come back.
fn known(txn: &Txn<'_>, person: Option<PersonId>) -> Result<Option<PersonId>, Fail> {
    let Some(person) = person.map(|person| txn.index.people.follow(person)) else { return Ok(None) };
    Ok(txn.holds(&keys::person(person))?.then_some(person))
}

/// Adds to one sum, or to one that says less where a day of the conversation has too many.
fn add_to(txn: &mut Txn<'_>, key: UsageKey, more: &UsageRecord) -> Result<(), Fail> {
    let key = place(txn, key)?.bytes();
    let mut record = txn.load::<UsageRecord>(&key)?.map(|loaded| loaded.record).unwrap_or_default();
    merge(&mut record, more);
    txn.put(key, &record)
}

/// Where to count. Models are named by who answers, and people are many in a group, so a day of a conversation has so many
/// sums and no more: what is beyond them counts without its person, and then without its model. Sums that name a person
/// take no room of those that name none, so that people without end keep no model from being named.
fn place(txn: &Txn<'_>, mut key: UsageKey) -> Result<UsageKey, Fail> {
    if key.conversation == OF_THE_FORGOTTEN || txn.holds(&key.bytes())? {
        return Ok(key);
    }
    let (of_people, others) = sums_of(txn, &key)?;
    if key.person.is_some() && of_people >= limits::USAGE_SUMS_OF_PEOPLE_PER_CONVERSATION_DAY_MAX {
        key.person = None;
        if txn.holds(&key.bytes())? {
            return Ok(key);
        }
    }
    if key.person.is_none() && others >= limits::USAGE_SUMS_PER_CONVERSATION_DAY_MAX {
        key.model = None;
    }
    Ok(key)
}

/// How many sums of a day of a conversation name a person, and how many name none.
fn sums_of(txn: &Txn<'_>, key: &UsageKey) -> Result<(usize, usize), Fail> {
    let all = Range::prefix(&of_day(key.day, Some(key.conversation)));
    let most = limits::USAGE_SUMS_OF_PEOPLE_PER_CONVERSATION_DAY_MAX + 2 * limits::USAGE_SUMS_PER_CONVERSATION_DAY_MAX;
    let rows = txn.scan(&all, most)?;
    let of_people =
        rows.iter().filter_map(|(bytes, _)| UsageKey::read(bytes)).filter(|key| key.person.is_some()).count();
    Ok((of_people, rows.len() - of_people))
}

/// Adds one sum to another. What is told is not checked by anyone, so it may be any number.
pub(crate) fn merge(sum: &mut UsageRecord, more: &UsageRecord) {
    let UsageRecord { turns, tokens_in, tokens_out, tokens_cached, cost_millionths } = more;
    sum.turns = sum.turns.saturating_add(*turns);
    sum.tokens_in = sum.tokens_in.saturating_add(*tokens_in);
    sum.tokens_out = sum.tokens_out.saturating_add(*tokens_out);
    sum.tokens_cached = sum.tokens_cached.saturating_add(*tokens_cached);
    sum.cost_millionths = sum.cost_millionths.saturating_add(*cost_millionths);
}

/// Takes a person who is forgotten out of sums, and their conversations. What was spent stays spent.
pub(crate) struct UnlinkUsage {
    pub(crate) about: Arc<Forgotten>,
    pub(crate) keys: Vec<Vec<u8>>,
}

impl Operation for UnlinkUsage {
    type Output = ();

    fn run(&self, txn: &mut Txn<'_>) -> Result<(), Fail> {
        for bytes in &self.keys {
            let Some(key) = UsageKey::read(bytes) else { continue };
            let Some(without) = self.about.out_of_usage(&key, &*txn.index) else { continue };
            let Some(loaded) = txn.load::<UsageRecord>(bytes)? else { continue };
            txn.remove(bytes.clone(), loaded.parts);
            add_to(txn, without, &loaded.record)?;
        }
        Ok(())
    }
}

/// Sums of what answers cost, and of billed messages, of days before this one: the oldest of them.
pub(crate) struct SweepUsage {
    pub(crate) before: u32,
}

impl Operation for SweepUsage {
    /// How many rows this step removed.
    type Output = u64;

    fn run(&self, txn: &mut Txn<'_>) -> Result<u64, Fail> {
        let mut removed = 0;
        for kind in BY_DAY {
            let oldest = txn.scan(&Range::prefix(&[kind]), limits::STORE_STEP_ROWS_MAX)?;
            let is_old = |key: &[u8]| day_of_key(key).is_none_or(|day| day < self.before);
            for (key, value) in oldest.into_iter().take_while(|(key, _)| is_old(key)) {
                txn.remove(key, envelope::part_count(&value));
                removed += 1;
            }
        }
        Ok(removed)
    }
}

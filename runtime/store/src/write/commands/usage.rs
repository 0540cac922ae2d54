//! What answers cost: one sum for each day, conversation, assistant and model.

use crate::engines::Range;
use crate::format::envelope;
use crate::format::keys::kind;
use crate::format::records::UsageRecord;
use crate::format::usage_key::{OF_THE_FORGOTTEN, UsageKey, day_of, day_of_key, of_day};
use crate::write::job::Operation;
use crate::write::txn::{Fail, Txn};
use greenroom_contract::assistant::{SpentBy, Usage};
use greenroom_contract::ids::{AssistantName, ConversationId};
use greenroom_contract::limits;
use greenroom_contract::text;
use greenroom_contract::time::Timestamp;
use std::collections::BTreeMap;

/// Adds what a turn cost to the sums of its day. A turn counts once at each model, however often that was asked.
pub(crate) fn add(
    txn: &mut Txn<'_>,
    conversation: ConversationId,
    spent: &[SpentBy],
    at: Timestamp,
) -> Result<(), Fail> {
    let mut sums: BTreeMap<(AssistantName, Option<String>), UsageRecord> = BTreeMap::new();
    for SpentBy { assistant, usage } in spent {
        let Usage { model, tokens_in, tokens_out, tokens_cached, cost_millionths: _ } = usage;
        let model = model.as_deref().map(|model| text::bounded(model, limits::USAGE_MODEL_BYTES_MAX));
        let sum = sums.entry((assistant.clone(), model)).or_default();
        let (tokens_in, tokens_out, tokens_cached) = (*tokens_in, *tokens_out, *tokens_cached);
        merge(sum, &UsageRecord { turns: 0, tokens_in, tokens_out, tokens_cached });
        sum.turns = 1;
    }
    for ((assistant, model), sum) in sums {
        let key = UsageKey { day: day_of(at), conversation, assistant, model };
        add_to(txn, key, &sum)?;
    }
    Ok(())
}

/// Adds to one sum. Models are named by who answers, so a day of a conversation has so many of them and no more; the rest
/// counts without its name.
fn add_to(txn: &mut Txn<'_>, mut key: UsageKey, more: &UsageRecord) -> Result<(), Fail> {
    if key.model.is_some() && !txn.holds(&key.bytes())? {
        let all = Range::prefix(&of_day(key.day, Some(key.conversation)));
        let most = limits::USAGE_SUMS_PER_CONVERSATION_DAY_MAX;
        if key.conversation != OF_THE_FORGOTTEN && txn.scan(&all, most)?.len() >= most {
            key.model = None;
        }
    }
    let key = key.bytes();
    let mut record = txn.load::<UsageRecord>(&key)?.map(|loaded| loaded.record).unwrap_or_default();
    merge(&mut record, more);
    txn.put(key, &record)
}

/// Adds one sum to another. What is told is not checked by anyone, so it may be any number.
pub(crate) fn merge(sum: &mut UsageRecord, more: &UsageRecord) {
    let UsageRecord { turns, tokens_in, tokens_out, tokens_cached } = more;
    sum.turns = sum.turns.saturating_add(*turns);
    sum.tokens_in = sum.tokens_in.saturating_add(*tokens_in);
    sum.tokens_out = sum.tokens_out.saturating_add(*tokens_out);
    sum.tokens_cached = sum.tokens_cached.saturating_add(*tokens_cached);
}

/// Takes the conversation out of sums. What was spent stays spent.
pub(crate) struct UnlinkUsage {
    pub(crate) keys: Vec<Vec<u8>>,
}

impl Operation for UnlinkUsage {
    type Output = ();

    fn run(&self, txn: &mut Txn<'_>) -> Result<(), Fail> {
        for bytes in &self.keys {
            let Some(key) = UsageKey::read(bytes) else { continue };
            let Some(loaded) = txn.load::<UsageRecord>(bytes)? else { continue };
            txn.remove(bytes.clone(), loaded.parts);
            add_to(txn, UsageKey { conversation: OF_THE_FORGOTTEN, ..key }, &loaded.record)?;
        }
        Ok(())
    }
}

/// Sums of days before this one, the oldest of them.
pub(crate) struct SweepUsage {
    pub(crate) before: u32,
}

impl Operation for SweepUsage {
    /// How many rows this step removed.
    type Output = u64;

    fn run(&self, txn: &mut Txn<'_>) -> Result<u64, Fail> {
        let oldest = txn.scan(&Range::prefix(&[kind::USAGE]), limits::STORE_STEP_ROWS_MAX)?;
        let old = oldest.into_iter().take_while(|(key, _)| day_of_key(key).is_none_or(|day| day < self.before));
        let mut removed = 0;
        for (key, value) in old {
            txn.remove(key, envelope::part_count(&value));
            removed += 1;
        }
        Ok(removed)
    }
}

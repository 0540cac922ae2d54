//! What was said before.

use super::{billed, said, usage};
use crate::engines::Range;
use crate::format::envelope;
use crate::format::records::{BytesRecord, HistoryRecord};
use crate::format::{keys, names};
use crate::store::{GreenroomStore, Reader};
use crate::write::commands::people::ForgetHistory;
use async_trait::async_trait;
use bytes::Bytes;
use greenroom_contract::assistant::{BilledRow, PastTurn, UsageRow};
use greenroom_contract::ids::{AssistantName, ConversationId, MessageId, Sequence};
use greenroom_contract::limits;
use greenroom_contract::store::{History, HistoryKey, Said, StoreError};
use greenroom_contract::time::Timestamp;
use std::ops::{ControlFlow, RangeInclusive};

/// Turns that are read where they are asked for; more of them go to a blocking thread.
const TURNS_AT_ONCE: usize = 32;

#[async_trait]
impl History for GreenroomStore {
    async fn recent(&self, history: HistoryKey, turns_max: usize) -> Result<Vec<PastTurn>, StoreError> {
        let turns_max = turns_max.min(limits::HISTORY_TURNS_MAX);
        if turns_max == 0 {
            self.shared.engine()?;
            return Ok(Vec::new());
        }
        if turns_max <= TURNS_AT_ONCE {
            return self.read(|reader| recent(reader, history, turns_max));
        }
        self.read_long(move |reader| recent(reader, history, turns_max)).await
    }

    async fn state(
        &self,
        conversation: ConversationId,
        assistant: &AssistantName,
    ) -> Result<Option<Bytes>, StoreError> {
        self.read(|reader| {
            let conversation = reader.follow_conversation(conversation);
            let record = reader.load::<BytesRecord>(&keys::state(conversation, assistant.as_str()))?;
            Ok(record.map(|record| record.bytes))
        })
    }

    async fn usage(&self, days: RangeInclusive<u32>, rows_max: usize) -> Result<Vec<UsageRow>, StoreError> {
        self.read_long(move |reader| usage::sums(reader, &days, rows_max)).await
    }

    async fn billed(&self, days: RangeInclusive<u32>, rows_max: usize) -> Result<Vec<BilledRow>, StoreError> {
        self.read_long(move |reader| billed::sums(reader, &days, rows_max)).await
    }

    async fn said(
        &self,
        conversation: ConversationId,
        history: HistoryKey,
        message: &MessageId,
    ) -> Result<Option<Said>, StoreError> {
        let message = message.clone();
        self.read_long(move |reader| said::said(reader, conversation, history, &message)).await
    }

    async fn forget(&self, history: HistoryKey) -> Result<(), StoreError> {
        self.execute(ForgetHistory(history)).await
    }
}

fn recent(reader: &Reader, history: HistoryKey, turns_max: usize) -> Result<Vec<PastTurn>, StoreError> {
    let history = reader.follow_history(history);
    let newest_first = Range::prefix(&keys::history(history)).down();
    let mut turns = Vec::with_capacity(turns_max);
    let (mut rows, mut bytes) = (Vec::with_capacity(turns_max), 0);
    reader.visit(&newest_first, &mut |key, value| {
        bytes += value.len() + usize::from(envelope::part_count(value)) * limits::STORE_VALUE_BYTES_MAX;
        if !rows.is_empty() && bytes > limits::HISTORY_BYTES_MAX {
            return ControlFlow::Break(());
        }
        rows.push((key.to_vec(), value.to_vec()));
        if rows.len() >= turns_max { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    })?;
    for (key, value) in rows {
        turns.extend(reader.decode_as(&key, value, |record: HistoryRecord| Ok(past_turn(&key, record)))?);
    }
    turns.reverse();
    Ok(turns)
}

fn past_turn(key: &[u8], record: HistoryRecord) -> PastTurn {
    let first = key.last_chunk::<8>().map(|bytes| Sequence(u64::from_be_bytes(*bytes)));
    PastTurn {
        at: Timestamp(record.at),
        name: record.name,
        asked: record.asked,
        answered: record.answered,
        by_owner: record.by_owner,
        messages: record.said.into_iter().filter_map(|said| MessageId::read_back(said.message).ok()).collect(),
        turn: record.turn_tag.zip(first).map(|(tag, first)| names::turn(tag, first)),
        worded_by: record.worded_by.and_then(|name| AssistantName::new(name).ok()),
    }
}

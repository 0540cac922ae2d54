//! The durable queue of accepted messages.

use crate::engines::Range;
use crate::format::envelope::Damage;
use crate::format::inbox_codec;
use crate::format::keys::{self, kind};
use crate::format::names;
use crate::format::records::{ConversationRecord, InboxRecord, QuarantineRecord, WakeRecord};
use crate::format::settings_codec;
use crate::memory::index::{Index, WakePlace};
use crate::reads::{statuses, sweeper};
use crate::store::{GreenroomStore, Reader};
use crate::write::commands::accept::Accept;
use crate::write::commands::attempt_marks::{BeginNow, BeginSoon, Withdraw};
use crate::write::commands::owner::OwnerWrote as KeepOwnerWrote;
use crate::write::commands::quarantine::Release;
use crate::write::commands::settings::{self, SetPause, SetSettings};
use crate::write::commands::settle::Settle;
use crate::write::commands::wake::{self, CancelWake, WakeDue};
use async_trait::async_trait;
use greenroom_contract::ids::{AccountId, AssistantName, ConversationId, PersonId, Sequence};
use greenroom_contract::message::Chat;
use greenroom_contract::store::{
    Accepted, Arrival, Begin, ConversationSettings, Entry, EntryKind, HistoryKey, Inbox, OwnerWrote, PendingWake,
    QuarantinedRow, Scope, Settled, Settlement, StoreError, WaitingConversation,
};
use greenroom_contract::time::Timestamp;
use std::sync::Arc;

/// Rows that are read where they are asked for; more of them go to a blocking thread.
const ROWS_AT_ONCE: usize = 64;

#[async_trait]
impl Inbox for GreenroomStore {
    async fn accept(&self, batch: Vec<Arrival>) -> Result<Vec<Accepted>, StoreError> {
        if batch.is_empty() {
            return Ok(Vec::new());
        }
        // A store that cannot be read says so where it is written.
        let tells = batch.iter().any(|arrival| matches!(arrival, Arrival::Status(_)));
        let looked = if tells { self.read(|reader| statuses::postpone(reader, &batch)) } else { Ok(Vec::new()) };
        let postponed = looked.unwrap_or_default();
        if postponed.iter().all(Option::is_none) {
            return self.execute(Accept { batch }).await;
        }
        // What is no evidence is not waited for; the rest of the batch is.
        let left = batch.into_iter().zip(&postponed).filter(|(_, postponed)| postponed.is_none());
        let left: Vec<Arrival> = left.map(|(arrival, _)| arrival).collect();
        let accepted = if left.is_empty() { Vec::new() } else { self.execute(Accept { batch: left }).await? };
        let mut accepted = accepted.into_iter();
        let all = postponed.into_iter().map(|parcel| match parcel {
            Some(parcel) => Some(Accepted::Updated { parcel: Some(parcel) }),
            None => accepted.next(),
        });
        Ok(all.flatten().collect())
    }

    async fn waiting(&self, conversation: ConversationId, rows_max: usize) -> Result<Vec<Entry>, StoreError> {
        if rows_max <= ROWS_AT_ONCE {
            return self.read(|reader| waiting(reader, conversation, rows_max));
        }
        self.read_long(move |reader| waiting(reader, conversation, rows_max)).await
    }

    async fn conversations_waiting(
        &self,
        after: Option<ConversationId>,
        conversations_max: usize,
    ) -> Result<Vec<WaitingConversation>, StoreError> {
        let first = after.map_or(ConversationId(0), |after| ConversationId(after.0.saturating_add(1)));
        let ids: Vec<ConversationId> =
            self.index(|index| index.rows.range(first..).take(conversations_max).map(|(id, _)| *id).collect())?;
        self.read_long(move |reader| {
            let found = ids.into_iter().map(|id| waiting_conversation(reader, id));
            Ok(found.collect::<Result<Vec<_>, _>>()?.into_iter().flatten().collect())
        })
        .await
    }

    async fn rows_waiting(&self) -> Result<u64, StoreError> {
        self.index(|index| index.all_rows.len() as u64)
    }

    async fn begin(&self, begin: Begin) -> Result<(), StoreError> {
        self.execute(BeginNow(begin)).await
    }

    fn begin_submitted(&self, begin: Begin) {
        self.writer.submit(BeginSoon(begin));
    }

    async fn withdraw(&self, begin: Begin) -> Result<(), StoreError> {
        self.execute(Withdraw(begin)).await
    }

    async fn settle(&self, settlement: Settlement) -> Result<Settled, StoreError> {
        self.execute(Settle(Arc::new(settlement))).await
    }

    async fn settle_shared(&self, settlement: &Arc<Settlement>) -> Result<Settled, StoreError> {
        self.execute(Settle(settlement.clone())).await
    }

    async fn wake_due(&self, now: Timestamp, wakes_max: usize) -> Result<Vec<WaitingConversation>, StoreError> {
        self.execute(WakeDue { now, wakes_max }).await
    }

    async fn wakes(
        &self,
        conversation: Option<ConversationId>,
        wakes_max: usize,
    ) -> Result<Vec<PendingWake>, StoreError> {
        let of = |index: &Index, id: ConversationId| -> Vec<(ConversationId, WakePlace)> {
            index.wakes.get(&id).into_iter().flatten().map(|(place, _)| (id, *place)).collect()
        };
        let mut places = self.index(|index| match conversation {
            Some(id) => of(index, index.conversations.follow(id)),
            None => index.wakes.keys().flat_map(|id| of(index, *id)).collect(),
        })?;
        if places.is_empty() {
            return Ok(Vec::new());
        }
        places.sort_by_key(|(_, place)| *place);
        places.truncate(wakes_max);
        let look = move |reader: &Reader| pending_wakes(reader, &places);
        if conversation.is_some() { self.read(look) } else { self.read_long(look).await }
    }

    async fn cancel_wake(&self, wake: Sequence) -> Result<(), StoreError> {
        self.execute(CancelWake(wake)).await
    }

    async fn next_wake(&self) -> Result<Option<Timestamp>, StoreError> {
        let first = self.read(|reader| reader.rows(&Range::prefix(&[kind::WAKE]), 1))?;
        Ok(first.first().and_then(|(key, _)| wake::due_at(key)))
    }

    async fn quarantined(&self, rows_max: usize) -> Result<Vec<QuarantinedRow>, StoreError> {
        self.read_long(move |reader| {
            let mut found: Vec<QuarantinedRow> = Vec::new();
            for (key, value) in reader.rows(&Range::prefix(&[kind::QUARANTINE]), rows_max)? {
                let Some(sequence) = keys::Reader::new(&key).number().map(Sequence) else { continue };
                let row = |record: QuarantineRecord| quarantined_row(reader, sequence, record);
                found.extend(reader.decode_as(&key, value, row)?);
            }
            for row in &mut found {
                row.entry.settings = settings_of(reader, row.entry.conversation)?;
            }
            found.sort_by_key(|row| (row.at, row.entry.sequence));
            Ok(found)
        })
        .await
    }

    async fn quarantined_count(&self) -> Result<u64, StoreError> {
        Ok(self.read_long(|reader| sweeper::count(reader, kind::QUARANTINE)).await? as u64)
    }

    async fn release(&self, sequence: Sequence) -> Result<WaitingConversation, StoreError> {
        self.execute(Release { sequence }).await
    }

    async fn settings(&self, scope: &Scope, conversation: ConversationId) -> Result<ConversationSettings, StoreError> {
        self.read(|reader| {
            let conversation = reader.follow_conversation(conversation);
            let record = reader.load::<ConversationRecord>(&keys::conversation(conversation))?;
            if !record.is_some_and(|record| settings::is_within(&record, scope)) {
                return Err(StoreError::NotFound { what: format!("conversation {conversation}") });
            }
            settings_of(reader, conversation)
        })
    }

    async fn set_settings(
        &self,
        scope: &Scope,
        conversation: ConversationId,
        settings: ConversationSettings,
    ) -> Result<(), StoreError> {
        self.execute(SetSettings { scope: scope.clone(), conversation, settings }).await
    }

    async fn set_pause(
        &self,
        scope: &Scope,
        conversation: ConversationId,
        until: Option<Timestamp>,
    ) -> Result<(), StoreError> {
        self.execute(SetPause { scope: scope.clone(), conversation, until }).await
    }

    async fn owner_wrote(&self, wrote: OwnerWrote) -> Result<Option<ConversationId>, StoreError> {
        self.execute(KeepOwnerWrote(wrote)).await
    }
}

/// The first rows of a conversation. Damaged ones do not count, so that they hide nothing.
fn waiting(reader: &Reader, conversation: ConversationId, rows_max: usize) -> Result<Vec<Entry>, StoreError> {
    let conversation = reader.follow_conversation(conversation);
    let settings = settings_of(reader, conversation)?;
    let mut found = Vec::new();
    let mut first = Sequence(0);
    while found.len() < rows_max {
        let wanted = rows_max - found.len();
        let sequences: Vec<Sequence> = {
            let index = reader.shared.index.lock();
            let rows = index.rows.get(&conversation);
            rows.map(|rows| rows.range(first..).take(wanted).copied().collect()).unwrap_or_default()
        };
        let Some(last) = sequences.last() else { break };
        first = Sequence(last.0 + 1);
        for sequence in sequences {
            let key = keys::inbox(conversation, sequence);
            let turn = |record: InboxRecord| entry(reader, conversation, &settings, sequence, record);
            if let Some(mut entry) = reader.load_as(&key, turn)? {
                let noted = reader.shared.index.lock().marks_of((conversation, sequence));
                entry.attempts = entry.attempts.max(noted);
                found.push(entry);
            }
        }
    }
    Ok(found)
}

fn pending_wakes(reader: &Reader, places: &[(ConversationId, WakePlace)]) -> Result<Vec<PendingWake>, StoreError> {
    let mut found = Vec::with_capacity(places.len());
    for (conversation, (at, number)) in places {
        let (conversation, at, number) = (*conversation, *at, Sequence(*number));
        let wake = |record: WakeRecord| {
            let assistant = AssistantName::read_back(record.assistant)?;
            Ok(PendingWake {
                number,
                conversation,
                at,
                token: record.token,
                assistant,
                route: inbox_codec::route(record.route)?,
            })
        };
        found.extend(reader.load_as(&keys::wake(at, number.0), wake)?);
    }
    Ok(found)
}

/// How a conversation is treated. Nothing is read for one that has no settings of its own.
pub(super) fn settings_of(reader: &Reader, conversation: ConversationId) -> Result<ConversationSettings, StoreError> {
    if !reader.shared.index.lock().settings.contains(&conversation) {
        return Ok(ConversationSettings::default());
    }
    Ok(reader.load_as(&keys::settings(conversation), settings_codec::settings)?.unwrap_or_default())
}

fn entry(
    reader: &Reader,
    conversation: ConversationId,
    settings: &ConversationSettings,
    sequence: Sequence,
    mut record: InboxRecord,
) -> Result<Entry, Damage> {
    let kind = inbox_codec::entry_kind(&mut record)?;
    let chat = match &kind {
        EntryKind::Message(inbound) => &inbound.chat,
        EntryKind::Wake { route, .. } => &route.kind,
    };
    let person = reader.follow_person(PersonId(record.person));
    Ok(Entry {
        sequence,
        conversation,
        person,
        history: match chat {
            Chat::Direct => HistoryKey::Person(person),
            Chat::Group { .. } => HistoryKey::Conversation(conversation),
        },
        turn: names::turn(record.turn_tag, sequence),
        scope: inbox_codec::scope(record.channel, record.owner)?,
        attempts: record.attempts,
        accepted_at: Timestamp(record.accepted_at),
        settings: settings.clone(),
        kind,
    })
}

/// A row in quarantine, still without the settings of its conversation.
fn quarantined_row(reader: &Reader, sequence: Sequence, record: QuarantineRecord) -> Result<QuarantinedRow, Damage> {
    let row = record.row.ok_or_else(|| inbox_codec::bad("a quarantined row without its row"))?;
    let conversation = reader.follow_conversation(ConversationId(record.conversation));
    Ok(QuarantinedRow {
        entry: entry(reader, conversation, &ConversationSettings::default(), sequence, row)?,
        reason: record.reason,
        at: Timestamp(record.at),
    })
}

/// The account of a conversation; from its first row where the conversation's own record is lost.
fn waiting_conversation(
    reader: &Reader,
    conversation: ConversationId,
) -> Result<Option<WaitingConversation>, StoreError> {
    let account = |record: ConversationRecord| Ok(AccountId::read_back(record.account)?);
    if let Some(account) = reader.load_as(&keys::conversation(conversation), account)? {
        return Ok(Some(WaitingConversation { conversation, account }));
    }
    let first = waiting(reader, conversation, 1)?;
    Ok(first.first().map(|entry| WaitingConversation { conversation, account: entry.route().account }))
}

//! The end of a turn, in one commit: rows out, history in, state in, settings in, wake-ups in, replies in the
//! outbox, trace written.

use crate::format::envelope::Sealing;
use crate::format::ids::{known, stored};
use crate::format::keys;
use crate::format::outbox_codec;
use crate::format::records::{BytesRecord, CauseRecord, ConversationRecord, InboxRecord, QuarantineRecord, SeenRecord};
use crate::format::trace_codec;
use crate::memory::index::{Change, Delta};
use crate::write::commands::{links, past, seen, settings, usage, wake};
use crate::write::job::Operation;
use crate::write::txn::{Fail, Placed, Txn};
use greenroom_contract::ids::{AccountId, AssistantName, ConversationId, MessageId, PersonId, Sequence};
use greenroom_contract::limits;
use greenroom_contract::store::{HistoryKey, Outcome, ParcelKey, Settled, Settlement, SharedMemory, WakeDraft};
use greenroom_contract::trace::{Decision, Step};
use std::collections::BTreeSet;
use std::sync::Arc;

/// The end of a turn.
pub(crate) struct Settle(pub(crate) Arc<Settlement>);

/// A row that the turn covers.
struct Covered {
    sequence: Sequence,
    record: InboxRecord,
}

impl Operation for Settle {
    type Output = Settled;

    fn bytes(&self) -> usize {
        let history = self.0.history.as_ref().map_or(0, |(_, past)| past.asked.len() + past.answered.len());
        self.0.parcels.iter().map(|parcel| outbox_codec::bytes(&parcel.body)).sum::<usize>() + history
    }

    fn run(&self, txn: &mut Txn<'_>) -> Result<Settled, Fail> {
        let settlement = &self.0;
        check_limits(settlement)?;
        let conversation = txn.index.conversations.follow(settlement.conversation);
        check_rows(txn, settlement, conversation)?;
        let covered = take_rows(txn, settlement, conversation)?;
        let turn = covered[0].sequence;
        for joined in &covered[1..] {
            let step = Step::new(settlement.at, Decision::Joined { turn });
            add_to_seen(txn, &joined.record, Some(turn), std::slice::from_ref(&step))?;
        }
        if let Outcome::Quarantined { reason } = &settlement.outcome {
            quarantine(txn, settlement, conversation, &covered, reason)?;
        }
        let mut steps = all_steps(settlement);
        let left_out = put_wakes(txn, settlement, conversation, &covered[0].record)?;
        if left_out > 0 {
            let most = limits::WAKES_PER_CONVERSATION_MAX;
            let what = format!("{left_out} wake-up(s) left out: {most} wait in this conversation already");
            steps.push(Step::new(settlement.at, Decision::Degraded { what }));
        }
        let parcels = put_parcels(txn, settlement, conversation, &covered[0], &steps)?;
        if parcels.is_empty() && !steps.is_empty() {
            add_to_seen(txn, &covered[0].record, None, &steps)?;
        }
        let author = known(covered[0].record.person);
        let shared = links::shared(txn, author, settlement.identity.as_ref())?;
        if settlement.forget {
            past::forget(txn, history_of(txn, conversation)?)?;
            if let Some(shared) = shared {
                links::forget(txn, shared.identity)?;
            }
        }
        if let Some((history, of_turn)) = &settlement.history {
            let rows: Vec<&InboxRecord> = covered.iter().map(|row| &row.record).collect();
            let history = if left(settlement, shared) { history_of(txn, conversation)? } else { *history };
            past::put(txn, (history, of_turn), (turn, &rows), &settlement.parcels)?;
        }
        for (assistant, state) in &settlement.states {
            let there = shared.filter(|shared| shared.assistants.contains(assistant));
            let remembering = there.map_or(conversation, |shared| shared.identity.memory());
            put_state(txn, remembering, assistant, state)?;
        }
        if let Some(of_conversation) = &settlement.settings {
            let of_conversation = match &settlement.settings_before {
                Some(before) => of_conversation.clone().over(before, settings::load(txn, conversation)?),
                None => of_conversation.clone(),
            };
            settings::put(txn, conversation, &of_conversation)?;
        }
        if let Some((change, person)) = settlement.identity.as_ref().zip(author) {
            links::apply(txn, person, change, settlement.at)?;
        }
        usage::add(txn, (conversation, known(covered[0].record.person)), &settlement.usage, settlement.at)?;
        Ok(Settled {
            parcels,
            more: txn.index.rows_of(conversation) > 0,
            wake_at: settlement.wakes.iter().map(|wake| wake.at).filter(|at| *at != WakeDraft::NEVER).min(),
        })
    }
}

/// Whether the history is that of an identity which the author left meanwhile: there nothing is written any more.
fn left(settlement: &Settlement, shared: Option<&SharedMemory>) -> bool {
    let wanted = settlement.identity.as_ref().and_then(|change| change.shared.as_ref()).map(|of| of.identity.history());
    shared.is_none() && wanted.is_some() && wanted == settlement.history.as_ref().map(|(history, _)| *history)
}

/// Stores and takes back wake-ups; says how many found no room.
fn put_wakes(
    txn: &mut Txn<'_>,
    settlement: &Settlement,
    conversation: ConversationId,
    row: &InboxRecord,
) -> Result<usize, Fail> {
    let mut left_out = 0;
    // What is taken back makes room first.
    let (never, later): (Vec<_>, Vec<_>) = settlement.wakes.iter().partition(|wake| wake.at == WakeDraft::NEVER);
    for draft in never.into_iter().chain(later) {
        left_out += usize::from(!wake::store(txn, draft, conversation, row)?);
    }
    Ok(left_out)
}

fn check_limits(settlement: &Settlement) -> Result<(), Fail> {
    if settlement.rows.is_empty() {
        return Err(Fail::invalid("a turn covers at least one row"));
    }
    if settlement.parcels.len() > limits::PARCELS_PER_TURN_MAX {
        return Err(Fail::invalid(format!("{} parcels in one turn are too many", settlement.parcels.len())));
    }
    let wakes = settlement.wakes.iter().filter(|wake| wake.at != WakeDraft::NEVER).count();
    if wakes > limits::WAKES_PER_TURN_MAX || settlement.wakes.len() - wakes > limits::WAKES_PER_CONVERSATION_MAX {
        return Err(Fail::invalid(format!("{} wake-ups in one turn are too many", settlement.wakes.len())));
    }
    if settlement.wakes.iter().any(|wake| wake.token.len() > limits::WAKE_TOKEN_BYTES_MAX) {
        return Err(Fail::invalid("what a wake-up reminds of is too long"));
    }

    settlement.identity.as_ref().map_or(Ok(()), links::check_limits)?;
    let media = settlement.parcels.iter().map(|parcel| outbox_codec::media_bytes(&parcel.body)).sum::<usize>();
    if media > limits::MEDIA_PER_TURN_BYTES_MAX {
        return Err(Fail::invalid(format!("{media} bytes of media in one turn are too many")));
    }
    let state_bytes = settlement.states.iter().map(|(_, state)| state.len()).max().unwrap_or(0);
    if state_bytes > limits::ASSISTANT_STATE_BYTES_MAX {
        return Err(Fail::invalid(format!("{state_bytes} bytes of state are too many")));
    }
    let assistants: BTreeSet<&AssistantName> = settlement.states.iter().map(|(assistant, _)| assistant).collect();
    if assistants.len() < settlement.states.len() {
        return Err(Fail::invalid("an assistant remembers one thing in a turn"));
    }
    settlement.settings.as_ref().map_or(Ok(()), settings::check_limits)
}

/// All rows must wait, and nothing that waits may stand before them. A turn that ran while its conversation was merged
/// knows nothing of the rows of the other one, so it is let through until all that waited then is settled.
fn check_rows(txn: &mut Txn<'_>, settlement: &Settlement, conversation: ConversationId) -> Result<(), Fail> {
    let waiting = txn.index.rows.get(&conversation);
    for row in &settlement.rows {
        if !waiting.is_some_and(|waiting| waiting.contains(row)) {
            return Err(Fail::not_found(format!("row {row} of conversation {conversation}")));
        }
    }
    let mut first = waiting.into_iter().flatten().take(settlement.rows.len());
    let is_prefix = first.all(|sequence| settlement.rows.contains(sequence));
    let loose = txn.index.loose.get(&conversation).copied();
    if let Some(last) = loose
        && waiting.and_then(|waiting| waiting.first()).is_none_or(|first| *first > last)
    {
        txn.note(Delta::Loose { conversation, before: loose, after: None });
        return if is_prefix { Ok(()) } else { Err(not_longest()) };
    }
    let ran_then = loose.is_some_and(|last| settlement.rows.iter().all(|row| *row <= last));
    if is_prefix || ran_then { Ok(()) } else { Err(not_longest()) }
}

fn not_longest() -> Fail {
    Fail::invalid("a turn covers the rows that wait longest")
}

fn take_rows(txn: &mut Txn<'_>, settlement: &Settlement, conversation: ConversationId) -> Result<Vec<Covered>, Fail> {
    let mut covered = Vec::with_capacity(settlement.rows.len());
    for &sequence in &settlement.rows {
        let key = keys::inbox(conversation, sequence);
        let loaded = txn.load::<InboxRecord>(&key)?;
        let loaded = loaded.ok_or_else(|| Fail::not_found(format!("row {sequence}")))?;
        txn.remove(key, loaded.parts);
        txn.set_mark((conversation, sequence), None);
        txn.note(Delta::Row { conversation, sequence, change: Change::Went });
        covered.push(Covered { sequence, record: loaded.record });
    }
    Ok(covered)
}

/// The steps of the turn, and how it ended if they do not say so.
fn all_steps(settlement: &Settlement) -> Vec<Step> {
    let mut steps = settlement.steps.clone();
    let end = match &settlement.outcome {
        Outcome::Answered => None,
        Outcome::Ignored(reason) => Some(Decision::Ignored { reason: reason.clone() }),
        Outcome::Quarantined { reason } => Some(Decision::Quarantined { reason: reason.clone() }),
    };
    if let Some(end) = end
        && !steps.iter().any(|step| step.what == end)
    {
        steps.push(Step::new(settlement.at, end));
    }
    steps
}

fn quarantine(
    txn: &mut Txn<'_>,
    settlement: &Settlement,
    conversation: ConversationId,
    covered: &[Covered],
    reason: &str,
) -> Result<(), Fail> {
    for row in covered {
        let record = QuarantineRecord {
            row: Some(row.record.clone()),
            conversation: conversation.0,
            reason: reason.to_owned(),
            at: settlement.at.0,
        };
        txn.put(keys::quarantine(row.sequence), &record)?;
    }
    Ok(())
}

fn put_parcels(
    txn: &mut Txn<'_>,
    settlement: &Settlement,
    conversation: ConversationId,
    first: &Covered,
    turn_steps: &[Step],
) -> Result<Vec<ParcelKey>, Fail> {
    let mut put = Vec::with_capacity(settlement.parcels.len());
    for (part, draft) in settlement.parcels.iter().enumerate() {
        let key = outbox_codec::key(&draft.route.account, first.sequence, part as u16);
        let mut record = outbox_codec::new_record(txn.names, &key, conversation, draft, settlement.at);
        if part == 0 {
            record.turn_steps = trace_codec::records(turn_steps);
            record.cause = cause(&first.record);
        }
        txn.put_over(keys::parcel(&key), &record, outbox_codec::sealing(&record), 0)?;
        let unsent = outbox_codec::unsent(&record, conversation);
        txn.note(Delta::Pending { key: key.clone(), parcel: unsent, change: Change::Came });
        put.push(key);
    }
    Ok(put)
}

fn cause(row: &InboxRecord) -> Option<CauseRecord> {
    let message = row.message.as_ref()?;
    Some(CauseRecord {
        account: message.account.clone(),
        message: message.message.clone(),
        conversation: row.seen_conversation,
        person: row.seen_person,
    })
}

/// Appends to the trace of a message. A wake-up has none.
fn add_to_seen(txn: &mut Txn<'_>, row: &InboxRecord, turn: Option<Sequence>, steps: &[Step]) -> Result<(), Fail> {
    let Some((key, mut loaded)) = seen_of(txn, row)? else { return Ok(()) };
    loaded.record.turn = stored(turn);
    for step in steps {
        trace_codec::append(&mut loaded.record.steps, step);
    }
    txn.put_over(key, &loaded.record, Sealing::Plain, loaded.parts)
}

/// The message that a row holds, as it was seen. A wake-up has none.
pub(crate) fn seen_of(txn: &Txn<'_>, row: &InboxRecord) -> Result<Option<Placed<SeenRecord>>, Fail> {
    let Some(message) = &row.message else { return Ok(None) };
    let names = MessageId::read_back(&message.message).ok().zip(AccountId::read_back(&message.account).ok());
    let Some((id, account)) = names else { return Ok(None) };
    seen::find(txn, &id, &account, known(row.seen_conversation), known(row.seen_person))
}

/// Whose history the turns of a conversation are.
fn history_of(txn: &Txn<'_>, conversation: ConversationId) -> Result<HistoryKey, Fail> {
    let loaded = txn.load::<ConversationRecord>(&keys::conversation(conversation))?;
    let person = loaded.and_then(|loaded| known::<PersonId>(loaded.record.person));
    Ok(person.map_or(HistoryKey::Conversation(conversation), HistoryKey::Person))
}

fn put_state(
    txn: &mut Txn<'_>,
    conversation: ConversationId,
    assistant: &AssistantName,
    state: &bytes::Bytes,
) -> Result<(), Fail> {
    let key = keys::state(conversation, assistant.as_str());
    if state.is_empty() {
        return txn.remove_unread(key);
    }
    let parts_before = txn.raw(&key)?.map_or(0, |value| crate::format::envelope::part_count(&value));
    txn.put_over(key, &BytesRecord { bytes: state.clone() }, Sealing::Plain, parts_before)
}

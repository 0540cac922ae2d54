//! Ending a turn: what is to be committed, one commit, then the bells.

use super::open_choice;
use super::order::group;
use super::steps::{Draft, Ending, identity_change, wants_human};
use super::{ack, away, mailing};
use crate::context::{AccountCard, Context};
use crate::decide::answers::Answers;
use crate::decide::counted;
use crate::decide::events::Count;
use crate::decide::in_words;
use crate::decide::notices::Notice;
use crate::decide::render::{Occasion, render};
use crate::mailbox::conversations::TurnEnd;
use crate::mailbox::sessions::ChannelsMsg;
use crate::supervision::{Pauses, retry};
use greenroom_contract::assistant::{PastTurn, Wake};
use greenroom_contract::ids::{AssistantName, MessageId};
use greenroom_contract::limits;
use greenroom_contract::outbound::OutboundBody;
use greenroom_contract::store::{
    Counted, Entry, EntryKind, HistoryKey, Outcome, ParcelDraft, ParcelKind, PendingParcel, Settlement, StoreError,
    WakeDraft,
};
use greenroom_contract::time::Timestamp;
use greenroom_contract::trace::{Decision, Ignored, Step};
use greenroom_support::fail_point;
use greenroom_support::metrics::words::{Stage, Tokens};
use greenroom_support::metrics::{Happened, count, count_many, took};
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Instant;

/// What is committed for a turn that ends like this, with all that its draft collected; `Err` if nothing is, because
/// another attempt follows.
pub(super) async fn conclude(draft: &mut Draft<'_>, ending: Ending) -> Result<Settlement, TurnEnd> {
    let (context, first) = (draft.context, draft.first());
    let mut settlement = match ending {
        Ending::Answer(mut answers) => {
            answers.spend_all(context.books.bills.lock().take(first.turn));
            answered(draft, *answers).await
        }
        Ending::Stay(reason) => ignored(context, first, reason, draft.take_trace()),
        Ending::Postpone { for_so_long } => {
            let now = context.now();
            postponed(first, now.plus(for_so_long), now, draft.take_trace())
        }
        Ending::Refuse { notice, outcome } => noticed(draft, &notice, outcome),
        Ending::Quarantine { reason } => quarantined(draft, reason),
        Ending::Again { after, attempt } => {
            if attempt == Counted::No {
                draft.counter.uncount().await;
            }
            return Err(TurnEnd::Again { after });
        }
        Ending::Await => {
            draft.counter.uncount().await;
            return Err(TurnEnd::NotConnected);
        }
        Ending::Away { by, after } => {
            draft.counter.uncount().await;
            return Err(TurnEnd::Away { by, after });
        }
    };
    // What came to no answer was spent all the same.
    settlement.usage.extend(context.books.bills.lock().take(first.turn));
    settlement.settings = (draft.settings != first.settings).then(|| draft.settings.clone());
    settlement.settings_before = Some(first.settings.clone());
    settlement.identity = identity_change(draft);
    mailing::prepare(draft);
    ack::take_back(draft, &mut settlement);
    context.books.away.lock().ended(first.conversation);
    Ok(settlement)
}

/// The end of a turn that is answered. It becomes a part of the history if an assistant was asked.
async fn answered(draft: &mut Draft<'_>, mut answers: Answers) -> Settlement {
    let (context, first, capabilities) = (draft.context, draft.first(), &draft.card.channel.capabilities);
    if capabilities.voice.is_there() {
        let mut degraded = Vec::new();
        context.voice_note_encoder.voiced(&mut answers.replies, draft.says(), &mut degraded).await;
        for what in degraded {
            draft.note(Decision::Degraded { what });
        }
    }
    fail_point!(TurnAnswered);
    let now = context.now();
    let steady = context.steady();
    let asked_at = draft.asked.as_ref().map_or(steady, |asked| asked.steady);
    // A voice note was counted when it began to be heard.
    if !draft.counter.counted_besides() {
        context.books.rates.lock().count(first.person, group(first), asked_at);
    }
    context.books.undelivered.lock().given(first.conversation, asked_at);
    let route = first.route();
    let message = draft.rows().iter().rev().find_map(message_id);
    let occasion = Occasion { message, in_group: route.kind.is_group(), says: draft.says() };
    let said =
        answers.replies.iter().filter_map(|reply| in_words::answered(&reply.body)).collect::<Vec<_>>().join("\n\n");
    context.books.loops.lock().answered(first.conversation, &said, now);
    let history = remembered(draft, said, &answers, now);
    let opened_at = last_written(draft).await;
    let rendered = render(std::mem::take(&mut answers.replies), capabilities, occasion);
    // A command of the house leaves a question open.
    let speaks =
        draft.asked.is_some() && rendered.parts.iter().any(|part| !matches!(part.body, OutboundBody::Reaction { .. }));
    let mut parcels: Vec<ParcelDraft> = rendered
        .parts
        .into_iter()
        .map(|part| {
            let reply = parcel(first, ParcelKind::Reply, part.body, now);
            ParcelDraft { reply_to: part.reply_to, opened_at, ..reply }
        })
        .collect();
    let wished = (std::mem::take(&mut answers.wakes), std::mem::take(&mut answers.cancelled));
    let wakes = wakes(draft, wished, opened_at, now);
    treat(draft, &answers, now);
    open_choice::settled(draft, rendered.question, speaks);
    let mut settlement = Settlement {
        rows: draft.rows().iter().map(|row| row.sequence).collect(),
        history,
        states: std::mem::take(&mut answers.states),
        forget: answers.forget,
        wakes,
        ..blank(first, now)
    };
    rendered.degraded.into_iter().for_each(|what| draft.note(Decision::Degraded { what }));
    settlement.usage = answers.usage;
    // Behind an answer that says something, and beside no other word of the bot.
    if let Some((notice, notes)) = draft.offer.take().filter(|_| speaks && draft.aside.is_none()) {
        draft.identity.notes = Some(notes.stored());
        draft.aside = Some(notice);
    }
    draft.note(Decision::Answered { took_ms: steady.0.saturating_sub(asked_at.0), parcels: parcels.len() });
    if let Some(notice) = draft.aside.take()
        && context.books.notices.lock().take(first.conversation, &notice, steady)
    {
        draft.note(Decision::Noticed { cause: notice.cause().to_owned() });
        parcels.push(parcel(first, ParcelKind::Notice, OutboundBody::Text(notice.sentence(draft.says())), now));
    }
    settlement.parcels = parcels;
    settlement.steps = draft.take_trace();
    settlement
}

/// What the history keeps of a turn, if an assistant was asked, and under whose name.
fn remembered(draft: &mut Draft<'_>, said: String, answers: &Answers, at: Timestamp) -> Option<(HistoryKey, PastTurn)> {
    let asked = draft.asked.as_mut().map(|asked| std::mem::take(&mut asked.words))?;
    let turn = PastTurn {
        at,
        name: draft.first().sender().name.clone(),
        asked,
        answered: said,
        worded_by: answers.worded_by.clone(),
        ..PastTurn::default()
    };
    Some((draft.history_of(&draft.assistant), turn))
}

/// What the answers change in how the conversation is treated, and what is told of them in the trace.
fn treat(draft: &mut Draft<'_>, answers: &Answers, now: Timestamp) {
    let (context, first) = (draft.context, draft.first());
    answers.told().for_each(|spent| draft.note(spent));
    answers.settle(&mut draft.settings, now).into_iter().for_each(|change| draft.note(change));
    if answers.wants_human()
        && let Some(until) = draft.settings.paused_until
    {
        let wanted = wants_human(draft, until);
        tracing::warn!(account = %wanted.account, chat = %wanted.chat, "a conversation was handed to a human");
        context.books.humans.lock().wanted(wanted);
    }
    let waited = context.books.away.lock().waits(first.conversation, first.turn).cloned();
    if let Some(waited) = waited {
        draft.note_before(waited.at, Decision::Away { assistant: waited.by, reason: waited.reason });
    }
}

/// What an assistant of the turn wished.
type Of<T> = (AssistantName, T);

/// The wake-ups of the answers, and those that they take back.
fn wakes(
    draft: &mut Draft<'_>,
    (wanted, cancelled): (Vec<Of<Wake>>, Vec<Of<String>>),
    opened_at: Timestamp,
    now: Timestamp,
) -> Vec<WakeDraft> {
    let soonest = now.plus(limits::WAKE_AFTER_MIN);
    let (asked, taken_back) = (wanted.len(), cancelled.len());
    let never = cancelled.into_iter().take(limits::WAKES_PER_CONVERSATION_MAX);
    let never = never.map(|(by, token)| (by, WakeDraft::NEVER, token));
    // The last moment there is stands for none.
    let later = |(by, wake): (AssistantName, Wake)| {
        (by, wake.at.max(soonest).min(Timestamp(WakeDraft::NEVER.0 - 1)), wake.token)
    };
    let wanted = wanted.into_iter().take(limits::WAKES_PER_TURN_MAX).map(later);
    let all = never.chain(wanted).filter(|(_, _, token)| token.len() <= limits::WAKE_TOKEN_BYTES_MAX);
    let first = draft.first();
    let drafts: Vec<WakeDraft> =
        all.map(|(by, at, token)| WakeDraft { at, token, opened_at, ..wake_of(first, &by) }).collect();
    let left_out = asked + taken_back - drafts.len();
    if left_out > 0 {
        draft.note(Decision::Degraded { what: format!("{left_out} wake-up(s) left out: too many, or too long") });
    }
    drafts
}

/// A wake-up of an assistant in the conversation of this entry, for no moment yet.
fn wake_of(entry: &Entry, assistant: &AssistantName) -> WakeDraft {
    WakeDraft {
        at: WakeDraft::NEVER,
        token: String::new(),
        assistant: assistant.clone(),
        route: entry.route(),
        sender: entry.sender().clone(),
        opened_at: written_at(entry).unwrap_or_default(),
    }
}

/// The end of a wake-up that comes later, because its person was answered often enough lately.
fn postponed(entry: &Entry, until: Timestamp, now: Timestamp, steps: Vec<Step>) -> Settlement {
    let wakes = match &entry.kind {
        EntryKind::Wake { assistant, token, .. } => {
            vec![WakeDraft { at: until, token: token.clone(), ..wake_of(entry, assistant) }]
        }
        EntryKind::Message(_) => Vec::new(),
    };
    Settlement { outcome: Outcome::Ignored(Ignored::TooMany), steps, wakes, ..blank(entry, now) }
}

fn message_id(entry: &Entry) -> Option<&MessageId> {
    match &entry.kind {
        EntryKind::Message(inbound) => Some(&inbound.key.message),
        EntryKind::Wake { .. } => None,
    }
}

/// The end of a row that is not answered.
fn ignored(context: &Context, entry: &Entry, reason: Ignored, steps: Vec<Step>) -> Settlement {
    Settlement { outcome: Outcome::Ignored(reason), steps, ..blank(entry, context.now()) }
}

/// The end of a row that gets a kind sentence instead of an answer, or nothing if it was said lately.
fn noticed(draft: &mut Draft<'_>, notice: &Notice, outcome: Outcome) -> Settlement {
    let (context, entry, mut steps) = (draft.context, draft.first(), draft.take_trace());
    let now = context.now();
    let mut parcels = Vec::new();
    if context.books.notices.lock().take(entry.conversation, notice, context.steady()) {
        steps.push(Step::new(now, Decision::Noticed { cause: notice.cause().to_owned() }));
        parcels.push(parcel(entry, ParcelKind::Notice, OutboundBody::Text(notice.sentence(draft.says())), now));
    }
    Settlement { outcome, steps, parcels, ..blank(entry, now) }
}

/// Moves rows that failed too often out of the way. The owner sees them; who waits for an answer gets a notice.
fn quarantined(draft: &mut Draft<'_>, reason: String) -> Settlement {
    let (context, first, now) = (draft.context, draft.first(), draft.context.now());
    tracing::error!(conversation = %first.conversation, row = %first.sequence, %reason, "a turn was quarantined");
    let (notice, mut parcels) = (Notice::NotAnswered, Vec::new());
    if away::waits_for_word(draft) && context.books.notices.lock().take(first.conversation, &notice, context.steady()) {
        draft.note(Decision::Noticed { cause: notice.cause().to_owned() });
        parcels.push(notice_parcel(draft, &notice, now));
    }
    Settlement {
        rows: draft.rows().iter().map(|row| row.sequence).collect(),
        outcome: Outcome::Quarantined { reason },
        parcels,
        steps: draft.take_trace(),
        ..blank(first, now)
    }
}

/// A notice for the author of a turn that has no answer; in a group it shows which message it is about.
pub(super) fn notice_parcel(draft: &Draft<'_>, notice: &Notice, at: Timestamp) -> ParcelDraft {
    let first = draft.first();
    let quotes = first.route().kind.is_group() && draft.card.channel.capabilities.replies.is_there();
    let message = message_id(first).filter(|message| quotes && !message.is_stand_in());
    let parcel = parcel(first, ParcelKind::Notice, OutboundBody::Text(notice.sentence(draft.says())), at);
    ParcelDraft { reply_to: message.cloned(), ..parcel }
}

/// A settlement of one row, with nothing in it.
fn blank(entry: &Entry, at: Timestamp) -> Settlement {
    Settlement {
        conversation: entry.conversation,
        rows: vec![entry.sequence],
        outcome: Outcome::Answered,
        steps: Vec::new(),
        parcels: Vec::new(),
        history: None,
        states: Vec::new(),
        forget: false,
        usage: Vec::new(),
        settings: None,
        settings_before: None,
        identity: None,
        wakes: Vec::new(),
        at,
    }
}

/// A parcel for the author of an entry, by the way its message came.
pub(super) fn parcel(entry: &Entry, kind: ParcelKind, body: OutboundBody, at: Timestamp) -> ParcelDraft {
    let (opened_at, speaks_first) = (written_at(entry), matches!(entry.kind, EntryKind::Wake { .. }));
    // Of a wake-up that is older than this knowledge nothing is known; the network refuses what comes too late.
    let opened_at = opened_at.unwrap_or(at);
    let (route, recipient) = (entry.route(), entry.sender().clone());
    ParcelDraft { kind, route, recipient, reply_to: None, opened_at, speaks_first, body }
}

/// When an entry was written, or the message that a wake-up goes back to; `None` if that is not known.
fn written_at(entry: &Entry) -> Option<Timestamp> {
    match &entry.kind {
        EntryKind::Message(inbound) => Some(inbound.sent_at),
        EntryKind::Wake { opened_at, .. } => (*opened_at != Timestamp(0)).then_some(*opened_at),
    }
}

/// When the person last wrote, as far as the turn and the history know it. A wake-up is no message: what it makes the bot
/// say does not open the chat.
async fn last_written(draft: &Draft<'_>) -> Timestamp {
    let written = draft.rows().iter().filter_map(written_at).max();
    if draft.rows().iter().any(|row| matches!(row.kind, EntryKind::Message(_))) {
        return written.unwrap_or_default();
    }
    // A turn in which nothing was asked was no answer to words.
    let recent = draft
        .context
        .store
        .recent(draft.history_of(&draft.assistant), limits::HISTORY_TURNS_MAX)
        .await
        .unwrap_or_default();
    let answered = recent.iter().rev().find(|turn| !turn.asked.is_empty()).map(|turn| turn.at);
    written.into_iter().chain(answered).max().unwrap_or_else(|| draft.context.now())
}

/// Commits, again and again while the store cannot, because the answer exists only here. Then rings
/// the session and whoever waits for room.
pub(crate) async fn commit(context: &Arc<Context>, card: &AccountCard, settlement: Settlement) -> TurnEnd {
    let pauses = Pauses::growing(limits::RESTART_PAUSE_MIN, limits::RESTART_PAUSE_MAX);
    let settlement = Arc::new(settlement);
    let attempt = |failed| try_commit(context, card, &settlement, failed);
    retry(pauses, &context.stages.halting, attempt).await.unwrap_or(TurnEnd::Nothing)
}

/// One attempt. Every attempt that `failed` before may have been a commit after all.
async fn try_commit(
    context: &Arc<Context>,
    card: &AccountCard,
    settlement: &Arc<Settlement>,
    failed: u32,
) -> ControlFlow<TurnEnd> {
    let conversation = settlement.conversation;
    let begun = Instant::now();
    ControlFlow::Break(match context.store.settle_shared(settlement).await {
        Ok(settled) => {
            fail_point!(TurnSettled);
            took(Stage::Settle, begun.elapsed());
            mailing::send(context, card, settlement);
            tally(settlement);
            if let Outcome::Ignored(reason) = &settlement.outcome {
                card.refused(counted::refusal(reason), context.now());
            }
            if settlement.outcome == Outcome::Answered {
                card.teller.count(Count::Answered);
            }
            context.freed.notify_waiters();
            let drafts = settlement.parcels.iter().map(|draft| draft.speaks_first);
            let parcels = settled.parcels.into_iter().zip(drafts);
            let made = |(key, speaks_first)| PendingParcel::new(key, conversation, settlement.at, speaks_first);
            post(context, card, parcels.map(made).collect());
            if let Some(at) = settled.wake_at {
                context.wake_at(at);
            }
            TurnEnd::Settled { more: settled.more }
        }
        // The message was deleted meanwhile, or an unclear commit was one after all.
        Err(StoreError::NotFound { .. }) => {
            if failed > 0 {
                // No session was told of the answer. It looks before it hears of the next one, which must not overtake it.
                context.tell_channels(ChannelsMsg::RescanAll);
                context.recover_soon();
                mailing::send(context, card, settlement);
            }
            TurnEnd::Settled { more: true }
        }
        Err(StoreError::Unavailable { reason }) => {
            tracing::warn!(%conversation, %reason, "a turn cannot be settled now and is tried again");
            return ControlFlow::Continue(());
        }
        Err(error) => {
            tracing::error!(%conversation, %error, "a turn cannot be settled");
            TurnEnd::Again { after: limits::RESTART_PAUSE_MAX }
        }
    })
}

/// Counts a turn that is settled, once, and what it cost.
fn tally(settlement: &Settlement) {
    count(Happened::Turn(counted::turn(&settlement.outcome)));
    if let Outcome::Ignored(reason) = &settlement.outcome {
        count(Happened::Refused(counted::refusal(reason)));
    }
    for spent in &settlement.usage {
        count_many(Happened::Tokens(Tokens::In), spent.usage.tokens_in);
        count_many(Happened::Tokens(Tokens::Cached), spent.usage.tokens_cached);
        count_many(Happened::Tokens(Tokens::Out), spent.usage.tokens_out);
    }
}

fn post(context: &Context, card: &AccountCard, parcels: Vec<PendingParcel>) {
    if !parcels.is_empty() {
        let busy = context.activity.begin();
        context.tell_channels(ChannelsMsg::Posted { account: card.id().clone(), parcels, busy });
    }
}

//! What an adapter hands its events to: durable first, then acknowledged, then rung.

use super::bounds;
use super::takeover;
use super::told_later;
use crate::context::{AccountCard, Context};
use crate::decide::addressing::{QuotedAuthor, with_quote};
use crate::decide::counted;
use crate::decide::events::Count;
use crate::decide::gate::{self, Authorship, Verdict};
use crate::decide::known_as::Learned;
use crate::decide::overheard::truncate;
use crate::decide::rejections::RejectionCause;
use crate::decide::window::Moment;
use crate::mailbox::conversations::ConversationsMsg;
use crate::mailbox::sessions::ChannelsMsg;
use async_trait::async_trait;
use greenroom_contract::assistant::OverheardLine;
use greenroom_contract::event::{ChannelEvent, EventSink, Sign, SinkError};
use greenroom_contract::ids::ChatId;
use greenroom_contract::limits;
use greenroom_contract::message::{Addressing, Body, Inbound, Origin};
use greenroom_contract::store::{Accepted, Admission, Arrival, MessageArrival, Scope, StatusArrival, StoreError};
use greenroom_contract::time::Timestamp;
use greenroom_contract::trace::{Ignored, Trace};
use greenroom_support::fail_point;
use greenroom_support::metrics::words::Stage;
use greenroom_support::metrics::{Happened, count, took};
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Instant;

/// The sink of one account. Stays valid while its session is restarted.
pub(crate) struct AccountSink {
    pub(crate) context: Arc<Context>,
    pub(crate) card: Arc<AccountCard>,
}

#[async_trait]
impl EventSink for AccountSink {
    async fn emit(&self, events: Vec<ChannelEvent>) -> Result<(), SinkError> {
        fail_point!(EmitReceived);
        if events.is_empty() {
            return Ok(());
        }
        if events.len() > limits::EVENTS_PER_EMIT_MAX {
            return Err(SinkError::TooMany { events: events.len() });
        }
        self.wait_while_draining().await?;
        let mut arrivals = Vec::with_capacity(events.len());
        let mut learned = Learned::default();
        for event in events {
            arrivals.extend(self.arrival(event, &mut learned).await?);
        }
        self.accept(arrivals).await
    }

    fn alive(&self, sign: Sign) {
        let (now, steady) = (self.context.now(), self.context.steady());
        match sign {
            Sign::Connected => self.card.connected(steady),
            Sign::Frame => self.card.heard_of_network(steady),
            Sign::Acknowledged => {}
        }
        let mut vitals = self.card.vitals.lock();
        match sign {
            Sign::Frame => vitals.last_frame = Some(now),
            Sign::Acknowledged => vitals.last_acknowledged = Some(now),
            Sign::Connected => {
                vitals.last_frame = Some(now);
                drop(vitals);
                self.context.tell_channels(ChannelsMsg::Connected(self.card.id().clone()));
            }
        }
    }
}

impl AccountSink {
    /// While the engine drains nothing is taken, and nothing is refused either: the network keeps
    /// what it was not told about.
    async fn wait_while_draining(&self) -> Result<(), SinkError> {
        let stages = &self.context.stages;
        if stages.draining.is_cancelled() {
            stages.closing.cancelled().await;
        }
        if stages.closing.is_cancelled() { Err(SinkError::Closed) } else { Ok(()) }
    }

    /// Commits the arrivals, waiting while the inbox is full, and rings.
    async fn accept(&self, arrivals: Vec<Arrival>) -> Result<(), SinkError> {
        let cards: Arc<[_]> = vec![Arc::clone(&self.card); arrivals.len()].into();
        loop {
            let freed = self.context.freed.notified();
            match commit(&self.context, Arc::clone(&cards), arrivals.clone()).await {
                Ok(()) => return Ok(()),
                Err(StoreError::Full { .. }) => {
                    tokio::select! {
                        () = freed => {}
                        () = tokio::time::sleep(limits::INBOX_FULL_PAUSE) => {}
                        () = self.context.stages.closing.cancelled() => return Err(SinkError::Closed),
                    }
                }
                Err(error) => return Err(unavailable(error)),
            }
        }
    }

    /// What is to be stored of an event; `None` if nothing is. `learned` is what the batch showed before it.
    async fn arrival(&self, event: ChannelEvent, learned: &mut Learned) -> Result<Option<Arrival>, SinkError> {
        let account = self.card.id().clone();
        let scope = self.card.scope.clone();
        let at = self.context.now();
        Ok(Some(match event {
            ChannelEvent::Message(inbound) => self.message(*inbound, learned).await?,
            ChannelEvent::Revoked { chat, sender, message } => {
                Arrival::Revoked { account, scope, chat, sender, message, at }
            }
            ChannelEvent::Edited { chat, sender, message, mut text } => {
                truncate(&mut text, limits::TEXT_BYTES_MAX);
                Arrival::Edited { account, scope, chat, sender, message, text, at }
            }
            ChannelEvent::Status { of, status, at, billed_as } => {
                Arrival::Status(StatusArrival { account, of, status, at, billed_as })
            }
            ChannelEvent::SamePerson { mut addresses } => {
                addresses.truncate(limits::ADDRESSES_MAX);
                let Some(admitted) = self.concerns_someone_known(&mut addresses).await? else { return Ok(None) };
                learned.note(&addresses);
                self.tell_of_new_number(&addresses);
                Arrival::SamePerson { scope, addresses, admitted }
            }
        }))
    }

    /// Decides about a message before it is stored: only what is admitted keeps its body.
    async fn message(&self, mut inbound: Inbound, learned: &mut Learned) -> Result<Arrival, SinkError> {
        bound(&mut inbound);
        let own = self.whose(&inbound).await?;
        self.look_at_quote(&mut inbound).await?;
        let known_as = self.follow(&mut inbound.sender, learned).await?;
        learned.note(&inbound.sender.addresses);
        let wiring = self.context.wiring.load();
        // The channel was removed: the network keeps what it was not told about.
        let gate = wiring.gate(&self.card.channel).ok_or(SinkError::Closed)?;
        let admission = match gate.decide(&inbound, own) {
            Verdict::Answer { by, .. } | Verdict::Listen { by, .. } => {
                let known_as = known_as.map(|came_with| format!(", known as {came_with}")).unwrap_or_default();
                let admitted = Admission::Admitted { by: by + &known_as };
                self.too_old(&inbound).map_or(admitted, |reason| Admission::Refused { reason })
            }
            Verdict::Ignore(reason) => {
                if reason == Ignored::NotAddressed && gate.policy.overhears(&inbound.key.chat) {
                    self.remember(&inbound);
                }
                Admission::Refused { reason }
            }
        };
        let received_at = self.context.now();
        let scope = self.card.scope.clone();
        Ok(Arrival::Message(Arc::new(MessageArrival { inbound, scope, admission, received_at })))
    }

    /// Whether its network would not deliver it any more; that is counted.
    fn too_old(&self, inbound: &Inbound) -> Option<Ignored> {
        let reason =
            gate::too_old(inbound.sent_at, self.context.now(), self.card.channel.capabilities.delivered_within);
        if reason.is_some() {
            self.context.note_rejected(Some(&self.card.channel.name), RejectionCause::TooOld, None, 1);
        }
        reason
    }

    /// A message from a device of the account may be one that we sent ourselves; told apart by id,
    /// never by text.
    async fn whose(&self, inbound: &Inbound) -> Result<Authorship, SinkError> {
        if inbound.origin == Origin::Person {
            return Ok(Authorship::Other);
        }
        let found = self.context.store.find_own(self.card.id(), &inbound.key.message).await.map_err(unavailable)?;
        Ok(if found.is_some() { Authorship::Bot } else { Authorship::Other })
    }

    /// Whether an answer is one to the bot: by the ids of what it sent, before what the message claims.
    async fn look_at_quote(&self, inbound: &mut Inbound) -> Result<(), SinkError> {
        let Some(quote) = &inbound.quote else { return Ok(()) };
        let claimed = inbound.addressing;
        if !matches!(claimed, Addressing::Overheard | Addressing::Replied) {
            return Ok(());
        }
        let (store, account) = (&self.context.store, self.card.id());
        let author = if store.find_own(account, &quote.message).await.map_err(unavailable)?.is_some() {
            QuotedAuthor::Bot
        } else if claimed == Addressing::Replied {
            let traces = store.why(&quote.message, Some(account)).await.map_err(unavailable)?;
            let arrived =
                |trace: &Trace| trace.message == quote.message && trace.chat.as_ref() == Some(&inbound.key.chat);
            if traces.iter().any(arrived) { QuotedAuthor::Person } else { QuotedAuthor::Unknown }
        } else {
            QuotedAuthor::Unknown
        };
        inbound.addressing = with_quote(claimed, author);
        Ok(())
    }

    /// Keeps a line of group talk in memory, where that is configured. Its author was admitted.
    fn remember(&self, inbound: &Inbound) {
        let text = match &inbound.body {
            Body::Text(text) => text.clone(),
            Body::Image { caption: Some(caption), .. }
            | Body::Document { caption: Some(caption), .. }
            | Body::Unsupported { caption: Some(caption), .. } => caption.clone(),
            _ => return,
        };
        let line = OverheardLine { at: self.context.now(), name: inbound.sender.name.clone(), text };
        self.context.books.overheard.lock().push(self.card.id(), &inbound.key.chat, line);
    }
}

pub(super) fn unavailable(error: StoreError) -> SinkError {
    match error {
        StoreError::Closed => SinkError::Closed,
        error => SinkError::Unavailable { reason: error.into() },
    }
}

/// Cuts what a network or a stranger made too large.
fn bound(inbound: &mut Inbound) {
    inbound.sender.addresses.truncate(limits::ADDRESSES_MAX);
    if let Some(name) = &mut inbound.sender.name {
        truncate(name, limits::NAME_BYTES_MAX);
    }
    if let Some(text) = inbound.quote.as_mut().and_then(|quote| quote.text.as_mut()) {
        truncate(text, limits::TEXT_BYTES_MAX);
    }
    bounds::bound(&mut inbound.body);
}

/// Events of several accounts, as one webhook post brings them: one commit, all or nothing. Does not
/// wait: a full inbox is an error, so that the network delivers the post again.
pub(crate) async fn accept_post(
    context: &Arc<Context>,
    events: Vec<(Arc<AccountCard>, ChannelEvent)>,
) -> Result<(), SinkError> {
    fail_point!(EmitReceived);
    if events.len() > limits::EVENTS_PER_EMIT_MAX {
        return Err(SinkError::TooMany { events: events.len() });
    }
    if context.stages.draining.is_cancelled() {
        return Err(SinkError::Closed);
    }
    let mut cards = Vec::with_capacity(events.len());
    let mut arrivals = Vec::with_capacity(events.len());
    // By the scope of their people: another owner's people are others.
    let mut learned: HashMap<Scope, Learned> = HashMap::new();
    for (card, event) in events {
        let sink = AccountSink { context: Arc::clone(context), card: Arc::clone(&card) };
        sink.alive(Sign::Frame);
        let arrival = sink.arrival(event, learned.entry(card.scope.clone()).or_default()).await?;
        cards.extend(arrival.is_some().then_some(card));
        arrivals.extend(arrival);
    }
    commit(context, cards.into(), arrivals).await.map_err(unavailable)
}

/// Commits in a task of its own: when the caller goes away after the commit, the bell must still be
/// rung.
async fn commit(context: &Arc<Context>, cards: Arc<[Arc<AccountCard>]>, batch: Vec<Arrival>) -> Result<(), StoreError> {
    if batch.is_empty() {
        return Ok(());
    }
    let context = Arc::clone(context);
    let task = tokio::spawn(async move {
        let committed = commit_and_ring(&context, &cards, batch).await;
        if matches!(committed, Err(StoreError::Unavailable { .. })) {
            context.recover_soon();
        }
        committed
    });
    task.await.unwrap_or_else(|bug| Err(StoreError::Unavailable { reason: bug.into() }))
}

/// Why a message is refused by the gate, in the word that is counted.
fn refusal(arrival: &Arrival) -> Option<&'static str> {
    match arrival {
        Arrival::Message(message) => match &message.admission {
            Admission::Refused { reason } => Some(counted::refusal(reason)),
            // A message that is admitted and only noted found its conversation full.
            Admission::Admitted { .. } => Some(counted::refusal(&Ignored::ConversationFull)),
        },
        _ => None,
    }
}

/// Counts what became of an arrival; a refusal when it came for the first time.
fn tally(outcome: &Accepted, reason: Option<&'static str>) {
    count(Happened::Message(counted::arrival(outcome)));
    if let (Accepted::Noted, Some(reason)) = (outcome, reason) {
        count(Happened::Refused(reason));
    }
}

/// Where and when a person wrote, if the arrival is a message of one.
fn written(arrival: &Arrival) -> Option<(ChatId, Timestamp)> {
    let Arrival::Message(message) = arrival else { return None };
    let inbound = &message.inbound;
    (inbound.origin == Origin::Person).then(|| (inbound.key.chat.clone(), inbound.sent_at))
}

/// Whether the arrival is a message whose content is given up.
fn is_lost(arrival: &Arrival) -> bool {
    let Arrival::Message(message) = arrival else { return false };
    matches!(message.inbound.body, Body::Unreadable(what) if what.is_final())
}

/// Whether the arrival is a message that is refused. Talk of a group that is not for the bot is none.
fn is_refused(arrival: &Arrival) -> bool {
    let Arrival::Message(message) = arrival else { return false };
    matches!(&message.admission, Admission::Refused { reason } if *reason != Ignored::NotAddressed)
}

async fn commit_and_ring(context: &Context, cards: &[Arc<AccountCard>], batch: Vec<Arrival>) -> Result<(), StoreError> {
    let looked_at: Vec<_> = batch
        .iter()
        .map(|arrival| (written(arrival), is_lost(arrival), is_refused(arrival), told_later::failure(arrival)))
        .collect();
    let typed: Vec<_> =
        cards.iter().zip(&batch).map(|(card, arrival)| takeover::typed(context, card, arrival)).collect();
    let reasons: Vec<_> = batch.iter().map(refusal).collect();
    let begun = Instant::now();
    let accepted = context.store.accept(batch).await?;
    fail_point!(EmitDurable);
    took(Stage::Accept, begun.elapsed());
    for ((card, outcome), reason) in cards.iter().zip(&accepted).zip(reasons) {
        tally(outcome, reason);
        if let (Accepted::Noted, Some(reason)) = (outcome, reason) {
            card.refused(reason, context.now());
        }
    }
    for (((card, outcome), looked_at), typed) in cards.iter().zip(accepted).zip(looked_at).zip(typed) {
        let (written, is_lost, is_refused, failure) = looked_at;
        let outcome = tell_of_merges(context, outcome);
        if let (Some(failure), Accepted::Updated { parcel: Some(parcel) }) = (failure, &outcome) {
            told_later::failed(context, card, parcel, failure).await;
        }
        // Only what is durable and came for the first time: a repetition counts nothing.
        if let (Some((chat, at)), Accepted::New { .. } | Accepted::Noted) = (written, &outcome) {
            let now = Moment { wall: context.now(), steady: context.steady() };
            card.heard(&chat, Moment::of_stamp(at, now), context.uptime());
        }
        if let (Some(typed), Accepted::Noted) = (typed, &outcome) {
            takeover::take_over(context, typed).await;
        }
        if is_lost && matches!(outcome, Accepted::New { .. } | Accepted::Noted) {
            card.vitals.lock().unreadable += 1;
        }
        match outcome {
            Accepted::New { conversation, sequence } => {
                card.teller.count(Count::Received);
                context.sequences.made(sequence);
                card.vitals.lock().last_inbound = Some(context.now());
                context.ring(card.id(), conversation, None);
                // Always: a refusal that waits for this may just be on its way.
                context.tell_channels(ChannelsMsg::Opened { account: card.id().clone(), conversation });
            }
            Accepted::Noted if is_refused => card.teller.count(Count::Refused),
            Accepted::Updated { parcel: Some(parcel) } => context.tell_channels(ChannelsMsg::Evidence(parcel)),
            Accepted::Updated { parcel: None } | Accepted::Duplicate | Accepted::Noted | Accepted::Merged { .. } => {}
        }
    }
    Ok(())
}

/// Whoever works on a conversation that became a part of another one hears of it; what became of the arrival itself is
/// returned.
fn tell_of_merges(context: &Context, outcome: Accepted) -> Accepted {
    let Accepted::Merged { conversations, then } = outcome else { return outcome };
    for merged in conversations {
        tracing::info!(kept = %merged.kept, gone = %merged.gone, "two conversations are one person's and became one");
        context.tell_channels(ChannelsMsg::Merged(merged.clone()));
        context.tell_conversations(ConversationsMsg::Merged(merged));
    }
    *then
}

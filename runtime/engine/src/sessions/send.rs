//! One attempt at one parcel: looked up, checked against the allow-list, reconciled, handed to the
//! network as its rules allow, written down.

use super::handed::handed;
use super::send_queue::Due;
use crate::context::{AccountCard, Context};
use crate::decide::breaker::Network;
use crate::decide::budget::Spent;
use crate::decide::events::Count;
use crate::decide::reconcile::{Action, HandOver, ParcelOrigin, Rules, decide, hand_over};
use crate::decide::restart::doubled;
use crate::decide::window::{self, Moment};
use crate::mailbox::sessions::SendEnd;
use crate::supervision::{Pauses, retry};
use bytes::Bytes;
use greenroom_contract::capabilities::{DailyBudget, Resend, WhenClosed};
use greenroom_contract::channel::{BackOff, Link, Receipt, SendError};
use greenroom_contract::ids::{ConversationId, MessageId};
use greenroom_contract::limits;
use greenroom_contract::outbound::{Outbound, Window};
use greenroom_contract::policy::ChannelPolicy;
use greenroom_contract::store::{
    Counted, PERSON_WRITES, Parcel, ParcelDraft, ParcelKey, ParcelKind, ParcelState, ParcelVerdict, StoreError,
    VaultWrite,
};
use greenroom_contract::time::Timestamp;
use greenroom_contract::trace::{Decision, Ignored, Step};
use greenroom_support::fail_point;
use greenroom_support::metrics::took;
use greenroom_support::metrics::words::Stage;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Duration;

/// Where the vault of an account keeps what was spent today. The name is older than the rule, which only one network
/// had; what it holds still counts.
const SPENT_KEY: &[u8] = b"cloud/spent";

/// A place in the rate of an account. It is free again when it is dropped, unless it was used.
pub(crate) struct Slot {
    card: Arc<AccountCard>,
    key: ParcelKey,
    used: bool,
}

impl Slot {
    /// Takes one for a parcel, or says when there may be one, counted from when the engine began.
    pub(crate) fn take(card: &Arc<AccountCard>, key: &ParcelKey, at: Duration) -> Result<Self, Duration> {
        card.rules.lock().pacer.take(key, at)?;
        Ok(Self { card: Arc::clone(card), key: key.clone(), used: false })
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        if !self.used {
            self.card.rules.lock().pacer.give_back(&self.key);
        }
    }
}

/// Runs one attempt. Moments are steady, but for what is shown and what the network stamps.
pub(crate) async fn attempt(context: Arc<Context>, link: Arc<dyn Link>, due: Due, slot: Slot) -> (SendEnd, Network) {
    let mut network = Network::NotAsked;
    let end = try_one(context, link, due, slot, &mut network).await;
    (end, network)
}

async fn try_one(context: Arc<Context>, link: Arc<dyn Link>, due: Due, slot: Slot, network: &mut Network) -> SendEnd {
    let card = Arc::clone(&slot.card);
    let now = context.steady();
    let mut parcel = match context.store.parcel(&due.key).await {
        Ok(Some(parcel)) => parcel,
        Ok(None) | Err(StoreError::Damaged { .. }) => return SendEnd::Done,
        Err(_) => return SendEnd::Wait { until: now.plus(limits::SEND_RETRY_PAUSE), origin: due.origin },
    };
    let waited_for_person = parcel.state == ParcelState::Waiting { not_before: PERSON_WRITES };
    if due.opened
        && let ParcelState::Waiting { not_before } = &mut parcel.state
    {
        *not_before = now;
    }
    let made_at = parcel.created_at;
    match &mut parcel.state {
        // Silence says something only while somebody listens, so neither downtime nor a lost connection counts as waiting.
        // No run marks what is to come: a moment that lies ahead is of a clock that was set back since.
        ParcelState::Uncertain { since } => *since = (*since).min(now).max(card.listening_since(made_at, now)),
        // A new parcel waits for nothing, and its stamp is the wall's. A longer wait than this is kept by the queue, not
        // read from the store, unless it is of an earlier run: by a clock that may have been wrong, so it is asked again.
        ParcelState::Waiting { not_before }
            if *not_before == made_at
                || (*not_before != PERSON_WRITES && *not_before > now.plus(limits::SEND_RETRY_PAUSE_MAX)) =>
        {
            *not_before = now;
        }
        _ => {}
    }
    let wiring = context.wiring.load_full();
    let (conversation, origin, since) = (due.conversation, due.origin, due.since);
    // The channel was removed just now: the parcel waits for its return.
    let Some(policy) = wiring.policy(&card.channel) else {
        return SendEnd::Wait { until: now.plus(limits::SEND_RETRY_PAUSE), origin };
    };
    let rules =
        Rules { resend: card.channel.capabilities.resend, policy: policy.uncertain, reconcile: policy.reconcile };
    let hand_over = hand_over(rules.resend, parcel.unclear);
    let (context, card, parcel) = (&context, &card, &parcel);
    let attempt = Attempt { context, card, policy, parcel, conversation, origin, hand_over, since };
    if waited_for_person && parcel.draft.speaks_first {
        match attempt.superseded().await {
            Ok(None) => {}
            Ok(Some(reason)) => return attempt.drop_message(reason).await,
            Err(_) => return SendEnd::Wait { until: now.plus(limits::SEND_RETRY_PAUSE), origin },
        }
    }
    match decide(&parcel.state, &parcel.statuses, due.origin, rules, now) {
        Action::Nothing => SendEnd::Done,
        // An earlier run may have tried it when the person wrote, and died before it knew.
        Action::Wait(PERSON_WRITES) => SendEnd::WaitForPerson { origin: due.origin },
        Action::Wait(until) => SendEnd::Wait { until, origin: due.origin },
        Action::MarkUncertain(until) => attempt.mark_uncertain(until).await,
        Action::MarkSent => attempt.mark_sent(&parcel_message(parcel)).await,
        Action::Drop(reason) => attempt.give_up(format!("the network gave up on it: {reason}")).await,
        Action::Hold => attempt.hold("it is unknown whether it was sent, and uncertain = \"hold\"".to_owned()).await,
        Action::Send if attempt.is_late().await => attempt.drop_it("its message is answered already".to_owned()).await,
        Action::Send => match attempt.forbidden() {
            Some(reason) => attempt.give_up(reason.to_string()).await,
            None if attempt.hand_over == HandOver::TooMany => {
                attempt.hold("it may have been shown twice already".to_owned()).await
            }
            None => attempt.send(link.as_ref(), slot, network).await,
        },
    }
}

/// Where the network takes our ids, a status may name the message by ours.
fn parcel_message(parcel: &Parcel) -> Receipt {
    Receipt { message: MessageId::new(parcel.id.as_str()).expect("an outbound id is a valid id") }
}

pub(super) struct Attempt<'a> {
    pub(super) context: &'a Context,
    pub(super) card: &'a AccountCard,
    pub(super) policy: &'a ChannelPolicy,
    pub(super) parcel: &'a Parcel,
    pub(super) conversation: ConversationId,
    origin: ParcelOrigin,
    hand_over: HandOver,
    /// Since when it is in the queue, in steady time.
    pub(super) since: Timestamp,
}

impl Attempt<'_> {
    /// The allow-list as it is at this moment is asked: it may have changed since the turn, and since this attempt began.
    fn forbidden(&self) -> Option<Ignored> {
        let draft = &self.parcel.draft;
        self.context.wiring.load().forbids(&self.card.channel, &draft.route, &draft.recipient)
    }

    /// Writes down that the receiver may see it a further time. That is on disk before it happens, so that no number of
    /// crashes makes many of one repetition.
    async fn announce(&self) -> Result<(), StoreError> {
        if self.hand_over != HandOver::Repetition {
            return Ok(());
        }
        let reason = "it may have been sent, and nothing was heard of it: it is sent once more".to_owned();
        let step = Step::new(self.context.now(), Decision::Uncertain { reason });
        let verdict = ParcelVerdict::Repeating { since: self.context.steady() };
        self.context.store.verdict(&self.parcel.key, verdict, step).await
    }

    /// Sends it, if the rules of the network allow it now.
    async fn send(&self, link: &dyn Link, mut slot: Slot, network: &mut Network) -> SendEnd {
        let draft = &self.parcel.draft;
        let window = match self.window() {
            Ok(window) => window,
            Err(closed) => return self.failed(&closed).await,
        };
        let (kind, at) = (&draft.route.kind, self.context.uptime());
        let in_chat = self.card.rules.lock().pacer.take_in_chat(self.conversation, kind, &self.parcel.key, at);
        if let Err(until) = in_chat {
            return SendEnd::Paced { until, origin: self.origin };
        }
        let spent = match self.spend().await {
            Ok(spent) => spent,
            Err(end) => return end,
        };
        let outbound = Outbound {
            id: self.parcel.id.clone(),
            route: draft.route.clone(),
            reply_to: draft.reply_to.clone(),
            recipient: (draft.kind != ParcelKind::OwnSend).then(|| draft.recipient.id.clone()),
            window,
            body: draft.body.clone(),
        };
        if let Err(error) = self.announce().await {
            tracing::warn!(id = %self.parcel.id, %error, "a repetition cannot be counted now");
            if let Some(spent) = spent {
                self.card.rules.lock().spending.give_back(spent);
            }
            let until = self.context.steady().plus(limits::SEND_RETRY_PAUSE);
            return SendEnd::Wait { until, origin: self.origin };
        }
        // Before the call: what became of it may be told before the call returns.
        self.note_sent(draft).await;
        // Asked once more after all that was waited for, and nothing is waited for between this and the call.
        if let Some(reason) = self.forbidden() {
            if let Some(spent) = spent {
                self.card.rules.lock().spending.give_back(spent);
            }
            return self.give_up(reason.to_string()).await;
        }
        slot.used = true;
        took(Stage::Outbox, self.context.now().since(self.parcel.created_at));
        let result = handed(link, &outbound).await;
        if let Some(spent) = spent {
            self.spent(spent, &result);
        }
        *network = spoke(&result);
        match result {
            Ok(receipt) => self.mark_sent(&receipt).await,
            Err(error) => self.failed(&error).await,
        }
    }

    /// Keeps the text where the network may find later that it should not have taken it. Nothing is waited for: losing the
    /// last one in a crash loses no more than the crash of the network would.
    async fn note_sent(&self, draft: &ParcelDraft) {
        let Some(text) = self.card.may_come_back(draft) else { return };
        self.context.resume_sent(self.card).await;
        let write = self.card.sent.lock().note(&self.parcel.key, text);
        if let Some(write) = write {
            self.context.store.vault_submit(self.card.id(), vec![write]);
        }
    }

    /// Whether the network takes free words in this chat; an error if it takes nothing.
    fn window(&self) -> Result<Window, SendError> {
        let Some(rule) = self.card.channel.capabilities.window else { return Ok(Window::Open) };
        let draft = &self.parcel.draft;
        let now = Moment { wall: self.context.now(), steady: self.context.steady() };
        let window = self.card.rules.lock().heard.window(rule, &draft.route.chat, draft.opened_at, now);
        match (window, rule.closed) {
            (Window::Closed, WhenClosed::Hold) => Err(SendError::WindowClosed { reason: window::closed(rule) }),
            _ => Ok(window),
        }
    }

    /// Counts it for the daily budget, where there is one. The error is what follows if it may not be sent.
    async fn spend(&self) -> Result<Option<Spent>, SendEnd> {
        let Some(budget) = self.card.channel.capabilities.budget else { return Ok(None) };
        let resumed = self.card.rules.lock().spending.resumed;
        if !resumed {
            let stored = self.context.store.vault_get(self.card.id(), SPENT_KEY).await;
            let Ok(stored) = stored else {
                let until = self.context.steady().plus(limits::SEND_RETRY_PAUSE);
                return Err(SendEnd::Wait { until, origin: self.origin });
            };
            let mut rules = self.card.rules.lock();
            if let Some(spent) = stored.and_then(|bytes| serde_json::from_slice(&bytes).ok()) {
                rules.spending.resume(spent);
            }
            rules.spending.resumed = true;
        }
        // The day by the clock that does not jump: one that was moved would give the budget of a day twice, or of none.
        let now = self.context.steady();
        let taken = self.card.rules.lock().spending.take(budget, now);
        match taken {
            Ok(spent) => Ok(Some(spent)),
            Err(left) => Err(self.out_of_budget(budget, now.plus(left)).await),
        }
    }

    /// The whole account waits for the next day. Nothing was tried, so it does not count as an attempt.
    async fn out_of_budget(&self, budget: DailyBudget, until: Timestamp) -> SendEnd {
        let most = budget.messages_max;
        let reason = format!("the daily budget of {most} messages is spent; it resumes at midnight UTC");
        let verdict = ParcelVerdict::Retry { not_before: until, counted: Counted::No };
        self.verdict(verdict, Decision::SendFailed { reason, again_at: self.context.on_the_wall(until) }).await;
        SendEnd::AccountWaits { until, origin: ParcelOrigin::New }
    }

    /// Keeps what the outcome says about the budget. Losing the last few counts in a crash is fine, so nothing is
    /// waited for.
    fn spent(&self, spent: Spent, result: &Result<Receipt, SendError>) {
        // What may have been sent stays counted.
        if !matches!(result, Ok(_) | Err(SendError::Uncertain { .. })) {
            return self.card.rules.lock().spending.give_back(spent);
        }
        let today = self.card.rules.lock().spending.today();
        let value = Bytes::from(serde_json::to_vec(&today).expect("two numbers are JSON"));
        let write = VaultWrite::Put { key: Bytes::from_static(SPENT_KEY), value };
        self.context.store.vault_submit(self.card.id(), vec![write]);
    }

    /// Writes down that it was sent. Where the network shows an id once, nobody waits for that: after a crash it is sent
    /// under the same id. Elsewhere it is tried again while the store cannot, because nobody else knows.
    async fn mark_sent(&self, receipt: &Receipt) -> SendEnd {
        self.card.teller.count(Count::Sent);
        if self.card.channel.capabilities.resend != Resend::Visible {
            self.context.store.sent_submitted(&self.parcel.key, receipt, self.context.now());
            fail_point!(SendMarked);
            return SendEnd::Done;
        }
        let pauses = Pauses::growing(limits::RESTART_PAUSE_MIN, limits::RESTART_PAUSE_MAX);
        let attempt = |_| self.try_mark_sent(receipt);
        let _ = retry(pauses, &self.context.stages.closing, attempt).await;
        SendEnd::Done
    }

    async fn try_mark_sent(&self, receipt: &Receipt) -> ControlFlow<()> {
        match self.context.store.sent(&self.parcel.key, receipt, self.context.now()).await {
            Ok(()) => {
                fail_point!(SendMarked);
            }
            Err(StoreError::Unavailable { reason }) => {
                tracing::warn!(id = %self.parcel.id, %reason, "a send cannot be recorded now");
                return ControlFlow::Continue(());
            }
            Err(error) => tracing::error!(id = %self.parcel.id, %error, "a send cannot be recorded"),
        }
        ControlFlow::Break(())
    }

    async fn failed(&self, error: &SendError) -> SendEnd {
        let now = self.context.steady();
        let reason = error.to_string();
        let pause = doubled(limits::SEND_RETRY_PAUSE, self.parcel.attempts, limits::SEND_RETRY_PAUSE_MAX);
        match error {
            SendError::NotConnected => {
                if self.hand_over == HandOver::Repetition {
                    // Announced, and not made.
                    let verdict = ParcelVerdict::Retry { not_before: now, counted: Counted::No };
                    self.verdict(verdict, Decision::SendFailed { reason, again_at: self.context.now() }).await;
                }
                SendEnd::Wait { until: now.plus(limits::SEND_RETRY_PAUSE), origin: self.origin }
            }
            SendError::Retry { after, scope, .. } => {
                if let Some(expired) = self.expired(&reason) {
                    return self.hold(expired).await;
                }
                let until = now.plus(pause.max(after.unwrap_or_default()).min(limits::SEND_WAIT_MAX));
                let verdict = ParcelVerdict::Retry { not_before: until, counted: Counted::Yes };
                let again_at = self.context.on_the_wall(until);
                self.verdict(verdict, Decision::SendFailed { reason, again_at }).await;
                // It is certain that the network does not have it, whoever made it.
                match scope {
                    BackOff::Conversation => SendEnd::Wait { until, origin: ParcelOrigin::New },
                    BackOff::Account => SendEnd::AccountWaits { until, origin: ParcelOrigin::New },
                }
            }
            SendError::Uncertain { .. } => {
                if let Some(expired) = self.expired(&reason) {
                    return self.hold(expired).await;
                }
                self.verdict(ParcelVerdict::Uncertain { since: now }, Decision::Uncertain { reason }).await;
                SendEnd::Wait { until: now.plus(pause), origin: ParcelOrigin::Recovered }
            }
            SendError::Refused { .. } => {
                tracing::warn!(id = %self.parcel.id, %reason, "the network refuses a message for good");
                self.give_up(reason).await
            }
            SendError::WindowClosed { .. } => {
                // It stays at the head of its chat, so that order is kept when the person writes again.
                let verdict = ParcelVerdict::Retry { not_before: PERSON_WRITES, counted: Counted::No };
                self.verdict(verdict, Decision::Held { reason }).await;
                SendEnd::WaitForPerson { origin: ParcelOrigin::New }
            }
            SendError::AccountStopped { reason: words } => {
                let verdict = ParcelVerdict::Retry { not_before: now, counted: Counted::No };
                self.verdict(verdict, Decision::SendFailed { reason, again_at: self.context.now() }).await;
                SendEnd::AccountStopped { reason: words.clone() }
            }
        }
    }

    async fn mark_uncertain(&self, until: Timestamp) -> SendEnd {
        let reason = "an earlier run may have sent it".to_owned();
        let since = self.context.steady();
        self.verdict(ParcelVerdict::Uncertain { since }, Decision::Uncertain { reason }).await;
        SendEnd::Wait { until, origin: self.origin }
    }

    async fn hold(&self, reason: String) -> SendEnd {
        tracing::error!(id = %self.parcel.id, %reason, "a message is held");
        self.card.teller.failed(Some(&self.parcel.id), self.conversation, true, &reason);
        self.last_verdict(ParcelVerdict::Held { reason: reason.clone() }, Decision::Held { reason }).await;
        SendEnd::Done
    }

    /// Writes down a verdict after which the parcel is not looked at any more: until that is done, because it exists only
    /// here. The chat waits meanwhile.
    pub(super) async fn last_verdict(&self, verdict: ParcelVerdict, decision: Decision) {
        let (id, step) = (&self.parcel.id, Step::new(self.context.now(), decision));
        let write = |_| async {
            match self.context.store.verdict(&self.parcel.key, verdict.clone(), step.clone()).await {
                Err(error @ StoreError::Unavailable { .. }) => {
                    tracing::warn!(%id, %error, "a verdict cannot be recorded and is tried again");
                    return ControlFlow::Continue(());
                }
                Err(error) => tracing::warn!(%id, %error, "a verdict cannot be recorded"),
                Ok(()) => {}
            }
            ControlFlow::Break(())
        };
        // At the next start the parcel is found as it is on disk.
        let _ = retry(Pauses::every(limits::SEND_RETRY_PAUSE), &self.context.stages.closing, write).await;
    }

    /// Writes a verdict down after which the parcel is looked at once more, whether or not that worked.
    async fn verdict(&self, verdict: ParcelVerdict, decision: Decision) {
        self.judge(&self.parcel.key, verdict, decision).await;
    }

    pub(super) async fn judge(&self, key: &ParcelKey, verdict: ParcelVerdict, decision: Decision) {
        let step = Step::new(self.context.now(), decision);
        if let Err(error) = self.context.store.verdict(key, verdict, step).await {
            tracing::warn!(id = %self.parcel.id, %error, "a verdict cannot be recorded");
        }
    }
}

pub(super) fn dropped(reason: &str) -> Decision {
    Decision::Dropped { reason: reason.to_owned() }
}

/// What the outcome of a send says about the network.
fn spoke(result: &Result<Receipt, SendError>) -> Network {
    match result {
        Ok(_) | Err(SendError::Refused { .. } | SendError::WindowClosed { .. }) => Network::Works,
        // What holds for the whole account is obeyed as the network says it.
        Err(
            SendError::Retry { scope: BackOff::Account, .. }
            | SendError::AccountStopped { .. }
            | SendError::NotConnected,
        ) => Network::NotAsked,
        Err(SendError::Retry { .. } | SendError::Uncertain { .. }) => Network::Fails,
    }
}

//! One attempt at one parcel: looked up, checked against the allow-list, reconciled, handed to the
//! network, written down.

use super::send_queue::{Due, PERSON_WRITES};
use crate::context::{AccountCard, Context};
use crate::decide::reconcile::{Action, ParcelOrigin, Rules, decide};
use crate::decide::restart::doubled;
use crate::mailbox::sessions::SendEnd;
use crate::supervision::{Pauses, isolate, retry};
use greenroom_contract::cause::Cause;
use greenroom_contract::channel::{BackOff, Link, Receipt, SendError};
use greenroom_contract::ids::MessageId;
use greenroom_contract::limits;
use greenroom_contract::outbound::Outbound;
use greenroom_contract::policy::OutboundMode;
use greenroom_contract::store::{Counted, Parcel, ParcelKind, ParcelState, ParcelVerdict, StoreError};
use greenroom_contract::time::Timestamp;
use greenroom_contract::trace::{Decision, Ignored, Step};
use greenroom_support::fail_point;
use std::ops::ControlFlow;
use std::sync::Arc;

/// Runs one attempt. `listening_since` is when this session began: before it, no evidence could arrive.
pub(crate) async fn attempt(
    context: Arc<Context>,
    card: Arc<AccountCard>,
    link: Arc<dyn Link>,
    due: Due,
    listening_since: Timestamp,
) -> SendEnd {
    let now = context.now();
    let mut parcel = match context.store.parcel(&due.key).await {
        Ok(Some(parcel)) => parcel,
        Ok(None) | Err(StoreError::Damaged { .. }) => return SendEnd::Done,
        Err(_) => return SendEnd::Wait { until: now.plus(limits::SEND_RETRY_PAUSE), origin: due.origin },
    };
    if due.opened
        && let ParcelState::Waiting { not_before } = &mut parcel.state
    {
        *not_before = now;
    }
    // Silence says something only while somebody listens, so downtime does not count as waiting.
    if let ParcelState::Uncertain { since } = &mut parcel.state {
        *since = (*since).max(listening_since);
    }
    let policy = &card.channel.policy;
    let rules =
        Rules { resend: card.channel.capabilities.resend, policy: policy.uncertain, reconcile: policy.reconcile };
    let attempt = Attempt { context: &context, card: &card, parcel: &parcel, origin: due.origin };
    match decide(&parcel.state, &parcel.statuses, due.origin, rules, now) {
        Action::Nothing => SendEnd::Done,
        // An earlier run may have tried it when the person wrote, and died before it knew.
        Action::Wait(PERSON_WRITES) => SendEnd::WaitForPerson { origin: due.origin },
        Action::Wait(until) => SendEnd::Wait { until, origin: due.origin },
        Action::MarkUncertain(until) => attempt.mark_uncertain(until).await,
        Action::MarkSent => attempt.mark_sent(&parcel_message(&parcel)).await,
        Action::Drop(reason) => attempt.drop_it(format!("the network gave up on it: {reason}")).await,
        Action::Hold => attempt.hold("it is unknown whether it was sent, and uncertain = \"hold\"".to_owned()).await,
        Action::Send => match attempt.forbidden() {
            Some(reason) => attempt.drop_it(reason.to_string()).await,
            None if parcel.attempts >= limits::SEND_ATTEMPTS_MAX => {
                attempt.hold(format!("given up after {} attempts", parcel.attempts)).await
            }
            None => attempt.send(link.as_ref()).await,
        },
    }
}

/// Where the network takes our ids, a status may name the message by ours.
fn parcel_message(parcel: &Parcel) -> Receipt {
    Receipt { message: MessageId::new(parcel.id.as_str()).expect("an outbound id is a valid id") }
}

struct Attempt<'a> {
    context: &'a Context,
    card: &'a AccountCard,
    parcel: &'a Parcel,
    origin: ParcelOrigin,
}

impl Attempt<'_> {
    /// The allow-list is asked again: it may have changed since the turn.
    fn forbidden(&self) -> Option<Ignored> {
        if self.card.channel.policy.outbound == OutboundMode::Off {
            return Some(Ignored::ListenOnly);
        }
        let (route, recipient) = (&self.parcel.draft.route, &self.parcel.draft.recipient);
        let snapshot = self.context.admission.load();
        let admitted = snapshot.admits(&self.card.channel.name, &route.account, &route.chat, &route.kind, recipient);
        admitted.err().map(|_| Ignored::NoLongerAdmitted)
    }

    async fn send(&self, link: &dyn Link) -> SendEnd {
        let draft = &self.parcel.draft;
        let outbound = Outbound {
            id: self.parcel.id.clone(),
            route: draft.route.clone(),
            reply_to: draft.reply_to.clone(),
            recipient: (draft.kind != ParcelKind::OwnSend).then(|| draft.recipient.id.clone()),
            opened_at: draft.opened_at,
            body: draft.body.clone(),
        };
        fail_point!(SendStarting);
        let send = isolate("send", link.send(&outbound));
        let result = tokio::time::timeout(limits::SEND_TIMEOUT, send).await;
        fail_point!(SendReturned);
        match result {
            Ok(Ok(Ok(receipt))) => self.mark_sent(&receipt).await,
            Ok(Ok(Err(error))) => self.failed(&error).await,
            Ok(Err(panic)) => {
                let reason: Cause = format!("the adapter crashed: {panic}").into();
                tracing::error!(id = %self.parcel.id, %reason, "a send crashed");
                self.failed(&SendError::Uncertain { reason }).await
            }
            Err(_) => self.failed(&SendError::Uncertain { reason: "the network did not answer".into() }).await,
        }
    }

    /// Writes down that it was sent; tried again while the store cannot, because nobody else knows.
    async fn mark_sent(&self, receipt: &Receipt) -> SendEnd {
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
        let now = self.context.now();
        let reason = error.to_string();
        let pause = doubled(limits::SEND_RETRY_PAUSE, self.parcel.attempts, limits::SEND_RETRY_PAUSE_MAX);
        match error {
            SendError::NotConnected => SendEnd::Wait { until: now.plus(limits::SEND_RETRY_PAUSE), origin: self.origin },
            SendError::Retry { after, scope, .. } => {
                let until = now.plus(pause.max(after.unwrap_or_default()));
                let verdict = ParcelVerdict::Retry { not_before: until, counted: Counted::Yes };
                self.verdict(verdict, Decision::SendFailed { reason, again_at: until }).await;
                // It is certain that the network does not have it, whoever made it.
                match scope {
                    BackOff::Conversation => SendEnd::Wait { until, origin: ParcelOrigin::New },
                    BackOff::Account => SendEnd::AccountWaits { until, origin: ParcelOrigin::New },
                }
            }
            SendError::Uncertain { .. } => {
                self.verdict(ParcelVerdict::Uncertain { since: now }, Decision::Uncertain { reason }).await;
                SendEnd::Wait { until: now.plus(pause), origin: ParcelOrigin::Recovered }
            }
            SendError::Refused { .. } => {
                tracing::warn!(id = %self.parcel.id, %reason, "the network refuses a message for good");
                self.drop_it(reason).await
            }
            SendError::WindowClosed { .. } => {
                // It stays at the head of its chat, so that order is kept when the person writes again.
                let verdict = ParcelVerdict::Retry { not_before: PERSON_WRITES, counted: Counted::No };
                self.verdict(verdict, Decision::Held { reason }).await;
                SendEnd::WaitForPerson { origin: ParcelOrigin::New }
            }
            SendError::AccountStopped { reason: words } => {
                let verdict = ParcelVerdict::Retry { not_before: now, counted: Counted::No };
                self.verdict(verdict, Decision::SendFailed { reason, again_at: now }).await;
                SendEnd::AccountStopped { reason: words.clone() }
            }
        }
    }

    async fn mark_uncertain(&self, until: Timestamp) -> SendEnd {
        let reason = "an earlier run may have sent it".to_owned();
        let since = self.context.now();
        self.verdict(ParcelVerdict::Uncertain { since }, Decision::Uncertain { reason }).await;
        SendEnd::Wait { until, origin: self.origin }
    }

    async fn drop_it(&self, reason: String) -> SendEnd {
        self.verdict(ParcelVerdict::Dropped { reason: reason.clone() }, Decision::Dropped { reason }).await;
        SendEnd::Done
    }

    async fn hold(&self, reason: String) -> SendEnd {
        tracing::warn!(id = %self.parcel.id, %reason, "a message is held");
        self.verdict(ParcelVerdict::Held { reason: reason.clone() }, Decision::Held { reason }).await;
        SendEnd::Done
    }

    /// Writes a verdict down. Where that fails the parcel is found again at the next start, as uncertain.
    async fn verdict(&self, verdict: ParcelVerdict, decision: Decision) {
        let step = Step::new(self.context.now(), decision);
        if let Err(error) = self.context.store.verdict(&self.parcel.key, verdict, step).await {
            tracing::warn!(id = %self.parcel.id, %error, "a verdict cannot be recorded");
        }
    }
}

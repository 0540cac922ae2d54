//! What a message of the bot waits for that is not sent, in words. Pure.

use crate::decide::status::AccountStatus;
use greenroom_contract::ids::{AccountId, ChatId, ConversationId, OutboundId};
use greenroom_contract::store::{PERSON_WRITES, Parcel, ParcelKind, ParcelState};
use greenroom_contract::time::Timestamp;
use greenroom_contract::trace::Decision;
use serde::Serialize;

/// A message of the bot that is not sent: why, and until when it waits. What it says is not here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct UnsentMessage {
    /// Its name.
    pub id: OutboundId,
    /// The account that sends it.
    pub account: AccountId,
    /// Its conversation.
    pub conversation: ConversationId,
    /// The chat, as the network knows it.
    pub chat: ChatId,
    /// `answer`, `notice` or `own send`.
    pub kind: &'static str,
    /// `waiting`, `uncertain` or `held`. What is held waits for the owner.
    pub state: &'static str,
    /// What it waits for, in a sentence.
    pub reason: String,
    /// Until when it waits, where that is a moment.
    pub until: Option<Timestamp>,
    /// Attempts so far.
    pub attempts: u32,
    /// When it was made.
    pub made_at: Timestamp,
}

/// What is known of the account that sends it.
#[derive(Debug, Clone)]
pub(crate) struct Sending {
    /// How far its link is.
    pub(crate) status: AccountStatus,
    /// Until when it sends nothing, because its network takes nothing.
    pub(crate) pause_until: Option<Timestamp>,
}

impl UnsentMessage {
    /// A parcel as it is stored, where nothing is known of its account because nothing runs.
    pub fn stored(parcel: &Parcel) -> Self {
        Self::of(parcel, None, Timestamp(0))
    }

    /// A parcel of an account that runs.
    pub(crate) fn of(parcel: &Parcel, sending: Option<&Sending>, now: Timestamp) -> Self {
        let (reason, until) = waits_for(parcel, sending, now);
        Self {
            id: parcel.id.clone(),
            account: parcel.key.account.clone(),
            conversation: parcel.conversation,
            chat: parcel.draft.route.chat.clone(),
            kind: match parcel.draft.kind {
                ParcelKind::Reply => "answer",
                ParcelKind::Notice => "notice",
                ParcelKind::OwnSend => "own send",
            },
            state: parcel.state.word(),
            reason,
            until,
            attempts: parcel.attempts,
            made_at: parcel.created_at,
        }
    }
}

fn waits_for(parcel: &Parcel, sending: Option<&Sending>, now: Timestamp) -> (String, Option<Timestamp>) {
    match &parcel.state {
        ParcelState::Held { reason } | ParcelState::Dropped { reason } => return (reason.clone(), None),
        ParcelState::Waiting { not_before: PERSON_WRITES } => {
            let refused = last_refusal(parcel).map(|(reason, _)| format!("; {reason}")).unwrap_or_default();
            return (format!("it waits until the person writes{refused}"), None);
        }
        _ => {}
    }
    if let Some(Sending { status, pause_until }) = sending {
        if !status.is_well() {
            return (format!("its account does not send: {status}"), status.until());
        }
        if let Some(until) = pause_until.filter(|until| *until > now) {
            return ("the network takes nothing from this account".to_owned(), Some(until));
        }
    }
    match (&parcel.state, last_refusal(parcel)) {
        (ParcelState::Uncertain { .. }, refused) => {
            let why = refused.map(|(reason, _)| format!("; {reason}")).unwrap_or_default();
            (format!("it is unknown whether it was sent, and evidence is waited for{why}"), None)
        }
        (_, Some((reason, until))) => (reason, until),
        (_, None) => ("it is in the queue".to_owned(), None),
    }
}

/// Why it was not sent the last time, and until when it waits for the next.
fn last_refusal(parcel: &Parcel) -> Option<(String, Option<Timestamp>)> {
    parcel.steps.iter().rev().find_map(|step| match &step.what {
        Decision::SendFailed { reason, again_at } => Some((reason.clone(), Some(*again_at))),
        Decision::Held { reason } | Decision::Uncertain { reason } => Some((reason.clone(), None)),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use greenroom_contract::ids::Sequence;
    use greenroom_contract::message::{Chat, Sender};
    use greenroom_contract::outbound::{OutboundBody, Route};
    use greenroom_contract::store::{ParcelDraft, ParcelKey};
    use greenroom_contract::trace::Step;

    fn parcel(state: ParcelState, steps: Vec<Decision>) -> Parcel {
        let account: AccountId = "acc-1".parse().unwrap();
        let route = Route { account: account.clone(), chat: "chat".parse().unwrap(), kind: Chat::Direct };
        Parcel {
            key: ParcelKey { account, sequence: Sequence(1), part: 0 },
            id: "3EB0".parse().unwrap(),
            conversation: ConversationId(1),
            draft: ParcelDraft {
                kind: ParcelKind::Reply,
                route,
                recipient: Sender { id: "ana".parse().unwrap(), addresses: Vec::new(), name: None },
                reply_to: None,
                opened_at: Timestamp(0),
                speaks_first: false,
                body: OutboundBody::Text(String::new()),
            },
            state,
            attempts: 0,
            unclear: 0,
            created_at: Timestamp(1),
            released_at: None,
            statuses: Vec::new(),
            steps: steps.into_iter().map(|what| Step::new(Timestamp(1), what)).collect(),
        }
    }

    fn said(parcel: &Parcel, status: AccountStatus, pause_until: Option<u64>) -> (String, Option<u64>) {
        let sending = Sending { status, pause_until: pause_until.map(Timestamp) };
        let message = UnsentMessage::of(parcel, Some(&sending), Timestamp(10));
        (message.reason, message.until.map(|until| until.0))
    }

    #[test]
    fn every_state_says_why_and_until_when() {
        let busy = || Decision::SendFailed { reason: "busy".to_owned(), again_at: Timestamp(50) };
        let closed = || Decision::Held { reason: "24 hours are over".to_owned() };
        let connected = || AccountStatus::Connected;
        let waiting = |not_before| ParcelState::Waiting { not_before };
        let new = parcel(waiting(Timestamp(1)), vec![Decision::Queued]);
        assert_eq!(said(&new, connected(), None), ("it is in the queue".to_owned(), None));
        assert_eq!(said(&new, connected(), Some(10)), ("it is in the queue".to_owned(), None), "that pause is over");
        let paused = ("the network takes nothing from this account".to_owned(), Some(70));
        assert_eq!(said(&new, connected(), Some(70)), paused);
        let away = AccountStatus::Reconnecting { at: Timestamp(80), reason: "the wire broke".to_owned() };
        let (why, until) = said(&new, away.clone(), None);
        assert!(why.starts_with("its account does not send: ") && why.contains("the wire broke"), "{why}");
        assert_eq!(until, away.until().map(|until| until.0));
        let refused = parcel(waiting(Timestamp(50)), vec![Decision::Queued, busy()]);
        assert_eq!(said(&refused, connected(), None), ("busy".to_owned(), Some(50)));
        let shut = parcel(waiting(PERSON_WRITES), vec![busy(), closed()]);
        let shut = said(&shut, away, Some(70));
        assert_eq!(shut, ("it waits until the person writes; 24 hours are over".to_owned(), None));
        let held = parcel(ParcelState::Held { reason: "expired".to_owned() }, vec![busy()]);
        assert_eq!(said(&held, connected(), None), ("expired".to_owned(), None));
        let unknown = parcel(ParcelState::Uncertain { since: Timestamp(3) }, Vec::new());
        assert!(said(&unknown, connected(), None).0.contains("evidence is waited for"));
        assert_eq!(UnsentMessage::stored(&refused).until, Some(Timestamp(50)));
    }
}

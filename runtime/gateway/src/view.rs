//! From the engine's types to the wire's. Public, because a command that reads the store itself
//! shows the same.

use crate::{explained, outcomes, way};
use greenroom_client::{
    ActorView, AllowView, CodeForm, EventView, FieldView, HealthDetails, HealthProblemView, LinkFailureView,
    LinkProgress, LinkStepView, NextActionView, NextView, ParcelView, QuarantinedView, RejectionView, SessionView,
    StepView, TraceView, UnsentView, WakeView,
};
use greenroom_contract::address::AllowEntry;
use greenroom_contract::ids::ChannelName;
use greenroom_contract::linking::{Field, LinkFailure, LinkStep, Page, Question, Showing, Shown};
use greenroom_contract::store::{
    AccountRow, AccountState, EntryKind, ListScope, PendingWake, QuarantinedRow, StoredEntry,
};
use greenroom_contract::time::Timestamp;
use greenroom_contract::trace::{Decision, Step, Trace};
use greenroom_engine as engine;
use greenroom_engine::{
    AccountHealth, Event, Happened, Health, HealthProblem, LinkView, NextAction, Rejection, UnsentMessage,
};

/// A trace.
pub fn trace(trace: &Trace) -> TraceView {
    TraceView {
        message: trace.message.to_string(),
        account: trace.account.to_string(),
        chat: trace.chat.as_ref().map(ToString::to_string),
        conversation: trace.conversation.0,
        state: outcomes::state(trace),
        steps: steps(&trace.steps),
        parcels: trace
            .parcels
            .iter()
            .map(|parcel| ParcelView {
                id: parcel.id.to_string(),
                state: parcel.state.clone(),
                until_ms: parcel.waits_until.map(|until| until.0),
                steps: steps(&parcel.steps),
            })
            .collect(),
        way: way::of(trace),
    }
}

fn steps(steps: &[Step]) -> Vec<StepView> {
    let view = |step: &Step| {
        let (cause, known_as) = match &step.what {
            Decision::Ignored { reason } => (Some(reason.code()), reason.known_as()),
            Decision::Status { status } => (status.split(':').next(), &[][..]),
            _ => (None, &[][..]),
        };
        StepView {
            at_ms: step.at.0,
            code: step.what.code().to_owned(),
            cause: cause.map(str::to_owned),
            known_as: known_as.to_vec(),
            what: step.what.to_string(),
        }
    };
    steps.iter().map(view).collect()
}

/// A row in quarantine.
pub fn quarantined(row: &QuarantinedRow) -> QuarantinedView {
    let route = row.entry.route();
    let message = match &row.entry.kind {
        EntryKind::Message(inbound) => Some(inbound.key.message.to_string()),
        EntryKind::Wake { .. } => None,
    };
    QuarantinedView {
        sequence: row.entry.sequence.0,
        message,
        account: route.account.to_string(),
        chat: route.chat.to_string(),
        reason: row.reason.clone(),
        at_ms: row.at.0,
    }
}

/// A wake-up that is not due yet.
pub fn wake(wake: &PendingWake) -> WakeView {
    WakeView {
        number: wake.number.0,
        at_ms: wake.at.0,
        assistant: wake.assistant.to_string(),
        token: wake.token.clone(),
        account: wake.route.account.to_string(),
        chat: wake.route.chat.to_string(),
    }
}

/// A message of the bot that is not sent.
pub fn unsent(message: &UnsentMessage) -> UnsentView {
    UnsentView {
        id: message.id.to_string(),
        account: message.account.to_string(),
        chat: message.chat.to_string(),
        kind: message.kind.to_owned(),
        state: message.state.to_owned(),
        reason: message.reason.clone(),
        until_ms: message.until.map(|until| until.0),
        attempts: message.attempts,
        made_at_ms: message.made_at.0,
    }
}

/// All entries: those of the configuration, then those that are stored.
pub fn allow_list(configured: &[(ChannelName, Vec<AllowEntry>)], stored: &[StoredEntry]) -> Vec<AllowView> {
    let from_file = configured.iter().flat_map(|(channel, entries)| {
        entries.iter().map(|entry| AllowView {
            channel: Some(channel.to_string()),
            account: None,
            entry: entry.to_string(),
            origin: "the configuration".to_owned(),
        })
    });
    let from_store = stored.iter().map(|stored| {
        let (channel, account) = match &stored.scope {
            ListScope::Channel(channel) => (Some(channel.to_string()), None),
            ListScope::Account(account) => (None, Some(account.to_string())),
        };
        AllowView { channel, account, entry: stored.entry.to_string(), origin: format!("added by {}", stored.by) }
    });
    from_file.chain(from_store).collect()
}

/// The engine's health.
pub fn health(health: &Health, version: &str, started_at: Timestamp) -> HealthDetails {
    HealthDetails {
        version: version.to_owned(),
        started_at_ms: started_at.0,
        problems: health.problems.iter().map(problem).collect(),
        warnings: health.warnings.iter().map(problem).collect(),
        inbox_waiting: health.inbox_waiting,
        quarantined: health.quarantined,
        outbox_waiting: health.outbox_waiting,
        outbox_held: health.outbox_held,
        conversations_active: health.conversations_active,
        restarts: health.restarts,
        accounts: health.accounts.iter().map(session).collect(),
        rejections: health.rejections.iter().map(rejection).collect(),
    }
}

/// An event; `None` for a kind that this version has no words for.
pub fn event(event: &Event) -> Option<EventView> {
    let (session, channel) = (event.account.to_string(), event.channel.to_string());
    let at_ms = event.at.0;
    Some(match &event.what {
        Happened::State(status) => EventView::State {
            session,
            channel,
            at_ms,
            status: status.word().to_owned(),
            code: status.code().to_owned(),
            reason: status.reason(),
            until_ms: status.until().map(|until| until.0),
        },
        Happened::Link { sequence, running } => {
            EventView::Link { session, channel, at_ms, sequence: *sequence, running: *running }
        }
        Happened::Counts(counts) => EventView::Counts {
            session,
            channel,
            at_ms,
            received: counts.received,
            refused: counts.refused,
            answered: counts.answered,
            sent: counts.sent,
            failed: counts.failed,
        },
        Happened::Failed { message, conversation, held, reason } => EventView::Failed {
            session,
            channel,
            at_ms,
            message: message.as_ref().map(ToString::to_string),
            conversation: conversation.0,
            held: *held,
            reason: reason.clone(),
        },
        _ => return None,
    })
}

/// An actor and those below it.
pub fn actor(actor: engine::ActorView) -> ActorView {
    ActorView {
        name: actor.name,
        kind: actor.kind.to_owned(),
        state: actor.state.to_owned(),
        mailbox: actor.mailbox,
        restarts: actor.restarts,
        since_ms: actor.since.0,
        children: actor.children.into_iter().map(self::actor).collect(),
    }
}

/// What was not taken.
pub fn rejection(rejection: &Rejection) -> RejectionView {
    RejectionView {
        channel: rejection.channel.as_ref().map(ToString::to_string),
        cause: rejection.cause.code().to_owned(),
        what: rejection.to_string(),
        count: rejection.count,
        first_ms: rejection.first.0,
        last_ms: rejection.last.0,
    }
}

fn problem(problem: &HealthProblem) -> HealthProblemView {
    HealthProblemView {
        what: problem.what.clone(),
        account: problem.account.as_ref().map(ToString::to_string),
        next: problem.next.as_ref().map(next),
    }
}

/// What to do now.
pub fn next(next: &NextAction) -> NextView {
    NextView { action: next_action(next), sentence: next.to_string() }
}

fn next_action(next: &NextAction) -> NextActionView {
    match next.clone() {
        NextAction::Link { channel, account } => {
            NextActionView::Link { channel: channel.to_string(), account: account.map(|account| account.to_string()) }
        }
        NextAction::LinkAgain { channel, account } => {
            NextActionView::LinkAgain { channel: channel.to_string(), account: account.to_string() }
        }
        NextAction::ScanCode => NextActionView::ScanCode,
        NextAction::TypeCode => NextActionView::TypeCode,
        NextAction::AnswerQuestion => NextActionView::AnswerQuestion,
        NextAction::FollowGuidance { guidance } => NextActionView::FollowGuidance { guidance },
        NextAction::WaitForCode => NextActionView::WaitForCode,
        NextAction::RemoveDevice { channel, account } => {
            NextActionView::RemoveDevice { channel: channel.to_string(), account: account.to_string() }
        }
        NextAction::StopOtherClient { account } => NextActionView::StopOtherClient { account: account.to_string() },
        NextAction::Reconnect { account } => NextActionView::Reconnect { account: account.to_string() },
        NextAction::ReportBug { account } => {
            NextActionView::ReportBug { account: account.map(|account| account.to_string()) }
        }
        NextAction::SendLess { until } => NextActionView::SendLess { until_ms: until.0 },
        NextAction::Update => NextActionView::Update,
        NextAction::FixConfig { key, value } => NextActionView::FixConfig { key, value },
        NextAction::RestoreIdentity { channel, account } => {
            NextActionView::RestoreIdentity { channel: channel.to_string(), account: account.to_string() }
        }
        NextAction::AllowSomeone { channel } => NextActionView::AllowSomeone { channel: channel.to_string() },
        NextAction::AllowEntry { channel, entry } => NextActionView::AllowEntry { channel: channel.to_string(), entry },
        NextAction::AcceptWarning { channel } => NextActionView::AcceptWarning { channel: channel.to_string() },
        NextAction::Disconnect { account } => NextActionView::Disconnect { account: account.to_string() },
        NextAction::FreeSession { limit_key } => NextActionView::FreeSession { limit_key },
        NextAction::OpenPhone { account } => NextActionView::OpenPhone { account: account.to_string() },
        NextAction::ReviewQuarantine => NextActionView::ReviewQuarantine,
        NextAction::ReviewOutbox => NextActionView::ReviewOutbox,
        NextAction::ReleaseConversation { conversation } => {
            NextActionView::ReleaseConversation { conversation: conversation.0 }
        }
        NextAction::TryAgain => NextActionView::TryAgain,
        _ => NextActionView::Other,
    }
}

/// A session.
pub fn session(account: &AccountHealth) -> SessionView {
    let status = &account.status;
    SessionView {
        session: account.account.to_string(),
        channel: account.channel.to_string(),
        adapter: account.adapter.clone(),
        owner: account.owner.to_string(),
        label: account.label.clone(),
        status: status.word().to_owned(),
        code: status.code().to_owned(),
        reason: status.reason(),
        next: account.next.as_ref().map(next),
        since_ms: account.since.0,
        until_ms: status.until().map(|at| at.0),
        created_at_ms: account.created_at.0,
        linked_at_ms: account.linked_at.map(|at| at.0),
        last_frame_ms: account.last_frame.map(|at| at.0),
        last_inbound_ms: account.last_inbound.map(|at| at.0),
        last_acknowledged_ms: account.last_acknowledged.map(|at| at.0),
        phone_seen_ms: account.phone.map(|phone| phone.at.0),
        phone_absent_max_ms: account.phone.map(|phone| phone.absent_max.as_millis() as u64),
        outbox_waiting: account.outbox_waiting as u64,
        connections: account.connections,
        unreadable: account.unreadable,
        answered_today: account.today.answered,
        refused_today: account.today.refused,
        gaps: account.gaps.iter().map(explained::gap).collect(),
    }
}

/// A session as it is stored, where nothing runs.
pub fn stored_session(row: &AccountRow) -> SessionView {
    let (status, code, reason) = match &row.state {
        AccountState::Pending => ("pending", "pending", None),
        AccountState::Expired { reason } => ("not linked", "not_linked", Some(reason.clone())),
        AccountState::Linked => ("linked", "linked", None),
        AccountState::Stopped { reason } => ("stopped", "stopped", Some(reason.clone())),
        AccountState::LoggedOut { reason } => ("logged out", "logged_out", Some(reason.clone())),
    };
    SessionView {
        session: row.id.to_string(),
        channel: row.channel.to_string(),
        adapter: row.adapter.clone().unwrap_or_default(),
        owner: row.owner.to_string(),
        label: row.label.clone(),
        status: status.to_owned(),
        code: code.to_owned(),
        reason,
        next: None,
        since_ms: row.changed_at.0,
        until_ms: None,
        created_at_ms: row.created_at.0,
        linked_at_ms: row.linked_at.map(|at| at.0),
        last_frame_ms: None,
        last_inbound_ms: None,
        last_acknowledged_ms: None,
        phone_seen_ms: None,
        phone_absent_max_ms: None,
        outbox_waiting: 0,
        connections: 0,
        unreadable: 0,
        answered_today: 0,
        refused_today: 0,
        gaps: Vec::new(),
    }
}

/// How far linking is.
pub fn link_progress(view: &LinkView) -> LinkProgress {
    LinkProgress { sequence: view.sequence, running: view.running, step: view.step.as_ref().map(link_step) }
}

fn link_failure(failure: LinkFailure) -> LinkFailureView {
    match failure {
        LinkFailure::Expired => LinkFailureView::Expired,
        LinkFailure::NoRoom { devices_max } => LinkFailureView::NoRoom { devices_max },
        LinkFailure::Cancelled => LinkFailureView::Cancelled,
        _ => LinkFailureView::Other,
    }
}

fn link_step(step: &LinkStep) -> LinkStepView {
    match step.clone() {
        LinkStep::Show(Showing { shown, guidance, valid_until, number, of }) => {
            let (form, code) = match shown {
                Shown::Qr(code) => (CodeForm::Qr, code),
                Shown::Text(code) => (CodeForm::Text, code),
            };
            LinkStepView::Show { form, code, guidance, valid_until_ms: valid_until.0, number, of }
        }
        LinkStep::Ask(Question { guidance, fields, valid_until }) => {
            let field = |Field { name, label, secret }| FieldView { name, label, secret };
            let fields = fields.into_iter().map(field).collect();
            LinkStepView::Ask { guidance, fields, valid_until_ms: valid_until.map(|until| until.0) }
        }
        LinkStep::Open(Page { address, guidance, valid_until }) => {
            LinkStepView::Open { address, guidance, valid_until_ms: valid_until.map(|until| until.0) }
        }
        LinkStep::Wait { guidance, valid_until } => {
            LinkStepView::Wait { guidance, valid_until_ms: valid_until.map(|until| until.0) }
        }
        LinkStep::Done { label } => LinkStepView::Done { label },
        LinkStep::Failed { failure, reason, next } => {
            LinkStepView::Failed { failure: link_failure(failure), reason, next }
        }
        // A kind that this version does not know is a sentence at least.
        other => LinkStepView::Wait {
            guidance: "what comes now needs a newer version of this program".to_owned(),
            valid_until_ms: other.valid_until().map(|until| until.0),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_action_keeps_its_code() {
        let channel: ChannelName = "front".parse().unwrap();
        let account: greenroom_contract::ids::AccountId = "acc-1".parse().unwrap();
        let actions = [
            NextAction::Link { channel: channel.clone(), account: Some(account.clone()) },
            NextAction::LinkAgain { channel: channel.clone(), account: account.clone() },
            NextAction::ScanCode,
            NextAction::TypeCode,
            NextAction::AnswerQuestion,
            NextAction::FollowGuidance { guidance: "open a browser".to_owned() },
            NextAction::WaitForCode,
            NextAction::RemoveDevice { channel: channel.clone(), account: account.clone() },
            NextAction::StopOtherClient { account: account.clone() },
            NextAction::Reconnect { account: account.clone() },
            NextAction::ReportBug { account: None },
            NextAction::SendLess { until: Timestamp(7) },
            NextAction::Update,
            NextAction::FixConfig { key: "voice.model".to_owned(), value: Some("small".to_owned()) },
            NextAction::RestoreIdentity { channel: channel.clone(), account: account.clone() },
            NextAction::AllowSomeone { channel: channel.clone() },
            NextAction::AllowEntry { channel: channel.clone(), entry: "+15551234567".to_owned() },
            NextAction::AcceptWarning { channel },
            NextAction::Disconnect { account: account.clone() },
            NextAction::FreeSession { limit_key: "gateway.sessions_max".to_owned() },
            NextAction::OpenPhone { account },
            NextAction::ReviewQuarantine,
            NextAction::ReviewOutbox,
            NextAction::ReleaseConversation { conversation: greenroom_contract::ids::ConversationId(7) },
            NextAction::TryAgain,
        ];
        for action in actions {
            let json = serde_json::to_value(next(&action)).unwrap();
            assert_eq!(json["action"], action.code(), "{action:?}");
            assert_eq!(json["sentence"], action.to_string());
        }
    }
}

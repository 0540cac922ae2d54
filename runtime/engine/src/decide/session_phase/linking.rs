//! Linking and unlinking, as steps of a session.

use super::{EarlierKeys, Effect, Phase, Step};
use crate::decide::link_end::LinkEnd;
use crate::decide::reconnect::Keys;
use crate::decide::refused::LinkRefused;
use crate::decide::status::AccountStatus;
use greenroom_contract::channel::{ConnectError, Ended};
use greenroom_contract::limits;
use greenroom_contract::linking::LinkMethod;
use greenroom_contract::store::AccountState;

impl<L: Clone, R> Step<'_, L, R> {
    /// Codes are wanted, or fresh ones.
    pub(super) fn link(&mut self, phase: Phase<L, R>, method: LinkMethod, keys: EarlierKeys) -> Phase<L, R> {
        match phase {
            Phase::PreparingLinking { keys, .. } => return Phase::PreparingLinking { method, keys },
            Phase::TryingKeys { link, .. } => return Phase::TryingKeys { link, method },
            Phase::Linking { link, .. } => {
                self.push(Effect::StopLinking);
                return Phase::Linking { link, again: Some(method) };
            }
            Phase::Closed => return Phase::Closed,
            Phase::Connecting { .. } | Phase::Open { .. } | Phase::Restarting { .. } => self.end_run(),
            Phase::MakingLink { leaving } => self.refuse(leaving, "it is just being linked"),
            Phase::Idle { .. } | Phase::InputOver { .. } | Phase::Pausing { .. } => {}
        }
        self.push(Effect::Show(AccountStatus::LinkingBegun));
        let generation = self.begin();
        self.push(Effect::MakeLink { generation, keys: Keys::Keep });
        Phase::PreparingLinking { method, keys }
    }

    /// The link for a linking run was made, or not.
    pub(super) fn prepared(
        &mut self,
        method: LinkMethod,
        keys: EarlierKeys,
        made: Result<L, ConnectError>,
    ) -> Phase<L, R> {
        match (made, keys) {
            (Ok(link), EarlierKeys::Possible) => {
                let generation = self.run(link.clone());
                // The network is asked one thing, as with a send.
                self.push(Effect::Watch { generation, after: limits::SEND_TIMEOUT });
                Phase::TryingKeys { link, method }
            }
            (Ok(link), EarlierKeys::Absent) => self.begin_linking(link, method),
            (Err(error), _) => {
                let end = LinkEnd::failed_until(&error.to_string(), "fix that, then link again");
                self.push(Effect::Report(end));
                Phase::Idle { link: None }
            }
        }
    }

    fn begin_linking(&mut self, link: L, method: LinkMethod) -> Phase<L, R> {
        let generation = self.begin();
        self.push(Effect::Show(AccountStatus::LinkingBegun));
        self.push(Effect::BeginLinking { generation, link: link.clone(), method });
        Phase::Linking { link, again: None }
    }

    /// The keys work: the account is linked, whatever was written down.
    pub(super) fn keys_work(&mut self, link: L) -> Phase<L, R> {
        self.push(Effect::Accepted);
        let row = &self.around.row;
        let label = row.label.clone().unwrap_or_else(|| row.id.to_string());
        self.push(Effect::Report(LinkEnd::Done { label }));
        Phase::Open { link }
    }

    /// The attempt with the keys that may be there ended.
    pub(super) fn keys_tried(&mut self, link: L, method: LinkMethod, ended: Ended) -> Phase<L, R> {
        self.push(Effect::DropLink);
        let reason = match ended {
            Ended::NotLinked => return self.begin_linking(link, method),
            Ended::LoggedOut { .. } => {
                // The network knows them no more, and a new device needs new ones.
                let generation = self.begin();
                self.push(Effect::MakeLink { generation, keys: Keys::Delete });
                return Phase::PreparingLinking { method, keys: EarlierKeys::Absent };
            }
            Ended::Dropped { reason } | Ended::Suspended { reason, .. } | Ended::Refused { reason } => reason,
            other => format!("{other:?}"),
        };
        let reason = format!("the keys of an earlier run were tried: {reason}");
        self.push(Effect::Report(LinkEnd::failed(&reason)));
        Phase::Idle { link: None }
    }

    /// Codes are not wanted any more. A linking run that ended has told so already.
    pub(super) fn cancel_linking(&mut self, phase: Phase<L, R>) -> Phase<L, R> {
        match phase {
            Phase::Linking { link, .. } => {
                self.push(Effect::StopLinking);
                Phase::Linking { link, again: None }
            }
            Phase::PreparingLinking { .. } => {
                self.begin();
                self.push(Effect::Report(LinkEnd::Cancelled));
                Phase::Idle { link: None }
            }
            Phase::TryingKeys { link, .. } => {
                self.end_run();
                self.push(Effect::Report(LinkEnd::Cancelled));
                Phase::Idle { link: Some(link) }
            }
            other => other,
        }
    }

    pub(super) fn linking_ended(&mut self, phase: Phase<L, R>, end: LinkEnd) -> Phase<L, R> {
        match (phase, end) {
            (Phase::Linking { link, again: Some(method) }, LinkEnd::Cancelled) => self.begin_linking(link, method),
            (Phase::Linking { link, .. }, end) => {
                let linked = matches!(end, LinkEnd::Done { .. });
                self.begin();
                self.push(Effect::Report(end));
                // The next run begins with a fresh link.
                Phase::Idle { link: Some(link).filter(|_| linked) }
            }
            // What is linked is written down; the next start says of the rest that it was interrupted.
            (Phase::Closed, end @ LinkEnd::Done { .. }) => {
                self.push(Effect::Report(end));
                Phase::Closed
            }
            (other, _) => other,
        }
    }

    /// The owner wants the device removed on the network, while the connection goes on.
    pub(super) fn leave(&mut self, phase: Phase<L, R>, reply: R) -> Phase<L, R> {
        let refused = |reason: &str| LinkRefused::Unreachable { reason: reason.to_owned() };
        let effect = match &phase {
            Phase::MakingLink { .. } => None,
            Phase::Connecting { link }
            | Phase::Open { link }
            | Phase::InputOver { link }
            | Phase::Restarting { link }
            | Phase::Idle { link: Some(link) }
            | Phase::Pausing { link: Some(link) } => Some(Ok(link.clone())),
            Phase::Idle { link: None } | Phase::Pausing { link: None } => Some(Err(refused("it is not connected"))),
            Phase::PreparingLinking { .. } | Phase::TryingKeys { .. } | Phase::Linking { .. } => {
                Some(Err(refused("it is just being linked")))
            }
            Phase::Closed => Some(Err(LinkRefused::Stopping)),
        };
        match (phase, effect) {
            (Phase::MakingLink { mut leaving }, _) => {
                leaving.push(reply);
                Phase::MakingLink { leaving }
            }
            (phase, Some(Ok(link))) => {
                self.push(Effect::Unlink { link, reply });
                phase
            }
            (phase, Some(Err(refused))) => {
                self.push(Effect::Answer { reply, outcome: Err(refused) });
                phase
            }
            (phase, None) => phase,
        }
    }

    /// The network removed the device, or could not be told.
    pub(super) fn left(&mut self, phase: Phase<L, R>, outcome: Result<(), LinkRefused>, reply: R) -> Phase<L, R> {
        let next = match phase {
            phase if outcome.is_err() => {
                self.push(Effect::Answer { reply, outcome });
                return phase;
            }
            // It is being linked again, so the removal was known before.
            linking @ (Phase::PreparingLinking { .. } | Phase::TryingKeys { .. } | Phase::Linking { .. }) => {
                self.push(Effect::Answer { reply, outcome });
                return linking;
            }
            Phase::Closed => Phase::Closed,
            Phase::Connecting { .. } | Phase::Open { .. } | Phase::Restarting { .. } => {
                self.end_run();
                Phase::Idle { link: None }
            }
            Phase::MakingLink { leaving } => {
                self.begin();
                self.refuse(leaving, "it is not linked any more");
                Phase::Idle { link: None }
            }
            Phase::Idle { .. } | Phase::InputOver { .. } | Phase::Pausing { .. } => {
                self.begin();
                Phase::Idle { link: None }
            }
        };
        let reason = "disconnected by its owner".to_owned();
        self.push(Effect::DropLink);
        self.push(Effect::Show(AccountStatus::LoggedOut { reason: reason.clone() }));
        let state = AccountState::LoggedOut { reason };
        self.push(Effect::Keep { state, keys: Keys::Delete, reply: Some(reply) });
        next
    }

    /// The device cannot be removed now.
    pub(super) fn refuse(&mut self, leaving: Vec<R>, reason: &str) {
        for reply in leaving {
            let outcome = Err(LinkRefused::Unreachable { reason: reason.to_owned() });
            self.push(Effect::Answer { reply, outcome });
        }
    }
}

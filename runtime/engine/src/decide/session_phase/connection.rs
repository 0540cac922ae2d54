//! Connections, as steps of a session.

use super::{Effect, Phase, Step};
use crate::decide::linking_rules::connects;
use crate::decide::reconnect::{self, Keys, Next};
use crate::decide::refused::LinkRefused;
use crate::decide::status::AccountStatus;
use greenroom_contract::channel::{ConnectError, Ended};
use greenroom_contract::limits;
use greenroom_contract::store::AccountState;
use std::time::Duration;

impl<L: Clone, R> Step<'_, L, R> {
    /// Connects now, with the link that is there or a new one.
    pub(super) fn connect(&mut self, link: Option<L>) -> Phase<L, R> {
        match link {
            Some(link) => {
                self.run(link.clone());
                Phase::Connecting { link }
            }
            None => self.make_link(Vec::new()),
        }
    }

    fn make_link(&mut self, leaving: Vec<R>) -> Phase<L, R> {
        self.push(Effect::Show(AccountStatus::Connecting));
        let generation = self.begin();
        self.push(Effect::MakeLink { generation, keys: Keys::Keep });
        Phase::MakingLink { leaving }
    }

    pub(super) fn run(&mut self, link: L) -> u64 {
        self.push(Effect::Show(AccountStatus::Connecting));
        let generation = self.begin();
        self.push(Effect::Run { generation, link });
        generation
    }

    pub(super) fn link_made(&mut self, phase: Phase<L, R>, made: Result<L, ConnectError>) -> Phase<L, R> {
        match (phase, made) {
            (Phase::MakingLink { leaving }, _) if !connects(&self.around.row) => {
                // It was unlinked meanwhile.
                self.refuse(leaving, "it is not linked any more");
                Phase::Idle { link: None }
            }
            (Phase::MakingLink { leaving }, Ok(link)) => {
                self.run(link.clone());
                for reply in leaving {
                    self.push(Effect::Unlink { link: link.clone(), reply });
                }
                Phase::Connecting { link }
            }
            (Phase::MakingLink { leaving }, Err(error)) => {
                self.refuse(leaving, &error.to_string());
                self.after_run(None, None, &ended_by(error), Duration::ZERO)
            }
            (Phase::PreparingLinking { method, keys }, made) => self.prepared(method, keys, made),
            (other, _) => other,
        }
    }

    pub(super) fn accepted(&mut self, phase: Phase<L, R>) -> Phase<L, R> {
        match phase {
            Phase::Connecting { link } | Phase::Open { link } => {
                self.push(Effect::Accepted);
                if self.around.row.state != AccountState::Linked {
                    self.push(Effect::Keep { state: AccountState::Linked, keys: Keys::Keep, reply: None });
                }
                Phase::Open { link }
            }
            Phase::TryingKeys { link, .. } => self.keys_work(link),
            // The sign was overtaken by the end of its connection.
            other => other,
        }
    }

    pub(super) fn run_ended(&mut self, phase: Phase<L, R>, ended: Ended, up: Duration) -> Phase<L, R> {
        match phase {
            Phase::Connecting { link } => {
                self.end_run();
                self.after_run(Some(link), None, &ended, up)
            }
            Phase::Open { link } => {
                self.end_run();
                self.after_run(Some(link.clone()), Some(link), &ended, up)
            }
            Phase::Restarting { link } => {
                self.end_run();
                match reconnect::after(&ended, *self.drops, up, self.around.spread) {
                    Next::Nothing | Next::Again(_) => {
                        *self.drops = reconnect::drops_after(*self.drops, up);
                        self.connect(Some(link))
                    }
                    _ => self.after_run(Some(link.clone()), Some(link), &ended, up),
                }
            }
            Phase::TryingKeys { link, method } => {
                self.end_run();
                self.keys_tried(link, method, ended)
            }
            other => other,
        }
    }

    /// What follows the end of a connection. `open` is a link that may still send when only its input is over.
    fn after_run(&mut self, link: Option<L>, open: Option<L>, ended: &Ended, up: Duration) -> Phase<L, R> {
        let next = reconnect::after(ended, *self.drops, up, self.around.spread);
        *self.drops = reconnect::drops_after(*self.drops, up);
        match next {
            Next::Nothing => Phase::Idle { link },
            Next::Finished => {
                self.push(Effect::Show(AccountStatus::Finished));
                self.push(Effect::Finish);
                match open {
                    Some(link) => Phase::InputOver { link },
                    None => Phase::Idle { link },
                }
            }
            Next::Again(pause) => self.pause(link, ended, pause),
            Next::At { until, least } => self.pause(link, ended, until.since(self.around.now).max(least)),
            Next::Wait { state, keys, status } => {
                self.push(Effect::AwaitPerson { ended: ended.clone(), status });
                let useless = matches!(ended, Ended::NotLinked | Ended::LoggedOut { .. });
                if useless {
                    // The next linking run needs a fresh link.
                    self.push(Effect::DropLink);
                }
                if let Some(state) = state {
                    self.push(Effect::Keep { state, keys, reply: None });
                }
                Phase::Idle { link: link.filter(|_| !useless) }
            }
        }
    }

    fn pause(&mut self, link: Option<L>, ended: &Ended, pause: Duration) -> Phase<L, R> {
        let at = self.around.now.plus(pause);
        let status = match ended {
            Ended::Suspended { reason, until } => {
                AccountStatus::Banned { until: (*until).max(at), reason: reason.clone() }
            }
            Ended::Dropped { reason } => AccountStatus::Reconnecting { at, reason: reason.clone() },
            _ => AccountStatus::Reconnecting { at, reason: "the network asked for it".to_owned() },
        };
        let generation = self.begin();
        self.push(Effect::Pause { generation, pause, status });
        Phase::Pausing { link }
    }

    pub(super) fn timed_out(&mut self, phase: Phase<L, R>) -> Phase<L, R> {
        match phase {
            Phase::Restarting { link } => {
                self.end_run();
                self.connect(Some(link))
            }
            Phase::TryingKeys { link, method } => {
                self.end_run();
                self.keys_tried(link, method, Ended::Dropped { reason: "no answer in time".to_owned() })
            }
            other => other,
        }
    }

    pub(super) fn send_refused(&mut self, phase: Phase<L, R>, reason: String) -> Phase<L, R> {
        let refused = Ended::Refused { reason };
        match phase {
            Phase::Connecting { link } | Phase::Open { link } | Phase::Restarting { link } => {
                self.end_run();
                self.after_run(Some(link), None, &refused, Duration::ZERO)
            }
            Phase::InputOver { link } => self.after_run(Some(link), None, &refused, Duration::ZERO),
            Phase::Pausing { link } => {
                self.begin();
                self.after_run(link, None, &refused, Duration::ZERO)
            }
            // A person has to act already, or the next connection will tell.
            other => other,
        }
    }

    /// The account is linked and on disk.
    pub(super) fn linked(&mut self, phase: Phase<L, R>) -> Phase<L, R> {
        match phase {
            // The keys that were tried have connected it already.
            open @ (Phase::Open { .. } | Phase::InputOver { .. }) => {
                self.push(Effect::Show(AccountStatus::Connected));
                open
            }
            Phase::Idle { link } | Phase::Pausing { link } => self.connect(link),
            other => other,
        }
    }

    pub(super) fn restart(&mut self, phase: Phase<L, R>) -> Phase<L, R> {
        *self.drops = 0;
        match phase {
            Phase::Connecting { link } | Phase::Open { link } => {
                self.push(Effect::StopRun);
                self.push(Effect::Watch { generation: *self.generation, after: limits::STOP_TIMEOUT });
                Phase::Restarting { link }
            }
            Phase::Idle { link } | Phase::Pausing { link } => self.connect(link),
            Phase::InputOver { link } => self.connect(Some(link)),
            // The one that is being made may hang.
            Phase::MakingLink { leaving } => self.make_link(leaving),
            other => other,
        }
    }

    pub(super) fn close(&mut self, phase: Phase<L, R>) -> Phase<L, R> {
        if let Phase::MakingLink { leaving } = phase {
            for reply in leaving {
                self.push(Effect::Answer { reply, outcome: Err(LinkRefused::Stopping) });
            }
        }
        // A run that is under way ends in order by itself, as does a linking run.
        Phase::Closed
    }
}

/// What a link that cannot be made means for the connection.
fn ended_by(error: ConnectError) -> Ended {
    match error {
        ConnectError::Vault { reason } => Ended::Dropped { reason: reason.to_string() },
        ConnectError::Setup { reason } => Ended::Refused { reason },
    }
}

//! Where a session stands, and what follows when something happens. Pure.
//!
//! The actor of a session carries the effects out and holds the tasks that run; it decides nothing. The
//! whole table, every phase with every event, stands in `session_phase.golden`.

mod connection;
mod linking;

use crate::decide::link_end::LinkEnd;
use crate::decide::reconnect::Keys;
use crate::decide::refused::LinkRefused;
use crate::decide::status::AccountStatus;
use greenroom_contract::channel::{ConnectError, Ended};
use greenroom_contract::linking::LinkMethod;
use greenroom_contract::store::{AccountRow, AccountState};
use greenroom_contract::time::Timestamp;
use std::time::Duration;

/// Where a session stands. `L` is a link, `R` is where the outcome of an unlinking is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Phase<L, R> {
    /// Nothing is under way: a person has to act, or the account is not linked. The link is kept if it
    /// may connect later.
    Idle { link: Option<L> },
    /// A link is made, to connect with. Who wants the device removed waits for it.
    MakingLink { leaving: Vec<R> },
    /// The link runs, and the network has not accepted it.
    Connecting { link: L },
    /// The link runs, and the network accepts sends.
    Open { link: L },
    /// The link ran until the end of its input; it still sends, as a console does.
    InputOver { link: L },
    /// The link runs and was told to end, for a fresh connection.
    Restarting { link: L },
    /// The next connection begins after a pause.
    Pausing { link: Option<L> },
    /// A link is made, for a linking run.
    PreparingLinking { method: LinkMethod, keys: EarlierKeys },
    /// The link runs with the keys that an earlier linking run may have left.
    TryingKeys { link: L, method: LinkMethod },
    /// A linking run is under way; it may have been told to end for another one.
    Linking { link: L, again: Option<LinkMethod> },
    /// The engine stops: nothing begins any more.
    Closed,
}

/// Whether there may be keys already: a linking run may have ended between its keys and its result.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum EarlierKeys {
    /// There may be some; they are tried first.
    Possible,
    /// There are none.
    Absent,
}

/// What happened. A sign of something that was begun carries the generation of that; one of an earlier
/// generation changes nothing.
#[derive(Debug)]
pub(crate) enum Event<L, R> {
    /// The link was made, or not.
    LinkMade { generation: u64, made: Result<L, ConnectError> },
    /// The pause before the next connection is over.
    PauseOver { generation: u64 },
    /// The network accepts us.
    Accepted,
    /// The connection ended, after it lasted `up`.
    RunEnded { generation: u64, ended: Ended, up: Duration },
    /// The connection did not end, or the keys did not answer, in time.
    TimedOut { generation: u64 },
    /// A send was refused because of the account: a person must act.
    SendRefused { reason: String },
    /// The account is linked and on disk.
    Connect,
    /// A fresh connection is wanted, whatever happens now.
    Restart,
    /// Codes are wanted, or fresh ones.
    Link { method: LinkMethod, keys: EarlierKeys },
    /// Codes are not wanted any more.
    CancelLinking,
    /// The linking run ended.
    LinkingEnded { generation: u64, end: LinkEnd },
    /// The owner wants the device removed.
    Leave(R),
    /// The network removed the device, or could not be told.
    Left { outcome: Result<(), LinkRefused>, reply: R },
    /// The engine stops.
    Close,
}

/// What follows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Effect<L, R> {
    /// The status is shown.
    Show(AccountStatus),
    /// A link is made, after useless keys were deleted; [`Event::LinkMade`] follows.
    MakeLink { generation: u64, keys: Keys },
    /// The link is run; [`Event::RunEnded`] follows.
    Run { generation: u64, link: L },
    /// The connection is told to end in order.
    StopRun,
    /// The connection is over, or dropped.
    EndRun,
    /// The connection is shown as accepted, and counted.
    Accepted,
    /// The link is not used any more.
    DropLink,
    /// [`Event::TimedOut`] follows after this time.
    Watch { generation: u64, after: Duration },
    /// [`Event::PauseOver`] follows after this time; the status is shown meanwhile.
    Pause { generation: u64, pause: Duration, status: AccountStatus },
    /// The connection ended and a person has to act; the status is shown.
    AwaitPerson { ended: Ended, status: AccountStatus },
    /// The input of the account came to its end.
    Finish,
    /// A linking run begins; [`Event::LinkingEnded`] follows.
    BeginLinking { generation: u64, link: L, method: LinkMethod },
    /// The linking run is told to end.
    StopLinking,
    /// How linking ended is reported.
    Report(LinkEnd),
    /// The network is told to remove the device; [`Event::Left`] follows.
    Unlink { link: L, reply: R },
    /// The outcome of an unlinking is told.
    Answer { reply: R, outcome: Result<(), LinkRefused> },
    /// A state of the account is written down; a reply is answered once it is on disk.
    Keep { state: AccountState, keys: Keys, reply: Option<R> },
}

/// What is known besides when something happens.
#[derive(Debug, Clone)]
pub(crate) struct Surroundings {
    pub(crate) now: Timestamp,
    pub(crate) row: AccountRow,
    /// Between 0 and 1; keeps many accounts from coming back at the same moment.
    pub(crate) spread: f64,
}

/// A session's phase, and what it counts.
#[derive(Debug)]
pub(crate) struct Lifecycle<L, R> {
    phase: Phase<L, R>,
    /// Links, connections, pauses and linking runs begun or ended; tells the sign of an earlier one from
    /// that of the present one.
    generation: u64,
    /// Connections lost in a row.
    drops: u32,
}

impl<L, R> Default for Lifecycle<L, R> {
    fn default() -> Self {
        Self { phase: Phase::Idle { link: None }, generation: 0, drops: 0 }
    }
}

impl<L: Clone, R> Lifecycle<L, R> {
    /// Takes an event in, and returns what follows, in order.
    pub(crate) fn next(&mut self, event: Event<L, R>, around: &Surroundings) -> Vec<Effect<L, R>> {
        if event.generation().is_some_and(|generation| !self.is_current(generation)) {
            return Vec::new();
        }
        let phase = std::mem::replace(&mut self.phase, Phase::Closed);
        let mut step = Step { generation: &mut self.generation, drops: &mut self.drops, around, effects: Vec::new() };
        let phase = step.take(phase, event);
        let effects = step.effects;
        self.phase = phase;
        effects
    }

    /// Whether a sign of this generation still counts.
    pub(crate) fn is_current(&self, generation: u64) -> bool {
        generation == self.generation
    }

    /// Connections lost in a row.
    pub(crate) fn drops(&self) -> u32 {
        self.drops
    }

    /// The link, while the network accepts sends.
    pub(crate) fn open_link(&self) -> Option<&L> {
        match &self.phase {
            Phase::Open { link } | Phase::InputOver { link } => Some(link),
            _ => None,
        }
    }

    /// The link that is there, whatever its state.
    pub(crate) fn link(&self) -> Option<&L> {
        match &self.phase {
            Phase::Idle { link } | Phase::Pausing { link } => link.as_ref(),
            Phase::Connecting { link }
            | Phase::Open { link }
            | Phase::InputOver { link }
            | Phase::Restarting { link }
            | Phase::TryingKeys { link, .. }
            | Phase::Linking { link, .. } => Some(link),
            Phase::MakingLink { .. } | Phase::PreparingLinking { .. } | Phase::Closed => None,
        }
    }
}

impl<L, R> Event<L, R> {
    /// Of what was begun, for a sign of that.
    fn generation(&self) -> Option<u64> {
        match self {
            Self::LinkMade { generation, .. }
            | Self::PauseOver { generation }
            | Self::RunEnded { generation, .. }
            | Self::TimedOut { generation }
            | Self::LinkingEnded { generation, .. } => Some(*generation),
            _ => None,
        }
    }
}

/// One step from a phase to the next.
struct Step<'a, L, R> {
    generation: &'a mut u64,
    drops: &'a mut u32,
    around: &'a Surroundings,
    effects: Vec<Effect<L, R>>,
}

impl<L: Clone, R> Step<'_, L, R> {
    fn take(&mut self, phase: Phase<L, R>, event: Event<L, R>) -> Phase<L, R> {
        match event {
            Event::LinkMade { made, .. } => self.link_made(phase, made),
            Event::PauseOver { .. } => match phase {
                Phase::Pausing { link } => self.connect(link),
                other => other,
            },
            Event::Accepted => self.accepted(phase),
            Event::RunEnded { ended, up, .. } => self.run_ended(phase, ended, up),
            Event::TimedOut { .. } => self.timed_out(phase),
            Event::SendRefused { reason } => self.send_refused(phase, reason),
            Event::Connect => self.linked(phase),
            Event::Restart => self.restart(phase),
            Event::Link { method, keys } => self.link(phase, method, keys),
            Event::CancelLinking => self.cancel_linking(phase),
            Event::LinkingEnded { end, .. } => self.linking_ended(phase, end),
            Event::Leave(reply) => self.leave(phase, reply),
            Event::Left { outcome, reply } => self.left(phase, outcome, reply),
            Event::Close => self.close(phase),
        }
    }

    fn push(&mut self, effect: Effect<L, R>) {
        self.effects.push(effect);
    }

    /// Something begins, or ended: earlier signs do not count any more.
    fn begin(&mut self) -> u64 {
        *self.generation += 1;
        *self.generation
    }

    fn end_run(&mut self) {
        self.begin();
        self.push(Effect::EndRun);
    }
}

#[cfg(test)]
mod tests;

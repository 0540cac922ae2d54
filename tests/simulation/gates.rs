//! What the worlds leave out unless it is asked for, because the runtime does not keep it yet.

use std::sync::OnceLock;

/// Something that can happen in a world.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Gate {
    /// A network that refuses for hours. Without it a parcel is refused six times at most.
    LongRefusals,
    /// A refusal because of a closed window takes a while, and the person may write in that time.
    SlowWindowRefusals,
    /// Moving due wake-ups, and releasing from quarantine, are carried out and reported as failed.
    UnclearWakes,
    /// An adapter that crashes more often than an actor is restarted.
    ManyCrashes,
    /// Two people turn out to be one while messages of both wait.
    MergesWhileBusy,
    /// Any number of outcomes of one parcel are lost on a network that shows repetitions.
    ManyLostOutcomes,
    /// Silence counts only while the account is connected: evidence that comes soon after a connection is waited for.
    SilenceOfConnections,
    /// The clock is moved, or the machine sleeps, while a network refuses the account until a moment.
    SuspendedUnderAWrongClock,
    /// Parcels that are held are listed for the owner, and can be released.
    HeldIsListed,
    /// A message that gets no turn, such as the talk of others in a group, opens the window of a chat.
    WindowsOpenedInPassing,
    /// A sync of the disk fails, so that its cache holds what is on no platter.
    FailedSyncs,
}

/// What happens in every world.
const OPEN: &[Gate] =
    &[Gate::LongRefusals, Gate::SlowWindowRefusals, Gate::UnclearWakes, Gate::ManyCrashes, Gate::HeldIsListed];

/// Whether it happens in the worlds of this run. `GREENROOM_WORLDS_WITH` adds some by their names, separated by commas.
pub(crate) fn with(gate: Gate) -> bool {
    static ASKED: OnceLock<String> = OnceLock::new();
    let asked = ASKED.get_or_init(|| std::env::var("GREENROOM_WORLDS_WITH").unwrap_or_default());
    OPEN.contains(&gate) || asked.split(',').any(|name| name == format!("{gate:?}"))
}

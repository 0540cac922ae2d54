//! What was said in a world, and what may become of it.

use super::people::Admitted;
use super::sky::Place;
use greenroom_channel_loopback::Said;

/// A message, by the number in its words.
pub(crate) struct Spoken {
    pub(crate) number: u64,
    pub(crate) place: Place,
    pub(crate) chat: String,
    /// `None`: the stranger.
    pub(crate) who: Option<usize>,
    pub(crate) said: Said,
    /// Whether it is for the bot.
    pub(crate) addressed: bool,
    pub(crate) poison: bool,
    /// Whether something of it has to be fetched.
    pub(crate) media: bool,
    /// Whether its author was admitted when it was said.
    pub(crate) admitted: Admitted,
    /// Whether the entry of its author was changed since.
    pub(crate) touched: bool,
    pub(crate) revoked: bool,
    /// Whether the owner released it from quarantine.
    pub(crate) released: bool,
}

impl Spoken {
    /// Its name on the network.
    pub(crate) fn id(&self) -> String {
        format!("m-{}", self.number)
    }

    /// Whether it must not be answered, whatever happens.
    pub(crate) fn is_for_others(&self) -> bool {
        self.who.is_none() || !self.addressed || (self.admitted == Admitted::No && !self.touched)
    }

    /// Whether its author is admitted all the time.
    pub(crate) fn is_surely_admitted(&self) -> bool {
        self.who.is_some() && self.admitted == Admitted::Yes && !self.touched
    }
}

/// A message that the owner sends first, by its key.
pub(crate) struct Posted {
    pub(crate) key: String,
    pub(crate) place: Place,
    pub(crate) who: usize,
    /// Whether it was queued; `None` if that is not known.
    pub(crate) queued: Option<bool>,
    pub(crate) touched: bool,
}

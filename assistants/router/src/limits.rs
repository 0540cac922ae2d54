//! Every limit of a router, with its unit and its reason.

/// Turns of history that are prepared, because the assistant that a turn goes to is given what was prepared here: as many as
/// a model is mostly given.
pub(crate) const HISTORY_TURNS: usize = 20;
/// Rules of one router. They are tried one after the other for every message.
pub(crate) const RULES_MAX: usize = 1_000;

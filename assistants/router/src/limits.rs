//! Every limit of a router, with its unit and its reason.

/// Rules of one router. They are tried one after the other for every message.
pub(crate) const RULES_MAX: usize = 1_000;

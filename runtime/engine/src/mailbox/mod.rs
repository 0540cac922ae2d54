//! What actors send each other.

pub(crate) mod activity;
pub(crate) mod starter;

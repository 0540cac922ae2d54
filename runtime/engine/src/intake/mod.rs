//! How events come in.

mod bounds;
mod identity;
pub(crate) mod sink;
mod takeover;
mod told_later;

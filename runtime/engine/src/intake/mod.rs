//! How events come in.

mod identity;
pub(crate) mod sink;
mod told_later;

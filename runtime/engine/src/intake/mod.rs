//! How events come in.

pub(crate) mod sink;

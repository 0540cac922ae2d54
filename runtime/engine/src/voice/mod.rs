//! Voice notes: heard, and made.

pub(crate) mod encode;
pub(crate) mod fetch;
pub(crate) mod transcriptions;

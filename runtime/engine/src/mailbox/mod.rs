//! What actors send each other: one file for each actor. Knows the decisions and the contract only, so
//! that the context can hold references to actors that need the context themselves.
//!
//! What the root is told stays beside it, because it carries services, which know the handle.

pub(crate) mod accounts;
pub(crate) mod activity;
pub(crate) mod assistants;
pub(crate) mod attempt_counter;
pub(crate) mod conversations;
pub(crate) mod sessions;
pub(crate) mod voice;

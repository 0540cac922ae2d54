//! The run of an engine: its root, the way in from outside, and what runs beside.

pub(crate) mod access_handle;
mod account_handle;
pub(crate) mod clock_watch;
pub(crate) mod conversation_handle;
pub(crate) mod doors;
mod event_handle;
pub(crate) mod handle;
pub(crate) mod janitor;
pub(crate) mod journal_handle;
pub(crate) mod journal_keeper;
pub(crate) mod list_handle;
mod metrics;
mod outbox_handle;
mod people_handle;
pub(crate) mod reconfigure;
pub(crate) mod released;
pub(crate) mod root;
pub(crate) mod send;
pub(crate) mod service;
pub(crate) mod tree;

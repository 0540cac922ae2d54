//! The write path: a thread that takes commands in groups, what a command sees, and the commands themselves.

pub(crate) mod commands;
pub(crate) mod core;
pub(crate) mod job;
pub(crate) mod life;
mod lifecycle;
pub(crate) mod passes;
pub(crate) mod txn;
pub(crate) mod writer;

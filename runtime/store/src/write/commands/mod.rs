//! The changes that the store knows, one file per noun. Each is a pure function over a
//! [`crate::write::txn::Txn`]: it reads, checks, and writes; durability is not its business.

pub(crate) mod accept;
pub(crate) mod accounts;
pub(crate) mod aliases;
pub(crate) mod attempt_marks;
pub(crate) mod billed;
pub(crate) mod content;
pub(crate) mod forgotten;
pub(crate) mod handed_over;
pub(crate) mod identity;
pub(crate) mod leftovers;
pub(crate) mod links;
pub(crate) mod merge;
pub(crate) mod moved;
pub(crate) mod owner;
pub(crate) mod past;
pub(crate) mod people;
pub(crate) mod post;
pub(crate) mod quarantine;
pub(crate) mod repair;
pub(crate) mod revise;
pub(crate) mod seen;
pub(crate) mod send;
pub(crate) mod settings;
pub(crate) mod settle;
pub(crate) mod sweep;
pub(crate) mod usage;
pub(crate) mod vault;
pub(crate) mod wake;

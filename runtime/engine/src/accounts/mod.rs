//! Accounts that people link while the engine runs: the linking run, what is written down, and what is
//! shown. What may be asked, and who may ask, is decided in [`crate::decide::linking_rules`].

pub(crate) mod list;
pub(crate) mod login;
pub(crate) mod state_writer;

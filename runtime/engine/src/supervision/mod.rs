//! What every supervisor needs.

mod isolate;

pub(crate) use isolate::{isolate, panic_message};

//! What every supervisor needs.

mod isolate;
mod retry;

pub(crate) use isolate::{isolate, panic_message};
pub(crate) use retry::{Pauses, retry};

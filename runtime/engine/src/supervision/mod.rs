//! What every supervisor needs.

mod isolate;

pub(crate) use isolate::panic_message;

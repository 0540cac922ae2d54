//! What every supervisor needs: its children and their crashes, panics as values, and trying again.

mod children;
mod crashes;
mod described;
mod isolate;
mod retry;

pub(crate) use children::Children;
pub(crate) use crashes::Crashes;
pub(crate) use described::{Described, Describing, state};
pub(crate) use isolate::{isolate, panic_message};
pub(crate) use retry::{Pauses, retry};

//! What bounds a guest, each for itself. Knows no guest and no host.
//!
//! | module | holds |
//! |---|---|
//! | `meter` | the time that a guest computes: [`Meter`] |
//! | `room` | the memory that it takes: [`Room`] |
//! | `output` | what it writes to standard output and error: [`Output`] |
//! | `log` | the lines that it logs: [`Log`] |

mod log;
mod meter;
mod output;
mod room;

pub(crate) use log::Log;
pub use log::{LogLevel, LogLine};
pub(crate) use meter::{Meter, Metered};
pub(crate) use output::Output;
pub(crate) use room::Room;

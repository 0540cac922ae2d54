//! What goes over the wire, and what is made of what comes back, by all four protocols.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests may")]

mod answers;
mod asked;
mod canary;
mod dialect;
mod faults;
mod server;
mod sharing;
mod whole;

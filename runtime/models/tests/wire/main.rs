//! What goes over the wire, and what is made of what comes back, by all four protocols.

#![allow(clippy::format_push_string, reason = "tests")]
#![allow(clippy::unwrap_used, reason = "helpers of tests stand outside the test functions")]

mod answers;
mod asked;
mod canary;
mod dialect;
mod faults;
mod scripted;
mod server;
mod sharing;
mod whole;

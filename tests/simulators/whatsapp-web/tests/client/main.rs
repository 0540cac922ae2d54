//! The client library that Greenroom is built on, against the simulator.
#![allow(clippy::unwrap_used, reason = "a helper that panics fails the test, as it should")]

mod client;
mod faults;
mod groups;
mod linking;
mod messages;
mod people;
mod raw;
mod server;
mod strict;

//! The scripted model server, asked as its clients ask it.

#![allow(clippy::unwrap_used, reason = "tests")]

mod asking;
mod client;
mod faults;
mod refused;
mod refused_pairs;
mod script;

//! The client library that Greenroom is built on, against the simulator.

mod client;
mod faults;
mod groups;
mod linking;
mod messages;
mod server;

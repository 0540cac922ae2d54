//! The client library that Greenroom is built on, against the simulator.

mod client;
mod faults;
mod groups;
mod linking;
mod messages;
mod people;
mod raw;
mod server;
mod strict;

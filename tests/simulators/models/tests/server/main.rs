//! The scripted model server, asked as its clients ask it.

mod asking;
mod client;
mod faults;
mod refused;
mod refused_pairs;
mod script;

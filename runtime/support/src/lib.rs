//! Small parts that several crates need and that no trait of the contract speaks of.
//!
//! | module | holds |
//! |---|---|
//! | [`memory`] | a bounded map that forgets what was not touched for long |
//! | [`failpoint`] | named lines at which a test may kill the process |
//! | `guard` | which addresses are private, and a resolver that refuses them (feature `guard`) |
//! | `tls` | whom a program trusts when it speaks TLS (feature `tls`) |
//!
//! It depends on no other crate of ours, and every crate of ours may use it.
#![warn(missing_docs)]

pub mod failpoint;
#[cfg(feature = "guard")]
pub mod guard;
pub mod memory;
#[cfg(feature = "tls")]
pub mod tls;

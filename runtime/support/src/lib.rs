//! Small parts that several crates need and that no trait of the contract speaks of.
//!
//! | module | holds |
//! |---|---|
//! | [`memory`] | a bounded map that forgets what was not touched for long |
//! | [`failpoint`] | named lines at which a test may kill the process |
//! | [`address`] | which addresses are private |
//! | `metrics` | what an operator watches, as numbers (feature `metrics`) |
//! | [`pauses`] | how long what ended is left down before it is started again |
//! | `programs` | programs that run beside this one, on Unix (feature `programs`) |
//! | `resolver` | names to addresses, private ones refused (feature `resolver`) |
//! | `retry_after` | how long a server asks to be left alone (feature `retry-after`) |
//! | `signature` | the proof that a request comes from here (feature `signature`) |
//! | `tls` | whom a program trusts when it speaks TLS (feature `tls`) |
//!
//! It depends on no other crate of ours, and every crate of ours may use it.
#![warn(missing_docs)]

pub mod address;
pub mod failpoint;
pub mod memory;
#[cfg(feature = "metrics")]
pub mod metrics;
pub mod pauses;
#[cfg(all(unix, feature = "programs"))]
pub mod programs;
#[cfg(feature = "resolver")]
pub mod resolver;
#[cfg(feature = "retry-after")]
pub mod retry_after;
#[cfg(feature = "signature")]
pub mod signature;
#[cfg(feature = "tls")]
pub mod tls;

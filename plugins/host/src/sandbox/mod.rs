//! The engine, a loaded component, and one turn in it.
//!
//! | module | holds |
//! |---|---|
//! | `engine` | the engine with its limits, one for each folder of compiled code: [`Sandbox`] |
//! | `ticker` | the clock by which a guest that computes is looked at |
//! | `loaded` | a component that was compiled and linked: [`Loaded`] |
//! | `run` | one turn: a fresh instance, a call, what came of it |
//! | `failure` | why a turn came to nothing: [`Failure`] |
//! | [`compile`] | compiling in a process of its own |

pub mod compile;
mod engine;
mod failure;
mod loaded;
mod run;
mod ticker;

pub(crate) use engine::Sandbox;
pub use engine::SandboxError;
pub(crate) use failure::Failure;
pub(crate) use loaded::Loaded;
pub(crate) use run::{Job, Ran};

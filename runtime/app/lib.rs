//! Greenroom: an actor-based, channel-agnostic bot runtime.

pub mod config;
pub mod registry;

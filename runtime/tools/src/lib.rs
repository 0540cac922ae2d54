//! Tool servers: programs and web services that speak the Model Context Protocol, configured as `[tools.NAME]`.
//!
//! The only crate that knows the protocol. Each server is started when the program starts and is kept running: its tools
//! must be known before a model is asked, and the first person who needs them must not wait for a start. It is watched, and
//! started again after growing pauses; a call that it took is never repeated here.
//!
//! **A program is not sandboxed**: it runs with the rights of this program. It gets the named variables of the environment
//! and no others, and is ended together with everything that it started. What it says is never trusted.
//!
//! | module | holds |
//! |---|---|
//! | `config` | the keys of its table |
//! | `patterns` | which tools their owner allows; pure |
//! | `masks` | secrets that are taken out of all that comes from a server that knows them; pure |
//! | `offers` | what a server offers, of what can be passed on to a model; pure |
//! | `returned` | what a call returned, within limits; pure |
//! | `wire` | messages from and to a program |
//! | `whom` | for whom a call is made, in names that say nothing else; pure |
//! | `start` | how a server is reached: a program is started, a web service is connected to |
//! | `program` | a server that is a program, from its start to its end |
//! | `session` | a connection that is ready: what it is asked |
//! | `failure` | what went wrong with a request, in words |
//! | `life` | the life of a server: started, watched, started again |
//! | `server` | a configured server, as assistants see it |
//! | `servers` | all of them |
//! | `limits` | every limit, with its unit and its reason |
#![warn(missing_docs)]

mod config;
mod failure;
mod life;
pub mod limits;
mod masks;
mod offers;
mod patterns;
#[cfg(unix)]
mod program;
mod returned;
mod server;
mod servers;
mod session;
mod start;
mod whom;
#[cfg(unix)]
mod wire;

pub use config::{Confirm, KEYS, ToolsConfig};
pub use offers::{LeftOut, WhyNot};
pub use server::{ConfiguredServer, Tried};
pub use servers::ConfiguredTools;
pub use session::About;
pub use whom::WhomKey;

/// A directive for the log filter of the program. The protocol's library writes what servers and people say into its log,
/// and addresses that may be secret, so the whole target is switched off; this crate logs what matters in its own words.
pub const LOG_DIRECTIVE: &str = "rmcp=off";

//! Greenroom: an actor-based, channel-agnostic bot runtime.
//!
//! This is the library face of the program: whoever embeds a bot builds a [`Runtime`], adds
//! assistants and channels of their own, and runs it. The program `greenroom` is made of the same
//! parts and nothing else.
//!
//! ```no_run
//! use greenroom::prelude::*;
//!
//! #[tokio::main]
//! async fn main() -> Result<Ended> {
//!     Runtime::builder()
//!         .assistant("shout", |turn: Turn| async move { Ok(turn.text().to_uppercase().into()) })
//!         .channel("console", Console::new(), Policy::allow([LOCAL_PERSON]))
//!         .run().await
//! }
//! ```
//!
//! A library never exits the process, handles no signals, and installs neither a logger nor a TLS
//! provider: that is `main`'s.
//!
//! # Layout
//!
//! | module | holds |
//! |---|---|
//! | [`Runtime`], [`Builder`] | from parts to a runtime |
//! | [`prelude`] | what a first bot needs, in one line |
//! | [`IntoAssistant`], [`IntoChannel`], [`AssistantOptions`] | what a builder takes |
//! | [`Policy`] | whom a channel admits, written in a line |
//! | [`Running`] | a runtime that was started |
//! | [`Blueprint`], [`Reloaded`] | what runs, changed without a restart |
//! | [`backup`] | a whole bot into one encrypted file, and back |
//! | [`config`] | `greenroom.toml` |
//! | [`registry`] | THE list of channel kinds and assistant kinds |
//! | [`storage`] | opening the store |
//! | [`trial`] | one dry turn of each assistant |
//! | [`voice`] | what hears voice notes |

mod alerts;
#[cfg(feature = "capsules")]
pub mod backup;
mod builder;
mod built;
pub mod config;
#[cfg(all(feature = "gateway", feature = "remote"))]
mod fence;
mod identity;
mod making;
#[cfg(not(feature = "gateway"))]
mod no_gateway;
mod parts;
mod policy;
pub mod prelude;
#[cfg(feature = "gateway")]
mod program;
#[doc(hidden)]
pub mod provisions;
pub mod registry;
mod reload;
mod running;
mod runtime;
mod sections;
#[cfg(feature = "gateway")]
mod settings;
pub mod storage;
#[doc(hidden)]
pub mod trial;
pub mod voice;

/// The adapters that are built in, for programs that make their channels themselves.
pub mod channels {
    pub use greenroom_channel_console as console;
    pub use greenroom_channel_loopback as loopback;
    #[cfg(feature = "whatsapp-cloud")]
    pub use greenroom_channel_whatsapp_cloud as whatsapp_cloud;
    #[cfg(feature = "whatsapp-web")]
    pub use greenroom_channel_whatsapp_web as whatsapp_web;
}

/// The assistants that are built in.
pub mod assistants {
    pub use greenroom_assistant_echo as echo;
    pub use greenroom_assistant_router as router;
    pub use greenroom_assistant_script as script;
}

/// Assistants that are sandboxed WebAssembly components.
#[cfg(feature = "plugins")]
pub use greenroom_plugins as plugins;

/// The format of capsules.
#[cfg(feature = "capsules")]
pub use greenroom_capsule as capsule;

/// Voice notes to words and back.
pub use greenroom_transcription as transcription;

/// Conformance suites for channels and stores, and fakes by behaviour: for tests.
#[cfg(feature = "testing")]
pub use greenroom_conformance as testing;

pub use async_trait::async_trait;
pub use builder::{Builder, ConfigSource};
pub use built::without;
pub use greenroom_contract as contract;
pub use greenroom_engine::{
    AccountHealth, AccountStatus, AssistantPart, Blueprint, BlueprintProblem, Change, ChannelPart, Doors, Drained,
    EngineHandle as Handle, Health, HealthProblem, LinkRefused, LinkRequest, LinkView, NextAction, Queued,
    ReconfigureRefused, RunLimits, SendRefused, SendTo, SessionLimits, SessionScope, UnsentMessage,
};
pub use parts::{AssistantOptions, IntoAssistant, IntoChannel, form};
pub use policy::Policy;
pub use reload::{ReloadRefused, Reloaded};
pub use running::{Ended, Prepared, RunError, Running};
pub use runtime::Runtime;

/// What a program that runs a bot returns.
pub type Result<T = (), E = RunError> = std::result::Result<T, E>;

/// The version of the program and of this library.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

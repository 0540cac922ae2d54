//! Assistants that are sandboxed WebAssembly components.
//!
//! A plugin is a component and a manifest. Each turn gets a fresh instance, which is given the document of the turn as JSON
//! and returns the document of the answer (`plugins/documents.md`); what it may ask of its host is in
//! `plugins/wit/plugin.wit`. It sees no file, no socket and no environment, and nothing of another conversation.
//!
//! | module | holds |
//! |---|---|
//! | `manifest` | what a plugin asks for: `plugin.toml` |
//! | `bounds` | what bounds a guest, each for itself: time, memory, output, log |
//! | `calls` | the functions that a guest may call |
//! | `sandbox` | the engine, a loaded component, one turn in it |
//! | `turns` | a turn as a plugin is told it, and what its answer means |
//! | `added` | the plugins that were added: grants, checks, compiled code |
//! | `assistant` | the assistant of kind `plugin` |
//! | `project` | the beginning of a plugin, as files |
//! | [`limits`] | every limit, with its unit and its reason |
#![warn(missing_docs)]

mod added;
mod assistant;
mod bounds;
mod calls;
pub mod limits;
mod manifest;
mod project;
mod sandbox;
mod turns;

pub use added::{
    AddError, Added, AddedPlugin, Candidate, CheckReport, DevEvent, Grant, PluginError, PluginFolder, check_with_turn,
    develop,
};
pub use assistant::{HostConfig, Plugin, PluginBuilder, PluginConfig};
pub use bounds::{LogLevel, LogLine};
pub use manifest::{
    Asks, LowerLimits, Manifest, ManifestError, ModelUse, Origin, Purpose, Setting, SettingKind, VoiceUse,
};
pub use project::{Language, new_project};
pub use sandbox::{SandboxError, compile};

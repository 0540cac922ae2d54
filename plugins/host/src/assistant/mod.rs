//! The assistant of kind `plugin`.
//!
//! | module | holds |
//! |---|---|
//! | `config` | the keys of its table |
//! | `services` | what the host does for it: settings, HTTP, models |
//! | `life` | loading, and swapping whenever another version was added |
//! | `plugin` | the assistant itself |
//! | `builder` | a plugin from a folder, for programs that embed the runtime |

mod builder;
mod config;
mod life;
mod plugin;
mod services;

pub use builder::PluginBuilder;
pub use config::{HostConfig, PluginConfig};
pub use plugin::Plugin;

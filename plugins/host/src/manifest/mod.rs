//! The manifest of a plugin, `plugin.toml`: what it is told, what it uses, what it may cost, and what can be set.
//!
//! Read without running any code of the plugin. What is wrong is refused with its path and with what to write.
//!
//! | module | holds |
//! |---|---|
//! | `asks` | what a plugin asks its owner for, and what another version asks for beyond that: [`Asks`] |
//! | `lower` | the limits of an owner for one assistant, below those that were agreed to: [`LowerLimits`] |
//! | `origin` | a host that HTTP may go to: [`Origin`] |
//! | `setting` | a declared setting, and the check of what was set |
//! | `read` | the manifest itself, read and checked |

mod asks;
mod lower;
mod origin;
mod read;
mod setting;

pub use asks::{Asks, ModelUse, VoiceUse};
pub use lower::LowerLimits;
pub use origin::Origin;
pub(crate) use read::is_name;
pub use read::{Manifest, ManifestError, Purpose};
pub(crate) use setting::check as check_settings;
pub use setting::{Setting, SettingKind};

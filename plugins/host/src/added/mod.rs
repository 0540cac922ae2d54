//! The plugins that were added: grants, checks, compiled code.
//!
//! | module | holds |
//! |---|---|
//! | `folder` | the folder below the store, and what lies in it: [`PluginFolder`] |
//! | `candidate` | a plugin that may be added: [`Candidate`] |
//! | `grant` | what an owner agreed to: [`Grant`] |
//! | `add` | how a plugin is added, and what is refused |
//! | `trial` | a dry turn, or a turn from a file |
//! | `develop` | build, check and swap whenever a source changes |

mod add;
mod candidate;
mod develop;
mod folder;
mod grant;
mod trial;

pub use add::{AddError, Added};
pub use candidate::Candidate;
pub use develop::{DevEvent, develop};
pub use folder::{AddedPlugin, PluginError, PluginFolder};
pub use grant::Grant;
pub use trial::{CheckReport, check_with_turn};

//! A turn as a plugin is told it, and what its answer means.
//!
//! | module | holds |
//! |---|---|
//! | `told` | the document of a turn, with what the plugin sees and nothing else |
//! | `answer` | the answer, and what the manifest does not allow in it |
//! | `version` | one version of a plugin: its manifest and its component |

mod answer;
mod told;
mod version;

pub(crate) use answer::answer_of;
pub(crate) use told::{dry_turn, needs, told};
pub(crate) use version::Version;

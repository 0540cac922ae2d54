//! What an owner agreed to.

use crate::manifest::Asks;
use serde::{Deserialize, Serialize};

/// What an owner agreed to, and which version is in use. Written last when a plugin is added, so that it is added whole or
/// not at all.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Grant {
    /// The version in use: SHA-256 of its manifest and its component.
    pub digest: String,
    /// The version in its author's words.
    pub version: String,
    /// What was agreed to. The manifest in use asks for this or less.
    pub granted: Asks,
}

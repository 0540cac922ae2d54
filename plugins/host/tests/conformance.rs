//! The rules of assistants, for a plugin.

#![allow(clippy::unwrap_used, reason = "a test")]

mod guest;

use greenroom_contract::assistant::Assistant;
use guest::{Guest, load};
use std::sync::Arc;

async fn made() -> Arc<dyn Assistant> {
    load(Guest::HostileRust, "[limits]\nown_ms = 2000\nreply_kb = 512").await.unwrap()
}

greenroom_conformance::assistant_conformance!(made);

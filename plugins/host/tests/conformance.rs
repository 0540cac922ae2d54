//! The rules of assistants, for a plugin.

#![allow(clippy::unwrap_used, reason = "a test")]

mod guest;

use greenroom_contract::assistant::Assistant;
use guest::{GENEROUS, Guest, load};
use std::sync::Arc;

async fn made() -> Arc<dyn Assistant> {
    load(Guest::HostileRust, GENEROUS).await.unwrap()
}

greenroom_conformance::assistant_conformance!(made);

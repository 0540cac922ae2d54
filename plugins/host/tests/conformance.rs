//! The rules of assistants, for plugins in each language that the samples are built from without a toolchain of minutes.

#![allow(clippy::unwrap_used, reason = "a test")]

mod guest;

use greenroom_contract::assistant::Assistant;
use guest::{Guest, load};
use std::sync::Arc;

const LIMITS: &str = "[limits]\nown_ms = 2000\nreply_kb = 512";

async fn rust() -> Arc<dyn Assistant> {
    load(Guest::HostileRust, LIMITS).await.unwrap()
}

/// Where Node is missing, which is said in a line, the one in Rust has its place.
async fn javascript() -> Arc<dyn Assistant> {
    match load(Guest::HostileJs, LIMITS).await {
        Some(plugin) => plugin,
        None => rust().await,
    }
}

mod in_rust {
    use super::rust;
    greenroom_conformance::assistant_conformance!(rust);
}

mod in_javascript {
    use super::javascript;
    greenroom_conformance::assistant_conformance!(javascript);
}

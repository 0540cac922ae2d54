//! Every rule of an assistant, for a program in shell.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "helpers of tests stand outside the test functions")]

mod running;

use greenroom_contract::assistant::Assistant;
use running::{ANSWERS, made};
use std::sync::Arc;

async fn program() -> Arc<dyn Assistant> {
    made(&["sh", "-c", ANSWERS], "images = true\ndocuments = true\nparallel = 8", &std::env::temp_dir()).await
}

async fn away() -> Arc<dyn Assistant> {
    made(&["/no/such/program"], "", &std::env::temp_dir()).await
}

greenroom_conformance::assistant_conformance!(program, away = away);

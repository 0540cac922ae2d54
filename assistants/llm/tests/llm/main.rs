//! The assistant with fakes of both ports around it.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "helpers of tests stand outside the test functions")]

mod attacks;
mod configured;
mod confirming;
mod conformance;
mod outcomes;
mod own_tools;
mod shown;
mod support;
mod tool_calls;

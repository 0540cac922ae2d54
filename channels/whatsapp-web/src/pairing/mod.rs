//! Linking an account as steps, and unlinking it.

mod flow;
mod unlink;

pub(crate) use flow::link;
pub(crate) use unlink::logout;

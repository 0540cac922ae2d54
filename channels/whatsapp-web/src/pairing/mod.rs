//! Linking an account as steps, and unlinking it.

mod flow;
mod unlink;

pub(crate) use flow::login;
pub(crate) use unlink::logout;

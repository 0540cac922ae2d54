//! An assistant in one line: an async closure from a turn to an answer.

use super::{EVERYONE, Network};
use greenroom::prelude::*;

pub fn bot(network: Network) -> Builder {
    Runtime::builder().assistant("echo", assistant_fn(|turn: Turn| async move { Ok(turn.text().into()) })).channel(
        "chat",
        network,
        Policy::allow(EVERYONE),
    )
}

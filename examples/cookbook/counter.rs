//! Remembers something for each conversation. It is committed with the answer, so no crash loses it or counts twice.

use super::{EVERYONE, Network};
use greenroom::prelude::*;

pub fn bot(network: Network) -> Builder {
    let count = assistant_fn(|turn: Turn| async move {
        let before: u64 = turn.recall()?.unwrap_or_default();
        let messages = before + 1;
        let answer = Answer::text(format!("That was message {messages}."));
        Ok(answer.remember(&messages)?)
    });
    Runtime::builder().assistant("counter", count).channel("chat", network, Policy::allow(EVERYONE))
}

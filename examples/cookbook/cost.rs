//! Says what an answer cost. `greenroom usage` prints the sums by conversation, assistant, model and day.

use super::{EVERYONE, Network};
use greenroom::contract::assistant::Usage;
use greenroom::prelude::*;

pub fn bot(network: Network) -> Builder {
    let model = assistant_fn(|turn: Turn| async move {
        let (question, answer) = (turn.text(), "A model would answer here.");
        let tokens = |text: &str| text.split_whitespace().count() as u64;
        let usage = Usage {
            model: Some("example-1".to_owned()),
            tokens_in: tokens(&question),
            tokens_out: tokens(answer),
            ..Usage::default()
        };
        Ok(Answer { usage: vec![usage], ..Answer::text(answer) })
    });
    Runtime::builder().assistant("model", model).channel("chat", network, Policy::allow(EVERYONE))
}

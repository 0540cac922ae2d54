//! Hands the conversation to a person. The bot is silent there until its owner releases it, or `/start` is said.

use super::{EVERYONE, Network};
use greenroom::prelude::*;

pub fn bot(network: Network) -> Builder {
    let desk = assistant_fn(|turn: Turn| async move {
        if turn.text().to_lowercase().contains("human") {
            let hand_over = HandOver { to: Receiver::Human, stays: true };
            return Ok(Answer { hand_over: Some(hand_over), ..Answer::text("I will fetch someone.") });
        }
        Ok("I am only a program. Write \"human\" and I will fetch someone.".into())
    });
    Runtime::builder().assistant("desk", desk).channel("chat", network, Policy::allow(EVERYONE))
}

//! Two assistants behind one number: `/shout hello` goes to one, everything else to the other.

use super::{EVERYONE, Network};
use greenroom::assistants::router::{Router, Rule};
use greenroom::prelude::*;

pub fn bot(network: Network) -> Builder {
    let shout = assistant_fn(|turn: Turn| async move {
        let words = turn.text();
        Ok(words.trim_start_matches("/shout ").to_uppercase().into())
    });
    let whisper = assistant_fn(|turn: Turn| async move { Ok(turn.text().to_lowercase().into()) });
    let shouted = Rule { commands: Some(vec!["/shout".to_owned()]), ..Rule::to(name("shout")) };
    Runtime::builder()
        .assistant("shout", shout)
        .assistant("whisper", whisper)
        .assistant("front", Router::new(name("whisper")).rule(shouted))
        .channel("chat", network, Policy::allow(EVERYONE).assistant("front"))
}

fn name(name: &str) -> greenroom::contract::ids::AssistantName {
    name.parse().expect("a short word is a name")
}

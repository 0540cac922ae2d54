//! Is woken later and speaks first: `tea in 3` is answered now, and once more in three seconds. A restart in between changes
//! nothing.

use super::{EVERYONE, Network};
use greenroom::prelude::*;
use std::time::Duration;

pub fn bot(network: Network) -> Builder {
    let remind = assistant_fn(|turn: Turn| async move {
        for message in &turn.messages {
            if let Content::Wake { token } = &message.content {
                return Ok(Answer::text(format!("Now: {token}!")));
            }
        }
        let words = turn.text();
        let asked = words.split_once(" in ").and_then(|(what, when)| Some((what, when.trim().parse().ok()?)));
        let Some((what, seconds)) = asked else {
            return Ok("Write what and when, such as: tea in 3".into());
        };
        let wake = Wake { at: turn.now.plus(Duration::from_secs(seconds)), token: what.to_owned() };
        Ok(Answer { wake: vec![wake], ..Answer::text("I will remind you.") })
    });
    Runtime::builder().assistant("reminder", remind).channel("chat", network, Policy::allow(EVERYONE))
}

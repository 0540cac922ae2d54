//! A question with options: buttons or a list where the network has them, numbers elsewhere. The answer is the same
//! everywhere, however it was given.

use super::{EVERYONE, Network};
use greenroom::prelude::*;

pub fn bot(network: Network) -> Builder {
    let menu = assistant_fn(|turn: Turn| async move {
        match turn.messages.last().map(|message| &message.content) {
            Some(Content::Choice { id, .. }) if id == "hours" => Ok("From 11:30 to 22:00.".into()),
            Some(Content::Choice { id, .. }) if id == "place" => Ok("Main Street 1.".into()),
            _ => {
                let options = [Choice::new("hours", "Opening hours"), Choice::new("place", "Where we are")];
                Ok(Answer::choices(Choices::new("What would you like to know?", options)))
            }
        }
    });
    Runtime::builder().assistant("menu", menu).channel("chat", network, Policy::allow(EVERYONE))
}

//! One group has an assistant of its own, which speaks there without being addressed; everyone else gets the usual one.

use super::{EVERYONE, Network};
use greenroom::contract::policy::{GroupMode, GroupPolicy};
use greenroom::prelude::*;

pub fn bot(network: Network) -> Builder {
    let policy = Policy::allow(EVERYONE).assistant("usual").with(|policy| {
        let of_friends =
            GroupPolicy { mode: Some(GroupMode::Always), assistant: "friend".parse().ok(), ..GroupPolicy::default() };
        policy.group.extend("friends".parse().ok().map(|group| (group, of_friends)));
    });
    Runtime::builder()
        .assistant("usual", assistant_fn(|_| async { Ok("How can I help?".into()) }))
        .assistant("friend", assistant_fn(|_| async { Ok("Hey!".into()) }))
        .channel("chat", network, policy)
}

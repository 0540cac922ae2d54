//! An assistant that is a web service: each turn is a signed post, and the response is the answer. To try it:
//! `export BOT_SECRET=$(openssl rand -hex 32)` in two shells, and `python3 examples/assistants/http_bot.py 8700` in the first.

use super::{EVERYONE, Network};
use greenroom::prelude::*;

pub fn bot(network: Network) -> Builder {
    bot_at(network, "http://127.0.0.1:8700/turn", "BOT_SECRET")
}

/// The same for a service elsewhere; `secret` is the environment variable that holds what turns are signed with.
pub fn bot_at(network: Network, url: &str, secret: &str) -> Builder {
    let config = format!(
        "[assistants.service]\nkind = \"http\"\nurl = {url:?}\nsecret = {{ env = {secret:?} }}\n\
         allow_private = true # this machine; a service elsewhere has https:// and does without\n"
    );
    Runtime::builder().config(config).channel("chat", network, Policy::allow(EVERYONE))
}

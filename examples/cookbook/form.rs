//! Menus and a form without a line of code: a script. In `greenroom.toml` it is `kind = "script"` and
//! `file = "pizza.toml"`.

use super::{EVERYONE, Network};
use greenroom::assistants::script::Scripted;
use greenroom::prelude::*;

pub fn bot(network: Network) -> Builder {
    let pizza = Scripted::parse(include_str!("../pizza.toml")).expect("`greenroom check` says what is wrong with one");
    Runtime::builder().assistant("pizza", pizza).channel("chat", network, Policy::allow(EVERYONE))
}

//! An assistant in Python, or in any other language: a program that reads a line of JSON for each turn and writes one with the
//! answer. It is started, kept running and started again; it is not sandboxed.

use super::{EVERYONE, Network};
use greenroom::prelude::*;

pub fn bot(network: Network) -> Builder {
    let program = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/assistants/process_bot.py");
    let config = format!("[assistants.pizza]\nkind = \"process\"\ncommand = [\"python3\", {program:?}]\n");
    Runtime::builder().config(config).channel("chat", network, Policy::allow(EVERYONE))
}

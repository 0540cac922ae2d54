//! The simulator, judged by a client that nobody here wrote.
//!
//! | module | who talks |
//! |---|---|
//! | `alone` | Baileys with Baileys: the simulator is not judged by our client alone |
//! | `people` | Baileys with simulated people |
//! | `linking` | Baileys with the server: certificates, codes, unlinking, refusals |
//! | `notices` | Baileys with what the server tells and does beside: changes of groups, repetitions, routing |
//!
//! Needs node and tests/web/baileys/node_modules (`./x test` installs it). See that folder's README.md.

mod alone;
mod exchange;
mod linking;
mod notices;
mod people;
mod setup;
#[path = "../support/mod.rs"]
mod support;

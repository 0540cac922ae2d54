//! The simulator, judged by a client that nobody here wrote.
//!
//! | module | who talks |
//! |---|---|
//! | `alone` | Baileys with Baileys: the simulator is not judged by our client alone |
//! | `people` | Baileys with simulated people |
//! | `linking` | Baileys with the server: certificates, codes, unlinking, refusals |
//!
//! Needs node and tests/web/baileys/node_modules (`./x test` installs it). See that folder's README.md.

mod alone;
mod exchange;
mod linking;
mod people;
mod setup;
#[path = "../support/mod.rs"]
mod support;

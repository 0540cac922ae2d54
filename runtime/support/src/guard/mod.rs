//! What keeps a client of ours from what only this machine or its network can reach.
//!
//! For every HTTP client whose address comes from a configuration or from a plugin: a name that leads to a private address
//! may be an attempt to reach what is behind a firewall.
//!
//! | module | holds |
//! |---|---|
//! | `address` | which addresses are private: [`is_private`] |
//! | `resolver` | names to addresses, private ones refused: [`Resolver`] |

mod address;
mod resolver;

pub use address::is_private;
pub use resolver::{LookUp, PrivateAddress, Resolver, refused, system};

//! Messages from and to a server that is a program.
//!
//! | module | holds |
//! |---|---|
//! | `frames` | bytes to lines, within limits; pure |
//! | `broken` | for which request a message is that cannot be read; pure |
//! | `incoming` | lines to messages, and which of them are passed on; pure |
//! | `pipe` | the program's pipes, as the protocol's library wants them |

pub(crate) mod broken;
pub(crate) mod frames;
pub(crate) mod incoming;
pub(crate) mod pipe;

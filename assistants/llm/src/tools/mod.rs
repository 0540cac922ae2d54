//! What a model may call.
//!
//! | module | holds |
//! |---|---|
//! | `catalog` | the tools of servers, under names that providers take |
//! | `house` | the tools that the assistant brings itself |
//! | `confirm` | the question before a call that changes something |

pub(crate) mod catalog;
pub(crate) mod confirm;
pub(crate) mod house;

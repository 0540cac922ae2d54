//! The steps between the gate and the assistant.

pub(super) mod content;

//! The simulator by HTTP, for the program and for clients in other languages.

/// The control API on a port of its own.
#[derive(Debug)]
pub struct Control;

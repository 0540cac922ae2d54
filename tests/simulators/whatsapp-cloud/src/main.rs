//! A small program around the simulator.
fn main() {}

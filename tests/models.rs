//! A bot that thinks: the real runtime, the assistant `llm`, and a scripted server of models on a real socket.

mod faults;
mod killed;
mod newcomer;
mod senses;
mod setup;
mod talk;
mod tasks;
mod whole;

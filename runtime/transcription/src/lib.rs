//! Voice notes to words and back, in memory.
//!
//! | module | does |
//! |---|---|
//! | [`decode`] | audio of the kinds that networks deliver to 16 kHz in one channel |
//! | [`sound`] | such sound, which is overwritten when it is dropped |
//! | [`hearing`] | sound to words: one model in memory, a state per worker |
//! | [`model`] | is this file a whole speech model? asked before any C++ sees it |
//! | [`catalogue`] | the models that are known by name |
//! | [`encode`] | audio to a voice note: Ogg/Opus with its duration and how it looks |
//! | `words` | what a model prints to what was said |
//! | `abort` | the flag that ends a running transcription; the only `unsafe` of Greenroom |
//!
//! Nothing here opens a file for writing, and only [`model`] and [`hearing`] open one at all: the model.
#![warn(missing_docs)]

mod abort;
pub mod catalogue;
pub mod decode;
pub mod encode;
pub mod hearing;
pub mod model;
pub mod sound;
mod words;

pub use encode::Opus;
pub use hearing::{Options, Whisper};

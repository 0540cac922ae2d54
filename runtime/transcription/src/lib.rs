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
//! Without the feature `voice` there is the catalogue only.
//!
//! Nothing here opens a file for writing, and only [`model`] and [`hearing`] open one at all: the model.
#![warn(missing_docs)]

#[cfg(feature = "voice")]
mod abort;
pub mod catalogue;
#[cfg(feature = "voice")]
pub mod decode;
#[cfg(feature = "voice")]
pub mod encode;
#[cfg(feature = "voice")]
pub mod hearing;
#[cfg(feature = "voice")]
pub mod model;
#[cfg(feature = "voice")]
pub mod sound;
#[cfg(feature = "voice")]
mod words;

#[cfg(feature = "voice")]
pub use encode::Opus;
#[cfg(feature = "voice")]
pub use hearing::{Options, Whisper};

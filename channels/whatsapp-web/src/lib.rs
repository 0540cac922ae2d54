//! WhatsApp through the multi-device protocol of WhatsApp Web.
#![warn(missing_docs)]

mod address;
mod media;
pub mod normalize;

pub use address::Person;
